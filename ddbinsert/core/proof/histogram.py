"""Durations in bounded memory: buckets that grow by 5 %, so that a percentile is accurate to 5 %."""

from __future__ import annotations

import math
from collections import Counter

_GROWTH = math.log(1.05)
_SMALLEST = 0.001


class Histogram:
    """Numbers of durations (seconds) by bucket."""

    def __init__(self) -> None:
        self._buckets = Counter[int]()
        self.count = 0
        self.least = math.inf
        self.most = 0.0

    def add(self, seconds: float, times: int = 1) -> None:
        self._buckets[_bucket(seconds)] += times
        self.count += times
        self.least = min(self.least, seconds)
        self.most = max(self.most, seconds)

    def percentile(self, share: float) -> float | None:
        """The duration that a ``share`` (0 to 1) of all durations does not exceed; None if there are none."""
        if not self.count:
            return None
        wanted = max(1, math.ceil(share * self.count))
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(max(_upper(bucket), self.least), self.most)
        return self.most

    def summary(self) -> dict[str, float] | None:
        """The values min, p50, p90, p99 and max in seconds; None if there are none."""
        if not self.count:
            return None
        named = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
        percentiles = {name: round(self.percentile(share) or 0.0, 4) for name, share in named.items()}
        return {"min": round(self.least, 4), **percentiles, "max": round(self.most, 4)}

    def bars(self) -> tuple[tuple[float, float, int], ...]:
        """(from, to, count) of the buckets that are not empty, in order."""
        return tuple(
            (_upper(bucket - 1) if bucket else 0.0, _upper(bucket), self._buckets[bucket])
            for bucket in sorted(self._buckets)
        )


def _bucket(seconds: float) -> int:
    return 0 if seconds <= _SMALLEST else math.ceil(math.log(seconds / _SMALLEST) / _GROWTH)


def _upper(bucket: int) -> float:
    return _SMALLEST * math.exp(bucket * _GROWTH)
