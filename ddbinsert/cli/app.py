"""The common part of every command.

A command is a function that takes a `Run` and its own options, and returns an `Outcome`. `command` adds the
common options to its signature, runs it, and prints the outcome; nothing else prints a result.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ddbinsert.cli.checks import check_values, options_of
from ddbinsert.cli.help import Command
from ddbinsert.cli.run import Common, Outcome, Run

if TYPE_CHECKING:
    from ddbinsert.cli.options import Setting
    from ddbinsert.environment import Environment


class Output(StrEnum):
    """Formats of the result on stdout."""

    HUMAN = "human"
    JSON = "json"


Table = Annotated[
    str | None,
    typer.Argument(
        metavar="TABLE", help="Table name [default: the configuration's table].", show_default=False
    ),
]

Tables = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TABLE",
        help="Tables, or names of triggers in the configuration file [default: all triggers in the file].",
        show_default=False,
    ),
]

_CONNECTION = "Connection"
_OUTPUT = "Output"


def _option(*names: str, help_text: str, panel: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, show_default=False, **more)


_CommonOption = tuple[str, Any, Any]

_COMMON: tuple[_CommonOption, ...] = (
    ("config", str | None, _option("--config", help_text="Configuration file [default: ./ddbinsert.yaml, if it exists].", panel=_CONNECTION, metavar="FILE")),
    ("profile", str | None, _option("--profile", help_text="AWS profile.", panel=_CONNECTION, metavar="NAME")),
    ("table_profile", str | None, _option("--table-profile", help_text="AWS profile for the table, if it is in another account than the function.", panel=_CONNECTION, metavar="NAME")),
    ("region", str | None, _option("--region", help_text="AWS region.", panel=_CONNECTION, metavar="NAME")),
    ("endpoint_url", str | None, _option("--endpoint-url", help_text="Use this endpoint instead of AWS.", panel=_CONNECTION, metavar="URL")),
    ("local", bool | None, _option("--local/--no-local", help_text="Use the embedded emulator instead of AWS.", panel=_CONNECTION)),
    ("output", Output | None, _option("--output", "-o", help_text="Output format [default: human].", panel=_OUTPUT)),
    ("quiet", bool, _option("--quiet", "-q", help_text="Do not print progress to stderr.", panel=_OUTPUT)),
    ("timeout", str | None, _option("--timeout", help_text="Maximum time to wait, such as 90s or 5m.", panel=_OUTPUT, metavar="DURATION")),
    ("yes", bool, _option("--yes", "-y", help_text="Answer yes to every question.", panel=_OUTPUT)),
)  # fmt: skip

Body = Callable[..., Outcome]


class Spec(NamedTuple):
    """A registered command.

    Attributes:
        accepts: Its common options (``config``, ``local``, …) and settings (``function.name``, …).
        make: Creates the parser's command; called late, because reading a signature takes time.
    """

    name: str
    body: Body
    accepts: frozenset[str]
    make: Callable[[], Any]


#: The commands of the imported modules. `registry.commands` has all commands, and imports a module when it is used.
registered: dict[str, Spec] = {}


def command(
    name: str,
    *,
    offline: bool = False,
    makes: bool = False,
    own_account: bool = False,
    settings: Sequence[Setting] = (),
) -> Callable[[Body], Body]:
    """Register a command, which has a row in the registry.

    Args:
        name: The name by which it is called: ``status``, or with its group ``filter lint``.
        settings: Options for keys of the configuration. The body receives the given ones as its argument
            ``settings``, values by key.
        offline: The command never connects; only the output options are added.
        own_account: The command reads no table of another account.
        makes: The command creates resources, so --local may start the embedded emulator.
    """
    common = [entry for entry in _COMMON if not offline or entry[0] in ("output", "quiet")]
    common = [entry for entry in common if entry[0] != "table_profile" or not own_account]

    def register(body: Body) -> Body:
        def make() -> Any:
            one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
            entry = _entry(name, body, common=common, makes=makes, settings=settings)
            one.command(name.rsplit(maxsplit=1)[-1], cls=Command)(entry)
            return typer.main.get_command(one)

        accepts = frozenset((*(entry[0] for entry in common), *(setting.key for setting in settings)))
        registered[name] = Spec(name, body, accepts, make)
        return body

    return register


def _entry(
    full_name: str, body: Body, *, common: Sequence[_CommonOption], makes: bool, settings: Sequence[Setting]
) -> Callable[..., None]:
    """The function whose signature typer reads: the body's own options and the common ones."""
    signature = inspect.signature(body, eval_str=True)
    own = [p for p in list(signature.parameters.values())[1:] if p.name != "settings"]
    taken = {parameter.name for parameter in own}
    shared = [option for option in common if option[0] not in taken]
    options = options_of(
        {**{p.name: _option_of(p.annotation) for p in own}, **{key: option for key, _, option in shared}}
    )
    added = [
        inspect.Parameter(
            key,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if kind is bool else None,
            annotation=Annotated[kind, option],
        )
        for key, kind, option in (*((s.parameter, s.kind, s.option) for s in settings), *shared)
    ]

    def entry(context: typer.Context, **values: Any) -> None:
        environment: Environment = context.obj
        given = {key: values.pop(key) for key, _, _ in shared}
        run = Run(environment, full_name, Common(**given), may_start_emulator=makes)
        checked = {**given, **values}
        if settings:
            values["settings"] = {s.key: s.configuration_value(values.pop(s.parameter)) for s in settings}

        def checked_body(run: Run) -> Outcome:
            check_values(options, checked, environment)
            return body(run, **values)

        raise typer.Exit(run.carry_out(checked_body))

    parameters = [
        inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own),
        *added,
    ]
    entry.__doc__ = body.__doc__
    entry.__signature__ = signature.replace(parameters=parameters, return_annotation=None)  # type: ignore[attr-defined]
    entry.__annotations__ = {p.name: p.annotation for p in parameters}
    return entry


def _option_of(annotation: Any) -> Any:
    """The ``typer.Option(...)`` in ``Annotated[str, typer.Option(...)]``."""
    return next(iter(getattr(annotation, "__metadata__", ())), None)
