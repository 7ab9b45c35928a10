"""Judges a mapping's filters by their definition: what passes, what is excluded, and which part matches nothing.

Each filter is split into its alternatives (branches of ``$or``; the filters of one mapping are alternatives,
too), and each alternative is judged by itself. Only a proof that no record passes makes a FAIL: if no passing
record was found and nothing proves that there is none, the test items decide. The filter engine is imported
only for a filter that is not the default one.
"""

from __future__ import annotations

import json
import shlex
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.arn import arn_parts
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.filters.reach.answer import KnownStream
from ddbinsert.core.items.run_key import TEST_ATTRIBUTE, TEST_KEYS
from ddbinsert.core.model.record import EventName, StreamView
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.filters.reach.answer import Reachability
    from ddbinsert.core.model.seen import MappingState, TableState
    from ddbinsert.core.pattern.model import Pattern
    from ddbinsert.core.pattern.rules import Rule

_REPLACE = Advice("Replace the filter", ("attach-trigger", TABLE, "--filter", INSERT_ONLY, "--yes"))


def repair(mapping: MappingState, *, is_second: bool = False) -> Advice:
    """The advice that restricts a mapping's filters to inserts and keeps the user's own clauses, if possible.

    Args:
        is_second: The mapping is not the function's first one (`World.is_second`).
    """
    from ddbinsert.core.filters.insert_only import insert_patterns
    from ddbinsert.core.pattern.matcher import PatternError

    try:
        kept = insert_patterns(mapping.filters)
    except PatternError:
        if not is_second:
            return _REPLACE
        kept = (INSERT_ONLY,)
    if is_second:
        criteria = json.dumps({"Filters": [{"Pattern": text} for text in kept]})
        return update_mapping(
            "Narrow the filter of this mapping, which ddbinsert does not change",
            mapping,
            "--filter-criteria",
            criteria,
        )
    given = (word for text in kept for word in ("--filter", text))
    return Advice("Narrow the filter to INSERT", ("attach-trigger", TABLE, *given, "--yes"))


def update_mapping(text: str, mapping: MappingState, *options: str) -> Advice:
    """An advice about a further mapping of the function, which attach-trigger does not change."""
    command = ("aws", "lambda", "update-event-source-mapping", "--uuid", mapping.uuid, *options)
    return Advice(f"{text}, or delete it: `{shlex.join(command)}`")


class Reach(StrEnum):
    """Whether inserts of a table pass an alternative."""

    PASSES = "passes"
    NOT_FOUND = "no record was found that passes"
    NONE = "no INSERT of this table can match"
    ELSEWHERE = "for another table, region or view type"


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """One alternative of a mapping's filters.

    Attributes:
        text: The filter that it is part of.
        fields: Paths of its conditions in the record.
        part: Whether its filter has several alternatives.
    """

    text: str
    pattern: Pattern
    rule: Rule
    part: bool

    @property
    def shown(self) -> str:
        return f"{self.text} (the part with {', '.join(self.rule) or 'nothing'})" if self.part else self.text


def judge_filters(
    mapping: MappingState, table: TableState, *, allow_guarded: bool = False, is_second: bool = False
) -> Iterator[Finding]:
    """Faults of one mapping's filters, judged without any write.

    Args:
        allow_guarded: The handler's own guard may drop records that leak.
        is_second: The mapping is not the function's first one (`World.is_second`).
    """
    leaking = Weight.NOTE if allow_guarded else Weight.PROOF
    if mapping.filter_error:
        yield Finding(
            code=Cause.FILTER_HIDDEN,
            weight=Weight.HOLE,
            text="Lambda cannot read the mapping's filter",
            evidence=(f"{mapping.uuid}: {mapping.filter_error}",),
            mend="Allow kms:Decrypt on the customer key for the function's role.",
        )
        return
    if mapping.filters_hidden:
        yield Finding(
            code=Cause.FILTER_HIDDEN,
            weight=Weight.HOLE,
            text="the mapping's filter is encrypted with a customer key and cannot be read: what it matches is known only for the records of this run",
            evidence=(mapping.uuid,),
            mend="Allow kms:Decrypt on the key for the identity that runs verify.",
        )
        return
    if not mapping.filters:
        yield Finding(
            code=Cause.NO_FILTER,
            weight=leaking,
            text="the mapping has no filter: every change is delivered",
            evidence=(f"{mapping.uuid}: no FilterCriteria",),
            mend=repair(mapping, is_second=is_second),
        )
        return
    if set(mapping.filters) == {INSERT_ONLY}:
        return
    found, unreadable = alternatives(mapping.filters)
    mend = repair(mapping, is_second=is_second)
    yield from _unreadable(mapping, unreadable, mend if is_second else _REPLACE)
    yield from _too_wide(found, table, leaking, mend)
    yield from _dead(found, table, readable=not unreadable)


def alternatives(filters: Sequence[str]) -> tuple[tuple[Alternative, ...], tuple[tuple[str, str], ...]]:
    """The alternatives of a mapping's filters, and (filter, why) of the invalid patterns."""
    from dataclasses import replace

    from ddbinsert.core.pattern.matcher import PatternError, parse
    from ddbinsert.core.pattern.rules import rules_of

    found: list[Alternative] = []
    unreadable = []
    for text in filters:
        try:
            pattern = parse(text)
        except PatternError as error:
            unreadable.append((text, str(error)))
            continue
        rules = rules_of(pattern.nodes)
        found += [
            Alternative(
                text=text,
                pattern=replace(pattern, nodes=tuple(rule.values())),
                rule=rule,
                part=len(rules) > 1,
            )
            for rule in rules
        ]
    return tuple(found), tuple(unreadable)


def reach_of(one: Alternative, table: TableState) -> Reach:
    """Whether an INSERT of the table passes an alternative."""
    from ddbinsert.core.filters.reach.answer import Passes
    from ddbinsert.core.filters.reach.reach import passing

    if not is_for(one, table):
        return Reach.ELSEWHERE
    match passing(one.pattern, EventName.INSERT, stream_of(table)).passes:
        case Passes.YES:
            return Reach.PASSES
        case Passes.NO:
            return Reach.NONE
        case _:
            return Reach.NOT_FOUND


def is_for(one: Alternative, table: TableState) -> bool:
    """Whether an alternative's conditions on the stream itself hold for this table's stream."""
    from ddbinsert.core.pattern.predicates import any_of

    stream = table.stream_arn or ""
    facts = {
        "awsRegion": arn_parts(table.arn).region,
        "eventSourceARN": stream,
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.1",
        "dynamodb.StreamViewType": view_of(table).value,
    }
    return all(
        any_of(list(field.conditions))(value)
        for path, value in facts.items()
        if (field := one.rule.get(path)) is not None
    )


def view_of(table: TableState) -> StreamView:
    return table.view or StreamView.NEW_AND_OLD_IMAGES


def stream_of(table: TableState) -> KnownStream:
    """The known properties of the table's live stream."""
    return KnownStream(view=table.view, key=table.key, arn=table.stream_arn)


def _unreadable(
    mapping: MappingState, unreadable: Sequence[tuple[str, str]], mend: Advice
) -> Iterator[Finding]:
    if unreadable:
        yield Finding(
            code=Cause.FILTER_UNREADABLE,
            weight=Weight.HOLE,
            text="a filter of the mapping is not a valid pattern, so what it matches is not known",
            evidence=tuple(f"{mapping.uuid}: {text}: {why}" for text, why in unreadable),
            mend=mend,
        )


def _leak_of(one: Alternative, table: TableState) -> Reachability | None:
    """A MODIFY or REMOVE record of the table that passes."""
    from ddbinsert.core.filters.reach.reach import leak

    found = leak(one.pattern, stream_of(table))
    return found if found.record is not None else None


def _too_wide(
    found: Sequence[Alternative], table: TableState, weight: Weight, mend: Advice
) -> Iterator[Finding]:
    told: set[str] = set()
    for one in found:
        leak = _leak_of(one, table)
        if leak is not None and one.text not in told:
            told.add(one.text)
            yield Finding(
                code=Cause.FILTER_TOO_WIDE,
                weight=weight,
                text=f"{leak.event.value} records pass the filter: {one.text}",
                evidence=(f"this record passes: {json.dumps(leak.record, separators=(',', ':'))}",),
                mend=mend,
            )


def _dead(found: Sequence[Alternative], table: TableState, *, readable: bool) -> Iterator[Finding]:
    reaches = [(one, reach_of(one, table)) for one in found]
    if readable and all(reach in (Reach.NONE, Reach.ELSEWHERE) for _, reach in reaches):
        yield Finding(
            code=Cause.FILTER_NEVER_MATCHES,
            weight=Weight.PROOF,
            text="the filter excludes every insert: AWS accepts it and discards everything without an error",
            evidence=tuple(
                f"{one.shown}: {reach.value}"
                + (f" under {view_of(table).value}" if reach is Reach.NONE else "")
                for one, reach in reaches
            ),
            mend=Advice("Show where", ("filter", "lint", "--table", TABLE)),
        )
        return
    dead = [one for one, reach in reaches if reach is Reach.NONE and _leak_of(one, table) is None]
    if dead:
        yield Finding(
            code=Cause.FILTER_PART_NEVER_MATCHES,
            weight=Weight.HOLE,
            text="a part of the filter matches no insert of this table: the inserts that it was meant for are not delivered",
            evidence=tuple(one.shown for one in dead),
            mend=Advice("Correct the part, or remove it; show where", ("filter", "lint", "--table", TABLE)),
        )
    passing = [one for one, reach in reaches if reach is Reach.PASSES]
    if passing and all(_demands_a_test_item(one, table) for one in passing):
        yield Finding(
            code=Cause.FILTER_FOR_TEST_ITEMS_ONLY,
            weight=Weight.HOLE,
            text="the filter demands what only verify's own test items have: no other insert is delivered",
            evidence=tuple(one.shown for one in passing),
            mend="Compare the filter with an item, by filter test.",
        )


def _demands_a_test_item(one: Alternative, table: TableState) -> bool:
    """Whether the record that was found to pass has a mark of test items: nothing but the filter can have asked for it."""
    from ddbinsert.core.filters.reach.reach import passing

    change = (passing(one.pattern, EventName.INSERT, stream_of(table)).record or {}).get("dynamodb", {})
    keys = (str(value) for typed in change.get("Keys", {}).values() for value in typed.values())
    return TEST_ATTRIBUTE in change.get("NewImage", {}) or any(text.startswith(TEST_KEYS) for text in keys)
