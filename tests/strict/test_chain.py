"""How many calls of a command wait for one another: what a network adds to each is added so many times.

The endpoint answers in step: it holds every call until no more come, then answers all of them. Calls that are answered
together do not wait for one another, and two that do are never answered together. A slow machine may be taken for a
client that waits, so that the fewest steps of a few runs count.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from ddbinsert import local
from ddbinsert.environment import SystemClock
from tests.functional.command import ran
from tests.strict.bench import fresh
from tests.strict.rig import Profile, StrictRig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.strict.rig.wire import Answer, Call

#: Seconds without a further call after which none is coming.
_QUIET = 0.2
_TRIES = 5


class InStep(StrictRig):
    """A rig that answers in steps.

    Attributes:
        steps: The operations answered together, step by step.
        act_with_last_look: Called once the last look at the log has its answer; the cleanup begins beside it.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream, profile=Profile.plain())
        self.steps: list[list[str]] = []
        self.act_with_last_look: Callable[[], object] | None = None
        self._waiting: list[str] = []
        self._came = threading.Condition()

    def _answer(self, call: Call) -> Answer:
        with self._came:
            mine = len(self.steps)
            self._waiting.append(call.operation)
            known = len(self._waiting)
            self._came.notify_all()
            while len(self.steps) == mine:
                before, known = known, len(self._waiting)
                if not self._came.wait(_QUIET) and before == known == len(self._waiting):
                    self.steps.append(self._waiting)
                    self._waiting = []
                    self._came.notify_all()
            act = self.act_with_last_look
            is_last_look = {"FilterLogEvents", "BatchWriteItem"} <= {*self.steps[mine]}
        answer = super()._answer(call)
        if act is not None and is_last_look and call.operation == "FilterLogEvents":
            self.act_with_last_look = None
            act()
        return answer


@pytest.fixture(scope="module")
def alone() -> Iterator[local.Emulator]:
    """An emulator that nothing else uses."""
    with local.ephemeral(environ=os.environ, clock=SystemClock()) as running:
        yield running


def client_of(alone: local.Emulator, service: str) -> Any:
    client: Any = boto3.client
    return client(
        service,
        endpoint_url=alone.endpoint,
        region_name="us-east-1",
        aws_access_key_id=alone.access_key_id,
        aws_secret_access_key=alone.secret_access_key,
    )


@pytest.fixture
def variables(alone: local.Emulator, tmp_path: Path) -> dict[str, str]:
    return {
        **alone.variables(),
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "DDBINSERT_STATE_DIR": str(tmp_path / "state"),
    }


@pytest.fixture
def steps_of(alone: local.Emulator, variables: dict[str, str]) -> Callable[..., list[list[str]]]:
    def make(*words: str) -> list[list[str]]:
        table = fresh("chain")
        client_of(alone, "dynamodb").create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        if words[0] == "verify":
            assert ran("attach-trigger", table, variables=variables).code == 0
        with InStep(alone.endpoint) as rig:
            done = ran(words[0], table, *words[1:], variables={**variables, "AWS_ENDPOINT_URL": rig.endpoint})
        assert done.code == 0, done.out + done.err
        return rig.steps

    return make


def fewest(steps_of: Callable[..., list[list[str]]], most: int, *words: str) -> list[list[str]]:
    """The fewest steps of a few runs; the first run that needs no more than ``most`` ends it."""
    best: list[list[str]] = []
    for _ in range(_TRIES):
        steps = steps_of(*words)
        best = steps if not best or len(steps) < len(best) else best
        if len(best) <= most:
            break
    return best


def test_verify_has_a_chain_of_eleven_dependent_calls_at_most(
    steps_of: Callable[..., list[list[str]]],
) -> None:
    steps = fewest(steps_of, 11, "verify")
    assert len(steps) <= 11, "\n".join(map(str, steps))


def test_a_change_after_the_last_look_at_the_log_is_seen_by_the_second_look_at_the_configuration(
    alone: local.Emulator, variables: dict[str, str]
) -> None:
    table = fresh("chain")
    lambda_ = client_of(alone, "lambda")
    assert ran("attach-trigger", table, "--create-table", "pk:S", variables=variables).code == 0
    (mapping,) = lambda_.list_event_source_mappings(FunctionName=f"{table}-inserts")["EventSourceMappings"]
    wider = {"Filters": [{"Pattern": '{"eventName":["INSERT","MODIFY"]}'}]}
    with InStep(alone.endpoint) as rig:
        rig.act_with_last_look = lambda: lambda_.update_event_source_mapping(
            UUID=mapping["UUID"], FilterCriteria=wider
        )
        answer = ran("verify", table, variables={**variables, "AWS_ENDPOINT_URL": rig.endpoint})
        has_acted = rig.act_with_last_look is None
    assert has_acted, rig.steps
    assert answer.code == 1, answer.out
    assert "changed-meanwhile" in answer.out


@pytest.mark.nightly
def test_doctor_has_a_chain_of_two_calls_more_than_status(
    alone: local.Emulator, variables: dict[str, str]
) -> None:
    """Of a trigger with inserts, receipts, and a sink whose newest entry is read by its key."""
    table, sink = fresh("chain"), fresh("sink")
    assert ran("audit", "create-table", sink, variables=variables).code == 0
    how = ("--create-table", "pk:S", "--template", "audit-log", "--sink", sink)
    assert ran("attach-trigger", table, *how, variables=variables).code == 0
    assert ran("verify", table, variables=variables).code == 0

    def steps(command: str) -> list[list[str]]:
        with InStep(alone.endpoint) as rig:
            done = ran(command, table, variables={**variables, "AWS_ENDPOINT_URL": rig.endpoint})
        assert done.code == 0, done.out + done.err
        return rig.steps

    status = fewest(steps, 3, "status")
    doctor = fewest(steps, len(status) + 2, "doctor")
    assert doctor[-1] == ["BatchGetItem"]
    assert len(doctor) <= len(status) + 2, "\n".join(map(str, doctor))


@pytest.mark.nightly
def test_attaching_and_proving_have_a_chain_of_fourteen_dependent_calls_at_most(
    steps_of: Callable[..., list[list[str]]],
) -> None:
    """The straight script of tests/benchmarks/bench_main_job.py makes 29, one after the other."""
    steps = fewest(steps_of, 14, "attach-trigger", "--verify")
    assert len(steps) <= 14, "\n".join(map(str, steps))


def file_of(alone: local.Emulator, folder: Path, count: int) -> None:
    """A configuration of new tables' triggers."""
    names = [fresh("chain") for _ in range(count)]
    for name in names:
        client_of(alone, "dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    listed = "".join(f"  {name}: {{table: {name}}}\n" for name in names)
    (folder / "ddbinsert.yaml").write_text(f"triggers:\n{listed}")


@pytest.mark.nightly
def test_ten_triggers_take_hardly_longer_than_one_and_two_round_trips_if_nothing_is_to_be_done(
    alone: local.Emulator, variables: dict[str, str], tmp_path: Path
) -> None:
    """What a network adds to each call, it adds to a step: calls that are answered together wait once."""

    def steps_of_up() -> list[list[str]]:
        with InStep(alone.endpoint) as rig:
            there = {**variables, "AWS_ENDPOINT_URL": rig.endpoint}
            done = ran("up", "--yes", variables=there, cwd=tmp_path)
        assert done.code == 0, done.out + done.err
        return rig.steps

    def fewest_of_new(count: int) -> list[list[str]]:
        runs = []
        for _ in range(3):
            file_of(alone, tmp_path, count)
            runs.append(steps_of_up())
        return min(runs, key=len)

    one, ten = fewest_of_new(1), fewest_of_new(10)
    nothing = min((steps_of_up() for _ in range(3)), key=len)
    assert len(ten) <= 1.3 * len(one), (len(one), "\n".join(map(str, ten)))
    assert len(nothing) <= 2, "\n".join(map(str, nothing))


def test_calls_that_wait_for_one_another_are_never_answered_together(
    steps_of: Callable[..., list[list[str]]],
) -> None:
    steps = steps_of("status")
    assert sum(map(len, steps)) > len(steps), steps
