"""Builds items with values at given paths: trees of AttributeValues, each with one type key."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from ddbinsert.core.filters.record.kinds import SETS
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.filters.record.place import Reading


class TypeConflict(Exception):
    """Two values need different type keys at the same path."""


@dataclass(slots=True)
class Slot:
    """An AttributeValue under construction.

    Attributes:
        type_key: The type key, set by the first value below it.
        content: The value of a scalar or of a set's element.
        members: The members of M by name; the single element of L has the name "".
    """

    type_key: str = ""
    content: object = None
    members: dict[str, Slot] = field(default_factory=dict)

    def claim(self, type_key: str) -> None:
        if self.type_key not in ("", type_key):
            raise TypeConflict(f"{self.type_key} and {type_key}")
        self.type_key = type_key

    def json(self) -> dict[str, Any]:
        """The AttributeValue."""
        if self.type_key == "M":
            return {"M": {name: member.json() for name, member in self.members.items()}}
        if self.type_key == "L":
            return {"L": [member.json() for member in self.members.values()]}
        return {self.type_key: [self.content] if self.type_key in SETS else self.content}


def slot_at(item: dict[str, Slot], reading: Reading) -> Slot:
    """The slot of a reading's value; missing slots are created.

    Fields below one list must hold for the same element, so a list has one element.

    Raises:
        TypeConflict: A part of the path has another type key.
    """
    name, *rest = reading
    slot = item.setdefault(name, Slot())
    while rest:
        type_key = rest.pop(0)
        slot.claim(type_key)
        if type_key == "M":
            slot = slot.members.setdefault(rest.pop(0), Slot())
        elif type_key == "L":
            slot = slot.members.setdefault("", Slot())
    return slot
