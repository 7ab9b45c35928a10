"""Runs of verify as reports get them: what was written, recorded and logged, given to the real tally and judge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ddbinsert.advice import TABLE, Advice
from ddbinsert.cli.advice import AdviceTarget, complete
from ddbinsert.cli.run import Common
from ddbinsert.core import receipt
from ddbinsert.core.items.run_key import key_of
from ddbinsert.core.model.record import EventName
from ddbinsert.core.model.seen import FunctionState, MappingState, World
from ddbinsert.core.model.wanted import Trigger
from ddbinsert.core.proof.causes.causes import findings
from ddbinsert.core.proof.circumstances import Circumstances
from ddbinsert.core.proof.proof import Proof
from ddbinsert.core.proof.script import Script, script
from ddbinsert.core.proof.symptoms import Symptoms, symptoms
from ddbinsert.core.proof.tally import Tally
from ddbinsert.core.proof.verdict import Evidence, Finding, Result, Verdict, Weight, judge
from tests.unit import worlds

RUN_ID = "0123456789ab"
START = 1_795_600_000.0
#: What a name, a log line or an error text may hold at worst.
HOSTILE = (
    "</td></script><script>alert(1)</script> \"'><img src=x onerror=alert(2)> ]]> <!-- --> &amp; &#x3c; "
    "\x1b[31mred\x1b[0m \x00\x07\x08\x7f\x85 \u202egnp.exe \ud800 \ufffe\uffff \U0001f600 `${{7*7}}` | "
    "[a](javascript:b) "
    "@everyone #1 ![i](http://example.com/i.png) *b* _i_ ~~s~~\n\n# heading\r\n- item\n| a | b |\n|---|---|\n```\n"
)


def proof_of(
    *,
    count: int = 4,
    delivered: tuple[EventName, ...] = (EventName.INSERT,),
    decision: str = receipt.PROCESSED,
    allow_guarded: bool = False,
    lost: frozenset[int] = frozenset(),
    delay: float = 0.012,
    stream_read: bool = True,
    by_lines: bool = False,
    filters: tuple[str, ...] = ('{"eventName":["INSERT"]}',),
    gauged: bool = False,
) -> Proof:
    """A run on a function that is given records of the kinds in ``delivered``.

    Args:
        decision: What it says of those that are no inserts.
        lost: Items of which it is given nothing.
        delay: Seconds from a write to its receipt.
        by_lines: It prints a line with the key, and no receipt.
    """
    plan = script(RUN_ID, count, gauged=gauged)
    tally = Tally(plan)
    _write(
        tally, plan, delivered, decision, lost=lost, delay=delay, stream_read=stream_read, by_lines=by_lines
    )
    mapping = MappingState(
        uuid=worlds.UUID.format(1),
        stream_arn=worlds.LIVE,
        function_arn=worlds.FUNCTION_ARN,
        state="Enabled",
        starting_position="TRIM_HORIZON",
        filters=filters,
    )
    world = _world(mapping)
    around = Circumstances(
        world=world, mappings=(mapping,), log_group="/aws/lambda/orders-inserts", by_lines=by_lines
    )
    seen = symptoms(tally, stream_read=stream_read, by_lines=by_lines)
    found = findings(seen, tally, around, allow_guarded=allow_guarded)
    if allow_guarded:
        seen = replace(seen, leaked=(), strays_count=len(seen.intruders))
    verdict = judge(tally, seen, found, evidence(stream_read=stream_read), waited=delay)
    return _proof(verdict, world, tally)


def refused() -> Proof:
    """A run that the configuration decides before anything is written."""
    tally = Tally(script(RUN_ID, 4))
    finding = Finding(
        code="mapping-disabled",
        weight=Weight.PROOF,
        text="the event source mapping is disabled: nothing is delivered",
        evidence=("00000000-0000-4000-8000-000000000001: Disabled (User action)",),
        mend=Advice("Enable it", ("attach-trigger", TABLE, "--enabled")),
    )
    seen = Symptoms(missing_count=tally.script.expected_inserts)
    sides = (Evidence(side="writes", seen=False, text="none: the verdict follows from the configuration"),)
    return _proof(judge(tally, seen, (finding,), sides, waited=0.0), _world(), tally)


def watched(result: Result = Result.PASS) -> Proof:
    """A run that only watched (--observe): it keeps no tally."""
    fails = result is Result.FAIL
    finding = Finding(code="intruders-processed", weight=Weight.PROOF, text="3 records were processed")
    verdict = Verdict(
        result=result,
        run_id=RUN_ID,
        summary="1,204 of 1,204 inserts were processed in 600 s",
        findings=(finding,) if fails else (),
        evidence=evidence(),
        counts={
            "stream_records": 2000,
            "filtered_inserts": 0,
            "other_changes": 796,
            "expected_inserts": 1204,
            "processed_inserts": 1204,
            "missing": 0,
            "intruders": 3 if fails else 0,
            "guarded": 0,
            "duplicates": 1,
        },
        latency={"min": 0.1, "p50": 0.4, "p90": 0.9, "p99": 2.0, "max": 2.5},
        waited=600.0,
    )
    return _proof(verdict, _world(), None)


def hostile(text: str = HOSTILE) -> Proof:
    """A failing run in which every text that comes from outside is this one."""
    good = proof_of(delivered=tuple(EventName))
    verdict = replace(
        good.verdict,
        summary=text,
        findings=tuple(
            replace(one, text=text, evidence=(text,) * 30, mend=f"`{text}`") for one in good.verdict.findings
        ),
        evidence=(*good.verdict.evidence, Evidence(side="sink", seen=True, text=text)),
    )
    if good.tally is None:
        raise AssertionError
    lane = good.tally.lanes[0]
    lane.receipts[0] = replace(lane.receipts[0], event_name=text, event_id=text, request=text)
    first = lane.recorded[0]
    lane.records[first.event_id] = replace(first, event_name=text, event_id=text)
    good.tally.add_log_line(f"{text} {key_of(worlds.KEY, RUN_ID, 0)}", START)
    return replace(
        good,
        verdict=verdict,
        trigger=replace(good.trigger, table=text),
        function=text,
        endpoint=text,
        world=World(region=text, account=text),
    )


def evidence(*, stream_read: bool = True) -> tuple[Evidence, ...]:
    return (
        Evidence(side="writes", seen=True, text="19 acknowledged by DynamoDB on 4 test items"),
        Evidence(side="stream", seen=stream_read, text="16 records read" if stream_read else "access denied"),
        Evidence(side="log", seen=True, text="receipts in /aws/lambda/orders-inserts"),
        Evidence(side="metrics", seen=False, text="CloudWatch metrics: none"),
    )


def _proof(verdict: Verdict, world: World, tally: Tally | None) -> Proof:
    return Proof(
        verdict=replace(verdict, findings=tuple(map(_addressed, verdict.findings))),
        trigger=Trigger(table="orders"),
        world=world,
        started=START,
        finished=START + max(1.0, verdict.waited),
        function="orders-inserts",
        endpoint="AWS",
        tally=tally,
    )


def _addressed(finding: Finding) -> Finding:
    """The finding with the command as a run prints it."""
    mend = finding.mend
    return (
        replace(finding, mend=complete(mend, AdviceTarget(Common(), "orders")))
        if isinstance(mend, Advice)
        else finding
    )


def _world(*mappings: MappingState) -> World:
    function = FunctionState(
        name="orders-inserts",
        arn=worlds.FUNCTION_ARN,
        runtime="python3.13",
        handler="handler.handler",
        role_arn=worlds.ROLE_ARN,
        log_group="/aws/lambda/orders-inserts",
    )
    return World(
        account=worlds.ACCOUNT,
        region=worlds.REGION,
        table=worlds.table(),
        function=function,
        mappings=mappings,
    )


def _write(
    tally: Tally,
    plan: Script,
    delivered: tuple[EventName, ...],
    decision: str,
    *,
    lost: frozenset[int],
    delay: float,
    stream_read: bool,
    by_lines: bool,
) -> None:
    """Make the script's writes 5 ms apart, and let the function see of them what it is given."""
    at, sequence = START, 10**20

    def log(number: int, kind: EventName) -> None:
        given: dict[str, Any] = {
            "eventID": f"{sequence:032x}",
            "eventName": kind.value,
            "dynamodb": {"Keys": key_of(worlds.KEY, RUN_ID, number), "SequenceNumber": str(sequence)},
        }
        if stream_read:
            tally.streamed(
                {**given, "dynamodb": {**given["dynamodb"], "ApproximateCreationDateTime": int(at)}}
            )
        if kind not in delivered or number in lost:
            return
        said = receipt.PROCESSED if kind is EventName.INSERT else decision
        line = receipt.line(given, said, "request-1")
        tally.add_log_line(str(given["dynamodb"]["Keys"]) if by_lines else line, round(at + delay, 3))

    for lane in plan.lanes:
        for write in lane.writes:
            at, sequence = at + 0.005, sequence + 1
            tally.add_write(write, at)
            if write.expects is not None:
                log(write.number, write.expects)
    for number in plan.bulk_numbers:
        sequence += 1
        log(number, EventName.INSERT)
    tally.wrote_bulk(plan.bulk)
