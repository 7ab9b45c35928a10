from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.times import format_duration, seconds
from ddbinsert.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", 90),
        ("90s", 90),
        ("5m", 300),
        ("2h30m", 9000),
        ("1d", 86400),
        ("250ms", 0.25),
        ("1.5h", 5400),
        ("1d2h3m4s5ms", 93784.005),
        (" 5M ", 300),
        ("0", 0),
        ("0.5", 0.5),
        ("3650d", 315360000),
    ],
)
def test_lengths_of_time_are_read_as_people_write_them(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "s", "m5", "-5s", "5 m", "5x", "5m30", "1e3", "inf", "nan", ".5", "5.", "5,5s", "1h 30m", "0x10"),
        *("5s\n5s", "5\x1b[31ms", "\uff13x", "+5"),
    ],
)  # fmt: skip
def test_what_is_no_length_of_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        seconds(text, name="--timeout")
    assert caught.value.message.startswith("--timeout: ")
    assert "2h30m" in str(caught.value.hint)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("text", ["3651d", "9" * 400, f"{'9' * 400}d", "99999999999s"])
def test_more_than_ten_years_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="too long"):
        seconds(text)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (0, "0 ms"),
        (0.0004, "0 ms"),
        (0.34, "340 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (12.34, "12.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (245, "4 min 05 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (7380, "2 h 03 min"),
        (360000, "100 h 00 min"),
    ],
)
def test_lengths_of_time_are_written_in_the_unit_that_fits(duration: float, expected: str) -> None:
    assert format_duration(duration) == expected


@given(
    parts=st.lists(
        st.tuples(st.integers(0, 99), st.sampled_from(["d", "h", "m", "s", "ms"])), min_size=1, max_size=4
    )
)
def test_a_sum_of_parts_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    whole = "".join(f"{number}{unit}" for number, unit in parts)
    assert seconds(whole) == pytest.approx(sum(seconds(f"{number}{unit}") for number, unit in parts))


@given(st.floats(0, 1e7))
def test_no_length_of_time_is_written_as_a_full_sixty(duration: float) -> None:
    text = format_duration(duration)
    assert "60" not in text.partition(" h ")[2]
    assert not text.startswith(("60.0 s", "60 min", "1000 ms"))
    assert " 60 s" not in text
