"""Variants of what is healthy, so that no rule is made for one example only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import healthy

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

WATCH = ("--observe", "--for", "1s")
SINK = "sink*"


@healthy("inserts by exclusion of the other events")
def by_exclusion(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":[{"anything-but":["MODIFY","REMOVE"]}]}')


@healthy("inserts by the beginning of their name")
def by_prefix(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":[{"prefix":"INS"}]}')


@healthy("inserts by the end of their name")
def by_suffix(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":[{"suffix":"SERT"}]}')


@healthy("inserts by their name without regard to case")
def by_any_case(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":[{"equals-ignore-case":"insert"}]}')


@healthy("inserts by the absence of the old image")
def by_absence(ground: Ground) -> None:
    ground.attach("--view-type", "NEW_AND_OLD_IMAGES")
    ground.filter_by('{"dynamodb":{"OldImage":{"pk":{"S":[{"exists":false}]}}}}')


@healthy("inserts in every branch of $or")
def by_branches(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        json.dumps(
            {
                "$or": [
                    {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["order"]}}}},
                    {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["refund"]}}}},
                ]
            }
        )
    )


@healthy("two filters on the beginning of the key")
def by_two_prefixes(ground: Ground) -> None:
    ground.attach(
        *("--filter", '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}}}}'),
        *("--filter", '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"REFUND#"}]}}}}'),
    )


@healthy("two mappings that share the inserts by a status", note="second-mapping")
def shared_by_status(ground: Ground) -> None:
    ground.attach()
    statuses = [
        json.dumps({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"status": {"S": [status]}}}})
        for status in ("NEW", "OPEN")
    ]
    ground.filter_by(statuses[0])
    ground.map_to(ground.alias(), FilterCriteria={"Filters": [{"Pattern": statuses[1]}]})


@healthy(
    "a silent function beside a tap, while another function fails on the stream",
    options=("--wiretap", "--yes"),
)
def tapped_beside_failing(ground: Ground) -> None:
    """Another function's failures are no concern of this one's."""
    ground.attach_code(handlers.SILENT)
    other = ground.another_function(handlers.FAILS_ON_ALL)
    ground.map_to(other, FilterCriteria={"Filters": [{"Pattern": INSERTS}]}, MaximumRetryAttempts=0)


@healthy("another function fails on the same stream")
def beside_failing(ground: Ground) -> None:
    ground.attach()
    other = ground.another_function(handlers.FAILS_ON_ALL)
    ground.map_to(other, MaximumRetryAttempts=-1)


@healthy("a notifier with its topic", unless=SINK, note=SINK)
def notifier(ground: Ground) -> None:
    topic = ground.aws.upstream("sns").create_topic(Name=f"{ground.table}-news")["TopicArn"]
    ground.attach("--template", "notify", "--env", f"SINK_ARN={topic}")


@healthy("an audit log of a Node.js function")
def node_audit_log(ground: Ground) -> None:
    ground.attach_audit_log("--runtime", "nodejs22.x")


@healthy("an audit log of many items", options=("--count", "30"))
def audit_log_of_many(ground: Ground) -> None:
    ground.attach_audit_log()


@healthy("an audit log that holds others' entries already")
def audit_log_in_use(ground: Ground) -> None:
    sink = ground.attach_audit_log()
    table = sink.rpartition("/")[2]
    for number in range(30):
        ground.aws.dynamodb.put_item(TableName=table, Item={"eventID": {"S": f"theirs-{number}"}})
    ground.put(20)


@healthy("an audit log behind a filter of one's own")
def audit_log_filtered(ground: Ground) -> None:
    ground.attach_audit_log("--filter", '{"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}', key="pk:S,sk:N")


@healthy("a function by its lines, by watching", options=(*WATCH, "--match"))
def watched_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    ground.write_on()


@healthy("a silent function, by a tap, by watching", options=(*WATCH, "--wiretap", "--yes"))
def watched_tap(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.write_on()


@healthy("upserts, counters and conditional writes, by watching", options=WATCH)
def watched_upserts(ground: Ground) -> None:
    ground.attach()
    ground.upsert_on()


@healthy("the JSON log format and failures at first")
def json_fails_once(ground: Ground) -> None:
    ground.attach_code(handlers.then(f"{handlers.AT_FIRST}{handlers.RAISES}"))
    ground.log_in_json()


@healthy("one kind of write only", options=("--lanes", "single"))
def one_lane(ground: Ground) -> None:
    ground.attach()


@healthy("a tag that is not the refused one", options=("--refuse-tag", "env=prod"))
def another_tag(ground: Ground) -> None:
    ground.attach()
    ground.tag_table(env="test")
