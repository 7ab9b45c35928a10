"""From a watched run to its verdict: the symptoms, what explains them, and what all of it rests on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.causes import findings
from ddbinsert.core.circumstances import Circumstances, Invocations
from ddbinsert.core.event_counts import Counted, told
from ddbinsert.core.policy import lacking, log_group_arn
from ddbinsert.core.verdict import Evidence, Missing, Symptoms, judge, symptoms
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.model import World
    from ddbinsert.core.tally import Tally
    from ddbinsert.core.verdict import Finding, Verdict
    from ddbinsert.operations.means import Means, Wishes
    from ddbinsert.operations.subject import Subject
    from ddbinsert.operations.watch import Watch


#: CloudWatch Logs shows lines 2 s late mostly, and minutes late at times (facts).
_PATIENCE_ON_AWS = 120.0
_PATIENCE = 1.4


def refuse(tally: Tally, found: Sequence[Finding], subject: Subject) -> Verdict:
    """The verdict where the configuration alone says that nothing can be processed: nothing was written."""
    expected = tally.script.expected_inserts
    seen = Symptoms(missing=(Missing(number=0),), missing_count=expected)
    evidence = (
        Evidence(side="writes", seen=False, text="none were made: the configuration decides"),
        _configuration(subject),
    )
    return judge(tally, seen, found, evidence, waited=0.0)


def conclude(means: Means, subject: Subject, watch: Watch, wishes: Wishes) -> Verdict:
    """The verdict on a watched run."""
    tally = watch.tally
    # A reading of ours that works and has not got everything is held against the writes, too.
    looked = watch.stream_read or (watch.timed_out and not watch.stream_problem)
    seen = symptoms(tally, stream_read=looked, by_lines=wishes.by_lines)
    healthy = seen.none and not subject.leaking_filters(allow_guarded=wishes.allow_guarded)
    around = _look_around(means, subject, watch, thoroughly=not healthy)
    around = replace(
        around,
        by_lines=wishes.by_lines,
        log_complete=watch.log.complete,
        log_patience=_log_patience(means),
    )
    found = findings(seen, tally, around, allow_guarded=wishes.allow_guarded)
    if wishes.allow_guarded:
        seen = replace(seen, leaked=(), strays_count=len(seen.intruders))
    evidence = _evidence(subject, watch, around, wishes)
    return judge(tally, seen, found, evidence, waited=watch.waited)


def _log_patience(means: Means) -> float:
    """Seconds after which a line that has not shown counts as missing beside later ones that have."""
    if means.aws.connection.is_local:
        return 0.0  # the emulator shows an invocation's lines before it makes the next one
    return _PATIENCE_ON_AWS if means.aws.is_aws else _PATIENCE


def read_counts(means: Means, subject: Subject, *, since: float, needed: bool) -> Counted:
    """CloudWatch's counts since an epoch second; not asked for where they are not needed, and hardly there."""
    from ddbinsert.aws.invocations import read_metrics

    uuids = [mapping.uuid for mapping in subject.mappings]
    if not (needed or means.aws.is_aws or any(mapping.metrics for mapping in subject.mappings)):
        return Counted(why="not asked for, as the endpoint shows none of a mapping's")
    return read_metrics(means.aws, subject.function.name, uuids, since=since, until=means.clock.now())


def _look_around(means: Means, subject: Subject, watch: Watch, *, thoroughly: bool) -> Circumstances:
    """What explains the symptoms; where there are none, just what belongs to the evidence."""
    from ddbinsert.aws.invocations import read_invocations
    from ddbinsert.aws.observe import observe

    aws, timeout = means.aws, means.timeout
    since, group = watch.started, subject.log_group

    def invocations() -> Invocations:
        try:
            return read_invocations(aws, group, subject.function.name, since=since, everything=thoroughly)
        except AwsError:
            return Invocations()

    def metrics() -> Counted:
        return read_counts(means, subject, since=since, needed=thoroughly)

    if not thoroughly:
        calls, counted = aws.side_by_side(invocations, metrics)
        return replace(
            subject.circumstances(),
            invocations=calls,
            counted=counted,
            wait_limit=timeout,
        )
    world, calls, counted = aws.side_by_side(
        lambda: observe(aws, subject.trigger, others=True), invocations, metrics
    )
    role_known = _knows_role(world)
    return Circumstances(
        world=world,
        mappings=world.feeding(subject.function.name),
        log_group=group,
        group_missing=watch.log.group_missing,
        role_known=role_known,
        role_missing=not role_known and _lacks_role(aws, world),
        policy_lacks=_policy_lacks(subject, world) if role_known else (),
        invocations=calls,
        counted=counted,
        wait_limit=timeout,
    )


def _knows_role(world: World) -> bool:
    """Whether the function's role is one of ours, whose policy is all that it has."""
    role, function = world.role, world.function
    return role is not None and role.is_ours and function is not None and function.role_arn == role.arn


def _lacks_role(aws: Aws, world: World) -> bool:
    """Whether the function's role is gone; False where it may not be looked for."""
    from ddbinsert.aws.observe import read_role

    if world.function is None or not world.function.role_arn:
        return False
    try:
        return read_role(aws, world.function.role_arn.rpartition("/")[2]) is None
    except AwsError:
        return False


def _policy_lacks(subject: Subject, world: World) -> tuple[str, ...]:
    """What a role of ours doesn't grant any more."""
    role, table = world.role, world.table
    if role is None or table is None or table.stream_arn is None:
        return ()
    group = log_group_arn(table.arn, subject.log_group)
    return lacking(role.policy, stream_arn=table.stream_arn, log_group_arn=group)


def _evidence(subject: Subject, watch: Watch, around: Circumstances, wishes: Wishes) -> tuple[Evidence, ...]:
    tally = watch.tally
    writes = sum(len(lane.written) for lane in tally.lanes) + tally.bulk_written
    methods = sorted({lane.lane.method.value for lane in tally.lanes if lane.lane.writes})
    left = "".join(f"; not made: {method.value} ({why})" for method, why in watch.left_out)
    records = sum(len(lane.records) for lane in tally.lanes)
    calls = around.invocations
    scope = " of the scripted items" if tally.script.bulk else ""
    return (
        Evidence(
            side="writes",
            seen=True,
            text=f"{writes:,} acknowledged by DynamoDB on {tally.script.items:,} items of our own "
            f"({', '.join(methods)}){left}",
        ),
        Evidence(
            side="stream",
            seen=watch.stream_read,
            text=f"{records} records{scope} read from the stream by ourselves"
            if watch.stream_read
            else watch.stream_problem or f"only {records} records{scope} came",
        ),
        Evidence(
            side="log",
            seen=tally.receipts.total() + tally.lines > 0,
            text=f"{tally.receipts.total():,} receipts in {subject.log_group}"
            if not wishes.by_lines
            else f"{tally.lines:,} lines in {subject.log_group} that show a test item's key; what the function "
            "was given and did not log can't be seen",
        ),
        Evidence(
            side="invocations",
            seen=calls.reports > 0,
            text=f"{'more than ' if calls.cut else ''}{calls.reports:,} invocations reported{', the longest ' + format(calls.longest, '.2f') + ' s' if calls.longest else ''}"
            if calls.reports
            else "no REPORT lines",
        ),
        Evidence(
            side="metrics",
            seen=bool(around.counted.counts),
            text=told(around.counted, subject.mappings),
        ),
        _configuration(subject),
    )


def _configuration(subject: Subject) -> Evidence:
    return Evidence(
        side="configuration",
        seen=bool(subject.mappings),
        text=subject.configuration or "no mapping from the live stream to the function",
    )
