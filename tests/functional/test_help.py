"""What `--help` looks like: headings, groups of options, lines that fit, examples in one piece."""

from __future__ import annotations

import pytest

from ddbinsert.cli.help import summary
from ddbinsert.cli.registry import TABLE, below, commands
from tests.functional.command import ran

TOP = sorted({name.split()[0] for name in commands})
GROUPS = [row.name for rows in TABLE.values() for row in rows if row.module is None]


def _sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            current = found.setdefault(line.removesuffix(":"), [])
        elif line.startswith("  ") and not line.startswith("   "):
            current.append(line.strip())
    return found


@pytest.fixture(params=["80", "40", "200"])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", request.param)
    return int(request.param)


def test_every_command_stands_under_one_heading() -> None:
    sections = _sections(ran("--help", variables={}).out)
    for heading, rows in TABLE.items():
        assert [row.split()[0] for row in sections[heading]] == [row.name for row in rows if not row.group]
    listed = [row.split()[0] for heading in TABLE for row in sections[heading]]
    assert sorted(listed) == TOP


@pytest.mark.parametrize("name", ["", *TOP, *sorted(commands)])
def test_help_fits_the_terminal(name: str, width: int) -> None:
    for line in ran(*name.split(), "--help", variables={}).out.splitlines():
        words = line.split()
        # An example, a flag or a word that is longer than the line can't be broken.
        if "Example: " in line or len(words) <= 1 or len(line) <= min(width, 110):
            continue
        assert width < 80, (name, line)


def test_options_are_listed_in_groups() -> None:
    sections = _sections(ran("attach-trigger", "--help", variables={}).out)
    assert list(sections) == [
        "Arguments",
        "Options",
        "Trigger",
        "Function",
        "Mapping",
        "Connection",
        "Output",
    ]
    for flag, group in (
        ("--dry-run", "Options"),
        ("--view-type", "Trigger"),
        ("--runtime", "Function"),
        ("--batch-size", "Mapping"),
        ("--profile", "Connection"),
        ("-o, --output", "Output"),
        ("-h, --help", "Output"),
    ):
        assert any(row.startswith(flag) for row in sections[group]), (flag, group)


@pytest.mark.parametrize("name", sorted(commands))
def test_an_example_is_shown_in_one_piece(name: str) -> None:
    example = (commands[name].body.__doc__ or "").strip().splitlines()[-1].strip()
    assert f"\n  {example}\n" in ran(*name.split(), "--help", variables={}).out


@pytest.mark.parametrize("name", ["", *GROUPS])
def test_each_command_is_listed_with_a_whole_sentence(name: str) -> None:
    shown = " ".join(ran(*name.split(), "--help", variables={}).out.split())
    for row in below(name).values():
        sentence = summary(row.summary)
        assert sentence.endswith(".")
        assert sentence in shown
