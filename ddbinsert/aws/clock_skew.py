"""Requests that AWS refuses because the clock of this machine is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

HINT: Final = (
    "Correct the clock of this machine (on Linux: `timedatectl set-ntp true`; in a container or virtual machine, that "
    "of its host), and run the command again."
)
_CODES: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"})
#: Sentences of InvalidSignatureException and SignatureDoesNotMatch, as in "Signature expired: 20260501T120000Z is now
#: earlier than 20260501T121000Z (20260501T121500Z - 5 min.)".
_SENTENCE: Final = re.compile(r"Signature expired|Signature not yet current")
_TIME: Final = re.compile(r"\b\d{8}T\d{6}Z\b")


def is_clock_skew(code: str, message: str) -> bool:
    return code in _CODES or ("Signature" in code and _SENTENCE.search(message) is not None)


def what_is_wrong(error: Mapping[str, Any], headers: Mapping[str, str], message: str) -> str:
    """What is wrong with the clock: how far it is off, if AWS says so.

    Args:
        error: The fields of AWS's error; S3 returns both times.
        headers: The answer's headers, with AWS's time.
    """
    times = _TIME.findall(message)
    signed = _moment(times[0]) if times else _moment(str(error.get("RequestTime", "")))
    aws = _moment(str(error.get("ServerTime", ""))) or _moment(headers.get("date", ""))
    if aws is None and len(times) > 2:
        aws = _moment(times[2])
    if signed is None or aws is None:
        return "the clock of this machine is wrong"
    ahead = signed - aws
    way = "ahead of" if ahead > 0 else "behind"
    return f"the clock of this machine is {format_duration(abs(ahead))} {way} AWS's"


def _moment(text: str) -> float | None:
    if _TIME.fullmatch(text):
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        pass
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
