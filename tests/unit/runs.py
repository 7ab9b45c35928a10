"""Runs of verify without any AWS: what a script must leave in the stream, the receipts of it, and the judgement."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddbinsert.core import receipt
from ddbinsert.core.items.run_key import key_of
from ddbinsert.core.model.record import EventName
from ddbinsert.core.model.seen import FunctionState, MappingState, World
from ddbinsert.core.proof.causes.causes import findings
from ddbinsert.core.proof.circumstances import Circumstances
from ddbinsert.core.proof.script import script
from ddbinsert.core.proof.symptoms import symptoms
from ddbinsert.core.proof.tally import Tally
from ddbinsert.core.proof.verdict import judge
from tests.unit import worlds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.core.proof.script import Script
    from ddbinsert.core.proof.verdict import Verdict

RUN_ID = "0123456789ab"
START = 1_795_600_000.0
GROUP = "/aws/lambda/orders-inserts"
INSERT, MODIFY, REMOVE = EventName.INSERT, EventName.MODIFY, EventName.REMOVE

Record = dict[str, Any]


def script_of(count: int = 4, **more: Any) -> Script:
    return script(RUN_ID, count, **more)


def stream_of(plan: Script) -> list[Record]:
    """Every record that a script must leave, lane by lane, then the bulk; in Lambda's shape."""
    made = []
    for lane in plan.lanes:
        made += [(lane.number, name) for name in lane.expected]
    made += [(number, INSERT) for number in plan.bulk_numbers]
    return [_record(place, number, name) for place, (number, name) in enumerate(made)]


def _record(place: int, number: int, name: EventName) -> Record:
    return {
        "eventID": hashlib.md5(f"{place}".encode(), usedforsecurity=False).hexdigest(),
        "eventName": str(name),
        "dynamodb": {
            "Keys": key_of(worlds.KEY, RUN_ID, number),
            "SequenceNumber": f"{10**20 + place}",
            "ApproximateCreationDateTime": START,
        },
    }


def of(records: Iterable[Record], *names: EventName) -> list[Record]:
    return [record for record in records if record["eventName"] in names]


def said(record: Record, decision: str = receipt.PROCESSED, **changes: Any) -> str:
    """The receipt for a record; ``changes`` are what it says otherwise."""
    return receipt.line({**record, **changes}, decision, "request-1")


def tally_of(
    plan: Script, lines: Iterable[str], records: Iterable[Record] = (), *, written: bool = True
) -> Tally:
    """What a run has seen whose log holds ``lines`` and whose stream holds ``records``."""
    tally = Tally(plan)
    if written:
        for lane in plan.lanes:
            for write in lane.writes:
                tally.add_write(write, START)
        tally.wrote_bulk(plan.bulk)
    for record in records:
        tally.streamed(record)
    for place, line in enumerate(lines):
        tally.add_log_line(line, START + place, START + place + 0.5)
    return tally


def mapping(**more: Any) -> MappingState:
    given: dict[str, Any] = {
        "uuid": worlds.UUID.format(1),
        "stream_arn": worlds.LIVE,
        "function_arn": worlds.FUNCTION_ARN,
        "state": "Enabled",
        "starting_position": "TRIM_HORIZON",
        "filters": ('{"eventName":["INSERT"]}',),
        "retries": 5,
        "last_result": "OK",
    }
    return MappingState(**{**given, **more})


def function(**more: Any) -> FunctionState:
    given: dict[str, Any] = {
        "name": "orders-inserts",
        "arn": worlds.FUNCTION_ARN,
        "runtime": "python3.13",
        "handler": "handler.handler",
        "role_arn": worlds.ROLE_ARN,
        "log_group": GROUP,
    }
    return FunctionState(**{**given, **more})


def around(*mappings: MappingState, **more: Any) -> Circumstances:
    """A healthy trigger's circumstances but for what is given."""
    those = mappings or (mapping(),)
    world = World(table=worlds.table(), function=function(), mappings=those)
    given = Circumstances(world=world, mappings=those, log_group=GROUP, wait_limit=180.0, role_known=True)
    return replace(given, **more)


def judged(
    plan: Script,
    lines: Iterable[str],
    records: Iterable[Record] = (),
    *,
    circumstances: Circumstances | None = None,
    by_lines: bool = False,
    allow_guarded: bool = False,
) -> Verdict:
    """The verdict as the operation comes to it; with no ``records`` our own reading failed."""
    records = list(records)
    tally = tally_of(plan, lines, records)
    seen = symptoms(tally, stream_read=bool(records), by_lines=by_lines)
    surroundings = replace(circumstances or around(), by_lines=by_lines)
    found = findings(seen, tally, surroundings, allow_guarded=allow_guarded)
    if allow_guarded:
        seen = replace(seen, leaked=(), strays_count=len(seen.intruders))
    return judge(tally, seen, found, (), waited=1.0)


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.causes}
