"""The JSON envelope: a contract with scripts, pinned here word for word."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert import errors
from ddbinsert.errors import ExitCode
from ddbinsert.render.machine import dumps, envelope, failure, jsonable


class Colour(StrEnum):
    RED = "red"


class Number(Enum):
    ONE = 1


@dataclass(frozen=True)
class Inner:
    at: datetime
    raw: bytes


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner
    colours: tuple[Colour, ...]


def test_the_envelope_has_these_keys_in_this_order_always() -> None:
    assert list(envelope("verify", 0).items()) == [
        ("schema", "ddbinsert/1"),
        ("command", "verify"),
        ("ok", True),
        ("exit_code", 0),
        ("data", None),
        ("errors", []),
        ("warnings", []),
    ]


@pytest.mark.parametrize("code", list(ExitCode))
def test_only_exit_code_0_is_ok(code: ExitCode) -> None:
    document = envelope("verify", code)
    assert document["ok"] is (code == 0)
    assert type(document["exit_code"]) is int


def test_the_numbers_of_the_exit_codes_are_a_contract() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "NO": 1,
        "USAGE": 2,
        "CONFIGURATION": 3,
        "AWS": 4,
        "PREREQUISITE": 5,
        "INCONCLUSIVE": 6,
        "INTERRUPTED": 130,
    }


def test_an_error_is_its_code_its_message_and_its_hint() -> None:
    assert failure(errors.AwsError("No.", hint="Try.", code="no-region")) == {
        "code": "no-region",
        "message": "No.",
        "hint": "Try.",
    }
    assert failure(errors.UsageError("No.")) == {"code": "usage", "message": "No.", "hint": None}


def _kinds(of: type[errors.DdbInsertError] = errors.DdbInsertError) -> list[type[errors.DdbInsertError]]:
    return [of, *(kind for below in of.__subclasses__() for kind in _kinds(below))]


def test_every_kind_of_error_has_a_code_for_scripts_and_an_exit_code_that_is_not_0() -> None:
    for kind in _kinds():
        assert kind.default_code == kind.default_code.lower()
        assert kind.default_code.replace("-", "").isalnum()
        assert kind.exit_code != ExitCode.OK


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (1.5, 1.5),
        ("text", "text"),
        (Colour.RED, "red"),
        (Number.ONE, 1),
        (ExitCode.AWS, 4),
        (Decimal(12), 12),
        (Decimal("12.0"), 12),
        (Decimal("1E+3"), 1000),
        (Decimal("1.25"), 1.25),
        (b"\x00\xff", "AP8="),
        (bytearray(b"a"), "YQ=="),
        (memoryview(b"a"), "YQ=="),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
        (MappingProxyType({Colour.RED: (1, 2)}), {"red": [1, 2]}),
        ({1: "a"}, {"1": "a"}),
        ({"b", "a"}, ["a", "b"]),
        (frozenset({3, 20}), [20, 3]),
        ((), []),
    ],
)
def test_each_kind_of_value_has_one_form(value: object, expected: object) -> None:
    assert jsonable(value) == expected
    assert type(jsonable(value)) is type(expected)


def test_a_dataclass_goes_field_by_field() -> None:
    value = Outer("n", Inner(datetime(2026, 1, 2, tzinfo=UTC), b"a"), (Colour.RED,))
    assert jsonable(value) == {
        "name": "n",
        "inner": {"at": "2026-01-02T00:00:00+00:00", "raw": "YQ=="},
        "colours": ["red"],
    }


@pytest.mark.parametrize("value", [object(), Outer, iter([1]), len, 1j])
def test_what_has_no_form_is_never_passed_on_as_text(value: object) -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        jsonable({"deep": [value]})


def test_what_json_has_no_number_for_is_null() -> None:
    document = {"a": float("nan"), "b": [float("inf"), 1.5], "c": {"d": float("-inf")}, "e": Decimal("NaN")}
    assert json.loads(dumps(envelope("x", 0, data=document)))["data"] == {
        "a": None,
        "b": [None, 1.5],
        "c": {"d": None},
        "e": None,
    }


def test_no_line_of_json_holds_what_githubs_runner_takes_for_a_command() -> None:
    text = dumps({"message": "::error::x\n##[error]y"})
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert json.loads(text) == {"message": "::error::x\n##[error]y"}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(st.characters()), lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner)))  # fmt: skip
def test_any_data_comes_back_whole_and_its_text_is_printable_ascii(data: object) -> None:
    text = dumps(envelope("tail", 0, data=data), indent=None)
    assert all(" " <= character <= "~" for character in text)
    assert json.loads(text)["data"] == data


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()), lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(st.characters()) | st.integers(), inner)))  # fmt: skip
def test_indented_text_is_that_of_json(data: object) -> None:
    document = {"data": data}
    try:
        expected = json.dumps(document, indent=2, allow_nan=False)
    except ValueError:
        return
    assert dumps(document) == expected.replace("\x7f", "\\u007f").replace("##[", "#\\u0023[")
