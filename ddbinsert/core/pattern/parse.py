"""Parses JSON to a Pattern, rejecting what AWS rejects (Event Ruler's JsonRuleCompiler, RuleCompiler)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.pattern.json_text import JsonArray, JsonObject, JsonValue, kind_of, write_json
from ddbinsert.core.pattern.model import Alternatives, Field, Node, Pattern, PatternError, PatternPlace
from ddbinsert.core.pattern.operators import parse_condition

if TYPE_CHECKING:
    from collections.abc import Iterator

OR: Final = "$or"

#: EventBridge's maximum number of rules to which the `$or`s of one pattern may expand.
MAX_COMBINATIONS: Final = 1000

#: Event Ruler reserves these words (present and future operators): they cannot be field names inside a `$or`.
RESERVED_IN_OR: Final = frozenset(
    {
        *("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but"),
        *("exists", "wildcard", "numeric", "cidr"),
        *("=", "<", "<=", ">", ">="),
        *("regex", "not-wildcard", "not-equals-ignore-case"),
        *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
        *("ip-address-in-range", "ip-address-not-in-range"),
    }
)


def parse_pattern(root: JsonValue) -> Pattern:
    """Parse JSON to a pattern as AWS does.

    A `$or` that is not valid as the operator is an ordinary field name, in the whole pattern, as in AWS.

    Raises:
        PatternError: AWS would reject it.
    """
    if not isinstance(root, JsonObject):
        raise PatternError("A pattern is a JSON object.", position=root.position, allowed=("{",))
    if _combinations(root) > MAX_COMBINATIONS:
        raise PatternError(
            f"Its `$or`s expand to more than {MAX_COMBINATIONS} combinations.",
            position=root.position,
            hint="Use several filters in place of one: the filters of a mapping are ORed.",
        )
    duplicates = tuple(_duplicates(root, ()))
    try:
        return Pattern(nodes=tuple(_Parser(or_is_operator=True).nodes(root, ())), duplicates=duplicates)
    except PatternError as fault:
        if not _mentions_or(root):
            raise
        try:
            nodes = tuple(_Parser(or_is_operator=False).nodes(root, ()))
        except PatternError:
            raise fault from None
        return Pattern(nodes=nodes, duplicates=duplicates)


class _Parser:
    """One reading of the pattern: `$or` as the operator, or as a field name."""

    def __init__(self, *, or_is_operator: bool) -> None:
        self.or_is_operator = or_is_operator

    def nodes(
        self,
        value: JsonObject,
        keys: tuple[str, ...],
        path: tuple[str | int, ...] = (),
        *,
        inside_or: bool = False,
    ) -> Iterator[Node]:
        if not value.members:
            raise PatternError(
                "An empty object constrains nothing, and AWS refuses it.", path=path, position=value.position
            )
        for key, position, item in value.members:
            here = (*path, key)
            if key == OR and self.or_is_operator:
                yield self.alternatives(item, keys, here)
                continue
            if inside_or and key in RESERVED_IN_OR:
                raise PatternError(
                    f"`{key}` cannot be a field name inside `$or`: it is reserved.",
                    path=here,
                    position=position,
                )
            if isinstance(item, JsonObject):
                yield from self.nodes(item, (*keys, key), here, inside_or=inside_or)
            elif isinstance(item, JsonArray):
                yield self.field(item, (*keys, key), here)
            else:
                raise PatternError(
                    f"`{key}` must be a list of conditions or an object, not {kind_of(item)}.",
                    path=here,
                    position=item.position,
                    allowed=("[", "{"),
                    hint=f"Write the value inside a list: [{write_json(item)}].",
                    replacement=f"[{write_json(item)}]",
                )

    def alternatives(
        self, value: JsonValue, keys: tuple[str, ...], path: tuple[str | int, ...]
    ) -> Alternatives:
        if not isinstance(value, JsonArray):
            raise PatternError(
                "`$or` takes a list of at least two objects.",
                path=path,
                position=value.position,
                allowed=("[",),
            )
        branches = []
        for index, item in enumerate(value.items):
            here = (*path, index)
            if not isinstance(item, JsonObject):
                raise PatternError(
                    f"`$or` takes objects only, not {kind_of(item)}.",
                    path=here,
                    position=item.position,
                    allowed=("{",),
                )
            branches.append(tuple(self.nodes(item, keys, here, inside_or=True)))
        if len(branches) < 2:
            raise PatternError(
                "`$or` takes at least two objects.",
                path=path,
                position=value.position,
                hint="A `$or` needs at least two alternatives: move the fields of this one a level up.",
            )
        return Alternatives(branches=tuple(branches), at=PatternPlace(path=path, position=value.position))

    def field(self, value: JsonArray, keys: tuple[str, ...], path: tuple[str | int, ...]) -> Field:
        if not value.items:
            raise PatternError(
                "An empty list would match nothing, and AWS refuses it.", path=path, position=value.position
            )
        conditions = tuple(parse_condition(item, (*path, index)) for index, item in enumerate(value.items))
        return Field(keys=keys, conditions=conditions, at=PatternPlace(path=path, position=value.position))


def _combinations(value: JsonValue) -> int:
    """The number of rules that its `$or`s expand to: siblings multiply, branches add up."""
    product = 1
    for key, _, item in value.members if isinstance(value, JsonObject) else ():
        if key == OR and isinstance(item, JsonArray):
            product *= max(1, sum(_combinations(branch) for branch in item.items))
        else:
            product *= _combinations(item)
    return product


def _mentions_or(value: JsonValue) -> bool:
    if not isinstance(value, JsonObject):
        return False
    return any(key == OR or _mentions_or(item) for key, _, item in value.members)


def _duplicates(value: JsonValue, path: tuple[str | int, ...]) -> Iterator[PatternPlace]:
    if isinstance(value, JsonArray):
        for index, item in enumerate(value.items):
            yield from _duplicates(item, (*path, index))
    if isinstance(value, JsonObject):
        seen = set()
        for key, position, item in value.members:
            if key in seen:
                yield PatternPlace(path=(*path, key), position=position)
            seen.add(key)
            yield from _duplicates(item, (*path, key))
