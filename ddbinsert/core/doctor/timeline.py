"""The latest events of a trigger, from the insert to the sink, and the number of waiting inserts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.doctor.checks.traffic import waiting
from ddbinsert.core.doctor.model import ROLES_ELSEWHERE, TRAIL_OF_IAM, FactSource
from ddbinsert.core.trigger.draining import RETENTION
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.core.doctor.facts import ChangeSeen, Facts


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One row of the timeline.

    Attributes:
        at: Epoch seconds; None if unknown, or if there was no such event.
        detail: The author of the event, or why there is no time.
    """

    what: str
    at: float | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The rows, in the order in which an insert passes, and the number of waiting inserts.

    Attributes:
        waiting: Number of inserts in the stream after the last delivered one; None if unknown.
        passed: Number of inserts without a receipt before the last delivery: skipped by LATEST, processed
            while the log was not kept, or delayed in another shard.
        at_least: The numbers are lower bounds.
        expires: Epoch seconds at which the oldest waiting insert expires.
    """

    moments: tuple[Moment, ...]
    waiting: int | None = None
    passed: int = 0
    at_least: bool = False
    expires: float | None = None


def timeline(facts: Facts) -> Timeline:
    """The timeline of one trigger."""
    open_ = waiting(facts)
    passed = _passed_until(facts)
    left = None if open_ is None else [one for one in open_ if one.at > passed]
    return Timeline(
        moments=(_last_insert(facts), *_of_log(facts), _last_entry(facts), *_changes(facts)),
        waiting=None if left is None else len(left),
        passed=len(open_ or ()) - len(left or ()),
        at_least=not facts.stream.whole or facts.now - facts.since < RETENTION,
        expires=left[0].at + RETENTION if left else None,
    )


def _passed_until(facts: Facts) -> float:
    """Epoch seconds up to which inserts are not waiting: Lambda has read past them, or began later."""
    done = {one.sequence for one in facts.log.receipts if one.decision != "failed"}  # it is retried
    times = [one.at for one in facts.stream.inserts if one.sequence in done]
    begun = [m.modified for m in facts.mappings if m.starting_position == "LATEST" and m.modified is not None]
    if begun and len(begun) == len(facts.mappings):
        times.append(min(begun))
    return max(times, default=0.0)


def _last_insert(facts: Facts) -> Moment:
    what = "last insert in the stream"
    if facts.table.stream_arn is None:
        return Moment(what=what, detail="the stream is disabled")
    if FactSource.STREAM in facts.unread:
        return Moment(what=what, detail=f"not read: {facts.unread[FactSource.STREAM]}")
    last = facts.stream.last
    if last is None:
        return Moment(what=what, detail="none within 24 h" if facts.stream.whole else "none in what was read")
    notes = [] if last.passes else ["the filter excludes it"]
    if not facts.stream.whole:
        notes.append("there may be later ones")
    return Moment(what=what, at=last.at, detail="; ".join(notes))


def _of_log(facts: Facts) -> Iterable[Moment]:
    names = ("last delivery", "last receipt")
    if facts.function is None:
        why = "the function does not exist"
    elif FactSource.LOG in facts.unread:
        why = f"not read: {facts.unread[FactSource.LOG]}"
    elif facts.world.log_group is None:
        why = "the log group does not exist"
    else:
        failed = len(facts.log.failing)
        delivery, receipt = facts.log.last_delivery, max((one.at for one in facts.log.receipts), default=None)
        yield Moment(
            what=names[0],
            at=delivery,
            detail=f"{failed} failed in a row"
            if failed
            else ""
            if delivery
            else "no end of an invocation in the log",
        )
        none = (
            "none in the log"
            if facts.runs_template
            else "none in the log; your own code may not write receipts"
        )
        yield Moment(what=names[1], at=receipt, detail="" if receipt else none)
        return
    yield from (Moment(what=name, detail=why) for name in names)


def _last_entry(facts: Facts) -> Moment:
    what = "last entry in the sink"
    if FactSource.OWNER in facts.unread:
        return Moment(what=what, detail=f"not read: {facts.unread[FactSource.OWNER]}")
    if not facts.sink.arn:
        return Moment(what=what, detail="SINK_ARN is not set" if facts.needs_sink else "no sink")
    if FactSource.SINK in facts.unread:
        return Moment(what=what, detail=f"not read: {facts.unread[FactSource.SINK]}")
    if facts.sink.problem:
        return Moment(what=what, detail=facts.sink.problem)
    if facts.sink.last_entry is None:
        return Moment(what=what, detail="not known: only tables with entries of recent receipts can be read")
    return Moment(what=what, at=facts.sink.last_entry)


def _changes(facts: Facts) -> Iterable[Moment]:
    mapping = max((m for m in facts.mappings if m.modified), key=lambda m: m.modified or 0.0, default=None)
    function = facts.function
    yield _change(
        facts,
        "last change of the mapping",
        mapping.modified if mapping else None,
        mapping.uuid if mapping else "",
    )
    yield _change(
        facts, "last change of the function", function.modified_at if function else None, facts.name
    )
    yield _of_role(facts)


def _of_role(facts: Facts) -> Moment:
    what = "last change of the role"
    if FactSource.CHANGES not in facts.unread and arn_parts(facts.table.arn).region != TRAIL_OF_IAM:
        return Moment(what=what, detail=ROLES_ELSEWHERE)
    return _change(facts, what, None, facts.role_name)


def _change(facts: Facts, what: str, at: float | None, resource: str) -> Moment:
    recorded = _recorded(facts, resource)
    if recorded is not None and (at is None or recorded.at >= at - 60):
        return Moment(what=what, at=recorded.at, detail=f"{recorded.what} by {recorded.who}")
    if FactSource.CHANGES in facts.unread:
        return Moment(what=what, at=at, detail="" if at else facts.unread[FactSource.CHANGES])
    return Moment(what=what, at=at, detail="" if at else "none recorded by CloudTrail in the last 90 days")


def _recorded(facts: Facts, resource: str) -> ChangeSeen | None:
    found = [one for one in facts.changes if resource and one.resource == resource]
    return max(found, key=lambda one: one.at, default=None)
