"""Facts around the inserts of the past: how far back the log reaches, CloudWatch's counts, discarded records."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.aws.failure_places import has_redrive_policy
from ddbinsert.aws.read.resources import read_log_group
from ddbinsert.aws.read.stream_history import MinuteCounts, read_minutes
from ddbinsert.core.arn import arn_parts, log_group_arn
from ddbinsert.core.proof.gaps import reach
from ddbinsert.core.proof.gaps.judge import MappingChange, Scene, filters_unread
from ddbinsert.core.proof.gaps.model import Stretch
from ddbinsert.core.trigger.policy import lacking
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import DdbInsertError
from ddbinsert.operations.failures.find import opened
from ddbinsert.operations.gaps.scope import all_mappings, mappings_on
from ddbinsert.operations.verify.own_code import runs_a_template
from ddbinsert.operations.verify.second_look import role_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.aws.context import Context
    from ddbinsert.core.proof.gaps.lines import PastLines
    from ddbinsert.core.proof.gaps.model import Insert
    from ddbinsert.operations.verify.sources.log import LogSource
    from ddbinsert.operations.verify.subject import Subject

_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class GapFacts:
    """What is read once for all inserts.

    Attributes:
        blind: Times that the log does not cover.
        discarded: (stream, shard) to the ranges of sequence numbers that were discarded, in order, with the
            documents' IDs.
        notes: What could not be read, and why.
    """

    now: float
    settle: float
    minutes: MinuteCounts
    blind: tuple[Stretch, ...]
    last_failure: float | None
    discarded: Mapping[tuple[str, str], list[tuple[int, int, str]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def document_of(self, place: tuple[str, str], one: Insert) -> str:
        """The ID of the document that names an insert; empty if none does."""
        ranges = self.discarded.get(place)
        if not ranges:
            return ""
        number = int(one.sequence)
        found = bisect_right(ranges, number, key=lambda each: each[0])
        return next(
            (document for first, last, document in reversed(ranges[:found]) if first <= number <= last), ""
        )


def read_facts(
    context: Context,
    subject: Subject,
    lines: PastLines,
    log: LogSource,
    *,
    since: float,
    settle: float,
    by_lines: bool,
    documents: bool,
) -> GapFacts:
    """Read what is needed to judge the unprocessed inserts.

    Args:
        documents: Read the on-failure destination as well.
    """
    now = context.clock.now()
    uuids = [one.uuid for one in subject.mappings]
    minutes = read_minutes(
        context.aws, subject.function.name, uuids, since=since, until=now, recent=max(settle, 2 * _MINUTE)
    )
    slack = settle + subject.function.timeout
    notes = [minutes.why] if minutes.why else []
    discarded: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
    for arn in (
        dict.fromkeys(one.on_failure for one in subject.mappings if one.on_failure) if documents else ()
    ):
        try:
            _read_documents(context, subject, str(arn), discarded)
        except DdbInsertError as error:
            notes.append(f"on-failure destination: {error.message}")
    blind = [
        *_log_reach(context, subject, log, now),
        *_unlogged_times(subject, lines, minutes, now, by_lines=by_lines),
        *reach.unlogged(minutes.invocations, lines, since=since, slack=slack),
        *reach.silent(lines, slack),
    ]
    return GapFacts(
        now=now,
        settle=settle,
        minutes=minutes,
        blind=tuple(blind),
        last_failure=lines.last_failure,
        discarded={place: sorted(ranges) for place, ranges in discarded.items()},
        notes=tuple(notes),
    )


def _log_reach(context: Context, subject: Subject, log: LogSource, now: float) -> list[Stretch]:
    """Times that the log cannot cover."""
    group = subject.log_group
    if log.group_missing:
        return [Stretch(since=0.0, until=now, why=f"log group {group} does not exist")]
    if not log.complete:
        return [Stretch(since=0.0, until=now, why=f"log group {group} was not read to its end")]
    found = []
    state = read_log_group(context.aws, group)
    if state is not None and (begins := reach.log_begins(state, now)):
        found.append(Stretch(since=0.0, until=begins, why=f"log group {group} no longer reaches back so far"))
    if group != subject.own_log_group and subject.own_log_group:
        found.append(
            Stretch(since=0.0, until=now, why=f"the function logs to {subject.own_log_group}, not to {group}")
        )
    if subject.shares_log and not runs_a_template(subject.function):
        found.append(Stretch(since=0.0, until=now, why=f"another function logs to {group}, too"))
    role, function = role_of(context.aws, subject), subject.function
    if role is not None and role.is_ours and function.role_arn == role.arn:
        where = log_group_arn(subject.table.function_place, group)
        if "logs" in lacking(role.policy, stream_arn=subject.table.stream_arn or "", log_group_arn=where):
            found.append(Stretch(since=0.0, until=now, why=f"role {role.name} may not write to {group}"))
    return found


def _unlogged_times(
    subject: Subject, lines: PastLines, minutes: MinuteCounts, now: float, *, by_lines: bool
) -> list[Stretch]:
    """All times, if the log shows no insert: that proves nothing unless the function writes receipts or never ran."""
    if lines.lines or (not by_lines and runs_a_template(subject.function)):
        return []
    never_invoked = not lines.ends and not minutes.why and not sum(minutes.invocations.values())
    if never_invoked:
        return []
    what = (
        "no line shows the key of an insert" if by_lines else "the function writes no receipts (see --match)"
    )
    return [Stretch(since=0.0, until=now, why=what)]


def _read_documents(
    context: Context,
    subject: Subject,
    arn: str,
    found: dict[tuple[str, str], list[tuple[int, int, str]]],
) -> None:
    """The ranges of sequence numbers in the documents at a destination.

    Raises:
        DdbInsertError: It cannot be read, or reading would count as a failed delivery there.
    """
    if arn_parts(arn).service == "sqs" and has_redrive_policy(context.aws, arn):
        raise DdbInsertError(
            f"{arn} moves messages that are read several times to another queue, so it was not read",
            hint=Advice("Show its content", ("failures", "list", TABLE)),
        )
    mapping = next((one for one in subject.mappings if one.on_failure == arn), None)
    with opened(context.aws, arn, mapping, subject.function.name) as destination:
        for failure in destination.listing().failures:
            place = failure.stream_arn, failure.shard
            found.setdefault(place, []).append((int(failure.first), int(failure.last), failure.id))


def scene_of(subject: Subject, known: GapFacts, stream: str) -> Scene:
    """The scene of the inserts of one stream."""
    mappings = mappings_on(subject, stream)
    elsewhere = any(one.stream_arn != stream for one in all_mappings(subject))
    minutes = known.minutes
    throttled = tuple(sorted(minutes.throttles))
    blocked = "the function's reserved concurrency is 0" if subject.function.reserved_concurrency == 0 else ""
    problem = next((one.last_result for one in mappings if _stops(one.last_result)), "")
    return Scene(
        now=known.now,
        settle=known.settle,
        mappings=mappings,
        replaced=stream != subject.table.stream_arn or elsewhere,
        blind=known.blind,
        filter_unread=filters_unread(mappings),
        last_failure=known.last_failure,
        last_throttle=throttled[-1] + _MINUTE if throttled else None,
        age=minutes.age,
        throttled=throttled,
        dropped=minutes.dropped,
        changes=tuple(
            MappingChange(at=one.modified, text=f"mapping {one.uuid} was last changed")
            for one in mappings
            if one.modified is not None
        ),
        blocked=blocked or (f"the mapping reports: {problem}" if problem else ""),
    )


def _stops(result: str) -> bool:
    """Whether a mapping's last result shows that it cannot read; that of a failed invocation stays after the retries."""
    return result.startswith("PROBLEM") and "Function call failed" not in result
