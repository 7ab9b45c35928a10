"""Writing a configuration file, for `init` and `adopt --write`: where, and what `plan` finds with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from ddbinsert.advice import Advice
from ddbinsert.cli.reports import checked_path
from ddbinsert.cli.run import Outcome
from ddbinsert.config.names import FILE_NAME
from ddbinsert.core.words import plural
from ddbinsert.errors import AwsError, DdbInsertError, ExitCode, UsageError
from ddbinsert.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ddbinsert.cli.run import Run
    from ddbinsert.cli.several_triggers import TriggerRun
    from ddbinsert.operations.provision.converge import Prepared
    from ddbinsert.operations.side_by_side import Ended
    from ddbinsert.render.terminal.screen import Screen

OutputFile = Annotated[
    str | None,
    typer.Option(
        "--output-file",
        metavar="FILE",
        help=f"The file to write; - for stdout [default: {FILE_NAME}].",
    ),
]
Overwrite = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]
#: The value of --output-file for stdout.
_STDOUT: Final = "-"


class TargetFile(NamedTuple):
    """The file to write.

    Attributes:
        path: Its path; None for stdout.
        given: The path as the user named it.
    """

    path: Path | None
    given: str

    @property
    def options(self) -> tuple[str, ...]:
        """The options with which a command reads it."""
        return () if self.path is None or self.given == FILE_NAME else ("--config", self.given)


def target_file(run: Run, given: str | None, *, force: bool) -> TargetFile:
    """The file to write; an existing one is only overwritten if the user says so, which --yes alone does not.

    Raises:
        UsageError: It exists, or cannot be written.
    """
    name = FILE_NAME if given is None else given
    if name == _STDOUT:
        return TargetFile(None, name)
    path = checked_path(run.environment.cwd / name, f"--output-file {name}")
    if path.exists() and not force:
        if run.options.yes or not run.can_ask:
            raise UsageError(
                f"{name} already exists.",
                hint="Write another file with --output-file, print it with --output-file -, or overwrite it with --force.",
                code="file-exists",
            )
        run.confirm(f"{name} already exists. Overwrite it?")
    return TargetFile(path, name)


class PlannedTrigger(NamedTuple):
    """A trigger of the file, and what `plan` finds with it.

    Attributes:
        steps: The number of steps; None if the plan ended with an error.
    """

    part: TriggerRun
    steps: int | None
    error: DdbInsertError | None

    @property
    def words(self) -> str:
        if self.steps is None:
            return (
                ""
                if self.error is None
                else f"`plan` ends with an error: {self.error.message.splitlines()[0].removesuffix(':')}"
            )
        return f"`plan` finds {plural(self.steps, 'step')}" if self.steps else "`plan` finds nothing to do"


def write_file(run: Run, target: TargetFile, text: str) -> tuple[PlannedTrigger, ...]:
    """Write the file, and plan each of its triggers; nothing is changed in AWS.

    Raises:
        UsageError: The file cannot be written.
    """
    from ddbinsert.cli.plan_inputs import prepare_every
    from ddbinsert.cli.several_triggers import Parts
    from ddbinsert.config.selection import of_text
    from ddbinsert.operations.side_by_side import Ended

    folder = run.environment.cwd if target.path is None else target.path.parent
    loaded = of_text(text, target.given, folder)
    if target.path is not None:
        try:
            replace_file(target.path, text)
        except OSError as error:
            raise UsageError(
                f"{target.given} can't be written: {error}.", code="file-not-writable"
            ) from error
    parts = Parts.of(run, loaded)
    ended: Sequence[Ended[Prepared]]
    try:
        ended = prepare_every(parts, dry_run=True)
    except DdbInsertError as error:
        ended = [Ended(error=error) for _ in parts.every]
    return tuple(
        PlannedTrigger(part, None if one.value is None else len(one.value.steps), one.error)
        for part, one in zip(parts.every, ended, strict=True)
    )


def written_data(target: TargetFile, text: str, planned: Sequence[PlannedTrigger]) -> dict[str, Any]:
    """The file as data."""
    from ddbinsert.render import machine

    return {
        "file": None if target.path is None else str(target.path),
        "text": text,
        "triggers": [
            {
                "name": one.part.title,
                "table": one.part.trigger.table,
                "function": one.part.trigger.function_name,
                "steps": one.steps,
                "error": None if one.error is None else machine.failure(one.error),
            }
            for one in planned
        ],
    }


def _following(target: TargetFile, planned: Sequence[PlannedTrigger]) -> Advice:
    """The next command."""
    if any(one.error is not None for one in planned):
        return Advice("Complete the file, and see what it would do", ("plan", *target.options))
    if any(one.steps for one in planned):
        return Advice("Create what is new", ("up", *target.options))
    return Advice("Compare it with what is deployed, at any time", ("drift", *target.options))


def written_outcome(
    run: Run, target: TargetFile, text: str, planned: Sequence[PlannedTrigger], origins: Sequence[str]
) -> Outcome:
    """The outcome of `init`.

    Args:
        origins: Of each trigger, whether it exists and who created it.
    """
    advice = run.addressed(_following(target, planned))
    width = max(len(one.part.title) for one in planned)
    lines = [
        f"{one.part.title.ljust(width)}  {one.part.trigger.table} → {one.part.trigger.function_name}, {origin}: {one.words}"
        for one, origin in zip(planned, origins, strict=True)
    ]

    def human(screen: Screen) -> None:
        if target.path is None:
            screen.line(text.rstrip("\n"))
            for line in lines:
                run.reporter.step(line)
            return
        for line in lines:
            screen.sentence(line)
        screen.line(f"wrote {target.given}: {plural(len(planned), 'trigger')}; nothing was changed in AWS")
        screen.line(f"{advice.text}: {advice.line}", "bold")

    failed = tuple(one.error for one in planned if isinstance(one.error, AwsError))
    return Outcome(
        data={**written_data(target, text, planned), "next": advice.line},
        human=human,
        exit_code=ExitCode.AWS if failed else ExitCode.OK,
        errors=failed,
    )
