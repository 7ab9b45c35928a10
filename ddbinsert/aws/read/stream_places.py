"""Positions in the shards of a stream: where reading begins, and how far it has come."""

from __future__ import annotations

import math
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.aws.read.stream_records import Record

Start = Literal["TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"]
_NEVER: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Begin:
    """The position from which a stream is read; by default, the oldest record that is retained.

    Attributes:
        latest: Begin after the newest record.
        at: Begin at the first record at or after this time, in epoch seconds; `StreamSeek` finds it in each shard.
        sequence: Begin at the record with this sequence number.
        after: By shard, the sequence number of the last record that was read.
        ended: Shards that were read to their end.
    """

    latest: bool = False
    at: float | None = None
    sequence: int | None = None
    after: Mapping[str, str] = field(default_factory=lambda: _NEVER)
    ended: frozenset[str] = frozenset()

    def cursor(self, shard: Mapping[str, Any], *, closed: bool) -> Cursor:
        """The position in a shard that exists when reading begins."""
        identity = shard["ShardId"]
        start: Start = "TRIM_HORIZON"
        where: str | None = None
        finished = identity in self.ended
        numbers = shard.get("SequenceNumberRange") or {}
        if self.latest:
            # The records of a closed shard are older than now.
            start, finished = ("TRIM_HORIZON", True) if closed else ("LATEST", False)
        elif identity in self.after:
            start, where = "AFTER_SEQUENCE_NUMBER", self.after[identity]
        elif self.sequence is not None:
            last, first = numbers.get("EndingSequenceNumber"), numbers.get("StartingSequenceNumber")
            finished = last is not None and int(last) < self.sequence
            if not first or int(first) < self.sequence:
                start, where = "AT_SEQUENCE_NUMBER", str(self.sequence)
        return Cursor(
            shard=identity,
            parent=shard.get("ParentShardId"),
            start=start,
            where=where,
            closed=closed,
            finished=finished,
            last=numbers.get("EndingSequenceNumber"),
        )

    def admits(self, record: Record) -> bool:
        """Whether a record is not older than the beginning, because an endpoint may begin too early.

        Records have whole seconds on AWS, so the times are compared in whole seconds.
        """
        change = record["dynamodb"]
        if self.sequence is not None:
            return int(change.get("SequenceNumber") or 0) >= self.sequence
        created = change.get("ApproximateCreationDateTime")
        if self.at is None or created is None:
            return True
        seconds = created if isinstance(created, (int, float)) else created.timestamp()
        return bool(seconds >= math.floor(self.at))


@dataclass(kw_only=True)
class Cursor:
    """The position in one shard.

    Attributes:
        where: The sequence number for ``start``.
        last: The sequence number at which the shard ends, if it is closed.
        page: The next page, if it was read already.
    """

    shard: str
    parent: str | None
    start: Start
    closed: bool
    where: str | None = None
    last: str | None = None
    page: Mapping[str, Any] | None = None
    iterator: str | None = None
    due: float = 0.0
    pause: float = 0.0
    empty: int = 0
    finished: bool = False


def place_of(cursor: Cursor) -> dict[str, Any]:
    """The parameters of GetShardIterator for a cursor's position."""
    match cursor.start:
        case "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER":
            return {"ShardIteratorType": cursor.start, "SequenceNumber": cursor.where}
        case "TRIM_HORIZON" | "LATEST":
            return {"ShardIteratorType": cursor.start}
