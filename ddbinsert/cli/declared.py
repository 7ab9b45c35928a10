"""Options for infrastructure code with which a live trigger is compared."""

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
        help="With --against: the declaration to compare with, such as OrdersFunction/Stream, if several match.",
    ),
]


def declarations(run: Run, against: Sequence[str] | None, resource: str | None) -> DeclaredMappings | None:
    """The mappings that the files declare; None if no file is given.

    Raises:
        DocumentError: A file cannot be read.
        UsageError: No file declares a mapping, or a resource is given without a file.
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
