"""The checks of a template's sinks before anything is created: they exist, can be written, and lose no record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.core.arn import parse_arn
from ddbinsert.core.model.wanted import CODE_TAG, Template
from ddbinsert.core.words import plural
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.arn import Arn
    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.reporter import Reporter

SINK = "SINK_ARN"
DEDUPLICATION = "DEDUPLICATION_TABLE_ARN"
_TABLE = re.compile(r"table/[A-Za-z0-9_.-]{3,255}")
#: Services whose sinks take one entry per call, and the processor seconds of one (docs/benchmarks.md#handlers).
_ONE_BY_ONE = ("dynamodb", "s3")
_SECONDS_PER_RECORD = {"python": 0.0030, "nodejs": 0.0009}
#: MB of memory for which Lambda provides one processor; the fraction of the timeout in which a handler works.
_ONE_PROCESSOR, _WORKING = 1769, 0.8


def check_sinks(
    aws: Aws, trigger: Trigger, world: World, package: Package, reporter: Reporter, *, has_mapping: bool
) -> None:
    """Refuse sinks that cannot work, and warn about settings that lose records silently.

    Args:
        has_mapping: The run includes the mapping, so that its on-failure destination matters.

    Raises:
        UsageError: A sink is the trigger's own table, or a table with an unsuitable key.
        PrerequisiteError: A sink does not exist.
    """
    from ddbinsert.handlers.rights import wildcards

    for text in wildcards(package.rights):
        reporter.warn(text)
    if trigger.function.code is not None:
        return
    environment = trigger.function.environment
    for variable in (SINK, DEDUPLICATION):
        target = parse_arn(environment.get(variable, "").removesuffix(":*"))
        if target is not None:
            _refuse_own_table(variable, target, trigger, world)
            _check_place(aws, variable, target, reporter, trigger.table)
    if trigger.function.template is Template.AUDIT_LOG and not environment.get(SINK):
        reporter.warn(
            f"The audit log is the function's own log group {trigger.log_group}, which keeps its lines "
            f"{_retention_text(trigger, world)}",
            Advice("create a table for it", ("audit", "create-table", f"{trigger.table}-audit")),
        )
    if has_mapping and environment.get(SINK):
        _warn_without_destination(trigger, world, reporter)
        _warn_of_slowness(trigger, reporter)


def _retention_text(trigger: Trigger, world: World) -> str:
    """How long the log group keeps its lines after the plan is carried out."""
    days: int | None = trigger.function.log_retention_days
    group = world.log_group
    is_there = group is not None and group.name == trigger.log_group
    if group is not None and is_there and "function.log_retention_days" not in trigger.explicit:
        days = group.retention_days
    return "for ever" if days is None else f"for {plural(days, 'day')}"


def sink_arn(aws: Aws, trigger: Trigger, given: str) -> str:
    """The ARN of a sink that is given as an ARN, as ``s3://BUCKET/PREFIX``, or by its name.

    Raises:
        UsageError: The code has no sink, or several resources have the name.
        PrerequisiteError: No resource has the name.
    """
    from ddbinsert.aws.sink_places import find_by_name
    from ddbinsert.handlers.bundle import template_rights

    template = _template(aws, trigger)
    services = () if template is None else dict.fromkeys(template_rights(template).services(SINK))
    if not services:
        raise UsageError(
            f"--sink {given}: only the templates audit-log, analytics and notify have a sink.",
            hint="Choose one with --template, or set your own code's variables with --env.",
            code="no-sink",
        )
    if given.startswith("arn:"):
        return given
    if given.startswith("s3://"):
        return f"arn:aws:s3:::{given.removeprefix('s3://')}"
    found = find_by_name(aws, given, tuple(services))
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"--sink {given}: several places have this name: {', '.join(found)}.",
            hint="Specify the ARN.",
            code="sink-ambiguous",
        )
    raise PrerequisiteError(
        f"--sink {given}: no resource with this name was found in {', '.join(services)}.",
        hint=Advice("Give an ARN, or create a table for an audit log", ("audit", "create-table", given)),
        code="sink-not-found",
    )


def _template(aws: Aws, trigger: Trigger) -> Template | None:
    """The template that is given, or the one that the function was created from; None for other code."""
    from ddbinsert.aws.read.resources import read_function

    if not trigger.explicit.isdisjoint({"function.template", "function.code"}):
        return None if trigger.function.code else trigger.function.template
    deployed = read_function(aws, trigger.function_name)
    if deployed is None:
        return trigger.function.template
    label = deployed.tags.get(CODE_TAG)
    return Template(label) if label in list(Template) else None


def _refuse_own_table(variable: str, target: Arn, trigger: Trigger, world: World) -> None:
    if target.service != "dynamodb":
        return
    own = parse_arn(world.table.arn) if world.table else None
    is_own = target == own if own else target.name == trigger.table and target.region == world.region
    if is_own:
        raise UsageError(
            f"{variable} is {trigger.table}, the table that the trigger reads: every entry would be a new "
            "insert, in an endless loop.",
            hint=_another(variable, target, trigger.table),
            code="sink-is-own-table",
        )


def _check_place(aws: Aws, variable: str, target: Arn, reporter: Reporter, table: str) -> None:
    from ddbinsert.aws.sink_places import SinkProblem, look_at

    if aws.region and target.region and target.region != aws.region:
        reporter.warn(f"{variable} is in {target.region}; whether it exists was not checked.")
        return
    found = look_at(aws, target, is_deduplication=variable == DEDUPLICATION)
    match found:
        case SinkProblem(is_missing=True):
            raise PrerequisiteError(
                f"{variable} does not exist: {target}.",
                hint=_how_to_create(variable, target),
                code="sink-not-found",
            )
        case SinkProblem(is_wrong=True, text=text):
            raise UsageError(
                f"{variable}: {text}.", hint=_another(variable, target, table), code="sink-wrong"
            )
        case SinkProblem(text=text):
            reporter.warn(f"{variable}: {text}.")
        case None:
            pass


def _how_to_create(variable: str, target: Arn) -> str | Advice:
    if target.service != "dynamodb" or not _TABLE.fullmatch(target.resource):
        return "Check the name, the region and the account in the ARN."
    return Advice("Create it", (_command(variable), "create-table", target.name))


def _another(variable: str, target: Arn, table: str) -> str | Advice:
    """The advice for an existing resource that cannot be used as a sink."""
    if target.service != "dynamodb":
        return "Use another one."
    name = f"{table}-{'processed' if variable == DEDUPLICATION else 'audit'}"
    return Advice("Use another table, or create one", (_command(variable), "create-table", name))


def _command(variable: str) -> str:
    return "dedup" if variable == DEDUPLICATION else "audit"


def _warn_of_slowness(trigger: Trigger, reporter: Reporter) -> None:
    """Warn of batches that take longer than the function's timeout: each part of such a batch counts as an attempt."""
    function, mapping = trigger.function, trigger.mapping
    target = parse_arn(function.environment[SINK])
    if target is None or target.service not in _ONE_BY_ONE:
        return
    language = "nodejs" if function.runtime.startswith("nodejs") else "python"
    memory = min(function.memory, _ONE_PROCESSOR)
    seconds = mapping.batch_size * _SECONDS_PER_RECORD[language] * _ONE_PROCESSOR / memory
    if seconds > function.timeout * _WORKING:
        fits = int(mapping.batch_size * function.timeout * _WORKING / seconds)
        reporter.warn(
            f"Batches of {mapping.batch_size:,} records are written one by one, which takes about {seconds:.0f} s with "
            f"{function.memory} MB; the function's timeout is {function.timeout} s. Set --batch-size {max(fits, 1)}, "
            "or more --memory or --function-timeout."
        )


def _warn_without_destination(trigger: Trigger, world: World, reporter: Reporter) -> None:
    live = world.live_mapping
    mapping = trigger.mapping
    if mapping.on_failure or (live and live.on_failure) or mapping.retries < 0:
        return
    reporter.warn(
        "There is no on-failure destination: records that the sink rejects are discarded after "
        f"{mapping.retries} retries. With --on-failure create (in ddbinsert.yaml: mapping.on_failure), a queue "
        "keeps them."
    )
