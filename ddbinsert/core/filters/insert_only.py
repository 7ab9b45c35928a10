"""The one definition of "only inserts".

The filter engine is imported only for a filter other than the default one, which most mappings have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.filters.reach.answer import KnownStream, Reachability

INSERT_ONLY: Final = '{"eventName":["INSERT"]}'


def insert_patterns(extra: Sequence[str] = ()) -> tuple[str, ...]:
    """The patterns of an insert-only mapping: each user pattern, restricted to inserts.

    Filters of one mapping are ORed, so every one of them needs the restriction. A restricted pattern matches
    exactly the INSERTs that the original matches.

    Raises:
        PatternError: One of `extra` is invalid, can never match an INSERT, or becomes longer than AWS accepts.
    """
    if not extra:
        return (INSERT_ONLY,)
    from ddbinsert.core.filters.reach.narrow import narrowed

    return tuple(dict.fromkeys(narrowed(text) for text in extra))


def is_insert_only(pattern: str) -> bool:
    """Whether it is proven that no MODIFY and no REMOVE record passes; False for a pattern that AWS would reject."""
    if pattern == INSERT_ONLY:
        return True
    from ddbinsert.core.filters.reach.answer import Passes
    from ddbinsert.core.pattern.matcher import PatternError

    try:
        return leaks((pattern,)).passes is Passes.NO
    except PatternError:
        return False


def leaks(patterns: Sequence[str], stream: KnownStream | None = None) -> Reachability:
    """Whether any MODIFY or REMOVE of a stream passes the filters of one mapping: an example, a proof, or neither.

    Raises:
        PatternError: AWS would reject one of the patterns.
    """
    from ddbinsert.core.filters.reach.answer import KnownStream as Stream
    from ddbinsert.core.filters.reach.reach import leaks_of
    from ddbinsert.core.pattern.matcher import parse

    return leaks_of([parse(pattern) for pattern in patterns], stream or Stream())


def inserts_pass(patterns: Sequence[str], stream: KnownStream | None = None) -> Reachability:
    """Whether any INSERT of a stream passes the filters of one mapping: an example, a proof, or neither.

    A proof (`Passes.NO`) means that the mapping would never invoke its function; `reason` says why.

    Args:
        stream: The known facts about the table: view type, key, the stream's ARN.

    Raises:
        PatternError: AWS would reject one of the patterns.
    """
    from ddbinsert.core.filters.reach.answer import KnownStream as Stream
    from ddbinsert.core.filters.reach.reach import inserts_of
    from ddbinsert.core.pattern.matcher import parse

    return inserts_of([parse(pattern) for pattern in patterns], stream or Stream())
