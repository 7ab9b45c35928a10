"""Querying an audit table: which index answers, with which conditions; entries read back.

The table is what the audit-log template writes to: partition key ``eventID`` (S), and attributes ``time`` (ISO 8601,
so that texts sort as times do), ``position`` (time and sequence number), ``table``, ``slot`` (the table's name and one
of 16 numbers), ``item`` (the key as one text), ``user``, ``keys``, ``image``, ``test`` (of a test item: verify's run).
Any index with the partition key ``item``, ``user``, ``table`` or ``slot``, and the sort key ``position`` or ``time``,
is used.
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

#: The indexes of a table that ddbinsert makes, by name: their partition keys.
INDEXES = {"by-item": "item", "by-user": "user"}
TABLE_INDEX = ("by-table", "slot")
KEY = "eventID"
TIME = "time"
POSITION = "position"
#: Number of partitions that a table's entries are spread over in the index by table.
SLOTS = 16
#: Bytes that DynamoDB takes as an index's partition key; longer texts are cut, as the template cuts them.
_LONGEST_KEY = 2048
#: Sorts after every sequence number in a position.
_AFTER = "$"

# As the template writes texts: see ddbinsert_item.dumps.
_ESCAPED = re.compile("[\x7f\u2028\u2029\ufffe\uffff\ud800-\udfff]")


class _Digits(str):
    """A number by its digits."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Question:
    """The conditions of a query; None means any.

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
        """Attribute to value, of the conditions that are equalities."""
        wanted = {"item": self.item, "user": self.user, "table": self.table}
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index of the table: its partition key, and its sort key where it has one."""

    name: str
    partition: str
    sort: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """An entry of the audit log, as the audit-log template writes it.

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
        identity: The record's ``userIdentity``, where it has one.
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
        index: The index that answered; None if the whole table was read.
        more: There may be older entries than these.
        test_items: Number of entries of verify's test items that were left out among these.
    """

    audit: str
    index: str | None
    entries: tuple[AuditEntry, ...]
    more: bool
    test_items: int = 0


def cut(text: str) -> str:
    """A text as the template writes it to an indexed attribute: whole, or its beginning and a SHA-256 of all of it."""
    content = text.encode("utf-8", "surrogatepass")
    if len(content) <= _LONGEST_KEY:
        return text
    ending = f"#sha256:{hashlib.sha256(content).hexdigest()}"
    return content[: _LONGEST_KEY - len(ending)].decode("utf-8", "ignore") + ending


def item_text(key: str) -> str:
    """A key, ``{"id":"a","n":5}``, as the template writes it: names sorted, numbers by their digits.

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
    parts = (f"{_quoted(name)}:{_written(document[name])}" for name in sorted(document))
    return cut("{" + ",".join(parts) + "}")


def key_text(keys: Mapping[str, Mapping[str, Any]]) -> str:
    """A key in DynamoDB JSON as the template writes it."""
    parts = []
    for name in sorted(keys):
        ((letter, value),) = keys[name].items()
        parts.append(f"{_quoted(name)}:{value if letter == 'N' else _quoted(str(value))}")
    return cut("{" + ",".join(parts) + "}")


def _no_key(key: str) -> UsageError:
    return UsageError(
        f"{key!r} is not a key.",
        hint='Write it as JSON, numbers as numbers: --key \'{"id":"a","n":5}\'.',
        code="bad-key",
    )


def _written(value: str) -> str:
    return str(value) if isinstance(value, _Digits) else _quoted(value)


def _quoted(text: str) -> str:
    written = json.dumps(str(text), ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


#: The indexes' partition keys, those that read least first, and the condition that each needs.
_ORDER = {"item": "item", "user": "user", "slot": "table", "table": "table"}
_SORTS = (POSITION, TIME)


def choose(question: Question, indexes: Iterable[Index]) -> Index | None:
    """The index that answers with the least reading; None if only the whole table does.

    By item first (few entries), then by user, then by table.
    """
    wanted = question.equals
    fitting = [one for one in indexes if _ORDER.get(one.partition) in wanted]
    order = list(_ORDER)
    return min(fitting, key=lambda one: (order.index(one.partition), one.sort not in _SORTS), default=None)


def requests(question: Question, index: Index | None) -> list[dict[str, Any]]:
    """Parameters of the Query calls (with an index) or of the one Scan that answer together."""
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
    """The entry in an item of the table (DynamoDB JSON); what is missing is empty."""

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
    """The newest ``limit``, newest first; entries of one second by their sequence number."""

    def order(entry: AuditEntry) -> tuple[str, int]:
        number = entry.sequence_number
        return entry.time, int(number) if number.isdecimal() else 0

    return sorted(entries, key=order, reverse=True)[:limit]
