"""The one definition of "only inserts"."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ddbinsert.core.pattern import PatternError

INSERT_ONLY: Final = '{"eventName":["INSERT"]}'


def insert_patterns(extra: Sequence[str] = ()) -> tuple[str, ...]:
    """The patterns of an insert-only mapping: each of the user's, narrowed to inserts.

    Filters of one mapping are ORed, so every one of them has to carry the restriction.

    Raises:
        PatternError: one of `extra` is invalid, or could never match an insert.
    """
    return tuple(dict.fromkeys(_narrowed(text) for text in extra)) or (INSERT_ONLY,)


def is_insert_only(pattern: str) -> bool:
    """Whether no MODIFY and no REMOVE record can pass `pattern`; False also where that can't be shown."""
    try:
        parsed = json.loads(pattern)
    except ValueError:
        return False
    return isinstance(parsed, dict) and parsed.get("eventName") == ["INSERT"] and not _has_or(parsed)


def _narrowed(text: str) -> str:
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise PatternError(f"The pattern is not JSON: {error}.") from error
    if not isinstance(parsed, dict):
        raise PatternError("A pattern is a JSON object.")
    if parsed.get("eventName", ["INSERT"]) != ["INSERT"] or _has_or(parsed):
        raise PatternError("A pattern's own eventName must be exactly INSERT.", path=("eventName",))
    parsed.pop("eventName", None)
    return json.dumps({"eventName": ["INSERT"], **parsed}, separators=(",", ":"))


def _has_or(pattern: Mapping[str, Any]) -> bool:
    return "$or" in pattern and '"eventName"' in json.dumps(pattern["$or"])
