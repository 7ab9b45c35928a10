"""Checks of the mapping's filters: what they exclude and what passes, judged without writing a record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.doctor.model import Check, FactSource, Severity, Symptom, check
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.causes.filters import judge_filters, repair
from ddbinsert.core.proof.mapping_counts import FILTERED_OUT, INVOKED, POLLED
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.doctor.facts import Facts
    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.proof.verdict import Finding

_SHOW = Advice("Show where", ("filter", "lint", "--table", TABLE))


def _judged(facts: Facts) -> Iterator[tuple[MappingState, Finding]]:
    """The findings of verify about the filters of each mapping that reads the stream."""
    for mapping in facts.mappings:
        if mapping.is_enabled:
            for finding in judge_filters(mapping, facts.table, is_second=facts.world.is_second(mapping)):
                yield mapping, finding


def _filter_check(cause: Cause, severity: Severity, *, is_leak: bool = False) -> Check:
    """The check for one of verify's causes about filters."""

    def find_symptoms(facts: Facts) -> Iterator[Symptom]:
        for mapping, finding in _judged(facts):
            if finding.code == cause:
                told = severity if not is_leak or facts.is_ours else Severity.WARNING
                yield Symptom(
                    text=finding.text,
                    evidence=finding.evidence,
                    advice=repair(mapping, is_second=facts.world.is_second(mapping)) if is_leak else _SHOW,
                    severity=told,
                )

    return Check(
        id=cause.value,
        severity=severity,
        meaning=cause.meaning,
        reads=(FactSource.MAPPINGS, FactSource.FILTERS),
        look=find_symptoms,
    )


NO_FILTER = _filter_check(Cause.NO_FILTER, Severity.ERROR, is_leak=True)
TOO_WIDE = _filter_check(Cause.FILTER_TOO_WIDE, Severity.ERROR, is_leak=True)
NEVER = _filter_check(Cause.FILTER_NEVER_MATCHES, Severity.ERROR)
UNREADABLE = _filter_check(Cause.FILTER_UNREADABLE, Severity.ERROR)


@check(Cause.FILTER_HIDDEN, Severity.ERROR, "Lambda cannot read the mapping's filter", FactSource.MAPPINGS)
def hidden(facts: Facts) -> Iterator[Symptom]:
    for one in facts.mappings:
        if one.filter_error:
            yield Symptom(
                text="Lambda cannot read the mapping's filter: nothing is delivered",
                evidence=(f"mapping {one.uuid}: {one.filter_error}",),
                advice=Advice(
                    "Allow kms:Decrypt on the filter's key to the function's role, and enable the key"
                ),
            )


#: Rules of `filter lint` about DynamoDB's numbers, and about images that the view type does not record.
_NUMERIC = frozenset({"numeric-on-text", "number-for-text"})


def _linted(facts: Facts, rules: frozenset[str]) -> Iterator[tuple[MappingState, str]]:
    others = [one for one in facts.mappings if one.is_enabled and not set(one.filters) <= {INSERT_ONLY}]
    if not others:
        return
    from ddbinsert.core.filters.lint.lint import lint
    from ddbinsert.core.filters.reach.answer import KnownStream

    stream = KnownStream(view=facts.table.view, key=facts.table.key)
    for mapping in others:
        for finding in lint(mapping.filters, stream).findings:
            if finding.rule in rules:
                yield mapping, f"{mapping.filters[(finding.filter or 1) - 1]}: {finding.message}"


def _by_rule(name: str, meaning: str, text: str, rules: frozenset[str]) -> Check:
    def find_symptoms(facts: Facts) -> Iterator[Symptom]:
        found = list(_linted(facts, rules))
        if found:
            yield Symptom(text=text, evidence=tuple(line for _, line in found), advice=_SHOW)

    return Check(
        id=name,
        severity=Severity.WARNING,
        meaning=meaning,
        reads=(FactSource.MAPPINGS, FactSource.FILTERS),
        look=find_symptoms,
    )


NUMERIC = _by_rule(
    "filter-numeric-on-number",
    "a filter compares a DynamoDB number with `numeric`, or with a number: both never match, as it is a "
    "string in the record",
    "a condition on a number never matches: DynamoDB writes numbers as strings, so `numeric` and numbers in a "
    "filter do not apply",
    _NUMERIC,
)
VIEW = _by_rule(
    "filter-against-view-type",
    "a filter uses an image that the stream's view type does not contain",
    "the filter uses an image that the stream does not contain",
    frozenset({"view-type"}),
)


@check(
    Cause.FILTER_PART_NEVER_MATCHES,
    Severity.WARNING,
    Cause.FILTER_PART_NEVER_MATCHES.meaning,
    FactSource.MAPPINGS,
    FactSource.FILTERS,
)
def dead_part(facts: Facts) -> Iterator[Symptom]:
    for _, finding in _judged(facts):
        if finding.code == Cause.FILTER_PART_NEVER_MATCHES:
            yield Symptom(text=finding.text, evidence=finding.evidence, advice=_SHOW)


@check(
    Cause.EVERYTHING_FILTERED_OUT,
    Severity.WARNING,
    Cause.EVERYTHING_FILTERED_OUT.meaning,
    FactSource.METRICS,
    FactSource.MAPPINGS,
    FactSource.STREAM,
)
def everything_filtered(facts: Facts) -> Iterator[Symptom]:
    metrics = facts.metrics
    polled, out = metrics.total(POLLED), metrics.total(FILTERED_OUT)
    if polled and out >= polled and not metrics.total(INVOKED) and facts.stream.inserts:
        yield Symptom(
            text=f"the mapping read {plural(polled, 'record')}, inserts among them, and its filter excluded every one",
            evidence=(f"{POLLED}: {polled:,.0f}", f"{FILTERED_OUT}: {out:,.0f}"),
            advice=replace(_SHOW, text="Compare the filter with the table"),
        )
