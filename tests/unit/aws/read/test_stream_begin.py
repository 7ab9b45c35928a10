"""Where a stream is read from: at a time, at a sequence number, after a checkpoint; with what an endpoint refuses."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.aws.read.stream_places import Begin
from ddbinsert.aws.read.streams import StreamReader
from ddbinsert.aws.session.session import Aws, Connection
from ddbinsert.environment import SystemClock
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST = 100_000_000_000_000_000_000


class Shards:
    """Streams' API on shards that are held here: shard to (parent, number of the first record, times of its records).

    Args:
        knows: The kinds of beginning that it accepts.
        step: The difference of two consecutive sequence numbers.
        takes_any: Whether a sequence number that no record has is accepted as a beginning.
    """

    def __init__(
        self,
        shards: dict[str, tuple[str | None, int, list[float]]],
        *,
        knows: str,
        step: int = 1,
        takes_any: bool = True,
    ) -> None:
        self.shards = shards
        self.knows = knows.split()
        self.step = step
        self.takes_any = takes_any
        self.calls: Counter[str] = Counter()

    def describe_stream(self, **_request: object) -> dict[str, Any]:
        self.calls["DescribeStream"] += 1
        parents = {parent for parent, _, _ in self.shards.values()}
        described = []
        for name, (parent, first, times) in self.shards.items():
            numbers = {"StartingSequenceNumber": str(_FIRST + first * self.step)}
            if name in parents:
                numbers["EndingSequenceNumber"] = str(_FIRST + (first + len(times) - 1) * self.step)
            described.append({"ShardId": name, "SequenceNumberRange": numbers, "ParentShardId": parent})
        return {"StreamDescription": {"Shards": described}}

    def get_shard_iterator(self, **request: Any) -> dict[str, str]:
        self.calls["GetShardIterator"] += 1
        kind, shard = request["ShardIteratorType"], request["ShardId"]
        _, first, times = self.shards[shard]
        if kind not in self.knows:
            raise ClientError(
                {"Error": {"Code": "ValidationException", "Message": "unknown"}}, "GetShardIterator"
            )
        number, beside = divmod(int(request.get("SequenceNumber", _FIRST)) - _FIRST, self.step)
        number -= first - (beside > 0)
        if (beside or number >= len(times)) and "NUMBER" in kind and not self.takes_any:
            raise ClientError(
                {"Error": {"Code": "TrimmedDataAccessException", "Message": "not found"}}, "GetShardIterator"
            )
        place = {
            "TRIM_HORIZON": 0,
            "LATEST": len(times),
            "AT_SEQUENCE_NUMBER": max(0, number),
            "AFTER_SEQUENCE_NUMBER": number + 1,
        }[kind]
        return {"ShardIterator": f"{shard}:{place}"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        self.calls["GetRecords"] += 1
        shard, _, text = request["ShardIterator"].partition(":")
        place, (_, first, times) = int(text), self.shards[shard]
        records = [
            {
                "eventID": f"{shard}-{number}",
                "eventName": "INSERT",
                "dynamodb": {
                    "Keys": {"pk": {"S": f"{shard}-{number}"}},
                    "SequenceNumber": str(_FIRST + (first + number) * self.step),
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


EVERY = "TRIM_HORIZON LATEST AT_SEQUENCE_NUMBER AFTER_SEQUENCE_NUMBER"
_OLD = "TRIM_HORIZON LATEST AFTER_SEQUENCE_NUMBER"


def _read(shards: Shards, begin: Begin) -> tuple[StreamReader, list[str]]:
    reader = StreamReader(OnShards(shards), "arn:stream", clock=SystemClock(), begin=begin)
    reader.open()
    return reader, list(_keys(reader))


def _keys(reader: StreamReader) -> Iterator[str]:
    while not reader.caught_up:
        for record in reader.poll():
            yield record["dynamodb"]["Keys"]["pk"]["S"]


def _lineage(knows: str = EVERY) -> Shards:
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
    "knows", [EVERY, _OLD], ids=["as AWS", "by an endpoint that knows no such beginning"]
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
    assert reader.refused is (begin.sequence is not None and knows is _OLD)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(1, id="consecutive numbers", marks=pytest.mark.nightly),
        pytest.param(10**20 + 7, id="numbers far apart"),
    ],
)
def test_a_time_near_the_end_of_a_long_shard_costs_few_reads(step: int) -> None:
    times = [float(second) for second in range(100_000)]
    whole, late = (Shards({"s": (None, 0, times)}, knows=EVERY, step=step) for _ in range(2))
    _read(whole, Begin())
    _, keys = _read(late, Begin(at=99_700.0))
    assert keys == [f"s-{number}" for number in range(99_700, 100_000)]
    assert late.calls["GetRecords"] < 0.05 * whole.calls["GetRecords"]
    assert late.calls.total() < 0.08 * whole.calls.total()


_BUSY, _QUIET = [n / 20 for n in range(8_000)], [10.0 * n for n in range(8_000)]


@pytest.mark.parametrize("since", [300.0, 5_000.0, 40_000.0, 80_300.0])
@pytest.mark.parametrize(
    "times",
    [[*_BUSY, *(400 + one for one in _QUIET)], [*_QUIET, *(80_000 + one for one in _BUSY)]],
    ids=["busy, then quiet", "quiet, then busy"],
)
def test_no_record_is_lost_where_the_rate_of_writes_changes(times: list[float], since: float) -> None:
    whole, late = (Shards({"s": (None, 0, times)}, knows=EVERY, step=10**20) for _ in range(2))
    _read(whole, Begin())
    _, keys = _read(late, Begin(at=since))
    assert keys == [f"s-{number}" for number, at in enumerate(times) if at >= since]
    assert late.calls["GetRecords"] <= whole.calls["GetRecords"] + 4


def test_shards_before_the_time_are_not_read_where_numbers_of_no_record_are_rejected() -> None:
    """24 hours of a stream whose shards last four hours, as on AWS, with a record every four seconds."""
    hours = {
        f"s{n}": (f"s{n - 1}" if n else None, n * 3600, [float(n * 14_400 + 4 * one) for one in range(3600)])
        for n in range(6)
    }
    whole, late = (Shards(hours, knows=EVERY, step=1000, takes_any=False) for _ in range(2))
    _read(whole, Begin())
    _, keys = _read(late, Begin(at=86_100.0))
    assert keys == [f"s5-{number}" for number in range(3525, 3600)]
    assert late.calls["GetRecords"] < 0.3 * whole.calls["GetRecords"]


@st.composite
def _histories(draw: st.DrawFn) -> tuple[dict[str, tuple[str | None, int, list[float]]], float]:
    """Shards with a lineage, and a time: records of a parent are not newer than those of its children."""
    shards: dict[str, tuple[str | None, int, list[float]]] = {}
    gaps = st.sampled_from([0.0, 0.0, 1.0, 30.0, 90.0, 4000.0])

    def grow(name: str, parent: str | None, first: int, now: float, depth: int) -> None:
        times = []
        for gap in draw(st.lists(gaps, max_size=12)):
            now += gap
            times += [now] * draw(st.sampled_from([1, 1, 3, 900]))
        shards[name] = (parent, first, times)
        for child in range(draw(st.integers(0, 2)) if depth < 3 else 0):
            grow(f"{name}{child}", name, first + len(times), now, depth + 1)

    for root in range(draw(st.integers(1, 2))):
        grow(f"s{root}", None, root * 10**6, 0.0, 0)
    every = sorted({at for _, _, times in shards.values() for at in times}) or [0.0]
    return shards, draw(st.sampled_from(every)) + draw(st.sampled_from([0.0, 0.5, 61.0, -1.0]))


@examples(60)
@given(
    history=_histories(),
    step=st.sampled_from([1, 1000, 10**20]),
    takes_any=st.booleans(),
    knows=st.booleans(),
)
def test_reading_from_a_time_gives_what_reading_everything_gives(
    history: tuple[dict[str, tuple[str | None, int, list[float]]], float],
    *,
    step: int,
    takes_any: bool,
    knows: bool,
) -> None:
    shards, since = history
    endpoint = Shards(shards, knows=EVERY if knows else _OLD, step=step, takes_any=takes_any)
    _, keys = _read(endpoint, Begin(at=since))
    expected = [
        f"{name}-{number}"
        for name, (_, _, times) in shards.items()
        for number, at in enumerate(times)
        if at >= math.floor(since)
    ]
    assert sorted(keys) == sorted(expected)


def test_a_refusal_of_another_kind_is_not_taken_for_an_old_endpoint() -> None:
    shards = _lineage("TRIM_HORIZON")
    with pytest.raises(Exception, match="unknown"):
        _read(shards, Begin(after={"p": str(_FIRST)}))
