"""The times in a sort key: which values are times, and that a period's bounds include exactly its items."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.items.time_key import form_of

_AT = datetime(2026, 5, 1, 12, 30, 15, 500_000, tzinfo=UTC)
#: How a time may be written, to the unit in seconds that a period then begins and ends with.
WRITTEN = {
    "%Y-%m-%d": 86400,
    "%Y-%m-%d#an-id": 86400,
    "%Y-%m-%dT%H": 3600,
    "%Y-%m-%dT%H:%MZ": 60,
    "%Y-%m-%dT%H:%M:%SZ": 1,
    "%Y-%m-%d %H:%M:%S": 1,
    "%Y-%m-%dT%H:%M:%S.%f+00:00": 1,
    "%Y-%m-%dT%H:%M:%S.%fZ#an-id": 1,
    "%Y-%m-%dT%H:%M:%S-7f3a": 1,
    "%Y%m%dT%H%M%SZ": 1,
}


@pytest.mark.parametrize(
    "value",
    [
        {"S": "R12"},
        {"S": ""},
        {"S": "ORDER#2026-05-01"},
        {"S": "2026-13-01"},
        {"S": "2026-05-01T25:00"},
        {"S": "2026-05-01T12:00:00+02:00"},
        {"S": "20260501T120000-0130"},
        {"N": "7"},
        {"N": "0"},
        {"N": "20260501"},
        {"N": "202605011200"},
        {"N": "20260501120000"},
        {"B": b"2026-05-01"},
    ],
)
def test_a_value_that_is_not_in_the_order_of_time_has_no_form(value: dict[str, str]) -> None:
    assert form_of(value) is None


@pytest.mark.parametrize("pattern", WRITTEN)
@given(seconds=st.integers(-200_000, 200_000))
def test_the_bounds_of_texts_include_exactly_the_units_that_the_period_touches(
    pattern: str, seconds: int
) -> None:
    form = form_of({"S": _AT.strftime(pattern)})
    assert form is not None
    until = _AT + timedelta(hours=5)
    first, last = form.bounds(_AT.timestamp(), until.timestamp())
    at = _AT + timedelta(seconds=seconds)
    unit = WRITTEN[pattern]
    whole = at.timestamp() // unit
    touched = _AT.timestamp() // unit <= whole <= until.timestamp() // unit
    text = at.strftime(pattern).encode()  # DynamoDB compares bytes
    assert (first["S"].encode() <= text <= last["S"].encode()) == touched


@pytest.mark.parametrize("per_second", [1, 10**3, 10**6, 10**9])
def test_the_unit_of_a_number_is_that_of_its_size(per_second: int) -> None:
    form = form_of({"N": str(int(_AT.timestamp() * per_second))})
    assert form is not None
    first, last = form.bounds(_AT.timestamp(), _AT.timestamp() + 1)
    assert int(first["N"]) <= _AT.timestamp() * per_second <= int(last["N"])
    assert per_second <= int(last["N"]) - int(first["N"]) <= per_second + 1
