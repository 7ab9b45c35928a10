"""Queries of an audit table: the choice of the index, the conditions, and reading entries.

The table is what the audit-log template writes to: partition key ``eventID`` (S), and attributes ``time`` (ISO 8601,
so that texts sort as times do), ``position`` (time and sequence number), ``table``, ``slot`` (the table's
name and one of 16 numbers), ``item`` (the key as one text), ``user``, ``keys``, ``image``, ``test`` (of a
test item: verify's run). Every index with the partition key ``item``, ``user``, ``table`` or ``slot``, and
the sort key ``position`` or ``time``, is used.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: The partition keys of the indexes of a table that ddbinsert creates, by index name.
INDEXES = {"by-item": "item", "by-user": "user"}
TABLE_INDEX = ("by-table", "slot")
KEY = "eventID"
TIME = "time"
POSITION = "position"
#: Number of partitions of a table's entries in the index by table.
SLOTS = 16
#: Maximum size in bytes of an index's partition key; longer texts are shortened as in the template.
_LONGEST_KEY = 2048
#: Sorts after every sequence number in a position.
_AFTER = "$"

# The template's way to write texts: see ddbinsert_item.dumps.
_ESCAPED = re.compile("[\x7f\u2028\u2029\ufffe\uffff\ud800-\udfff]")


class _Digits(str):
    """A number with its digits preserved."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Question:
    """The conditions of a query; None matches any value.

    Attributes:
        item: The key in the template's form (``item_text``).
        since, until: ISO 8601, both inclusive.
    """

    item: str | None = None
    user: str | None = None
    table: str | None = None
    since: str | None = None
    until: str | None = None

    @property
    def equals(self) -> dict[str, str]:
        """The equality conditions: value by attribute."""
        wanted = {"item": self.item, "user": self.user, "table": self.table}
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index of the table.

    Attributes:
        name: The index's name.
        partition: Its partition key.
        sort: Its sort key, if it has one.
    """

    name: str
    partition: str
    sort: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """An entry of the audit log in the form of the audit-log template.

    Attributes:
        event_id: The record's eventID, the key of the audit table.
        time: When the item was inserted, in ISO 8601 (UTC, milliseconds).
        table: Name of the table.
        item: The item's key as text.
        user: The attribute that USER_ATTRIBUTE names, as text; None if the item has none.
        source: ARN of the stream.
        sequence_number: The record's sequence number, digits.
        keys: The item's key in DynamoDB JSON, B as base64.
        image: The new item in DynamoDB JSON, B as base64; None if it is not stored.
        identity: The record's ``userIdentity``, if it has one.
        test: The run of verify whose test item this is.
        image_omitted: Size and SHA-256 of an image that was too large to store.
    """

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
    test: str | None = None
    image_omitted: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class AuditQueryResult:
    """The result of a query.

    Attributes:
        index: The index that was queried; None if the whole table was read.
        more: There may be older entries.
        test_items: Number of entries of verify's test items that were left out.
    """

    audit: str
    index: str | None
    entries: tuple[AuditEntry, ...]
    more: bool
    test_items: int = 0


def index_value(text: str) -> str:
    """A text in the template's form for an indexed attribute: complete, or shortened with a SHA-256 of the whole."""
    content = text.encode("utf-8", "surrogatepass")
    if len(content) <= _LONGEST_KEY:
        return text
    ending = f"#sha256:{hashlib.sha256(content).hexdigest()}"
    return content[: _LONGEST_KEY - len(ending)].decode("utf-8", "ignore") + ending


def item_text(key: str) -> str:
    """A key, ``{"id":"a","n":5}``, in the template's form: names sorted, digits of numbers preserved.

    Raises:
        UsageError: It is not a JSON object of texts and numbers.
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
    parts = (f"{_quoted(name)}:{_format_value(document[name])}" for name in sorted(document))
    return index_value("{" + ",".join(parts) + "}")


def key_text(keys: Mapping[str, Mapping[str, Any]]) -> str:
    """The template's form of a key in DynamoDB JSON."""
    parts = []
    for name in sorted(keys):
        ((letter, value),) = keys[name].items()
        parts.append(f"{_quoted(name)}:{value if letter == 'N' else _quoted(str(value))}")
    return index_value("{" + ",".join(parts) + "}")


def _no_key(key: str) -> UsageError:
    return UsageError(
        f"{key!r} is not a key.",
        hint='Write it as JSON, numbers as numbers: --key \'{"id":"a","n":5}\'.',
        code="bad-key",
    )


def _format_value(value: str) -> str:
    return str(value) if isinstance(value, _Digits) else _quoted(value)


def _quoted(text: str) -> str:
    written = json.dumps(str(text), ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


#: The indexes' partition keys, by increasing amount of data read, and the condition that each needs.
_ORDER = {"item": "item", "user": "user", "slot": "table", "table": "table"}
_SORTS = (POSITION, TIME)


def choose(question: Question, indexes: Iterable[Index]) -> Index | None:
    """The index for which the least data is read; None if the whole table must be read.

    The order of preference is item (few entries), user, table.
    """
    wanted = question.equals
    fitting = [one for one in indexes if _ORDER.get(one.partition) in wanted]
    order = list(_ORDER)
    return min(fitting, key=lambda one: (order.index(one.partition), one.sort not in _SORTS), default=None)


def requests(question: Question, index: Index | None) -> list[dict[str, Any]]:
    """Parameters of the Query calls (with an index), or of the single Scan, that together return the result."""
    if index is None or index.partition != "slot":
        return [request(question, index)]
    return [request(question, index, slot=f"{question.table}#{number:02d}") for number in range(SLOTS)]


def request(question: Question, index: Index | None, *, slot: str = "") -> dict[str, Any]:
    """Parameters of Query (with an index) or Scan."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    key: list[str] = []
    rest: list[str] = []
    equals = dict(question.equals)
    if slot:
        del equals["table"]
        equals["slot"] = slot
    for name, value in equals.items():
        names[f"#{name}"] = name
        values[f":{name}"] = {"S": value}
        (key if index and name == index.partition else rest).append(f"#{name} = :{name}")
    sort = index.sort if index and index.sort in _SORTS else None
    span = _span(question, sort or TIME, names, values)
    if span:
        (key if sort else rest).append(span)
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


def _span(question: Question, attribute: str, names: dict[str, str], values: dict[str, Any]) -> str:
    if question.since is None and question.until is None:
        return ""
    names[f"#{attribute}"] = attribute
    if question.since is not None:
        values[":since"] = {"S": question.since}
    if question.until is not None:
        values[":until"] = {"S": question.until + (_AFTER if attribute == POSITION else "")}
    if question.since is None:
        return f"#{attribute} <= :until"
    return f"#{attribute} >= :since" if question.until is None else f"#{attribute} BETWEEN :since AND :until"


def entry_of(item: Mapping[str, Mapping[str, Any]]) -> AuditEntry:
    """The entry in an item of the table (DynamoDB JSON); missing attributes are empty."""

    def text(name: str) -> str:
        return str(item.get(name, {}).get("S", ""))

    return AuditEntry(
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
        test=text("test") or None,
        image_omitted=item.get("imageOmitted", {}).get("M"),
    )


def newest(entries: Sequence[AuditEntry], limit: int) -> list[AuditEntry]:
    """The newest ``limit`` entries, newest first; entries of the same second are sorted by sequence number."""

    def order(entry: AuditEntry) -> tuple[str, int]:
        number = entry.sequence_number
        return entry.time, int(number) if number.isdecimal() else 0

    return sorted(entries, key=order, reverse=True)[:limit]
