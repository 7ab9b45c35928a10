"""Each block of code of each page: its commands are run as printed, with the files that the page shows, in its order.

What no test here can run is listed in `tests/docs/not_run.py`, with the reason; a new page needs no entry anywhere.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.command_lines import parse, shown_in
from tests.docs import not_run, setups
from tests.docs.pages import PAGES, Block, blocks, lines_of, name_of, programs, prose, sessions
from tests.docs.reader import Reader, has_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Languages of blocks that are typed into a shell.
SHELLS = ("sh", "console")
#: Pages whose commands take longer than some seconds.
SLOW = (
    "accounts",
    "adopt",
    "backfill",
    "commands",
    "gaps",
    "hand-over",
    "handlers",
    "own-handler",
    "powertools",
    "pytest",
    "runbook",
    "tutorial",
    "verify",
    "view-type",
)


def blocks_of(page: Path) -> list[Block]:
    return list(blocks(page.read_text(encoding="utf-8")))


def commands_of(block: Block) -> list[str]:
    """The lines of a block that are typed."""
    if block.language == "console":
        return [shown.command for shown in sessions(block.text)]
    return lines_of(block.text) if block.language == "sh" else []


def is_run(line: str) -> bool:
    return line not in not_run.LINES and not any(one in not_run.PROGRAMS for one in programs(line))


# --- nothing escapes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_program_that_a_page_calls_is_run_or_listed_with_a_reason(page: Path) -> None:
    unknown = {
        (block.line, program)
        for block in blocks_of(page)
        for line in commands_of(block)
        for program in programs(line)
        if program not in setups.RUN and program not in not_run.PROGRAMS and line not in not_run.LINES
    }
    assert not unknown, f"{name_of(page)}: neither run by tests.docs.reader nor in tests/docs/not_run.py"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_other_block_is_a_file_that_the_commands_use_or_has_a_test_of_its_own(page: Path) -> None:
    for block in blocks_of(page):
        assert "$ ddbinsert" not in block.text or block.language == "console", (name_of(page), block.line)
        if block.language in SHELLS or block.file:
            continue
        checked = not_run.CHECKED_ELSEWHERE.get((name_of(page), block.language))
        assert checked, f"{name_of(page)}:{block.line} ({block.language}): no test reads this block"


def test_no_command_is_hidden_in_an_indented_block() -> None:
    for page in PAGES:
        text = prose(page.read_text(encoding="utf-8"))
        hidden = [line for line in text.splitlines() if line.startswith("    ") and shown_in(line.strip())]
        assert not [line for line in hidden if line.strip().startswith("ddbinsert")], name_of(page)


def test_each_line_of_a_shell_that_is_not_run_is_at_least_a_command_that_bash_and_its_parser_accept() -> None:
    for page in PAGES:
        for block in blocks_of(page):
            for line in commands_of(block):
                checked = subprocess.run(
                    ["/bin/bash", "-n", "-c", line], capture_output=True, text=True, check=False
                )
                assert checked.returncode == 0, f"{name_of(page)}:{block.line}: {checked.stderr}"
                if not is_run(line):
                    for words in shown_in(line):
                        parse(words)


def test_the_lists_of_what_is_not_run_name_only_what_the_pages_have() -> None:
    every = [(page, block) for page in PAGES for block in blocks_of(page)]
    lines = {line for _, block in every for line in commands_of(block)}
    assert set(not_run.LINES) <= lines
    assert set(not_run.PROGRAMS) <= {program for line in lines for program in programs(line)}
    assert set(not_run.CHECKED_ELSEWHERE) <= {(name_of(page), block.language) for page, block in every}
    firsts = {(name_of(page), block.first_line) for page, block in every}
    assert {(name, first) for name, steps in setups.BEFORE.items() for first in steps if first} <= firsts
    assert set(setups.EXITS) <= firsts
    assert set(setups.BEFORE) <= {name_of(page) for page in PAGES}


def test_the_test_that_a_block_is_left_to_reads_that_page() -> None:
    for (page, _), test in not_run.CHECKED_ELSEWHERE.items():
        text = (PAGES[0].parent / test).read_text(encoding="utf-8")
        assert page.rpartition("/")[2] in text, f"{test} does not name {page}"


# --- what runs --------------------------------------------------------------------------------------------


def _tried() -> Iterator[object]:
    for page in PAGES[1:]:
        if any(is_run(line) for block in blocks_of(page) for line in commands_of(block)):
            yield pytest.param(
                page, id=name_of(page), marks=[pytest.mark.nightly] if page.stem in SLOW else []
            )


@pytest.mark.parametrize("page", list(_tried()))
def test_what_a_page_tells_to_do_works_as_printed(page: Path, tmp_path: Path) -> None:
    follow(page, tmp_path)


def test_what_the_readme_tells_to_do_works_as_printed(tmp_path: Path) -> None:
    follow(PAGES[0], tmp_path)


def follow(page: Path, tmp_path: Path) -> None:
    """Do all that a page tells to do, from its top to its end."""
    found = blocks_of(page)
    excused = frozenset(line for block in found for line in commands_of(block) if not is_run(line))
    reader = Reader(tmp_path, excused=excused, is_local=page.name != "README.md")
    before = setups.BEFORE.get(name_of(page), {})
    try:
        reader.installs()
        reader.prepares(before.get("", ""))
        for block in found:
            if block.first_line in before:
                reader.prepares(before[block.first_line])
            code = setups.EXITS.get((name_of(page), block.first_line), block.exit_code)
            reader.follows(block._replace(exit_code=code))
    finally:
        reader.close()


# --- what a page may show of an output --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "is_true"),
    [
        ("a\nb\n", True),
        ("a\nc\n", False),
        ("a\n…\nc\n", True),
        ("c\n…\na\n", False),
        ("…\nb\n", True),
        ("x …\n", False),
        ("took 12 ms for … items\n", True),
    ],
)
def test_lines_that_a_page_shows_must_be_printed_in_this_order(shown: str, is_true: bool) -> None:
    assert has_lines("a\nb\nc\ntook 3.5 s for 7 items\n", shown) is is_true
