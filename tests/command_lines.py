"""Command lines as help texts and pages show them: found, and parsed without being run."""

from __future__ import annotations

import itertools
import re
import shlex
from functools import cache
from typing import Any

from ddbinsert.cli.program import program
from ddbinsert.cli.registry import commands

_LINE = re.compile(r"(?:^|[\s`(/])ddbinsert ([a-z][^\n`]*)")
#: What ends a command in a shell's line; where shlex tells it from words, it comes by itself.
_END = frozenset("&|;<>()")


def shown_in(text: str) -> list[list[str]]:
    """The words behind each ``ddbinsert`` of a text (of code, not of prose)."""
    return [words for found in _LINE.finditer(text) if (words := _words(found[1]))]


def _words(rest: str) -> list[str]:
    """Up to what ends the command; what follows in the same line are no words of it."""
    lexer = shlex.shlex(rest, posix=True, punctuation_chars="".join(sorted(_END)))
    lexer.whitespace_split = True
    return list(itertools.takewhile(lambda word: not set(word) <= _END, lexer))


@cache
def _root() -> Any:
    return program()


def parse(words: list[str]) -> str:
    """The name of the command that the words call; everything that its parser refuses is raised."""
    name, command = called(words)
    given = words[len(name.split()) :]
    if not {"--help", "-h"} & set(given):
        command.make_context(name, given)
    return name


def spoken_of(words: list[str]) -> str:
    """The name of a command that a text speaks of, maybe with options that lack their values."""
    name, command = called(words)
    known = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    unknown = {word.split("=")[0] for word in words if word.startswith("--")} - known - {"--help"}
    assert not unknown, f"ddbinsert {name} has no {', '.join(unknown)}"
    return name


def called(words: list[str]) -> tuple[str, Any]:
    name = next(known for known in by_length() if words[: len(known.split())] == known.split())
    command = _root()
    for part in name.split():
        command = command.commands[part]
    return name, command


def by_length() -> list[str]:
    """Every command's name, the longest first: ``filter test`` before one that would be called ``filter``."""
    return sorted(commands, key=len, reverse=True)
