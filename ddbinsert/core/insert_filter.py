"""The one definition of "only inserts"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.filter_narrow import narrowed
from ddbinsert.core.filter_reach import Passing, leak
from ddbinsert.core.pattern import PatternError, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

INSERT_ONLY: Final = '{"eventName":["INSERT"]}'


def insert_patterns(extra: Sequence[str] = ()) -> tuple[str, ...]:
    """The patterns of an insert-only mapping: each of the user's, narrowed to inserts.

    Filters of one mapping are ORed, so every one of them has to carry the restriction. A narrowed pattern lets
    through exactly the INSERTs that its original lets through.

    Raises:
        PatternError: One of `extra` is invalid, could never match an INSERT, or gets longer than AWS takes.
    """
    return tuple(dict.fromkeys(narrowed(text) for text in extra)) or (INSERT_ONLY,)


def is_insert_only(pattern: str) -> bool:
    """Whether no MODIFY and no REMOVE record can pass `pattern`; False where AWS would refuse the pattern."""
    try:
        return counterexample(pattern) is None
    except PatternError:
        return False


def counterexample(pattern: str) -> Passing | None:
    """A MODIFY or REMOVE record that passes `pattern`, preferably one that DynamoDB can write; None if none can.

    Raises:
        PatternError: AWS would refuse the pattern.
    """
    return leak(parse(pattern))
