"""The evidence of a verdict as text, by source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.proof.mapping_counts import metrics_text
from ddbinsert.core.proof.script import Method
from ddbinsert.core.proof.verdict import Evidence
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.proof.circumstances import Circumstances
    from ddbinsert.core.proof.filter_parts import FilterPart
    from ddbinsert.operations.verify.context import VerifyOptions
    from ddbinsert.operations.verify.run import Watch
    from ddbinsert.operations.verify.subject import Subject


def evidence_of(
    subject: Subject,
    watch: Watch,
    around: Circumstances,
    options: VerifyOptions,
    parts: Sequence[FilterPart],
) -> tuple[Evidence, ...]:
    """The evidence of a run, in the order in which verdicts list it.

    Args:
        parts: The parts of filters that have their own test items, or cannot have one.
    """
    return (
        _writes(watch, options, parts),
        _stream(watch),
        _log(subject, watch),
        _invocations(around),
        Evidence(
            side="metrics",
            seen=bool(around.counted.counts),
            text=metrics_text(around.counted, subject.mappings),
        ),
        *sink_evidence(around),
        *_others(subject),
        configuration_of(subject),
    )


def _writes(watch: Watch, options: VerifyOptions, parts: Sequence[FilterPart]) -> Evidence:
    tally = watch.tally
    writes = sum(len(lane.written) for lane in tally.lanes) + tally.bulk_written
    methods = sorted({lane.lane.method.value for lane in tally.lanes if lane.lane.writes})
    left = "".join(f"; not used: {method.value} ({why})" for method, why in watch.writing.left_out)
    unused = sorted(method.value for method in frozenset(Method) - options.methods - {Method.PARTIQL})
    left += f"; left out: {', '.join(unused)} (--lanes)" if unused else ""
    tested = [one.shown for one in parts if one.sample is not None]
    left += "".join(
        f"; item {number}: {shown}" for number, shown in enumerate(tested, len(tally.lanes) - len(tested))
    )
    left += "".join(f"; no test item can pass {one.shown}" for one in parts if one.is_possible)
    return Evidence(
        side="writes",
        seen=True,
        text=f"{writes:,} acknowledged by DynamoDB on {plural(tally.script.items, 'test item')} "
        f"({', '.join(methods)}){left}",
    )


def _stream(watch: Watch) -> Evidence:
    tally = watch.tally
    records = sum(len(lane.records) for lane in tally.lanes)
    scope = " of the scripted items" if tally.script.bulk else ""
    return Evidence(
        side="stream",
        seen=watch.stream.complete,
        text=f"{records} records{scope} read from the stream by verify"
        if watch.stream.complete
        else watch.stream.problem or f"only {records} records{scope} were read",
    )


def _log(subject: Subject, watch: Watch) -> Evidence:
    tally = watch.tally
    return Evidence(
        side="log",
        seen=tally.receipts.total() + tally.lines > 0,
        text=f"{tally.receipts.total():,} receipts in {subject.log_group}"
        if not watch.by_lines
        else f"{tally.lines:,} lines in {subject.log_group} that show a test item's key; records that the "
        "function received and did not log are not visible",
    )


def _invocations(around: Circumstances) -> Evidence:
    calls = around.invocations
    more = "more than " if calls.cut else ""
    longest = f", the longest {calls.longest:.2f} s" if calls.longest else ""
    return Evidence(
        side="invocations",
        seen=calls.reports > 0,
        text=f"{more}{calls.reports:,} invocations reported{longest}" if calls.reports else "no REPORT lines",
    )


def sink_evidence(around: Circumstances) -> Iterator[Evidence]:
    """The entries that were read back, if the function has a sink."""
    sink = around.sink
    if sink.arn:
        yield Evidence(
            side="sink",
            seen=bool(sink.expected),
            text=f"{sink.expected - len(sink.absent)} of {sink.expected} entries in {sink.arn}"
            if sink.expected
            else f"{sink.arn}: {sink.unchecked or 'no entry was to be read'}",
        )


def _others(subject: Subject) -> Iterator[Evidence]:
    others = subject.audience
    if others:
        yield Evidence(side="others", seen=True, text=f"test items also delivered to: {', '.join(others)}")


def configuration_of(subject: Subject) -> Evidence:
    """The mappings and their filters, as evidence."""
    return Evidence(
        side="configuration",
        seen=bool(subject.mappings),
        text=subject.configuration or "no mapping from the live stream to the function",
    )
