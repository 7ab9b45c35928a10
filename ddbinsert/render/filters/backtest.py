"""What filters would have delivered, as text and as data."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ddbinsert.core.words import plural
from ddbinsert.render.filters.report import short
from ddbinsert.render.terminal.screen import one_line

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from ddbinsert.core.filters.backtest import (
        Assumed,
        Backtest,
        BacktestComparison,
        InvocationCounts,
        Sampled,
    )
    from ddbinsert.render.terminal.screen import Screen

_EVENTS = ("INSERT", "MODIFY", "REMOVE")
_SAMPLES_SHOWN = 6


def data(source: str, found: Backtest, assumed: Assumed) -> dict[str, Any]:
    """A backtest for the envelope."""
    best, worst = found.invocations(assumed)
    return {
        "source": source,
        "complete": found.complete,
        "records": found.records,
        "first": _moment(found.first),
        "last": _moment(found.last),
        "seen": _counts(found.delivered.counts + found.dropped.counts),
        "delivered": _counts(found.delivered.counts),
        "dropped": _counts(found.dropped.counts),
        "filters": [
            {"pattern": pattern, "matched": matched}
            for pattern, matched in zip(found.patterns, found.by_filter, strict=True)
        ],
        "invocations": {"full_batches": _invocations(best), "single_records": _invocations(worst)},
        "assumed": {**asdict(assumed), "usd_per_invocation": assumed.usd},
        "samples": {"delivered": found.delivered.records, "dropped": found.dropped.records},
    }


def _invocations(one: InvocationCounts) -> dict[str, Any]:
    return {**asdict(one), "saved": one.saved}


def _counts(counts: Counter[str]) -> dict[str, int]:
    return {**dict.fromkeys(_EVENTS, 0), **dict(sorted(counts.items()))}


def _moment(at: float | None) -> str | None:
    if at is None or not -62_135_596_800 <= at <= 253_402_300_799:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def human(screen: Screen, source: str, found: Backtest, assumed: Assumed) -> None:
    for number, (pattern, matched) in enumerate(zip(found.patterns, found.by_filter, strict=True), 1):
        screen.line(f"filter {number}: {one_line(pattern, 200)}  ({matched} matched)")
    period = f", {_moment(found.first)} to {_moment(found.last)}" if found.first is not None else ""
    screen.line(f"{_records(found.records)} of {one_line(source)}{period}")
    if not found.records:
        return
    rows = [
        (event, str(before), str(found.delivered.counts[event]), str(found.dropped.counts[event]))
        for event, before in _counts(found.delivered.counts + found.dropped.counts).items()
    ]
    total = ("all", str(found.records), str(found.delivered.total), str(found.dropped.total))
    screen.table(("event", "records", "delivered", "dropped"), [*rows, total])
    best, worst = found.invocations(assumed)
    screen.line(f"invocations in full batches of {assumed.batch_size}: {_saving(best)}")
    screen.line(f"invocations with one record each: {_saving(worst)}")
    screen.line(
        f"(cost at {assumed.memory} MB and {assumed.seconds:g} s per invocation, Lambda's list price in us-east-1)",
        "dim",
    )
    _samples(screen, "delivered", found.delivered)
    _samples(screen, "dropped", found.dropped)


def _records(count: int) -> str:
    return plural(count, "record")


def _saving(one: InvocationCounts) -> str:
    return f"{one.delivered} instead of {one.without}, {one.saved} and ${one.usd_saved:.6f} saved"


def _samples(screen: Screen, title: str, sampled: Sampled) -> None:
    if sampled.records:
        screen.line(f"{title}, for example:", "bold")
    for record in sampled.records[:_SAMPLES_SHOWN]:
        screen.line(f"  {one_line(json.dumps(short(record), ensure_ascii=False, default=str), 300)}")


# --- two sets of filters ----------------------------------------------------------------------------------


def compared_data(source: str, found: BacktestComparison) -> dict[str, Any]:
    """A comparison for the envelope."""
    return {
        "source": source,
        "complete": found.complete,
        "records": found.records,
        "old": list(found.old),
        "new": list(found.new),
        "both": found.both,
        "neither": found.neither,
        "gained": _counts(found.gained.counts),
        "lost": _counts(found.lost.counts),
        "samples": {"gained": found.gained.records, "lost": found.lost.records},
    }


def compared(screen: Screen, source: str, found: BacktestComparison) -> None:
    _listed(screen, "old", found.old)
    _listed(screen, "new", found.new)
    screen.line(f"{_records(found.records)} of {one_line(source)}")
    gained, lost = found.gained.total, found.lost.total
    if not gained and not lost:
        screen.line(
            f"Both deliver the same records: {found.both} delivered by both, {found.neither} by neither.",
            "green",
        )
        return
    rows = [
        (event, f"+{found.gained.counts[event]}", f"-{found.lost.counts[event]}")
        for event in _counts(found.gained.counts + found.lost.counts)
    ]
    rows.append(("all", f"+{gained}", f"-{lost}"))
    screen.table(("event", "newly delivered", "no longer"), rows)
    screen.line(f"unchanged: {found.both} delivered by both, {found.neither} by neither")
    _samples(screen, "newly delivered", found.gained)
    _samples(screen, "no longer delivered", found.lost)


def _listed(screen: Screen, name: str, patterns: Sequence[str]) -> None:
    for pattern in patterns:
        screen.line(f"{name}: {one_line(pattern, 200)}")
