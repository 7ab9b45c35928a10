"""JUnit XML as Jenkins, GitLab and similar systems read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, indent, tostring

from ddbinsert.render.terminal.screen import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# XML 1.0 cannot contain these in any form.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def safe(text: str) -> str:
    """The text, with characters that XML cannot contain replaced."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", clean(text))


def written(suite: Element, totals: Mapping[str, str]) -> str:
    """The document of one suite."""
    return written_all([(suite, totals)])


def written_all(suites: Sequence[tuple[Element, Mapping[str, str]]]) -> str:
    """The document of several suites, each with its totals."""
    sums: dict[str, int] = {}
    root = Element("testsuites", {"name": "ddbinsert"})
    for suite, totals in suites:
        skipped = len(suite.findall("testcase/skipped"))
        for name, value in {**totals, "skipped": str(skipped)}.items():
            suite.set(name, value)
        for name, value in totals.items():
            sums[name] = sums.get(name, 0) + int(value)
        root.append(suite)
    for name, count in sums.items():
        root.set(name, str(count))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"
