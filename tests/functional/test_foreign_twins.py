"""A tour of all commands through a world of somebody else's things, with every call that changes something recorded."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.functional.command import Ran, ran
from tests.functional.helpers import fresh
from tests.functional.test_explicit_and_ours import as_is, ran_past, role_past
from tests.functional.trespass import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.functional.helpers import Cloud


class Twins(NamedTuple):
    """Somebody else's things.

    Attributes:
        table: Has a stream that was there before, and a neighbour on it.
        function: The neighbour: with layers, variables and tracing; its mapping with a dead-letter queue, a window and
            parallelization.
        taken: Tables of which ddbinsert would give something a name that somebody else's thing has already.
    """

    table: str
    function: str
    taken: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the functions."""
        return self.function, f"{self.taken['function']}-inserts"


@pytest.fixture
def twins(cloud: Cloud) -> Twins:
    table, function = cloud.table(view="NEW_IMAGE"), fresh("ledger")
    taken = {part: cloud.table() for part in ("function", "role", "log group", "queue")}
    assert ran_past(cloud, function)
    queue = cloud.sqs.create_queue(QueueName=f"{function}-dead", tags={"team": "theirs"})["QueueUrl"]
    arn = cloud.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    layer = io.BytesIO()
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr("python/vendor.py", "")
    made = cloud.lambda_.publish_layer_version(
        LayerName=fresh("vendor"), Content={"ZipFile": layer.getvalue()}
    )
    cloud.lambda_.update_function_configuration(FunctionName=function, Layers=[made["LayerVersionArn"]])
    cloud.lambda_.update_event_source_mapping(
        UUID=cloud.map(function, table),
        BatchSize=3,
        MaximumBatchingWindowInSeconds=1,
        ParallelizationFactor=2,
        MaximumRetryAttempts=7,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    assert ran_past(cloud, f"{taken['function']}-inserts")
    role_past(cloud, f"{taken['role']}-inserts-role")
    cloud.logs.create_log_group(
        logGroupName=f"/aws/lambda/{taken['log group']}-inserts", tags={"team": "theirs"}
    )
    cloud.sqs.create_queue(QueueName=f"{taken['queue']}-inserts-failures", tags={"team": "theirs"})
    return Twins(table, function, taken)


def everything(cloud: Cloud, twins: Twins) -> str:
    """What AWS answers about all of it."""
    roles = [f"{name}-role" for name in (*twins.names, f"{twins.taken['role']}-inserts")]
    queues = [f"{twins.function}-dead", f"{twins.taken['queue']}-inserts-failures"]
    group = cloud.log_group(f"/aws/lambda/{twins.taken['log group']}-inserts") or {}
    group.pop("storedBytes", None)
    answers: dict[str, Any] = {
        "functions": [as_is(cloud, name) for name in twins.names],
        "roles": [
            {
                key: value
                for key, value in cloud.iam.get_role(RoleName=role)["Role"].items()
                if key != "RoleLastUsed"
            }
            for role in roles
        ],
        "policies": [cloud.policies(role) for role in roles],
        "log group": group,
        "queues": [_queue(cloud, name) for name in queues],
        "stream": cloud.stream(twins.table),
    }
    return json.dumps(answers, sort_keys=True, default=str)


def _queue(cloud: Cloud, name: str) -> Any:
    url = cloud.sqs.get_queue_url(QueueName=name)["QueueUrl"]
    attributes = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return attributes, cloud.sqs.list_queue_tags(QueueUrl=url).get("Tags")


def tour(twins: Twins) -> Iterator[tuple[str, ...]]:
    """Command lines of every command, as somebody might try them, with ``--yes`` wherever that is possible."""
    table, function = twins.table, ("--function", twins.function)
    for words in (
        (),
        ("--batch-size", "9"),
        ("--unset", "mapping.on_failure"),
        ("--disabled",),
        ("--prune",),
    ):
        yield "attach-trigger", table, *function, *words, "--yes"
    yield "attach-trigger", table, *function, "--tag", "team=blue", "--log-retention", "5", "--yes"
    yield "attach-trigger", table, *function, "--view-type", "KEYS_ONLY", "--yes"
    yield "create-function", table, *function, "--memory", "512", "--yes"
    yield "create-function", table, *function, "--template", "print", "--yes"
    yield "create-function", table, *function, "--yes"
    yield "enable-stream", table, *function, "--yes"
    for command in ("plan", "drift", "up", "doctor", "audit verify"):
        yield *command.split(), table, *function, "--yes"
    yield "doctor", table, *function, "--fix", "--yes"
    yield "export", "terraform", table, *function
    yield ("ls",)
    yield "permissions", "status", "--table", table
    yield "init", table, "--output-file", "-", "--yes"
    yield "adopt", table, *function  # without a yes
    yield "adopt", table, *function, "--include-function", "--dry-run"
    for command in ("status", "gaps", "records", "tail", "failures list", "failures show", "failures replay"):
        yield *command.split(), table, *(() if command == "records" else function), "--yes"
    yield "backfill", table, *function, "--dry-run"
    yield "verify", table, *function, "--timeout", "1s"
    yield "send", table, "--count", "1"
    yield "invoke", table, *function
    yield "function", "invoke", table, *function
    yield "function", "sample-event", table
    yield "function", "scaffold", "print", "scaffold"
    yield "audit", "query", table
    yield "audit", "create-table", table
    yield "dedup", "create-table", table
    yield "filter", "lint", "--table", table
    yield "filter", "explain", '{"eventName":["INSERT"]}'
    yield "filter", "build", "--where", 'NewImage.a = "x"'
    yield "filter", "test", "--pattern", '{"eventName":["INSERT"]}'
    yield "filter", "backtest", "--table", table, "--pattern", '{"eventName":["INSERT"]}'
    yield "config", "check"
    yield "config", "schema"
    for what in (("--stream",), ("--table",), function, (*function, "--stream")):
        yield "down", table, *what, "--yes"
    for part, name in twins.taken.items():
        yield "create-function", name, "--yes"
        more = ("--on-failure", "create", "--log-retention", "3")
        yield "attach-trigger", name, *more, "--yes"
        yield "attach-trigger", name, *(more[:2] if part == "log group" else ()), "--yes"
        yield "down", name, "--stream", "--yes"


#: Commands that reach nothing in an account.
NOT_ON_AWS = frozenset(("demo", "evidence check", "local env", "local start", "local status", "local stop"))


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *words, **outside: ran(*words, variables=variables, cwd=tmp_path, **outside)


def test_the_tour_has_every_command(run: Callable[..., Ran]) -> None:
    from ddbinsert.cli.registry import commands

    names = {part: part for part in ("function", "role", "log group", "queue")}
    lines = list(tour(Twins("t", "f", names)))
    seen = {
        name for name in commands if any(line[: len(name.split())] == tuple(name.split()) for line in lines)
    }
    assert set(commands) - seen == NOT_ON_AWS


@pytest.mark.nightly
def test_no_command_changes_anything_that_lacks_our_tag(
    run: Callable[..., Ran], cloud: Cloud, twins: Twins
) -> None:
    watch, before = Watch(), everything(cloud, twins)
    codes = {words: run(*words, connect=watch.connect).code for words in tour(twins)}
    assert watch.trespasses == []
    assert everything(cloud, twins) == before
    # The tour is one: it came further than to a refusal of the command line, and changed what is ours.
    assert len(watch.changes) > 15
    assert codes["attach-trigger", twins.taken["queue"], "--yes"] == 0
    assert codes["up", twins.table, *("--function", twins.function, "--yes")] == 1
    assert (
        codes["attach-trigger", twins.table, "--function", twins.function, "--batch-size", "9", "--yes"] == 1
    )


def test_the_watch_sees_a_change_of_somebody_elses_things(cloud: Cloud, variables: dict[str, str]) -> None:
    watch, function = Watch(), fresh("ledger")
    assert ran_past(cloud, function)
    table = cloud.table(view="NEW_IMAGE")
    cloud.map(function, table)
    adopted = ran("adopt", table, "--function", function, "--yes", variables=variables, connect=watch.connect)
    assert adopted.code == 0
    assert {change.operation for change in watch.changes} == {"TagResource", "UpdateEventSourceMapping"}
    assert watch.trespasses == []
    (aws,) = [watch.connect(_connection(variables))]
    aws.client("lambda").update_function_configuration(FunctionName=function, MemorySize=512)
    aws.close()
    assert [change.operation for change in watch.trespasses] == ["UpdateFunctionConfiguration"]


def _connection(variables: dict[str, str]) -> Any:
    from ddbinsert.aws.session.session import Connection

    return Connection(
        region=variables["AWS_REGION"],
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        access_key_id=variables["AWS_ACCESS_KEY_ID"],
        secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
