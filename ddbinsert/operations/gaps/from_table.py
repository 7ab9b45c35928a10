"""Inserts older than the stream's 24 hours: the items of a table, or of its export, without an entry in the sink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.read.exports import exported_items
from ddbinsert.aws.read.period import TimeIndex, form_in, items_of, time_index
from ddbinsert.aws.read.scan import item_count, read_units, scan, segments_of, units_of
from ddbinsert.aws.read.sink_entries import why_unreadable
from ddbinsert.core.arn import resource_name
from ddbinsert.core.attributes import as_json
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.items.backfill import backfill_record
from ddbinsert.core.proof.gaps.model import Compared
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.gaps.backfill import condition_of
from ddbinsert.operations.verify.sources.sink import sink_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.aws.context import Context
    from ddbinsert.aws.read.export_places import ExportPlace
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.items.time_key import Period, TimeForm
    from ddbinsert.operations.gaps.item_store import Pairs
    from ddbinsert.operations.verify.subject import Subject

_REPORTED = 5_000
#: Of the queries of a partition of a period, each of which takes at least half a unit.
_UNITS_OF_A_PARTITION = 2
#: Variables of the templates that alter the key in an entry.
_MASKS = ("REDACT", "REDACT_HASH")


@dataclass(frozen=True, kw_only=True)
class ItemSource:
    """Where the items are read from.

    Attributes:
        export: Location of an export; None for the table itself.
        period: Only the items of a period, by queries; None for all.
        rate: Maximum number of items per second.
        settle: Seconds to wait before the sink is read, for entries of the newest items.
    """

    export: Callable[[Aws], ExportPlace] | None = None
    period: Period | None = None
    rate: float | None = None
    settle: float = 0.0


def readable_sink(context: Context, subject: Subject) -> str:
    """The ARN of the function's sink, if its entries can be compared with items.

    Raises:
        PrerequisiteError: There is no sink, or its entries cannot be read or do not show the keys.
    """
    sink = sink_with_entries(context, subject)
    if masked := [name for name in _MASKS if subject.function.environment.get(name)]:
        raise _not_comparable(subject, f"{masked[0]} may mask keys in its entries")
    return sink


def sink_with_entries(context: Context, subject: Subject) -> str:
    """The ARN of the function's sink, if entries can be looked up in it.

    Raises:
        PrerequisiteError: There is no sink, or its entries cannot be read.
    """
    sink = sink_of(subject).arn
    if not sink:
        raise _not_comparable(subject, "its SINK_ARN is not set")
    if why := why_unreadable(context.aws, sink, subject.table.function_place):
        raise _not_comparable(subject, why)
    return sink


def _not_comparable(subject: Subject, why: str) -> PrerequisiteError:
    return PrerequisiteError(
        f"The sink of {subject.function.name} can't be compared with the table: {why}.",
        hint="A table that the audit-log template writes to can be compared.",
        code="sink-not-readable",
    )


def estimate(context: Context, subject: Subject, sink: str, source: ItemSource) -> float:
    """Approximate number of read request units that the comparison takes; for a period, the largest number."""
    entries = read_units(context.aws.of_function, resource_name(sink))
    if source.export:
        return entries
    if source.period:
        index = _index_of(context, subject, source.period)
        return entries + units_of(index.size) + _UNITS_OF_A_PARTITION * len(index.values(source.period))
    return entries + read_units(context.aws, subject.table.name)


def _index_of(context: Context, subject: Subject, period: Period) -> TimeIndex:
    """The index of a period.

    Raises:
        PrerequisiteError: It cannot be used, or its items lack what the filter is about.
    """
    index = time_index(context.aws, subject.table.name, period.index)
    index.values(period)  # refuses values of another type
    if not (unfiltered(subject) or index.whole):
        raise PrerequisiteError(
            f"The mapping's filter can't be applied to index {index.name}: its projection is not ALL.",
            hint="Use an index with all attributes, or leave out --index, --partition and --since to compare the whole "
            "table.",
            code="index-not-usable",
        )
    return index


def compare(context: Context, subject: Subject, sink: str, pairs: Pairs, source: ItemSource) -> Compared:
    """Compare the items that pass the trigger's filters with the entries of the sink.

    Raises:
        PrerequisiteError: The export is incomplete, or a filter cannot be read.
        AwsError: A table cannot be read.
    """
    read = excluded = 0
    began = context.clock.monotonic()
    passes = condition_of(subject, ())
    types = subject.table.key.types
    for item in _items(context, subject, source):
        read += 1
        if read % _REPORTED == 0:
            context.reporter.waiting("items", context.clock.monotonic() - began, f"{read:,} read")
        if not unfiltered(subject) and not passes(_record(subject, item)):
            excluded += 1
            continue
        pairs.add({name: item[name] for name in types})
    if source.settle and source.export is None:
        context.reporter.waiting("entries of the newest items", 0.0, f"{source.settle:.0f} s")
        context.clock.sleep(source.settle)
    found = scan(
        context.aws.of_function,
        resource_name(sink),
        clock=context.clock,
        rate=source.rate,
        attributes=("keys", "table"),
        segments=segments_of(item_count(context.aws.of_function, resource_name(sink))),
    )
    for entries, entry in enumerate(found, start=1):
        if entries % _REPORTED == 0:
            context.reporter.waiting("entries", context.clock.monotonic() - began, f"{entries:,} read")
        if entry.get("table", {}).get("S") == subject.table.name:
            pairs.has_entry(entry.get("keys", {}).get("M", {}))
    retention = subject.function.environment.get("RETENTION_DAYS", "")
    return Compared(
        table=subject.table.name,
        sink=sink,
        items=read,
        excluded=excluded,
        with_entry=pairs.count(with_entry=True),
        without_entry=pairs.count(with_entry=False),
        since=source.period.since if source.period else None,
        until=source.period.until if source.period else None,
        expires=f"entries are deleted after {retention} days (RETENTION_DAYS)" if retention else "",
    )


def _items(context: Context, subject: Subject, source: ItemSource) -> Iterator[dict[str, Any]]:
    if source.export is not None:
        yield from exported_items(source.export(context.aws), table_arn=subject.table.arn)
        return
    names = tuple(subject.table.key.types) if unfiltered(subject) else ()
    if source.period is not None:
        index = _index_of(context, subject, source.period)
        yield from items_of(
            context.aws,
            index,
            _parts(context, index, source.period),
            source.period,
            clock=context.clock,
            rate=source.rate,
            attributes=names,
        )
        return
    yield from scan(
        context.aws,
        subject.table.name,
        clock=context.clock,
        rate=source.rate,
        attributes=names,
        segments=segments_of(subject.table.item_count),
    )


def _parts(context: Context, index: TimeIndex, period: Period) -> list[tuple[dict[str, Any], TimeForm]]:
    """The partitions that have items, each with the form of its times.

    Raises:
        PrerequisiteError: None of them has items, or the sort key is not a time.
    """
    parts, empty = [], []
    for value in index.values(period):
        form = form_in(context.aws, index, value, context.clock)
        if form is None:
            empty.append(f"{index.partition} = {next(iter(as_json(value).values()))!s:.80}")
        else:
            parts.append((value, form))
    if empty and not parts:
        raise PrerequisiteError(
            f"No item in {index.words} has {' or '.join(empty)}, at any time.",
            hint="Check the values of --partition.",
            code="partition-empty",
        )
    for one in empty:
        context.reporter.warn(f"no item in {index.words} has {one}, at any time")
    forms = " and ".join(sorted({form.words for _, form in parts}))
    context.reporter.step(f"{index.sort} of {index.words} is read as {forms} (UTC)")
    return parts


def unfiltered(subject: Subject) -> bool:
    """Whether every insert passes the mappings' filters; if not, whole items must be read."""
    return not any(one.filters and INSERT_ONLY not in one.filters for one in subject.mappings)


def _record(subject: Subject, item: dict[str, Any]) -> dict[str, Any]:
    table = subject.table
    return backfill_record(
        item,
        table.key,
        view=subject.view,
        table_arn=table.arn,
        stream_arn=table.stream_arn or "",
        run_id="",
        at=0.0,
        place=0,
    )
