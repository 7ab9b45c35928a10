"""What reports have in common: the run that came to no verdict, and the words that every format uses alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ddbinsert import __version__
from ddbinsert.core.claims import Standing
from ddbinsert.core.duration import words
from ddbinsert.core.verdict import Result, Weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.kinds import Kind
    from ddbinsert.core.proof import Proof


@dataclass(frozen=True, kw_only=True)
class NoVerdict:
    """A run that ended before it could judge.

    Attributes:
        at: Epoch seconds of its end. code: The error's, stable, kebab-case.
    """

    table: str
    at: float
    exit_code: int
    code: str
    message: str
    hint: str | None = None


#: Epoch seconds that a date can be told of: the years 1 to 9999.
_LATEST = 253402300799.0

#: In the place of what can't be told, or of nothing.
NOTHING: Final = "—"

RESULT_SIGNS: Final[Mapping[Result, str]] = {
    Result.PASS: "✓",
    Result.FAIL: "✗",
    Result.INCONCLUSIVE: "?",
}
STANDING_SIGNS: Final[Mapping[Standing, str]] = {
    Standing.PROVEN: "✓",
    Standing.DISPROVEN: "✗",
    Standing.OPEN: "?",
    Standing.NOT_JUDGED: NOTHING,
}
WEIGHT_WORDS: Final[Mapping[Weight, str]] = {
    Weight.PROOF: "decides the verdict",
    Weight.HOLE: "keeps it from a pass",
    Weight.NOTE: "note",
}
COLUMNS: Final = ("written", "recorded", "processed", "guarded", "failed", "missing")


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    if not text:
        return text
    begun = text[0].upper() + text[1:]
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def moment(at: float) -> str:
    """A moment for reading: ``2026-11-25 09:42:36 UTC``."""
    return _date(at).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(at: float) -> str:
    """A moment for machines: ``2026-11-25T09:42:36``, UTC."""
    return _date(at).strftime("%Y-%m-%dT%H:%M:%S")


def after(at: float, start: float) -> str:
    """How long after (or before) the start something happened: ``+340 ms``."""
    return f"+{words(at - start)}" if at >= start else f"-{words(start - at)}"


def _date(at: float) -> datetime:
    return datetime.fromtimestamp(min(max(at, 0.0), _LATEST), tz=UTC)


def facts(proof: Proof) -> list[tuple[str, str]]:
    """What the run was about, name and value."""
    world = proof.world
    return [
        ("table", proof.trigger.table),
        ("function", proof.function),
        ("account", world.account or "unknown"),
        ("region", world.region or "unknown"),
        ("endpoint", proof.endpoint or "unknown"),
        ("started", moment(proof.started)),
        ("duration", words(max(0.0, proof.finished - proof.started))),
        ("run id", proof.verdict.run_id),
        ("test items", _items_left(proof)),
        ("ddbinsert", __version__),
    ]


def _items_left(proof: Proof) -> str:
    if proof.tally is None or not any(lane.written for lane in proof.tally.lanes):
        return "none written"
    return "left in the table (--keep)" if proof.kept else "removed"


def row(kind: Kind) -> tuple[str, ...]:
    """One kind's numbers in the order of `COLUMNS`; a dash for what can't be told."""
    values = (kind.written, kind.recorded, kind.processed, kind.guarded, kind.failed, kind.missing)
    return tuple(NOTHING if value is None else f"{value:,}" for value in values)
