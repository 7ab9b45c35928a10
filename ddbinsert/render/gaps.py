"""An audit of the past: missed inserts by cause, waiting inserts, and times that cannot be judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert.core.proof.gaps.groups import format_time
from ddbinsert.core.words import plural
from ddbinsert.render.keys import key_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddbinsert.advice import Advice
    from ddbinsert.core.proof.gaps.model import Backfill, Compared, Gaps, Group, Insert, Repair, Stretch
    from ddbinsert.render.terminal.screen import Screen

_TITLES = {
    "discarded": "discarded by the mapping",
    "function-error": "every invocation failed",
    "handler-skipped": "delivered to the handler, which did not process it",
    "not-stored": "processed, but not in the sink",
    "mapping-disabled": "the mapping is disabled",
    "stream-replaced": "the stream was replaced, and no mapping reads it",
    "no-mapping": "no mapping",
    "latest-mapping": "skipped by a mapping that starts at LATEST",
    "mapping-changed": "around a change of the mapping",
    "throttled": "while the function was throttled",
    "unknown": "cause unknown",
}


def insert_data(one: Insert) -> dict[str, Any]:
    return {
        "eventID": one.event_id,
        "at": one.at,
        "key": json.loads(one.keys),
        "sequence": one.sequence,
    }


def gaps_data(found: Gaps, addressed: Callable[[Advice], Advice]) -> dict[str, Any]:
    return {
        "table": found.table,
        "function": found.function,
        "log_group": found.log_group,
        "since": found.since,
        "until": found.until,
        "inserts": found.inserts,
        "processed": found.processed,
        "repaired": found.repaired,
        "waiting": found.waiting,
        "waiting_for": dict(found.waiting_for),
        "missed": found.missed,
        "test_items": found.test_items,
        "unjudged": found.unjudged,
        "excluded": found.excluded,
        "causes": [_group_data(group, addressed) for group in found.groups],
        "inconclusive": [
            {"since": one.since, "until": one.until, "why": one.why, "inserts": one.count}
            for one in found.stretches
        ],
        "evidence": list(found.evidence),
    }


def _group_data(group: Group, addressed: Callable[[Advice], Advice]) -> dict[str, Any]:
    advice = addressed(group.advice) if group.advice else None
    return {
        "cause": group.cause.value,
        "missed": group.count,
        "first": group.first,
        "last": group.last,
        "evidence": list(group.evidence),
        "remedy": str(advice) if advice else None,
        "command": ["ddbinsert", *advice.command] if advice and advice.command else None,
        "inserts": [insert_data(one) for one in group.examples],
    }


def gaps(screen: Screen, found: Gaps, addressed: Callable[[Advice], Advice], *, repair: str) -> None:
    """The result of an audit as text.

    Args:
        repair: The command that replays the missed inserts; empty if that was done.
    """
    span = f"between {format_time(found.since)} and {format_time(found.until)}"
    if found.missed:
        verb = "was" if found.missed == 1 else "were"
        screen.sentence(
            f"{found.missed:,} of {plural(found.inserts, 'insert')} {span} {verb} missed", "bold red"
        )
    elif found.stretches:
        screen.sentence(
            f"No insert {span} is known to be missed, but not all of it can be judged", "bold yellow"
        )
    else:
        screen.sentence(_none_missed(found.inserts, span), "bold green")
    for group in found.groups:
        _group(screen, group, addressed)
    for one in found.stretches:
        screen.sentence(f"? {_stretch(one)}", "yellow")
    screen.pairs(
        [
            ("processed", f"{found.processed:,}" + _repaired(found.repaired)),
            ("waiting", _waiting(found)),
            ("excluded", f"{found.excluded:,} by the filter" if found.excluded else ""),
            ("test items", f"{found.test_items:,} of the missed ones" if found.test_items else ""),
        ],
        indent=2,
    )
    for text in found.evidence:
        screen.sentence(f"  · {text}", "dim")
    if found.missed and repair:
        screen.line(f"Replay them to the function: {repair}")


def _none_missed(inserts: int, span: str) -> str:
    if not inserts:
        return f"There were no inserts {span}"
    return (
        f"The insert {span} was not missed"
        if inserts == 1
        else f"None of the {inserts:,} inserts {span} was missed"
    )


def _group(screen: Screen, group: Group, addressed: Callable[[Advice], Advice]) -> None:
    when = (
        format_time(group.first)
        if group.count == 1
        else f"{format_time(group.first)} to {format_time(group.last)}"
    )
    screen.sentence(
        f"✗ {plural(group.count, 'insert')}: {_TITLES[group.cause]} ({group.cause}), {when}", "red"
    )
    for text in group.evidence:
        screen.sentence(f"    {text}")
    if group.advice is not None:
        screen.sentence(f"    {addressed(group.advice)}")
    for one in group.examples:
        screen.line(f"    {format_time(one.at)}  {one.event_id}  {key_words(json.loads(one.keys))}")
    if group.count > len(group.examples):
        screen.line(f"    … and {group.count - len(group.examples):,} more (--save FILE writes all)")


def _stretch(one: Stretch) -> str:
    inserts = f"{plural(one.count, 'insert')} " if one.count else ""
    if one.until - one.since < 1:
        return f"{inserts}at {format_time(one.since)}: {one.why}"
    return f"{inserts}from {format_time(one.since)} to {format_time(one.until)}: {one.why}"


def _repaired(count: int) -> str:
    return f", {count:,} of them by a repair" if count else ""


def _waiting(found: Gaps) -> str:
    if not found.waiting:
        return ""
    reasons = "; ".join(f"{count:,} {why}" for why, count in found.waiting_for.items())
    return f"{found.waiting:,} (not gaps yet): {reasons}"


def repair_data(done: Repair) -> dict[str, Any]:
    return {
        "processed": done.done,
        "failed": done.failed,
        "gone": done.gone,
        "untried": done.untried,
        "left": done.left,
        "problem": done.problem or None,
    }


def repaired(screen: Screen, done: Repair) -> None:
    """The result of a repair."""
    screen.sentence(
        f"Repaired: the function processed {done.done:,} of them", "bold red" if done.left else "bold green"
    )
    if done.failed:
        screen.sentence(
            f"  {len(done.failed):,} failed again, or wait for an earlier record of the same item", "red"
        )
    if done.gone:
        screen.sentence(f"  {done.gone:,} are no longer in the stream", "red")
    if done.untried:
        screen.sentence(
            f"  {done.untried:,} are left: the repair ended early; run it again to continue", "red"
        )
    if done.problem:
        screen.sentence(f"  {done.problem}", "red")


def backfill_data(done: Backfill, *, dry_run: bool) -> dict[str, Any]:
    return {
        "run_id": done.run_id,
        "dry_run": dry_run,
        "read": done.read,
        "excluded": done.excluded,
        "with_entry": done.with_entry,
        "given_before": done.before,
        "given": done.given,
        "failed": done.failed,
        "complete": done.complete,
        "problem": done.problem or None,
    }


_LACKING = " that have no entry (--again sends them again)"


def backfilled(screen: Screen, done: Backfill, *, dry_run: bool, missing: bool) -> None:
    """The result of a backfill.

    Args:
        missing: Only items without an entry in the sink were to be sent.
    """
    what = "would be delivered to the function" if dry_run else "processed by the function"
    screen.sentence(f"{plural(done.given, 'item')} {what}", "bold green" if done.ok else "bold red")
    screen.pairs(
        [
            ("read", f"{done.read:,}"),
            ("excluded", f"{done.excluded:,} by the filter or a condition" if done.excluded else ""),
            ("in the sink", f"{done.with_entry:,}" if done.with_entry else ""),
            ("sent before", f"{done.before:,}{_LACKING if missing else ''}" if done.before else ""),
            ("failed", f"{len(done.failed):,}" if done.failed else ""),
            ("problem", done.problem),
        ],
        indent=2,
    )
    if not done.complete:
        screen.sentence("The backfill ended early; run it again to continue", "red")


def compared_data(found: Compared, keys: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "table": found.table,
        "sink": found.sink,
        "since": found.since,
        "until": found.until,
        "items": found.items,
        "excluded": found.excluded,
        "with_entry": found.with_entry,
        "without_entry": found.without_entry,
        "expires": found.expires or None,
        "keys": list(keys),
    }


def compared(screen: Screen, found: Compared, keys: Sequence[dict[str, Any]], *, backfill: str) -> None:
    """Items without an entry.

    Args:
        backfill: The command that sends them to the function.
    """
    expected = found.items - found.excluded
    if not expected:
        screen.sentence("No items to compare")
    elif not found.without_entry:
        items = "The item" if expected == 1 else f"Each of the {expected:,} items"
        screen.sentence(f"{items} has an entry in {found.sink}", "bold green")
    else:
        verb = "has" if found.without_entry == 1 else "have"
        screen.sentence(
            f"{found.without_entry:,} of {plural(expected, 'item')} {verb} no entry in {found.sink}",
            "bold red",
        )
        for key in keys:
            screen.line(f"    {key_words(key)}")
        if found.without_entry > len(keys):
            screen.line(f"    … and {found.without_entry - len(keys):,} more (--save FILE writes all)")
        if found.expires:
            screen.sentence(f"? {found.expires}: those of older items may have been deleted", "yellow")
        others = "" if found.since is None else ", and those of other times,"
        screen.line(f"Deliver them{others} to the function: {backfill}")
    if found.since is not None and found.until is not None:
        screen.line(f"  period    {format_time(found.since)} to {format_time(found.until)}")
    if found.excluded:
        screen.line(f"  excluded  {found.excluded:,} by the filter")
