"""The JSON envelope of a command on stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.cli.run import Run
    from ddbinsert.errors import DdbInsertError


def write_envelope(run: Run, exit_code: int, *, data: object, errors: Sequence[DdbInsertError]) -> None:
    """Write the result as one JSON document to stdout."""
    from ddbinsert.render import machine

    document = machine.envelope(
        run.command,
        exit_code,
        data=data,
        errors=[machine.failure(error) for error in errors],
        warnings=run.reporter.warnings,
        advice=run.reporter.advice,
    )
    run.environment.out.write(machine.dumps(document, indent=None if run.json_lines else 2) + "\n")
    run.environment.out.flush()
