"""An audit entry: what was made, when, where, and by whom. The same for the same event, however often.

eventID         the stream record's id
time            when the item was written: 2024-11-01T12:00:00.000Z (DynamoDB tells it by the second)
table, source   the table's name; the stream's ARN
sequenceNumber  the record's place in its shard
item            the key in one text, {"pk":"a"}: what an index is asked for
keys, image     the key and the item (null where the view type has none), redacted
user            the attribute at USER_ATTRIBUTE, as text; null where there is none
identity        the record's userIdentity, where it has one
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ddbinsert_document import change_of
from ddbinsert_item import dumps, lookup, native, plain_map, redact, table_of, text_of, time_of

if TYPE_CHECKING:
    from ddbinsert_batch import Record


@dataclass(frozen=True)
class Wishes:
    """``user``: the path of the attribute that says who. ``redacted``: paths whose values are not kept."""

    user: tuple[str, ...] = ()
    redacted: list[tuple[str, ...]] = field(default_factory=list)


def entry_of(record: Record, wishes: Wishes) -> dict[str, Any]:
    """The entry in plain values."""
    change = change_of(record)
    return {
        **_facts(record, wishes),
        "keys": plain_map(redact(change["Keys"], wishes.redacted)),
        "image": plain_map(redact(change.get("NewImage"), wishes.redacted)),
        "identity": record.get("userIdentity"),
    }


def item_of_table(record: Record, wishes: Wishes) -> dict[str, Any]:
    """The entry as an item of a DynamoDB table; what is null is left out, for an index takes no null."""
    change = change_of(record)
    if not record.get("eventID"):
        raise ValueError("the record has no eventID, which is the entry's key")
    texts = {name: {"S": text} for name, text in _facts(record, wishes).items() if text}
    maps = {"keys": change["Keys"], "image": change.get("NewImage")}
    images = {
        name: native({"M": redact(one, wishes.redacted)}) for name, one in maps.items() if one is not None
    }
    identity = record.get("userIdentity")
    return {**texts, **images, **({"identity": {"S": dumps(identity)}} if identity else {})}


def _facts(record: Record, wishes: Wishes) -> dict[str, str | None]:
    change = change_of(record)
    return {
        "eventID": record.get("eventID"),
        "time": time_of(record),
        "table": table_of(record),
        "source": record.get("eventSourceARN"),
        "sequenceNumber": change.get("SequenceNumber"),
        "item": dumps(plain_map(redact(change["Keys"], wishes.redacted))),
        "user": _user(change, wishes),
    }


def _user(change: dict[str, Any], wishes: Wishes) -> str | None:
    if not wishes.user:
        return None
    attributes = {**change["Keys"], **(change.get("NewImage") or {})}
    found = lookup(redact(attributes, wishes.redacted), wishes.user)
    return text_of(found) or None
