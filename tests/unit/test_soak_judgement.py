"""The soak recognizes what it looks for: false verdicts, leaked items, tracebacks, codes that are not documented."""

from __future__ import annotations

import signal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.functional.command import Ran
from tests.soak.__main__ import faults_of, left_over
from tests.soak.events import Event

if TYPE_CHECKING:
    from tests.soak.ground import Ground


def _event(table: str, *arguments: str, **more: Any) -> Event:
    return Event(table=table, arguments=arguments, **more)


_KILLED = {"kill": (signal.SIGTERM, 1.0)}


@pytest.mark.parametrize(
    ("event", "done", "words"),
    [
        (_event("healthy", "verify", "healthy"), Ran(1, "", ""), "false verdict"),
        (_event("leaking", "verify", "leaking"), Ran(0, "", ""), "false verdict"),
        (_event("failing", "verify", "failing", "--match"), Ran(0, "", ""), "false verdict"),
        (_event("healthy", "gaps", "healthy"), Ran(1, "", ""), "false verdict"),
        (_event("healthy", "status", "healthy"), Ran(70, "", ""), "exit code 70"),
        (_event("healthy", "status", "healthy", **_KILLED), Ran(-11, "", ""), "exit code -11"),
        (_event("healthy", "status", "healthy"), Ran(130, "", ""), "nothing was in the way"),
        (
            _event("healthy", "status", "healthy", largest=0),
            Ran(1, "", 'Traceback (most recent call last):\n  File "/x/ddbinsert/cli/run.py"'),
            "traceback",
        ),
        (_event("healthy", "status", "healthy", "--output", "json"), Ran(0, "{", ""), "not one JSON"),
    ],
)
def test_a_wrong_result_is_told(event: Event, done: Ran, words: str) -> None:
    assert words in " ".join(faults_of(event, done))


@pytest.mark.parametrize(
    ("event", "done"),
    [
        (_event("healthy", "verify", "healthy"), Ran(6, "", "")),
        (_event("leaking", "verify", "leaking"), Ran(1, "", "")),
        (_event("failing", "verify", "failing", "--wiretap"), Ran(0, "", "")),
        (_event("healthy", "status", "healthy", **_KILLED), Ran(130, "", "")),
        (_event("healthy", "status", "healthy", **_KILLED), Ran(-15, "", "")),
        (_event("healthy", "status", "healthy", skew=45.0), Ran(4, "", "")),
        (_event("disabled", "failures", "list", "disabled"), Ran(5, "", "")),
    ],
)
def test_a_right_result_is_not(event: Event, done: Ran) -> None:
    assert not list(faults_of(event, done))


class _Account:
    """An account in which an item is left, and a remedy removes it or not."""

    def __init__(self, *, helps: bool) -> None:
        self.kept = {"healthy": {"ours"}}
        self.left = {"ours", "test-item"}
        self.ran: list[tuple[str, ...]] = []
        self._helps = helps

    def items(self, _table: str) -> set[str]:
        return self.left

    def taps(self) -> set[str]:
        return set()

    def run(self, *arguments: str) -> Ran:
        self.ran.append(arguments)
        if self._helps and "--clean" in arguments:
            self.left = {"ours"}
        return Ran(0, "", "")

    def client(self, _service: str) -> Any:
        return SimpleNamespace(delete_item=lambda **_item: None)


@pytest.mark.parametrize("helps", [True, False])
def test_an_item_is_leaked_if_the_printed_command_does_not_remove_it(*, helps: bool) -> None:
    account = _Account(helps=helps)
    done = Ran(-9, "", "Remove them: `ddbinsert send healthy --clean abc`.")
    event = _event("healthy", "send", "healthy", kill=(signal.SIGKILL, 1.0))
    found = list(left_over(cast("Ground", account), event, done))
    assert ("send", "healthy", "--clean", "abc") in account.ran
    assert ("items left" in " ".join(found)) is not helps
