"""Reading a table's stream: every shard, parents before children, within the shards' read limits.

Records have the shape in which Lambda passes them to a function (an SDK's GetRecords omits eventSourceARN and
returns datetimes and bytes; docs/aws-facts.md#stream-record-shape), so that filters, receipts and evidence use one
shape.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import code_of, is_not_found, is_passing, translated
from ddbinsert.aws.read.stream_places import Begin, Cursor, place_of
from ddbinsert.aws.read.stream_records import Record, as_lambda_has_it
from ddbinsert.aws.read.stream_seek import StreamSeek
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Seconds between two reads of one shard on AWS. A shard allows 5 reads per second, of which an event source
#: mapping uses 4: more than one of ours would slow down the functions that read the same stream.
POLITE = 1.0
#: Number of consecutive empty answers from an open shard that mean that it holds no more records. A single one does
#: not (API reference of GetRecords: several calls may be needed to reach the part that holds records).
_EMPTY_IN_A_ROW = 3
#: Seconds between two listings of the shards.
_LOOK_FOR_SHARDS = 10.0
#: Seconds within which the children of an ended shard appear, on AWS and on other endpoints; they are read 3 times.
_CHILDREN_WITHIN, _CHILDREN_ELSEWHERE = 3.0, 0.5
_SHORTEST_WAIT = 0.01
_PAGE = 1000
#: Error codes for a starting position that the endpoint does not support, or that does not fit the shard.
_NOT_KNOWN = frozenset({"ValidationException", "InvalidParameterValueException"})
_LONGEST_PAUSE = 5.0


class StreamReader:
    """A reader of all shards of one stream.

    Args:
        latest: Begin after the newest record at the time of ``open``; else at the oldest that is retained.
        begin: Another position to begin at.
        pace: Seconds between two reads of one shard; by default ``POLITE`` on AWS, 0 on other endpoints.

    Attributes:
        trimmed: Whether records expired (after 24 hours) while reading.
        refused: Whether the endpoint refused the starting position; all records are read then, and older ones left out.
    """

    def __init__(
        self,
        aws: Aws,
        stream_arn: str,
        *,
        clock: Clock,
        latest: bool = False,
        begin: Begin | None = None,
        pace: float | None = None,
    ) -> None:
        self._aws = aws
        self._arn = stream_arn
        self._clock = clock
        self._begin = begin or Begin(latest=latest)
        self._children_within = _CHILDREN_WITHIN if aws.is_aws else _CHILDREN_ELSEWHERE
        self._pace = (POLITE if aws.is_aws else 0.0) if pace is None else pace
        self._cursors: dict[str, Cursor] = {}
        self._running: dict[Future[dict[str, Any] | None], Cursor] = {}
        self._looked = float("-inf")
        self.trimmed = self.refused = False
        self._came_to_an_end = False
        self._ended_at = float("-inf")

    def open(self) -> None:
        """Find the shards and the position in each; with ``latest``, only later writes are read.

        Raises:
            PrerequisiteError: The stream does not exist.
        """
        self._find_shards(first=True)
        if self._begin.at is not None:
            since = self._begin.at
            seek = StreamSeek(self._aws, self._arn, clock=self._clock, since=since, pace=self._pace)
            seek.move(self._cursors)
        starting = [
            c for c in self._cursors.values() if not c.finished and c.page is None and self._is_ready(c)
        ]
        self._aws.side_by_side(*(self._taker(cursor) for cursor in starting))

    def _taker(self, cursor: Cursor) -> Callable[[], None]:
        return lambda: self._open_iterator(cursor)

    @property
    def shards(self) -> int:
        return len(self._cursors)

    @property
    def parents(self) -> dict[str, str | None]:
        """The ID of each shard's parent, by the shard's ID."""
        return {one.shard: one.parent for one in self._cursors.values()}

    @property
    def caught_up(self) -> bool:
        """Whether all records of the stream were returned."""
        if not all(c.finished or c.empty >= _EMPTY_IN_A_ROW for c in self._cursors.values()):
            return False
        # A shard that ended has children, which may appear a moment later; the last shards of a disabled stream have none.
        return not self._awaits_children or self._clock.monotonic() - self._ended_at >= self._children_within

    @property
    def wait(self) -> float:
        """Seconds until a shard may be read again; 0 while a call is running."""
        if self._running:
            return 0.0
        due = [c.due for c in self._cursors.values() if not c.finished and self._is_ready(c)]
        now = self._clock.monotonic()
        if due:
            return max(0.0, min(due) - now)
        if self._awaits_children and now - self._ended_at < self._children_within:
            return max(_SHORTEST_WAIT, self._looked + self._children_within / 3 - now)
        return self._pace

    @property
    def ended(self) -> frozenset[str]:
        """The shards that were read to their end."""
        return frozenset(c.shard for c in self._cursors.values() if c.finished)

    @property
    def position(self) -> Begin:
        """The position after the records that were returned, where another reader can go on."""
        after = {
            one.shard: str(one.where)
            for one in self._cursors.values()
            if one.start == "AFTER_SEQUENCE_NUMBER" and one.where is not None
        }
        return Begin(after=after, ended=self.ended)

    def poll(self) -> Iterator[Record]:
        """Read every shard that is due once, concurrently; yield the records of the shards that answered."""
        for _, records in self.pages():
            yield from records

    def poll_by_shard(self) -> Iterator[tuple[str, Record]]:
        """Like ``poll``, with the ID of each record's shard."""
        for shard, records in self.pages():
            for record in records:
                yield shard, record

    def pages(self) -> Iterator[tuple[str, list[Record]]]:
        """Like ``poll``, but page by page, with the ID of each page's shard."""
        self._came_to_an_end = False
        now = self._clock.monotonic()
        if now - self._looked >= (self._children_within / 3 if self._awaits_children else _LOOK_FOR_SHARDS):
            self._find_shards(first=False)
        busy = {id(c) for c in self._running.values()}
        for cursor in self._cursors.values():
            if (
                id(cursor) not in busy
                and not cursor.finished
                and cursor.due <= now
                and self._is_ready(cursor)
            ):
                self._start_read(cursor)
        if not self._running:
            return
        answered, _ = wait(self._running, return_when=FIRST_COMPLETED)
        for future in answered:
            cursor = self._running.pop(future)
            page = future.result()
            if page is None:
                continue
            records = page["Records"]
            self._move(cursor, page)
            # Request the next page while this one is processed.
            if records and not cursor.finished and not self._pace:
                self._start_read(cursor)
            admitted = [
                as_lambda_has_it(record, self._arn) for record in records if self._begin.admits(record)
            ]
            if self._aws.listener is not None and admitted:
                self._aws.listener.records(admitted)
            yield cursor.shard, admitted

    def poll_through(self) -> Iterator[Record]:
        """Like ``poll``, but continue immediately from a shard that ends with its children; busy streams have many."""
        yield from self.poll()
        while self._came_to_an_end:
            yield from self.poll()

    def _start_read(self, cursor: Cursor) -> None:
        self._running[self._aws.start(lambda: self._read(cursor))] = cursor

    def _read(self, cursor: Cursor) -> Mapping[str, Any] | None:
        """One page; None if the read must be retried later."""
        with translated(f"read shard {cursor.shard} of the stream"):
            try:
                if cursor.page is not None:
                    page, cursor.page = cursor.page, None
                    return page
                if cursor.iterator is None:
                    self._open_iterator(cursor)
                client = self._aws.of_table.client("dynamodbstreams")
                return client.get_records(ShardIterator=str(cursor.iterator), Limit=_PAGE)
            except Exception as error:  # noqa: BLE001 - raised again by _recover unless it is temporary
                self._recover(cursor, error)
                return None

    def _recover(self, cursor: Cursor, error: Exception) -> None:
        match code_of(error):
            case "ExpiredIteratorException":
                cursor.iterator = None
            case "TrimmedDataAccessException":
                self.trimmed = True
                cursor.iterator, cursor.start, cursor.where = None, "TRIM_HORIZON", None
            case _ if is_passing(error):
                # Throttled, because others read this shard, too: retry with increasing delays, without a limit.
                cursor.pause = min(max(0.1, cursor.pause * 2), _LONGEST_PAUSE)
                cursor.due = self._clock.monotonic() + cursor.pause
            case _ if is_not_found(error):
                cursor.finished = True  # the shard has expired (24 hours)
            case _:
                raise error

    def _open_iterator(self, cursor: Cursor) -> None:
        request: dict[str, Any] = {"StreamArn": self._arn, "ShardId": cursor.shard}
        with translated(f"read shard {cursor.shard} of the stream"):
            client = self._aws.of_table.client("dynamodbstreams")
            try:
                answer = client.get_shard_iterator(**request, **place_of(cursor))
            except Exception as error:
                if cursor.where is None or not self._must_read_from_start(cursor, error):
                    raise
                answer = client.get_shard_iterator(**request, **place_of(cursor))
        cursor.iterator = answer["ShardIterator"]

    def _must_read_from_start(self, cursor: Cursor, error: Exception) -> bool:
        """Whether to read the shard from its oldest record, because the endpoint does not support the position."""
        code = code_of(error)
        if code == "TrimmedDataAccessException":
            self.trimmed = True
        elif cursor.start == "AFTER_SEQUENCE_NUMBER" or code not in _NOT_KNOWN:
            return False
        else:
            self.refused = True
        cursor.start, cursor.where = "TRIM_HORIZON", None
        return True

    def _move(self, cursor: Cursor, page: Mapping[str, Any]) -> None:
        records = page["Records"]
        cursor.iterator = page.get("NextShardIterator")
        cursor.finished = cursor.iterator is None
        cursor.pause = 0.0
        cursor.due = self._clock.monotonic() + self._pace
        cursor.empty = 0 if records else cursor.empty + 1
        if records:
            cursor.start = "AFTER_SEQUENCE_NUMBER"
            cursor.where = records[-1]["dynamodb"]["SequenceNumber"]
        if cursor.finished:
            self._came_to_an_end = True
            self._ended_at = self._clock.monotonic()
            self._find_shards(first=False)  # reading continues with its children

    @property
    def _awaits_children(self) -> bool:
        parents = {cursor.parent for cursor in self._cursors.values()}
        return any(c.finished and c.shard not in parents for c in self._cursors.values())

    def _is_ready(self, cursor: Cursor) -> bool:
        parent = self._cursors.get(cursor.parent or "")
        return parent is None or parent.finished

    def _find_shards(self, *, first: bool) -> None:
        self._looked = self._clock.monotonic()
        for shard in self._describe():
            identity = shard["ShardId"]
            closed = bool((shard.get("SequenceNumberRange") or {}).get("EndingSequenceNumber"))
            known = self._cursors.get(identity)
            if known is not None:
                known.closed = closed
                continue
            begin = self._begin if first or identity in self._begin.after else Begin()
            self._cursors[identity] = begin.cursor(shard, closed=closed)

    def _describe(self) -> Iterator[Mapping[str, Any]]:
        client = self._aws.of_table.client("dynamodbstreams")
        request: dict[str, Any] = {"StreamArn": self._arn}
        with translated("read the stream's shards"):
            while True:
                try:
                    answer = client.describe_stream(**request)["StreamDescription"]
                except Exception as error:
                    if is_not_found(error):
                        raise PrerequisiteError(
                            f"Stream {self._arn} does not exist.", code="no-stream"
                        ) from error
                    raise
                yield from answer.get("Shards") or ()
                last = answer.get("LastEvaluatedShardId")
                if not last:
                    return
                request["ExclusiveStartShardId"] = last


def read_stream(
    aws: Aws,
    stream_arn: str,
    *,
    clock: Clock,
    since: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Record]:
    """The records that the stream holds now, parent shards before their children.

    Args:
        since: Only records from this time on, in epoch seconds.
        progress: Called with the number of records so far before every read.
    """
    reader = StreamReader(aws, stream_arn, clock=clock, begin=Begin(at=since))
    reader.open()
    count = 0
    while not reader.caught_up:
        if progress:
            progress(count)
        for record in reader.poll():
            count += 1
            yield record
        pause = reader.wait
        if pause and not reader.caught_up:
            clock.sleep(pause)
