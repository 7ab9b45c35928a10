"""Options that name a team's own infrastructure code, to compare a live trigger with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.cli.run import Run
    from ddbinsert.operations.provision.declared import DeclaredMappings

Against = Annotated[
    list[str] | None,
    typer.Option(
        "--against",
        metavar="FILE|DIR",
        help="Compare with what this template, Terraform plan or folder declares. Can be given several times.",
    ),
]
Resource = Annotated[
    str | None,
    typer.Option(
        "--resource",
        metavar="NAME",
        help="With --against: the declaration to compare with, such as OrdersFunction/Stream, where several may be meant.",
    ),
]


def declarations(run: Run, against: Sequence[str] | None, resource: str | None) -> DeclaredMappings | None:
    """What the files declare; None where none is named.

    Raises:
        DocumentError: A file cannot be read.
        UsageError: None declares a mapping, or a resource is named without a file.
    """
    if against is None:
        if resource is not None:
            raise UsageError("--resource requires --against.", hint="Name the file with --against FILE.")
        return None
    from ddbinsert.operations.provision.declared import declared_mappings

    found = declared_mappings(against, run.environment.cwd, resource)
    for sentence in found.unread:
        run.reporter.warn(f"not compared: {sentence}")
    return found
