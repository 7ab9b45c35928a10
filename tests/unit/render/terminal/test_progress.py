"""The line that is updated in place: as wide as the terminal, gone when something else is said."""

from __future__ import annotations

import io
import re

import pytest

from ddbinsert.render.terminal.progress import ScreenReporter
from ddbinsert.render.terminal.screen import Screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _rows(written: str) -> list[str]:
    """What a terminal shows in the end: lines, with cursor movements and erasures carried out."""
    rows, row = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if part == "\n":
            row += 1
            rows.extend([""] * (row + 1 - len(rows)))
        elif part == "\r":
            continue
        elif part.startswith("\x1b["):
            if part.endswith("A"):
                row -= int(part[2:-1] or 1)
            elif part.endswith("K"):
                rows[row] = ""
        else:
            rows[row] += part
    return [line for line in rows if line]


@pytest.mark.parametrize("columns", ["80", "40", "200"])
def test_the_waiting_line_fits_the_terminal_and_leaves_nothing_behind(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    stream = Terminal()
    reporter = ScreenReporter(Screen(stream), endpoint=lambda: "AWS", quiet=False, live=True)
    reporter.step("first")
    for second in range(3):
        reporter.waiting("the 12 records of a run that is still under way", second, "9 left, " * 20)
    shown = _rows(stream.getvalue())
    assert len(shown) == 2
    assert len(shown[1]) <= int(columns)
    assert shown[1].startswith("waiting for the 12 records")
    reporter.step("second")
    reporter.warn("third")
    reporter.waiting("more", 1.0)
    reporter.finish()
    assert _rows(stream.getvalue()) == ["first", "second", "warning: third"]
    assert "\x1b[?25l" not in stream.getvalue()  # a killed process would leave no cursor


def test_without_a_terminal_a_wait_is_reported_ever_less_often() -> None:
    stream = io.StringIO()
    reporter = ScreenReporter(Screen(stream), endpoint=lambda: "AWS", quiet=False, live=False)
    for second in range(20):
        reporter.waiting("something", second)
    assert [line.split("(")[1] for line in stream.getvalue().splitlines()] == [
        "2.0 s)",
        "4.0 s)",
        "8.0 s)",
        "16.0 s)",
    ]


def test_a_waiting_line_shows_no_control_character() -> None:
    stream = Terminal()
    reporter = ScreenReporter(Screen(stream), endpoint=lambda: "AWS", quiet=False, live=True)
    reporter.waiting("a\x1b[31m\nb\u200b", 1.0)
    assert r"a\x1b[31m b\u200b" in stream.getvalue()
