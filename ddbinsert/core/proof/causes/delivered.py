"""Deliveries that must not happen, records that the stream does not explain, and effects of a second mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.filters.insert_only import is_insert_only
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.causes.filters import repair
from ddbinsert.core.proof.verdict import Finding, Weight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ddbinsert.core.proof.circumstances import Circumstances
    from ddbinsert.core.proof.sighting import Receipt
    from ddbinsert.core.proof.symptoms import Symptoms

_SHOWN = 5


def strays(seen: Symptoms, around: Circumstances, *, allow_guarded: bool) -> Iterator[Finding]:
    if seen.intruders:
        yield Finding(
            code=Cause.INTRUDERS_PROCESSED,
            weight=Weight.HOLE if around.log_shared else Weight.PROOF,
            text=f"{_kinds(seen.intruders)} were processed by the function",
            evidence=_receipt_lines(seen.intruders),
            mend=_narrow(around),
        )
    if seen.leaked:
        yield Finding(
            code=Cause.FILTER_LEAKS,
            weight=Weight.NOTE if allow_guarded else Weight.HOLE if around.log_shared else Weight.PROOF,
            text=f"{_kinds(seen.leaked)} were delivered to the function: the filter leaks, and only the "
            "guard in the handler's code dropped them",
            evidence=_receipt_lines(seen.leaked),
            mend=_narrow(around),
        )
    if seen.surplus_lines:
        # Without an event name in the line it could be one record delivered twice.
        # An upsert handler logs "MODIFY" for an insert, too; only a REMOVE record is logged as a removal.
        sure = any(one.removals for one in seen.surplus_lines) or not around.insert_only
        yield Finding(
            code=Cause.INTRUDERS_PROCESSED if sure else Cause.MORE_LINES_THAN_INSERTS,
            weight=Weight.PROOF if sure else Weight.HOLE,
            text="the function logged more about some items than their inserts explain: "
            + (
                "it received their modifications and removals"
                if sure
                else "its number of lines differs from insert to insert, so they do not show what it processed"
                if seen.lines_vary
                else "something else, or a redelivery"
            ),
            evidence=tuple(
                f"item {one.number}: logged {one.lines} times, {one.explained} explained; the stream also holds "
                + (", ".join(f"{r.event_name} {r.event_id}" for r in one.strays) or "nothing else")
                for one in seen.surplus_lines[:_SHOWN]
            ),
            mend=_narrow(around)
            if sure
            else Advice("Show the lines, or prove only the filter", ("verify", TABLE, "--wiretap")),
        )


def guard_not_seen(found: Iterable[Finding]) -> Iterator[Finding]:
    """The gap where leaks are allowed because of a guard, and the mode does not show what the handler drops."""
    leaks = {Cause.NO_FILTER, Cause.FILTER_TOO_WIDE, Cause.FILTER_LEAKS}
    allowed = [one for one in found if one.code in leaks and one.weight is Weight.NOTE]
    if allowed:
        yield Finding(
            code=Cause.GUARD_NOT_SEEN,
            weight=Weight.HOLE,
            text="the filter leaks, and whether a guard in the handler's code drops those records is not visible: only "
            "receipts show it",
            evidence=tuple(one.text for one in allowed),
            mend="Narrow the filter, or let the function write receipts (docs/verify.md, Your own functions).",
        )


def _narrow(around: Circumstances) -> str | Advice:
    """The remedy that excludes the records that must not be delivered."""
    wide = [
        one for one in around.mappings if not one.filters_hidden and not all(map(is_insert_only, one.filters))
    ]
    if wide or any(not one.filters for one in around.mappings):
        leaking = (wide or [one for one in around.mappings if not one.filters])[0]
        return repair(leaking, is_second=around.world.is_second(leaking))
    return "The filter is insert-only as it is now: run verify again in two minutes."


def _kinds(receipts: tuple[Receipt, ...]) -> str:
    counts: dict[str, int] = {}
    for one in receipts:
        counts[one.event_name] = counts.get(one.event_name, 0) + 1
    return " and ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def _receipt_lines(receipts: tuple[Receipt, ...]) -> tuple[str, ...]:
    lines = [
        f"{one.event_name} of item {one.number}, eventID {one.event_id}"
        if one.number >= 0
        else f"{one.event_name}, eventID {one.event_id} ({one.decision})"
        for one in receipts[:20]
    ]
    return (*lines, *([f"and {len(receipts) - 20} more"] if len(receipts) > 20 else []))


def too_few(seen: Symptoms) -> Iterator[Finding]:
    if seen.too_few:
        yield Finding(
            code=Cause.SECOND_MAPPING,
            weight=Weight.HOLE,
            text=f"{seen.too_few} inserts were processed fewer times than there are mappings that deliver them: an "
            "alias or version of the function may not work, or may log no receipts",
            mend="Verify each alias separately, or delete the mapping that is not wanted.",
        )


def stream_differs(seen: Symptoms) -> Iterator[Finding]:
    if seen.stream_differs:
        yield Finding(
            code=Cause.STREAM_DIFFERS_FROM_WRITES,
            weight=Weight.HOLE,
            text="the stream does not hold the records that the test writes must produce",
            evidence=tuple(
                f"item {number}: expected {', '.join(expected) or 'none'}; recorded {', '.join(got) or 'none'}"
                for number, expected, got in seen.stream_differs[:_SHOWN]
            ),
            mend="Check whether something else (a cleanup job, another run) changes the test items. The embedded "
            "emulator records nothing for PartiQL writes.",
        )


def unexplained(seen: Symptoms) -> Iterator[Finding]:
    if seen.strange_count and not seen.unexplained:
        yield Finding(
            code=Cause.RECEIPTS_WITHOUT_RECORD,
            weight=Weight.HOLE,
            text=f"{seen.strange_count} receipts report a second insert of an item that was put once",
            mend="Check that the handler logs the eventName and eventID as they are delivered.",
        )
    if seen.unexplained:
        yield Finding(
            code=Cause.RECEIPTS_WITHOUT_RECORD,
            weight=Weight.HOLE,
            text=f"{len(seen.unexplained)} receipts name records that the stream does not hold",
            evidence=_receipt_lines(seen.unexplained),
            mend="Check that the handler logs the eventID as it is delivered.",
        )


def second_mapping(around: Circumstances) -> Iterator[Finding]:
    disabled = [m for m in around.mappings if not m.is_enabled]
    if disabled and len(disabled) < len(around.mappings):
        yield Finding(
            code=Cause.MAPPING_DISABLED,
            weight=Weight.HOLE,
            text=f"{len(disabled)} of the {len(around.mappings)} mappings of the function "
            + (
                "is disabled: nothing is delivered through it"
                if len(disabled) == 1
                else "are disabled: nothing is delivered through them"
            ),
            evidence=tuple(f"{m.uuid} ({m.state}) → {m.function_arn}" for m in disabled),
            mend="Enable it, or delete it.",
        )
    if len(around.mappings) > 1:
        yield Finding(
            code=Cause.SECOND_MAPPING,
            weight=Weight.NOTE,
            text=f"{len(around.mappings)} mappings deliver this stream to the function: each insert arrives "
            "once for each of them",
            evidence=tuple(f"{m.uuid} ({m.state}) → {m.function_arn}" for m in around.mappings),
            mend="Delete the mapping that is not wanted.",
        )
