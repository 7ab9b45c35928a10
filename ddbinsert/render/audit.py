"""Audit entries, and the inserts or items without one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert.core.proof.gaps.groups import format_time
from ddbinsert.render.keys import key_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.audit_log import AuditQueryResult
    from ddbinsert.core.proof.gaps.audit_table import AuditComparison
    from ddbinsert.render.terminal.screen import Screen


def print_entries(screen: Screen, said: AuditQueryResult, *, images: bool) -> None:
    """One row for each entry, newest first; with ``images``, the item below it."""
    if not said.entries:
        screen.line("No matching entries.")
        _left_out(screen, said)
        return
    if images:
        for one in said.entries:
            screen.line(f"{one.time}  {one.table}  {one.item}  {one.user or '-'}", "bold")
            omitted = _omitted(one.image_omitted) if one.image_omitted else None
            screen.line(f"  {omitted or json.dumps(one.image, ensure_ascii=False)}")
    else:
        rows = [(one.time, one.table, one.user or "-", one.item) for one in said.entries]
        screen.table(("time", "table", "user", "item"), rows)
    if said.more:
        screen.line("There are older entries: use --limit or --until.")
    _left_out(screen, said)


def _omitted(what: Mapping[str, Any]) -> str:
    """``image left out: 409,582 bytes, SHA-256 39a9…``, from attributes in DynamoDB JSON."""
    size, digest = what.get("bytes", {}).get("N", ""), what.get("sha256", {}).get("S", "unknown")
    return f"image left out: {f'{int(size):,}' if size.isdecimal() else 'unknown'} bytes, SHA-256 {digest}"


def compared_data(found: AuditComparison) -> dict[str, Any]:
    return {
        "table": found.table,
        "audit": found.audit,
        "source": found.source,
        "since": found.since,
        "until": found.until,
        "compared": found.compared,
        "stored": found.stored,
        "missing": found.missing,
        "waiting": found.waiting,
        "excluded": found.excluded,
        "test_items": found.test_items,
        "absent": [{"key": one.keys, "eventID": one.event_id or None, "at": one.at} for one in found.absent],
        "inconclusive": [
            {"since": one.since or None, "until": one.until or None, "why": one.why, "count": one.count}
            for one in found.stretches
        ],
        "evidence": list(found.evidence),
    }


def compared(screen: Screen, found: AuditComparison, *, advice: str) -> None:
    """The result of a comparison as text.

    Args:
        advice: The command that finds out why entries are missing.
    """
    _headline(screen, found)
    for one in found.absent:
        when = f"{format_time(one.at)}  {one.event_id}  " if one.at is not None else ""
        screen.line(f"    {when}{key_words(one.keys)}")
    if found.missing > len(found.absent):
        screen.line(f"    … and {found.missing - len(found.absent):,} more")
    for stretch in found.stretches:
        span = f"{format_time(stretch.since)} to {format_time(stretch.until)}: " if stretch.until else ""
        count = f"{stretch.count:,} without an entry: " if stretch.count else ""
        screen.sentence(f"? {span}{count}{stretch.why}", "yellow")
    screen.pairs(
        [
            ("with an entry", f"{found.stored:,}"),
            ("waiting", f"{found.waiting:,} written recently" if found.waiting else ""),
            ("excluded", f"{found.excluded:,} by today's filter" if found.excluded else ""),
            ("test items", f"{found.test_items:,} without an entry" if found.test_items else ""),
        ],
        indent=2,
    )
    for text in found.evidence:
        screen.sentence(f"  · {text}", "dim")
    if found.missing and found.source == "stream":
        screen.line(f"Find out why, and repair: {advice}")


def _headline(screen: Screen, found: AuditComparison) -> None:
    what = "inserts" if found.source == "stream" else "items"
    if found.since is not None and found.until is not None:
        what += f" between {format_time(found.since)} and {format_time(found.until)}"
    others = found.compared - found.test_items
    if found.missing:
        screen.sentence(f"{found.missing:,} of {others:,} {what} have no entry in {found.audit}", "bold red")
    elif found.stretches:
        screen.sentence(f"Not all {what} could be compared with {found.audit}", "bold yellow")
    elif not others:  # entries of test items are removed after a verification
        screen.sentence(f"There are no {what} to compare with {found.audit}", "bold yellow")
    elif found.waiting:
        screen.sentence(f"{found.stored:,} of {others:,} {what} have an entry in {found.audit}", "bold green")
    else:
        screen.sentence(f"Each of the {found.stored:,} {what} has an entry in {found.audit}", "bold green")


def _left_out(screen: Screen, said: AuditQueryResult) -> None:
    if said.test_items:
        screen.line(f"Left out: {said.test_items} entries of test items (--test-items shows them).")
