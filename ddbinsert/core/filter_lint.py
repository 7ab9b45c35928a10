"""Filters judged: what AWS would refuse, with the place; and what AWS takes and shouldn't.

AWS says "Invalid filter pattern definition." and no more, and it takes filters that never match, which then
drop everything without a word. Both are found here without a connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.filter_findings import Finding, Judged, Report, Severity, Table
from ddbinsert.core.filter_imply import covers
from ddbinsert.core.filter_lint_fields import Remark, remarks
from ddbinsert.core.filter_narrow import LONGEST
from ddbinsert.core.filter_place import Spot, locate
from ddbinsert.core.filter_reach import EVENT_NAME, accepts, carries, leak, may_be_absent, passing
from ddbinsert.core.model import EventName, StreamView
from ddbinsert.core.pattern import PatternError, parse
from ddbinsert.core.pattern_model import Field
from ddbinsert.core.pattern_rules import Rule, fields_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ddbinsert.core.pattern_model import Node, Pattern, Place

#: Filters that a mapping takes; the second is the quota that can be asked for.
MOST, MOST_RAISED = 5, 10

_ALL_VIEWS: Final = (
    StreamView.NEW_AND_OLD_IMAGES,
    StreamView.NEW_IMAGE,
    StreamView.OLD_IMAGE,
    StreamView.KEYS_ONLY,
)


def lint(patterns: Sequence[str], table: Table | None = None) -> Report:
    """Judge the filters of one mapping.

    Args:
        patterns: The patterns' texts, as AWS gets them.
        table: What is known of the stream; nothing, if not given.
    """
    known = table or Table()
    judged: list[Judged] = []
    findings: list[Finding] = []
    parsed: list[tuple[int, Pattern]] = []
    for number, text in enumerate(patterns, 1):
        findings += _length(number, text)
        try:
            pattern = parse(text)
        except PatternError as fault:
            findings.append(_refused(number, fault))
            judged.append(Judged(pattern=text, valid=False))
            continue
        parsed.append((number, pattern))
        summary = _judged(text, pattern, known)
        judged.append(summary)
        findings += _one(number, pattern, summary, known)
    findings += _subsumed(parsed)
    findings += _count(len(patterns))
    return Report(filters=tuple(judged), findings=tuple(findings))


def _judged(text: str, pattern: Pattern, table: Table) -> Judged:
    views = _views(table)
    leaking = leak(pattern, key=table.key, views=views)
    insert = passing(pattern, EventName.INSERT, key=table.key, views=views)
    return Judged(
        pattern=text,
        valid=True,
        insert_only=leaking is None,
        takes_inserts=insert is not None and insert.genuine,
        counterexample=leaking,
    )


def _length(number: int, text: str) -> Iterator[Finding]:
    if len(text) > LONGEST:
        yield Finding(
            rule="too-long",
            severity=Severity.ERROR,
            filter=number,
            message=f"The pattern has {len(text)} characters; AWS takes {LONGEST}.",
            hint="Leave out spaces, or split it: the filters of a mapping are ORed.",
        )


def _count(count: int) -> Iterator[Finding]:
    if count > MOST:
        yield Finding(
            rule="too-many-filters",
            severity=Severity.ERROR if count > MOST_RAISED else Severity.WARNING,
            message=f"{count} filters; a mapping takes {MOST}, or {MOST_RAISED} with a raised quota.",
            hint="Bring several into one pattern with `$or`.",
        )


def _refused(number: int, fault: PatternError) -> Finding:
    hint = fault.hint
    if hint is None and fault.allowed:
        hint = f"Allowed here: {' '.join(f'`{one}`' for one in fault.allowed)}"
    return Finding(
        rule="invalid",
        severity=Severity.ERROR,
        filter=number,
        message=fault.message,
        hint=hint,
        path=fault.path,
        position=fault.position,
    )


def _one(number: int, pattern: Pattern, summary: Judged, table: Table) -> Iterator[Finding]:
    rules = rules_of(pattern.nodes)
    by_field = {id(field): list(remarks(field, table)) for field in fields_of(pattern.nodes)}
    clashes = [clash for rule in rules if (clash := _clash(rule, table)) is not None]
    dead = [
        any(remark.kills for field in rule.values() for remark in by_field[id(field)])
        or _clash(rule, table) is not None
        for rule in rules
    ]
    all_dead = all(dead)
    for found in by_field.values():
        for remark in found:
            yield _placed(number, remark, fatal=all_dead)
    for remark in dict.fromkeys(clashes):
        yield _placed(number, remark, fatal=all_dead)
    if not all_dead:
        yield from _events(number, rules, dead, summary, table)
    for place in pattern.duplicates:
        yield _repeated(number, place, "This key stands twice in its object.")
    known = {place.path for place in pattern.duplicates}
    for place in _replacing(pattern.nodes, set()):
        if place.path not in known:
            yield _repeated(number, place, "A field with the same path stands before it.")


def _placed(number: int, remark: Remark, *, fatal: bool) -> Finding:
    severity = Severity.ERROR if remark.kills and fatal else remark.severity
    message = remark.message
    if remark.kills and not fatal:
        message += " (The pattern's other alternatives can match.)"
    return Finding(
        rule=remark.rule,
        severity=severity,
        filter=number,
        message=message,
        hint=remark.hint,
        path=remark.at.path,
        position=remark.at.position,
    )


def _repeated(number: int, place: Place, what: str) -> Finding:
    return Finding(
        rule="repeated-key",
        severity=Severity.WARNING,
        filter=number,
        message=f"{what} AWS lets the later conditions replace the earlier ones.",
        hint="Write it once.",
        path=place.path,
        position=place.position,
    )


def _replacing(nodes: Iterable[Node], before: set[str]) -> Iterator[Place]:
    """Fields that take the place of one with the same path that stands before them."""
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


def _views(table: Table) -> tuple[StreamView, ...]:
    return (table.view,) if table.view else _ALL_VIEWS


def _possible(rule: Rule, table: Table) -> list[EventName]:
    """The events that the rule's eventName lets through and its images occur in."""
    spots = _required(rule, table)
    return [
        event
        for event in EventName
        if accepts(rule, event)
        and any(all(carries(spot, field, event, view) for field, spot in spots) for view in _views(table))
    ]


def _required(rule: Rule, table: Table) -> list[tuple[Field, Spot]]:
    fields = [field for field in rule.values() if field.path != EVENT_NAME and not may_be_absent(field)]
    spots = [(field, locate(field.keys, table.key)) for field in fields]
    return [(field, spot) for field, spot in spots if spot.kind is not None]


def _clash(rule: Rule, table: Table) -> Remark | None:
    """A field whose image no record has that the rule's eventName lets through."""
    events = [event for event in EventName if accepts(rule, event)]
    if not events or _possible(rule, table):
        return None
    for field, spot in _required(rule, table):
        if not any(carries(spot, field, event, view) for event in events for view in _ALL_VIEWS):
            image = spot.image or field.keys[0]
            names = " or ".join(event.value for event in events)
            return Remark(
                rule="image-of-event",
                message=f"This never matches: the record of {_article(names)} {names} has no {image}.",
                hint="INSERT has Keys and NewImage, MODIFY both images, REMOVE Keys and OldImage.",
                at=field.at,
                kills=True,
            )
    return None


def _article(names: str) -> str:
    return "an" if names.startswith("INSERT") else "a"


def _events(
    number: int, rules: Sequence[Rule], dead: Sequence[bool], summary: Judged, table: Table
) -> Iterator[Finding]:
    living = [rule for rule, is_dead in zip(rules, dead, strict=True) if not is_dead]
    possible = [_possible(rule, table) for rule in living]
    if not any(EventName.INSERT in events for events in possible):
        culprit = next((rule[EVENT_NAME] for rule in living if EVENT_NAME in rule), None)
        yield Finding(
            rule="no-insert",
            severity=Severity.ERROR,
            filter=number,
            message="No INSERT passes this filter.",
            hint='Inserts are told by {"eventName":["INSERT"]}; they have Keys and NewImage, no OldImage.',
            path=culprit.at.path if culprit else (),
            position=culprit.at.position if culprit else None,
        )
    leaking = summary.counterexample
    if leaking is not None and leaking.genuine:
        yield Finding(
            rule="not-insert-only",
            severity=Severity.WARNING,
            filter=number,
            message=f"{leaking.event.value} records can pass: the filter is not insert-only.",
            hint='Add "eventName":["INSERT"]; `ddbinsert attach-trigger` does so by itself.',
        )


def _subsumed(parsed: Sequence[tuple[int, Pattern]]) -> Iterator[Finding]:
    superfluous: set[int] = set()
    for number, pattern in parsed:
        for other, wider in parsed:
            if other == number or other in superfluous or not covers(wider, pattern):
                continue
            if other > number and covers(pattern, wider):
                continue  # of two that mean the same, the later one is superfluous
            superfluous.add(number)
            yield Finding(
                rule="subsumed-filter",
                severity=Severity.WARNING,
                filter=number,
                message=f"Filter {other} lets through everything that this one does; filters are ORed.",
                hint="Leave it out, or put both conditions into one pattern if both shall hold.",
            )
            break


__all__ = ["Report", "Severity", "Table", "lint"]
