"""Comparing an audit table with the items of the trigger's table, or with its stream. Read-only."""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.aws.audit_table import read_indexes, read_items
from ddbinsert.aws.read.observe import observe
from ddbinsert.aws.read.scan import scan, segments_of
from ddbinsert.aws.read.sink_entries import find_entries, why_unreadable
from ddbinsert.aws.read.stream_history import streams_of
from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.attributes import as_json
from ddbinsert.core.audit_log import key_text
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.items.run_key import is_test_key
from ddbinsert.core.proof.gaps import reach
from ddbinsert.core.proof.gaps.audit_table import Absent, AuditComparison
from ddbinsert.core.proof.gaps.judge import filters_unread
from ddbinsert.core.proof.gaps.model import Stretch
from ddbinsert.core.words import plural
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.existing_resources import missing_table
from ddbinsert.operations.gaps.insert_store import opened
from ddbinsert.operations.gaps.reading import read_streams
from ddbinsert.operations.gaps.scope import SETTLE, SETTLE_ELSEWHERE, wanted_by
from ddbinsert.operations.gaps.scratch import disk_space_checked, scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.seen import MappingState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.operations.gaps.scope import Options

_PAGE = 1_000
_REPORTED = 5_000


def compare_with_stream(context: Context, trigger: Trigger, audit: str, options: Options) -> AuditComparison:
    """Look up the entry of each insert in the table's streams.

    Raises:
        PrerequisiteError: The table does not exist, or has no stream.
        AwsError: The table or the stream cannot be read.
    """
    world, audit = _world(context, trigger, audit)
    assert world.table is not None  # noqa: S101 - `_world` says so
    now = context.clock.now()
    live = (world.table.stream_arn,) if world.table.stream_arn else ()
    streams = tuple(dict.fromkeys((*streams_of(context.aws, world.table.name), *live)))
    if not streams:
        raise PrerequisiteError(
            f"Table {world.table.name} has no stream to compare with.",
            hint="Compare with the table's items: --from-table.",
            code="stream-disabled",
        )
    begins = reach.stream_begins(streams, now)
    since = begins if options.since is None else options.since
    until = now if options.until is None else options.until
    settled = until_settled(context, world, now, options.settle)
    counts = _Counts(examples=options.examples)
    with opened() as store:
        filters = {arn: wanted_by(_mappings(world, arn)) for arn in streams}
        found = read_streams(context, store, filters, since=since, until=until)
        for page in _pages(find_entries(context.aws, audit, (one.event_id for one in store.open_inserts()))):
            store.mark_stored(page)
        for one in store.open_inserts():
            if one.at <= until:
                insert = Absent(keys=json.loads(one.keys), event_id=one.event_id, at=one.at)
                counts.add(insert, is_stored=bool(one.stored), is_young=one.at > settled)
    stretches = [*_unseen(streams, begins, since, until, trimmed=found.trimmed)]
    unread = filters_unread(tuple(one for one in world.mappings if not one.is_leaving))
    if unread and counts.missing:
        stretches.append(Stretch(since=since, until=until, why=unread, count=counts.missing))
    return AuditComparison(
        table=world.table.name,
        audit=audit,
        source="stream",
        since=since,
        until=until,
        compared=counts.compared,
        excluded=found.excluded.count,
        stored=counts.stored,
        waiting=counts.waiting,
        missing=0 if unread else counts.missing,
        test_items=counts.test_items,
        absent=tuple(counts.absent),
        stretches=tuple(stretches),
        evidence=(
            f"{plural(found.records, 'record')} read from the stream; each insert's entry looked up in {audit}",
        ),
    )


def compare_with_items(context: Context, trigger: Trigger, audit: str, options: Options) -> AuditComparison:
    """Look for an entry of each current item of the table, by its key.

    Raises:
        PrerequisiteError: The table or the function does not exist, or keys are redacted.
        AwsError: A table cannot be read.
    """
    world, audit = _world(context, trigger, audit)
    table, function = world.table, world.function
    assert table is not None  # noqa: S101 - `_world` says so
    if function is None:
        raise PrerequisiteError(
            f"Function {trigger.function_name} does not exist, so the form of its keys is unknown.",
            hint="Name it: --function NAME.",
            code="function-not-found",
        )
    names = [attribute.name for attribute in table.key.attributes]
    _refuse_redacted(function.environment, names)
    counts = _Counts(examples=options.examples)
    with disk_space_checked("The comparison", "100 bytes for each entry"):
        known = _Texts()
        try:
            entries = known.add_all(_with_progress(context, read_items(context.aws, audit, table.name)))
            for item in scan(
                context.aws,
                table.name,
                clock=context.clock,
                attributes=names,
                segments=segments_of(table.item_count),
            ):
                keys = {name: as_json(item[name]) for name in names}
                counts.add(Absent(keys=keys), is_stored=known.has(key_text(keys)))
        finally:
            known.close()
    why = _excuse(world)
    return AuditComparison(
        table=table.name,
        audit=audit,
        source="table",
        compared=counts.compared,
        stored=counts.stored,
        missing=0 if why else counts.missing,
        test_items=counts.test_items,
        absent=tuple(counts.absent),
        stretches=(Stretch(since=0, until=0, why=why, count=counts.missing),)
        if why and counts.missing
        else (),
        evidence=(f"entries of {table.name} read from {audit}: {entries:,}",),
    )


def until_settled(context: Context, world: World, now: float, settle: float | None) -> float:
    """The time after which inserts may still get their entry."""
    if settle is not None:
        return now - settle
    if not context.aws.is_aws:
        return now - SETTLE_ELSEWHERE
    longest = max((one.batching_window for one in world.mappings), default=0)
    return now - SETTLE - longest - (world.function.timeout if world.function else 0)


def _world(context: Context, trigger: Trigger, audit: str) -> tuple[World, str]:
    """The trigger's resources, and the audit table's name.

    Raises:
        PrerequisiteError: The table does not exist, or entries cannot be looked up in the given audit table.
    """
    world = observe(context.aws, trigger, role=False, lenient=True)
    if world.table is None:
        raise missing_table(context.aws, trigger.table, world.region)
    context.reporter.header(account=world.account, region=world.region, table=world.table.name)
    arn = (
        audit
        if audit.startswith("arn:")
        else str(arn_parts(world.table.function_place)._replace(resource=f"table/{audit}"))
    )
    read_indexes(context.aws, audit)  # refuses a table that is not an audit table, with advice
    if why := why_unreadable(context.aws, arn, world.table.function_place):
        raise PrerequisiteError(
            f"Entries of {audit} can't be looked up: {why}.",
            hint="Compare in the audit table's account and region, with the table that the template writes to.",
            code="no-audit-table",
        )
    return world, resource_name(arn)


def _mappings(world: World, stream: str) -> tuple[MappingState, ...]:
    """The function's mappings on one stream; all its mappings if it has none on that stream."""
    there = [one for one in world.mappings if not one.is_leaving]
    return tuple(one for one in there if one.stream_arn == stream) or tuple(there)


def _refuse_redacted(environment: Mapping[str, str], names: list[str]) -> None:
    """Refuse if the entries do not show the keys that are needed to find them.

    Raises:
        PrerequisiteError: A redaction may name a key attribute.
    """
    for variable in ("REDACT", "REDACT_HASH"):
        for path in environment.get(variable, "").split(","):
            first = path.strip().partition(".")[0]
            if first in names or "*" in first or "\\" in first:
                raise PrerequisiteError(
                    f"{variable} names {first}: entries do not show the key, so items can't be compared with them.",
                    hint="Compare with the stream, which finds entries by eventID: leave out --from-table.",
                    code="keys-redacted",
                )


def _excuse(world: World) -> str:
    """Why an item may legitimately have no entry; empty if every item should have one."""
    function = world.function
    if function is not None and function.environment.get("RETENTION_DAYS"):
        return f"entries expire after {function.environment['RETENTION_DAYS']} days, and items stay"
    if any(one.filters_hidden or one.filters != (INSERT_ONLY,) for one in world.mappings):
        return "the mapping's filter excludes some inserts, and the original content of an item is unknown"
    return ""


def _unseen(
    streams: tuple[str, ...], begins: float, since: float, until: float, *, trimmed: bool
) -> Iterator[Stretch]:
    """The requested times of which not every insert is known."""
    if begins > since + 1:
        yield Stretch(
            since=since,
            until=min(begins, until),
            why="the stream contains no records of this time: it keeps them for 24 hours, from when it was enabled",
        )
    if trimmed:
        yield Stretch(
            since=since,
            until=since,
            why="the oldest records reached the end of the stream's 24 hours while they were read",
        )
    yield from (one for one in reach.off_between(streams, since) if one.since < until)


def _with_progress(context: Context, texts: Iterator[str]) -> Iterator[str]:
    began = context.clock.monotonic()
    for count, text in enumerate(texts, 1):
        if count % _REPORTED == 0:
            elapsed = context.clock.monotonic() - began
            context.reporter.waiting("the audit table", elapsed, f"{count:,} entries read")
        yield text


def _pages(found: Iterator[tuple[str, bool]]) -> Iterator[list[tuple[str, bool]]]:
    page: list[tuple[str, bool]] = []
    for one in found:
        page.append(one)
        if len(page) >= _PAGE:
            yield page
            page = []
    yield page


@dataclass(kw_only=True)
class _Counts:
    """Counts by outcome, and the first inserts or items without an entry."""

    examples: int
    stored: int = 0
    waiting: int = 0
    missing: int = 0
    test_items: int = 0
    absent: list[Absent] = field(default_factory=list)

    def add(self, one: Absent, *, is_stored: bool, is_young: bool = False) -> None:
        if is_stored:
            self.stored += 1
        elif is_young:
            self.waiting += 1
        elif is_test_key(one.keys):
            self.test_items += 1
        else:
            self.missing += 1
            if len(self.absent) < self.examples:
                self.absent.append(one)

    @property
    def compared(self) -> int:
        return self.stored + self.waiting + self.missing + self.test_items


class _Texts:
    """A set of texts on disk, so that memory does not grow with their number."""

    def __init__(self) -> None:
        self._db = scratch()
        self._db.executescript("CREATE TABLE texts(one TEXT PRIMARY KEY); BEGIN;")

    def has(self, text: str) -> bool:
        return self._db.execute("SELECT 1 FROM texts WHERE one = ?", (text,)).fetchone() is not None

    def add_all(self, texts: Iterator[str]) -> int:
        """Add these; return how many there were."""
        count = 0
        for text in texts:
            self._db.execute("INSERT OR IGNORE INTO texts VALUES (?)", (text,))
            count += 1
        return count

    def close(self) -> None:
        self._db.close()
