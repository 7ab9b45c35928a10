"""Failures: the discarded records, their content, and the result of a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.core.failed_records import left_out_words
from ddbinsert.core.words import plural
from ddbinsert.render.keys import key_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.failed_records import Failure, Listing, OddDocument, Record, Replay, Shown
    from ddbinsert.render.terminal.screen import Screen

#: Maximum number of skipped documents that are listed as text.
_ODD = 10


def failure_data(failure: Failure) -> dict[str, Any]:
    return {
        "id": failure.id,
        "function": failure.function_name,
        "table": failure.table,
        "condition": failure.condition,
        "error": failure.error or None,
        "attempts": failure.attempts,
        "at": failure.at,
        "arrived": failure.arrived,
        "shard": failure.shard,
        "first": failure.first,
        "last": failure.last,
        "records": failure.count,
        "stream": failure.stream_arn,
    }


def listing_data(listing: Listing) -> dict[str, Any]:
    return {
        "destination": listing.destination,
        "failures": [failure_data(one) for one in listing.failures],
        "foreign": len(listing.odd),
        "odd": [{"name": one.name, "why": one.why} for one in listing.odd],
    }


def listing(screen: Screen, found: Listing, *, show: str, replay: str) -> None:
    if not found.failures:
        screen.line(f"No discarded records: {found.destination} holds no failure of this trigger.", "green")
    else:
        rows = [
            (
                one.id,
                one.at[:19].replace("T", " "),
                one.function_name,
                one.condition,
                str(one.count),
                one.arrived[:19],
            )
            for one in found.failures
        ]
        screen.table(("id", "discarded", "function", "condition", "records", "first record written"), rows)
        screen.line(f"Show the records: {show}")
        screen.line(f"Replay them: {replay}")
    odd(screen, found.odd)


def odd(screen: Screen, documents: Sequence[OddDocument]) -> None:
    """The skipped documents."""
    if not documents:
        return
    are = "1 document is" if len(documents) == 1 else f"{len(documents):,} documents are"
    screen.line(f"Skipped: {are} not written by Lambda:")
    for one in documents[:_ODD]:
        screen.line(f"  {one.name}: {one.why}")
    if len(documents) > _ODD:
        screen.line(f"  … and {len(documents) - _ODD:,} more (--output json)")


def shown_data(shown: Sequence[Shown]) -> list[dict[str, Any]]:
    return [
        {**failure_data(one.failure), "records": list(one.records), "problem": one.problem or None}
        for one in shown
    ]


def shown(screen: Screen, failures: Sequence[Shown]) -> None:
    for one in failures:
        failure = one.failure
        screen.line(f"{failure.id}  {failure.condition}", "bold")
        screen.pairs(
            [
                ("function", failure.function_name),
                ("discarded", f"{failure.at} after {plural(failure.attempts, 'invocation')}"),
                ("error", failure.error),
                ("shard", failure.shard),
                ("sequence numbers", f"{failure.first} to {failure.last}"),
            ],
            indent=2,
        )
        for record in one.records:
            screen.line(f"  {_record(record)}")
        if one.problem:
            screen.line(f"  {one.problem}", "yellow")


def _record(record: Record) -> str:
    change = record.get("dynamodb") or {}
    return f"{record.get('eventName')} {key_words(change.get('Keys'))} seq {change.get('SequenceNumber')}"


def replay_data(replays: Sequence[Replay]) -> list[dict[str, Any]]:
    return [
        {
            **failure_data(one.failure),
            "ok": one.ok,
            "done": one.done,
            "already_processed": one.already,
            "left": one.left,
            "left_out": one.left_out,
            "trimmed": one.trimmed,
            "problem": one.problem or None,
        }
        for one in replays
    ]


def replayed(screen: Screen, replays: Sequence[Replay]) -> None:
    if not replays:
        screen.line("Nothing to replay.", "green")
    for one in replays:
        before = f", {one.already} processed before" if one.already else ""
        name = f"{one.failure.id}: {plural(one.done, 'record')} replayed{before}"
        if one.ok:
            screen.line(f"{name}; removed from the destination", "green")
            continue
        left = [f"{len(one.left)} failed or not tried"] if one.left else []
        left += left_out_words(one.left_out.values(), one.trimmed)
        if one.problem:
            left.append(one.problem)
        screen.line(f"{name}; left at the destination: {'; '.join(left)}", "bold red")
