"""The quick reader of bulk receipts never says anything else than the reader of all receipts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddbinsert.core import receipt
from ddbinsert.core.arn import resource_name
from ddbinsert.core.attributes import same_value
from ddbinsert.core.items.run_key import number_in
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType
from ddbinsert.core.proof.bulk_receipts import BulkReceipts
from ddbinsert.core.proof.probe_item import Sample

RUN, OTHER_RUN = "8f23c56e89ab", "0f23c56e89ab"
FUNCTION = "orders-inserts"
ARN = f"arn:aws:lambda:eu-west-1:111122223333:function:{FUNCTION}"


def schema(*types: KeyType) -> KeySchema:
    names = [KeyAttribute(name=name, type=kind) for name, kind in zip(("pk", "a sort"), types, strict=False)]
    return KeySchema(partition=names[0], sort=names[1] if len(names) > 1 else None)


S, N, B = KeyType.S, KeyType.N, KeyType.B
SHAPES = {
    "text": (schema(S), Sample()),
    "number": (schema(N), Sample()),
    "two texts": (schema(S, S), Sample()),
    "text and number": (schema(S, N), Sample()),
    "prefixed": (schema(S), Sample(prefixes={"pk": 'USER#"\\é'}, suffixes={"pk": "#<event>"})),
    "fixed": (schema(S, S), Sample(fixed={"a sort": "META"})),
    "binary": (schema(B), Sample()),
}


def line_of(shape: str, number: int, *, run: str = RUN, **changes: Any) -> str:
    key, sample = SHAPES[shape]
    record = {
        "eventID": changes.get("event_id", "e1"),
        "eventName": changes.get("name", "INSERT"),
        "dynamodb": {
            "Keys": sample.key(key, run, number),
            "SequenceNumber": changes.get("sequence", "100"),
            "ApproximateCreationDateTime": changes.get("at", 1_700_000_000),
        },
    }
    return receipt.line(
        record,
        changes.get("decision", "processed"),
        changes.get("request", "r1"),
        function=changes.get("function", ARN),
        again=changes.get("again", False),
    )


def read(shape: str, message: str) -> tuple[int, str, str] | None:
    key, sample = SHAPES[shape]
    return BulkReceipts(RUN, sample=sample, key=key, function=FUNCTION).read(message)


def read_slowly(shape: str, message: str) -> tuple[int, str, str] | None:
    found = receipt.parse(message)
    if found is None or (found["decision"], found["eventName"]) != ("processed", "INSERT"):
        return None
    number = number_in(found["keys"], RUN)
    key, sample = SHAPES[shape]
    if number is None or resource_name(found.get("function") or "") != FUNCTION:
        return None
    wanted = sample.key(key, RUN, number)
    if not all(same_value(found["keys"].get(name), value) for name, value in wanted.items()):
        return None
    return number, found["eventID"], found["request"]


@pytest.mark.parametrize("shape", ["text", "number", "two texts", "text and number", "fixed"])
@pytest.mark.parametrize("number", [0, 42, 999_999_999])
def test_the_usual_receipt_is_recognized_wherever_it_begins(shape: str, number: int) -> None:
    for before in ("", "2026-11-28T10:00:00Z\tr1\tINFO\t"):
        assert read(shape, before + line_of(shape, number)) == (number, "e1", "r1")


def test_numbers_in_binary_keys_are_left_to_the_other_reader() -> None:
    assert read("binary", line_of("binary", 42)) is None


_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "event_id": st.sampled_from(["", "e2", 'a"b', "a\\b"]),
        "name": st.sampled_from(["INSERT", "MODIFY", "REMOVE"]),
        "sequence": st.sampled_from(["7", None, "x"]),
        "at": st.sampled_from([1_700_000_000, 1_700_000_000.5, None]),
        "decision": st.sampled_from(["processed", "failed", "guarded"]),
        "request": st.sampled_from(["", "r2", 'r"']),
        "function": st.sampled_from(["", FUNCTION, f"{ARN}:live", ARN + "2"]),
        "again": st.booleans(),
        "run": st.sampled_from([RUN, OTHER_RUN]),
    },
)


@st.composite
def _messages(draw: st.DrawFn) -> str:
    shape = draw(st.sampled_from(sorted(SHAPES)))
    number = draw(st.integers(0, 10**9 - 1))
    changes: list[dict[str, Any]] = draw(st.lists(_CHANGES, min_size=1, max_size=2))
    message = " ".join(line_of(shape, number, **one) for one in changes)
    if draw(st.booleans()):
        place = draw(st.integers(0, len(message)))
        insertion = draw(st.sampled_from(["0", '"', "}", "{", ",", "\\", "DDBINSERT ", "DDBINSERT {}", " "]))
        message = message[:place] + insertion + message[place:]
    return json.dumps({"level": "INFO", "message": message}) if draw(st.booleans()) else message


@given(shape=st.sampled_from(sorted(SHAPES)), message=_messages())
@example(shape="text", message=line_of("text", 1, name="MODIFY") + line_of("text", 1))
def test_it_reads_what_the_reader_of_all_receipts_reads(shape: str, message: str) -> None:
    found = read(shape, message)
    assert found is None or found == read_slowly(shape, message)
