"""Running cases, comparing the answers with the truth, and the confusion matrix."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.strict.sabotage.ground import REFUSED, Ground
from tests.strict.sabotage.known import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.sabotage.case import Case
    from tests.strict.sabotage.ground import Judged

#: Inserts that a watched case needs at least: on a busy machine its writer and its reader are slow.
_TOO_FEW = 4
#: What exits how.
CODES = {"PASS": (0,), "FAIL": (1,), "INCONCLUSIVE": (6,), REFUSED: (4, 5)}
BROKEN, WELL = "sabotaged", "healthy"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The answer to one case.

    Attributes:
        kind: sabotaged or healthy.
        problem: What is wrong with the answer; empty where it is right.
        known: The wrong answer that is expected of it; empty where the right one is.
    """

    kind: str
    name: str
    result: str
    cause: str
    problem: str = ""
    known: str = ""

    @property
    def news(self) -> str:
        """What a test must report: a wrong answer, or a right one where a wrong one is expected."""
        if not self.known or self.known.startswith("sometimes "):
            return "" if self.known else self.problem
        return "" if self.problem else "it is right now; remove its entry from KNOWN"

    @property
    def is_pass(self) -> bool:
        return self.result == "PASS"

    @property
    def is_counted(self) -> bool:
        return not (self.known and self.problem)


def carried_out(case: Case, emulator: local.Emulator, home: Path) -> Judged:
    """Build a case and verify it; once more with more time, where the machine was too slow for it."""
    judged = _judged(case, emulator, home)
    if judged.causes == {"timeout"}:
        return _judged(replace(case, options=(*case.options, "--timeout", "60s")), emulator, home)
    odd = judged.result not in case.results or "no-inserts-seen" in judged.causes
    if "--observe" in case.options and odd and judged.watched < _TOO_FEW and case.cause != "no-inserts-seen":
        return _judged(replace(case, options=(*case.options, "--for", "8s")), emulator, home)
    return judged


def _judged(case: Case, emulator: local.Emulator, home: Path) -> Judged:
    with Ground(emulator, home, case.profile) as ground:
        case.build(ground)
        return ground.verify(*case.options)


def compared(case: Case, kind: str, judged: Judged) -> Outcome:
    """Compare the answer with what is true of the case."""
    codes = judged.causes | judged.notes
    among = judged.causes if kind == BROKEN else codes
    problems = []
    if judged.result not in case.results or judged.exit_code not in CODES[judged.result]:
        problems.append(f"{judged.result} (exit {judged.exit_code}) instead of {' or '.join(case.results)}")
    wrong = [code for code in sorted(judged.causes) if not _is_among(case.unless, [code])]
    if kind == WELL and wrong:
        problems.append(f"found {', '.join(wrong)}")
    if case.cause and not _is_among(case.cause, among):
        problems.append(f"did not name {case.cause} but {', '.join(sorted(among)) or 'nothing'}")
    problems += [f"did not give {code}" for code in case.also if not _is_among(code, codes)]
    problems += [f"gave {code}, which is untrue" for code in case.never if _is_among(code, codes)]
    problems += [f"did not say {text!r}" for text in case.says if text not in judged.summary]
    cause = ", ".join(sorted(judged.causes or codes))
    return Outcome(
        kind=kind,
        name=case.name,
        result=judged.result,
        cause=cause,
        problem="; ".join(problems),
        known=KNOWN.get(case.name, ""),
    )


def _is_among(pattern: str, codes: Iterable[str]) -> bool:
    """Whether one of the codes matches the pattern: ``sink*``, ``a|b``."""
    return any(fnmatch.fnmatchcase(code, one) for code in codes for one in pattern.split("|"))


def table(outcomes: Iterable[Outcome]) -> str:
    """Every case in a line, then the confusion matrix.

    A healthy trigger that isn't a PASS is a false alarm, a sabotaged one that is a PASS a false pass. Wrong answers
    that are known are counted by themselves.
    """
    outcomes = sorted(outcomes, key=lambda one: (one.kind, one.name))
    lines = [_line(one) for one in outcomes]
    counts = Counter((one.kind, one.result) for one in outcomes)
    lines += ["", " " * 11 + "".join(f"{result:>14}" for result in CODES) + f"{'all':>8}"]
    for kind in (WELL, BROKEN):
        row = [counts[kind, result] for result in CODES]
        lines.append(f"{kind:<11}" + "".join(f"{count:>14}" for count in row) + f"{sum(row):>8}")
    wrong = sum(bool(one.news) for one in outcomes)
    known = sum(not one.is_counted for one in outcomes)
    passes, alarms = false_passes(outcomes), false_alarms(outcomes)
    lines += ["", f"{passes} false passes, {alarms} false alarms, {wrong} wrong in verdict or cause"]
    lines += [f"and {known} that are known to be wrong"] if known else []
    return "\n".join(lines)


def _line(one: Outcome) -> str:
    mark = "KNOWN" if one.problem and one.known else "WRONG"
    remark = one.news or one.problem
    return (
        f"{one.kind:<10} {one.result:<13} {one.name}"
        + (f"  [{one.cause}]" if one.cause else "")
        + (f"  {mark}: {remark}" if remark else "")
    )


def false_passes(outcomes: Iterable[Outcome]) -> int:
    return sum(one.kind == BROKEN and one.is_counted and one.is_pass for one in outcomes)


def false_alarms(outcomes: Iterable[Outcome]) -> int:
    return sum(
        one.kind == WELL and one.is_counted and not one.is_pass and bool(one.problem) for one in outcomes
    )
