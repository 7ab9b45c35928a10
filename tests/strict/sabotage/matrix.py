"""Carrying cases out, and the table of what was said of how many."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.strict.sabotage.ground import REFUSED, Ground

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.sabotage.case import Case
    from tests.strict.sabotage.ground import Judged

#: What exits how.
CODES = {"PASS": (0,), "FAIL": (1,), "INCONCLUSIVE": (6,), REFUSED: (4, 5)}
BROKEN, WELL = "sabotaged", "healthy"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was said of one case.

    Attributes:
        kind: sabotaged or healthy.
        problem: What is wrong with the answer; empty where it is right.
    """

    kind: str
    name: str
    result: str
    cause: str
    problem: str = ""


def carried_out(case: Case, emulator: local.Emulator, home: Path) -> Judged:
    """Build a case and verify it."""
    with Ground(emulator, home, case.profile) as ground:
        case.build(ground)
        return ground.verify(*case.options)


def compared(case: Case, kind: str, judged: Judged) -> Outcome:
    """The answer against what the case demands."""
    told = judged.causes | judged.notes
    problems = []
    if judged.result != case.result or judged.exit_code not in CODES[case.result]:
        problems.append(f"{judged.result} (exit {judged.exit_code}) instead of {case.result}")
    if kind == WELL and judged.causes:
        problems.append(f"found {', '.join(sorted(judged.causes))}")
    among = judged.causes if kind == BROKEN else told
    problems += [f"did not name {case.cause}"] if case.cause and case.cause not in among else []
    problems += [f"did not tell {code}" for code in case.also if code not in told]
    cause = case.cause or ", ".join(sorted(told))
    return Outcome(kind=kind, name=case.name, result=judged.result, cause=cause, problem="; ".join(problems))


def table(outcomes: Iterable[Outcome]) -> str:
    """Every case in a line, then the confusion matrix.

    A healthy trigger that isn't a PASS is a false alarm, a sabotaged one that is a PASS a false pass.
    """
    outcomes = sorted(outcomes, key=lambda one: (one.kind, one.name))
    lines = [
        f"{one.kind:<10} {one.result:<13} {one.name}"
        + (f"  [{one.cause}]" if one.cause else "")
        + (f"  WRONG: {one.problem}" if one.problem else "")
        for one in outcomes
    ]
    counts = Counter((one.kind, one.result) for one in outcomes)
    lines += ["", " " * 11 + "".join(f"{result:>14}" for result in CODES) + f"{'all':>8}"]
    for kind in (WELL, BROKEN):
        row = [counts[kind, result] for result in CODES]
        lines.append(f"{kind:<11}" + "".join(f"{count:>14}" for count in row) + f"{sum(row):>8}")
    wrong = sum(bool(one.problem) for one in outcomes)
    passes, alarms = false_passes(outcomes), false_alarms(outcomes)
    lines += ["", f"{passes} false passes, {alarms} false alarms, {wrong} wrong in verdict or cause"]
    return "\n".join(lines)


def false_passes(outcomes: Iterable[Outcome]) -> int:
    return sum(one.kind == BROKEN and one.result == "PASS" for one in outcomes)


def false_alarms(outcomes: Iterable[Outcome]) -> int:
    return sum(one.kind == WELL and one.result != "PASS" for one in outcomes)
