"""Healthy triggers among others: traffic, history, other consumers of the stream."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.rig import Logs, Streams
from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import healthy
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground


@healthy("somebody else writes all the time")
def traffic(ground: Ground) -> None:
    ground.attach()
    ground.write_on()


@healthy("the stream holds history")
def history(ground: Ground) -> None:
    ground.attach()
    ground.put(60)


@healthy("the history is replayed meanwhile")
def replay(ground: Ground) -> None:
    ground.attach()
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.put(60)
    ground.attach("--starting-position", "TRIM_HORIZON")


@healthy("other functions read the same stream, without a filter")
def other_consumers(ground: Ground) -> None:
    ground.attach()
    other = f"{ground.function}-other"
    done = ground.run("create-function", ground.table, "--function", other)
    assert done.code == 0, done.err
    ground.aws.iam.put_role_policy(
        RoleName=f"{other}-role",
        PolicyName="everything",
        PolicyDocument='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
    )
    ground.map_to(other)


@healthy(
    "the mapping starts at LATEST and polls a little late",
    profile=replace(FAST, name="a little late", mappings=replace(QUICK, polling_delay=1.2)),
)
def latest(ground: Ground) -> None:
    ground.attach("--starting-position", "LATEST")


@healthy("a stale mapping beside the live one")
def stale_beside(ground: Ground) -> None:
    ground.attach()
    dynamodb = ground.aws.dynamodb
    dynamodb.update_table(TableName=ground.table, StreamSpecification={"StreamEnabled": False})
    dynamodb.update_table(
        TableName=ground.table,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    ground.attach()


@healthy("verified by somebody else at the same time", options=("--count", "30"))
def at_the_same_time(ground: Ground) -> None:
    ground.attach()
    ground.verify_beside("--count", "30")


@healthy("verified before, at the same table")
def again(ground: Ground) -> None:
    ground.attach()
    assert ground.verify("--keep").result == "PASS"


@healthy("others' traffic alone, by watching", options=("--observe", "--for", "1s"))
def watched(ground: Ground) -> None:
    ground.attach()
    ground.write_on()


@healthy(
    "others' traffic on splitting shards and slow logs, by watching",
    options=("--observe", "--for", "1s"),
    profile=replace(
        FAST,
        name="watched on a bad day",
        mappings=replace(QUICK, duplicate_every=3, jitter=0.05),
        streams=Streams(shards=2, split_every=40, child_hidden=0.1),
        logs=Logs(lag=0.5, page=20, empty_page_every=2),
    ),
)
def watched_on_a_bad_day(ground: Ground) -> None:
    ground.attach()
    ground.write_on()


@healthy(
    "a silent function, by a tap that watches", options=("--observe", "--wiretap", "--for", "1s", "--yes")
)
def watched_tap(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.write_on()
