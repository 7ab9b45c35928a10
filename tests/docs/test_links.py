"""Links of all pages: those within the repository lead to a file and a heading, others are listed here. No network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import DOCS, PAGES, name_of, prose
from tests.docs.site_links import broken

if TYPE_CHECKING:
    from pathlib import Path

#: Addresses of other sites on the pages. A new one is added here once somebody has opened it.
OTHER_SITES = frozenset({"https://in-toto.io"})
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)", re.DOTALL)


def links_of(page: Path) -> list[str]:
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page.read_text(encoding="utf-8"))))


def anchors_of(page: Path) -> set[str]:
    """The names by which GitHub and the site know the headings of a page, and those that it declares."""
    text = page.read_text(encoding="utf-8")
    found = set(re.findall(r'<a id="([^"]+)">', text))
    for heading in re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
        name = plain.strip().replace(" ", "-")
        found.add(name if name not in found else f"{name}-1")
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links_of(page):
        if "://" in link:
            assert link in OTHER_SITES, link
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors_of(target), link
        # The site consists of the folder docs only.
        assert page.parent != DOCS or target.is_relative_to(DOCS), f"{link} does not exist on the site"


def test_the_list_of_other_sites_names_only_what_the_pages_link() -> None:
    assert {link for page in PAGES for link in links_of(page) if "://" in link} == OTHER_SITES


def test_the_check_of_the_built_site_finds_what_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path.parent / "outside.yaml").write_text("")
    (tmp_path / "other" / "index.html").write_text('<h2 id="there">')
    (tmp_path / "index.html").write_text(
        '<a href="other/#there"></a><a href="other/#gone"></a><a href="gone/"></a><a href="../outside.yaml"></a>'
        '<a href="https://elsewhere.example"></a><script src="https://elsewhere.example/a.js"></script>'
    )
    assert list(broken(tmp_path)) == [
        "index.html: loads https://elsewhere.example/a.js",
        *(f"index.html: {link}" for link in ("other/#gone", "gone/", "../outside.yaml")),
    ]
