"""What a converge did, or would do, for people and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.render import steps as words

if TYPE_CHECKING:
    from ddbinsert.core.converged import Converged
    from ddbinsert.render.screen import Screen


def data(done: Converged) -> dict[str, Any]:
    """The result for the envelope; names and ARNs, never the function's environment values."""
    world, trigger = done.world, done.trigger
    mapping = world.live_mapping
    return {
        "table": trigger.table,
        "account": world.account,
        "region": world.region,
        "stream_arn": world.table.stream_arn if world.table else None,
        "stream_view_type": world.table.view if world.table else None,
        "function_arn": world.function.arn if world.function else None,
        "role_arn": world.function.role_arn if world.function else (world.role.arn if world.role else None),
        "log_group": trigger.log_group if world.log_group or world.function else None,
        "mapping_uuid": mapping.uuid if mapping else None,
        "mapping_state": mapping.state if mapping else None,
        "filters": list(mapping.filters) if mapping else [],
        "dry_run": done.dry_run,
        "changed": done.changed,
        "steps": [{"step": type(step).__name__, "text": words.future(step)} for step in done.steps],
    }


def stream(screen: Screen, done: Converged) -> None:
    if done.dry_run:
        plan(screen, done)
    elif done.world.table is not None:
        screen.line(done.world.table.stream_arn or "")


def function(screen: Screen, done: Converged) -> None:
    if done.dry_run:
        plan(screen, done)
    elif done.world.function is not None:
        screen.line(done.world.function.arn)


def trigger(screen: Screen, done: Converged, *, next_step: str) -> None:
    if done.dry_run:
        plan(screen, done)
        return
    world = done.world
    mapping = world.live_mapping
    view = f" ({world.table.view.value})" if world.table and world.table.view else ""
    screen.pairs(
        [
            ("stream", f"{world.table.stream_arn if world.table else ''}{view}"),
            ("function", world.function.arn if world.function else ""),
            ("mapping", f"{mapping.uuid} ({mapping.state})" if mapping else ""),
            ("filter", " or ".join(mapping.filters) if mapping else ""),
            ("logs", world.function.log_group if world.function else ""),
        ]
    )
    screen.line(f"Prove it: {next_step}", "bold")


def plan(screen: Screen, done: Converged) -> None:
    """The steps that would be carried out."""
    if not done.steps:
        screen.line("Nothing to do: everything is as wanted.")
        return
    for step in done.steps:
        screen.line(f"{words.symbol(step)} {words.future(step)}", _STYLES.get(words.symbol(step), "yellow"))
    count = len(done.steps)
    screen.line(f"{count} step{'' if count == 1 else 's'}; nothing was changed.")


_STYLES = {"+": "green", "-": "red", "±": "bold red"}


def taken_down(screen: Screen, done: Converged) -> None:
    if done.dry_run:
        plan(screen, done)
        return
    count = len(done.steps)
    screen.line(
        f"{done.trigger.table}: {count} thing{'' if count == 1 else 's'} taken down."
        if count
        else f"{done.trigger.table}: there was nothing to take down."
    )
