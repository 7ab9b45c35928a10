"""Refusals and remarks between the plan and the first change."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ddbinsert.core.arn import arn_parts, qualified_name
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.trigger.alias import alias_of
from ddbinsert.core.trigger.effective_settings import settings_source
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.core.trigger.steps import (
    AdoptFunction,
    CreateMapping,
    PublishVersion,
    ReplaceStream,
    UpdateFunctionCode,
    UpdateFunctionSettings,
)
from ddbinsert.errors import AwsError
from ddbinsert.operations.provision.filter_check import check_filters
from ddbinsert.operations.provision.preparation import key_of

if TYPE_CHECKING:
    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.reporter import Reporter
    from ddbinsert.core.trigger.steps import Step
    from ddbinsert.operations.provision.converge_options import ConvergeOptions
    from ddbinsert.operations.provision.draining import Backlog


def refuse_failed(world: World, scope: Scope, steps: tuple[Step, ...]) -> None:
    """Refuse a function that Lambda reports as failed, unless it is given new code.

    Raises:
        AwsError: The function failed; with Lambda's reason.
    """
    function = world.function
    if scope is Scope.STREAM or function is None or any(isinstance(s, UpdateFunctionCode) for s in steps):
        return
    if function.has_failed:
        raise AwsError(
            f"Function {function.name} failed: {function.failure}.",
            hint="Fix what Lambda reports, then deploy its code again with --template or --code.",
            code="function-failed",
        )


def check_kept_filters(  # noqa: PLR0917 - the parts of a plan
    wanted: Trigger,
    world: World,
    options: ConvergeOptions,
    steps: tuple[Step, ...],
    scope: Scope,
    reporter: Reporter,
) -> None:
    """Check the kept filter of a mapping that is created again: under another view type no insert may pass it.

    Raises:
        Refused: No insert can pass it. `enable-stream`, which has no filter option, only warns.
    """
    is_made_again = settings_source(world) is not None and any(isinstance(s, CreateMapping) for s in steps)
    if not is_made_again or "mapping.filters" in wanted.explicit or wanted.mapping.filters == (INSERT_ONLY,):
        return
    force = options.force or scope is Scope.STREAM
    check_filters(wanted, key_of(world, options), reporter, force=force)


def remark(trigger: Trigger, world: World, scope: Scope, steps: tuple[Step, ...], reporter: Reporter) -> None:
    if scope is Scope.STREAM:
        return
    function, table = world.function, world.table
    is_taken_over = any(isinstance(step, AdoptFunction) for step in steps)
    if function is not None and not function.is_ours and not is_taken_over:
        reporter.step(
            f"function {function.name} was not created by ddbinsert: its code, role and logs stay as they are"
        )
    _remark_retention(trigger, world, reporter)
    if scope is not Scope.TRIGGER:
        return
    if table is not None and table.is_of_other_account and table.kms_key_arn is not None:
        reporter.warn(
            f"{trigger.table} is encrypted with {table.kms_key_arn}: the policy of that key must allow the function's "
            "role kms:Decrypt, too; an AWS managed key cannot be used from another account"
        )
    if table is not None and table.replicas:
        reporter.warn(
            f"{trigger.table} is a global table (replicas in {', '.join(table.replicas)}): every region's stream "
            "carries all writes, so a trigger in each region processes every insert once per region"
        )
    live = world.live_mapping
    if live is not None and live.filters_hidden and "mapping.filters" in trigger.explicit:
        reporter.warn(
            f"the filters of event source mapping {live.uuid} are encrypted, and the key may not be used "
            "(kms:Decrypt): they are not compared"
        )
    _remark_alias(world, steps, reporter)
    for mapping in world.second_mappings:
        reporter.warn(
            f"event source mapping {mapping.uuid} delivers the stream to {qualified_name(mapping.function_arn)}, too"
            f"{'' if mapping.filters else ', without a filter'}: the function receives every record twice"
        )


def _remark_alias(world: World, steps: tuple[Step, ...], reporter: Reporter) -> None:
    """Remark a change of the function that does not reach the mapping, which invokes an alias or a version of others."""
    live = world.live_mapping
    if live is None or not any(
        isinstance(one, (UpdateFunctionCode, UpdateFunctionSettings)) for one in steps
    ):
        return
    if not arn_parts(live.function_arn).qualifier or any(isinstance(one, PublishVersion) for one in steps):
        return
    alias = alias_of(live)
    managed = (
        f"; with function.alias: {alias}, a version is published and the alias moved to it" if alias else ""
    )
    reporter.warn(
        f"event source mapping {live.uuid} invokes {qualified_name(live.function_arn)}, which this run leaves as it is: "
        f"it does not run the changed function{managed}"
    )


def _remark_retention(trigger: Trigger, world: World, reporter: Reporter) -> None:
    """Remark a retention that a run cannot change, because the account or the log group's class determines it."""
    group, days = world.log_group, trigger.function.log_retention_days
    if group is None or not group.keeps_retention or "function.log_retention_days" not in trigger.explicit:
        return
    if group.retention_days != days:
        kept = "for ever" if group.retention_days is None else f"for {group.retention_days} days"
        why = (
            f"the account's policy {group.retention_policy} keeps its lines {kept}"
            if group.retention_policy
            else "its class DELIVERY takes no retention"
        )
        reporter.warn(f"log group {group.name}: {why}; function.log_retention_days ({days}) has no effect")


def backlog(context: Context, world: World, steps: tuple[Step, ...]) -> Backlog | None:
    """The undelivered records of the trigger's mapping, if its stream is to be replaced."""
    live = world.live_mapping
    if live is None or not live.is_ours or not any(isinstance(step, ReplaceStream) for step in steps):
        return None
    from ddbinsert.operations.provision.draining import backlog_of

    return backlog_of(context, live, world.function)


def kinesis(context: Context, trigger: Trigger, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """The Kinesis data streams of a table whose stream is to be replaced; none if they cannot be read."""
    if not any(isinstance(step, ReplaceStream) for step in steps):
        return ()
    from ddbinsert.aws.read.resources import read_kinesis_destinations

    with suppress(AwsError):
        return read_kinesis_destinations(context.aws, trigger.table)
    return ()


def warn_readers(steps: tuple[Step, ...], world: World, reporter: Reporter) -> None:
    """Warn of other triggers' mappings that stay on a replaced stream: they are not moved to the new one."""
    if not any(isinstance(step, ReplaceStream) for step in steps):
        return
    for mapping in world.other_mappings:
        reporter.warn(
            f"event source mapping {mapping.uuid} of function {mapping.function_name} stays on the old stream "
            "and receives no new records: its owner must attach it to the new stream, with the same settings"
        )
