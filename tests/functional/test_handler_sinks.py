"""Every template, language and sink in the emulator: exactly the inserts, once each, whatever else happens."""

from __future__ import annotations

import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.cli import main
from ddbinsert.environment import Environment
from tests.examples import some
from tests.functional.command import until
from tests.functional.helpers import fresh
from tests.functional.sinks import SINKS, Bench, Sink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert import local
    from tests.functional.helpers import Cloud

CASES = [
    *(("audit-log", sink) for sink in ("table", "logs", "bucket", "firehose", "queue", "fifo")),
    *(("analytics", sink) for sink in ("firehose", "kinesis", "bus")),
    *(("notify", sink) for sink in ("topic", "queue", "fifo", "bus")),
]
RUNTIMES = [
    "python3.13",
    pytest.param("nodejs22.x", marks=pytest.mark.skipif(not shutil.which("node"), reason="node is not here")),
]
ITEMS = 12


@dataclass
class Trigger:
    function: str
    sink: Sink


@dataclass
class Stage:
    """One table with a function a case attached to it, and the records that were written to it."""

    aws: Bench
    table: str
    triggers: dict[tuple[str, str], Trigger]
    records: list[dict[str, Any]]

    @property
    def inserts(self) -> list[str]:
        return sorted(one["eventID"] for one in self.records if one["eventName"] == "INSERT")


@pytest.fixture(scope="module")
def aws(connection: dict[str, str]) -> Iterator[Bench]:
    bench = Bench(connection)
    yield bench
    bench.close()


@pytest.fixture(scope="module", params=some(RUNTIMES, one_in=2))
def stage(
    request: pytest.FixtureRequest,
    aws: Bench,
    cloud: Cloud,
    connection: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Stage:
    """Everything attached first, then written to once: an insert, change, removal and insert again per item."""
    table = fresh("orders")
    folder = tmp_path_factory.mktemp("cwd")
    variables = {**connection, "HOME": str(folder), "NO_COLOR": "1", "PATH": "/usr/bin:/bin"}

    def ran(*arguments: str) -> dict[str, Any]:
        out, err = io.StringIO(), io.StringIO()
        environment = Environment(out=out, err=err, stdin=io.StringIO(), variables=variables, cwd=folder)
        code = main([*arguments, "--output", "json", "--yes"], environment)
        assert code == 0, (arguments, out.getvalue(), err.getvalue())
        answer: dict[str, Any] = json.loads(out.getvalue())
        return answer

    ran("enable-stream", table, "--create-table", "pk:S", "--view-type", "NEW_AND_OLD_IMAGES")

    def attached(case: tuple[str, str]) -> Trigger:
        template, kind = case
        sink = SINKS[kind](aws)
        name = fresh(f"{template}-{kind}")
        ran(
            *("attach-trigger", table, "--function", name, "--template", template),
            *(
                "--runtime",
                request.param,
                "--env",
                f"SINK_ARN={sink.arn}",
                "--starting-position",
                "TRIM_HORIZON",
            ),
        )
        # One instance, whose memory is all that keeps doubles from a sink that doesn't know them itself.
        aws("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
        return Trigger(name, sink)

    with ThreadPoolExecutor(4) as pool:
        triggers = dict(zip(CASES, pool.map(attached, CASES), strict=True))
    _write(aws, table)
    return Stage(aws=aws, table=table, triggers=triggers, records=_stream_of(cloud, table))


def _write(aws: Bench, table: str) -> None:
    for number in range(ITEMS):
        key = {"pk": {"S": f"item-{number}"}}
        item = {
            **key,
            "n": {"N": f"{number}.50"},
            "b": {"B": b"\x00\xff"},
            "text": {"S": "ä\u2028\U0001f600"},
        }
        aws("dynamodb").put_item(TableName=table, Item=item)
        aws("dynamodb").put_item(TableName=table, Item={**item, "n": {"N": "0"}})
        aws("dynamodb").delete_item(TableName=table, Key=key)
        aws("dynamodb").put_item(TableName=table, Item=item)


def _stream_of(cloud: Cloud, table: str) -> list[dict[str, Any]]:
    """The table's stream records, as Lambda hands them over."""
    from ddbinsert.aws.read.stream_records import as_lambda_has_it

    arn = str(cloud.stream(table))
    records: list[dict[str, Any]] = []

    def read() -> bool:  # new shards show late
        records[:] = [record for _, record in cloud.records(table)]
        return len(records) == 4 * ITEMS

    assert until(read, seconds=60), len(records)
    return [as_lambda_has_it(record, arn) for record in records]


def delivered(trigger: Trigger) -> list[str]:
    return sorted(entry["eventID"] for entry in trigger.sink.entries())


def invoke(stage: Stage, trigger: Trigger, records: list[dict[str, Any]]) -> Any:
    client, event = stage.aws("lambda"), json.dumps({"Records": records}).encode()

    def answered() -> Any:
        try:
            return client.invoke(FunctionName=trigger.function, Payload=event)
        except client.exceptions.TooManyRequestsException:
            return None  # the one instance is still at what the mapping gave it

    answer = until(answered)
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_sink_holds_exactly_the_inserts_once_each(stage: Stage, case: tuple[str, str]) -> None:
    trigger = stage.triggers[case]
    assert until(lambda: len(trigger.sink.entries()) >= 2 * ITEMS, seconds=60), delivered(trigger)
    assert delivered(trigger) == stage.inserts
    assert {entry["keys"]["pk"] for entry in trigger.sink.entries()} == {f"item-{n}" for n in range(ITEMS)}

    # Given again, with what no filter let through, and a record that nobody can send.
    poison = {"eventID": "f" * 32, "eventName": "INSERT", "dynamodb": {"SequenceNumber": "999"}}
    answer = invoke(stage, trigger, [*stage.records, poison])
    assert answer == {"batchItemFailures": [{"itemIdentifier": "999"}]}
    assert delivered(trigger) == stage.inserts


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_role_may_write_to_the_sink_and_nowhere_else(stage: Stage, case: tuple[str, str]) -> None:
    trigger = stage.triggers[case]
    policy = stage.aws("iam").get_role_policy(RoleName=f"{trigger.function}-role", PolicyName="ddbinsert")
    statements = policy["PolicyDocument"]["Statement"]
    own = [one for one in statements if "Sid" not in one]
    assert len(own) == 1
    bare = trigger.sink.arn.removesuffix(":*")
    assert all(resource in (bare, f"{bare}:*", f"{bare}/*") for resource in own[0]["Resource"])
    assert not [action for action in own[0]["Action"] if "*" in action]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_function_that_was_restarted_doubles_nothing_where_a_table_remembers(
    aws: Bench, emulator: local.Emulator, runtime: str, tmp_path: Any
) -> None:
    from ddbinsert.core.model.wanted import Template
    from ddbinsert.handlers import bundle
    from ddbinsert.handlers.worker import Worker

    sink, memory = SINKS["queue"](aws), SINKS["table"](aws)
    settings = {"SINK_ARN": sink.arn, "DEDUPLICATION_TABLE_ARN": memory.arn}
    package = bundle(Template.NOTIFY, runtime, settings)
    surroundings = {**emulator.variables(), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    records = [
        {
            "eventID": f"{number:032x}",
            "eventName": "INSERT",
            "dynamodb": {"Keys": {"pk": {"S": str(number)}}, "SequenceNumber": str(100 + number)},
        }
        for number in range(130)
    ]
    for _ in range(2):
        with Worker(
            package, runtime=runtime, name="f", environment=settings, surroundings=surroundings
        ) as worker:
            outcome = worker.invoke({"Records": records}, request_id="r", seconds=60)
            assert outcome.answer == {"batchItemFailures": []}, outcome
    assert sorted(e["eventID"] for e in sink.entries()) == [one["eventID"] for one in records]
