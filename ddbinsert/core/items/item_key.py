"""The key of an item that a user gave: checked, and completed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ddbinsert.core.items.convert import Item, ItemError, is_typed

if TYPE_CHECKING:
    from ddbinsert.core.model.record import KeySchema

#: Levels below an item in which a misplaced key is searched.
_SEARCHED = 6
_MIXED = " (it is DynamoDB JSON, and other attributes are not: write the whole item in one of the two forms)"
_ADVICE = {
    ("N", "S"): " (quote it)",
    ("S", "N"): " (leave the quotes out)",
    ("S", "B"): ' (write the item as DynamoDB JSON, with {"B": "base64…"})',
}


def with_key(item: Item, schema: KeySchema, made: Item) -> tuple[Item, bool]:
    """The item with missing key attributes taken from ``made``, and whether any was missing.

    Raises:
        ItemError: A key attribute is of another type than the table's, or empty, or only inside another attribute.
    """
    for attribute in schema.attributes:
        value = item.get(attribute.name)
        if value is None:
            continue
        ((letter, content),) = value.items()
        if letter != attribute.type.value:
            mixed = letter == "M" and is_typed(content)
            raise ItemError(
                f"{attribute.name} is of type {letter}, but the table's key requires {attribute.type.value}"
                f"{_MIXED if mixed else _ADVICE.get((letter, attribute.type.value), '')}"
            )
        if not content:
            raise ItemError(f"{attribute.name} is empty, which is not allowed for a key attribute")
    missing = {name: made[name] for name in schema.types if name not in item}
    if len(missing) == len(schema.attributes) and (place := _place_of_key(item, schema)):
        raise ItemError(
            f"{', '.join(missing)} is missing, but {place} has it: the item seems to be inside; give it alone, or with a key"
        )
    return {**missing, **item}, bool(missing)


def _place_of_key(item: Mapping[str, Any], schema: KeySchema, depth: int = 1) -> str | None:
    """The path of a map inside an item that has all key attributes; None if there is none."""
    for name, value in item.items():
        ((letter, content),) = value.items()
        members = content if letter == "L" else [value]
        for inner in (one["M"] for one in members if isinstance(one, Mapping) and "M" in one):
            if schema.types.keys() <= inner.keys():
                return name
            if depth < _SEARCHED and (found := _place_of_key(inner, schema, depth + 1)):
                return f"{name}.{found}"
    return None
