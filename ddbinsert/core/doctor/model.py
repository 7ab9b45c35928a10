"""The types of doctor: checks, findings, and checks that could not be made."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ddbinsert.advice import Advice
    from ddbinsert.core.doctor.facts import Facts


#: CloudTrail records IAM's changes in this region only (docs/aws-facts.md#trail-iam).
TRAIL_OF_IAM: Final = "us-east-1"
ROLES_ELSEWHERE: Final = f"CloudTrail records changes of roles in {TRAIL_OF_IAM} only"


class Severity(StrEnum):
    """ERROR: broken now, or records are lost. WARNING: a risk. NOTE: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class FactSource(StrEnum):
    """One part of the facts; ``source`` names the calls that read it."""

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
    """A finding of one check.

    Attributes:
        text: The finding as a sentence.
        evidence: Its evidence, a line each.
        advice: The repair.
        is_safe: The advice's command does not change anything that may be intended.
        severity: The severity, if it differs from the check's.
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
        id: Stable, kebab-case; equal to the code of verify's cause for the same fault, if there is one.
        meaning: The meaning of its finding; a line of the documentation.
        reads: The facts that it needs. If a part was not read, the check is "not checked".
        look: Returns the symptoms in the facts; a pure function.
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
    """The decorator that makes a check of a function."""

    def make_check(look: Callable[[Facts], Iterable[Symptom]]) -> Check:
        return Check(id=str(name), severity=severity, meaning=meaning, reads=reads, look=look)

    return make_check


@dataclass(frozen=True, kw_only=True)
class DoctorFinding:
    """A symptom with the check that found it.

    Attributes:
        id: The check's identifier, stable and kebab-case.
        severity: The symptom's severity, or the check's.
        text: The finding as a sentence.
        evidence: Its evidence, a line each.
        source: The calls to AWS that it is based on.
        advice: The repair.
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
    """A check that could not be made.

    Attributes:
        id: The check's identifier.
        why: The reason.
    """

    id: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The result of all checks.

    Attributes:
        found: The findings by severity; equal ones in the order of the checks, which is that of cause and effect.
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
    """Run the checks."""
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
    found.sort(key=lambda one: order.index(one.severity))  # a stable sort: it keeps the order of the checks
    return Diagnosis(found=tuple(found), unchecked=tuple(unchecked), passed=tuple(passed))
