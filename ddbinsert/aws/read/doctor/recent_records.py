"""The oldest inserts of a stream, read with few consecutive calls."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.aws.errors import is_not_found, translated
from ddbinsert.aws.read.stream_records import as_lambda_has_it
from ddbinsert.core.doctor.facts import InsertSeen, StreamSeen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ddbinsert.aws.session.session import Aws

_PAGE: Final = 1000
#: Maximum number of shards to read, the newest ones.
_SHARDS: Final = 12
#: Maximum number of pages to read of a shard: on AWS, where mappings share its five reads per second, and elsewhere.
_PAGES_OF_AWS: Final = 2
_PAGES: Final = 20


class Shard(NamedTuple):
    """A shard of a stream."""

    name: str
    is_open: bool


class Shards(NamedTuple):
    """The shards of a stream.

    Attributes:
        whole: Whether these are all of its shards.
    """

    shards: tuple[Shard, ...] = ()
    whole: bool = True

    @property
    def open_count(self) -> int:
        return sum(shard.is_open for shard in self.shards)

    @property
    def chosen(self) -> tuple[Shard, ...]:
        """The shards to read, open ones first."""
        return tuple(sorted(self.shards, key=lambda one: not one.is_open)[:_SHARDS])


class Page(NamedTuple):
    """The records that were read of a shard.

    Attributes:
        whole: Whether these are all of its records from the beginning on.
    """

    records: list[dict[str, Any]]
    whole: bool


def read_shards(aws: Aws, stream: str) -> Shards:
    """The shards of a stream, in one call.

    Raises:
        AwsError: Not permitted, or the stream does not exist.
    """
    with translated("read the stream's shards"):
        answer = aws.of_table.client("dynamodbstreams").describe_stream(StreamArn=stream)["StreamDescription"]
    found = tuple(
        Shard(one["ShardId"], not (one.get("SequenceNumberRange") or {}).get("EndingSequenceNumber"))
        for one in answer.get("Shards") or ()
    )
    return Shards(found, whole=not answer.get("LastEvaluatedShardId"))


def read_shard(aws: Aws, stream: str, shard: Shard) -> Page:
    """The first records of a shard.

    Raises:
        AwsError: Not permitted.
    """
    client: Any = aws.of_table.client("dynamodbstreams")
    place: dict[str, Any] = {"StreamArn": stream, "ShardId": shard.name}
    records: list[dict[str, Any]] = []
    with translated(f"read shard {shard.name} of the stream"):
        try:
            iterator = client.get_shard_iterator(**place, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            for _ in range(_PAGES_OF_AWS if aws.is_aws else _PAGES):
                page = client.get_records(ShardIterator=iterator, Limit=_PAGE)
                records += page["Records"]
                iterator = page.get("NextShardIterator")
                if iterator is None or (not aws.is_aws and len(page["Records"]) < _PAGE):
                    return Page(records, whole=True)
                if records and aws.is_aws:
                    break
        except Exception as error:
            if not is_not_found(error):
                raise
            return Page(records, whole=True)  # the shard has expired (24 hours)
    return Page(records, whole=False)


def stream_seen(
    pages: Sequence[Page], stream: str, shards: Shards, passes: Callable[[dict[str, object]], bool]
) -> StreamSeen:
    """The inserts of all pages, each once."""
    found: dict[str, InsertSeen] = {}
    for record in _inserts(pages):
        change = record["dynamodb"]
        at = change.get("ApproximateCreationDateTime")
        number = str(change.get("SequenceNumber"))
        found[number] = InsertSeen(
            at=at.timestamp() if isinstance(at, datetime) else float(at or 0.0),
            event_id=str(record.get("eventID")),
            sequence=number,
            passes=passes(as_lambda_has_it(record, stream)),
        )
    return StreamSeen(
        inserts=tuple(sorted(found.values(), key=lambda one: (one.at, one.sequence))),
        whole=all(page.whole for page in pages) and shards.whole and len(shards.chosen) == len(shards.shards),
    )


def _inserts(pages: Iterable[Page]) -> Iterable[dict[str, Any]]:
    for page in pages:
        yield from (record for record in page.records if record.get("eventName") == "INSERT")
