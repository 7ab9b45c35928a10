"""Single records of a shard, read again by their sequence numbers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import code_of, is_not_found, translated
from ddbinsert.aws.read.stream_records import as_lambda_has_it

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

    Record = dict[str, Any]

_PAGE = 1_000
#: Seconds between two reads of one shard on AWS, which allows five per second.
_PAUSE = 0.25
#: Number of consecutive empty answers after which a record counts as unreadable.
_MOST_EMPTY = 40


def records_at(
    aws: Aws, stream: str, shard: str, sequences: Iterable[str], *, clock: Clock
) -> Iterator[Record]:
    """The records with these sequence numbers (in order), as Lambda passes them; expired ones are left out.

    Each page of the shard that holds some of them is read once.

    Raises:
        AwsError: The shard may not be read.
    """
    wanted = deque(sequences)
    client = aws.of_table.client("dynamodbstreams")
    while wanted:
        left = len(wanted)
        with translated(f"read shard {shard} of the stream"):
            try:
                yield from _from_first(
                    client, stream, shard, wanted, pause=_PAUSE if aws.is_aws else 0.0, clock=clock
                )
            except Exception as error:
                if code_of(error) == "TrimmedDataAccessException":
                    wanted.popleft()
                    continue
                if not is_not_found(error):
                    raise
                return  # the shard has expired, with all of its records
        if len(wanted) == left:
            wanted.popleft()


def _from_first(
    client: Any, stream: str, shard: str, wanted: deque[str], *, pause: float, clock: Clock
) -> Iterator[Record]:
    """Read pages from the first wanted record on, as long as each page holds another one."""
    answer = client.get_shard_iterator(
        StreamArn=stream, ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER", SequenceNumber=wanted[0]
    )
    iterator: str | None = answer["ShardIterator"]
    empty = 0
    while iterator is not None and wanted and empty < _MOST_EMPTY:
        page: Any = client.get_records(ShardIterator=iterator, Limit=_PAGE)
        found = 0
        for record in page["Records"]:
            number = int(record["dynamodb"]["SequenceNumber"])
            while wanted and int(wanted[0]) < number:
                wanted.popleft()
            if wanted and int(wanted[0]) == number:
                wanted.popleft()
                found += 1
                yield as_lambda_has_it(record, stream)
        iterator = page.get("NextShardIterator")
        empty = 0 if page["Records"] else empty + 1
        if page["Records"] and not found:
            return
        clock.sleep(pause)
