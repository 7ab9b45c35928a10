"""Restricts a pattern to inserts: the result matches exactly the INSERTs that the pattern matches.

In Event Ruler a repeated field replaces the earlier one, so a second eventName must not be added. Therefore the
conditions on eventName are removed: alternatives that no INSERT passes are dropped, the others lose their eventName,
and one eventName is added at the start. The result is compared with the original rule by rule; if that fails, the
pattern is generated from its rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.reach.reach import EVENT_NAME, accepts, may_be_absent
from ddbinsert.core.filters.reach.rules_to_json import Clauses, Member, clauses, pattern_members, weakest
from ddbinsert.core.filters.record.witness import NoValue, value_for
from ddbinsert.core.model.record import EventName
from ddbinsert.core.pattern.json_text import (
    JsonArray,
    JsonObject,
    JsonScalar,
    JsonValue,
    read_json,
    write_json,
)
from ddbinsert.core.pattern.model import LONGEST, Alternatives, Equals, Field, Pattern, PatternError
from ddbinsert.core.pattern.parse import OR, parse_pattern
from ddbinsert.core.pattern.rules import Rule, fields_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_INSERT: Final = EventName.INSERT
_ONLY_INSERT: Final = JsonArray((JsonScalar(_INSERT.value, None),), None)
_OLD_IMAGE: Final = "dynamodb.OldImage"


def narrowed(text: str) -> str:
    """The pattern, as compact JSON, that matches exactly the INSERTs that `text` matches.

    Raises:
        PatternError: AWS would reject the pattern, it can never match an INSERT, or it becomes too long.
    """
    root = read_json(text)
    pattern = parse_pattern(root)
    live = _live_rules(pattern)
    if not isinstance(root, JsonObject):  # pragma: no cover - parse_pattern rejects it
        raise PatternError("A pattern is a JSON object.")
    wanted = weakest(clauses(_others(rule)) for rule in live)
    for members in (_pruned(root, pattern), _rewritten(root, live)):
        if members is not None and (found := _checked(members, wanted)) is not None:
            return _fitting(found)
    raise PatternError(
        "The pattern uses eventName in too many places to restrict it to INSERT.",
        hint="Write the alternatives as separate filters: the filters of a mapping are ORed.",
    )


def _live_rules(pattern: Pattern) -> list[Rule]:
    rules = rules_of(pattern.nodes)
    live = [rule for rule in rules if accepts(rule, _INSERT)]
    if not live:
        field = rules[0][EVENT_NAME]
        raise PatternError(
            "No INSERT passes: its eventName does not accept INSERT.",
            path=field.at.path,
            position=field.at.position,
            allowed=('["INSERT"]',),
            hint='Remove eventName: ddbinsert adds {"eventName":["INSERT"]} itself.',
        )
    old = [_needs_old_image(rule) for rule in live]
    if all(old):
        field = next(field for field in old if field is not None)
        raise PatternError(
            "No INSERT passes: the record of an INSERT has no OldImage.",
            path=field.at.path,
            position=field.at.position,
            hint="Use NewImage or Keys; only MODIFY and REMOVE have an OldImage.",
        )
    if not any(map(_is_satisfiable, live)):
        raise PatternError("No INSERT passes: no value satisfies its conditions.")
    return live


def _is_satisfiable(rule: Rule) -> bool:
    """Whether every field can be satisfied by a JSON value, whether or not DynamoDB can write it."""
    return all(
        may_be_absent(field) or value_for((field.conditions,)) is not NoValue.IMPOSSIBLE
        for field in rule.values()
    )


def _needs_old_image(rule: Rule) -> Field | None:
    return next(
        (
            field
            for path, field in rule.items()
            if f"{path}.".startswith(f"{_OLD_IMAGE}.") and not may_be_absent(field)
        ),
        None,
    )


def _fitting(text: str) -> str:
    if len(text) > LONGEST:
        raise PatternError(
            f"The pattern is too long: {len(text)} characters with the restriction to inserts.",
            allowed=(f"at most {LONGEST}",),
            hint="Split it into several filters: the filters of a mapping are ORed.",
        )
    return text


# --- pruning: keeps the pattern's own structure -----------------------------------------------------------


def _pruned(root: JsonObject, pattern: Pattern) -> tuple[Member, ...] | None:
    has_or = any(isinstance(node, Alternatives) for node in _all_nodes(pattern))
    by_position = {field.at: field for field in fields_of(pattern.nodes) if field.path == EVENT_NAME}
    lets_insert = {field.at.position: accepts({EVENT_NAME: field}, _INSERT) for field in by_position.values()}
    return _prune(root.members, lets_insert, has_or=has_or)


def _all_nodes(pattern: Pattern) -> Iterable[object]:
    return pattern.nodes


def _prune(
    members: Sequence[Member], lets_insert: dict[int | None, bool], *, has_or: bool
) -> tuple[Member, ...] | None:
    """The members without eventName; None if no INSERT passes them."""
    kept: list[Member] = []
    for key, position, value in members:
        if key == EVENT_NAME and isinstance(value, JsonArray):
            if not lets_insert.get(value.position, False):
                return None
        elif key == OR and has_or and isinstance(value, JsonArray):
            branches = [
                _prune(item.members, lets_insert, has_or=True)
                for item in value.items
                if isinstance(item, JsonObject)
            ]
            live = [branch for branch in branches if branch is not None]
            if not live:
                return None
            if len(live) == 1:
                kept.extend(live[0])
            elif all(live):
                items = tuple(JsonObject(branch, None) for branch in live)
                kept.append((key, position, JsonArray(items, None)))
        else:
            kept.append((key, position, value))
    return tuple(kept)


# --- rewriting: from the rules ----------------------------------------------------------------------------


def _rewritten(root: JsonObject, live: Sequence[Rule]) -> tuple[Member, ...]:
    arrays = dict(_arrays(root))
    return pattern_members(map(_others, live), lambda field: arrays[field.at.position])


def _others(rule: Rule) -> list[Field]:
    return [field for path, field in rule.items() if path != EVENT_NAME]


def _arrays(value: JsonValue) -> Iterable[tuple[int | None, JsonArray]]:
    if isinstance(value, JsonArray):
        yield value.position, value
        for item in value.items:
            yield from _arrays(item)
    elif isinstance(value, JsonObject):
        for _, _, item in value.members:
            yield from _arrays(item)


# --- checking ---------------------------------------------------------------------------------------------


def _checked(members: Sequence[Member], wanted: frozenset[Clauses]) -> str | None:
    """The text, if it is valid, has exactly the wanted rules, and means the same when read as plain JSON."""
    root = JsonObject(((EVENT_NAME, None, _ONLY_INSERT), *members), None)
    text = write_json(root)
    try:
        rules = rules_of(parse_pattern(read_json(text)).nodes)
    except PatternError:
        return None
    only = (Equals(value=_INSERT.value),)
    if any(rule.get(EVENT_NAME) is None or rule[EVENT_NAME].conditions != only for rule in rules):
        return None
    found = weakest(clauses(_others(rule)) for rule in rules)
    return text if found == wanted and not _repeats(root) else None


def _repeats(value: JsonValue) -> bool:
    """Whether an object repeats a key: many JSON parsers would drop the first."""
    if isinstance(value, JsonArray):
        return any(map(_repeats, value.items))
    if not isinstance(value, JsonObject):
        return False
    keys = [key for key, _, _ in value.members]
    return len(set(keys)) < len(keys) or any(_repeats(item) for _, _, item in value.members)
