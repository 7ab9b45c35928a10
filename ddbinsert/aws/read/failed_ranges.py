"""The records that failure documents refer to, read again from the stream; each page of a shard is read once."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import code_of, is_not_found, translated
from ddbinsert.aws.read.stream_records import as_lambda_has_it
from ddbinsert.core.failed_records import Failure, Fetched, Record, sequence_of
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Number of consecutive empty answers from a shard after which the rest counts as unreadable.
_MOST_EMPTY = 40
#: Seconds between two reads of one shard, which allows five a second.
_PAUSE = 0.25
_PAGE = 1000


@dataclass
class _Page:
    """The last page that was read of a shard; the next failure usually begins in it.

    Attributes:
        following: The iterator of the next page; None at the shard's end.
    """

    records: list[Record] = field(default_factory=list)
    following: str | None = None

    def contains(self, sequence: int) -> bool:
        return bool(self.records) and sequence_of(self.records[0]) <= sequence <= sequence_of(
            self.records[-1]
        )


class RangeReader:
    """Reads the records of failures. Callers pass failures of one shard in its order, so that no page is read twice."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._place: tuple[str, str] | None = None
        self._page = _Page()

    def fetch(self, failure: Failure) -> Fetched:
        """The records of a failure: from the document, or from the stream, which keeps them for 24 hours.

        Raises:
            PrerequisiteError: None of them exists any more, or the last ones could not be read.
        """
        if failure.records is not None:
            return Fetched(records=failure.records)
        with translated(f"read shard {failure.shard} of the stream"):
            try:
                return _whole(failure, list(self._range(failure)))
            except Exception as error:
                if code_of(error) != "TrimmedDataAccessException" and not is_not_found(error):
                    raise
                raise _expired_records_error(failure) from error

    def _range(self, failure: Failure) -> Iterator[Record]:
        """The shard's records from the failure's first to its last; from the oldest on if the first is gone.

        An empty answer does not mean the end (API reference of GetRecords: several calls may be needed to reach the
        part that holds records). Only a record at or behind the range's end shows that none is missing.
        """
        place = failure.stream_arn, failure.shard
        if self._place == place and self._page.contains(int(failure.first)):
            if self._page.contains(int(failure.last)):
                yield from self._page.records
                return
            known = list(self._page.records)
            try:
                rest = list(self._read(failure, self._page.following))
            except Exception as error:
                if code_of(error) != "ExpiredIteratorException":
                    raise
            else:
                yield from (*known, *rest)
                return
        self._place = place
        try:
            yield from self._read(
                failure,
                self._iterator(failure, ShardIteratorType="AT_SEQUENCE_NUMBER", SequenceNumber=failure.first),
            )
        except Exception as error:
            if code_of(error) != "TrimmedDataAccessException":
                raise
            yield from self._read(failure, self._iterator(failure, ShardIteratorType="TRIM_HORIZON"))

    def _iterator(self, failure: Failure, **start: str) -> str:
        client: Any = self._aws.of_table.client("dynamodbstreams")
        answer = client.get_shard_iterator(StreamArn=failure.stream_arn, ShardId=failure.shard, **start)
        return str(answer["ShardIterator"])

    def _read(self, failure: Failure, iterator: str | None) -> Iterator[Record]:
        """Read pages from an iterator until one reaches the failure's end; that page is kept for the next failure."""
        client: Any = self._aws.of_table.client("dynamodbstreams")
        empty = 0
        while iterator is not None and empty < _MOST_EMPTY:
            answer = client.get_records(ShardIterator=iterator, Limit=_PAGE)
            page = [as_lambda_has_it(record, failure.stream_arn) for record in answer["Records"]]
            iterator = answer.get("NextShardIterator")
            if page:
                self._page = _Page(page, iterator)
            yield from page
            if page and sequence_of(page[-1]) >= int(failure.last):
                return
            empty = 0 if page else empty + 1
            self._clock.sleep(_PAUSE if self._aws.is_aws else 0.0)


def _whole(failure: Failure, records: list[Record]) -> Fetched:
    """The records of the range, if they reach its end; the first ones may have expired."""
    inside = {sequence_of(record): record for record in records if failure.contains(record)}
    found = tuple(inside[number] for number in sorted(inside))
    if not found:
        raise _expired_records_error(failure)
    if sequence_of(found[-1]) != int(failure.last):
        raise PrerequisiteError(
            f"The stream returned only {len(found)} records of failure {failure.id}, not all up to its last one.",
            hint="Try again: the failure stays at the destination.",
            code="records-not-read",
        )
    return Fetched(records=found, trimmed=sequence_of(found[0]) != int(failure.first))


def _expired_records_error(failure: Failure) -> PrerequisiteError:
    return PrerequisiteError(
        f"The records of failure {failure.id} are no longer in the stream, which keeps them for 24 hours.",
        hint="An S3 bucket as on-failure destination keeps the records themselves.",
        code="records-expired",
    )
