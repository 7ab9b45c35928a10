"""Command lines as help texts and pages show them: found, and parsed without being run."""

from __future__ import annotations

import re
import shlex
from functools import cache
from typing import Any

import typer.main

import ddbinsert.cli.registry
from ddbinsert.cli.app import app, commands, finish

assert ddbinsert.cli.registry  # imported for its commands
_LINE = re.compile(r"(?:^|[\s`(/])ddbinsert ([a-z][^\n`]*)")
#: Where a command ends in a shell's line.
_END = {"&&", "||", "|", ";", ">", ">>", "<", "&"}


def shown_in(text: str) -> list[list[str]]:
    """The words behind each ``ddbinsert`` of a text (of code, not of prose)."""
    return [words for found in _LINE.finditer(text) if (words := _words(found[1]))]


def _words(rest: str) -> list[str]:
    # What follows in the same shell line, and a comment, are no words of this command.
    lexer = shlex.shlex(
        rest.split(")", maxsplit=1)[0] if "$(" not in rest else rest, posix=True, punctuation_chars=True
    )
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if word in _END:
            break
        words.append(word)
    return words


@cache
def _root() -> Any:
    finish()
    return typer.main.get_command(app)


def parse(words: list[str]) -> str:
    """The name of the command that the words call; everything that its parser refuses is raised."""
    name = next(known for known in by_length() if words[: len(known.split())] == known.split())
    command = _root()
    for part in name.split():
        command = command.commands[part]
    if not {"--help", "-h"} & set(words):
        command.make_context(name, words[len(name.split()) :])
    return name


def by_length() -> list[str]:
    """Every command's name, the longest first: ``filter test`` before one that would be called ``filter``."""
    return sorted(commands, key=len, reverse=True)
