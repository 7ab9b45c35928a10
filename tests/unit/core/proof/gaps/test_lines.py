"""Receipts of the past joined with the ends of their attempts, and times in which the log shows no work."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.proof.gaps.key_spans import core_of, cores_in, shows, texts_of, words_in
from ddbinsert.core.proof.gaps.lines import Line, PastLines


def line(event_id: str, at: float, *, stream: str = "a", request: str = "r") -> Line:
    return Line(event_id=event_id, sequence="", decision="processed", at=at, request=request, stream=stream)


def end(at: float, *, ok: bool = True, stream: str = "a", request: str = "r") -> InvocationEnd:
    return InvocationEnd(request=request, stream=stream, at=at, ok=ok, seconds=0.5)


def test_a_line_goes_out_with_the_end_of_its_own_attempt() -> None:
    lines = PastLines(awaits_ends=True)
    assert not list(lines.add_line(line("1", 1.0)))
    assert not list(lines.add_line(line("2", 1.0, stream="b")))
    (failed,) = lines.add_end(end(2.0, ok=False))
    assert (failed.event_id, failed.ended_well) == ("1", False)
    assert not list(lines.add_line(line("1", 3.0)))
    (retried,) = lines.add_end(end(4.0))
    assert (retried.event_id, retried.ended_well) == ("1", True)
    (left,) = lines.unended_lines()
    assert (left.event_id, left.ended_well) == ("2", None)


def test_a_line_of_the_same_millisecond_as_its_end_may_be_read_after_it() -> None:
    lines = PastLines(awaits_ends=True)
    assert not list(lines.add_end(end(2.0, ok=False)))
    (failed,) = lines.add_line(line("1", 2.0))
    assert failed.ended_well is False


def test_without_ends_a_line_counts_at_once() -> None:
    lines = PastLines(awaits_ends=False)
    (one,) = lines.add_line(line("1", 1.0))
    assert one.ended_well is None


def test_several_invocations_in_a_row_without_a_line_are_a_time_that_the_log_does_not_show() -> None:
    lines = PastLines(awaits_ends=True)
    for at in (10.0, 20.0):  # two alone are not enough
        list(lines.add_end(end(at)))
    list(lines.add_line(line("1", 30.0)))
    list(lines.add_end(end(30.5)))
    for at in (40.0, 50.0, 60.0):
        list(lines.add_end(end(at)))
    list(lines.unended_lines())
    assert lines.silent == [(39.5, 60.0)]


def test_a_key_is_found_by_whole_words() -> None:
    keys = {"pk": {"S": "user-12"}, "sk": {"S": "#order 7"}}
    texts = texts_of(keys)
    assert texts == ("#order 7", "user-12")
    text = "stored #order 7 of user-12, done"
    assert {core_of(one) for one in texts} <= cores_in(text, {2})
    assert shows(text, texts)
    assert not shows("stored #order 71 of user-12", texts)
    assert not shows("stored #order 7 of user-123", texts)
    assert texts_of({"pk": {"N": "12345"}}) == ()
    assert texts_of({"pk": {"S": "------"}}) == ()


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.booleans(), st.booleans())
def test_a_key_is_found_in_a_line_of_json_however_that_escapes_it(
    middle: str, ascii_only: bool, nested: bool
) -> None:
    text = f"order{middle}0001"
    line = json.dumps({"pk": {"S": text}}, ensure_ascii=ascii_only)
    line = json.dumps({"message": line}, ensure_ascii=ascii_only) if nested else line
    assert shows(line, [text])
    assert core_of(text) in cores_in(line, {words_in(core_of(text))})
