"""docs/filters.md: every rule of the linter and every command is named; tests/docs/test_pages.py runs the examples."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "filters.md").read_text(encoding="utf-8")


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
