"""export: a trigger as infrastructure code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.consumers import Stack, Tag, consumer_of
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import UsageError
from ddbinsert.export.formats import ARCHIVE, ExportFormat

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert.operations.export import Files

FormatArgument = Annotated[
    ExportFormat,
    typer.Argument(metavar="FORMAT", help=f"One of {', '.join(ExportFormat)}.", show_default=False),
]
OutputDir = Annotated[
    str | None,
    typer.Option(
        "--output-dir",
        metavar="DIR",
        help=f"Write all files, including {ARCHIVE}, to this folder [default: the main file to stdout].",
    ),
]


@command("export", settings=NAME)
def export(
    run: Run,
    settings: Settings,
    form: FormatArgument,
    *,
    table: Table = None,
    from_live: Annotated[
        bool,
        typer.Option(
            "--from-live",
            help="Export the deployed resources, regardless of who created them, for an import without changes.",
        ),
    ] = False,
    output_dir: OutputDir = None,
    stack: Stack = None,
    tag: Tag = None,
) -> Outcome:
    """Print a trigger as infrastructure code: Terraform, CloudFormation, SAM, CDK or Pulumi.

    Exports the configuration, or with --from-live an existing trigger, with the declarations that the tool needs to
    import it instead of creating it again. Settings that a format cannot express become a comment and a warning.
    Changes nothing.

    Example: ddbinsert export terraform orders --from-live --output-dir infra
    """
    from ddbinsert.operations import export as operation

    trigger = run.trigger(table, settings)
    if from_live:
        trigger = consumer_of(run, trigger, stack=stack, tags=tag).trigger
    elif stack or tag:
        raise UsageError("--stack and --tag need --from-live.", code="options-contradict")
    files = operation.export(
        run.aws, trigger, form, base=run.environment.cwd, live=from_live, reporter=run.reporter
    )
    for note in files.notes:
        run.reporter.warn(note)
    written: list[Path] = []
    if output_dir is not None:
        folder = run.environment.cwd / output_dir
        written = operation.write(files, folder, force=run.options.yes)
    return Outcome(
        data={"format": form.value, "files": files.texts, "written": [str(path) for path in written]},
        human=lambda screen: screen.line("\n".join([f"wrote {path}" for path in written] or [_main(files)])),
    )


def _main(files: Files) -> str:
    """The text of the first file, which is the one that the tool reads."""
    return next(iter(files.texts.values())).rstrip("\n")
