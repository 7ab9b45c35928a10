"""config: the configuration's schema, and whether a file is right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ddbinsert.cli.app import app, command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from ddbinsert.config import Configuration

group = typer.Typer(
    no_args_is_help=True, help="Look into ddbinsert.yaml: its schema, and whether it is right."
)
app.add_typer(group, name="config")


@command("schema", group=group, prefix="config", offline=True)
def schema(run: Run) -> Outcome:  # noqa: ARG001 - every command takes it
    """Print the JSON Schema of ddbinsert.yaml, for editors and other tools.

    Example: ddbinsert config schema > ddbinsert.schema.json
    """
    from ddbinsert import config
    from ddbinsert.render import machine

    document = config.schema()
    return Outcome(data=document, human=lambda screen: screen.line(machine.dumps(document)))


@command("check", group=group, prefix="config")
def check(run: Run) -> Outcome:
    """Validate the configuration and say what it describes. Speaks to nobody.

    Every problem is told at once, with its key, its line and what is allowed; exit code 3 if there is one.

    Example: ddbinsert config check --config staging.yaml
    """
    from ddbinsert.render import configuration as shown

    loaded = run.configuration()
    if loaded.path is None:
        raise PrerequisiteError(
            f"There is no ddbinsert.yaml in {run.environment.cwd}.",
            hint="Name another file with --config; config.example.yaml shows every key.",
            code="no-configuration-file",
        )
    _require_code(loaded)
    return Outcome(data=shown.data(loaded), human=lambda screen: shown.human(screen, loaded))


def _require_code(loaded: Configuration) -> None:
    """Own code that isn't there is a mistake in the file, though one that other commands may not run into."""
    from ddbinsert.config import InvalidConfigurationError, Problem
    from ddbinsert.core.bounds import REMOTE_CODE

    code = loaded.values.get("function.code")
    if not isinstance(code, str) or re.fullmatch(REMOTE_CODE, code) or Path(code).exists():
        return
    place = loaded.sources["function.code"]
    problem = Problem(
        path="function.code",
        source=place.source,
        line=place.line,
        column=place.column,
        message=f"There is no file or folder {code!r}.",
    )
    raise InvalidConfigurationError((problem,))
