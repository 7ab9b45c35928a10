"""Operators with a range of numbers or of IP addresses."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

from ddbinsert.core.pattern.addresses import address_bits, parse_address
from ddbinsert.core.pattern.json_text import JsonArray, JsonScalar, JsonValue, kind_of
from ddbinsert.core.pattern.model import Bound, Cidr, Numeric, PatternError, PatternPlace

_COMPARISONS: Final = ("=", "<", "<=", ">", ">=")
_MASK = re.compile(r"[+-]?[0-9]{1,9}")

Path = tuple[str | int, ...]


def place_of(value: JsonValue, path: Path) -> PatternPlace:
    return PatternPlace(path=path, position=value.position)


def text_of(value: JsonValue, path: Path, operator: str) -> str:
    if isinstance(value, JsonScalar) and isinstance(value.value, str):
        return value.value
    raise PatternError(
        f"`{operator}` takes a string, not {kind_of(value)}.",
        path=path,
        position=value.position,
        allowed=("string",),
    )


def numeric(value: JsonValue, path: Path) -> Numeric:
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
        return _one_sided(first, bound, place_of(value, path))
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
        at=place_of(value, path),
    )


def _one_sided(comparison: str, value: Decimal, at: PatternPlace) -> Numeric:
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
            f"The number after `{comparison}` is missing.",
            path=path,
            position=value.position,
            allowed=("number",),
        )
    operand = value.items[index]
    if isinstance(operand, JsonScalar) and isinstance(operand.value, Decimal):
        return comparable(operand, operand.value, (*path, index))
    hint = "Write it without quotes." if isinstance(operand, JsonScalar) else None
    raise PatternError(
        f"`{comparison}` takes a number, not {kind_of(operand)}.",
        path=(*path, index),
        position=operand.position,
        allowed=("number",),
        hint=hint,
    )


def comparable(scalar: JsonScalar, number: Decimal, path: Path) -> Decimal:
    """Event Ruler compares doubles, and rejects a number that is not exact as a double."""
    nearest = float(number) if number.is_finite() else math.inf
    if not math.isfinite(nearest) or Decimal(repr(nearest)) != number:
        raise PatternError(
            f"{scalar.text} has more digits than AWS can compare (a double's 15 to 17).",
            path=path,
            position=scalar.position,
        )
    return number


def cidr(value: JsonValue, path: Path) -> Cidr:
    text = text_of(value, path, "cidr")
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
        raise fault(f"`{mask}` is not a mask: AWS accepts 0 to {width - 1} bits for IPv{parsed[0]}.")
    free = (1 << (width - int(mask))) - 1
    return Cidr(
        text=text,
        version=parsed[0],
        first=parsed[1] & ~free,
        last=parsed[1] | free,
        at=place_of(value, path),
    )
