"""Failures: what was given up, what it holds, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.render.keys import key_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.failures import Failure, Listing, Record, Replay, Shown
    from ddbinsert.render.screen import Screen


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
        "foreign": listing.foreign,
    }


def listing(screen: Screen, found: Listing, *, show: str, replay: str) -> None:
    if not found.failures:
        screen.line(f"Nothing was given up: {found.destination} holds no failure of this trigger.", "green")
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
        screen.table(("id", "given up", "function", "condition", "records", "first record written"), rows)
        screen.line(f"Look at them: {show}")
        screen.line(f"Give them to the function again: {replay}")
    if found.foreign:
        screen.line(f"{found.foreign} other documents lie there, which are none of Lambda's.")


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
                ("given up", f"{failure.at} after {failure.attempts} invocations"),
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
            "left": one.left,
            "problem": one.problem or None,
        }
        for one in replays
    ]


def replayed(screen: Screen, replays: Sequence[Replay]) -> None:
    if not replays:
        screen.line("Nothing to replay.", "green")
    for one in replays:
        if one.ok:
            screen.line(
                f"{one.failure.id}: {one.done} records done, and taken out of the destination", "green"
            )
        else:
            left = f"{len(one.left)} still there" if one.left else "all still there"
            screen.line(f"{one.failure.id}: {one.done} records done, {left}: {one.problem}", "bold red")
