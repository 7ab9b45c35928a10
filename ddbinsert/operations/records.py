"""Reading a table's stream: once or continuously, from a chosen position, resumable."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.pattern.matcher import compile_pattern
from ddbinsert.core.times import format_duration
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import InconclusiveError, PrerequisiteError, UsageError
from ddbinsert.files import replace_file
from ddbinsert.operations.existing_resources import existing_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ddbinsert.aws.read.streams import StreamReader
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.model.seen import TableState

Record = dict[str, Any]
_CHECKPOINT_FORM = 1
#: Seconds between two reads of a stream without new records.
_IDLE = 0.25


@dataclass(frozen=True, kw_only=True)
class RecordsStream:
    """The stream to read.

    Attributes:
        is_live: False for the last stream of a table whose stream was disabled.
    """

    table: TableState
    stream_arn: str
    is_live: bool


@dataclass(kw_only=True)
class Checkpoint:
    """How far a stream was read, in a file that is replaced atomically.

    Attributes:
        since: Start of reading in epoch seconds; None for the oldest record.
        after: Shard to the sequence number of its last returned record.
        ended: Shards that were read to their end.
    """

    path: Path
    stream_arn: str
    since: float | None = None
    after: dict[str, str] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    is_new: bool = True

    def save(self) -> None:
        """Write the file.

        Raises:
            UsageError: The file cannot be written.
        """
        document = {
            "ddbinsert_checkpoint": _CHECKPOINT_FORM,
            "stream": self.stream_arn,
            "since": self.since,
            "after": self.after,
            "ended": sorted(self.ended),
        }
        try:
            replace_file(self.path, json.dumps(document) + "\n")
        except OSError as error:
            raise UsageError(
                f"--checkpoint {self.path}: the file can't be written: {error.strerror or error}.",
                code="checkpoint-file",
            ) from error


def source_of(aws: Aws, name: str) -> RecordsStream:
    """The stream of a table; its last one if the stream is disabled: AWS keeps the records for 24 hours.

    Raises:
        PrerequisiteError: The table does not exist, or never had a stream.
    """
    table = existing_table(aws, name)
    arn = table.stream_arn or table.latest_stream_arn
    if arn is None:
        raise PrerequisiteError(
            f"Table {name} has no stream.",
            hint=Advice("Enable it", ("enable-stream", TABLE)),
            code="no-stream",
        )
    return RecordsStream(table=table, stream_arn=arn, is_live=table.stream_arn is not None)


def checkpoint_of(path: Path, stream_arn: str) -> Checkpoint:
    """The checkpoint in a file; a new one if the file does not exist.

    Raises:
        UsageError: The file is not a checkpoint.
        PrerequisiteError: The checkpoint belongs to another stream.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        fresh = Checkpoint(path=path, stream_arn=stream_arn)
        if not path.parent.is_dir():
            raise UsageError(
                f"--checkpoint {path}: the folder does not exist.", code="checkpoint-file"
            ) from None
        return fresh
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--checkpoint {path}: {error}.", code="checkpoint-file") from error
    known = _read(text)
    if known is None:
        raise UsageError(
            f"--checkpoint {path}: this is not a checkpoint of ddbinsert.",
            hint="Use a new file, or one that the records command has written.",
            code="checkpoint-file",
        )
    if known["stream"] != stream_arn:
        raise PrerequisiteError(
            f"The checkpoint {path} belongs to {known['stream']}; the table's stream is {stream_arn}.",
            hint="The stream was replaced, or this is another table: use a new checkpoint file.",
            code="checkpoint-of-another-stream",
        )
    return Checkpoint(
        path=path,
        stream_arn=stream_arn,
        since=known["since"],
        after=dict(known["after"]),
        ended=frozenset(known["ended"]),
        is_new=False,
    )


def _read(text: str) -> dict[str, Any] | None:
    """The document of a checkpoint; None if the text is not a checkpoint."""
    try:
        known = json.loads(text)
    except ValueError:
        return None
    if not isinstance(known, dict) or known.get("ddbinsert_checkpoint") != _CHECKPOINT_FORM:
        return None
    after, ended, since = known.get("after"), known.get("ended"), known.get("since")
    is_fine = (
        isinstance(known.get("stream"), str)
        and isinstance(after, dict)
        and all(isinstance(one, str) and one.isdigit() for one in after.values())
        and isinstance(ended, list)
        and all(isinstance(one, str) for one in ended)
        and (since is None or isinstance(since, (int, float)))
    )
    return known if is_fine else None


def reader_of(
    aws: Aws,
    source: RecordsStream,
    *,
    clock: Clock,
    since: float | None,
    sequence: int | None,
    checkpoint: Checkpoint | None,
) -> StreamReader:
    """An opened reader of the stream.

    Args:
        since: Epoch seconds.
        sequence: Sequence number of the first record.
        checkpoint: Takes precedence over the other positions if it is not new.
    """
    from ddbinsert.aws.read.stream_places import Begin
    from ddbinsert.aws.read.streams import StreamReader

    begin = Begin(at=since, sequence=sequence)
    if checkpoint is not None and not checkpoint.is_new:
        begin = Begin(at=checkpoint.since, after=dict(checkpoint.after), ended=checkpoint.ended)
    elif since is not None and since >= clock.now():
        begin = Begin(latest=True)
    reader = StreamReader(aws, source.stream_arn, clock=clock, begin=begin)
    reader.open()
    return reader


def wanted(
    events: Sequence[str], conditions: Sequence[str], key: KeySchema | None
) -> Callable[[Record], bool]:
    """A test whether to return a record, by its event and by conditions in the language of `filter build`.

    Raises:
        ConditionError: A condition is not valid.
    """
    names = frozenset(events)
    matches: Callable[[Record], bool] | None = None
    if conditions:
        from ddbinsert.core.filters.where.build import pattern_from_conditions

        matches = compile_pattern(pattern_from_conditions(conditions, key, {})).matches

    def fits(record: Record) -> bool:
        return (not names or record.get("eventName") in names) and (matches is None or matches(record))

    return fits


@dataclass(kw_only=True)
class ReadCount:
    """Counts of what was read so far.

    Attributes:
        records: Number of all records.
        given: Number of returned records by event.
    """

    records: int = 0
    given: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.given.total()


def records(
    reader: StreamReader,
    seen: ReadCount,
    *,
    clock: Clock,
    follow: bool,
    fits: Callable[[Record], bool],
    limit: int | None = None,
    checkpoint: Checkpoint | None = None,
    timeout: float = math.inf,
    turn: Callable[[float], None],
) -> Iterator[Record]:
    """The records of a stream, in order for each item.

    Args:
        limit: Stop after this number of records.
        checkpoint: Updated with the caller's progress: a record counts when the next one is requested.
        turn: Called with the elapsed seconds after each page, and before each pause.

    Raises:
        InconclusiveError: The timeout expired before the end of the stream.
    """
    started = clock.monotonic()
    while True:
        for shard, page in reader.pages():
            yield from _matching_records(shard, page, seen, fits=fits, limit=limit, checkpoint=checkpoint)
            if limit is not None and seen.total >= limit:
                return
            turn(clock.monotonic() - started)
        if checkpoint is not None:
            checkpoint.ended = reader.ended
        if reader.caught_up and not follow:
            return
        elapsed = clock.monotonic() - started
        turn(elapsed)
        if elapsed >= timeout:
            if follow:
                return
            raise InconclusiveError(
                f"The stream was not read to its end within {format_duration(timeout)}.",
                hint="Use a longer --timeout or a later --since; with --checkpoint, the next run continues from here.",
                code="timeout",
            )
        if pause := max(reader.wait, _IDLE if reader.caught_up else 0.0):
            clock.sleep(min(pause, timeout - elapsed))


def _matching_records(
    shard: str,
    page: Sequence[Record],
    seen: ReadCount,
    *,
    fits: Callable[[Record], bool],
    limit: int | None,
    checkpoint: Checkpoint | None,
) -> Iterator[Record]:
    """The records of a page that meet the conditions, up to the limit."""
    for record in page:
        seen.records += 1
        if fits(record):
            seen.given[str(record.get("eventName"))] += 1
            yield record
        if checkpoint is not None:
            checkpoint.after[shard] = record["dynamodb"]["SequenceNumber"]
        if limit is not None and seen.total >= limit:
            return
