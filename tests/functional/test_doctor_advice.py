"""Every command that doctor advises is run as it is printed: the finding is gone then, and nothing else differs."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ddbinsert.aws.session.session import Aws
from ddbinsert.core.doctor.catalog import CHECKS
from ddbinsert.core.doctor.model import diagnose
from tests.examples import some
from tests.functional import foreign
from tests.functional.command import Ran, ran
from tests.functional.helpers import INSERT_ONLY, Terminal
from tests.functional.spoiling import (
    configured,
    discarded,
    encrypted,
    expiring,
    failing,
    filters,
    group_of_another_class,
    name_of,
    other_code,
    policy_of_another_stream,
    sink_of,
    tap,
    two_neighbours,
    unfiltered_neighbour,
    without_policy,
    without_queue,
    without_right,
    without_role,
    without_trust,
)
from tests.functional.test_advice_as_printed import settings, state, stream_again, unmapped
from tests.unit.core.doctor.test_checks import BROKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.session.session import Connection
    from tests.functional.helpers import Cloud

#: Where a command leaves the name of a sink to the reader.
NAME = "NAME"
QUEUE = frozenset(("DestinationConfig", "policies"))
AUDIT = ("--template", "audit-log", "--sink")
MODIFY_TOO = '{"eventName":["INSERT","MODIFY"]}'
NEVER = '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"total":{"N":[101]}}}}'
KEY = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":["a"]}}}}'
OLD_IMAGE = '{"eventName":["INSERT"],"dynamodb":{"OldImage":{"total":{"N":["5"]}}}}'
RAISES = "def handler(event, context):\n    raise ValueError('no such column: total')\n"
SLEEPS = "import time\ndef handler(event, context):\n    time.sleep(2)\n"
NUMERIC = '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"total":{"N":[{"numeric":[">",5]}]}}}}'


class Fault(NamedTuple):
    """What happens to a healthy trigger, what doctor finds, and what its advice may change.

    Attributes:
        differs: What differs from the healthy trigger afterwards, because the advice says so.
        sink: The trigger stores in an audit table, which the flags of `made_with` come before.
        asks: Somebody at a terminal agrees.
        reads: The command only shows more: nothing changes, and the finding stays.
    """

    finding: str
    spoil: Callable[[Cloud, str], object] = lambda _cloud, _table: None
    differs: frozenset[str] = frozenset()
    made_with: tuple[str, ...] = ("--batch-size", "7", "--env", "OWN=1", "--memory", "256")
    sink: bool = False
    asks: bool = False
    reads: bool = False


FAULTS = (
    Fault("mapping-disabled", settings(Enabled=False)),
    Fault("mapping-on-stale-stream", stream_again),
    Fault("mapping-missing", unmapped, made_with=("--memory", "256")),
    Fault("stream-off", lambda cloud, table: cloud.set_stream(table, None)),
    Fault(
        "function-missing",
        lambda cloud, table: cloud.lambda_.delete_function(FunctionName=name_of(table)),
        made_with=("--batch-size", "7"),
    ),
    Fault("role-missing", without_role),
    Fault("permission-lost", without_policy),
    Fault("role-not-assumable", without_trust),
    Fault("policy-names-replaced-stream", policy_of_another_stream),
    Fault("role-cannot-write-logs", without_right("logs:")),
    Fault(
        "role-too-wide", lambda cloud, table: configured(Role=foreign.role(cloud))(cloud, table)
    ),
    Fault("failure-destination-denied", without_right("sqs:"), made_with=("--on-failure", "create")),
    Fault("failure-destination-missing", without_queue, made_with=("--on-failure", "create")),
    Fault(
        "failure-destination-unused",
        settings(MaximumRetryAttempts=-1),
        made_with=("--on-failure", "create", "--record-age", "-1"),
    ),
    Fault(
        "endless-retries",
        settings(MaximumRetryAttempts=-1, BisectBatchOnFunctionError=False),
        QUEUE,
        ("--record-age", "-1"),
    ),
    Fault("no-on-failure", differs=QUEUE),
    Fault("batch-item-failures-ignored", settings(FunctionResponseTypes=[])),
    Fault("no-filter", filters()),
    Fault("filter-too-wide", filters(MODIFY_TOO)),
    Fault("filter-never-matches", filters(NEVER), reads=True),
    Fault("filter-numeric-on-number", filters(INSERT_ONLY, NUMERIC), reads=True),
    Fault("filter-part-never-matches", filters(INSERT_ONLY, NEVER), reads=True),
    Fault("ttl-deletions-delivered", expiring),
    Fault("batching-window-delays", settings(MaximumBatchingWindowInSeconds=120)),
    Fault(
        "log-group-missing",
        lambda cloud, table: cloud.logs.delete_log_group(logGroupName=f"/aws/lambda/{name_of(table)}"),
    ),
    Fault(
        "log-retention-unlimited",
        lambda cloud, table: cloud.logs.delete_retention_policy(logGroupName=f"/aws/lambda/{name_of(table)}"),
    ),
    Fault("template-code-changed", other_code),
    Fault("runtime-deprecated", configured(Runtime="python3.8")),
    Fault("sink-missing", sink_of(lambda _cloud, _table: None), sink=True),
    Fault(
        "sink-not-found",
        lambda cloud, table: cloud.dynamodb.delete_table(TableName=f"{table}-audit"),
        sink=True,
    ),
    Fault(
        "sink-not-found",
        sink_of(lambda cloud, _table: str(cloud.described(cloud.table("pk:S"))["TableArn"])),
        sink=True,
    ),
    Fault("sink-denied", without_right("dynamodb:PutItem"), sink=True),
    Fault(
        "self-writing-loop",
        sink_of(lambda cloud, table: str(cloud.described(table)["TableArn"])),
        sink=True,
    ),
    Fault(
        "view-without-image",
        differs=frozenset(("StreamViewType",)),
        made_with=("--view-type", "KEYS_ONLY"),
        sink=True,
        asks=True,
    ),
    Fault("unfiltered-sibling", unfiltered_neighbour, asks=True),
    Fault("tap-left", tap, asks=True),
    Fault("third-reader", two_neighbours, reads=True),
    Fault("filter-against-view-type", filters(INSERT_ONLY, OLD_IMAGE), reads=True),
    Fault("filters-near-the-limit", filters(*(KEY.replace('"a"', f'"{each}"') for each in "abcde")), reads=True),
    Fault("failure-destination-holds-records", discarded, made_with=("--on-failure", "create"), reads=True),
    Fault("function-errors", failing(RAISES, "no such column"), reads=True),
    Fault("latest-changed-lately", made_with=("--starting-position", "LATEST"), reads=True),
    Fault("log-group-class", group_of_another_class, frozenset(("function.LoggingConfig", "policies"))),
    Fault("kms-decrypt-denied", encrypted, frozenset(("policies",))),
    Fault(
        "function-times-out",
        failing(SLEEPS, "timed out"),
        frozenset(("function.Timeout", "function.CodeSha256", "function.CodeSize")),
        ("--function-timeout", "1"),
    ),
)  # fmt: skip
#: Checks whose command no fault of the emulator leads to, with the test that runs the command, or why none can.
ELSEWHERE = {
    "differs-from-declaration": "reads: drift --against (test_drift.py)",
    "errors-not-in-log": "reads: tail",
    "everything-filtered-out": "reads: filter lint",
    "filter-unreadable": "reads: filter lint; the emulator refuses such a filter",
    "function-cannot-be-loaded": "invoke, which reaches nothing in the account (tests/strict/test_doctor.py)",
    "function-inactive": "verify; Lambda alone makes a function inactive",
    "function-not-active": "test_a_function_that_failed_is_deployed_again_as_advised",
    "function-update-failed": "test_a_function_that_failed_is_deployed_again_as_advised",
    "inserts-not-processed": "verify, after minutes of waiting",
    "iterator-age": "the metrics of the past stay; --batch-size alone is in test_explicit_and_ours.py",
    "mapping-reports-problem": "reads: tail",
    "poison-record-blocks-shard": "the same command as for endless-retries",
    "records-given-up": "the metrics of the past stay; the same command as for no-on-failure",
    "stream-policy-lacks": "two accounts are on the rig only (tests/strict/test_two_accounts.py)",
    "timeout-near": "the same command as for function-times-out",
}


def test_every_check_whose_advice_is_a_command_is_tried() -> None:
    with_command = {
        one.id for facts in BROKEN.values() for one in diagnose(CHECKS, facts).found if one.advice.command
    }
    assert with_command == {fault.finding for fault in FAULTS} | ELSEWHERE.keys()


@pytest.fixture
def run(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *words, **outside: ran(*words, variables=variables, **outside)


def _command(done: Ran, finding: str) -> list[str] | None:
    """The command that doctor advises about a finding; None where it has no such finding."""
    return next((one["advice"]["command"] for one in done.data["findings"] if one["id"] == finding), None)


@pytest.mark.parametrize(
    "fault",
    some(FAULTS, one_in=6),
    ids=lambda fault: f"{fault.finding} {FAULTS.index(fault)}",
)
def test_what_doctor_advises_repairs_its_finding_and_changes_nothing_else(
    run: Callable[..., Ran], cloud: Cloud, fault: Fault
) -> None:
    table, words = cloud.table(), fault.made_with
    audit = f"{table}-audit"
    if fault.sink:
        assert run("audit", "create-table", audit, "--no-protect").code == 0
        words = (*words, *AUDIT, audit)
    made = run("attach-trigger", table, *words)
    assert made.code == 0, made.err
    healthy = state(cloud, table)
    fault.spoil(cloud, table)
    spoilt = state(cloud, table)
    shown = run("doctor", table, "--output", "json")
    command = _command(shown, fault.finding)
    assert command, shown.out
    assert shlex.join(command) in run("doctor", table).out
    agreed = {"stdin": Terminal("y\n"), "err": Terminal(), "out": Terminal()} if fault.asks else {}
    done = run(*(audit if word == NAME else word for word in command[1:]), **agreed)
    if fault.reads:
        assert done.code in (0, 1), done.err
        assert state(cloud, table) == spoilt
        return
    assert done.code == 0, done.out + done.err
    left = _command(run("doctor", table, "--output", "json"), fault.finding)
    if left == ["ddbinsert", "attach-trigger", table, "--wait-drained"]:  # the rest of the replaced stream
        assert run(*left[1:]).code == 0
        left = _command(run("doctor", table, "--output", "json"), fault.finding)
    assert left is None
    after = state(cloud, table)
    assert {key for key in {*healthy, *after} if healthy.get(key) != after.get(key)} == fault.differs


class Failing:
    """A way to connect to an endpoint on which functions have failed, until their code is uploaded again."""

    def __init__(self, **state: str) -> None:
        self._state = state

    def connect(self, connection: Connection) -> Aws:
        aws = Aws(connection)
        events = aws.client("lambda").meta.events
        events.register("after-call.lambda.GetFunction", self._fail)
        events.register("after-call.lambda.UpdateFunctionCode", lambda **_answer: self._state.clear())
        return aws

    def _fail(self, parsed: dict[str, Any], **_answer: object) -> None:
        parsed.get("Configuration", {}).update(self._state)


@pytest.mark.parametrize(
    ("finding", "states"),
    [
        ("function-not-active", {"State": "Failed", "StateReason": "The subnet is gone"}),
        (
            "function-update-failed",
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "The subnet is gone"},
        ),
    ],
)
def test_a_function_that_failed_is_deployed_again_as_advised(
    run: Callable[..., Ran], cloud: Cloud, finding: str, states: dict[str, str]
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, "--memory", "256", "--env", "OWN=1").code == 0
    healthy, connect = state(cloud, table), Failing(**states).connect
    refused = run("attach-trigger", table, connect=connect)
    assert (refused.code, "The subnet is gone" in refused.err) == (4, True)
    command = _command(run("doctor", table, "-o", "json", connect=connect), finding)
    assert command
    done = run(*command[1:], connect=connect)
    assert done.code == 0, done.err
    assert run("attach-trigger", table, connect=connect).code == 0
    assert _command(run("doctor", table, "-o", "json", connect=connect), finding) is None
    assert state(cloud, table) == healthy
