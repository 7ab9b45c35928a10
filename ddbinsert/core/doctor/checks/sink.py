"""Checks of the sink, to which a template sends processed records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.arn import parse_arn, resource_name
from ddbinsert.core.doctor.checks.words import attach
from ddbinsert.core.doctor.model import FactSource, Severity, Symptom, check
from ddbinsert.core.model.wanted import Template
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.doctor.facts import Facts

#: Metrics of throttled writes to a sink, by their names in `Facts.metrics`.
SINK_THROTTLES = "SinkThrottles"


def is_own_table(facts: Facts) -> bool:
    """Whether the sink is the trigger's own table; then only that finding offers a repair."""
    return facts.sink.arn == facts.table.arn


@check(Cause.SINK_MISSING, Severity.ERROR, Cause.SINK_MISSING.meaning, FactSource.FUNCTION, FactSource.OWNER)
def missing(facts: Facts) -> Iterator[Symptom]:
    if facts.function is not None and facts.needs_sink and not facts.sink.arn:
        template = facts.template.value if facts.template else facts.label
        is_log = template == Template.AUDIT_LOG
        yield Symptom(
            text="SINK_ARN is not set, though the function's role may write to a sink: entries go to the function's own "
            "log instead"
            if is_log
            else "the function runs a template that needs a sink, and SINK_ARN is not set: nothing is stored or sent",
            evidence=(
                f"template: {template}",
                "environment variable SINK_ARN: not set",
                *(f"the role may write to {arn}" for arn in (facts.sinks_of_role if is_log else ())),
            ),
            advice=attach("Set it, with the name or ARN of the sink", "--sink", "NAME", "--yes"),
        )


@check(
    "sink-not-found",
    Severity.ERROR,
    "the sink that SINK_ARN names does not exist, or cannot be used",
    FactSource.OWNER,
    FactSource.SINK,
)
def not_found(facts: Facts) -> Iterator[Symptom]:
    sink = facts.sink
    if not sink.arn or not (sink.missing or sink.is_wrong) or is_own_table(facts):
        return
    what = "does not exist" if sink.missing else "cannot be used"
    is_table = (parse_arn(sink.arn) or ("", ""))[1] == "dynamodb"
    yield Symptom(
        text=f"the sink {what}: every record fails, and nothing is stored ({sink.problem})",
        evidence=(f"SINK_ARN: {sink.arn}",),
        advice=Advice("Create it again", ("audit", "create-table", resource_name(sink.arn)))
        if sink.missing and is_table and facts.label in ("", "audit-log")
        else attach("Use another sink", "--sink", "NAME", "--yes"),
    )


@check(
    "sink-throttled",
    Severity.WARNING,
    "writes to the sink were throttled",
    FactSource.OWNER,
    FactSource.METRICS,
    FactSource.SINK,
)
def throttled(facts: Facts) -> Iterator[Symptom]:
    count = facts.metrics.total(SINK_THROTTLES)
    if facts.sink.arn and count:
        yield Symptom(
            text=f"{plural(count, 'write')} to the sink throttled: batches are retried, and records are late",
            evidence=(f"WriteThrottleEvents of {resource_name(facts.sink.arn)}: {count:,.0f}",),
            advice=Advice(
                "Give it more capacity: `aws dynamodb update-table --table-name "
                f"{resource_name(facts.sink.arn)} --billing-mode PAY_PER_REQUEST`"
            ),
        )


@check(
    "self-writing-loop",
    Severity.ERROR,
    "the function writes to the table that triggers it: each insert causes another one",
    FactSource.FUNCTION,
)
def loop(facts: Facts) -> Iterator[Symptom]:
    function, table = facts.function, facts.table
    if function is None:
        return
    naming = sorted(name for name, value in function.environment.items() if value.strip() == table.arn)
    if is_own_table(facts):
        yield Symptom(
            text="the function's sink is the table that triggers it: each insert causes another one, in an endless loop",
            evidence=(f"SINK_ARN: {facts.sink.arn}",),
            advice=attach("Send the records elsewhere", "--sink", "NAME", "--yes"),
        )
    elif naming:
        yield Symptom(
            text="an environment variable of the function names the table that triggers it: if it inserts there, it triggers itself",
            evidence=tuple(f"environment variable {name}" for name in naming),
            advice=Advice("Check what it writes", ("tail", TABLE, "--since", "15m")),
            severity=Severity.NOTE,
        )
