"""The filter language of Lambda event source mappings: EventBridge's event patterns, compiled once.

    matcher = compile_pattern('{"eventName": ["INSERT"]}')
    matcher.matches(record)

The semantics are those of Event Ruler, the engine behind both. The rooms next door: pattern_json reads,
pattern_parse and pattern_operators judge, pattern_model holds the result, pattern_rules expands its `$or`s,
pattern_exact is the whole semantics, pattern_compile the fast road to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddbinsert.core.pattern_compile import compile_nodes
from ddbinsert.core.pattern_json import from_python, read_json
from ddbinsert.core.pattern_model import Pattern, PatternError
from ddbinsert.core.pattern_parse import parse_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Matcher", "PatternError", "compile_pattern", "parse"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Matcher:
    """A compiled pattern.

    Args:
        matches: Whether a record matches. It takes one record, as parsed from JSON (numbers may be int, float
            or Decimal), and never raises: a record of another shape does not match. It is the compiled
            function itself, so that a call costs no more than the comparison.
        pattern: What was compiled.
    """

    matches: Callable[[Mapping[str, object]], bool]
    pattern: Pattern


def compile_pattern(pattern: str | Mapping[str, object]) -> Matcher:
    """Compile a pattern, given as JSON text or as parsed JSON.

    Text is better where there is a choice: only text has positions, repeated keys and numbers as written.

    Raises:
        PatternError: AWS would refuse the pattern.
    """
    parsed = parse(pattern)
    return Matcher(matches=compile_nodes(parsed.nodes), pattern=parsed)


def parse(pattern: str | Mapping[str, object]) -> Pattern:
    """What a pattern says, without compiling it.

    Raises:
        PatternError: AWS would refuse the pattern.
    """
    if isinstance(pattern, str):
        return parse_pattern(read_json(pattern))
    if isinstance(pattern, Mapping):
        return parse_pattern(from_python(pattern))
    raise PatternError(f"A pattern is JSON text or a mapping, not a {type(pattern).__name__}.")
