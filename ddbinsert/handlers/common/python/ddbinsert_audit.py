"""An audit entry: what was created, when, where, and by whom. The same event always has the same entry.

eventID         the stream record's id
time            when the item was written: 2024-11-01T12:00:00.000Z (DynamoDB's resolution is one second)
table, source   the table's name; the stream's ARN
sequenceNumber  the record's position in its shard
item            the key as one text, {"pk":"a"}, for queries of an index
keys, image     the key and the item (null if the view type has none), masked as REDACT says
user            the attribute at USER_ATTRIBUTE, as text; null if there is none
identity        the record's userIdentity, if it has one
imageOmitted    only if the item was too large for the sink: its size in bytes and SHA-256 as plain JSON
test            only for test items of ``ddbinsert verify``: the run's id
backfill        only for items that ``ddbinsert backfill`` sent to the function, instead of an insert: the run's id

A table also has position (time and sequence number, in a sortable form) and slot (the table's name and one of 16
numbers), for an index by table; and expires (epoch seconds), with RETENTION_DAYS. ``item`` and ``user`` are cut to the
length limit of an index, with a SHA-256 of the whole text.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ddbinsert_document import change_of
from ddbinsert_item import depth_of, dumps, lookup, milliseconds_of, plain_map, table_of, text_of, time_of
from ddbinsert_privacy import Privacy

if TYPE_CHECKING:
    from ddbinsert_tally import Record

# DynamoDB's limit for an index's partition key, in bytes.
_LONGEST_KEY = 2048
_SLOTS = 16
# DynamoDB allows 32 levels of nesting; in its entry, the image is one level deeper than in the item.
_DEEPEST = 30
_SEQUENCE_DIGITS = 40


@dataclass(frozen=True)
class Wanted:
    """The settings of entries.

    Attributes:
        user: Path of the attribute with the user.
        privacy: What must not be shown.
        days: Days after which an entry expires; 0 for never.
    """

    user: tuple[str, ...] = ()
    privacy: Privacy = field(default_factory=Privacy)
    days: int = 0


def entry_of(record: Record, wanted: Wanted, *, whole: bool = True) -> dict[str, Any]:
    """The entry in plain values; unless ``whole``, the image is left out, and the entry says so."""
    change = change_of(record)
    image = wanted.privacy.redact(change.get("NewImage"))
    omitted = image is not None and not whole
    entry = {
        **_facts(record, wanted),
        "keys": plain_map(wanted.privacy.redact(change["Keys"])),
        "image": None if omitted else plain_map(image),
        "identity": record.get("userIdentity"),
    }
    if omitted:
        entry["imageOmitted"] = _omitted(image)
    marks = {"test": wanted.privacy.test_run_of(record), "backfill": _backfill_of(record)}
    return {**entry, **{name: run for name, run in marks.items() if run}}


def item_of_table(record: Record, wanted: Wanted, *, whole: bool = True) -> dict[str, Any]:
    """The entry as an item in DynamoDB JSON; null values are left out, as an index does not accept them."""
    change = change_of(record)
    if not record.get("eventID"):
        raise ValueError("the record has no eventID, which is the entry's key")
    facts = _facts(record, wanted)
    facts["position"] = f"{facts['time'] or ''}#{str(facts['sequenceNumber'] or '').zfill(_SEQUENCE_DIGITS)}"
    facts["slot"] = f"{facts['table']}#{_slot(record['eventID']):02d}"
    facts["test"] = wanted.privacy.test_run_of(record)
    facts["backfill"] = _backfill_of(record)
    item: dict[str, Any] = {name: {"S": text} for name, text in facts.items() if text}
    item["keys"] = {"M": wanted.privacy.redact(change["Keys"])}
    image = wanted.privacy.redact(change.get("NewImage"))
    if image is not None and whole and depth_of({"M": image}) <= _DEEPEST:
        item["image"] = {"M": image}
    elif image is not None:
        omitted = _omitted(image)
        item["imageOmitted"] = {
            "M": {"bytes": {"N": str(omitted["bytes"])}, "sha256": {"S": omitted["sha256"]}}
        }
    if wanted.days:
        item["expires"] = {
            "N": str((milliseconds_of(record) or int(time.time() * 1000)) // 1000 + wanted.days * 86400)
        }
    identity = record.get("userIdentity")
    return {**item, "identity": {"S": dumps(identity)}} if identity else item


def _facts(record: Record, wanted: Wanted) -> dict[str, str | None]:
    change = change_of(record)
    return {
        "eventID": record.get("eventID"),
        "time": time_of(record),
        "table": table_of(record),
        "source": record.get("eventSourceARN"),
        "sequenceNumber": change.get("SequenceNumber"),
        "item": cut(dumps(plain_map(wanted.privacy.redact(change["Keys"])))),
        "user": _user(change, wanted),
    }


def _backfill_of(record: Record) -> str | None:
    mark = record.get("ddbinsert")
    run = mark.get("backfill") if isinstance(mark, dict) else None
    return run if isinstance(run, str) else None


def _user(change: dict[str, Any], wanted: Wanted) -> str | None:
    if not wanted.user:
        return None
    attributes = {**change["Keys"], **(change.get("NewImage") or {})}
    return cut(text_of(lookup(wanted.privacy.redact(attributes), wanted.user))) or None


def cut(text: str) -> str:
    """The text, or if it is too long for an index, its beginning and the SHA-256 of the whole text."""
    content = text.encode()
    if len(content) <= _LONGEST_KEY:
        return text
    ending = f"#sha256:{hashlib.sha256(content).hexdigest()}"
    return content[: _LONGEST_KEY - len(ending)].decode("utf-8", "ignore") + ending


def _omitted(image: dict[str, Any] | None) -> dict[str, Any]:
    content = dumps(plain_map(image)).encode()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _slot(event_id: str) -> int:
    return hashlib.sha256(event_id.encode()).digest()[0] % _SLOTS
