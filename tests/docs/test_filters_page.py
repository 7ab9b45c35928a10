"""docs/filters.md: every example is run, and every rule of the linter is named."""

from __future__ import annotations

import io
import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ddbinsert.cli import main
from ddbinsert.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "filters.md").read_text(encoding="utf-8")
RECORDS = [
    {"eventName": "MODIFY", "dynamodb": {"Keys": {"pk": {"S": "ORDER#1"}}}},
    {"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "ORDER#2"}}}},
]


def examples() -> Iterator[tuple[str, str]]:
    for block in re.findall(r"```console\n\$ (.*?)```", PAGE, re.DOTALL):
        command, _, output = block.partition("\n")
        yield command, output


@pytest.mark.parametrize(("command", "output"), list(examples()))
def test_an_example_prints_what_the_page_says(command: str, output: str, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(json.dumps({"Records": RECORDS}))
    (tmp_path / "record.json").write_text(json.dumps(RECORDS[0]))
    program, *arguments = shlex.split(command)
    assert program == "ddbinsert"
    out = io.StringIO()
    environment = Environment(
        out=out, err=out, stdin=io.StringIO(), variables={"NO_COLOR": "1"}, cwd=tmp_path
    )
    main(arguments, environment)
    assert [line.rstrip() for line in out.getvalue().splitlines()] == output.rstrip().splitlines()


def test_every_rule_of_the_linter_is_on_the_page() -> None:
    sources = (ROOT / "ddbinsert" / "core" / "filters").rglob("*.py")
    texts = [path.read_text(encoding="utf-8") for path in sources]
    code = "\n".join(texts)
    rules = set(re.findall(r'rule="([a-z0-9-]+)"', code))
    rules |= set(re.findall(r'_single\(\s*"([a-z0-9-]+)"', code))
    rules |= set(re.findall(r'return \(?\s*"([a-z0-9]+(?:-[a-z0-9]+)+)",', code))
    assert len(rules) > 25
    assert not {rule for rule in rules if f"`{rule}`" not in PAGE}


def test_every_filter_command_is_on_the_page() -> None:
    from ddbinsert.cli.registry import commands

    names = [name for name in commands if name.startswith("filter ")]
    assert len(names) == 5
    assert all(f"ddbinsert {name}" in PAGE for name in names)
