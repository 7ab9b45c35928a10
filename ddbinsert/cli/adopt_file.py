"""adopt --write: the configuration file of a trigger that was just adopted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ddbinsert.cli.config_file import target_file, write_file, written_data
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.cli.config_file import PlannedTrigger, TargetFile
    from ddbinsert.cli.run import Outcome, Run
    from ddbinsert.core.trigger.results import Converged
    from ddbinsert.render.terminal.screen import Screen


class FileRequest(NamedTuple):
    """The options about the file."""

    write: bool
    output_file: str | None
    force: bool
    dry_run: bool


def with_file(
    run: Run, request: FileRequest, adopt: Callable[[], Converged], outcome: Callable[[Converged], Outcome]
) -> Outcome:
    """Adopt the trigger, then write its file if that is requested; a file that cannot be written is refused before.

    Raises:
        UsageError: The options contradict each other, or the file exists.
    """
    if not request.write:
        if request.output_file is not None or request.force:
            raise UsageError("--output-file and --force need --write.", code="options-contradict")
        return outcome(adopt())
    if request.dry_run:
        raise UsageError(
            "--write and --dry-run cannot be combined.",
            hint="Show the file without adopting anything: init TABLE --function NAME --output-file -",
            code="options-contradict",
        )
    from ddbinsert.operations.provision.describe import describe_trigger, written

    target = target_file(run, request.output_file, force=request.force)
    done = adopt()
    shown = outcome(done)
    trigger = done.trigger
    described = describe_trigger(run.aws, trigger.table, trigger.function_name)
    for text in described.outside:
        run.reporter.warn(f"{trigger.function_name}: {text}; the file does not say that")
    text = written([(described, ())])
    (planned,) = write_file(run, target, text)
    return _with_file(shown, target, text, planned)


def _with_file(shown: Outcome, target: TargetFile, text: str, planned: PlannedTrigger) -> Outcome:
    """The outcome of the adoption, with the file."""
    data: dict[str, Any] = {**(shown.data if isinstance(shown.data, dict) else {})}
    data["configuration"] = written_data(target, text, [planned])

    def human(screen: Screen) -> None:
        if target.path is None:
            screen.line(text.rstrip("\n"))
            return
        shown.human(screen)
        screen.line(f"wrote {target.given}: {planned.words}")

    return shown._replace(data=data, human=human)
