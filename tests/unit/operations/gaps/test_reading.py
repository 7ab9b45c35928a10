"""What an audit reads of a stream: the inserts of its period, without the pages before it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from ddbinsert.environment import SystemClock
from ddbinsert.operations.gaps.insert_store import opened
from ddbinsert.operations.gaps.progress import Progress, ReadStreams
from ddbinsert.operations.gaps.reading import read_streams
from tests.unit.aws.read.test_stream_begin import EVERY, OnShards, Shards

if TYPE_CHECKING:
    from ddbinsert.aws.context import Context

_HOUR = 3600.0


def read(shards: Shards, since: float, *, progress: Progress | None = None) -> set[str]:
    """The inserts that an audit from a time on stores, by their keys."""
    context = cast(
        "Context",
        SimpleNamespace(
            aws=OnShards(shards),
            clock=SystemClock(),
            reporter=SimpleNamespace(waiting=lambda *_words: None),
        ),
    )
    with opened() as store:
        read_streams(
            context,
            store,
            {"arn:stream": lambda _record: True},
            since=since,
            until=SystemClock().now(),
            progress=progress,
        )
        return {one.keys for one in store.open_inserts(everything=True)}


def history() -> tuple[Shards, float]:
    """Three shards, one after the other, with 30,000 records of the last 20 hours, and the current time."""
    now = float(int(SystemClock().now()))
    every = 20 * _HOUR / 30_000
    times: list[float] = [float(int(now - 20 * _HOUR + number * every)) for number in range(30_000)]
    parts: dict[str, Any] = {
        f"s{part}": (f"s{part - 1}" if part else None, part * 10_000, times[part * 10_000 :][:10_000])
        for part in range(3)
    }
    return Shards(parts, knows=EVERY, step=10**20), now


def test_a_short_period_costs_few_reads() -> None:
    whole, now = history()
    assert len(read(whole, now - 24 * _HOUR)) == 30_000
    late, _ = history()
    found = read(late, now - 300.0)
    assert found
    assert late.calls["GetRecords"] < 0.2 * whole.calls["GetRecords"]


@pytest.mark.parametrize("since", [300.0, _HOUR, 9.5 * _HOUR, 30 * _HOUR])
def test_the_inserts_of_a_period_are_those_of_the_whole_that_are_in_it(since: float) -> None:
    shards, now = history()
    inserts = read(shards, now - since)
    count = sum(at + 1 > now - since for _, _, times in shards.shards.values() for at in times)
    assert len(inserts) == count


def test_an_audit_that_continues_starts_after_what_was_read() -> None:
    shards, now = history()
    since = now - 9.5 * _HOUR
    progress = Progress(since=since, until=None, found=ReadStreams())
    first = read(shards, since, progress=progress)
    progress.done.clear()  # interrupted before the end of the stream was noted
    shards.calls.clear()
    assert first
    assert not read(shards, since, progress=progress)
    assert shards.calls["GetRecords"] < 10
