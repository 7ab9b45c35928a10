"""The place of a time in a stream, which AWS can start to read at its oldest record or at a sequence number only.

See docs/aws-facts.md#stream-at-timestamp. Records of a parent shard are older than those of its children. So shards are
tried from the newest to the oldest, and the ancestors of a shard whose first record is old are not read.
Within a shard, sequence numbers are estimated from the times of the records read so far. That a number which no record
has can be a starting position is not documented, so a page counts only if its first record is old, and reading starts at
the shard's oldest record if the endpoint rejects such numbers.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.aws.errors import code_of, is_not_found, is_passing, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ddbinsert.aws.read.stream_places import Cursor
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Seconds by which a record must be older than the time, because its time of creation is approximate.
_CERTAINLY: Final = 60
_PAGE: Final = 1000
#: Number of reads of a shard whose first pages are empty, if there are few shards; otherwise one.
_EMPTY_IN_A_ROW: Final = 3
_FEW: Final = 16
_MOST_ESTIMATES: Final = 6
#: Seconds between two reads of one shard at most; a shard allows five reads per second.
_PAUSE: Final = 0.25
_MOST_REJECTED: Final = 2
#: Pages of up to 1 MB that are kept in memory until they are read.
_MOST_KEPT: Final = 64
#: Error codes for a sequence number that the endpoint does not accept.
_REJECTED: Final = frozenset(
    {
        "ValidationException",
        "TrimmedDataAccessException",
        "InvalidParameterValueException",
        "InternalServerError",
    }
)


class _Point(NamedTuple):
    """A sequence number, and the time of its record if there is one."""

    number: int
    at: float | None


class StreamSeek:
    """Moves cursors that start at the oldest record forward to a time.

    Args:
        since: Epoch seconds.
        pace: Seconds between two reads of one shard.
    """

    def __init__(self, aws: Aws, stream_arn: str, *, clock: Clock, since: float, pace: float) -> None:
        self._aws = aws
        self._arn = stream_arn
        self._clock = clock
        self._old = math.floor(since) - _CERTAINLY
        self._pause = min(pace, _PAUSE)
        self._kept: set[str] = set()

    def move(self, cursors: Mapping[str, Cursor]) -> None:
        """Set the first pages of the shards to read; shards whose records are all old are finished."""
        parents = {cursor.parent for cursor in cursors.values()}
        level = {one.shard: one for one in cursors.values() if one.shard not in parents}
        tried: set[str] = set()
        while level:
            tried.update(level)
            reads = _EMPTY_IN_A_ROW if len(level) <= _FEW else 1
            found = self._aws.side_by_side(*(partial(self._try, one, reads) for one in level.values()))
            following: dict[str, Cursor] = {}
            for cursor, starts_old in zip(level.values(), found, strict=True):
                ancestors = list(_ancestors(cursor, cursors))
                if starts_old:
                    for one in ancestors:
                        one.finished, one.page = True, None
                else:
                    following |= {one.shard: one for one in ancestors[:1]}
            level = {name: one for name, one in following.items() if name not in tried and not one.finished}

    def _try(self, cursor: Cursor, reads: int) -> bool:
        """Read the first page of a shard, with a few reads; return whether it starts with an old record."""
        if cursor.finished or cursor.start != "TRIM_HORIZON":
            return False  # a checkpoint has a later position
        with translated(f"read shard {cursor.shard} of the stream"):
            try:
                page = self._first_page(cursor, reads)
            except Exception as error:
                if not (is_passing(error) or is_not_found(error)):
                    raise
                return False  # the reader tries again
        self._keep(cursor, page)
        if not page["Records"] or not self._is_old(page["Records"][0]):
            return False
        if self._is_old(page["Records"][-1]):
            self._come_close(cursor, page["Records"])
        return True

    def _keep(self, cursor: Cursor, page: Mapping[str, Any]) -> None:
        """Start with a page that was read; with its place only if many others wait in memory already."""
        if cursor.shard in self._kept or len(self._kept) < _MOST_KEPT:
            self._kept.add(cursor.shard)
            cursor.page = page
        elif page["Records"]:
            number = page["Records"][0]["dynamodb"]["SequenceNumber"]
            cursor.start, cursor.where = "AT_SEQUENCE_NUMBER", str(number)

    def _first_page(self, cursor: Cursor, reads: int) -> Mapping[str, Any]:
        """The first page; it may be empty although others follow, and the first record is unknown then."""
        client = self._aws.of_table.client("dynamodbstreams")
        answer = client.get_shard_iterator(
            StreamArn=self._arn, ShardId=cursor.shard, ShardIteratorType="TRIM_HORIZON"
        )
        page = client.get_records(ShardIterator=answer["ShardIterator"], Limit=_PAGE)
        for _ in range(reads - 1):
            if page["Records"] or not page.get("NextShardIterator"):
                break
            self._clock.sleep(self._pause)
            page = client.get_records(ShardIterator=str(page["NextShardIterator"]), Limit=_PAGE)
        return page

    def _come_close(self, cursor: Cursor, records: list[dict[str, Any]]) -> None:
        """Replace the cursor's page of old records by the newest one that starts with an old record."""
        first, low = _point(records[0]), _point(records[-1])
        high = None if cursor.last is None else _Point(int(cursor.last) + 1, None)
        rejected = 0
        for turn in range(_MOST_ESTIMATES):
            number = self._estimate(first, low, high, turn)
            if number is None:
                return
            self._clock.sleep(self._pause)
            page = self._page_at(cursor, number)
            if page is None:
                rejected += 1
                if rejected == _MOST_REJECTED:
                    return
            found = page["Records"] if page else []
            if page is None or not found or not self._is_old(found[0]):
                high = _Point(number, _created(found[0]) if found else None)
                continue
            if _point(found[0]).number <= low.number:
                return  # the endpoint does not start where it is told to
            self._keep(cursor, page)
            first, low = _point(found[0]), _point(found[-1])
            if not self._is_old(found[-1]):
                return

    def _estimate(self, first: _Point, low: _Point, high: _Point | None, turn: int) -> int | None:
        """A sequence number above the low one, somewhat before the time; None if reading on is as quick.

        Args:
            first: The first record of the newest page of old records; ``low`` is its last.
            high: A number that is too high; its time is unknown if no record was found there.
        """
        span = max(1, low.number - first.number)
        if high is not None:
            between = high.number - low.number
            if between <= 2 * span:
                return None
            if turn and high.at is None:
                return low.number + math.isqrt(span * between)
            if turn % 2:
                return low.number + between // 2
        one, other = (low, high) if high is not None and high.at is not None else (first, low)
        milliseconds = int(((other.at or 0.0) - (one.at or 0.0)) * 1000)
        if milliseconds <= 0:
            return low.number + 16 * span
        ahead = int((self._old - _CERTAINLY - (low.at or 0.0)) * 1000)
        number = low.number + max(1, ahead * (other.number - one.number) // milliseconds)
        return number if high is None else min(number, high.number - 1)

    def _page_at(self, cursor: Cursor, number: int) -> Mapping[str, Any] | None:
        """The page from a sequence number on; None if the endpoint rejects it."""
        client = self._aws.of_table.client("dynamodbstreams")
        with translated(f"read shard {cursor.shard} of the stream"):
            try:
                answer = client.get_shard_iterator(
                    StreamArn=self._arn,
                    ShardId=cursor.shard,
                    ShardIteratorType="AT_SEQUENCE_NUMBER",
                    SequenceNumber=f"{number:021d}",
                )
                return client.get_records(ShardIterator=answer["ShardIterator"], Limit=_PAGE)
            except Exception as error:
                if not (is_passing(error) or is_not_found(error) or code_of(error) in _REJECTED):
                    raise
                return None

    def _is_old(self, record: Mapping[str, Any]) -> bool:
        at = _created(record)
        return at is not None and at < self._old


def _ancestors(cursor: Cursor, cursors: Mapping[str, Cursor]) -> Iterable[Cursor]:
    parent = cursors.get(cursor.parent or "")
    while parent is not None:
        yield parent
        parent = cursors.get(parent.parent or "")


def _point(record: Mapping[str, Any]) -> _Point:
    return _Point(int(record["dynamodb"]["SequenceNumber"]), _created(record))


def _created(record: Mapping[str, Any]) -> float | None:
    """The time of a record's creation in epoch seconds."""
    at = record["dynamodb"].get("ApproximateCreationDateTime")
    return at if at is None or isinstance(at, (int, float)) else float(at.timestamp())
