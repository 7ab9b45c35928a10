"""Reading receipts out of logs, which anybody may write to: what merely looks like one is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.receipt import FAILED, GUARDED, MARK, PROCESSED, line, parse
from tests.examples import examples

RECORD: dict[str, Any] = {
    "eventID": "c4ca4238a0b923820dcc509a6f75849b",
    "eventName": "INSERT",
    "dynamodb": {
        "ApproximateCreationDateTime": 1_760_000_000.5,
        "Keys": {"sk": {"N": "1"}, "pk": {"S": "a\u2028\x1b[31m\ud800ü"}},
        "SequenceNumber": "4421584500000000017450439091",
    },
}
RECEIPT: dict[str, Any] = {
    "v": 1,
    "decision": PROCESSED,
    "eventID": "1",
    "eventName": "INSERT",
    "seq": "2",
    "keys": {"pk": {"S": "a"}},
    "at": 1.5,
    "request": "r",
}
enough = examples(300)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def logged(receipt: object) -> str:
    return MARK + json.dumps(receipt)


@pytest.mark.parametrize("decision", [PROCESSED, GUARDED, FAILED])
@pytest.mark.parametrize("again", [True, False])
def test_a_receipt_is_read_as_it_was_written(decision: str, again: bool) -> None:
    found = parse(line(RECORD, decision, "request-1", again=again))
    assert found == {
        "v": 1,
        "decision": decision,
        "eventID": RECORD["eventID"],
        "eventName": "INSERT",
        "seq": RECORD["dynamodb"]["SequenceNumber"],
        "keys": RECORD["dynamodb"]["Keys"],
        "at": 1_760_000_000.5,
        "request": "request-1",
        **({"again": True} if again else {}),
    }


@enough
@given(JSON | st.fixed_dictionaries({}, optional={"eventID": JSON, "eventName": JSON, "dynamodb": JSON}))
def test_whatever_record_a_handler_is_given_its_receipt_can_be_read(record: Any) -> None:
    found = parse(line(record if isinstance(record, dict) else {}, PROCESSED))
    assert found is not None
    assert found["decision"] == PROCESSED


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "{}\n",
        "[INFO]\t2026-05-01T00:00:00.000Z\tr-1\t{}\n",
        "2026-05-01T00:00:00.000Z\tr-1\tINFO\t{} and more",
        "DDBINSERT soon: {}",
        "DDBINSERT {{broken {}",
        'DDBINSERT {{"v":2}} {}',
        "\x1b[32m{}\x1b[0m",
        "  {{not JSON}} {}",
    ],
)
def test_a_receipt_is_found_wherever_it_stands_in_a_line(around: str) -> None:
    assert parse(around.format(logged(RECEIPT))) == RECEIPT


@pytest.mark.parametrize(
    "level", [{}, {"timestamp": "2026-05-01T00:00:00Z", "level": "INFO", "requestId": "r"}]
)
def test_a_receipt_is_found_in_lambdas_json_log_format(level: dict[str, str]) -> None:
    assert parse(json.dumps({**level, "message": logged(RECEIPT)})) == RECEIPT
    assert parse("  " + json.dumps({**level, "message": "x " + logged(RECEIPT)}, indent=1)) == RECEIPT


@pytest.mark.parametrize("wrapped", [{"message": {"a": 1}}, {"other": "x"}, {"message": None}])
def test_a_json_line_without_a_receipt_in_its_message_has_none(wrapped: dict[str, Any]) -> None:
    assert parse(json.dumps({**wrapped, "trace": "DDBINSERT "})) is None


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": "1"},
        {"v": None},
        {"decision": "perhaps"},
        {"decision": None},
        {"decision": ["processed"]},
        {"eventID": 1},
        {"eventName": ["INSERT"]},
        {"seq": 4421584500000000017450439091},
        {"seq": {}},
        {"request": 1},
        {"keys": "pk"},
        {"keys": [["pk", {"S": "a"}]]},
        {"keys": {"pk": "a"}},
        {"at": "2026-05-01"},
        {"at": True},
        {"at": {}},
    ],
)
def test_what_has_a_field_of_another_type_is_no_receipt(change: dict[str, Any]) -> None:
    assert parse(logged(RECEIPT)) == RECEIPT
    assert parse(logged({**RECEIPT, **change})) is None


@pytest.mark.parametrize(
    "change", [{"eventID": None}, {"eventName": None}, {"seq": None}, {"keys": None}, {"at": None}]
)
def test_a_field_that_the_record_lacked_is_null(change: dict[str, Any]) -> None:
    receipt = {**RECEIPT, **change}
    assert parse(logged(receipt)) == receipt


@pytest.mark.parametrize("key", [{"pk": None}, {}])
def test_a_key_of_a_strange_form_is_null(key: dict[str, Any]) -> None:
    assert parse(logged({**RECEIPT, "keys": key})) == {**RECEIPT, "keys": key}


def test_an_unknown_field_of_a_later_version_does_no_harm() -> None:
    assert parse(logged({**RECEIPT, "later": 1})) == {**RECEIPT, "later": 1}


@pytest.mark.parametrize(
    "message",
    [
        "",
        "DDBINSERT",
        MARK,
        MARK + "null",
        MARK + "[]",
        MARK + "NaN",
        MARK + "1" * 100_000,
        MARK + "[" * 100_000,
        MARK + '{"v":1,' * 50_000,
        '{"message":' * 50_000 + MARK,
        "{" + MARK,
        MARK * 50_000,
        (MARK + "{") * 50_000,
        "ddbinsert " + json.dumps(RECEIPT),
        "START RequestId: 1 Version: $LATEST",
        logged(RECEIPT)[:-1],
    ],
)
def test_a_hostile_line_is_no_receipt_and_no_error(message: str) -> None:
    assert parse(message) is None


@enough
@given(
    st.text()
    | st.text().map(lambda text: MARK + text)
    | JSON.map(logged)
    | JSON.map(lambda j: json.dumps({"message": logged(j)}))
)
def test_no_line_can_break_the_reader(message: str) -> None:
    found = parse(message)
    assert found is None or found["decision"] in (PROCESSED, GUARDED, FAILED)


def test_an_infinite_number_in_a_receipt_is_no_reason_to_stop() -> None:
    assert parse(logged({**RECEIPT, "at": float("inf")})) is not None
