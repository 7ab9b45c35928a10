"""doctor: find out why a trigger receives no records, too few, or receives them late."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Tables, command
from ddbinsert.cli.consumers import Stack, Tag, consumer_of
from ddbinsert.cli.declared import Against, Resource, declarations
from ddbinsert.cli.limits import seconds_since
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.cli.several_triggers import Parts, TriggerRun
from ddbinsert.core.words import plural
from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.doctor.examine import Examined
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.operations.provision.declared import DeclaredMappings
    from ddbinsert.render.doctor.files import Addressable
    from ddbinsert.render.terminal.screen import Screen

#: Maximum seconds for each wait.
TIMEOUT = 60.0
_DAY = 86400.0


class DoctorFormat(StrEnum):
    """Formats of the findings, in addition to those of `--output`."""

    SARIF = "sarif"
    JUNIT = "junit"


Since = Annotated[
    str,
    typer.Option(
        "--since",
        metavar="TIME",
        help="How far back log and metrics are read, such as 6h or an ISO 8601 time.",
    ),
]
List = Annotated[bool, typer.Option("--list", help="List the checks and exit; does not connect to AWS.")]
Fix = Annotated[
    bool,
    typer.Option("--fix", help="Repair what can be repaired safely: shows the commands and asks first."),
]
FormOption = Annotated[
    DoctorFormat | None, typer.Option("--format", help="Format of the findings.", show_default=False)
]


@command("doctor", settings=NAME)
def doctor(
    run: Run,
    settings: Settings,
    *,
    tables: Tables = None,
    stack: Stack = None,
    tag: Tag = None,
    since: Since = "24h",
    list_: List = False,
    fix: Fix = False,
    form: FormOption = None,
    against: Against = None,
    resource: Resource = None,
) -> Outcome:
    """Find out why a trigger is silent, late or loses records.

    Reads configuration, permissions, metrics, log and stream. Lists problems, causes before effects, each with its
    evidence and the command that repairs it, and a timeline of recent events. Changes nothing without --fix. Exit
    code 1 if there is an error. What could not be read is listed as not checked.

    Example: ddbinsert doctor orders
    """
    if list_:
        return _listed()
    seconds = seconds_since(run, since)
    declared = declarations(run, against, resource)
    parts = Parts.of(run, run.configurations(tables or (), settings))

    def examine(part: TriggerRun) -> Examined:
        part.trigger, known, _ = consumer_of(part.run, part.trigger, stack=stack, tags=tag)
        return _examined(part.run, part.trigger, seconds, declared, known)

    ended = parts.side_by_side(examine)
    if fix:
        ended = tuple(
            one.then(partial(_after_fixing, run, part, seconds, declared))
            for part, one in zip(parts.every, ended, strict=True)
        )
    found = [
        (one.value, part.run.addressed)
        for part, one in zip(parts.every, ended, strict=True)
        if one.value is not None
    ]
    outcome = parts.outcome(
        one.then(partial(_outcome, part.run)) for part, one in zip(parts.every, ended, strict=True)
    )
    return outcome if form is None else outcome._replace(human=partial(_write_findings, form, found))


def _listed() -> Outcome:
    from ddbinsert.core.doctor.catalog import CHECKS
    from ddbinsert.render.doctor import report

    return Outcome(data=report.checks_data(CHECKS), human=lambda screen: report.checks_human(screen, CHECKS))


def _examined(
    run: Run,
    trigger: Trigger,
    seconds: float,
    declared: DeclaredMappings | None,
    known: World | None = None,
) -> Examined:
    from ddbinsert.core.doctor.examine import examine
    from ddbinsert.operations.doctor.gather import gather

    facts = gather(run.context(TIMEOUT), trigger, since=seconds, known=known)
    if declared is not None:
        from ddbinsert.operations.provision.declared import declaration_seen

        facts = replace(facts, declared=declaration_seen(trigger, facts.world, declared))
    return examine(facts)


def _write_findings(form: DoctorFormat, found: Sequence[Addressable], screen: Screen) -> None:
    """Write the findings in another format, as one document for all triggers."""
    from ddbinsert.core.doctor.catalog import CHECKS
    from ddbinsert.render.doctor import files

    match form:
        case DoctorFormat.SARIF:
            screen.stream.write(files.sarif(found, CHECKS))
        case DoctorFormat.JUNIT:
            screen.stream.write(files.junit_xml(found, CHECKS))


def _outcome(run: Run, examined: Examined) -> Outcome:
    from ddbinsert.core.doctor.model import Severity
    from ddbinsert.render.doctor import report

    diagnosis = examined.diagnosis
    counts = ((diagnosis.count(one), one.value) for one in Severity if diagnosis.count(one))
    return Outcome(
        data=report.data(examined, run.addressed),
        human=lambda screen: report.human(screen, examined, run.addressed),
        exit_code=ExitCode.NO if diagnosis.is_broken else ExitCode.OK,
        word=", ".join(plural(count, name) for count, name in counts) or "nothing found",
    )


def _after_fixing(
    run: Run, part: TriggerRun, seconds: float, declared: DeclaredMappings | None, examined: Examined
) -> Examined:
    """Repair what can be repaired safely, one trigger at a time, because it asks questions."""
    return _examined(part.run, part.trigger, seconds, declared) if _fixed(run, part, examined) else examined


def _fixed(run: Run, part: TriggerRun, examined: Examined) -> bool:
    """Carry out the safe repairs after confirmation; return whether there were any."""
    from ddbinsert.cli import main

    found = [one for one in examined.diagnosis.found if one.is_safe and one.advice.command]
    chosen = list(dict.fromkeys(part.run.addressed(one.advice) for one in found))
    chosen = list({one.command: one for one in chosen}.values())
    if any(one.command[0] == "attach-trigger" for one in chosen):
        # Attaching also restores everything else that ddbinsert created.
        chosen = [one for one in chosen if one.command[0] != "create-function"]
    if not chosen:
        part.run.reporter.step("nothing can be repaired automatically")
        return False
    environment = replace(run.environment, out=run.environment.err)
    for one in chosen:
        main([*one.command, "--dry-run"], environment)
    lines = "\n".join(f"  {one.line}" for one in chosen)
    run.confirm(f"Run these commands?\n{lines}\n")
    for one in chosen:
        code = main([*one.command, "--yes"] if run.options.yes else list(one.command), environment)
        if code:
            run.reporter.warn(f"it ended with exit code {code}", one)
    return True
