"""How far back the evidence reaches, and which periods the log does not cover."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ddbinsert.core.proof.gaps.lines import BIN
from ddbinsert.core.proof.gaps.model import Stretch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ddbinsert.core.model.seen import LogGroupState
    from ddbinsert.core.proof.gaps.lines import PastLines

#: Seconds for which DynamoDB Streams keeps a record.
RETENTION = 86_400.0
_DAY = 86_400.0


def enabled_at(stream_arn: str) -> float | None:
    """Epoch seconds at which a stream was enabled, from the label at the end of its ARN."""
    label = stream_arn.rpartition("/stream/")[2]
    try:
        return datetime.fromisoformat(label).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def stream_begins(streams: Iterable[str], now: float) -> float:
    """The time since which the streams contain every record: the oldest one's start, within the retention."""
    starts = [enabled_at(arn) for arn in streams]
    known = [start for start in starts if start is not None]
    oldest = min(known) if known and len(known) == len(starts) else 0.0
    return max(oldest, now - RETENTION)


def off_between(streams: Iterable[str], since: float) -> list[Stretch]:
    """Periods in which possibly no stream was enabled: between the starts of consecutive streams."""
    starts = sorted(start for arn in streams if (start := enabled_at(arn)) is not None)
    return [
        Stretch(
            since=max(since, earlier),
            until=later,
            why="the stream was replaced: what was written while none was enabled left no record",
        )
        for earlier, later in itertools.pairwise(starts)
        if later > since
    ]


def log_begins(group: LogGroupState, now: float) -> float:
    """Epoch seconds since which the log group contains its lines, in whole seconds as the times of stream records."""
    kept = now - group.retention_days * _DAY if group.retention_days else 0.0
    return float(math.floor(max(kept, group.created or 0.0)))


def unlogged(
    invocations: Mapping[int, float], lines: PastLines, *, since: float, slack: float
) -> list[Stretch]:
    """Periods in which CloudWatch counts invocations and the log contains no line of them.

    Args:
        invocations: Number of invocations by minute.
        slack: Seconds after its minute in which a line may follow.
    """
    reach = int(slack // BIN) + 1
    dark = sorted(
        {
            int(minute // BIN)
            for minute, count in invocations.items()
            if count > 0
            and minute + 60 > since
            and not any(
                place in lines.bins for place in range(int(minute // BIN) - 1, int(minute // BIN) + reach + 1)
            )
        }
    )
    why = "CloudWatch counts invocations, and the log contains no lines of them"
    return merged(
        Stretch(since=place * BIN - slack - 60, until=(place + 1) * BIN + slack, why=why) for place in dark
    )


def silent(lines: PastLines, slack: float) -> list[Stretch]:
    """Periods of consecutive successful invocations without a line."""
    why = "several invocations in a row ended without an error and logged nothing: the log may not show what they processed"
    return merged(Stretch(since=since - slack, until=until, why=why) for since, until in lines.silent)


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The stretches with overlapping ones of the same reason merged."""
    found: list[Stretch] = []
    for one in sorted(stretches, key=lambda stretch: (stretch.why, stretch.since)):
        last = found[-1] if found else None
        if last is not None and last.why == one.why and one.since <= last.until:
            found[-1] = Stretch(since=last.since, until=max(last.until, one.until), why=one.why)
        else:
            found.append(one)
    return found
