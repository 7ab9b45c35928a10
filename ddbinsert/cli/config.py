"""config: the schema of the configuration file, and its validation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert.cli.app import command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from ddbinsert.config import Configuration


@command("config schema", offline=True)
def schema(run: Run) -> Outcome:  # noqa: ARG001 - every command has this parameter
    """Print the JSON Schema of ddbinsert.yaml, for editors and other tools.

    Example: ddbinsert config schema > ddbinsert.schema.json
    """
    from ddbinsert import config
    from ddbinsert.render import machine

    document = config.schema()
    return Outcome(data=document, human=lambda screen: screen.line(machine.dumps(document)))


@command("config check")
def check(run: Run) -> Outcome:
    """Validate the configuration and show what it describes. Connects to nothing.

    Reports every problem with its key, its line and what is allowed; exit code 3 if there is one.

    Example: ddbinsert config check --config staging.yaml
    """
    from ddbinsert.render import configuration as shown

    every = run.configurations((), {}).chosen
    if every[0].path is None:
        raise PrerequisiteError(
            f"There is no ddbinsert.yaml in {run.environment.cwd}.",
            hint="Specify another file with --config; config.example.yaml shows every key.",
            code="no-configuration-file",
        )
    for loaded in every:
        _require_code(loaded)
        _require_passable_filters(loaded)
    return Outcome(data=shown.data(every), human=lambda screen: shown.human(screen, every))


def _path(loaded: Configuration, key: str) -> str:
    """The key as it is written in the file: below its trigger's name, if there are several triggers."""
    return key if loaded.name is None else f"triggers.{loaded.name}.{key}"


def _require_code(loaded: Configuration) -> None:
    """Refuse code that does not exist, which other commands may not notice."""
    from ddbinsert.config import InvalidConfigurationError, Problem
    from ddbinsert.core.model.bounds import REMOTE_CODE

    code = loaded.values.get("function.code")
    if not isinstance(code, str) or re.fullmatch(REMOTE_CODE, code) or Path(code).exists():
        return
    place = loaded.sources["function.code"]
    problem = Problem(
        path=_path(loaded, "function.code"),
        source=place.source,
        line=place.line,
        column=place.column,
        message=f"There is no file or folder {code!r}.",
    )
    raise InvalidConfigurationError((problem,))


def _require_passable_filters(loaded: Configuration) -> None:
    """Refuse a filter that no insert can pass: the function would never be invoked."""
    from ddbinsert.config import InvalidConfigurationError, Problem
    from ddbinsert.core.filters.lint.lint import lint
    from ddbinsert.core.filters.lint.report import KnownStream, LintSeverity
    from ddbinsert.core.model.record import StreamView

    filters = loaded.values.get("mapping.filters")
    if not isinstance(filters, tuple) or not filters:
        return
    view = loaded.values.get("view_type")
    report = lint(filters, KnownStream(view=view if isinstance(view, StreamView) else None))
    place = loaded.sources["mapping.filters"]
    problems = tuple(
        Problem(
            path=_path(loaded, f"mapping.filters[{(finding.filter or 1) - 1}]"),
            source=place.source,
            line=place.line,
            column=place.column,
            message=f"No insert can pass: {finding.message}{f' {finding.hint}' if finding.hint else ''}",
        )
        for finding in report.findings
        # A field that is unknown to this version may have been added by AWS meanwhile.
        if finding.severity is LintSeverity.ERROR and finding.rule != "unknown-field"
    )
    if problems:
        raise InvalidConfigurationError(problems)
