"""Creating or changing a trigger: observe, plan, apply.

enable-stream, create-function and attach-trigger all do this, each with its own scope.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.trigger.consequences import consequences, of_others, other_triggers
from ddbinsert.core.trigger.effective_settings import effective
from ddbinsert.core.trigger.partial_batch import VARIABLE
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.plan_function import needs_package
from ddbinsert.core.trigger.results import Converged
from ddbinsert.core.trigger.scope import Allowed, Scope, in_scope
from ddbinsert.core.trigger.stream_policy_steps import owner_commands
from ddbinsert.core.trigger.unchanged_settings import kept_settings
from ddbinsert.dataclass import dataclass
from ddbinsert.operations.handlers.sinks import check_sinks
from ddbinsert.operations.provision.carry_out import carry_out
from ddbinsert.operations.provision.emulator_warning import supported, warn_of_gaps
from ddbinsert.operations.provision.filter_check import check_filters
from ddbinsert.operations.provision.finish import drained_uuids, draining_now, wait_until_finished
from ddbinsert.operations.provision.preparation import (
    keeping_view,
    key_of,
    observed,
    partial_batch_set,
    positioned,
    read_history,
    require_mapping,
    with_conditions,
    with_destination,
    with_live_owner,
    with_log_group_owner,
    with_other_owners,
    with_readers,
)
from ddbinsert.operations.provision.questions import question
from ddbinsert.operations.provision.remarks import (
    backlog,
    check_kept_filters,
    kinesis,
    refuse_failed,
    remark,
    warn_readers,
)
from ddbinsert.operations.provision.rights_check import ask_identity, refuse_without_rights

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.context import Context
    from ddbinsert.aws.read.stream_history import StreamHistory
    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.draining import Draining
    from ddbinsert.core.trigger.steps import Change, Step
    from ddbinsert.operations.provision.converge_options import ChoosePosition, Confirm, ConvergeOptions


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A plan, with everything that is needed to carry it out.

    Attributes:
        wanted: The trigger as it will be (`core.trigger.effective_settings`).
        held: The content of the live stream, if a new mapping may replay it and it was counted.
        asked: The question before the plan is carried out; None if it removes and replaces nothing.
    """

    wanted: Trigger
    scope: Scope
    options: ConvergeOptions
    world: World
    steps: tuple[Step, ...]
    code: Package | None
    kept: tuple[Change, ...]
    draining: tuple[Draining, ...]
    held: StreamHistory | None = None
    asked: str | None = None

    @property
    def outcome(self) -> Converged:
        """The outcome of a dry run."""
        held = self.held
        brought = (
            *consequences(
                self.wanted,
                self.steps,
                held=None if held is None else held.inserts,
                at_least=held is not None and held.at_least,
            ),
            *owner_commands(self.world, self.steps),
        )
        world = _without(self.world, self.options.beside)
        return Converged(
            trigger=self.wanted,
            scope=self.scope,
            steps=self.steps,
            world=self.world,
            dry_run=True,
            kept=self.kept,
            draining=self.draining,
            consequences=tuple(dict.fromkeys(brought)),
            others=tuple(of_others(self.wanted, world)),
            other_triggers=tuple(other_triggers(world)),
        )


def converge(
    context: Context,
    trigger: Trigger,
    scope: Scope,
    options: ConvergeOptions,
    *,
    package: Callable[[Trigger], Package],
    confirm: Confirm,
    choose_position: ChoosePosition,
    watch: Callable[[World], None] = lambda _world: None,
) -> Converged:
    """Create or change the trigger as configured.

    Args:
        package: Builds the function's code; called only if the plan depends on it.
        watch: Called with the world before the first change and after each one.

    Raises:
        DdbInsertError: The configuration cannot be reached, or AWS refused a call; completed steps are listed and stay.
    """
    prepared = prepare(context, trigger, scope, options, package=package, choose_position=choose_position)
    if options.dry_run:
        return prepared.outcome
    if prepared.asked is not None:
        confirm(prepared.asked)
    return perform(context, prepared, watch)


def prepare(
    context: Context,
    trigger: Trigger,
    scope: Scope,
    options: ConvergeOptions,
    *,
    package: Callable[[Trigger], Package],
    choose_position: ChoosePosition,
) -> Prepared:
    """Create the plan; changes nothing.

    Raises:
        DdbInsertError: The configuration cannot be reached, or AWS refused a read.
    """
    reporter, held = context.reporter, None
    world = observed(context, trigger, scope, options)
    reporter.header(account=world.account, region=world.region, table=trigger.table)
    identity = None if scope is Scope.STREAM or options.dry_run else ask_identity(context, world)
    trigger = keeping_view(supported(context.aws, trigger, reporter), world, options, reporter)
    world = with_readers(context, trigger, world, scope)
    if scope is Scope.TRIGGER:
        trigger = with_destination(context, with_conditions(trigger, world, options), world)
        check_filters(trigger, key_of(world, options), reporter, force=options.force)
        warn_of_gaps(context.aws, trigger.mapping.filters, reporter)
    if options.take_over:
        require_mapping(trigger, world)
    wanted = effective(in_scope(trigger, scope), world)
    world = with_live_owner(context, wanted, world, scope)
    world = with_other_owners(context, with_log_group_owner(context, wanted, world, scope), options)
    wanted = partial_batch_set(wanted, world, scope, is_given=VARIABLE in trigger.function.environment)
    if scope is Scope.TRIGGER:
        held = read_history(context, wanted, world)
        wanted = positioned(wanted, held, choose_position, stays_open=options.open_position)
    code = package(wanted) if needs_package(wanted, world, scope) else None
    if code is not None:
        wanted = replace(wanted, has_audit_code=code.keeps_audit_log)
        check_sinks(context.aws, wanted, world, code, reporter, has_mapping=scope is Scope.TRIGGER)
    draining = draining_now(context, world, scope)
    allowed = _allowed(options, drained_uuids(draining) if options.finishes else frozenset())
    steps = plan(wanted, world, scope, code, allowed)
    refuse_failed(world, scope, steps)
    check_kept_filters(wanted, world, options, steps, scope, reporter)
    remark(trigger, world, scope, steps, reporter)
    asked = None
    if not options.dry_run:
        refuse_without_rights(context, world, steps, identity)
        unasked = frozenset() if options.prune else allowed.drained
        asked = _before(context, trigger, _without(world, options.beside), steps, unasked=unasked)
    return Prepared(
        wanted=wanted,
        scope=scope,
        options=options,
        world=world,
        steps=steps,
        code=code,
        kept=tuple(kept_settings(trigger, world, scope)),
        draining=draining,
        held=held,
        asked=asked,
    )


def _allowed(options: ConvergeOptions, drained: frozenset[str]) -> Allowed:
    return Allowed(
        create_table=options.create_table,
        replace=options.replace,
        prune=options.prune,
        adopt=options.adopt,
        take_over=options.take_over,
        drained=drained,
    )


def perform(
    context: Context, prepared: Prepared, watch: Callable[[World], None] = lambda _world: None
) -> Converged:
    """Carry out the plan; its question has been answered.

    Args:
        watch: Called with the world before the first change and after each one.

    Raises:
        DdbInsertError: AWS refused a call; completed steps are listed and stay.
    """
    wanted, world, steps, code = prepared.wanted, prepared.world, prepared.steps, prepared.code
    watch(world)
    carried = carry_out(context, wanted, steps, world, code, watch=watch) if steps else None
    done = Converged(
        trigger=wanted,
        scope=prepared.scope,
        steps=carried.done if carried else (),
        world=carried.world if carried else world,
        dry_run=False,
        kept=prepared.kept,
    )
    return wait_until_finished(context, done, prepared.options, code, prepared.draining)


def _without(world: World, functions: frozenset[str]) -> World:
    """The world without the mappings of these functions in `other_mappings`."""
    others = tuple(mapping for mapping in world.other_mappings if mapping.function_name not in functions)
    return replace(world, other_mappings=others)


def _before(
    context: Context, trigger: Trigger, world: World, steps: tuple[Step, ...], *, unasked: frozenset[str]
) -> str | None:
    """Report remarks before the first change; return the question before steps that remove or replace something.

    Args:
        unasked: Drained mappings, which are deleted without a question.
    """
    if not steps:
        context.reporter.step("nothing to do: everything is up to date")
    warn_readers(steps, world, context.reporter)
    return question(
        steps,
        world,
        drained=unasked,
        backlog=backlog(context, world, steps),
        kinesis=kinesis(context, trigger, steps),
    )
