"""The one definition of "only inserts".

The filter engine is read only where a pattern of somebody's own is at hand: most mappings have the plain one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.filter_reach import Passing

INSERT_ONLY: Final = '{"eventName":["INSERT"]}'


def insert_patterns(extra: Sequence[str] = ()) -> tuple[str, ...]:
    """The patterns of an insert-only mapping: each of the user's, narrowed to inserts.

    Filters of one mapping are ORed, so every one of them has to carry the restriction. A narrowed pattern lets
    through exactly the INSERTs that its original lets through.

    Raises:
        PatternError: One of `extra` is invalid, could never match an INSERT, or gets longer than AWS takes.
    """
    if not extra:
        return (INSERT_ONLY,)
    from ddbinsert.core.filter_narrow import narrowed

    return tuple(dict.fromkeys(narrowed(text) for text in extra))


def is_insert_only(pattern: str) -> bool:
    """Whether no MODIFY and no REMOVE record can pass `pattern`; False where AWS would refuse the pattern."""
    if pattern == INSERT_ONLY:
        return True
    from ddbinsert.core.pattern import PatternError

    try:
        return counterexample(pattern) is None
    except PatternError:
        return False


def counterexample(pattern: str) -> Passing | None:
    """A MODIFY or REMOVE record that passes `pattern`, preferably one that DynamoDB can write; None if none can.

    Raises:
        PatternError: AWS would refuse the pattern.
    """
    from ddbinsert.core.filter_reach import leak
    from ddbinsert.core.pattern import parse

    return leak(parse(pattern))
