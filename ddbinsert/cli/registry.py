"""Every command, registered by being imported."""

from __future__ import annotations

import importlib
from typing import Annotated

import typer

from ddbinsert import __version__
from ddbinsert.cli.app import app

#: The modules that hold commands, in the order in which `--help` lists them.
MODULES = (
    "demo",
    "provision",
    "send",
    "tail",
    "status",
    "verify",
    "takedown",
    "function",
    "failures",
    "audit",
    "filters",
    "filter_backtest",
    "local",
    "config",
)

for _module in MODULES:
    importlib.import_module(f"ddbinsert.cli.{_module}")


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


__all__ = ["app"]
