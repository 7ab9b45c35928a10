"""Lengths of time as people write them: ``90``, ``90s``, ``5m``, ``2h30m``, ``1d``."""

from __future__ import annotations

import re

from ddbinsert.errors import UsageError

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|d|h|m|s)")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|d|h|m|s))+")
_BARE = re.compile(r"\d+(?:\.\d+)?")
_LONGEST = 10 * 365 * 86400.0


def seconds(text: str, *, name: str = "duration") -> float:
    """Seconds in ``text``; a bare number means seconds.

    Raises:
        UsageError: It is no duration, or one of over ten years; the message names ``name``.
    """
    plain = text.strip().lower()
    if _BARE.fullmatch(plain):
        total = float(plain)
    elif _WHOLE.fullmatch(plain):
        total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(plain))
    else:
        raise UsageError(f"{name}: {text!r} is no duration.", hint="Write 90, 90s, 5m, 2h30m or 1d.")
    if total > _LONGEST:
        raise UsageError(f"{name}: {text!r} is too long.", hint="At most ten years.")
    return total


def words(duration: float) -> str:
    """A length of time for reading: ``340 ms``, ``12.3 s``, ``4 min 05 s``, ``2 h 03 min``."""
    # Whatever would round up to the next unit is written in it.
    if duration < 0.9995:
        return f"{duration * 1000:.0f} ms"
    if duration < 59.95:
        return f"{duration:.1f} s"
    whole = round(duration)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
