"""The outside world in one object: what a run sees unless it is given something else."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import sys
from pathlib import Path

import pytest

from ddbinsert.aws.session.session import Aws, Connection
from ddbinsert.environment import Environment, SystemClock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_by_default_a_run_sees_this_process() -> None:
    environment = Environment()
    assert environment.out is sys.stdout
    assert environment.err is sys.stderr
    assert environment.stdin is sys.stdin
    assert environment.cwd == Path.cwd()
    assert environment.variables == dict(os.environ)


def test_the_variables_are_a_copy_so_that_a_run_sees_one_state_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = Environment()
    monkeypatch.setenv("DDBINSERT_OUTPUT", "json")
    assert "DDBINSERT_OUTPUT" not in environment.variables


def test_every_outside_thing_can_be_replaced() -> None:
    fields = {field.name for field in dataclasses.fields(Environment)}
    assert fields == {"out", "err", "stdin", "variables", "cwd", "clock", "new_id", "connect"}
    given = {name: object() for name in fields}
    environment = Environment(**given)  # type: ignore[arg-type]
    assert {name: getattr(environment, name) for name in fields} == given


def test_ids_are_fresh_and_of_the_form_that_test_items_need() -> None:
    ids = {Environment().new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[0-9a-f]{12}", one) for one in ids)


@pytest.mark.parametrize(
    ("stdin", "err", "interactive"),
    [
        (Terminal(), Terminal(), True),
        (io.StringIO(), Terminal(), False),
        (Terminal(), io.StringIO(), False),
        (io.StringIO(), io.StringIO(), False),
    ],
)
def test_a_person_can_be_asked_where_both_ends_are_a_terminal(
    stdin: io.StringIO, err: io.StringIO, interactive: bool
) -> None:
    assert Environment(stdin=stdin, err=err, out=Terminal()).is_interactive is interactive


def test_connecting_makes_no_request() -> None:
    nowhere = Connection(region="eu-west-1", endpoint_url="http://127.0.0.1:9", access_key_id="x")
    aws = Environment().connect(nowhere)
    assert isinstance(aws, Aws)
    assert aws.region == "eu-west-1"
    aws.close()


def test_the_clock_is_the_machines() -> None:
    clock = SystemClock()
    before, started = clock.now(), clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() - started >= 0.001
    assert clock.now() >= before
