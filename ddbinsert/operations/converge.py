"""Bringing a trigger about: observe, plan, apply.

enable-stream, create-function and attach-trigger are all this, each with a scope of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from ddbinsert.core.converged import Converged
from ddbinsert.core.model import StartingPosition
from ddbinsert.core.plan import Scope, left_behind, plan, spec_of
from ddbinsert.core.policy import failure_destination
from ddbinsert.core.steps import DeleteMapping, ReplaceStream
from ddbinsert.errors import DdbInsertError, PrerequisiteError
from ddbinsert.operations.gaps import warn_of_gaps

if TYPE_CHECKING:
    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model import KeySchema, Trigger, World
    from ddbinsert.core.package import Package
    from ddbinsert.core.reporter import Reporter
    from ddbinsert.core.steps import Step

#: The question before something that can't be taken back; raises where the answer is no.
Confirm = Callable[[str], None]


class ChoosePosition(Protocol):
    """Asked where to start on a stream that holds history; raises where nobody can answer."""

    def __call__(self, inserts: int, *, at_least: bool) -> StartingPosition: ...


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a converge may do beside the plain.

    Attributes:
        where: Readable conditions, to be one more filter: all of them must hold.
        adopt_view: The view type wasn't asked for: take the one that a live stream has.
    """

    create_table: KeySchema | None = None
    replace: bool = False
    prune: bool = False
    dry_run: bool = False
    where: tuple[str, ...] = ()
    adopt_view: bool = False


def converge(
    aws: Aws,
    trigger: Trigger,
    scope: Scope,
    wishes: Wishes,
    *,
    clock: Clock,
    reporter: Reporter,
    timeout: float,
    package: Callable[[Trigger], Package],
    confirm: Confirm,
    choose_position: ChoosePosition,
) -> Converged:
    """Make it so.

    Args:
        package: Builds the function's code; called only where the scope holds the function.
        timeout: Seconds that any one wait may take.

    Raises:
        DdbInsertError: It can't be so, or AWS refused; what was done by then is named, and stays.
    """
    from ddbinsert.aws.observe import observe

    world = observe(aws, trigger, function=scope is not Scope.STREAM or wishes.replace)
    reporter.header(account=world.account, region=world.region, table=trigger.table)
    trigger = _adopting(trigger, world, wishes, reporter)
    world = _with_readers(aws, trigger, world)
    if scope is Scope.TRIGGER:
        trigger = _with_conditions(trigger, world, wishes)
        trigger = _with_destination(trigger, world)
        _lint(trigger, world, wishes, reporter)
        warn_of_gaps(aws, trigger.mapping.filters, reporter)
        trigger = _positioned(aws, trigger, world, clock, choose_position)
    code = package(trigger) if scope is not Scope.STREAM else None
    steps = plan(
        trigger,
        world,
        scope,
        code,
        create_table=wishes.create_table,
        replace=wishes.replace,
        prune=wishes.prune,
    )
    _remark(trigger, world, scope, wishes, reporter)
    _remark_on_readers(steps, world, reporter)
    if not steps and not wishes.dry_run:
        reporter.step("nothing to do: everything is as wanted")
    if not wishes.dry_run and steps:
        _ask(steps, confirm)
        if scope is Scope.STREAM:
            trigger = _as_it_stands(trigger, world)
        world = carry_out(aws, trigger, steps, world, code, clock=clock, reporter=reporter, timeout=timeout)
    return Converged(trigger=trigger, scope=scope, steps=steps, world=world, dry_run=wishes.dry_run)


def _adopting(trigger: Trigger, world: World, wishes: Wishes, reporter: Reporter) -> Trigger:
    live = world.table.view if world.table else None
    if not wishes.adopt_view or live is None or live is trigger.view:
        return trigger
    reporter.step(f"stream of {trigger.table} is live with {live.value}; keeping it")
    return replace(trigger, view=live)


def _with_readers(aws: Aws, trigger: Trigger, world: World) -> World:
    """The world with everybody who reads the stream, where another one would take its place."""
    table = world.table
    if table is None or table.stream_arn is None or table.view is trigger.view:
        return world
    from ddbinsert.aws.observe import read_mappings

    ours = {mapping.uuid for mapping in world.mappings}
    readers = read_mappings(aws, stream_arn=table.stream_arn)
    return replace(world, other_mappings=tuple(m for m in readers if m.uuid not in ours))


def _with_destination(trigger: Trigger, world: World) -> Trigger:
    """``create`` as the ARN of the queue that it stands for.

    Raises:
        PrerequisiteError: The account isn't known, so neither is the ARN.
    """
    if trigger.mapping.on_failure != "create":
        return trigger
    beside = world.table.arn if world.table else f"arn:aws:dynamodb:{world.region}:{world.account}:table/-"
    if world.table is None and not (world.account and world.region):
        raise PrerequisiteError(
            "The queue for what is given up can't be named: the account is not known.",
            hint="Create the table first, or give the queue's ARN: --on-failure ARN.",
            code="account-unknown",
        )
    mapping = replace(trigger.mapping, on_failure=failure_destination(trigger, beside))
    return replace(trigger, mapping=mapping)


def _key(world: World, wishes: Wishes) -> KeySchema | None:
    return world.table.key if world.table is not None else wishes.create_table


def _with_conditions(trigger: Trigger, world: World, wishes: Wishes) -> Trigger:
    """The conditions as one more filter; the key's attributes have the types that the table gives them.

    Raises:
        UsageError: A condition can't be read, or no pattern says it.
    """
    if not wishes.where:
        return trigger
    from ddbinsert.core.filter_build import pattern_from_conditions

    pattern = pattern_from_conditions(wishes.where, _key(world, wishes), {})
    mapping = replace(trigger.mapping, filters=(*trigger.mapping.filters, pattern))
    return replace(trigger, mapping=mapping)


def _lint(trigger: Trigger, world: World, wishes: Wishes, reporter: Reporter) -> None:
    """Warn of the user's filters that AWS takes and shouldn't: it would drop inserts without a word."""
    if not trigger.mapping.filters:
        return
    from ddbinsert.core.filter_findings import Severity, Table
    from ddbinsert.core.filter_lint import lint
    from ddbinsert.core.insert_filter import insert_patterns

    table = Table(view=trigger.view, key=_key(world, wishes))
    for finding in lint(insert_patterns(trigger.mapping.filters), table).findings:
        if finding.severity is not Severity.NOTE:
            hint = f" {finding.hint}" if finding.hint else ""
            reporter.warn(f"filter: {finding.message}{hint} [{finding.rule}]")


def _positioned(aws: Aws, trigger: Trigger, world: World, clock: Clock, choose: ChoosePosition) -> Trigger:
    """``auto`` settled: everything from the start where nothing was written yet, a question otherwise."""
    if trigger.mapping.starting_position is not StartingPosition.AUTO:
        return trigger
    position = StartingPosition.TRIM_HORIZON
    stream = world.table.stream_arn if world.table else None
    if stream is not None and world.live_mapping is None:
        from ddbinsert.aws.streams import history

        held = history(aws, stream, clock=clock)
        if held.inserts or held.at_least:
            position = choose(held.inserts, at_least=held.at_least)
    return replace(trigger, mapping=replace(trigger.mapping, starting_position=position))


def _as_it_stands(trigger: Trigger, world: World) -> Trigger:
    """The trigger with the mapping's present settings, for binding it to a replaced stream."""
    mapping = left_behind(world)
    if mapping is None:
        return trigger
    function = replace(trigger.function, name=mapping.function_name)
    return replace(trigger, mapping=spec_of(mapping), function=function)


def _remark(trigger: Trigger, world: World, scope: Scope, wishes: Wishes, reporter: Reporter) -> None:
    if scope is Scope.STREAM:
        return
    if world.function is not None and not world.function.is_ours:
        reporter.step(
            f"function {world.function.name} was not made by ddbinsert: its code, role and logs stay as they are"
        )
    stale = () if wishes.prune else world.stale_mappings
    for mapping in stale:
        reporter.warn(
            f"event source mapping {mapping.uuid} reads a stream that is no longer the live one of "
            f"{trigger.table}; `ddbinsert attach-trigger {trigger.table} --prune` deletes it"
        )


def _remark_on_readers(steps: tuple[Step, ...], world: World, reporter: Reporter) -> None:
    """Whose mappings a replaced stream leaves behind: those that aren't this trigger's are not brought over."""
    if not any(isinstance(step, ReplaceStream) for step in steps):
        return
    for mapping in world.other_mappings:
        reporter.warn(
            f"event source mapping {mapping.uuid} of function {mapping.function_name} stays behind on the old "
            "stream; attach that function again"
        )


def _ask(steps: tuple[Step, ...], confirm: Confirm) -> None:
    for step in steps:
        match step:
            case ReplaceStream():
                confirm(
                    f"Replace the stream of {step.table} ({step.have.value} by {step.view.value})? It gets a new "
                    "ARN, and no write is recorded while it is off."
                )
            case DeleteMapping() if not any(isinstance(other, ReplaceStream) for other in steps):
                confirm(
                    f"Delete event source mapping {step.uuid}? What it has not delivered yet is lost to it."
                )
            case _:
                pass


def carry_out(
    aws: Aws,
    trigger: Trigger,
    steps: tuple[Step, ...],
    world: World,
    package: Package | None,
    *,
    clock: Clock,
    reporter: Reporter,
    timeout: float,
) -> World:
    from ddbinsert.aws.apply import apply
    from ddbinsert.aws.hands import Hands

    hands = Hands(aws=aws, trigger=trigger, package=package, clock=clock, reporter=reporter, timeout=timeout)
    count = 0
    try:
        for done in apply(steps, world, hands):
            count += 1
            world = done.world
            reporter.did(done.step)
    except DdbInsertError as error:
        if count and len(steps) > 1:
            error.message += f"\n{count} of {len(steps)} steps are done; run it again to go on from there."
        raise
    return world
