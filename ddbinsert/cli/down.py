"""down: remove triggers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Tables, command
from ddbinsert.cli.options import NAME, DryRun, ExitCodeOption, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.cli.several_triggers import Parts, TriggerRun
from ddbinsert.core.words import plural
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.config import Configurations
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.removal import Removal
    from ddbinsert.core.trigger.results import Converged
    from ddbinsert.operations.provision.down import DownRequest, FoundTrigger
    from ddbinsert.operations.side_by_side import Ended

#: Maximum seconds for each wait.
TIMEOUT = 180.0


@command("down", settings=NAME)
def down(
    run: Run,
    settings: Settings,
    *,
    tables: Tables = None,
    stream: Annotated[bool, typer.Option("--stream", help="Disable the table's stream, too.")] = False,
    delete_table: Annotated[
        bool, typer.Option("--table", help="Delete the table, too, if ddbinsert created it.")
    ] = False,
    logs: Annotated[
        bool, typer.Option("--logs", help="Delete the log group even if it contains an audit log.")
    ] = False,
    keep_logs: Annotated[bool, typer.Option("--keep-logs", help="Keep the log group.")] = False,
    keep_role: Annotated[bool, typer.Option("--keep-role", help="Keep the role and its policy.")] = False,
    dry_run: DryRun = False,
    exit_code: ExitCodeOption = False,
) -> Outcome:
    """Remove triggers, and what ddbinsert created for them.

    Deletes the mapping, function, role, log group and queue that ddbinsert created. Asks first. Resources without
    ddbinsert's tag are not deleted, nor is a stream that another mapping reads, nor a role, log group or queue that
    another function uses. With the last trigger of a table, temporary functions that a killed `verify --wiretap` left are
    removed, too. If the audit log is written to the log group (no sink), the log group is deleted only with
    --logs.

    Example: ddbinsert down orders
    """
    from ddbinsert.cli.leftovers import mention_leftovers
    from ddbinsert.core.trigger.removal import Keeping
    from ddbinsert.operations.provision.down import DownRequest

    if logs and keep_logs:
        raise UsageError("--logs and --keep-logs cannot be combined.", code="options-contradict")
    asked = DownRequest(
        stream=stream,
        table=delete_table,
        keeping=Keeping(audit_log=logs, logs=keep_logs, role=keep_role),
    )
    loaded = run.configurations(tables or (), settings)
    parts = Parts.of(run, loaded)
    for table in dict.fromkeys(part.trigger.table for part in parts.every):
        mention_leftovers(run, table)
    plans = _planned(parts, asked, loaded)
    if dry_run:
        done = tuple(one.then(_dry_run) for one in plans)
    else:
        _confirm(parts, plans)
        done = _taken_down(parts, plans)
    return parts.outcome(one.then(partial(_outcome, exit_code=exit_code)) for one in done)


_Plan = tuple["FoundTrigger", "Removal"]


def _staying(parts: Parts, loaded: Configurations) -> tuple[Trigger, ...]:
    """The triggers of the configuration file that are not removed."""
    if not loaded.names:
        return ()
    going = {part.loaded.name for part in parts.every}
    every = parts.run.configurations((), {}).chosen
    return tuple(one.trigger for one in every if one.trigger is not None and one.name not in going)


def _planned(parts: Parts, asked: DownRequest, loaded: Configurations) -> tuple[Ended[_Plan], ...]:
    """The existing resources of each trigger, and the steps that remove them."""
    from ddbinsert.operations.provision.down import (
        check_rights,
        mention_other_triggers,
        planned,
        read_trigger,
    )
    from ddbinsert.operations.side_by_side import Ended

    staying = _staying(parts, loaded)
    seen = parts.side_by_side(lambda part: read_trigger(part.run.context(TIMEOUT), part.trigger, asked))
    there = [one.value for one in seen if one.value is not None]
    # The table and its stream are removed once, after all of its triggers.
    last = {one.trigger.table: one for one in there}
    by_part = {part.title: one.value for part, one in zip(parts.every, seen, strict=True) if one.value}

    def plan(part: TriggerRun) -> _Plan:
        own = by_part[part.title]
        wanted = asked if last[own.trigger.table] is own else replace(asked, stream=False, table=False)
        beside = [one for one in there if one is not own]
        found = planned(own, wanted, beside=beside, staying=staying)
        if parts.is_one and not loaded.names:
            mention_other_triggers(part.run.context(TIMEOUT), own)
        check_rights(part.run.context(TIMEOUT), own, found)
        return own, found

    plans = iter(parts.side_by_side(plan, of=[part for part in parts.every if part.title in by_part]))
    return tuple(Ended(error=one.error) if one.value is None else next(plans) for one in seen)


def _dry_run(plan: _Plan) -> Converged:
    from ddbinsert.operations.provision.down import would_take_down

    return would_take_down(*plan)


def _confirm(parts: Parts, plans: Sequence[Ended[_Plan]]) -> None:
    """Ask once for all triggers.

    Raises:
        UsageError: The answer was no, or there is no terminal.
    """
    from ddbinsert.operations.provision.down import question
    from ddbinsert.render import steps as words

    asked = [
        (part, question(part.run.context(TIMEOUT), *one.value, words.future))
        for part, one in zip(parts.every, plans, strict=True)
        if one.value is not None and one.value[1].steps
    ]
    if asked:
        lines = [text if parts.is_one else f"{part.heading}: {text}" for part, text in asked]
        parts.run.confirm("\n".join([*lines, "Continue?"]))


def _taken_down(parts: Parts, plans: Sequence[Ended[_Plan]]) -> tuple[Ended[Converged], ...]:
    """Remove the triggers concurrently, then the streams and tables whose triggers were all removed."""
    from ddbinsert.operations.provision.down import is_of_table, take_down, take_down_table
    from ddbinsert.operations.side_by_side import Ended
    from ddbinsert.render import steps as words

    by_part = {part.title: one.value for part, one in zip(parts.every, plans, strict=True) if one.value}
    ready = [part for part in parts.every if part.title in by_part]
    gone = parts.side_by_side(
        lambda part: take_down(part.run.context(TIMEOUT), *by_part[part.title], words.future), of=ready
    )
    done = {part.title: one for part, one in zip(ready, gone, strict=True)}
    failed = {
        part.trigger.table
        for part, one in zip(parts.every, plans, strict=True)
        if one.error is not None or done[part.title].error is not None
    }

    def finish(part: TriggerRun) -> Converged:
        before = done[part.title].value
        if before is None:
            raise AssertionError("only triggers that were removed are finished")
        found = by_part[part.title][1]
        if part.trigger.table in failed and any(map(is_of_table, found.steps)):
            why = f"table {part.trigger.table} and its stream: not all of its triggers could be removed"
            return replace(before, stays=(*before.stays, why))
        return take_down_table(part.run.context(TIMEOUT), before, found, words.future)

    going = [part for part in ready if done[part.title].value is not None]
    last = dict(zip((part.title for part in going), parts.side_by_side(finish, of=going), strict=True))
    return tuple(
        last.get(part.title) or done.get(part.title) or Ended(error=one.error)
        for part, one in zip(parts.every, plans, strict=True)
    )


def _outcome(done: Converged, *, exit_code: bool) -> Outcome:
    from ddbinsert.render import converged

    count = len(done.steps)
    return Outcome(
        data=converged.data(done, None),
        human=lambda screen: converged.taken_down(screen, done),
        exit_code=ExitCode.NO if exit_code and done.dry_run and done.steps else ExitCode.OK,
        word=f"{plural(count, 'step')}{'' if done.dry_run else ' done'}" if count else "nothing to remove",
    )
