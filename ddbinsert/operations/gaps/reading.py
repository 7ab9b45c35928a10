"""Reading the past into a store: every insert in the streams, then what the log shows about each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.read.stream_places import Begin
from ddbinsert.aws.read.streams import StreamReader
from ddbinsert.aws.wait import pauses
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.gaps.lines import PastLines, line_of
from ddbinsert.core.proof.gaps.reach import stream_begins
from ddbinsert.core.receipt import MARK
from ddbinsert.operations.gaps.progress import Progress, ReadStreams
from ddbinsert.operations.verify.sources.log import LogSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert.aws.context import Context
    from ddbinsert.core.logs.event import LogEvent
    from ddbinsert.core.proof.gaps.lines import Line
    from ddbinsert.operations.gaps.insert_store import Store
    from ddbinsert.operations.gaps.keys import KeyIndex

#: Number of records or lines between two progress reports.
_REPORTED = 5_000
#: Number of records after which the position is kept, and number of lines after which what they show is.
_COMMITTED, _COMMITTED_LINES = 1_000, 20_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
#: Seconds before the first insert from which the log is read: clocks differ.
_EARLIER = 60.0
#: Making an encoder for each of a million keys would take as long as encoding them.
_KEYS = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
#: Seconds of the log whose lines are remembered: it is read once, so that only pages overlap.
_OVERLAP = 2.0


def read_streams(
    context: Context,
    store: Store,
    streams: Mapping[str, Callable[[Mapping[str, Any]], bool]],
    *,
    since: float,
    until: float,
    index: KeyIndex | None = None,
    progress: Progress | None = None,
) -> ReadStreams:
    """Store every insert from ``since`` on that is in one of the streams and passes its filter.

    Args:
        streams: A stream's ARN to a function that tells whether a record passes its mappings' filters.
        until: Epoch seconds; excluded records are counted only up to this time.
        index: Receives the key of each insert; an insert that cannot be recognized in a log line is not stored.
        progress: What an interrupted audit has read already; it is kept up to date in the store.

    Raises:
        PrerequisiteError: A stream no longer exists.
        AwsError: A stream cannot be read.
    """
    progress = progress or Progress(since=since, until=until, found=ReadStreams())
    found = progress.found
    began = context.clock.monotonic()
    for arn, wanted in streams.items():
        if arn in progress.done:
            continue
        numbers = {shard: number for number, (stream, shard) in enumerate(found.shards) if stream == arn}
        begin = Begin(
            at=since if since > stream_begins((arn,), context.clock.now()) else None,
            after=progress.after.get(arn, {}),
            ended=frozenset(progress.ended.get(arn, ())),
        )
        reader = StreamReader(context.aws, arn, clock=context.clock, begin=begin)
        reader.open()
        kept = found.records
        while not reader.caught_up:
            for shard, record in reader.poll_by_shard():
                found.records += 1
                if shard not in numbers:
                    numbers[shard] = len(found.shards)
                    found.shards.append((arn, shard))
                _add_record(
                    store, found, numbers[shard], record, wanted, since=since, until=until, index=index
                )
                if found.records % _REPORTED == 0:
                    elapsed = context.clock.monotonic() - began
                    context.reporter.waiting("the stream", elapsed, f"{found.records:,} records read")
            if store.is_kept and found.records - kept >= _COMMITTED:
                kept = found.records
                _keep(context, store, progress, arn, reader)
            if (pause := reader.wait) and not reader.caught_up:
                context.clock.sleep(pause)
        found.trimmed |= reader.trimmed
        found.parents |= _lineage(numbers, reader.parents)
        progress.done.append(arn)
        _keep(context, store, progress, arn, reader)
    store.flush()
    return found


def _keep(context: Context, store: Store, progress: Progress, arn: str, reader: StreamReader) -> None:
    """Keep what was read of a stream, with the position in each of its shards."""
    position = reader.position
    progress.after[arn], progress.ended[arn] = dict(position.after), sorted(position.ended)
    progress.at = context.clock.now()
    progress.found.trimmed |= reader.trimmed
    store.commit(progress.text())


def _lineage(numbers: Mapping[str, int], parents: Mapping[str, str | None]) -> dict[int, int | None]:
    """The nearest ancestor with inserts of each shard, by their numbers."""
    found: dict[int, int | None] = {}
    for shard, number in numbers.items():
        above = parents.get(shard)
        while above is not None and above not in numbers:
            above = parents.get(above)
        found[number] = None if above is None else numbers[above]
    return found


def _add_record(
    store: Store,
    found: ReadStreams,
    shard: int,
    record: Mapping[str, Any],
    wanted: Callable[[Mapping[str, Any]], bool],
    *,
    since: float,
    until: float,
    index: KeyIndex | None,
) -> None:
    change = record["dynamodb"]
    at = float(change.get("ApproximateCreationDateTime") or 0.0)
    if at + 1 <= since:
        return
    if record.get("eventName") != EventName.INSERT:
        return
    if not wanted(record):
        found.excluded.add(at, until)
    else:
        event_id = str(record["eventID"])
        shown = change.get("Keys") or {}
        if index is not None and not index.add(shown, event_id, at):
            found.unrecognizable.add(at, until)
            return
        store.add(
            event_id=event_id,
            shard=shard,
            sequence=str(change["SequenceNumber"]),
            at=at,
            keys=_KEYS.encode(shown),
        )


def read_log(
    context: Context,
    store: Store,
    group: str,
    function: str,
    *,
    since: float,
    awaits_ends: bool,
    mentions: Callable[[LogEvent], Iterator[Line]] | None = None,
    by_query: bool = False,
    qualifiers: frozenset[str] = frozenset(),
) -> tuple[PastLines, LogSource]:
    """Read a function's log from ``since`` to its end, and store what it shows about the inserts.

    Args:
        mentions: Returns the inserts whose keys a line shows; if given, lines other than receipts count, too.
        by_query: Search for the lines with CloudWatch Logs Insights.
        qualifiers: Names of the only alias or version whose receipts count; empty if all do.

    Raises:
        AwsError: The log cannot be read.
    """
    source = LogSource(
        context.aws,
        group,
        function,
        since=since - _EARLIER,
        needles=(MARK,),
        everything=mentions is not None,
        overlap=_OVERLAP,
        by_query=context if by_query else None,
    )
    lines = PastLines(awaits_ends=awaits_ends)
    began, count = context.clock.monotonic(), 0
    steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
    while True:
        for one in source.poll():
            for line in _lines(lines, one, function, mentions, qualifiers):
                store.add_line(line)
            count += 1
            if count % _REPORTED == 0:
                elapsed = context.clock.monotonic() - began
                context.reporter.waiting("the log", elapsed, f"{count:,} lines read")
                if count % _COMMITTED_LINES == 0:
                    store.commit()
                if elapsed >= context.timeout:
                    break
        if source.complete or context.clock.monotonic() - began >= context.timeout:
            break
        context.clock.sleep(next(steps))
    for line in lines.unended_lines():
        store.add_line(line)
    store.finish_reading()
    return lines, source


def _lines(
    lines: PastLines,
    one: LogEvent | InvocationEnd,
    function: str,
    mentions: Callable[[LogEvent], Iterator[Line]] | None,
    qualifiers: frozenset[str],
) -> Iterator[Line]:
    if isinstance(one, InvocationEnd):
        yield from lines.add_end(one)
    elif (receipt := line_of(one, function, qualifiers)) is not None:
        yield from lines.add_line(receipt)
    elif mentions is not None:
        for line in mentions(one):
            yield from lines.add_line(line)
