"""Replay drops nothing: records given plus records in the documents that are left are those of the failure."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.failed_records import (
    Failure,
    Fetched,
    parse_failure,
    remainder,
    select,
    sequence_of,
)


def record(number: int, name: str, *, passing: bool) -> dict[str, Any]:
    return {
        "eventID": str(number),
        "eventName": name,
        "passing": passing,
        "dynamodb": {"SequenceNumber": str(number)},
    }


def failure_of(records: list[dict[str, Any]], count: int, *, payload: bool) -> Failure:
    document: dict[str, Any] = {
        "requestContext": {"functionArn": "arn:aws:lambda:eu-west-1:1:function:f", "condition": "x"},
        "DDBStreamBatchInfo": {
            "shardId": "s",
            "startSequenceNumber": str(sequence_of(records[0])),
            "endSequenceNumber": str(sequence_of(records[-1])),
            "batchSize": count,
            "streamArn": "arn:aws:dynamodb:eu-west-1:1:table/t/stream/s",
        },
    }
    if payload:
        document["payload"] = json.dumps({"Records": records})
    found = parse_failure(json.dumps(document))
    assert found is not None
    return found


NAMES = st.sampled_from(["INSERT", "INSERT", "INSERT", "MODIFY", "REMOVE"])
RANGES = st.lists(st.tuples(NAMES, st.booleans(), st.booleans()), min_size=1, max_size=12)


def passes(one: dict[str, Any]) -> bool:
    return bool(one["passing"])


def numbers_in(documents: list[dict[str, Any]], records: list[dict[str, Any]]) -> list[int]:
    """The sequence numbers that documents stand for."""
    found: list[int] = []
    for document in documents:
        left = parse_failure(json.dumps(document))
        assert left is not None
        held = left.records if left.records is not None else records
        found += [sequence_of(one) for one in held if left.contains(one)]
    return found


@given(RANGES, st.booleans(), st.data())
def test_of_a_document_with_its_records_every_one_is_given_or_left(
    rows: list[tuple[str, bool, bool]],
    everything: bool,
    data: st.DataObject,
) -> None:
    records = [record(10 * n, name, passing=ok) for n, (name, ok, _) in enumerate(rows)]
    failure = failure_of(records, len(records), payload=True)
    selection = select(failure, Fetched(records=tuple(records)), passes, everything=everything)
    given_numbers = {sequence_of(one) for one in selection.given}
    remaining = data.draw(st.sets(st.sampled_from(sorted(given_numbers)))) if given_numbers else set()
    left = numbers_in(remainder(failure, selection, remaining), records)
    done = given_numbers - remaining
    assert sorted([*done, *left]) == [sequence_of(one) for one in records]
    assert all(number in selection.left_out or number in remaining for number in left)


@given(RANGES, st.integers(0, 6), st.data())
def test_of_a_range_every_record_that_was_in_the_batch_is_given_or_left(
    rows: list[tuple[str, bool, bool]], trimmed: int, data: st.DataObject
) -> None:
    """``rows``: event, whether today's filter lets it through, whether the filter did then."""
    records = [record(10 * n + 10, name, passing=now) for n, (name, now, _) in enumerate(rows)]
    batch = [one for one, (_, _, then) in zip(records, rows, strict=True) if then]
    if not batch:
        return
    inside = [one for one in records if sequence_of(batch[0]) <= sequence_of(one) <= sequence_of(batch[-1])]
    failure = failure_of(batch, len(batch), payload=False)
    there = inside[min(trimmed, len(inside) - 1) :]
    selection = select(failure, Fetched(records=tuple(there), trimmed=len(there) < len(inside)), passes)
    if selection.problem:
        assert not selection.given
        return
    given_numbers = {sequence_of(one) for one in selection.given}
    remaining = data.draw(st.sets(st.sampled_from(sorted(given_numbers)))) if given_numbers else set()
    left = numbers_in(remainder(failure, selection, remaining), inside)
    accounted = (given_numbers - remaining) | set(left)
    if len(given_numbers) == len(batch) and given_numbers != {sequence_of(one) for one in batch}:
        return  # another filter that lets as many through: the document alone cannot show it
    assert {sequence_of(one) for one in batch} <= accounted
    assert not (given_numbers - remaining) & set(left)


def test_a_filter_that_lets_more_through_today_gives_nothing() -> None:
    records = [record(n, "INSERT", passing=True) for n in range(1, 4)]
    failure = failure_of(records, 2, payload=False)
    selection = select(failure, Fetched(records=tuple(records)), passes)
    assert selection.given == ()
    assert "narrower then" in selection.problem
    assert len(select(failure, Fetched(records=tuple(records)), passes, everything=True).given) == 3


def test_what_the_filter_had_excluded_is_not_kept_when_the_batch_is_complete() -> None:
    records = [
        record(1, "INSERT", passing=True),
        record(2, "MODIFY", passing=True),
        record(3, "INSERT", passing=True),
    ]
    failure = failure_of(records, 2, payload=False)
    selection = select(failure, Fetched(records=tuple(records)), passes)
    assert [sequence_of(one) for one in selection.given] == [1, 3]
    assert remainder(failure, selection, set()) == []


def test_odd_documents_are_none_of_lambdas_and_stop_nothing() -> None:
    good = json.dumps(failure_of([record(1, "INSERT", passing=True)], 1, payload=True).document)
    odd = [
        good.replace('"batchSize": 1', '"batchSize": 1e999'),
        good.replace('"startSequenceNumber": "1"', '"startSequenceNumber": "one"'),
        good.replace('\\"SequenceNumber\\": \\"1\\"', '\\"Other\\": \\"1\\"'),
        good.replace('{\\"Records\\": [', '{\\"Records\\": [7, '),
        "[" * 100_000,
        "null",
    ]  # fmt: skip
    assert parse_failure(good) is not None
    assert [parse_failure(text) for text in odd] == [None] * len(odd)
