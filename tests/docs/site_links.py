"""Checks the built site: every link leads to a page, a file or a heading of it: ``python -m tests.docs.site_links site``."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OTHER_SITE = re.compile(r"(?:[a-z]+:|//)")


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        self.links += [values["href"]] if tag == "a" and "href" in values else []
        self.loaded += [values["src"]] if "src" in values else []
        self.loaded += [values["href"]] if tag == "link" and "stylesheet" in values.get("rel", "") else []


def broken(site: Path) -> Iterator[str]:
    """Each link that leads nowhere, and everything that a page loads from another site."""
    pages = {path.resolve(): _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    for path, page in sorted(pages.items()):
        name = path.relative_to(site.resolve()).as_posix()
        yield from (f"{name}: loads {one}" for one in page.loaded if _OTHER_SITE.match(one))
        if name == "404.html":  # its links begin at the root of the published site
            continue
        for link in (*page.links, *page.loaded):
            if not _OTHER_SITE.match(link) and not _leads_somewhere(link, path, pages, site.resolve()):
                yield f"{name}: {link}"


def _leads_somewhere(link: str, source: Path, pages: dict[Path, _Page], site: Path) -> bool:
    place, _, anchor = link.partition("#")
    place = place.partition("?")[0]
    target = (source.parent / place).resolve() if place else source
    if target.is_dir():
        target /= "index.html"
    if not target.is_relative_to(site) or not target.exists():
        return False
    return not anchor or target not in pages or anchor in pages[target].anchors


if __name__ == "__main__":
    found = list(broken(Path(sys.argv[1])))
    sys.stdout.writelines(f"broken link: {one}\n" for one in found)
    sys.exit(bool(found))
