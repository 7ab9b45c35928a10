"""Checks filters for errors that AWS rejects, with their position, and for mistakes that AWS accepts.

AWS reports only "Invalid filter pattern definition.", and it accepts filters that never match, which then
silently drop everything. Both are found here without a connection. Everything that is reported as an error is
proven.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from ddbinsert.core.filters.lint.events import image_clash, lives_on
from ddbinsert.core.filters.lint.fields import remarks
from ddbinsert.core.filters.lint.report import (
    CheckedFilter,
    Correction,
    Expectation,
    KnownStream,
    LintFinding,
    LintReport,
    LintSeverity,
)
from ddbinsert.core.filters.reach.answer import Passes
from ddbinsert.core.filters.reach.reach import EVENT_NAME, accepts, leak, passing
from ddbinsert.core.model.record import EventName
from ddbinsert.core.pattern.matcher import PatternError, parse
from ddbinsert.core.pattern.model import LONGEST, Field
from ddbinsert.core.pattern.rules import Rule, fields_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ddbinsert.core.filters.lint.places import Remark
    from ddbinsert.core.pattern.model import Node, Pattern, PatternPlace

#: Maximum number of filters of a mapping; the second value is the quota that can be requested.
MOST, MOST_RAISED = 5, 10


def lint(
    patterns: Sequence[str],
    stream: KnownStream | None = None,
    expectation: Expectation = Expectation.INSERTS,
) -> LintReport:
    """Check the filters of one mapping.

    Args:
        patterns: The patterns' texts, as AWS receives them.
        stream: The known facts about the stream; none by default.
        expectation: The purpose of the filters.
    """
    return _linted(tuple(patterns), stream or KnownStream(), expectation)


@lru_cache(maxsize=4096)
def _linted(patterns: tuple[str, ...], known: KnownStream, expectation: Expectation) -> LintReport:
    """Cached, because the templates of a folder often have the same filters."""
    judged: list[CheckedFilter] = []
    findings: list[LintFinding] = []
    for number, text in enumerate(patterns, 1):
        summary, found = _checked(text, known, expectation)
        judged.append(summary)
        findings += [replace(finding, filter=number) for finding in found]
    findings += _of_mapping(judged, expectation)
    return LintReport(filters=tuple(judged), findings=tuple(findings))


@lru_cache(maxsize=4096)
def _checked(
    text: str, stream: KnownStream, expectation: Expectation
) -> tuple[CheckedFilter, tuple[LintFinding, ...]]:
    """One filter on its own; cached, because the templates of a folder often have the same patterns."""
    if len(text) > LONGEST:
        return CheckedFilter(pattern=text), (_too_long(text),)
    try:
        pattern = parse(text)
    except PatternError as fault:
        return CheckedFilter(pattern=text), (_refused(fault),)
    summary = CheckedFilter(
        pattern=text,
        parsed=pattern,
        leaks=leak(pattern, stream),
        inserts=passing(pattern, EventName.INSERT, stream),
    )
    return summary, tuple(_one(pattern, summary, stream, expectation))


def _of_mapping(judged: Sequence[CheckedFilter], expectation: Expectation) -> Iterator[LintFinding]:
    """Findings about the filters together; they are ORed."""
    if expectation is Expectation.ANYTHING:
        yield from _ored_leaks(judged)
    parsed = [
        (number, one.parsed)
        for number, one in enumerate(judged, 1)
        if one.parsed is not None
        and one.takes_inserts is not False  # a filter that drops everything has an error already
    ]
    if len(parsed) <= MOST_RAISED:
        yield from _subsumed(parsed)
    yield from _check_filter_count(len(judged))


def _too_long(text: str) -> LintFinding:
    return LintFinding(
        rule="too-long",
        severity=LintSeverity.ERROR,
        message=f"The pattern has {len(text)} characters; AWS accepts {LONGEST}.",
        hint="Remove spaces, or split it: the filters of a mapping are ORed.",
    )


def _check_filter_count(count: int) -> Iterator[LintFinding]:
    if count > MOST:
        yield LintFinding(
            rule="too-many-filters",
            severity=LintSeverity.ERROR if count > MOST_RAISED else LintSeverity.WARNING,
            message=f"{count} filters; a mapping can have {MOST}, or {MOST_RAISED} with a raised quota.",
            hint="Combine several in one pattern with `$or`.",
        )


def _refused(fault: PatternError) -> LintFinding:
    hint = fault.hint
    if hint is None and fault.allowed:
        hint = f"Allowed here: {' '.join(f'`{one}`' for one in fault.allowed)}"
    return LintFinding(
        rule="invalid",
        severity=LintSeverity.ERROR,
        message=fault.message,
        hint=hint,
        path=fault.path,
        position=fault.position,
        key=fault.path if fault.rename is not None else None,
        correction=_corrected(fault),
    )


def _corrected(fault: PatternError) -> Correction | None:
    if fault.rename is not None:
        return Correction(path=fault.path, text=fault.rename, is_key=True)
    return Correction(path=fault.path, text=fault.replacement) if fault.replacement is not None else None


def _one(
    pattern: Pattern, summary: CheckedFilter, stream: KnownStream, expectation: Expectation
) -> Iterator[LintFinding]:
    rules = rules_of(pattern.nodes)
    by_field = {id(field): list(remarks(field, stream)) for field in fields_of(pattern.nodes)}
    clashes = [image_clash(rule, stream) for rule in rules]
    dead = [
        clash is not None or any(remark.kills for field in rule.values() for remark in by_field[id(field)])
        for rule, clash in zip(rules, clashes, strict=True)
    ]
    all_dead = all(dead)
    for found in by_field.values():
        for remark in found:
            yield _placed(remark, fatal=all_dead)
    for remark in dict.fromkeys(clash for clash in clashes if clash is not None):
        yield _placed(remark, fatal=all_dead)
    if not all_dead:
        living = [rule for rule, is_dead in zip(rules, dead, strict=True) if not is_dead]
        yield from _no_insert(living, summary, stream, expectation)
        yield from _not_insert_only(summary, expectation)
    for place in pattern.duplicates:
        yield _repeated(place, "This key is in its object twice.")
    known = {place.path for place in pattern.duplicates}
    for place in _replacing(pattern.nodes, set()):
        if place.path not in known:
            yield _repeated(place, "There is another field with the same path before it.")


def _placed(remark: Remark, *, fatal: bool) -> LintFinding:
    severity = LintSeverity.ERROR if remark.kills and fatal else remark.severity
    message = remark.message
    if remark.kills and not fatal:
        message += " (Other alternatives of the pattern can match.)"
    return LintFinding(
        rule=remark.rule,
        severity=severity,
        message=message,
        hint=remark.hint,
        path=remark.at.path,
        position=remark.at.position,
        key=remark.key,
        correction=remark.correction,
    )


def _repeated(place: PatternPlace, what: str) -> LintFinding:
    return LintFinding(
        rule="repeated-key",
        severity=LintSeverity.WARNING,
        message=f"{what} AWS lets the later conditions replace the earlier ones.",
        hint="Write it once.",
        path=place.path,
        position=place.position,
    )


def _replacing(nodes: Iterable[Node], before: set[str]) -> Iterator[PatternPlace]:
    """Fields that replace an earlier one with the same path."""
    seen = set(before)
    for node in nodes:
        if isinstance(node, Field):
            if node.path in seen:
                yield node.at
            seen.add(node.path)
        else:
            for branch in node.branches:
                yield from _replacing(branch, seen)
            for branch in node.branches:
                seen |= {field.path for field in fields_of(branch)}


# --- events -----------------------------------------------------------------------------------------------


def _no_insert(
    living: Sequence[Rule],
    summary: CheckedFilter,
    stream: KnownStream,
    expectation: Expectation,
) -> Iterator[LintFinding]:
    """The finding that no INSERT passes, although each field by itself is possible."""
    if summary.inserts is None or summary.inserts.passes is not Passes.NO:
        return
    intended = not any(accepts(rule, EventName.INSERT) for rule in living)
    if expectation is Expectation.ANYTHING and (intended or summary.counterexample is not None):
        return  # it is for other events
    culprit = next((rule[EVENT_NAME] for rule in living if EVENT_NAME in rule), None)
    by_event = not any(EventName.INSERT in lives_on(rule, stream) for rule in living)
    hint = 'Select inserts with {"eventName":["INSERT"]}; they have Keys and NewImage, but no OldImage.'
    yield LintFinding(
        rule="no-insert",
        severity=LintSeverity.WARNING
        if intended and expectation is Expectation.OTHERS
        else LintSeverity.ERROR,
        message=f"No INSERT passes this filter: {summary.inserts.reason}.",
        hint=hint if by_event else None,
        path=culprit.at.path if culprit and by_event else (),
        position=culprit.at.position if culprit and by_event else None,
    )


def _not_insert_only(summary: CheckedFilter, expectation: Expectation) -> Iterator[LintFinding]:
    leaking = summary.counterexample
    if leaking is None:
        return
    if expectation is Expectation.ANYTHING:
        return  # a filter in a template need not be insert-only: see `_ored_leaks` and `--require insert-only`
    yield LintFinding(
        rule="not-insert-only",
        severity=LintSeverity.WARNING,
        message=f"{leaking.event.value} records can pass: the filter is not insert-only.",
        hint='Add "eventName":["INSERT"]; attach-trigger does so itself.',
    )


def _ored_leaks(judged: Sequence[CheckedFilter]) -> Iterator[LintFinding]:
    """Findings about filters that lack the restriction beside filters that have it."""
    if not any(one.insert_only and one.takes_inserts for one in judged):
        return
    for number, one in enumerate(judged, 1):
        if one.counterexample is None or one.parsed is None:
            continue
        if any(EVENT_NAME not in rule for rule in rules_of(one.parsed.nodes)):
            yield LintFinding(
                rule="ored-filters",
                severity=LintSeverity.WARNING,
                filter=number,
                message=f"{one.counterexample.event.value} records can pass: filters are ORed, so that the "
                "restriction to inserts in another filter does not apply to this one.",
                hint='Put both conditions into one pattern, or add "eventName":["INSERT"] to each.',
            )


def _subsumed(parsed: Sequence[tuple[int, Pattern]]) -> Iterator[LintFinding]:
    if len(parsed) < 2:
        return
    from ddbinsert.core.filters.reach.imply import covers

    superfluous: set[int] = set()
    for number, pattern in parsed:
        for other, wider in parsed:
            if other == number or other in superfluous or not covers(wider, pattern):
                continue
            if other > number and covers(pattern, wider):
                continue  # of two equivalent filters, the later one is superfluous
            superfluous.add(number)
            yield LintFinding(
                rule="subsumed-filter",
                severity=LintSeverity.WARNING,
                filter=number,
                message=f"Filter {other} matches everything that this one matches; filters are ORed.",
                hint="Remove it; or, if both conditions must hold, put them into one pattern.",
            )
            break


__all__ = ["Expectation", "KnownStream", "LintReport", "LintSeverity", "lint"]
