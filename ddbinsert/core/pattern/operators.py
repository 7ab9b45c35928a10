"""One entry of a list of conditions: a plain value, or an object with one operator."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ddbinsert.core.pattern.json_text import JsonArray, JsonObject, JsonScalar, JsonValue, kind_of
from ddbinsert.core.pattern.model import (
    OPERATORS,
    AnythingBut,
    Condition,
    Equals,
    EqualsIgnoreCase,
    Excluded,
    Exists,
    PatternError,
    Prefix,
    Suffix,
    Wildcard,
)
from ddbinsert.core.pattern.ranges import Path, cidr, comparable, numeric, place_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

_NEGATABLE: Final = ("prefix", "suffix", "equals-ignore-case", "wildcard")


def parse_condition(value: JsonValue, path: Path) -> Condition:
    """One entry of a field's list.

    Raises:
        PatternError: AWS would reject it.
    """
    if isinstance(value, JsonScalar):
        return Equals(value=value.value, at=place_of(value, path))
    if isinstance(value, JsonArray):
        raise PatternError(
            "A list inside a list of conditions is not allowed.",
            path=path,
            position=value.position,
            allowed=("string", "number", "true", "false", "null", "{"),
        )
    operator, position, operand = _only_member(value, path, allowed=OPERATORS)
    parse = _PARSERS.get(operator)
    if parse is None:
        better = _spelling(operator)
        raise PatternError(
            f"There is no operator `{operator}`.",
            path=(*path, operator),
            position=position,
            allowed=OPERATORS,
            hint=f"Operators are lower case: write `{better}`." if better else None,
            rename=better,
        )
    return parse(operand, (*path, operator))


def _only_member(
    value: JsonObject, path: Path, *, allowed: tuple[str, ...]
) -> tuple[str, int | None, JsonValue]:
    if not value.members:
        raise PatternError(
            "An empty object is not a condition.", path=path, position=value.position, allowed=allowed
        )
    if len(value.members) > 1:
        key, position, _ = value.members[1]
        raise PatternError(
            "An object has exactly one operator.",
            path=(*path, key),
            position=position,
            hint="Operators in a list are ORed; write each in its own object.",
        )
    return value.members[0]


def _spelling(operator: str) -> str | None:
    """The operator that is meant: in lower case, with hyphens."""
    folded = operator.lower().replace("_", "-")
    return folded if folded in OPERATORS else None


def _exactly(value: JsonValue, path: Path) -> Equals:
    return Equals(value=text_of(value, path, "exactly"), at=place_of(value, path))


def _prefix(value: JsonValue, path: Path) -> Prefix:
    text, ignore_case = _affix(value, path, "prefix")
    return Prefix(text=text, ignore_case=ignore_case, at=place_of(value, path))


def _suffix(value: JsonValue, path: Path) -> Suffix:
    text, ignore_case = _affix(value, path, "suffix")
    return Suffix(text=text, ignore_case=ignore_case, at=place_of(value, path))


def _affix(value: JsonValue, path: Path, operator: str) -> tuple[str, bool]:
    """The empty string is allowed: every string, and nothing else, starts and ends with it."""
    if not isinstance(value, JsonObject):
        return text_of(value, path, operator), False
    inner, position, operand = _only_member(value, path, allowed=("equals-ignore-case",))
    if inner != "equals-ignore-case":
        raise PatternError(
            f"`{operator}` takes a string or `equals-ignore-case`, not `{inner}`.",
            path=(*path, inner),
            position=position,
            allowed=("string", "equals-ignore-case"),
        )
    return text_of(operand, (*path, inner), inner), True


def _equals_ignore_case(value: JsonValue, path: Path) -> EqualsIgnoreCase:
    return EqualsIgnoreCase(text=text_of(value, path, "equals-ignore-case"), at=place_of(value, path))


def _wildcard(value: JsonValue, path: Path) -> Wildcard:
    text = text_of(value, path, "wildcard")
    literals, index = [""], 0
    while index < len(text):
        character, following = text[index], text[index + 1 : index + 2]
        if character == "*" and following == "*":
            raise _bad_wildcard("`**` is not allowed; one `*` already matches any text.", value, path, index)
        if character == "\\" and following not in ("*", "\\"):
            raise _bad_wildcard(r"A backslash escapes `*` or `\` only.", value, path, index)
        if character == "*":
            literals.append("")
        else:
            literals[-1] += following if character == "\\" else character
        index += 2 if character == "\\" else 1
    return Wildcard(text=text, literals=tuple(literals), at=place_of(value, path))


def _bad_wildcard(message: str, value: JsonValue, path: Path, index: int) -> PatternError:
    return PatternError(
        f"{message} (character {index + 1} of the wildcard)",
        path=path,
        position=value.position,
        allowed=("*", r"\*", r"\\"),
    )


def _exists(value: JsonValue, path: Path) -> Exists:
    if isinstance(value, JsonScalar) and isinstance(value.value, bool):
        return Exists(present=value.value, at=place_of(value, path))
    raise PatternError(
        f"`exists` takes true or false, not {kind_of(value)}.",
        path=path,
        position=value.position,
        allowed=("true", "false"),
    )


def _anything_but(value: JsonValue, path: Path) -> AnythingBut:
    if isinstance(value, JsonObject):
        inner, position, operand = _only_member(value, path, allowed=_NEGATABLE)
        parse = _NEGATED.get(inner)
        if parse is None:
            raise PatternError(
                f"`anything-but` cannot negate `{inner}`.",
                path=(*path, inner),
                position=position,
                allowed=_NEGATABLE,
            )
        here = (*path, inner)
        excluded = tuple(_negated(parse, item, where) for item, where in _listed(operand, here))
    else:
        values = tuple(_excluded_value(item, where) for item, where in _listed(value, path))
        excluded = values
        if len({type(condition.value) for condition in values}) > 1:
            raise PatternError(
                "`anything-but` takes all strings or all numbers, not both.",
                path=path,
                position=value.position,
            )
    return AnythingBut(excluded=excluded, at=place_of(value, path))


def _listed(value: JsonValue, path: Path) -> list[tuple[JsonValue, Path]]:
    if not isinstance(value, JsonArray):
        return [(value, path)]
    if not value.items:
        raise PatternError("An empty list excludes nothing.", path=path, position=value.position)
    return [(item, (*path, index)) for index, item in enumerate(value.items)]


def _excluded_value(value: JsonValue, path: Path) -> Equals:
    if isinstance(value, JsonScalar) and isinstance(value.value, str):
        return Equals(value=value.value, at=place_of(value, path))
    if isinstance(value, JsonScalar) and isinstance(value.value, Decimal):
        return Equals(value=comparable(value, value.value, path), at=place_of(value, path))
    raise PatternError(
        f"`anything-but` takes strings or numbers, not {kind_of(value)}.",
        path=path,
        position=value.position,
        allowed=("string", "number", *_NEGATABLE),
    )


def _negated(parse: Callable[[JsonValue, Path], Excluded], value: JsonValue, path: Path) -> Excluded:
    operator = str(path[-1] if isinstance(path[-1], str) else path[-2])
    text = text_of(value, path, operator)
    if not text and operator in ("prefix", "suffix"):
        raise PatternError(
            f"`anything-but` with an empty `{operator}` would exclude every string, and AWS refuses it.",
            path=path,
            position=value.position,
        )
    return parse(value, path)


_NEGATED: Final[dict[str, Callable[[JsonValue, Path], Excluded]]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
}

_PARSERS: Final[dict[str, Callable[[JsonValue, Path], Condition]]] = {
    "anything-but": _anything_but,
    "cidr": cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exactly": _exactly,
    "exists": _exists,
    "numeric": numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
