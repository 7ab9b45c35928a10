"""status: the state of one trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.advice import TABLE, Advice
from ddbinsert.cli.app import Tables, command
from ddbinsert.cli.consumers import Stack, Tag, consumer_of
from ddbinsert.cli.limits import seconds_since
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.cli.several_triggers import Parts, TriggerRun
from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.core.doctor.model import Diagnosis
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.draining import Draining
    from ddbinsert.operations.provision.status import StatusSeen
    from ddbinsert.render.terminal.screen import Screen

#: Maximum seconds for each wait.
TIMEOUT = 60.0
#: Seconds between two updates of --watch.
_EVERY = 5.0
_LONGEST = 14 * 86400.0

Since = Annotated[
    str,
    typer.Option(
        "--since", metavar="TIME", help="How far back metrics are shown, such as 6h or an ISO 8601 time."
    ),
]
Watch = Annotated[
    bool, typer.Option("--watch", help="Refresh every 5 seconds until interrupted or --timeout is over.")
]


@command("status", settings=NAME)
def status(
    run: Run,
    settings: Settings,
    *,
    tables: Tables = None,
    stack: Stack = None,
    tag: Tag = None,
    since: Since = "24h",
    watch: Watch = False,
) -> Outcome:
    """Show the state of a trigger.

    Shows the table, stream, function with its role, code and sink, log group, mapping, other consumers of the
    stream, and metrics. Changes nothing. Without --function, and if TABLE-inserts does not exist, shows the only
    function that reads the stream. Exit code 1 if something is broken; a table without a trigger is not broken.

    Example: ddbinsert status orders
    """
    seconds = seconds_since(run, since)
    parts = Parts.of(run, run.configurations(tables or (), settings))
    found: set[str] = set()

    def read_part(part: TriggerRun) -> Outcome:
        known = None
        if part.title not in found:  # --watch looks for the function once
            part.trigger, known, _ = consumer_of(part.run, part.trigger, stack=stack, tags=tag)
            found.add(part.title)
        return _read_status(part.run, part.trigger, seconds, known)

    def read_parts() -> Outcome:
        return parts.outcome(parts.side_by_side(read_part))

    return _watched(run, read_parts) if watch else read_parts()


def _read_status(run: Run, trigger: Trigger, seconds: float, known: World | None = None) -> Outcome:
    from ddbinsert.cli.leftovers import mention_leftovers
    from ddbinsert.operations.provision.status import status as operation
    from ddbinsert.render import activity
    from ddbinsert.render import world as shown

    seen = operation(run.context(TIMEOUT), trigger, since=seconds, known=known)
    mention_leftovers(run, trigger.table)
    diagnosis = _diagnosis(seen)
    world, draining = seen.status
    advice = None
    if world.live_mapping is None:
        advice = run.addressed(
            _similar(world, trigger.function_name) or Advice("Attach it", ("attach-trigger", TABLE))
        )
    elif draining:
        advice = run.addressed(max(draining, key=_urgency).advice)

    def human(screen: Screen) -> None:
        shown.human(
            screen,
            trigger,
            seen.status,
            advice,
            more=activity.rows(screen, seen.facts),
            marks=lambda: activity.marks(screen, diagnosis, run.addressed),
        )

    return Outcome(
        data={
            **shown.data(trigger, seen.status, advice),
            **activity.data(seen.facts, diagnosis, run.addressed),
        },
        human=human,
        exit_code=ExitCode.NO if diagnosis.is_broken else ExitCode.OK,
        word=_word(world, diagnosis),
    )


def _similar(world: World, name: str) -> Advice | None:
    """Advice to name the function of the stream whose name is like one that does not exist."""
    from ddbinsert.operations.existing_resources import nearest

    near = () if world.function else nearest(name, (one.function_name for one in world.other_mappings))
    return Advice(f"Did you mean {near[0]}", ("status", TABLE, "--function", near[0])) if near else None


def _word(world: World, diagnosis: Diagnosis) -> str:
    """The state in a few words."""
    if diagnosis.is_broken:
        return f"broken: {diagnosis.found[0].id}"
    return "no trigger" if world.live_mapping is None else world.live_mapping.state.lower()


def _diagnosis(seen: StatusSeen) -> Diagnosis:
    """The findings of doctor's checks in the data that status reads; none if there is no trigger."""
    from ddbinsert.core.doctor.catalog import CHECKS
    from ddbinsert.core.doctor.model import Diagnosis, diagnose

    facts = seen.facts
    if facts.function is None and not facts.mappings and not facts.world.stale_mappings:
        return Diagnosis(found=(), unchecked=(), passed=())
    return diagnose(CHECKS, facts)


def _watched(run: Run, look: Callable[[], Outcome]) -> Outcome:
    """Update repeatedly until interrupted or --timeout is over; return the last exit code."""
    run.json_lines = True
    limit = None if run.options.timeout is None else run.timeout(0.0)
    began = run.clock.monotonic()
    out = run.environment.out
    while True:
        outcome = look()
        if out.isatty() and not run.wants_json:
            out.write("\x1b[H\x1b[2J")
        run.show(outcome)
        left = _EVERY if limit is None else min(_EVERY, limit - (run.clock.monotonic() - began))
        if left <= 0:
            return Outcome(exit_code=outcome.exit_code, printed=True)
        run.clock.sleep(left)
        if not run.wants_json:
            run.screen.line()


def _urgency(draining: Draining) -> tuple[bool, bool]:
    """Sort key: mappings that make no progress first, then those with records left."""
    return draining.is_stopped, not draining.is_drained
