"""What is read around a run: at its start, to be compared, and at its end, including what explains its symptoms."""

from __future__ import annotations

from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING

from ddbinsert.core.arn import log_group_arn, resource_name
from ddbinsert.core.proof import changes
from ddbinsert.core.proof.circumstances import Circumstances, Invocations
from ddbinsert.core.proof.mapping_counts import OF_MAPPING, MetricCounts
from ddbinsert.core.trigger import stream_policy
from ddbinsert.core.trigger.policy import lacking
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import AwsError
from ddbinsert.operations.verify.own_code import partial_batch_conflicts, runs_a_template
from ddbinsert.operations.verify.second_look import changed_since, role_of, second_look
from ddbinsert.operations.verify.sources.destination import arrived, held_at_destinations
from ddbinsert.operations.verify.sources.history import RealInserts, real_inserts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.model.seen import RoleState, World
    from ddbinsert.core.proof.attempts import Attempts
    from ddbinsert.core.proof.ledger import Ledger
    from ddbinsert.core.proof.target import Target
    from ddbinsert.operations.verify.context import VerifyContext
    from ddbinsert.operations.verify.sources.log import LogSource
    from ddbinsert.operations.verify.subject import Subject

#: Seconds. CloudWatch Logs shows most lines 2 s late, some several minutes late (docs/aws-facts.md#logs-lag).
_PATIENCE_ON_AWS = 120.0
_PATIENCE = 1.4
_ERRORS = 10


def unexplained_failures(ledger: Ledger, subject: Subject) -> tuple[InvocationEnd, ...]:
    """The failed attempts whose records have no known fate."""
    return ledger.attempts.unexplained(
        splits=all(mapping.bisect for mapping in subject.mappings),
        retries=all(mapping.retries != 0 for mapping in subject.mappings),
        settled=ledger.carried_only_processed,
    )


def _log_patience(context: VerifyContext) -> float:
    """Seconds after which a line counts as missing if later lines are visible."""
    if context.aws.connection.is_local:
        return 0.0  # the emulator shows an invocation's lines before it makes the next one
    return _PATIENCE_ON_AWS if context.aws.is_aws else _PATIENCE


def read_counts(context: VerifyContext, subject: Subject, *, since: float, needed: bool) -> MetricCounts:
    """CloudWatch's counts since a time in epoch seconds; not read if they are neither needed nor likely to exist."""
    from ddbinsert.aws.read.function_activity import read_metrics

    uuids = [mapping.uuid for mapping in subject.mappings]
    if not (needed or context.aws.is_aws or any(mapping.metrics for mapping in subject.mappings)):
        # Another endpoint may have metrics; if its mapping publishes none, the evidence says so.
        local = context.aws.connection.is_local
        return MetricCounts(why="this endpoint has no event source mapping metrics" if local else "")
    return read_metrics(context.aws, subject.function.name, uuids, since=since, until=context.clock.now())


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What is read at the start, to be compared at the end.

    Attributes:
        counted: CloudWatch's counts, if the endpoint has them without AWS's delay of minutes.
        role: The function's role, if it is the trigger's own and can be read.
        real: Other writers' inserts in the stream, compared with the filters.
        held: Number of documents in each on-failure destination.
    """

    counted: MetricCounts
    role: RoleState | None
    real: RealInserts
    held: Mapping[str, int] = field(default_factory=dict)


def begin(context: VerifyContext, subject: Subject, *, since: float) -> Beginning:
    """Read what is compared at the end, in parallel with the first writes."""
    known = subject.world.role  # if the trigger was just attached
    role = known if known is not None and subject.knows_role else role_of(context.aws, subject)
    counted = MetricCounts()
    if not context.aws.is_aws and any(mapping.metrics for mapping in subject.mappings):
        counted = read_counts(context, subject, since=since, needed=True)
    held = held_at_destinations(context.aws, subject)
    real = real_inserts(context.aws, context.clock, subject)
    return Beginning(counted=counted, role=role, real=real, held=held)


def _of_the_run(counted: MetricCounts, before: MetricCounts, *, at_once: bool) -> MetricCounts:
    """The counts, with those certainly of this run: whole minutes on AWS, else the difference from the start."""
    if not at_once:
        return counted
    grown = {name: value - before.counts.get(name, 0) for name, value in counted.counts.items()}
    inside = {name: grown[name] for name in OF_MAPPING if name in grown}
    return replace(counted, inside={**counted.inside, **inside})


def _invocations_of(attempts: Attempts) -> Invocations:
    """The invocations as their recorded ends show them, without reading the log again."""
    failures = attempts.failures
    return Invocations(
        reports=attempts.count,
        timeouts=sum(end.timed_out for end in failures),
        crashes=sum(not end.timed_out for end in failures),
        failed=len(failures),
        longest=attempts.longest,
        errors=tuple(dict.fromkeys(end.error for end in failures if end.error))[-_ERRORS:],
    )


def _discarded(aws: Aws, subject: Subject, before: Beginning) -> tuple[str, ...]:
    return arrived(before.held, held_at_destinations(aws, subject)) if before.held else ()


def _metrics(
    context: VerifyContext, subject: Subject, before: Beginning, *, since: float, needed: bool
) -> MetricCounts:
    counted = read_counts(context, subject, since=since, needed=needed)
    return _of_the_run(counted, before.counted, at_once=not context.aws.is_aws)


def read_circumstances(
    context: VerifyContext,
    subject: Subject,
    ledger: Ledger,
    before: Beginning,
    *,
    log: LogSource,
    started: float,
    thoroughly: bool,
) -> Circumstances:
    """The state at the end of a run; if there are symptoms, also what explains them.

    Args:
        started: Epoch seconds.
        thoroughly: There are symptoms: also read the function's errors in its log.
    """
    aws, ended = context.aws, _invocations_of(ledger.attempts)

    def invocations() -> Invocations:
        return _with_account(context, subject, ended, since=started) if thoroughly else ended

    def metrics() -> MetricCounts:
        return _metrics(context, subject, before, since=started, needed=thoroughly)

    (world, targets), calls, counted, documents = aws.side_by_side(
        partial(second_look, aws, subject), invocations, metrics, lambda: _discarded(aws, subject, before)
    )
    conflicts, loses = partial_batch_conflicts(subject.running, subject.mappings)
    role_known = _knows_role(world)
    missing = bool(thoroughly and subject.function.role_arn and not role_known)
    return Circumstances(
        world=world,
        mappings=world.feeding(subject.function.name),
        log_group=subject.log_group,
        group_missing=log.group_missing,
        role_known=role_known,
        role_missing=missing and _lacks_role(aws, world),
        role_restored=role_known or (missing and subject.restores_role),
        policy_lacks=_policy_lacks(subject, world) if role_known else (),
        stream_policy_lacks=stream_policy.lacks(world),
        invocations=calls,
        counted=counted,
        wait_limit=context.timeout,
        log_complete=log.complete,
        own_log_group=subject.own_log_group,
        log_patience=_log_patience(context),
        failures=unexplained_failures(ledger, subject),
        all_ended_badly=ledger.attempts.all_failed,
        ends_unseen=ledger.ends_unseen if subject.running.logs_each_end else 0,
        excluded=(before.real.seen, before.real.example) if not before.real.passing else (0, ""),
        changed=(*changed_since(subject, world, targets), *changes.of_role(before.role, world.role)),
        complaints=tuple(ledger.complaints),
        splits=tuple(_divided(targets, ledger)),
        is_template=thoroughly and runs_a_template(subject.running),
        arrived=documents,
        partial_batch=conflicts,
        partial_batch_loses=loses,
    )


def _with_account(
    context: VerifyContext, subject: Subject, ended: Invocations, *, since: float
) -> Invocations:
    """The recorded invocations, with the errors in the function's log."""
    from ddbinsert.aws.read.function_activity import read_invocations

    try:
        read = read_invocations(context.aws, subject.log_group, subject.function.name, since=since)
    except AwsError:
        return ended
    return replace(
        read,
        crashes=max(read.crashes, ended.crashes),
        failed=ended.failed,
        errors=tuple(dict.fromkeys((*ended.errors, *read.errors)))[:_ERRORS],
    )


def _divided(targets: Iterable[Target], ledger: Ledger) -> Iterator[str]:
    """The aliases with several versions, not all of which were seen to run.

    If the function logs nothing about its records, only the successful end of an invocation is visible.
    """
    is_judged = bool(ledger.receipts.total() or ledger.lines)
    seen = ledger.versions_at_work if is_judged else ledger.attempts.versions
    for target in targets:
        if unseen := target.not_among(seen):
            yield f"{target.name}: version {target.version}, and {target.shown_weights}; not seen: {', '.join(unseen)}"
            for version in unseen:
                made, failed = ledger.attempts.failed_in(version)
                if made:
                    yield f"{target.name}: {made} invocations of version {version} ended, {failed} of them with an error"


def _knows_role(world: World) -> bool:
    """Whether the function's role is ddbinsert's, with no permissions besides its policy."""
    role, function = world.role, world.function
    return role is not None and role.is_ours and function is not None and function.role_arn == role.arn


def _lacks_role(aws: Aws, world: World) -> bool:
    """Whether the function's role no longer exists; False if it cannot be read."""
    from ddbinsert.aws.read.resources import read_role

    if world.function is None or not world.function.role_arn:
        return False
    try:
        return read_role(aws, resource_name(world.function.role_arn)) is None
    except AwsError:
        return False


def _policy_lacks(subject: Subject, world: World) -> tuple[str, ...]:
    """The permissions that ddbinsert's role no longer grants."""
    role, table = world.role, world.table
    if role is None or table is None or table.stream_arn is None:
        return ()
    group = log_group_arn(table.function_place, subject.log_group)
    return lacking(role.policy, stream_arn=table.stream_arn, log_group_arn=group)
