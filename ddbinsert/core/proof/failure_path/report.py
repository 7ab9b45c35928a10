"""The verdict on a failure path: what was shown for which function, and what was not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.proof.causes.catalog import About
from ddbinsert.core.proof.failure_path.outcome import FailingFunction, TrialOutcome
from ddbinsert.core.proof.symptoms import Symptoms
from ddbinsert.core.proof.verdict import Result, Verdict, Weight, by_weight, result_of
from ddbinsert.core.times import format_duration
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.proof.verdict import Evidence, Finding


@dataclass(frozen=True, kw_only=True)
class FailurePath:
    """A run with a failing record.

    Attributes:
        function: The user's function.
        outcomes: The outcomes, by mapping; none if no record was made to fail.
    """

    function: str
    outcomes: tuple[TrialOutcome, ...] = ()

    @property
    def on_tap(self) -> bool:
        """Whether a temporary function was used instead of the user's."""
        return any(one.stand is FailingFunction.TAP for one in self.outcomes)


def verdict_of(
    run_id: str,
    path: FailurePath,
    findings: Sequence[Finding],
    evidence: Sequence[Evidence],
    *,
    waited: float,
) -> Verdict:
    """The verdict from the findings."""
    result = result_of(Symptoms(), findings)
    return Verdict(
        result=result,
        run_id=run_id,
        summary=_summary(result, path, findings),
        findings=tuple(by_weight(findings)),
        evidence=tuple(evidence),
        counts=_counts(path),
        waited=waited,
    )


def _summary(result: Result, path: FailurePath, findings: Sequence[Finding]) -> str:
    if result is Result.PASS:
        on = (
            f", on a temporary function with the settings of {path.function}'s mapping" if path.on_tap else ""
        )
        return f"a failing record is handled safely: {'; '.join(_summarize_outcome(one) for one in path.outcomes)}{on}"
    weight = Weight.PROOF if result is Result.FAIL else Weight.HOLE
    decisive = [one for one in findings if one.weight is weight]
    more = f" (and {len(decisive) - 1} more)" if len(decisive) > 1 else ""
    how = (
        "the failure path does not meet the requirements"
        if result is Result.FAIL
        else "the failure path is not proven"
    )
    return f"{how}: {decisive[0].text}{more}"


def _summarize_outcome(seen: TrialOutcome) -> str:
    return (
        f"it was tried {len(seen.tries)} times, kept {len(seen.neighbours)} others waiting for "
        f"{format_duration(seen.longest)} at most, and its record "
        f"was recovered from {seen.mapping.on_failure}"
    )


def _counts(path: FailurePath) -> dict[str, int]:
    others = [one for seen in path.outcomes for one in seen.companions]
    processed = sum(one.processed is not None for one in others)
    failing = len(path.outcomes)
    return {
        "items": len(others) + failing,
        "writes": len(others) + failing,
        "expected_inserts": len(others),
        "processed_inserts": processed,
        "missing": len(others) - processed,
        "intruders": 0,
        "guarded": 0,
        "duplicates": 0,
        "stream_records": sum(one.in_shard is not None for one in others),
        "attempts": sum(len(seen.tries) for seen in path.outcomes),
        "documents": sum(len(seen.kept) for seen in path.outcomes),
    }


#: The claims of a run in the order of reports, each with the text for its proof.
CLAIMS: Final = {
    About.LIMITED: "A failing record is retried a limited number of times",
    About.ISOLATED: "A failing record is separated from the others of its batch",
    About.HELD_UP: "A failing record delays others of its shard for a limited time",
    About.KEPT: "A failing record reaches the on-failure destination, and can be read back",
}


def evidence_for(about: About, path: FailurePath) -> str:
    """The evidence that proves a claim; empty if no record was made to fail."""
    return " ".join(dict.fromkeys(_evidence_of_outcome(about, seen) for seen in path.outcomes))


def _evidence_of_outcome(about: About, seen: TrialOutcome) -> str:
    match about:
        case About.LIMITED:
            return f"It was tried {len(seen.tries)} times, and one and the same batch retried {seen.retries} times."
        case About.ISOLATED:
            return (
                f"Up to {seen.met} other test items were in a batch with it; {_processed(seen)} of the "
                f"{len(seen.companions)} "
                "others were processed."
            )
        case About.HELD_UP:
            return f"The {len(seen.neighbours)} others of its shard or batch waited for {format_duration(seen.longest)} at most."
        case _:
            documents = ", ".join(f"{one.id} ({one.condition})" for one in seen.kept)
            return f"{documents or 'No document'} at {seen.mapping.on_failure}; its record was read back."


def _processed(seen: TrialOutcome) -> int:
    return sum(one.processed is not None for one in seen.companions)


def not_tried(path: FailurePath) -> str:
    """What was not shown for the user's own function; empty if it was made to fail itself."""
    if not path.on_tap:
        return ""
    return (
        f"what {path.function} itself does with a failing record: a temporary function with the same settings "
        f"failed in its place; that {path.function}'s role may send to the destination is judged from "
        "policies. Should it fail on the test "
        "items themselves, documents about them may arrive later"
    )
