"""Completing the commands in advice for one run: its table, its function, and its connection options."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.advice import TABLE, Advice

if TYPE_CHECKING:
    from ddbinsert.cli.run import Common
    from ddbinsert.config.connection import ConnectionSpec
    from ddbinsert.config.loading import Configuration

#: A command of the AWS CLI in a text: service, operation and options.
_AWS_COMMAND = re.compile(r"`(aws [a-z0-9-]+ [a-z-]+ --[^`]+)`")
#: Commands about tables and streams, which may be in another account than the function.
_OF_TABLES = ("aws dynamodb ", "aws dynamodbstreams ")
#: In commands that only the table's owner can run.
_BY_OWNER = "-resource-policy --resource-arn "
#: Replaces the table in the commands of a run without a table.
_PLACEHOLDER = "TABLE"


class AdviceTarget(NamedTuple):
    """The arguments that a command needs to act on the same trigger and connection as this run.

    Attributes:
        table: The run's table; None if it has none.
        function: The function that a flag or a variable names; None if it follows from the table or from the file.
        connection: What flags, DDBINSERT_… variables and the file say, if they were read.
    """

    options: Common
    table: str | None = None
    function: str | None = None
    connection: ConnectionSpec | None = None


def named_function(loaded: Configuration) -> str | None:
    """The function that a flag or a variable names. A name in the file is not needed: the next command reads it, too."""
    place = loaded.sources.get("function.name")
    return None if place is None or place.line is not None else str(loaded.values["function.name"])


def complete(advice: Advice, to: AdviceTarget) -> Advice:
    """The advice with its commands completed."""
    text = complete_text(advice.text, to)
    return replace(advice, text=text, command=_completed(advice.command, to) if advice.command else ())


def complete_text(text: str, to: AdviceTarget) -> str:
    """The text, whose commands of the AWS CLI connect as the run did: not to another account."""
    place = to.connection
    if place is None:
        return text
    given = (("--region", place.region), ("--endpoint-url", place.endpoint_url))
    more = shlex.join(word for flag, value in given if value for word in (flag, value))
    if not (more or place.profile or place.table_profile or place.local):
        return text

    environment = Advice("", ("local", "env")).line

    def connected(found: re.Match[str]) -> str:
        is_about_tables = found[1].startswith(_OF_TABLES)
        profile = place.table_profile or place.profile if is_about_tables else place.profile
        if _BY_OWNER in found[1]:
            profile = place.table_profile
        options = f"--profile {shlex.quote(profile)} {more}" if profile else more
        command = f"{found[1]} {options}".rstrip()
        return f'`(eval "$({environment})"; {command})`' if place.local else f"`{command}`"

    return _AWS_COMMAND.sub(connected, text)


def _completed(words: tuple[str, ...], to: AdviceTarget) -> tuple[str, ...]:
    from ddbinsert.cli.registry import commands

    name = next(
        (known for known in _longest_first() if words[: len(known.split())] == tuple(known.split())), None
    )
    if name is None:
        return words
    accepted = commands[name].accepts
    is_about_this = TABLE in words or (to.table is not None and to.table in words)
    words = tuple((to.table or _PLACEHOLDER) if word == TABLE else word for word in words)
    options = list(_connection(to.options))
    if is_about_this and to.function is not None:
        options.insert(0, ("function.name", "--function", to.function))
    missing = [
        word
        for key, flag, value in options
        if key in accepted and flag not in words
        for word in (flag, value)
        if word is not None
    ]
    return (*words, *missing)


def _longest_first() -> list[str]:
    from ddbinsert.cli.registry import commands

    return sorted(commands, key=len, reverse=True)


def _connection(options: Common) -> list[tuple[str, str, str | None]]:
    """(option, flag, value) of each connection option that was given; a switch has no value."""
    given = [
        ("config", "--config", options.config),
        ("profile", "--profile", options.profile),
        ("table_profile", "--table-profile", options.table_profile),
        ("region", "--region", options.region),
        ("endpoint_url", "--endpoint-url", options.endpoint_url),
    ]
    found: list[tuple[str, str, str | None]] = [entry for entry in given if entry[2]]
    if options.local is not None:
        found.append(("local", "--local" if options.local else "--no-local", None))
    return found
