"""Asking an audit table: which index answers, with which conditions; entries read back.

The table is what the audit-log template writes to: partition key ``eventID`` (S), and attributes ``time`` (ISO 8601,
so that texts sort as times do), ``table``, ``item`` (the key as one text), ``user``, ``keys``, ``image``. Indexes are
whatever the user made: one with the partition key ``item``, ``user`` or ``table``, and the sort key ``time``, is used.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: What an index is made for: its name in a table that ddbinsert makes, and its partition key.
INDEXES = {"by-item": "item", "by-user": "user"}
TABLE_INDEX = ("by-table", "table")
KEY = "eventID"
TIME = "time"

# As the template writes texts: see ddbinsert_item.dumps.
_ESCAPED = re.compile("[\x7f\u2028\u2029\ufffe\uffff\ud800-\udfff]")


class _Digits(str):
    """A number by its digits."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked; None doesn't matter.

    Attributes:
        item: The key as the template writes it (``item_text``). since, until: ISO 8601, both included.
    """

    item: str | None = None
    user: str | None = None
    table: str | None = None
    since: str | None = None
    until: str | None = None

    @property
    def equals(self) -> dict[str, str]:
        wanted = {"item": self.item, "user": self.user, "table": self.table}
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index of the table: its partition key, and its sort key where it has one."""

    name: str
    partition: str
    sort: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An audit entry. ``keys`` and ``image`` are in DynamoDB JSON, B as base64."""

    event_id: str
    time: str
    table: str
    item: str
    user: str | None
    source: str
    sequence_number: str
    keys: Mapping[str, Any] = field(default_factory=dict)
    image: Mapping[str, Any] | None = None
    identity: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the audit table says.

    Attributes:
        index: The index that answered; None where the whole table was read.
        more: There may be older entries than these.
    """

    audit: str
    index: str | None
    entries: tuple[Entry, ...]
    more: bool


def item_text(key: str) -> str:
    """A key, ``{"id":"a","n":5}``, as the template writes it: names sorted, numbers by their digits.

    Raises:
        UsageError: It is no JSON object of texts and numbers.
    """
    try:
        document = json.loads(key, parse_int=_Digits, parse_float=_Digits)
    except (ValueError, RecursionError) as error:
        raise _no_key(key) from error
    if (
        not isinstance(document, dict)
        or not document
        or not all(isinstance(v, str) for v in document.values())
    ):
        raise _no_key(key)
    parts = (f"{_quoted(name)}:{_written(document[name])}" for name in sorted(document))
    return "{" + ",".join(parts) + "}"


def _no_key(key: str) -> UsageError:
    return UsageError(
        f"{key!r} is no key.",
        hint='Write it as JSON, numbers as numbers: --key \'{"id":"a","n":5}\'.',
        code="bad-key",
    )


def _written(value: str) -> str:
    return str(value) if isinstance(value, _Digits) else _quoted(value)


def _quoted(text: str) -> str:
    written = json.dumps(str(text), ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def choose(question: Question, indexes: Iterable[Index]) -> Index | None:
    """The index that answers with the least reading; None where only the whole table does.

    By item first (few entries), then by user, then by table.
    """
    wanted = question.equals
    fitting = [one for one in indexes if one.partition in wanted]
    order = {name: place for place, name in enumerate(("item", "user", "table"))}
    return min(fitting, key=lambda one: (order[one.partition], one.sort != TIME), default=None)


def request(question: Question, index: Index | None) -> dict[str, Any]:
    """Parameters of Query (with an index) or Scan."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    key: list[str] = []
    rest: list[str] = []
    for name, value in question.equals.items():
        names[f"#{name}"] = name
        values[f":{name}"] = {"S": value}
        (key if index and name == index.partition else rest).append(f"#{name} = :{name}")
    span = _span(question, names, values)
    if span:
        (key if index and index.sort == TIME else rest).append(span)
    made: dict[str, Any] = {}
    if index:
        made |= {
            "IndexName": index.name,
            "KeyConditionExpression": " AND ".join(key),
            "ScanIndexForward": False,
        }
    if rest:
        made["FilterExpression"] = " AND ".join(rest)
    if names:
        made |= {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    return made


def _span(question: Question, names: dict[str, str], values: dict[str, Any]) -> str:
    if question.since is None and question.until is None:
        return ""
    names["#time"] = TIME
    if question.since is not None:
        values[":since"] = {"S": question.since}
    if question.until is not None:
        values[":until"] = {"S": question.until}
    if question.since is None:
        return "#time <= :until"
    return "#time >= :since" if question.until is None else "#time BETWEEN :since AND :until"


def entry_of(item: Mapping[str, Mapping[str, Any]]) -> Entry:
    """The entry in an item of the table (DynamoDB JSON); what is missing is empty."""

    def text(name: str) -> str:
        return str(item.get(name, {}).get("S", ""))

    return Entry(
        event_id=text(KEY),
        time=text(TIME),
        table=text("table"),
        item=text("item"),
        user=text("user") or None,
        source=text("source"),
        sequence_number=text("sequenceNumber"),
        keys=item.get("keys", {}).get("M", {}),
        image=item["image"].get("M") if "image" in item else None,
        identity=text("identity") or None,
    )


def newest(entries: Sequence[Entry], limit: int) -> list[Entry]:
    """The newest ``limit``, newest first; entries of one second by their sequence number."""

    def order(entry: Entry) -> tuple[str, int]:
        number = entry.sequence_number
        return entry.time, int(number) if number.isdecimal() else 0

    return sorted(entries, key=order, reverse=True)[:limit]
