"""The pictures of terminals: made from runs of commands that exist, and complete in themselves."""

from __future__ import annotations

import html
import re

import pytest

from tests.command_lines import parse, shown_in
from tests.docs.pictures import PICTURES, RUNS


@pytest.mark.parametrize("name", RUNS)
def test_a_picture_shows_commands_that_exist_and_refers_to_no_other_site(name: str) -> None:
    drawn = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    rows: dict[str, str] = {}
    for height, text in re.findall(r'<text [^>]*?y="([\d.]+)"[^>]*>(.*?)</text>', drawn):
        rows[height] = rows.get(height, "") + html.unescape(text).replace("\xa0", " ")
    shown = shown_in("\n".join(rows.values()))
    assert tuple(shown[0]) == RUNS[name].arguments
    assert [parse(words) for words in shown]
    assert not re.search(r"(?:href|src)=|url\((?!#)|@import", drawn)


def test_each_picture_is_in_the_list_of_runs() -> None:
    assert sorted(path.stem for path in PICTURES.glob("*.svg")) == sorted(RUNS)
