"""The manual as a site: each page is in its navigation, once, and is written so that GitHub and the site show the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.pages import PAGES, name_of, prose

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def _pages(nav: list[dict[str, Any]]) -> Iterator[str]:
    for entry in nav:
        for target in entry.values():
            if isinstance(target, str):
                yield target
            else:
                yield from _pages(target)


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    nav = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    assert sorted(_pages(nav)) == sorted(page.name for page in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_site_reads_lists_and_tables_as_github_does(page: Path) -> None:
    """The site's Markdown needs four spaces before what is within a list, and an empty line before a list or a table."""
    text = prose(page.read_text(encoding="utf-8"))
    assert not re.findall(r"^ {1,3}(?:[-*|]|\d+\.) .*$", text, re.MULTILINE)
    assert not re.findall(r"^(?![-*|>#<]|\d+\.|\s).*\n(?:[-*] |1\. |\|).*$", text, re.MULTILINE)
    assert not re.findall(r"^ {4}.*\n(?:[-*]|\d+\.) .*$", text, re.MULTILINE)
    assert not re.findall(r"`[^`\n]*\\\|[^`\n]*`", text), "write a bar in a table as <code>a&#124;b</code>"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_a_page_says_first_for_whom_it_is(page: Path) -> None:
    text = re.sub(r"<!--.*?-->\n+", "", page.read_text(encoding="utf-8"))
    title, opening = text.split("\n\n")[:2]
    assert title.startswith("# ")
    assert opening.startswith("For ")
