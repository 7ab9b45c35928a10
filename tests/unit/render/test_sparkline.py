"""A series of numbers as one line."""

from __future__ import annotations

from ddbinsert.render.sparkline import buckets, sparkline


def test_the_largest_is_the_highest_and_nothing_is_no_zero() -> None:
    assert sparkline([0, 4, 8, None]) == "▁▅█."
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""


def test_a_stream_without_unicode_gets_digits() -> None:
    assert sparkline([0, 7, None], "ascii") == "18."


def test_points_are_summed_in_equal_parts_of_the_time() -> None:
    points = [(0.0, 1.0), (5.0, 2.0), (99.0, 3.0), (100.0, 4.0)]
    assert buckets(points, 0, 100, 4) == [3.0, None, None, 7.0]
    assert buckets(points, 0, 100, 4, largest=True) == [2.0, None, None, 4.0]
