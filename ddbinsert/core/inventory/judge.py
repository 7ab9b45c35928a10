"""Derives entries from what was read: the consumers of a stream, their filters and their faults."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from ddbinsert.core.arn import arn_parts, qualified_name, resource_name
from ddbinsert.core.filters.insert_only import INSERT_ONLY, inserts_pass, leaks
from ddbinsert.core.filters.reach.answer import KnownStream, Passes
from ddbinsert.core.inventory.model import (
    ConsumerKind,
    InsertOnly,
    InventoryEntry,
    InventoryFinding,
    InventorySeverity,
    TableRead,
)
from ddbinsert.core.inventory.origin import last_change, owner_of
from ddbinsert.core.pattern.matcher import PatternError
from ddbinsert.core.trigger.consumers import TAP_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from ddbinsert.core.inventory.model import KinesisDestination, Pipe, RegionFacts
    from ddbinsert.core.model.seen import MappingState, TableState

_READERS = 2
_TAP_LEFT = "a temporary function of `verify --wiretap` that was left over"
#: The text of every filter that depends on the stream's ARN or region (or an escape that may represent it).
_SAYS_STREAM = re.compile(r"eventSourceARN|awsRegion|\\")
#: Passes everything, as a mapping without filters does.
_NO_FILTER = ('{"eventName":["INSERT","MODIFY","REMOVE"]}',)


def entries_of(read: TableRead, around: RegionFacts) -> Iterator[InventoryEntry]:
    """The consumers of a table's streams; a live stream without any is an entry, too."""
    mappings = around.mappings_by_table.get(read.name, ())
    pipes = around.pipes_by_table.get(read.name, ())
    live = read.state.stream_arn if read.state is not None else None
    readers = sum(one.is_enabled and one.stream_arn == live for one in mappings)
    readers += sum(one.state == "RUNNING" and one.stream_arn == live for one in pipes)
    for mapping in mappings:
        about = _source(mapping.stream_arn, mapping.arn, read, around)
        yield _of_mapping(mapping, about, around, readers if mapping.stream_arn == live else 0)
    for pipe in pipes:
        yield _of_pipe(pipe, _source(pipe.stream_arn, pipe.arn, read, around), around)
    for kinesis in read.kinesis:
        yield _of_kinesis(kinesis, read, around)
    if live is not None and live not in {
        *(one.stream_arn for one in mappings),
        *(one.stream_arn for one in pipes),
    }:
        text = "the stream is live, and nothing that could be read consumes it"
        yield _entry(
            read,
            around,
            kind=ConsumerKind.NOTHING,
            id=live,
            stream_arn=live,
            state="unattached",
            findings=(
                InventoryFinding(code="stream-unattached", severity=InventorySeverity.NOTE, text=text),
            ),
        )


def _source(stream_arn: str, consumer: str, read: TableRead, around: RegionFacts) -> TableRead:
    """The table of a consumer's stream: the one that was read, or one of another account with the same name."""
    if read.state is not None:
        own = arn_parts(read.state.arn).account
    else:
        own = around.account or arn_parts(consumer).account
    account = arn_parts(stream_arn).account
    return read if account in ("", own) else TableRead(name=read.name, state=None, elsewhere=account)


def missing_tables(known: Iterable[str], around: RegionFacts) -> list[str]:
    """Tables that mappings and pipes read and that were not listed."""
    return sorted({*around.mappings_by_table, *around.pipes_by_table} - set(known))


def left_taps(around: RegionFacts) -> Iterator[InventoryEntry]:
    """The temporary functions of `verify --wiretap` that no mapping invokes."""
    mapped = {mapping.function_name for mapping in around.mappings}
    for name in sorted(around.functions or ()):
        if name.startswith(TAP_PREFIX) and name not in mapped:
            tagged = (one for one in around.tags or () if one.endswith(f":function:{name}"))
            yield InventoryEntry(
                region=around.region,
                account=around.account,
                profile=around.profile,
                table="",
                stream_arn="",
                view=None,
                kind=ConsumerKind.FUNCTION,
                id=name,
                consumer=name,
                state="unattached",
                owner=owner_of(around, *tagged),
                changed=last_change(None, (around.functions or {})[name]),
                findings=(_warning("tap-left", _TAP_LEFT),),
            )


def _entry(read: TableRead, around: RegionFacts, **more: Any) -> InventoryEntry:
    state = read.state
    return InventoryEntry(
        region=around.region,
        account=around.account,
        profile=around.profile,
        table=read.name,
        view=state.view.value if state is not None and state.view is not None else None,
        **more,
    )


# --- event source mappings --------------------------------------------------------------------------------


def _of_mapping(mapping: MappingState, read: TableRead, around: RegionFacts, readers: int) -> InventoryEntry:
    name = mapping.function_name
    insert_only, example, words, judged = _filtered(
        mapping.filters, read.state, mapping.stream_arn, hidden=mapping.filters_hidden
    )
    return _entry(
        read,
        around,
        kind=ConsumerKind.FUNCTION,
        id=mapping.uuid,
        stream_arn=mapping.stream_arn,
        consumer=qualified_name(mapping.function_arn),
        filters=mapping.filters,
        filter=words,
        insert_only=insert_only,
        example=example,
        state=mapping.state,
        owner=owner_of(around, mapping.arn, _function_arn(mapping)),
        changed=last_change(mapping.modified, (around.functions or {}).get(name)),
        findings=(*_placed(mapping.stream_arn, read, around), *_of_state(mapping, around, readers), *judged),
    )


def _function_arn(mapping: MappingState) -> str:
    return str(arn_parts(mapping.function_arn)._replace(resource=f"function:{mapping.function_name}"))


def _placed(stream_arn: str, read: TableRead, around: RegionFacts) -> Iterator[InventoryFinding]:
    """The finding if the stream that is read is not the table's live one; none if that is unknown."""
    state = read.state
    if read.elsewhere:
        yield _note("table-elsewhere", f"the table is in account {read.elsewhere}, so it was not read")
    elif state is None:
        if around.all_tables and not read.unread:
            yield _error(
                "table-deleted", f"table {read.name} does not exist, so nothing is delivered any more"
            )
    elif state.stream_arn is None:
        yield _error("stream-disabled", f"the stream of table {read.name} is disabled")
    elif state.stream_arn != stream_arn:
        yield _error("stream-replaced", f"it reads a replaced stream; the live one is {state.stream_arn}")


def _of_state(mapping: MappingState, around: RegionFacts, readers: int) -> Iterator[InventoryFinding]:
    """Faults in a mapping's state and settings."""
    name = mapping.function_name
    if name and around.functions is not None and name not in around.functions and _is_here(mapping, around):
        yield _error("function-deleted", f"function {name} does not exist")
    if name.startswith(TAP_PREFIX):
        yield _warning(
            "tap-left", "a temporary function of `verify --wiretap`, left behind unless verify is running now"
        )
    if mapping.state in ("Disabled", "Disabling"):
        yield _warning(
            "mapping-disabled", f"the mapping is disabled ({mapping.state_reason or 'no reason given'})"
        )
    if mapping.last_result.startswith("PROBLEM"):
        yield _error("mapping-problem", f"Lambda reports: {mapping.last_result}")
    if mapping.retries == -1 and mapping.record_age == -1:
        yield _warning(
            "endless-retries", "a record that fails is retried until it expires, and blocks its shard"
        )
    elif not mapping.on_failure:
        yield _note(
            "no-on-failure", "records that are discarded after retries are lost: there is no destination"
        )
    if readers > _READERS and mapping.is_enabled:
        yield _warning("third-reader", f"{readers} consumers read the stream; a shard serves two")


def _is_here(mapping: MappingState, around: RegionFacts) -> bool:
    """Whether the function is in the account and region whose functions were listed."""
    parts = arn_parts(mapping.function_arn)
    return parts.region in ("", around.region) and parts.account in ("", around.account or parts.account)


# --- other consumers --------------------------------------------------------------------------------------


def _of_pipe(pipe: Pipe, read: TableRead, around: RegionFacts) -> InventoryEntry:
    insert_only, example, words, judged = _filtered(pipe.filters, read.state, pipe.stream_arn)
    stopped = pipe.state not in ("RUNNING", "CREATING", "STARTING", "UPDATING")
    return _entry(
        read,
        around,
        kind=ConsumerKind.PIPE,
        id=pipe.arn,
        stream_arn=pipe.stream_arn,
        consumer=pipe.name,
        filters=pipe.filters,
        filter=words,
        insert_only=insert_only,
        example=example,
        state=pipe.state,
        owner=owner_of(around, pipe.arn),
        changed=last_change(pipe.modified, None),
        findings=(
            *_placed(pipe.stream_arn, read, around),
            *([_warning("pipe-stopped", f"the pipe does not run ({pipe.state})")] if stopped else []),
            *judged,
        ),
    )


def _of_kinesis(kinesis: KinesisDestination, read: TableRead, around: RegionFacts) -> InventoryEntry:
    findings = (_note("kinesis-unfiltered", "a Kinesis destination receives every change: it has no filter"),)
    return _entry(
        read,
        around,
        kind=ConsumerKind.KINESIS,
        id=kinesis.arn,
        stream_arn="",
        consumer=resource_name(kinesis.arn).rpartition("/")[2],
        filter="every change",
        insert_only=InsertOnly.NO,
        state=kinesis.status,
        owner=owner_of(around, kinesis.arn),
        findings=findings,
    )


# --- filters ----------------------------------------------------------------------------------------------

_Filtered = tuple[InsertOnly, "Mapping[str, Any] | None", str, "tuple[InventoryFinding, ...]"]


def _filtered(
    filters: Sequence[str], table: TableState | None, stream_arn: str, *, hidden: bool = False
) -> _Filtered:
    """Whether only inserts pass the filters, a counterexample if not, and the filters in words."""
    if hidden:
        text = "the filter is encrypted with a customer key, so it was not judged"
        return InsertOnly.UNKNOWN, None, "hidden", (_note("filter-hidden", text),)
    view, key = (table.view, table.key) if table else (None, None)
    if not stream_arn or any(_SAYS_STREAM.search(text) for text in filters):
        return _judged(tuple(filters), KnownStream(view=view, key=key, arn=stream_arn or None))
    insert_only, example, words, found = _judged(tuple(filters), KnownStream(view=view, key=key))
    if example is not None:
        example = {**example, "awsRegion": arn_parts(stream_arn).region, "eventSourceARN": stream_arn}
    return insert_only, example, words, found


# Most mappings of an account have one of a few filters, and compiling one takes longer than reading its table. So a
# filter is judged once for all streams, unless it may depend on the stream.
@lru_cache(maxsize=1024)
def _judged(filters: tuple[str, ...], known: KnownStream) -> _Filtered:
    """The same, for filters that can be read."""
    try:
        words = filter_words(filters)
        if filters == (INSERT_ONLY,):
            return InsertOnly.YES, None, words, ()
        answer = leaks(filters or _NO_FILTER, known)
        never = bool(filters) and inserts_pass(filters, known).passes is Passes.NO
    except PatternError as error:
        return (
            InsertOnly.UNKNOWN,
            None,
            "not valid",
            (_error("filter-not-valid", f"a filter is not valid: {error}"),),
        )
    dead = (_error("filter-never-matches", "no INSERT of the table can pass the filter"),) if never else ()
    match answer.passes:
        case Passes.NO:
            return InsertOnly.YES, None, "no record passes" if never else words, dead
        case Passes.UNKNOWN:
            return InsertOnly.UNKNOWN, None, words, dead
        case Passes.YES:
            text = f"not insert-only: {answer.event.value} records pass, too"
            return InsertOnly.NO, answer.example, words, (_warning("not-insert-only", text), *dead)


@lru_cache(maxsize=1024)
def filter_words(filters: tuple[str, ...]) -> str:
    """A mapping's filters in one sentence; the filters of a mapping are alternatives.

    Raises:
        PatternError: A filter is not valid.
    """
    if not filters:
        return "every change"
    if filters == (INSERT_ONLY,):
        return "INSERT records pass"
    from ddbinsert.core.filters.explain import explain
    from ddbinsert.core.pattern.matcher import parse

    return "; or ".join(explain(parse(text)).sentence.removesuffix(".") for text in filters)


# --- findings --------------------------------------------------------------------------------


def _error(code: str, text: str) -> InventoryFinding:
    return InventoryFinding(code=code, severity=InventorySeverity.ERROR, text=text)


def _warning(code: str, text: str) -> InventoryFinding:
    return InventoryFinding(code=code, severity=InventorySeverity.WARNING, text=text)


def _note(code: str, text: str) -> InventoryFinding:
    return InventoryFinding(code=code, severity=InventorySeverity.NOTE, text=text)
