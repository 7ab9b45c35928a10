"""What all reports share: the run without a verdict, the texts for results, the facts of a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ddbinsert import __version__
from ddbinsert.core.proof.claims import Standing
from ddbinsert.core.proof.verdict import Result, Weight
from ddbinsert.core.times import format_duration
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.proof.proof import Proof


@dataclass(frozen=True, kw_only=True)
class NoVerdict:
    """A run that ended before it reached a verdict.

    Attributes:
        table: The table as given on the command line; may be empty.
        at: End of the run in epoch seconds.
        exit_code: The command's exit code.
        code: The error's code: stable, kebab-case.
        message: What happened.
        hint: The next action, with commands between backticks.
        function: The consumer, if the run covered several.
    """

    table: str
    at: float
    exit_code: int
    code: str
    message: str
    hint: str | None = None
    function: str = ""


#: The last time that `datetime` can represent, in epoch seconds.
_LATEST = 253402300799.0

#: Shown for an unknown value, and for no value.
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
    Weight.PROOF: "makes it a FAIL",
    Weight.HOLE: "prevents a PASS",
    Weight.NOTE: "note",
}
#: The fields of `EventCounts` that reports show, in this order, with their displayed names.
COLUMNS: Final[Mapping[str, str]] = {
    "written": "written",
    "recorded": "in the stream",
    "processed": "processed",
    "guarded": "dropped by the guard",
    "failed": "failed",
    "missing": "missing",
}


def sentence(text: str) -> str:
    """The text with an initial capital letter and a full stop."""
    if not text:
        return text
    begun = text[0].upper() + text[1:]
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def format_time(at: float) -> str:
    """A time in readable form: ``2026-11-25 09:42:36 UTC``."""
    return _date(at).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(at: float) -> str:
    """A time in ISO 8601 form, in UTC: ``2026-11-25T09:42:36``."""
    return _date(at).strftime("%Y-%m-%dT%H:%M:%S")


def after(at: float, start: float) -> str:
    """The duration from the start to a time, which may be negative: ``+340 ms``."""
    return f"+{format_duration(at - start)}" if at >= start else f"-{format_duration(start - at)}"


def _date(at: float) -> datetime:
    return datetime.fromtimestamp(min(max(at, 0.0), _LATEST), tz=UTC)


def facts(proof: Proof) -> list[tuple[str, str]]:
    """The facts of the run, as names and values."""
    world = proof.world
    return [
        ("table", proof.trigger.table),
        ("function", proof.subject or proof.function),
        ("account", world.account or "unknown"),
        ("region", world.region or "unknown"),
        ("endpoint", proof.endpoint or "unknown"),
        ("started", format_time(proof.started)),
        ("duration", format_duration(max(0.0, proof.finished - proof.started))),
        ("run id", proof.verdict.run_id),
        ("test items", _items_left(proof)),
        ("ddbinsert", __version__),
    ]


def has_written(proof: Proof) -> bool:
    """Whether the run wrote any test item."""
    if proof.failure_path is not None:
        return bool(proof.failure_path.outcomes)
    tally = proof.tally
    return tally is not None and bool(tally.bulk_written or any(lane.written for lane in tally.lanes))


def _items_left(proof: Proof) -> str:
    if not has_written(proof):
        return "none written"
    return "left in the table (--keep)" if proof.kept else "removed"


def number(value: int | None) -> str:
    """A count as text; a dash if it is unknown."""
    return NOTHING if value is None else f"{value:,}"
