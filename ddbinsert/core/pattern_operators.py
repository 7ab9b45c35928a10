"""One entry of a list of conditions: a plain value, or an object with one operator."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ddbinsert.core.pattern_ip import address_bits, parse_address
from ddbinsert.core.pattern_json import JsonArray, JsonObject, JsonScalar, JsonValue, kind_of
from ddbinsert.core.pattern_model import (
    OPERATORS,
    AnythingBut,
    Bound,
    Cidr,
    Condition,
    Equals,
    EqualsIgnoreCase,
    Excluded,
    Exists,
    Numeric,
    PatternError,
    Place,
    Prefix,
    Suffix,
    Wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPARISONS: Final = ("=", "<", "<=", ">", ">=")
_MASK = re.compile(r"[+-]?[0-9]{1,9}")
_NEGATABLE: Final = ("prefix", "suffix", "equals-ignore-case", "wildcard")

Path = tuple[str | int, ...]


def parse_condition(value: JsonValue, path: Path) -> Condition:
    """One entry of a field's list.

    Raises:
        PatternError: AWS would refuse it.
    """
    if isinstance(value, JsonScalar):
        return Equals(value=value.value, at=_place(value, path))
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
        raise PatternError(
            f"There is no operator `{operator}`.",
            path=(*path, operator),
            position=position,
            allowed=OPERATORS,
            hint=_spelling(operator),
        )
    return parse(operand, (*path, operator))


def _only_member(
    value: JsonObject, path: Path, *, allowed: tuple[str, ...]
) -> tuple[str, int | None, JsonValue]:
    if not value.members:
        raise PatternError(
            "An empty object is no condition.", path=path, position=value.position, allowed=allowed
        )
    if len(value.members) > 1:
        key, position, _ = value.members[1]
        raise PatternError(
            "An object holds one operator.",
            path=(*path, key),
            position=position,
            hint="Operators in a list are ORed; give each its own object.",
        )
    return value.members[0]


def _spelling(operator: str) -> str | None:
    folded = operator.lower().replace("_", "-")
    return f"Operators are lower case: write `{folded}`." if folded in OPERATORS else None


def _place(value: JsonValue, path: Path) -> Place:
    return Place(path=path, position=value.position)


def _text(value: JsonValue, path: Path, operator: str) -> str:
    if isinstance(value, JsonScalar) and isinstance(value.value, str):
        return value.value
    raise PatternError(
        f"`{operator}` takes a string, not {kind_of(value)}.",
        path=path,
        position=value.position,
        allowed=("string",),
    )


def _exactly(value: JsonValue, path: Path) -> Equals:
    return Equals(value=_text(value, path, "exactly"), at=_place(value, path))


def _prefix(value: JsonValue, path: Path) -> Prefix:
    text, ignore_case = _affix(value, path, "prefix")
    return Prefix(text=text, ignore_case=ignore_case, at=_place(value, path))


def _suffix(value: JsonValue, path: Path) -> Suffix:
    text, ignore_case = _affix(value, path, "suffix")
    return Suffix(text=text, ignore_case=ignore_case, at=_place(value, path))


def _affix(value: JsonValue, path: Path, operator: str) -> tuple[str, bool]:
    """The empty string is allowed: every string, and nothing else, starts and ends with it."""
    if not isinstance(value, JsonObject):
        return _text(value, path, operator), False
    inner, position, operand = _only_member(value, path, allowed=("equals-ignore-case",))
    if inner != "equals-ignore-case":
        raise PatternError(
            f"`{operator}` takes a string or `equals-ignore-case`, not `{inner}`.",
            path=(*path, inner),
            position=position,
            allowed=("string", "equals-ignore-case"),
        )
    return _text(operand, (*path, inner), inner), True


def _equals_ignore_case(value: JsonValue, path: Path) -> EqualsIgnoreCase:
    return EqualsIgnoreCase(text=_text(value, path, "equals-ignore-case"), at=_place(value, path))


def _wildcard(value: JsonValue, path: Path) -> Wildcard:
    text = _text(value, path, "wildcard")
    literals, index = [""], 0
    while index < len(text):
        character, following = text[index], text[index + 1 : index + 2]
        if character == "*" and following == "*":
            raise _bad_wildcard(
                "`**` is not allowed; one `*` already stands for any run.", value, path, index
            )
        if character == "\\" and following not in ("*", "\\"):
            raise _bad_wildcard(r"A backslash escapes `*` or `\` only.", value, path, index)
        if character == "*":
            literals.append("")
        else:
            literals[-1] += following if character == "\\" else character
        index += 2 if character == "\\" else 1
    return Wildcard(text=text, literals=tuple(literals), at=_place(value, path))


def _bad_wildcard(message: str, value: JsonValue, path: Path, index: int) -> PatternError:
    return PatternError(
        f"{message} (character {index + 1} of the wildcard)",
        path=path,
        position=value.position,
        allowed=("*", r"\*", r"\\"),
    )


def _exists(value: JsonValue, path: Path) -> Exists:
    if isinstance(value, JsonScalar) and isinstance(value.value, bool):
        return Exists(present=value.value, at=_place(value, path))
    raise PatternError(
        f"`exists` takes true or false, not {kind_of(value)}.",
        path=path,
        position=value.position,
        allowed=("true", "false"),
    )


def _numeric(value: JsonValue, path: Path) -> Numeric:
    """One comparison, or a lower bound and then an upper one."""
    if not isinstance(value, JsonArray):
        raise PatternError(
            f"`numeric` takes a list, not {kind_of(value)}.",
            path=path,
            position=value.position,
            allowed=('["=", 1]', '[">", 0, "<=", 5]'),
        )
    terms = value.items
    if not terms:
        raise PatternError(
            "`numeric` needs a comparison.", path=path, position=value.position, allowed=_COMPARISONS
        )
    first = _comparison(terms[0], (*path, 0), _COMPARISONS)
    bound = _operand(value, 1, path, first)
    if len(terms) == 2:
        return _one_sided(first, bound, _place(value, path))
    if first not in (">", ">="):
        raise PatternError(
            f"Nothing may follow `{first}`; a range starts with its lower bound.",
            path=(*path, 2),
            position=terms[2].position,
            allowed=('[">=", low, "<", high]',),
        )
    second = _comparison(terms[2], (*path, 2), ("<", "<="))
    top = _operand(value, 3, path, second)
    if len(terms) > 4:
        raise PatternError("A range has two bounds.", path=(*path, 4), position=terms[4].position)
    if bound >= top:
        raise PatternError(
            f"The lower bound {bound} must be less than the upper bound {top}.",
            path=(*path, 3),
            position=terms[3].position,
        )
    return Numeric(
        low=Bound(value=bound, inclusive=first == ">="),
        high=Bound(value=top, inclusive=second == "<="),
        at=_place(value, path),
    )


def _one_sided(comparison: str, value: Decimal, at: Place) -> Numeric:
    bound = Bound(value=value, inclusive=comparison.endswith("="))
    return Numeric(
        low=bound if comparison in ("=", ">", ">=") else None,
        high=bound if comparison in ("=", "<", "<=") else None,
        at=at,
    )


def _comparison(value: JsonValue, path: Path, allowed: tuple[str, ...]) -> str:
    if isinstance(value, JsonScalar) and isinstance(value.value, str) and value.value in allowed:
        return value.value
    shown = f"`{value.value}`" if isinstance(value, JsonScalar) else kind_of(value)
    raise PatternError(
        f"A comparison is expected, not {shown}.", path=path, position=value.position, allowed=allowed
    )


def _operand(value: JsonArray, index: int, path: Path, comparison: str) -> Decimal:
    if index >= len(value.items):
        raise PatternError(
            f"`{comparison}` lacks its number.", path=path, position=value.position, allowed=("number",)
        )
    operand = value.items[index]
    if isinstance(operand, JsonScalar) and isinstance(operand.value, Decimal):
        return _comparable(operand, operand.value, (*path, index))
    hint = "Write it without quotes." if isinstance(operand, JsonScalar) else None
    raise PatternError(
        f"`{comparison}` takes a number, not {kind_of(operand)}.",
        path=(*path, index),
        position=operand.position,
        allowed=("number",),
        hint=hint,
    )


def _comparable(scalar: JsonScalar, number: Decimal, path: Path) -> Decimal:
    """Event Ruler compares doubles, and refuses a number that a double would change."""
    nearest = float(number) if number.is_finite() else math.inf
    if not math.isfinite(nearest) or Decimal(repr(nearest)) != number:
        raise PatternError(
            f"{scalar.text} has more digits than AWS can compare (a double's 15 to 17).",
            path=path,
            position=scalar.position,
        )
    return number


def _cidr(value: JsonValue, path: Path) -> Cidr:
    text = _text(value, path, "cidr")
    address, slash, mask = text.partition("/")

    def fault(message: str) -> PatternError:
        allowed = ("10.0.0.0/24", "2001:db8::/64")
        return PatternError(message, path=path, position=value.position, allowed=allowed)

    if not slash or "/" in mask:
        raise fault(f"`{text}` is not ADDRESS/BITS.")
    parsed = parse_address(address)
    if parsed is None:
        raise fault(f"`{address}` is not an IP address.")
    width = address_bits(parsed[0])
    if not _MASK.fullmatch(mask) or not 0 <= int(mask) < width:
        raise fault(f"`{mask}` is no mask: AWS takes 0 to {width - 1} bits for IPv{parsed[0]}.")
    free = (1 << (width - int(mask))) - 1
    return Cidr(
        text=text,
        version=parsed[0],
        first=parsed[1] & ~free,
        last=parsed[1] | free,
        at=_place(value, path),
    )


def _anything_but(value: JsonValue, path: Path) -> AnythingBut:
    if isinstance(value, JsonObject):
        inner, position, operand = _only_member(value, path, allowed=_NEGATABLE)
        parse = _NEGATED.get(inner)
        if parse is None:
            raise PatternError(
                f"`anything-but` can't negate `{inner}`.",
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
    return AnythingBut(excluded=excluded, at=_place(value, path))


def _listed(value: JsonValue, path: Path) -> list[tuple[JsonValue, Path]]:
    if not isinstance(value, JsonArray):
        return [(value, path)]
    if not value.items:
        raise PatternError("An empty list excludes nothing.", path=path, position=value.position)
    return [(item, (*path, index)) for index, item in enumerate(value.items)]


def _excluded_value(value: JsonValue, path: Path) -> Equals:
    if isinstance(value, JsonScalar) and isinstance(value.value, str):
        return Equals(value=value.value, at=_place(value, path))
    if isinstance(value, JsonScalar) and isinstance(value.value, Decimal):
        return Equals(value=_comparable(value, value.value, path), at=_place(value, path))
    raise PatternError(
        f"`anything-but` takes strings or numbers, not {kind_of(value)}.",
        path=path,
        position=value.position,
        allowed=("string", "number", *_NEGATABLE),
    )


def _negated(parse: Callable[[JsonValue, Path], Excluded], value: JsonValue, path: Path) -> Excluded:
    operator = str(path[-1] if isinstance(path[-1], str) else path[-2])
    text = _text(value, path, operator)
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
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exactly": _exactly,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
