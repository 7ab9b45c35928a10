"""The filter language of Lambda event source mappings: EventBridge's event patterns, compiled once.

    matcher = compile_pattern('{"eventName": ["INSERT"]}')
    matcher.matches(record)

The semantics are those of Event Ruler, the engine of both. The other modules of this package: `json_text` reads JSON,
`parse` and `operators` check the pattern, `model` has the result, `rules` expands its `$or`s, `exact` implements the
complete semantics, and `compiled` a faster equivalent for ordinary records.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from ddbinsert.core.pattern.compiled import compile_nodes
from ddbinsert.core.pattern.json_text import from_python, read_json
from ddbinsert.core.pattern.model import Pattern, PatternError
from ddbinsert.core.pattern.parse import parse_pattern
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Matcher", "PatternError", "compile_pattern", "parse"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Matcher:
    """A compiled pattern.

    Attributes:
        matches: Whether a record matches. It takes one record, as parsed from JSON (numbers may be int, float
            or Decimal), and never raises: a record of another shape does not match. It is the compiled
            function itself, so that a call has no overhead.
        pattern: The compiled pattern.
    """

    matches: Callable[[Mapping[str, object]], bool]
    pattern: Pattern


def compile_pattern(pattern: str | Mapping[str, object]) -> Matcher:
    """Compile a pattern, given as JSON text or as parsed JSON.

    Prefer text: only text has positions, repeated keys and numbers as written.

    Raises:
        PatternError: AWS would reject the pattern.
    """
    parsed = parse(pattern)
    return Matcher(matches=compile_nodes(parsed.nodes), pattern=parsed)


def parse(pattern: str | Mapping[str, object]) -> Pattern:
    """Parse a pattern without compiling it.

    Raises:
        PatternError: AWS would reject the pattern.
    """
    if isinstance(pattern, str):
        return _parsed(pattern)
    if isinstance(pattern, Mapping):
        return parse_pattern(from_python(pattern))
    raise PatternError(f"A pattern is JSON text or a mapping, not a {type(pattern).__name__}.")


@lru_cache(maxsize=128)
def _parsed(text: str) -> Pattern:
    """The same for text; several questions are asked about one filter."""
    return parse_pattern(read_json(text))
