"""Text from outside is data: no terminal acts upon it, and no stream chokes on it."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.render.terminal.screen import Screen, clean, one_line, wants_colour, wrapped

#: What has been used against terminals, logs and their readers.
HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;cm0gLXJm\x07",
    "\x9b31mC1",
    "\x90q\x9c",
    "\r\x1b[2Kforged line",
    "over\rwritten",
    "back\x08space",
    "bell\x07",
    "del\x7fete",
    "null\x00byte",
    "form\x0cfeed",
    "vertical\x0btab",
    "next\x85line",
    "\u202egnp.exe",
    "\u2066isolated\u2069",
    "\u200eleft\u200fright\u061cletter",
    "half a pair \ud800",
    "zero\u200bwidth\u200cnon\u200djoiners\ufeff",
    "line\u2028separator\u2029",
    "soft\xadhyphen\u2060",
    "tagged\U000e0041",
    "[bold red]markup[/]",
    ":smile:",
    "日本語 é ñ 🎉",
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _acts(text: str) -> bool:
    """Whether something in the text is more than a character to be seen (newline and tab aside)."""
    bidirectional = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    acting = ("Cc", "Cs", "Zl", "Zp")
    return any(unicodedata.category(c) in acting or c in bidirectional for c in text if c not in "\n\t")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_terminal_acts_upon_is_left(text: str) -> None:
    assert not _acts(clean(text))


@given(st.text(st.characters()))
def test_no_text_at_all_is_left_with_what_a_terminal_acts_upon(text: str) -> None:
    assert not _acts(clean(text))


def test_what_is_taken_out_stays_visible_as_an_escape() -> None:
    assert clean("a\x1b[31mb\x00\u202e\ud800") == r"a\x1b[31mb\x00\u202e\ud800"


@pytest.mark.parametrize(
    "text",
    ["", "plain", "two\nlines\tand a tab", "日本語 é ñ 🎉", "::1, fe80::1", "#[x] ## y", r"\x1b already"],
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_one_line_is_one_line_and_no_longer_than_asked() -> None:
    assert one_line("a\nb\r\n\tc") == r"a b\r c"
    assert one_line("x" * 500) == "x" * 500
    assert one_line("x" * 501) == "x" * 499 + "…"
    assert one_line("abcdef", 4) == "abc…"
    assert one_line(" \n ") == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_in_colour_holds_no_escape_but_those_of_its_own_style(text: str) -> None:
    stream = io.StringIO()
    Screen(stream, colour=True, width=200).line(text, "bold red")
    written = stream.getvalue()
    assert written.startswith("\x1b[1;31m")
    assert re.sub(r"\x1b\[[0-9;]*m", "", written) == clean(text) + "\n"
    assert len(re.findall("\x1b", written)) == 2 * len(clean(text).splitlines())


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("colour", [True, False])
def test_a_table_takes_any_text_as_text(text: str, colour: bool) -> None:
    stream = io.StringIO()
    Screen(stream, colour=colour, width=200).table(("what", "value"), [("first", text), ("second", "x")])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert not _acts(plain)
    for line in clean(text).splitlines():
        assert line.expandtabs() in plain.expandtabs()


def test_without_colour_there_is_no_escape_at_all() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    screen.line("heading", "bold green")
    screen.pairs([("name", "value")])
    screen.table(("a",), [("b",)])
    assert "\x1b" not in stream.getvalue()


def test_pairs_stand_in_columns_and_what_has_no_value_is_left_out() -> None:
    stream = io.StringIO()
    Screen(stream).pairs([("table", "orders"), ("nothing", ""), ("id", "7")], indent=2)
    assert stream.getvalue() == "  table  orders\n  id     7\n"
    Screen(stream).pairs([])


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("colour", [True, False])
def test_no_encoding_of_a_stream_ends_a_run(encoding: str, colour: bool) -> None:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding=encoding)
    screen = Screen(stream, colour=colour, width=80)
    screen.line("é 日本 🎉", "bold")
    screen.table(("é",), [("日本 🎉",)])
    stream.flush()
    written = buffer.getvalue().decode(encoding)
    assert ("🎉" if encoding == "utf-8" else r"\U0001f389") in written


@pytest.mark.parametrize(
    ("variables", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_follows_the_terminal_unless_a_variable_decides(
    variables: dict[str, str], terminal: bool, expected: bool
) -> None:
    stream = Terminal() if terminal else io.StringIO()
    assert wants_colour(stream, variables) is expected


@pytest.mark.parametrize(
    "text",
    [
        "::error::forged",
        "::error file=app.py,line=1::forged",
        "  ::add-mask::x",
        "\t::stop-commands::x",
        "first\n::set-output name=a::b",
        "before ##[error]forged",
        "##[group]",
    ],
)
def test_nothing_is_left_that_a_ci_system_takes_for_a_command(text: str) -> None:
    stream = io.StringIO()
    Screen(stream).line(text)
    for line in stream.getvalue().splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


@pytest.mark.parametrize("character", ["\u200b", "\u200c", "\u200d", "\ufeff", "\u2028", "\xad", "\u2060"])
def test_characters_without_a_width_are_shown(character: str) -> None:
    assert clean(f"a{character}b") == "a" + character.encode("unicode_escape").decode() + "b"


def test_long_values_are_wrapped_in_their_column_on_a_terminal_only() -> None:
    rows = [("id", "  7"), ("filter", "several words " * 8 + "and one")]
    narrow, piped = Terminal(), io.StringIO()
    Screen(narrow, width=60).pairs(rows, indent=2)
    Screen(piped, width=60).pairs(rows, indent=2)
    assert len(piped.getvalue().splitlines()) == 2
    first, second, *rest = narrow.getvalue().splitlines()
    assert first == "  id        7"
    assert second.startswith("  filter  several words several")
    assert rest
    assert all(line.startswith(" " * 12) for line in rest)
    assert all(len(line) < 60 for line in (first, second, *rest))


def test_a_long_sentence_is_wrapped_with_a_hanging_indent_on_a_terminal_only() -> None:
    text = "  try: " + "several words " * 8 + "`ddbinsert attach-trigger orders --region eu-west-1` and more"
    narrow, piped = Terminal(), io.StringIO()
    Screen(narrow, width=60).sentence(text)
    Screen(piped, width=60).sentence(text)
    assert piped.getvalue() == f"{text}\n"
    first, *rest = narrow.getvalue().splitlines()
    assert first.startswith("  try: several")
    assert rest
    for line in rest:
        assert line.startswith("    ")
        assert not line.startswith("     ")
        assert len(line) < 60
    assert "`ddbinsert attach-trigger orders --region eu-west-1`" in narrow.getvalue()
    assert " ".join(narrow.getvalue().split()) == " ".join(text.split())


@given(st.text(st.characters()), st.integers(0, 200))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    assert wrapped(text, width).split() == text.split()
