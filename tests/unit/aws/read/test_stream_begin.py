"""Where a stream is read from: at a time, at a sequence number, after a checkpoint; with what an endpoint refuses."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ddbinsert.aws.read.stream_places import Begin
from ddbinsert.aws.read.streams import StreamReader
from ddbinsert.aws.session.session import Aws, Connection
from ddbinsert.environment import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST = 100_000_000_000_000_000_000


class Shards:
    """Streams' API on shards that are held here: shard to (parent, number of the first record, times of its records).

    Args:
        knows: The kinds of beginning that it accepts.
    """

    def __init__(self, shards: dict[str, tuple[str | None, int, list[float]]], *, knows: str) -> None:
        self.shards = shards
        self.knows = knows.split()
        self.calls: Counter[str] = Counter()

    def describe_stream(self, **_request: object) -> dict[str, Any]:
        parents = {parent for parent, _, _ in self.shards.values()}
        described = []
        for name, (parent, first, times) in self.shards.items():
            numbers = {"StartingSequenceNumber": str(_FIRST + first)}
            if name in parents:
                numbers["EndingSequenceNumber"] = str(_FIRST + first + len(times) - 1)
            described.append({"ShardId": name, "SequenceNumberRange": numbers, "ParentShardId": parent})
        return {"StreamDescription": {"Shards": described}}

    def get_shard_iterator(self, **request: Any) -> dict[str, str]:
        kind, shard = request["ShardIteratorType"], request["ShardId"]
        _, first, times = self.shards[shard]
        if kind not in self.knows:
            raise ClientError(
                {"Error": {"Code": "ValidationException", "Message": "unknown"}}, "GetShardIterator"
            )
        number = int(request.get("SequenceNumber", _FIRST)) - _FIRST - first
        place = {
            "TRIM_HORIZON": 0,
            "LATEST": len(times),
            "AT_SEQUENCE_NUMBER": max(0, number),
            "AFTER_SEQUENCE_NUMBER": number + 1,
        }.get(kind)
        if place is None:
            place = next((n for n, at in enumerate(times) if at >= request["Timestamp"]), len(times))
        return {"ShardIterator": f"{shard}:{place}"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        self.calls["GetRecords"] += 1
        shard, _, text = request["ShardIterator"].partition(":")
        place, (_, first, times) = int(text), self.shards[shard]
        records = [
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "Keys": {"pk": {"S": f"{shard}-{number}"}},
                    "SequenceNumber": str(_FIRST + first + number),
                    "ApproximateCreationDateTime": times[number],
                },
            }
            for number in range(place, min(len(times), place + request["Limit"]))
        ]
        is_parent = any(parent == shard for parent, _, _ in self.shards.values())
        end = place + len(records)
        more = {} if is_parent and end >= len(times) else {"NextShardIterator": f"{shard}:{end}"}
        return {"Records": records, **more}


class OnShards(Aws):
    """A connection to nothing but these shards."""

    def __init__(self, shards: Shards) -> None:
        super().__init__(Connection())
        self._shards = shards

    @property
    def is_aws(self) -> bool:
        return False

    def client(self, name: str) -> Any:
        assert name == "dynamodbstreams"
        return self._shards


_EVERY = "TRIM_HORIZON LATEST AT_TIMESTAMP AT_SEQUENCE_NUMBER AFTER_SEQUENCE_NUMBER"
_OLD = "TRIM_HORIZON LATEST AFTER_SEQUENCE_NUMBER"


def _read(shards: Shards, begin: Begin) -> tuple[StreamReader, list[str]]:
    reader = StreamReader(OnShards(shards), "arn:stream", clock=SystemClock(), begin=begin)
    reader.open()
    return reader, list(_keys(reader))


def _keys(reader: StreamReader) -> Iterator[str]:
    while not reader.caught_up:
        for record in reader.poll():
            yield record["dynamodb"]["Keys"]["pk"]["S"]


def _lineage(knows: str = _EVERY) -> Shards:
    """A shard that split into two."""
    return Shards(
        {
            "p": (None, 0, [100.0, 200.0, 300.0]),
            "l": ("p", 3, [400.0, 500.0]),
            "r": ("p", 5, [400.0, 600.0]),
        },
        knows=knows,
    )


@pytest.mark.parametrize(
    "knows", [_EVERY, _OLD], ids=["as AWS", "by an endpoint that knows no such beginning"]
)
@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        (Begin(), {"p-0", "p-1", "p-2", "l-0", "l-1", "r-0", "r-1"}),
        (Begin(at=300.0), {"p-2", "l-0", "l-1", "r-0", "r-1"}),
        (Begin(at=450.5), {"l-1", "r-1"}),
        (Begin(sequence=_FIRST + 1), {"p-1", "p-2", "l-0", "l-1", "r-0", "r-1"}),
        (Begin(sequence=_FIRST + 4), {"l-1", "r-0", "r-1"}),
        (Begin(after={"l": str(_FIRST + 3)}, ended=frozenset({"p"})), {"l-1", "r-0", "r-1"}),
        (Begin(latest=True), set()),
    ],
)
def test_reading_begins_where_it_is_asked_to(knows: str, begin: Begin, expected: set[str]) -> None:
    reader, keys = _read(_lineage(knows), begin)
    assert set(keys) == expected
    assert len(keys) == len(expected)
    places = {key: place for place, key in enumerate(keys)}
    for before, after in (("p-2", "l-0"), ("p-2", "r-0"), ("l-0", "l-1")):
        if before in places and after in places:
            assert places[before] < places[after]
    asked_for_more = begin.at is not None or begin.sequence is not None
    assert reader.refused is (asked_for_more and knows is _OLD)


@pytest.mark.nightly
def test_a_time_near_the_end_costs_few_reads() -> None:
    times = [float(second) for second in range(100_000)]
    whole, late = (Shards({"s": (None, 0, times)}, knows=_EVERY) for _ in range(2))
    _read(whole, Begin())
    _, keys = _read(late, Begin(at=99_700.0))
    assert len(keys) == 300
    assert late.calls["GetRecords"] < 0.05 * whole.calls["GetRecords"]


def test_a_refusal_of_another_kind_is_not_taken_for_an_old_endpoint() -> None:
    shards = _lineage("TRIM_HORIZON")
    with pytest.raises(Exception, match="unknown"):
        _read(shards, Begin(after={"p": str(_FIRST)}))
