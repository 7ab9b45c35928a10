"""Finds item keys in a line of text by whole words, without trying every key on every line.

A line shows a key if it contains all its values, none of them within a longer word. The core of a value is the part
from its first word character to its last one. The cores of a line are its sequences of words, of the lengths
that keys have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ddbinsert.core.items.run_key import without_colours

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

#: Shorter keys appear in lines by chance.
SHORTEST = 6
#: Maximum number of words of a line that are read.
_LONGEST = 2_000
#: A logger's JSON may contain a message that is JSON itself.
_NESTED = 2
_ESCAPE = re.compile(r"((?:\\u[0-9a-fA-F]{4})+)|\\([\"\\/'bfnrt])")
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORD = re.compile(r"\w+")


def readings(line: str) -> tuple[str, ...]:
    """A line without colours, and with JSON's escapes (of quotes, é, …) decoded."""
    found = [without_colours(line)]
    for _ in range(_NESTED):
        if "\\" not in found[-1]:
            break
        plain = without_colours(_ESCAPE.sub(_unescaped, found[-1]))
        if plain == found[-1]:
            break
        found.append(plain)
    return tuple(found)


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1]:
        codes = [int(code, 16) for code in escape[1].split("\\u")[1:]]
        return b"".join(code.to_bytes(2, "big") for code in codes).decode("utf-16-be", "replace")
    return _SHORT.get(escape[2], escape[2])


def texts_of(keys: Mapping[str, Any]) -> tuple[str, ...]:
    """The values of a key (DynamoDB JSON) as texts, the longest first; empty if they are too short to be recognized."""
    texts = [str(content) for value in keys.values() for content in value.values()]
    if sum(map(len, texts)) < SHORTEST or not all(map(core_of, texts)):
        return ()
    return tuple(sorted(texts, key=len, reverse=True))


def core_of(text: str) -> str:
    """The text from its first word character to its last one."""
    words = list(_WORD.finditer(text))
    return text[words[0].start() : words[-1].end()] if words else ""


def words_in(core: str) -> int:
    return sum(1 for _ in _WORD.finditer(core))


def cores_in(line: str, lengths: Collection[int]) -> set[str]:
    """Every core in a line whose number of words is one of ``lengths``."""
    return {core for reading in readings(line) for core in _cores_of_one(reading, lengths)}


def _cores_of_one(line: str, lengths: Collection[int]) -> Iterator[str]:
    words = []
    for word in _WORD.finditer(line):
        words.append(word)
        if len(words) >= _LONGEST:
            break
    for length in lengths:
        for first in range(len(words) - length + 1):
            yield line[words[first].start() : words[first + length - 1].end()]


def shows(line: str, texts: Sequence[str]) -> bool:
    """Whether a line contains each of these texts, none of them within a longer word."""
    patterns = [rf"(?<!\w){re.escape(text)}(?!\w)" for text in texts]
    return any(all(re.search(one, reading) for one in patterns) for reading in readings(line))
