"""Durations and times in the form that users write: ``90s``, ``2h30m``, ``2026-05-01T12:00Z``."""

from __future__ import annotations

import re
from datetime import datetime

from ddbinsert.errors import UsageError

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|d|h|m|s)")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|d|h|m|s))+")
_BARE = re.compile(r"\d+(?:\.\d+)?")
_LONGEST = 10 * 365 * 86400.0


def seconds(text: str, *, name: str = "duration") -> float:
    """Seconds in ``text``; a bare number means seconds.

    Raises:
        UsageError: It is not a duration, or longer than ten years; the message contains ``name``.
    """
    plain = text.strip().lower()
    if _BARE.fullmatch(plain):
        total = float(plain)
    elif _WHOLE.fullmatch(plain):
        total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(plain))
    else:
        raise UsageError(f"{name}: {text!r} is not a valid duration.", hint="Write 90, 90s, 5m, 2h30m or 1d.")
    if total > _LONGEST:
        raise UsageError(f"{name}: {text!r} is too long.", hint="At most ten years.")
    return total


def format_duration(duration: float) -> str:
    """A readable duration: ``340 ms``, ``12.3 s``, ``4 min 05 s``, ``2 h 03 min``."""
    # A value that would round up to the next unit is written in that unit.
    if duration < 0.9995:
        return f"{duration * 1000:.0f} ms"
    if duration < 59.95:
        return f"{duration:.1f} s"
    whole = round(duration)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def parse_time(text: str, now: float, *, name: str = "--since") -> float:
    """Epoch seconds of ``5m`` (ago) or of an ISO 8601 time; a time without a zone is local.

    Args:
        now: Epoch seconds.
        name: The option's name, for messages.

    Raises:
        UsageError: It is neither, or is in the future.
    """
    if "-" not in text and ":" not in text:
        return max(0.0, now - seconds(text, name=name))
    try:
        at = _epoch(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"{name}: {text!r} is not a valid time.",
            hint="Write 5m, 2h30m, 2026-05-01T12:00 or 2026-05-01T12:00:00Z.",
        ) from None
    if at > now:
        raise UsageError(f"{name}: {text} is in the future.", hint="Check the time zone: Z is UTC.")
    return max(0.0, at)


def _epoch(at: datetime) -> float:
    # A local zone object is not used, as it does not support offsets of a day or more (TZ=UTC+25).
    return at.timestamp()
