"""Resolves a condition's path to the pattern's keys and the possible values."""

from __future__ import annotations

import difflib
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.record.kinds import (
    ALWAYS_PRESENT,
    ATTRIBUTE_KINDS,
    IMAGES,
    RECORD_KINDS,
    SETS,
    LeafKind,
)
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.filters.where.tree import Comparison, PathPart, Value
    from ddbinsert.core.model.record import KeySchema

_SCALARS: Final = tuple(ATTRIBUTE_KINDS)


@dataclass(frozen=True, kw_only=True)
class FieldTarget:
    """The field that a test is about.

    Attributes:
        keys: The pattern's keys.
        type_key: The attribute's type; None for other fields of the record.
        many: Whether there can be several values: a set, or a field below a list.
        always: Whether every record has it.
    """

    keys: tuple[str, ...]
    kind: LeafKind
    type_key: str | None = None
    many: bool = False
    always: bool = False


def target_of(test: Comparison, key: KeySchema | None, types: Mapping[str, str]) -> FieldTarget:
    """Resolve a test's path.

    Args:
        types: Attribute names (with dots if they are nested) to type keys.

    Raises:
        ConditionError: The field does not exist, or its type is not known.
    """
    parts = list(test.path)
    if parts[0].text == "dynamodb" and len(parts) > 1:
        del parts[0]
    if parts[0].text in IMAGES:
        return _attribute(test, parts[0].text, parts[1:], key, types)
    path = ".".join(part.text for part in parts)
    for known in (path, f"dynamodb.{path}"):
        if known in RECORD_KINDS:
            return FieldTarget(
                keys=tuple(known.split(".")), kind=RECORD_KINDS[known], always=known in ALWAYS_PRESENT
            )
    raise test.fault(f"A stream record has no field `{path}`.", hint=_hint(path, parts))


def _hint(path: str, parts: Sequence[PathPart]) -> str:
    names = {
        name.removeprefix("dynamodb.").casefold(): name.removeprefix("dynamodb.") for name in RECORD_KINDS
    }
    names |= {image.casefold(): image for image in IMAGES}
    for given in (path, parts[0].text):
        close = difflib.get_close_matches(given.casefold(), names, n=1, cutoff=0.8)
        if close:
            return f"Did you mean {names[close[0]]}? Attributes are in NewImage, OldImage or Keys."
    return f"An item's attributes are in NewImage, OldImage or Keys: NewImage.{path}."


def _attribute(
    test: Comparison, image: str, parts: Sequence[PathPart], key: KeySchema | None, types: Mapping[str, str]
) -> FieldTarget:
    if not parts:
        raise test.fault(f"The attribute's name is missing after {image}.", hint=f"Write {image}.NAME.")
    if image == "Keys" and key is not None and parts[0].text not in key.types:
        raise test.fault(
            f"`{parts[0].text}` is not a key attribute of this table.",
            hint=f"Its key attributes are {', '.join(key.types)}; other attributes are in NewImage.",
        )
    steps, label = [parts[0].text], parts[0].text
    rest = list(parts[1:])
    many = False
    explicit: str | None = None
    while rest and explicit is None:
        part = rest.pop(0)
        if not part.quoted and part.text in ATTRIBUTE_KINDS and not rest:
            explicit = part.text
        elif not part.quoted and part.text == "L":
            steps.append("L")
            label += "[]"
            many = True
        else:
            member = rest.pop(0) if not part.quoted and part.text == "M" and rest else part
            steps += ["M", member.text]
            label += f".{member.text}"
    letter = explicit or _type(test, image, label, key, types)
    _agree(test, letter, label, key, nested=len(steps) > 1)
    return FieldTarget(
        keys=("dynamodb", image, *steps, letter),
        kind=ATTRIBUTE_KINDS[letter],
        type_key=letter,
        many=many or letter in SETS,
        always=image == "Keys" and key is not None,
    )


def _type(test: Comparison, image: str, label: str, key: KeySchema | None, types: Mapping[str, str]) -> str:
    letter = types.get(label) or (key.types.get(label) if key is not None else None)
    letter = letter or _implied(test.values)
    if letter is None:
        raise test.fault(
            f"The type of `{label}` is not known.",
            hint=f"Write it after the name, such as {image}.{label}.S, or use --type {label}=S.",
        )
    if letter not in _SCALARS:
        raise test.fault(
            f"`{label}` is {'a map' if letter == 'M' else 'a list'}: a filter compares the values inside.",
            hint=f"Add the path to a value, such as {image}.{label}.{'NAME' if letter == 'M' else 'L'}.S.",
        )
    return letter


def _implied(values: Sequence[Value]) -> str | None:
    """The type that the literals have in DynamoDB, if it is one type."""
    kinds = {_literal(value) for value in values}
    return kinds.pop() if len(kinds) == 1 else None


def _literal(value: Value) -> str:
    match value:
        case bool():
            return "BOOL"
        case None:
            return "NULL"
        case Decimal():
            return "N"
        case _:
            return "S"


def _agree(test: Comparison, letter: str, label: str, key: KeySchema | None, *, nested: bool) -> None:
    expected = key.types.get(label) if key is not None and not nested else None
    if expected is not None and expected != letter:
        raise test.fault(
            f"The key attribute `{label}` has the type {expected}, not {letter}.", hint=f"Write {expected}."
        )
