"""What doctor works with: checks, what they find, and what could not be checked."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Self

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ddbinsert.advice import Advice
    from ddbinsert.core.doctor.facts import Facts


class Severity(StrEnum):
    """ERROR: broken now, or records are lost. WARNING: a risk. NOTE: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class FactSource(StrEnum):
    """One part of what is read; ``source`` names the calls that it comes from."""

    source: str

    def __new__(cls, name: str, source: str) -> Self:
        member = str.__new__(cls, name)
        member._value_ = name
        member.source = source
        return member

    TABLE = "table", "dynamodb:DescribeTable"
    TTL = "time to live", "dynamodb:DescribeTimeToLive"
    KEY = "encryption key", "kms:DescribeKey"
    STREAM = "stream", "dynamodb:GetRecords"
    SHARDS = "shards", "dynamodb:DescribeStream"
    FUNCTION = "function", "lambda:GetFunction"
    OWNER = "tags of the function", "lambda:ListTags"
    MAPPINGS = "event source mappings", "lambda:ListEventSourceMappings"
    FILTERS = "filters", "lambda:GetEventSourceMapping"
    SIBLINGS = "other functions on the stream", "lambda:GetFunction"
    ACCOUNT = "account settings", "lambda:GetAccountSettings"
    ROLE = "role", "iam:GetRole"
    RIGHTS = "rights of the role", "iam:SimulatePrincipalPolicy"
    LOG_GROUP = "log group", "logs:DescribeLogGroups"
    LOG = "log", "logs:FilterLogEvents"
    METRICS = "metrics", "cloudwatch:GetMetricData"
    SINK = "sink", "the sink's own service"
    DESTINATION = "on-failure destination", "the destination's own service"
    CHANGES = "changes", "cloudtrail:LookupEvents"


@dataclass(frozen=True, kw_only=True)
class Symptom:
    """What one check found.

    Attributes:
        text: What is the case.
        evidence: What shows it, a line each.
        advice: The one repair.
        is_safe: The command of the advice changes nothing that somebody may have wanted so.
        severity: Where it differs from the check's own.
    """

    text: str
    evidence: tuple[str, ...] = ()
    advice: Advice
    is_safe: bool = False
    severity: Severity | None = None


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check.

    Attributes:
        id: Stable, kebab-case; where verify has a cause for the same thing, its code.
        meaning: What it means where it is found; the line of the documentation.
        reads: What must have been read. Where a part was not, the check is "not checked".
        look: Finds symptoms in the facts; pure.
    """

    id: str
    severity: Severity
    meaning: str
    reads: tuple[FactSource, ...]
    look: Callable[[Facts], Iterable[Symptom]]

    @property
    def source(self) -> str:
        return ", ".join(dict.fromkeys(part.source for part in self.reads))


def check(
    name: str, severity: Severity, meaning: str, *reads: FactSource
) -> Callable[[Callable[[Facts], Iterable[Symptom]]], Check]:
    """Make a check of a function."""

    def made(look: Callable[[Facts], Iterable[Symptom]]) -> Check:
        return Check(id=str(name), severity=severity, meaning=meaning, reads=reads, look=look)

    return made


@dataclass(frozen=True, kw_only=True)
class DoctorFinding:
    """A symptom with the check that found it.

    Attributes:
        id: The check's identifier, stable and kebab-case.
        severity: The symptom's severity, or the check's.
        text: What is the case.
        evidence: What shows it, a line each.
        source: The calls to AWS that it was read from.
        advice: The one repair.
        is_safe: `doctor --fix` may run the advice's command.
    """

    id: str
    severity: Severity
    text: str
    evidence: tuple[str, ...]
    source: str
    advice: Advice
    is_safe: bool = False


@dataclass(frozen=True, kw_only=True)
class Unchecked:
    """A check that could not be made, and why."""

    id: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What the checks say.

    Attributes:
        found: By severity; equal ones in the order of the checks, which is that of cause and effect.
        passed: The ids of the checks that found nothing.
    """

    found: tuple[DoctorFinding, ...]
    unchecked: tuple[Unchecked, ...]
    passed: tuple[str, ...]

    @property
    def is_broken(self) -> bool:
        return any(one.severity is Severity.ERROR for one in self.found)

    def count(self, severity: Severity) -> int:
        return sum(one.severity is severity for one in self.found)


def diagnose(checks: Iterable[Check], facts: Facts) -> Diagnosis:
    """Carry the checks out."""
    found: list[DoctorFinding] = []
    unchecked: list[Unchecked] = []
    passed: list[str] = []
    for one in checks:
        missing = next((part for part in one.reads if part in facts.unread), None)
        if missing is not None:
            unchecked.append(Unchecked(id=one.id, why=f"{missing.value}: {facts.unread[missing]}"))
            continue
        symptoms = list(one.look(facts))
        if not symptoms:
            passed.append(one.id)
        found += [
            DoctorFinding(
                id=one.id,
                severity=symptom.severity or one.severity,
                text=symptom.text,
                evidence=symptom.evidence,
                source=one.source,
                advice=symptom.advice.adopting() if facts.world.is_theirs else symptom.advice,
                is_safe=symptom.is_safe,
            )
            for symptom in symptoms
        ]
    order = list(Severity)
    found.sort(key=lambda one: order.index(one.severity))  # stable: the order of the checks stays
    return Diagnosis(found=tuple(found), unchecked=tuple(unchecked), passed=tuple(passed))
