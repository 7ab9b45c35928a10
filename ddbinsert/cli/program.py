"""The parser of the program: its own options and its commands, each of which is created when it is used."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ddbinsert import __version__
from ddbinsert.cli.command_groups import CommandGroup
from ddbinsert.cli.option_types import use_fast_types

app = typer.Typer(
    name="ddbinsert",
    cls=CommandGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="Provision insert-only DynamoDB triggers, and prove that they are insert-only.\n\n"
    "Example: ddbinsert demo",
    epilog="`ddbinsert demo` needs no AWS account. On AWS: `ddbinsert attach-trigger TABLE`, then `ddbinsert "
    "verify TABLE`. Exit codes: 0 yes, 1 the answer is no, 2 usage, 3 configuration, 4 AWS refused or the endpoint "
    "is not AWS, 5 a prerequisite is missing, 6 inconclusive or timed out, 70 a bug, 74 the result could not be written, "
    "130 interrupted.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"ddbinsert {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Options of the program itself."""


def program() -> Any:
    """The parser's command for a whole command line."""
    return use_fast_types(typer.main.get_command(app))
