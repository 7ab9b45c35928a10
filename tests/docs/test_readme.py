"""The README is true: its commands exist and run, what it shows is what is printed, its tables are the code's."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ddbinsert.cli.registry import commands
from ddbinsert.errors import ExitCode
from ddbinsert.render.machine import envelope
from tests.command_lines import parse, shown_in, spoken_of
from tests.docs.pages import PAGES, blocks, prose, sessions
from tests.docs.reader import Reader
from tests.functional.command import ran

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")


def _blocks(text: str, *languages: str) -> list[str]:
    """The fenced blocks of a page in one of these languages."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [content for language, content in found if language in languages]


def _code(page: Path) -> tuple[str, str]:
    """What a page shows to be typed, and what stands between backticks."""
    text = page.read_text(encoding="utf-8")
    typed = [block.text for block in blocks(text) if block.language == "sh"]
    typed += [
        shown.command
        for block in blocks(text)
        if block.language == "console"
        for shown in sessions(block.text)
    ]
    return "\n".join(typed), "\n".join(re.findall(r"`[^`\n]+`", prose(text)))


BLOCKS = _blocks(TEXT, "sh")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists_and_takes_its_options(page: Path) -> None:
    typed, mentioned = map(shown_in, _code(page))
    names = {parse(words) for words in typed} | {spoken_of(words) for words in mentioned}
    for name in names:
        assert ran(*name.split(), "--help", variables={}).code == 0
    assert names or page != README


def test_the_table_of_commands_names_what_there_is() -> None:
    table = re.search(r"^\| command \|.*?\n\n", TEXT, re.MULTILINE | re.DOTALL)
    assert table is not None
    rows = table[0].strip().splitlines()
    named = set(re.findall(r"`([a-z-]+)`", "".join(row.split("|")[1] for row in rows)))
    assert named
    assert named <= {name.split()[0] for name in commands}


def test_options_that_the_text_names_exist() -> None:
    help_texts = "".join(ran(*name.split(), "--help", variables={}).out for name in commands)
    for option in re.findall(r"`(--[a-z-]+)", TEXT):
        assert option in help_texts


def test_the_exit_codes_are_the_programs() -> None:
    rows = re.findall(r"^\| (\d+) \| ", TEXT, re.MULTILINE)
    assert [int(code) for code in rows] == [int(code) for code in ExitCode]


def test_the_envelope_has_the_fields_that_are_promised() -> None:
    (shown,) = re.findall(r'`(\{"schema".*?\})`', TEXT)
    promised = re.findall(r'"(\w+)"', re.sub(r"\[.*?\]", "", shown.replace('"ddbinsert/1"', "")))
    assert promised == list(envelope("x", 0))


# --- what runs --------------------------------------------------------------------------------------------


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    somebody = Reader(tmp_path, is_local=False)
    yield somebody
    somebody.close()


def test_the_first_command_of_a_newcomer_is_one_line_and_ends_in_the_demo(reader: Reader) -> None:
    block = next(block for block in BLOCKS if "ddbinsert demo" in block)
    assert len(block.splitlines()) == 1
    told = reader.types(block)
    assert "PASS: " in told
    assert "FAIL: " in told
    (call,) = reader.called.read_text().splitlines()
    (extra,) = re.findall(r"\[(\w+)\]", call)
    assert extra in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def test_the_test_command_is_one_line_and_runs_the_tests_with_what_they_need(reader: Reader) -> None:
    after = TEXT.split("<!-- test-command -->")[1]
    (block,) = _blocks(after, "sh")[:1]
    assert len(block.splitlines()) == 1
    reader.types(block)
    install, run = reader.called.read_text().splitlines()
    assert ".[dev]" in install
    assert run.startswith("python -m pytest")
