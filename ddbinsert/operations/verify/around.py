"""What is read around a run: at its start for being compared, and at its end, with what explains its symptoms."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from ddbinsert.core.arn import log_group_arn, resource_name
from ddbinsert.core.proof import changes
from ddbinsert.core.proof.circumstances import Circumstances, Invocations
from ddbinsert.core.proof.mapping_counts import OF_MAPPING, MetricCounts
from ddbinsert.core.trigger.policy import lacking
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import AwsError
from ddbinsert.operations.verify.own_code import partial_batch_conflicts, runs_a_template
from ddbinsert.operations.verify.second_look import changed_since, role_of, second_look
from ddbinsert.operations.verify.sources.destination import arrived, held_at_destinations
from ddbinsert.operations.verify.sources.history import RealInserts, real_inserts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.model.seen import RoleState, World
    from ddbinsert.core.proof.attempts import Attempts
    from ddbinsert.core.proof.ledger import Ledger
    from ddbinsert.core.proof.target import Target
    from ddbinsert.operations.verify.context import VerifyContext
    from ddbinsert.operations.verify.second_look import SecondLook
    from ddbinsert.operations.verify.sources.log import LogSource
    from ddbinsert.operations.verify.subject import Subject

#: CloudWatch Logs shows most lines 2 s late, some minutes late (docs/aws-facts.md#logs-lag).
_PATIENCE_ON_AWS = 120.0
_PATIENCE = 1.4
_ERRORS = 10


def unexplained_failures(ledger: Ledger, subject: Subject) -> tuple[InvocationEnd, ...]:
    """The failed attempts of which nothing shows what became of their records."""
    return ledger.attempts.unexplained(
        splits=all(mapping.bisect for mapping in subject.mappings),
        retries=all(mapping.retries != 0 for mapping in subject.mappings),
        settled=ledger.carried_only_processed,
    )


def _log_patience(context: VerifyContext) -> float:
    """Seconds after which a line that has not shown counts as missing beside later ones that have."""
    if context.aws.connection.is_local:
        return 0.0  # the emulator shows an invocation's lines before it makes the next one
    return _PATIENCE_ON_AWS if context.aws.is_aws else _PATIENCE


def read_counts(context: VerifyContext, subject: Subject, *, since: float, needed: bool) -> MetricCounts:
    """CloudWatch's counts since an epoch second; not read where they are neither needed nor likely to exist."""
    from ddbinsert.aws.read.function_activity import read_metrics

    uuids = [mapping.uuid for mapping in subject.mappings]
    if not (needed or context.aws.is_aws or any(mapping.metrics for mapping in subject.mappings)):
        # Another endpoint may have them; there it is the mapping that publishes none, which the evidence says by itself.
        local = context.aws.connection.is_local
        return MetricCounts(why="this endpoint has no event source mapping metrics" if local else "")
    return read_metrics(context.aws, subject.function.name, uuids, since=since, until=context.clock.now())


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What is read at the start for being compared at the end.

    Attributes:
        counted: CloudWatch's counts, where the endpoint counts without AWS's delay of minutes.
        role: The function's role, where it is the trigger's own and may be read.
        real: Others' inserts in the stream, compared with the filters.
        held: How many documents each on-failure destination holds.
    """

    counted: MetricCounts
    role: RoleState | None
    real: RealInserts
    held: Mapping[str, int] = field(default_factory=dict)


def begin(context: VerifyContext, subject: Subject, *, since: float) -> Beginning:
    """Read what is compared at the end; beside the first writes, so that nothing waits for it."""
    known = subject.world.role  # where the trigger was attached a moment ago
    role = known if known is not None and subject.knows_role else role_of(context.aws, subject)
    counted = MetricCounts()
    if not context.aws.is_aws and any(mapping.metrics for mapping in subject.mappings):
        counted = read_counts(context, subject, since=since, needed=True)
    held = held_at_destinations(context.aws, subject)
    real = real_inserts(context.aws, context.clock, subject)
    return Beginning(counted=counted, role=role, real=real, held=held)


def _of_the_run(counted: MetricCounts, before: MetricCounts, *, at_once: bool) -> MetricCounts:
    """The counts with what surely lies in the run: whole minutes on AWS, else the difference from the start."""
    if not at_once:
        return counted
    grown = {name: value - before.counts.get(name, 0) for name, value in counted.counts.items()}
    inside = {name: grown[name] for name in OF_MAPPING if name in grown}
    return replace(counted, inside={**counted.inside, **inside})


def _invocations_of(attempts: Attempts) -> Invocations:
    """What the ends of invocations on record say, without another look at the log."""
    failures = attempts.failures
    return Invocations(
        reports=attempts.count,
        timeouts=sum(end.timed_out for end in failures),
        crashes=sum(not end.timed_out for end in failures),
        failed=len(failures),
        longest=attempts.longest,
        errors=tuple(dict.fromkeys(end.error for end in failures if end.error))[-_ERRORS:],
    )


def look_around(
    context: VerifyContext,
    subject: Subject,
    ledger: Ledger,
    before: Beginning,
    *,
    log: LogSource,
    started: float,
    thoroughly: bool,
    begun: Future[SecondLook] | None = None,
) -> Circumstances:
    """The state of things at the end; where there are symptoms, also what explains them.

    Args:
        started: Epoch seconds.
        thoroughly: Read the function's own account of its errors as well.
        begun: A second look that is under way; made anew where there are symptoms.
    """
    aws = context.aws
    ended = _invocations_of(ledger.attempts)

    def invocations() -> Invocations:
        return _with_account(context, subject, ended, since=started) if thoroughly else ended

    def metrics() -> MetricCounts:
        counted = read_counts(context, subject, since=started, needed=thoroughly)
        return _of_the_run(counted, before.counted, at_once=not aws.is_aws)

    def discarded() -> tuple[str, ...]:
        return arrived(before.held, held_at_destinations(aws, subject)) if before.held else ()

    def again() -> SecondLook:
        return begun.result() if begun and not thoroughly else second_look(aws, subject)

    (world, targets), calls, counted, documents = aws.side_by_side(again, invocations, metrics, discarded)
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
    """The ends that were seen, with the function's own account of its errors."""
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
    """The aliases with several versions, not all of which were seen at work.

    Where the function logs nothing about its records, an invocation that ended well is all there is to see.
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
    """Whether the function's role is one of ours, whose policy is all that it has."""
    role, function = world.role, world.function
    return role is not None and role.is_ours and function is not None and function.role_arn == role.arn


def _lacks_role(aws: Aws, world: World) -> bool:
    """Whether the function's role is gone; False if it may not be looked for."""
    from ddbinsert.aws.read.resources import read_role

    if world.function is None or not world.function.role_arn:
        return False
    try:
        return read_role(aws, resource_name(world.function.role_arn)) is None
    except AwsError:
        return False


def _policy_lacks(subject: Subject, world: World) -> tuple[str, ...]:
    """What a role of ours doesn't grant any more."""
    role, table = world.role, world.table
    if role is None or table is None or table.stream_arn is None:
        return ()
    group = log_group_arn(table.arn, subject.log_group)
    return lacking(role.policy, stream_arn=table.stream_arn, log_group_arn=group)
