"""Killed after each call that changes something: the next run of the same command ends right.

A killed process makes no further call, reads included, and cleans nothing up. That is what the connection of the first
run does: after its n-th changing call, every call of every thread raises an error that no code of ddbinsert catches.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.aws.session.session import Aws
from tests.functional.command import Ran, ran
from tests.functional.helpers import INSERT_ONLY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert.aws.session.session import Connection
    from tests.functional.helpers import Cloud

_READS = ("Describe", "Get", "List", "Filter", "Simulate", "Lookup")
FILE = """
table: {table}
view_type: {view}
function: {{template: print, memory: {memory}, alias: live}}
mapping: {{batch_size: 7, on_failure: create, starting_position: TRIM_HORIZON}}
tags: {{team: blue}}
"""
#: One more than the changing calls of each run: the last case is a run that ends by itself.
UP, REPLACED, DOWN = 15, 13, 10


def cases(count: int, usual: int = -1) -> list[Any]:
    """The numbers of calls; all but the usual one by night."""
    return [pytest.param(n, marks=() if n == usual else pytest.mark.nightly) for n in range(count)]


class KilledError(BaseException):
    """The process is gone."""


class Dying:
    """A way to connect for a process that is killed right after its n-th changing call took effect."""

    def __init__(self, after: int) -> None:
        self._left = after
        self._lock = threading.Lock()
        self.is_dead = after == 0
        self.last = ""

    def connect(self, connection: Connection) -> Aws:
        return _Mortal(connection, self)

    def watch(self, client: Any) -> Any:
        for event, hook in (("before-call.*.*", self._before), ("after-call.*.*", self._after)):
            client.meta.events.register(event, hook, unique_id=f"dying-{event}")
        return client

    def _before(self, **_more: Any) -> None:
        if self.is_dead:
            raise KilledError

    def _after(self, model: Any, **_more: Any) -> None:
        if model.name.startswith(_READS):
            return
        with self._lock:
            self._left -= 1
            if self._left <= 0 and not self.is_dead:
                self.is_dead, self.last = True, model.name
        if self.is_dead:
            raise KilledError


class _Mortal(Aws):
    def __init__(self, connection: Connection, dying: Dying) -> None:
        super().__init__(connection)
        self._dying = dying

    def client(self, name: str) -> Any:
        return self._dying.watch(super().client(name))


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *words, **more: ran(*words, variables=variables, cwd=tmp_path, **more)


def killed(run: Callable[..., Ran], after: int, *words: str) -> str:
    """Run the command until it is killed; the call after which that was, empty if it came to its end."""
    dying = Dying(after)
    try:
        done = run(*words, connect=dying.connect)
    except KilledError:
        return dying.last or "nothing"
    assert done.code == 0, done.err
    return ""


def write(tmp_path: Path, table: str, view: str = "NEW_IMAGE", memory: int = 256) -> None:
    (tmp_path / "ddbinsert.yaml").write_text(FILE.format(table=table, view=view, memory=memory))


def is_right(run: Callable[..., Ran], cloud: Cloud, table: str, tried: str) -> None:
    """One mapping on the live stream, nothing left to do, and a trigger without drift."""
    planned = run("plan", "-o", "json")
    assert planned.data["steps"] == [], (tried, planned.out)
    drifted = run("drift")
    assert drifted.code == 0, (tried, drifted.out)
    live = [one for one in cloud.mappings(f"{table}-inserts") if one["EventSourceArn"] == cloud.stream(table)]
    assert [one["FilterCriteria"]["Filters"] for one in live] == [[{"Pattern": INSERT_ONLY}]], tried


@pytest.mark.parametrize("after", cases(UP, 7))
def test_up_that_is_killed_after_any_call_is_completed_by_the_next(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Path, after: int
) -> None:
    table = cloud.table()
    write(tmp_path, table)
    tried = killed(run, after, "up", "--yes")
    assert after < UP - 1 or not tried, "the matrix is too short"
    again = run("up", "--yes")
    assert again.code == 0, (tried, again.err)
    is_right(run, cloud, table, tried)
    assert run("down", "--yes").code == 0


@pytest.mark.parametrize("after", cases(REPLACED, 5))
def test_a_replacement_that_is_killed_after_any_call_is_completed_by_the_next(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Path, after: int
) -> None:
    table = cloud.table()
    write(tmp_path, table)
    assert run("up", "--yes").code == 0
    write(tmp_path, table, view="KEYS_ONLY", memory=512)
    tried = killed(run, after, "up", "--replace", "--yes")
    assert after < REPLACED - 1 or not tried, "the matrix is too short"
    again = run("up", "--replace", "--yes")
    assert again.code == 0, (tried, again.err)
    is_right(run, cloud, table, tried)
    assert cloud.described(table)["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    assert cloud.configuration(f"{table}-inserts")["MemorySize"] == 512


@pytest.mark.parametrize("after", cases(DOWN))
def test_down_that_is_killed_after_any_call_is_completed_by_the_next(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Path, after: int
) -> None:
    table = cloud.table()
    write(tmp_path, table)
    assert run("up", "--yes").code == 0
    tried = killed(run, after, "down", "--stream", "--yes")
    assert after < DOWN - 1 or not tried, "the matrix is too short"
    again = run("down", "--stream", "--yes")
    assert again.code == 0, (tried, again.err)
    name = f"{table}-inserts"
    assert cloud.function(name) is None, tried
    assert not cloud.has_role(f"{name}-role"), tried
    assert cloud.log_group(f"/aws/lambda/{name}") is None, tried
    assert cloud.mappings(name) == [], tried
    assert cloud.stream(table) is None, tried
    queues = cloud.sqs.list_queues(QueueNamePrefix=f"{name}-failures").get("QueueUrls", [])
    assert queues == [], tried
