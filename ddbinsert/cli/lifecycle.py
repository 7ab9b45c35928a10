"""plan, up: show and carry out the changes that create configured triggers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.advice import TABLE, Advice
from ddbinsert.cli.app import Tables, command
from ddbinsert.cli.load_configuration import described
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.cli.several_triggers import Parts, TriggerRun
from ddbinsert.core.words import plural
from ddbinsert.errors import ExitCode, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.cli.plan_files import Noted
    from ddbinsert.core.trigger.results import Converged
    from ddbinsert.operations.provision.converge import Prepared
    from ddbinsert.operations.side_by_side import Ended
    from ddbinsert.render.terminal.screen import Screen

PlanOut = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the plan to a file, for up --plan.")
]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan", metavar="FILE", help="Carry out exactly this plan; fail if it is out of date. Does not ask."
    ),
]
Replace = Annotated[
    bool,
    typer.Option(
        "--replace", help="Replace an enabled stream that has another view type (new ARN; asks first)."
    ),
]


@command("plan", settings=NAME)
def plan(
    run: Run,
    settings: Settings,
    *,
    tables: Tables = None,
    out: PlanOut = None,
    replace: Replace = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if there are changes.")] = False,
) -> Outcome:
    """Show the changes that `up` would make.

    Compares the configured settings with the deployed ones. Settings that are not configured stay as they are. Also
    lists side effects of the changes, and resources that ddbinsert did not create. Changes nothing. The plan file
    contains no values of environment variables.

    Example: ddbinsert plan orders --out plan.json
    """
    from ddbinsert.cli.plan_files import Plan, noted_plan, write_plan
    from ddbinsert.cli.plan_inputs import prepare_every

    parts = Parts.of(run, described(run, tables, settings))
    prepared = prepare_every(parts, dry_run=True, replace=replace)
    notes = {
        part.title: noted_plan(one.value, part.loaded.name)
        for part, one in zip(parts.every, prepared, strict=True)
        if one.value is not None and (out is not None or run.wants_json)
    }
    if out is not None and len(notes) == len(parts.every):
        given = {key: str(value) for key, value in settings.items() if value is not None}
        write_plan(run.environment.cwd / out, Plan(tuple(notes.values()), given, replace))
    elif out is not None:
        run.reporter.warn(f"{out} was not written, because not every trigger could be planned")

    advice = run.addressed(_carrying_out(parts, tables, out))

    def shown(part: TriggerRun, value: Prepared) -> Outcome:
        following = advice if parts.is_one else None
        return _planned(value, notes.get(part.title), following, exit_code=exit_code)

    outcomes = [one.then(partial(shown, part)) for part, one in zip(parts.every, prepared, strict=True)]
    return parts.outcome(outcomes, summary=_total(prepared, advice))


def _carrying_out(parts: Parts, tables: Sequence[str] | None, out: Path | None) -> Advice:
    """The command that applies the plan."""
    if out is not None:
        words = (TABLE,) if parts.is_one else ()
        return Advice("Apply it", ("up", *words, "--plan", str(out)))
    return Advice("Apply it", ("up", *((TABLE,) if parts.is_one else tables or ())))


def _planned(prepared: Prepared, noted: Noted | None, advice: Advice | None, *, exit_code: bool) -> Outcome:
    from ddbinsert.render import converged

    done = prepared.outcome
    return Outcome(
        data={
            **converged.data(done, advice if done.steps else None),
            "digest": None if noted is None else noted.digest,
        },
        human=lambda screen: _print_plan(screen, done, advice),
        exit_code=ExitCode.NO if exit_code and done.steps else ExitCode.OK,
        word=_step_count(len(done.steps)),
    )


def _print_plan(screen: Screen, done: Converged, advice: Advice | None) -> None:
    from ddbinsert.render import converged

    converged.plan(screen, done)
    if done.steps and advice is not None:
        screen.line(f"{advice.text}: {advice.line}", "bold")


def _step_count(steps: int) -> str:
    return plural(steps, "step") if steps else "nothing to do"


def _total(prepared: Sequence[Ended[Prepared]], advice: Advice) -> str:
    """The number of different steps of all triggers: triggers of one table share the steps of its stream."""
    steps = {step for one in prepared if one.value is not None for step in one.value.steps}
    total = f"{len(prepared)} triggers: {_step_count(len(steps))}"
    return f"{total}; nothing was changed.\n{advice.text}: {advice.line}" if steps else f"{total}."


@command("up", makes=True, settings=NAME)
def up(
    run: Run,
    settings: Settings,
    *,
    tables: Tables = None,
    plan_file: PlanFile = None,
    replace: Replace = False,
) -> Outcome:
    """Create or change the triggers in the configuration file.

    Creates what is missing and changes the configured settings that differ; everything else stays as it is. Asks
    before a change that removes or replaces something, except with --plan.

    Example: ddbinsert up orders
    """
    if plan_file is not None:
        return _carried_out(run, settings, tables, run.environment.cwd / plan_file)
    from ddbinsert.cli.plan_inputs import prepare_every

    parts = Parts.of(run, described(run, tables, settings))
    prepared = _with_positions(parts, prepare_every(parts, dry_run=False, replace=replace), replace=replace)
    asked = [
        (part.title, one.value.asked)
        for part, one in zip(parts.every, prepared, strict=True)
        if one.value is not None and one.value.asked is not None
    ]
    if asked:
        run.confirm(_question(parts, asked))
    return _performed(parts, prepared)


def _question(parts: Parts, asked: Sequence[tuple[str, str]]) -> str:
    """One question for all triggers."""
    if parts.is_one:
        return asked[0][1]
    ending = "Continue?"
    return "\n".join([*(f"{name}: {text.removesuffix(ending).rstrip()}" for name, text in asked), ending])


def _with_positions(
    parts: Parts, prepared: tuple[Ended[Prepared], ...], *, replace: bool
) -> tuple[Ended[Prepared], ...]:
    """The plans, after asking for the starting position of those whose stream already contains records."""
    from ddbinsert.cli.plan_inputs import options_of, prepare_configured
    from ddbinsert.operations.side_by_side import Ended

    found: list[Ended[Prepared]] = []
    for part, one in zip(parts.every, prepared, strict=True):
        open_ = one.error is not None and one.error.code == "starting-position-needed"
        if open_ and parts.run.can_ask:
            parts.run.reporter.step(f"{part.title}: choose the starting position of its mapping")
            options = options_of(parts, part, dry_run=False, replace=replace)
            again = prepare_configured(part.run, part.loaded, options, asking=parts.run)
            found.append(Ended(value=again))
        else:
            found.append(one)
    return tuple(found)


def _carried_out(run: Run, settings: Settings, tables: Sequence[str] | None, path: Path) -> Outcome:
    """Carry out the plan in a file exactly, or change nothing.

    Raises:
        Refused: The plan is out of date.
    """
    from ddbinsert.cli.plan_files import noted_plan, read_plan, refuse_another, refuse_other_triggers
    from ddbinsert.cli.plan_inputs import prepare_every

    then, options, replace = read_plan(path)
    given = {key: value for key, value in settings.items() if value is not None}
    loaded = run.configurations(tables or [one.word for one in then], {**options, **given})
    if loaded.unknown:
        raise Refused(
            f"The configuration file no longer has {', '.join(loaded.unknown)}.\nNothing was changed.",
            hint="Create a new plan, review it, and apply it.",
            code="plan-changed",
        )
    parts = Parts.of(run, loaded)
    refuse_other_triggers(then, [part.title for part in parts.every])
    prepared = prepare_every(parts, dry_run=False, replace=replace)
    for part, one in zip(parts.every, prepared, strict=True):
        if one.value is None and one.error is not None:
            one.error.message = f"{part.title}: {one.error.message}"
            raise one.error
    now = [
        noted_plan(one.value, part.loaded.name)
        for part, one in zip(parts.every, prepared, strict=True)
        if one.value is not None
    ]
    refuse_another(then, now)
    return _performed(parts, prepared)


def _performed(parts: Parts, prepared: Sequence[Ended[Prepared]]) -> Outcome:
    """Carry out the plans concurrently; triggers that could not be planned keep their errors."""
    from ddbinsert.cli.plan_inputs import TIMEOUT
    from ddbinsert.operations.provision.converge import perform

    plans = {
        part.title: one.value
        for part, one in zip(parts.every, prepared, strict=True)
        if one.value is not None
    }
    ready = [part for part in parts.every if part.title in plans]
    ended = parts.side_by_side(
        lambda part: _applied(part, perform(part.run.context(TIMEOUT), plans[part.title])), of=ready
    )
    outcomes = dict(zip((part.title for part in ready), ended, strict=True))
    every = [
        outcomes.get(part.title) or one.then(lambda _: Outcome())
        for part, one in zip(parts.every, prepared, strict=True)
    ]
    return parts.outcome(every)


def _applied(part: TriggerRun, done: Converged) -> Outcome:
    from ddbinsert.cli.plan_inputs import following_advice
    from ddbinsert.render import converged

    advice = part.run.addressed(following_advice(done))
    return Outcome(
        data=converged.data(done, advice),
        human=lambda screen: converged.trigger(screen, done, advice),
        word=f"{_step_count(len(done.steps))} done" if done.steps else "nothing to do",
    )
