"""Checks of the log group, which shows the function's work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.doctor.checks.words import attach
from ddbinsert.core.doctor.model import FactSource, Severity, Symptom, check
from ddbinsert.core.model.wanted import OWNER_TAG
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.doctor.facts import Facts


@check(
    Cause.LOG_GROUP_MISSING,
    Severity.ERROR,
    "the log group does not exist, although the function was invoked or ddbinsert created it",
    FactSource.LOG_GROUP,
    FactSource.FUNCTION,
)
def missing(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    if function is None or facts.world.log_group is not None:
        return
    invoked = facts.metrics.total("Invocations")
    if not (invoked or facts.is_ours):
        return  # Lambda creates it at the first invocation
    yield Symptom(
        text=f"log group {function.log_group} does not exist"
        + (f", though the function was invoked {plural(invoked, 'time')}" if invoked else "")
        + ": the function's work cannot be observed",
        evidence=(f"no log group {function.log_group}",),
        advice=Advice("Create it again", ("create-function", TABLE))
        if facts.is_ours
        else Advice(f"Create it: `aws logs create-log-group --log-group-name {function.log_group}`"),
        is_safe=facts.is_ours,
        severity=None if facts.is_ours else Severity.WARNING,
    )


@check(
    "log-group-class",
    Severity.NOTE,
    "the log group's class is not STANDARD: some ways of reading it are not available",
    FactSource.LOG_GROUP,
)
def group_class(facts: Facts) -> Iterator[Symptom]:
    group = facts.world.log_group
    if group is not None and group.log_class not in ("", "STANDARD"):
        yield Symptom(
            text=f"the log group's class is {group.log_class}: live tail, metric filters and some reads are not available",
            evidence=(f"{group.name}: logGroupClass {group.log_class}",),
            advice=attach(
                "Log to a new group of class STANDARD", "--log-group", f"{group.name}-standard", "--yes"
            ),
        )


@check(
    "log-retention-unlimited",
    Severity.NOTE,
    "the log group has no retention: its storage cost grows without limit",
    FactSource.LOG_GROUP,
)
def retention(facts: Facts) -> Iterator[Symptom]:
    group = facts.world.log_group
    if group is not None and group.retention_days is None and not group.keeps_retention:
        # attach-trigger refuses to change a group of others.
        theirs = group.tags is not None and OWNER_TAG not in group.tags
        by_hand = f"`aws logs put-retention-policy --log-group-name {group.name} --retention-in-days 14`, if its owner agrees"
        yield Symptom(
            text="the log group has no retention: log lines are stored and charged indefinitely",
            evidence=(f"{group.name}: no retentionInDays",),
            advice=Advice(f"Keep lines for 14 days: {by_hand}")
            if theirs
            else attach("Keep lines for 14 days", "--log-retention", "14", "--yes"),
        )


@check(
    "log-group-protected",
    Severity.NOTE,
    "the log group is protected against deletion: `down` cannot delete it",
    FactSource.LOG_GROUP,
)
def protected(facts: Facts) -> Iterator[Symptom]:
    group = facts.world.log_group
    if group is not None and group.deletion_protected:
        yield Symptom(
            text="deletion protection is on for the log group: `down` cannot delete it",
            evidence=(f"{group.name}: deletionProtectionEnabled",),
            advice=Advice(
                "To delete it later, first run `aws logs put-log-group-deletion-protection "
                f"--log-group-identifier {group.name} --no-deletion-protection-enabled`"
            ),
        )


@check(
    "log-level-hides-ends",
    Severity.NOTE,
    "the function's system log level suppresses the ends of invocations, so verify can prove less",
    FactSource.FUNCTION,
)
def level(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    if function is not None and not function.logs_each_end:
        yield Symptom(
            text="system log level WARN: the log does not say how invocations end, so verify and doctor see less",
            evidence=(
                f"LoggingConfig: LogFormat {function.log_format}, SystemLogLevel {function.system_log_level}",
            ),
            advice=Advice(
                f"Log them: `aws lambda update-function-configuration --function-name {function.name} "
                "--logging-config SystemLogLevel=INFO,LogFormat=JSON`"
            ),
        )
