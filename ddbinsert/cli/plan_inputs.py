"""Plans of configured triggers, and their inputs: the function's code and the starting position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.words import plural
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from ddbinsert.cli.run import Run
    from ddbinsert.cli.several_triggers import Parts, TriggerRun
    from ddbinsert.config import Configuration
    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.wanted import StartingPosition, Trigger
    from ddbinsert.core.trigger.results import Converged
    from ddbinsert.operations.provision.converge import Prepared
    from ddbinsert.operations.provision.converge_options import ConvergeOptions
    from ddbinsert.operations.side_by_side import Ended

#: Maximum seconds for each wait: IAM's propagation and a mapping's state changes take up to 90 s.
TIMEOUT = 180.0


def prepare_configured(
    run: Run, configuration: Configuration, options: ConvergeOptions, *, asking: Run | None = None
) -> Prepared:
    """The plan of a configured trigger; changes nothing.

    Args:
        asking: The run that asks for the starting position; by default ``run``.
    """
    from dataclasses import replace

    from ddbinsert.core.trigger.scope import Scope
    from ddbinsert.operations.provision.converge import prepare

    return prepare(
        run.context(TIMEOUT),
        run.trigger_of(configuration),
        Scope.TRIGGER,
        replace(options, keep_view="view_type" not in configuration.sources),
        package=lambda wanted: package_of(run, wanted),
        choose_position=lambda inserts, at_least: choose_position(asking or run, inserts, at_least=at_least),
    )


def prepare_every(parts: Parts, *, dry_run: bool, replace: bool = False) -> tuple[Ended[Prepared], ...]:
    """The plan of each trigger, before anything is changed.

    Raises:
        Refused: Two of the plans cannot be combined.
    """
    from ddbinsert.operations.provision.together import refuse_together

    def prepare(part: TriggerRun) -> Prepared:
        options = options_of(parts, part, dry_run=dry_run, replace=replace)
        return prepare_configured(part.run, part.loaded, options)

    found = parts.side_by_side(prepare)
    refuse_together(
        (part.title, one.value.steps)
        for part, one in zip(parts.every, found, strict=True)
        if one.value is not None
    )
    return found


def options_of(parts: Parts, part: TriggerRun, *, dry_run: bool, replace: bool) -> ConvergeOptions:
    """The options for one of the triggers, which include the changes of the other triggers of its table."""
    from ddbinsert.operations.provision.converge_options import ConvergeOptions

    table = part.trigger.table
    beside = frozenset(one.trigger.function_name for one in parts.every if one.trigger.table == table)
    return ConvergeOptions(dry_run=dry_run, open_position=dry_run, replace=replace, beside=beside)


def package_of(run: Run, wanted: Trigger) -> Package:
    """The code of a trigger's function; its size and its warnings are reported."""
    from ddbinsert.operations.provision import code

    if run.aws.connection.is_local:
        code.refuse_pretence(wanted.function)
    package = code.build(wanted, run.environment.cwd, lambda: run.aws)
    if wanted.function.code is not None and package.files:
        size = f"{len(package.zip_bytes) / 1024:,.0f} KB"
        run.reporter.step(f"packed {package.files:,} files of {wanted.function.code}, {size}")
    for note in package.notes:
        run.reporter.warn(note)
    return package


def choose_position(run: Run, inserts: int, *, at_least: bool) -> StartingPosition:
    """Ask where to start on a stream that already contains records.

    Raises:
        UsageError: There is no terminal (the hint names the flag and the key), or the answer was to stop.
    """
    from ddbinsert.core.model.wanted import StartingPosition

    count = f"{'at least ' if at_least else ''}{plural(inserts, 'insert')}"
    if at_least and not inserts:
        count = "an unknown number of inserts"
    situation = (
        f"The stream contains {count} from before. With TRIM_HORIZON the function receives all of them again."
    )
    answer = run.ask(
        f"{situation}\nReplay them? [r]eplay (TRIM_HORIZON), [s]kip (LATEST: inserts of the next minute may be "
        "missed), or anything else to stop:"
    )
    match answer:
        case None:
            raise UsageError(
                situation,
                hint="Choose with --starting-position, or mapping.starting_position in ddbinsert.yaml: TRIM_HORIZON (replay) "
                "or LATEST (skip; inserts before the mapping polls, in about a minute, may be missed).",
                code="starting-position-needed",
            )
        case "r" | "replay":
            return StartingPosition.TRIM_HORIZON
        case "s" | "skip":
            return StartingPosition.LATEST
        case _:
            raise UsageError("Not confirmed; nothing was changed.", code="not-confirmed")


def following_advice(done: Converged) -> Advice:
    """The next command: verify, or enabling a mapping that is disabled."""
    if done.trigger.mapping.enabled:
        return Advice("Prove it", ("verify", TABLE))
    return Advice("The mapping is disabled. Enable it", ("attach-trigger", TABLE, "--enabled", "--yes"))
