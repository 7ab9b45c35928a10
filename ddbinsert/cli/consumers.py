"""Options that choose a consumer of a stream, and the choice for commands that need one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.cli.run import Run
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.operations.discovery import DiscoveredTrigger, Selector

#: An alias or a version, as Lambda's API accepts it.
_QUALIFIER = re.compile(r"\$LATEST|[A-Za-z0-9_-]{1,128}")
Stack = Annotated[
    str | None,
    typer.Option(
        "--stack",
        metavar="NAME",
        help="Choose the function on the stream that belongs to this CloudFormation stack.",
        rich_help_panel="Function",
    ),
]
Tag = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="NAME[=VALUE]",
        help="Choose the function on the stream that has this tag. May be given several times.",
        rich_help_panel="Function",
    ),
]


def selector_of(stack: str | None, tags: list[str] | None) -> Selector:
    """The selector for --stack and --tag.

    Raises:
        UsageError: A name is empty.
    """
    from ddbinsert.operations.discovery import Selector

    pairs = [one.partition("=") for one in tags or ()]
    if stack == "" or any(not name for name, _, _ in pairs):
        raise UsageError("--stack and --tag need a name.")
    return Selector(
        stack=stack, tags=tuple((name, value if equals else None) for name, equals, value in pairs)
    )


def consumer_of(
    run: Run,
    trigger: Trigger,
    *,
    stack: str | None = None,
    tags: list[str] | None = None,
    every: str = "",
    lenient: bool = False,
) -> DiscoveredTrigger:
    """The trigger with its function: the named one, the default one, or the only one on the stream.

    Args:
        every: The command's option for all consumers, if it has one.
        lenient: Use the default function if the identity may not list consumers.
    """
    from ddbinsert.operations.discovery import discover, is_named

    selector = selector_of(stack, tags)
    if selector and is_named(trigger):
        raise UsageError(
            "--function cannot be combined with --stack or --tag.",
            hint="Leave out --function, or --stack and --tag.",
            code="options-contradict",
        )
    answer = discover(run.aws, trigger, selector, command=run.command, every=every, lenient=lenient)
    if answer.world is not None and answer.world.table is not None:
        world = answer.world
        run.reporter.header(account=world.account, region=world.region, table=trigger.table)
    if answer.taken:
        use_consumer(run, answer.trigger)
    return answer


def without_qualifier(settings: Mapping[str, object]) -> tuple[Mapping[str, object], str]:
    """The settings with the function's bare name, and its alias or version: ``--function NAME:QUALIFIER``.

    Raises:
        UsageError: There is nothing after the colon.
    """
    given = str(settings.get("function.name") or "")
    name, colon, qualifier = given.partition(":")
    if not colon or given.startswith("arn:"):
        return settings, ""
    if not _QUALIFIER.fullmatch(qualifier):
        raise UsageError(
            f"--function {given}: {qualifier!r} is not an alias or a version.",
            hint=f"Write --function {name}:ALIAS, or --function {name} for all aliases and versions.",
        )
    return {**settings, "function.name": name}, qualifier


def use_consumer(run: Run, trigger: Trigger) -> None:
    """Report which function is used, and name it in the advice of this run."""
    name = trigger.function_name
    run.takes(name)
    run.reporter.step(f"using function {name}, which reads the stream of {trigger.table}")
