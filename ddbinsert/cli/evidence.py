"""evidence: check that a bundle of verify is unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import command
from ddbinsert.cli.path_checks import refuse_stream
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from ddbinsert.core.evidence.check import Checked

BundlePath = Annotated[str, typer.Argument(metavar="FILE", help="A file that `verify --bundle` wrote.")]


@command("evidence check", offline=True)
def check(run: Run, *, file: BundlePath) -> Outcome:
    """Check that an evidence bundle is complete and unchanged, and show its contents.

    Exit code 1 if a file was changed, added or removed; lists which. The bundle is not signed: a bundle that was
    rewritten as a whole passes this check, so also compare its SHA-256 or its signature (docs/evidence.md).

    Example: ddbinsert evidence check orders.zip
    """
    from ddbinsert.render import evidence as shown

    refuse_stream("FILE", "FILE", file)
    checked = _checked(run, file)
    return Outcome(
        data=shown.data(file, checked),
        human=lambda screen: shown.human(screen, file, checked),
        exit_code=ExitCode.NO if checked.problems else ExitCode.OK,
    )


def _checked(run: Run, file: str) -> Checked:
    """Check a bundle; raise UsageError if the file cannot be read."""
    from ddbinsert.core.evidence.check import check as check_bundle

    path = run.environment.cwd / file
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{file} is not a regular file.", hint="Specify a bundle.", code="not-a-file")
        with path.open("rb") as opened:
            return check_bundle(opened)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{file} can't be read: {getattr(error, 'strerror', None) or error}.",
            hint="Specify a file that `verify --bundle` wrote.",
            code="unreadable-file",
        ) from None
