"""The completed or planned steps of `converge`, as text and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.core.words import plural
from ddbinsert.render import machine
from ddbinsert.render import steps as words

if TYPE_CHECKING:
    from ddbinsert.advice import Advice
    from ddbinsert.core.trigger.results import Converged
    from ddbinsert.render.terminal.screen import Screen


def data(done: Converged, advice: Advice | None) -> dict[str, Any]:
    """The result for the envelope: names and ARNs, without values of the function's environment.

    Args:
        advice: The next action.
    """
    world, trigger = done.world, done.trigger
    mapping = world.live_mapping
    off = world.stream_off
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
        "steps": [words.data(step, world) for step in done.steps],
        "consequences": list(done.consequences),
        "belongs_to_others": list(done.others),
        "other_triggers": list(done.other_triggers),
        "left_as_is": [{"setting": c.field, "value": c.have, "default": c.want} for c in done.kept],
        "stays": list(done.stays),
        "draining": [
            {"mapping_uuid": each.mapping.uuid, "records_left": each.left, "text": each.text}
            for each in done.draining
        ],
        "stream_off": None if off is None else {"from": _time(off[0]), "until": _time(off[1])},
        "next": None if advice is None else machine.advised(advice),
    }


def _time(epoch: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds")


def stream(screen: Screen, done: Converged, advice: Advice | None) -> None:
    """The stream's ARN, or the plan."""
    del advice
    if done.dry_run:
        plan(screen, done)
    elif done.world.table is not None:
        screen.line(done.world.table.stream_arn or "")


def function(screen: Screen, done: Converged, advice: Advice | None) -> None:
    """The function's ARN, or the plan."""
    del advice
    if done.dry_run:
        plan(screen, done)
    elif done.world.function is not None:
        screen.line(done.world.function.arn)


def trigger(screen: Screen, done: Converged, advice: Advice | None) -> None:
    """The trigger's resources and the next action; or the plan."""
    if done.dry_run:
        plan(screen, done)
        return
    world = done.world
    mapping = world.live_mapping
    view = f" ({world.table.view.value})" if world.table and world.table.view else ""
    rows = [
        ("stream", f"{world.table.stream_arn if world.table else ''}{view}"),
        ("function", world.function.arn if world.function else ""),
        ("mapping", f"{mapping.uuid} ({mapping.state})" if mapping else ""),
        ("filter", " or ".join(mapping.filters) if mapping else ""),
        ("logs", world.function.log_group if world.function else ""),
    ]
    rows += [("draining", f"{each.mapping.uuid}: {each.text}") for each in done.draining]
    screen.pairs(rows)
    _print_kept(screen, done)
    if advice is not None:
        screen.line(f"{advice.text}: {advice.line}", "bold")


def _print_kept(screen: Screen, done: Converged) -> None:
    """One line with the settings that were left as they are."""
    if done.kept:
        listed = ", ".join(f"{change.field} {change.have}" for change in done.kept)
        screen.line(f"left as is: {listed}")


def plan(screen: Screen, done: Converged, nothing: str = "Nothing to do: everything is up to date.") -> None:
    """The steps that would be carried out; ``nothing`` if there are none."""
    for change in done.kept:
        screen.line(f"  left as is: {change.field} {change.have}", "dim")
    for text in done.others:
        screen.line(f"  belongs to others: {text}", "dim")
    for text in done.other_triggers:
        screen.line(f"  another trigger of ddbinsert: {text}", "dim")
    for text in done.stays:
        screen.line(f"  stays: {text}", "dim")
    for each in done.draining:
        screen.line(f"  event source mapping {each.mapping.uuid}: {each.text}")
    if not done.steps:
        screen.line(nothing)
        return
    for step in done.steps:
        screen.line(f"{words.symbol(step)} {words.future(step)}", _STYLES.get(words.symbol(step), "yellow"))
    for text in done.consequences:
        screen.sentence(f"! {text}", "yellow")
    count = len(done.steps)
    screen.line(f"{plural(count, 'step')}; nothing was changed.")


_STYLES = {"+": "green", "-": "red", "±": "bold red"}


def taken_down(screen: Screen, done: Converged) -> None:
    """The number of removed resources, and what stays."""
    if done.dry_run:
        plan(screen, done, nothing="Nothing to remove.")
        return
    count = sum(words.symbol(step) == "-" for step in done.steps)
    screen.line(
        f"Removed {plural(count, 'resource')} of {done.trigger.table}'s trigger."
        if count
        else f"{done.trigger.table}: there was nothing to remove."
    )
    for text in done.stays:
        screen.line(f"Stays: {text}.")
