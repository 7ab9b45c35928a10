"""The parts of a mapping's filters, and a test item for each: an item for one part does not test others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.causes.filters import Reach, alternatives, reach_of, stream_of, view_of
from ddbinsert.core.proof.probe_item import Sample, candidates, insert_record
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from ddbinsert.core.model.seen import MappingState, TableState
    from ddbinsert.core.proof.causes.filters import Alternative

#: Maximum number of parts with a test item; a mapping has 5 filters, or 10 with a raised quota.
_MOST = 20


@dataclass(frozen=True, kw_only=True)
class FilterPart:
    """An alternative of a filter that the other test items do not test.

    Attributes:
        shown: The part in words.
        sample: The content of an item that passes it; None if none was found.
        is_possible: A passing record was found, although no test item can be like it.
    """

    shown: str
    sample: Sample | None = None
    is_possible: bool = False


def parts(mappings: Iterable[MappingState], table: TableState, first: Sample) -> tuple[FilterPart, ...]:
    """The alternatives that an item like ``first`` does not pass and whose definition does not decide."""
    found: list[FilterPart] = []
    samples = [first]
    for one, matches in _undecided(mappings, table):
        if len(found) == _MOST:
            break
        if any(matches(_insert(sample, table)) for sample in samples):
            continue
        part = _part(one, matches, table, first)
        found.append(part)
        samples += [part.sample] if part.sample is not None else []
    return tuple(found)


def not_found(
    mappings: Iterable[MappingState], table: TableState
) -> Iterator[tuple[str, Callable[[Mapping[str, Any]], bool]]]:
    """The alternatives for which it is unknown whether an insert passes, each with a function that tests a record."""
    for one, matches in _undecided(mappings, table):
        if reach_of(one, table) is Reach.NOT_FOUND:
            yield one.shown, matches


def _undecided(
    mappings: Iterable[MappingState], table: TableState
) -> Iterator[tuple[Alternative, Callable[[Mapping[str, Any]], bool]]]:
    """The alternatives that an insert of the table may pass."""
    texts = {
        text: None
        for mapping in mappings
        if mapping.is_enabled and INSERT_ONLY not in mapping.filters
        for text in mapping.filters
    }
    if not texts:
        return
    from ddbinsert.core.pattern.compiled import compile_nodes

    found, _ = alternatives(tuple(texts))
    for one in found if len(found) > 1 else ():
        if reach_of(one, table) in (Reach.PASSES, Reach.NOT_FOUND):
            yield one, compile_nodes(one.pattern.nodes)


def _part(
    one: Alternative, matches: Callable[[Mapping[str, Any]], bool], table: TableState, first: Sample
) -> FilterPart:
    from ddbinsert.core.filters.reach.reach import passing

    record = passing(one.pattern, EventName.INSERT, stream_of(table)).record
    if record is not None:
        for base in (Sample(), Sample(attributes=first.attributes)):
            for sample in candidates(record, one.text, table.key, base):
                if matches(_insert(sample, table)):
                    return FilterPart(shown=one.shown, sample=sample)
    return FilterPart(shown=one.shown, is_possible=record is not None)


def _insert(sample: Sample, table: TableState) -> dict[str, Any]:
    return insert_record(sample, table.key, view_of(table), stream=table.stream_arn or "")
