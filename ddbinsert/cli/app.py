"""The command registry: what every command has in common, stated once.

A command is a function that takes a `Run` and its own options, and returns an `Outcome`. `command` adds the
common options to its signature, runs it, and prints the outcome; nothing else prints a result.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ddbinsert.cli.run import Common, Outcome, Run

if TYPE_CHECKING:
    from ddbinsert.cli.options import Setting
    from ddbinsert.environment import Environment

app = typer.Typer(
    name="ddbinsert",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="Provision insert-only DynamoDB triggers, and prove that they are insert-only.",
    epilog="Start with `ddbinsert demo` (no AWS account needed), then `ddbinsert attach-trigger TABLE` and "
    "`ddbinsert verify TABLE`. Exit codes: 0 yes, 1 the answer is no, 2 usage, 3 configuration, 4 AWS refused, "
    "5 a prerequisite is missing, 6 inconclusive or timed out, 130 interrupted.",
)


class Output(StrEnum):
    """The forms of a result on stdout."""

    HUMAN = "human"
    JSON = "json"


Table = Annotated[
    str | None,
    typer.Argument(
        metavar="TABLE", help="The table; the configuration's table unless given.", show_default=False
    ),
]

_CONNECTION = "Connection"
_RESULT = "Result"


def _option(*names: str, help_text: str, panel: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, show_default=False, **more)


_CommonOption = tuple[str, Any, Any]

_COMMON: tuple[_CommonOption, ...] = (
    ("config", str | None, _option("--config", help_text="Configuration file [default: ./ddbinsert.yaml if it exists].", panel=_CONNECTION, metavar="FILE")),
    ("profile", str | None, _option("--profile", help_text="AWS profile.", panel=_CONNECTION, metavar="NAME")),
    ("region", str | None, _option("--region", help_text="AWS region.", panel=_CONNECTION, metavar="NAME")),
    ("endpoint_url", str | None, _option("--endpoint-url", help_text="Speak to this endpoint instead of AWS.", panel=_CONNECTION, metavar="URL")),
    ("local", bool | None, _option("--local/--no-local", help_text="Speak to the embedded emulator, never to AWS.", panel=_CONNECTION)),
    ("output", Output | None, _option("--output", "-o", help_text="Form of the result on stdout [default: human].", panel=_RESULT)),
    ("quiet", bool, _option("--quiet", "-q", help_text="No progress on stderr.", panel=_RESULT)),
    ("timeout", str | None, _option("--timeout", help_text="Longest wait, such as 90s or 5m.", panel=_RESULT, metavar="DURATION")),
    ("yes", bool, _option("--yes", "-y", help_text="Answer every question with yes.", panel=_RESULT)),
)  # fmt: skip

Body = Callable[..., Outcome]


class Spec(NamedTuple):
    """What the registry knows of a command.

    Attributes:
        finish: Gives the command its options, which takes long beside everything else that a start does.
    """

    name: str
    body: Body
    finish: Callable[[], None]


commands: dict[str, Spec] = {}


def command(
    name: str,
    *,
    group: typer.Typer = app,
    prefix: str = "",
    offline: bool = False,
    makes: bool = False,
    settings: Sequence[Setting] = (),
) -> Callable[[Body], Body]:
    """Register a command.

    Args:
        settings: Options that stand for keys of the configuration. The body gets those that were given as its
            argument ``settings``, key to value.
        prefix: The group's name, where there is one: the command is called "PREFIX NAME".
        offline: It never connects: only the result's options are added.
        makes: It makes things, so that --local may start the embedded emulator.
    """
    full_name = f"{prefix} {name}".strip()
    common = [entry for entry in _COMMON if not offline or entry[0] in ("output", "quiet")]

    def register(body: Body) -> Body:
        def unfinished() -> None:
            raise AssertionError(f"{full_name} was run before `finish`")

        unfinished.__doc__ = body.__doc__
        group.command(name)(unfinished)
        entry = group.registered_commands[-1]

        def finish() -> None:
            entry.callback = _entry(full_name, body, common=common, makes=makes, settings=settings)

        commands[full_name] = Spec(full_name, body, finish)
        return body

    return register


def finish(words: Collection[str] | None = None) -> None:
    """Make the commands ready that a command line of these words may call; every one without them."""
    for spec in commands.values():
        if words is None or all(part in words for part in spec.name.split()):
            spec.finish()


def _entry(
    full_name: str, body: Body, *, common: Sequence[_CommonOption], makes: bool, settings: Sequence[Setting]
) -> Callable[..., None]:
    """The function whose signature typer reads: the body's own options and the common ones."""
    signature = inspect.signature(body, eval_str=True)
    own = [p for p in list(signature.parameters.values())[1:] if p.name != "settings"]
    taken = {parameter.name for parameter in own}
    shared = [option for option in common if option[0] not in taken]
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
        if settings:
            values["settings"] = {s.key: s.taken(values.pop(s.parameter)) for s in settings}
        raise typer.Exit(run.carry_out(functools.partial(body, **values)))

    parameters = [
        inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own),
        *added,
    ]
    entry.__doc__ = body.__doc__
    entry.__signature__ = signature.replace(parameters=parameters, return_annotation=None)  # type: ignore[attr-defined]
    entry.__annotations__ = {p.name: p.annotation for p in parameters}
    return entry
