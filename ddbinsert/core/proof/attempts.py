"""The invocation attempts whose end is in the log, and the failures among them that nothing explains."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ddbinsert.core.logs.ends import InvocationEnd

#: The version in a log stream's name: ``2026/11/27/[3]6f1d…``, or ``2026/11/27/NAME[3]6f1d…`` in a custom log group.
_VERSION = re.compile(r"\[([^\[\]]+)\]")


def versions_of(streams: Iterable[str]) -> frozenset[str]:
    """The versions of the function to which log streams belong, from the streams' names."""
    return frozenset(found[1] for stream in streams if (found := _VERSION.search(stream)))


class Attempts:
    """Ends of invocations without duplicates, added in any order.

    Attributes:
        count: Number of known ends.
        longest: The longest duration in seconds; None if no line contains one.
    """

    def __init__(self) -> None:
        self._by_stream: dict[str, list[InvocationEnd]] = {}
        self._by_request: dict[str, list[InvocationEnd]] = {}
        self._failures: list[InvocationEnd] = []
        self.count = 0
        self.longest: float | None = None

    def add(self, end: InvocationEnd) -> bool:
        """Add an end, and return whether it is new."""
        known = self._by_stream.setdefault(end.stream, [])
        place = bisect_left(known, end.at, key=lambda one: one.at)
        for other in known[place:]:
            if other.at != end.at:
                break
            if other.request == end.request:
                return False
        known.insert(place, end)
        self._by_request.setdefault(end.request, []).append(end)
        self.count += 1
        if end.seconds is not None:
            self.longest = max(self.longest or 0.0, end.seconds)
        if not end.ok:
            self._failures.append(end)
        return True

    def of(self, stream: str, request: str, at: float) -> InvocationEnd | None:
        """The end of the attempt that wrote a line; None if it is not (yet) known.

        Args:
            at: Epoch seconds of the line.
        """
        known = self._by_stream.get(stream)
        if not known:
            return None
        later = known[bisect_left(known, at, key=lambda one: one.at) :]
        same = next((end for end in later if end.request == request), None) if request else None
        # A handler may log any request id, or none; but an environment handles one invocation at a time.
        return same or (later[0] if later and not self._is_known(request) else None)

    def _is_known(self, request: str) -> bool:
        return request in self._by_request

    @property
    def failures(self) -> tuple[InvocationEnd, ...]:
        return tuple(sorted(self._failures, key=lambda end: (end.at, end.stream)))

    @property
    def versions(self) -> frozenset[str]:
        """The versions of the function that completed an attempt without an error, from the log streams' names."""
        return versions_of(stream for stream, ends in self._by_stream.items() if any(end.ok for end in ends))

    def failed_in(self, version: str) -> tuple[int, int]:
        """The number of attempts of a version, and how many of them failed."""
        ends = [
            end
            for stream, some in self._by_stream.items()
            if version in versions_of([stream])
            for end in some
        ]
        return len(ends), sum(not end.ok for end in ends)

    @property
    def all_failed(self) -> bool:
        return 0 < self.count == len(self._failures)

    def unexplained(
        self, *, splits: bool, retries: bool, settled: Callable[[InvocationEnd], bool]
    ) -> tuple[InvocationEnd, ...]:
        """The failures after which the fate of the records is not known.

        A failure is explained if a later attempt at the same request succeeded, if other attempts processed
        every record that it is known to have carried, or if its batch was split and the parts succeeded: a
        part that fails is split again, so after N splits N + 1 parts must succeed.

        Args:
            splits: Every mapping bisects a failed batch.
            retries: Every mapping retries failed batches.
            settled: Returns whether other attempts processed every record that an attempt is known to have carried.
        """
        good = sorted(end.at for ends in self._by_request.values() for end in ends if end.ok)
        open_ones = [end for end in self.failures if not (self._was_retried(end) or settled(end))]
        if not (splits and retries):
            return tuple(open_ones)
        split = [end.at for end in open_ones if self._failed_once(end)]
        return tuple(
            end
            for end in open_ones
            if not self._failed_once(end) or _after(good, end.at) <= _after(split, end.at)
        )

    def _was_retried(self, end: InvocationEnd) -> bool:
        return bool(end.request) and any(
            other.ok and other.at >= end.at for other in self._by_request[end.request]
        )

    def _failed_once(self, end: InvocationEnd) -> bool:
        return bool(end.request) and len(self._by_request[end.request]) == 1


def _after(times: list[float], at: float) -> int:
    return len(times) - bisect_left(times, at)
