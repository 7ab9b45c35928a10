"""The vocabulary of a stream record: view types, event names, keys."""

from __future__ import annotations

from enum import StrEnum

from ddbinsert.dataclass import dataclass


class StreamView(StrEnum):
    """The content of a stream record in addition to the keys (DynamoDB's StreamViewType)."""

    KEYS_ONLY = "KEYS_ONLY"
    NEW_IMAGE = "NEW_IMAGE"
    OLD_IMAGE = "OLD_IMAGE"
    NEW_AND_OLD_IMAGES = "NEW_AND_OLD_IMAGES"

    @property
    def has_new_image(self) -> bool:
        return self in (StreamView.NEW_IMAGE, StreamView.NEW_AND_OLD_IMAGES)

    @property
    def has_old_image(self) -> bool:
        return self in (StreamView.OLD_IMAGE, StreamView.NEW_AND_OLD_IMAGES)


class EventName(StrEnum):
    """What happened to the item (the eventName of a stream record)."""

    INSERT = "INSERT"
    MODIFY = "MODIFY"
    REMOVE = "REMOVE"


class KeyType(StrEnum):
    """The types that a key attribute can have."""

    S = "S"
    N = "N"
    B = "B"


@dataclass(frozen=True, kw_only=True)
class KeyAttribute:
    name: str
    type: KeyType


@dataclass(frozen=True, kw_only=True)
class KeySchema:
    """A table's primary key.

    Attributes:
        partition: The partition (hash) key.
        sort: The sort (range) key; None if the table has none.
    """

    partition: KeyAttribute
    sort: KeyAttribute | None = None

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    @property
    def types(self) -> dict[str, str]:
        """Attribute name to type letter."""
        return {attribute.name: attribute.type.value for attribute in self.attributes}
