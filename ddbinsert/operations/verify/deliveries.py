"""The number of mappings that deliver a record of the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.core.pattern.matcher import PatternError, compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ddbinsert.core.model.seen import MappingState


def deliveries_of(mappings: Iterable[MappingState]) -> Callable[[Mapping[str, Any]], int] | None:
    """A function that counts the mappings that deliver a record; None for fewer than two mappings with readable filters."""
    readable = [one for one in mappings if one.is_enabled and not one.filters_hidden]
    tests = [test for mapping in readable if (test := _test_of(mapping)) is not None]
    if len(tests) <= 1:
        return None
    return lambda record: sum(test(record) for test in tests)


def _test_of(mapping: MappingState) -> Callable[[Mapping[str, Any]], bool] | None:
    if not mapping.filters:
        return lambda _record: True
    try:
        matchers = [compile_pattern(text).matches for text in mapping.filters]
    except PatternError:
        return None
    return lambda record: any(matches(record) for matches in matchers)
