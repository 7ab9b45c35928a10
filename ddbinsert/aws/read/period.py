"""The items of a period, by queries of an index (or of the table) whose sort key is a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.read.scan import described_table, paged
from ddbinsert.core.items.convert import ItemError, canonical, item_of
from ddbinsert.core.items.time_key import Period, TimeForm, form_of
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Maximum number of items of a page: a page of 1 MB may have tens of thousands, which are in memory.
_PAGE = 10_000
_NEXT = (
    "Use an index whose sort key is a time, or leave out --partition and --since to compare the whole table."
)


@dataclass(frozen=True, kw_only=True)
class TimeIndex:
    """An index, or the table itself, whose sort key may be a time.

    Attributes:
        name: The index; None for the table itself.
        partition: Name of its partition key.
        partition_type: Type of its partition key.
        sort: Name of its sort key.
        size: Bytes, which DynamoDB counts every six hours.
        whole: Whether its items have all attributes. Of a local index without them, DynamoDB reads whole items one by one
            from the table, for more units than the estimate; some endpoints return only the keys.
    """

    table: str
    name: str | None
    partition: str
    partition_type: str
    sort: str
    size: int
    whole: bool = True

    @property
    def words(self) -> str:
        return f"index {self.name}" if self.name else f"table {self.table}"

    def values(self, period: Period) -> tuple[dict[str, Any], ...]:
        """The values of the partition key, in the form of the SDK, each once.

        Raises:
            UsageError: A value does not have the key's type.
        """
        found: dict[str, dict[str, Any]] = {}
        for text in period.partitions:
            try:
                value = item_of({self.partition: {self.partition_type: text}})[self.partition]
            except ItemError as error:
                raise UsageError(
                    f"--partition {text!r:.80}: {error}.",
                    hint=f"{self.partition} has the type {self.partition_type}"
                    f"{' (base64)' if self.partition_type == 'B' else ''}.",
                    code="bad-partition",
                ) from error
            found.setdefault(canonical({self.partition: value}), dict(value))
        return tuple(found.values())


def time_index(aws: Aws, table: str, name: str | None) -> TimeIndex:
    """The index of this name, or the table itself.

    Raises:
        PrerequisiteError: There is no such index, it is being created, or its sort key cannot be a time.
    """
    described = described_table(aws, table)
    indexes = {
        one["IndexName"]: one
        for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes")
        for one in described.get(kind) or ()
    }
    if name is not None and name not in indexes:
        known = ", ".join(sorted(indexes))
        raise PrerequisiteError(
            f"Table {table} has no index {name}.",
            hint=f"It has {known}." if known else f"It has no indexes. {_NEXT}",
            code="index-not-found",
        )
    found = described if name is None else indexes[name]
    what = f"table {table}" if name is None else f"index {name}"
    status = found.get("IndexStatus", "ACTIVE")
    if name is not None and (status != "ACTIVE" or found.get("Backfilling")):
        raise PrerequisiteError(
            f"The {what} is not complete yet ({status}).",
            hint="Wait until it is ACTIVE, then run the command again.",
            code="index-not-ready",
        )
    types = {one["AttributeName"]: one["AttributeType"] for one in described["AttributeDefinitions"]}
    partitions, sorts = (
        [one["AttributeName"] for one in found["KeySchema"] if one["KeyType"] == kind]
        for kind in ("HASH", "RANGE")
    )
    why = ""
    if len(partitions) != 1 or len(sorts) > 1:
        why = "has several partition or sort keys, which are not supported here"
    elif not sorts:
        why = "has no sort key"
    elif types[sorts[0]] == "B":
        why = f"has a binary sort key ({sorts[0]})"
    if why:
        raise _unusable(what, why)
    return TimeIndex(
        table=table,
        name=name,
        partition=partitions[0],
        partition_type=types[partitions[0]],
        sort=sorts[0],
        size=int(found.get("TableSizeBytes" if name is None else "IndexSizeBytes") or 0),
        whole=name is None or (found.get("Projection") or {}).get("ProjectionType") == "ALL",
    )


def form_in(aws: Aws, index: TimeIndex, value: Mapping[str, Any], clock: Clock) -> TimeForm | None:
    """The form of the times in a partition, by its first and its last item; None if it has no items.

    Raises:
        PrerequisiteError: Its sort key is not a time, or not in one form.
    """
    request = {
        **_request(index, "#p = :p", {":p": value}, (index.sort,)),
        "Limit": 1,
    }
    ends = [
        item[index.sort]
        for forward in (True, False)
        for item in next(paged(aws, [{**request, "ScanIndexForward": forward}], clock), [])
    ]
    if not ends:
        return None
    forms = {form_of(one) for one in ends}
    first, last = (next(iter(one.values())) for one in ends)
    if None in forms:
        values = f"{first!r:.60} to {last!r:.60}" if first != last else f"{first!r:.60}"
        raise _unusable(
            index.words,
            f"is not in the order of time: {index.sort} is neither epoch time nor ISO 8601 in UTC ({values})",
        )
    if len(forms) > 1:
        raise _unusable(
            index.words, f"has times of several forms in {index.sort} ({first!r:.60} and {last!r:.60})"
        )
    return forms.pop()


def items_of(
    aws: Aws,
    index: TimeIndex,
    parts: Sequence[tuple[Mapping[str, Any], TimeForm]],
    period: Period,
    *,
    clock: Clock,
    rate: float | None = None,
    attributes: Sequence[str] = (),
) -> Iterator[dict[str, Any]]:
    """The items of a period, partition by partition, in DynamoDB JSON as boto3 returns it.

    Args:
        parts: Values of the partition key, each with the form of its times.
        rate: Maximum number of items per second.
        attributes: Names of the only attributes to read; all by default.

    Raises:
        PrerequisiteError: An item's time has another form, so that the bounds may exclude others like it.
        AwsError: The index may not be read.
    """
    shown = tuple(dict.fromkeys((*attributes, index.sort))) if attributes else ()
    began, given = clock.monotonic(), 0
    for value, form in parts:
        first, last = form.bounds(period.since, period.until)
        request = _request(
            index, "#p = :p AND #s BETWEEN :f AND :l", {":p": value, ":f": first, ":l": last}, shown
        )
        request["Limit"] = _PAGE if rate is None else max(1, min(1000, int(rate)))
        for page in paged(aws, [request], clock):
            for item in page:
                if form_of(item[index.sort]) != form:
                    text = next(iter(item[index.sort].values()))
                    raise _unusable(index.words, f"has times of several forms in {index.sort} ({text!r:.60})")
                yield item
            given += len(page)
            if rate is not None and (early := given / rate - (clock.monotonic() - began)) > 0:
                clock.sleep(early)


def _request(
    index: TimeIndex, condition: str, values: Mapping[str, Any], attributes: Sequence[str]
) -> dict[str, Any]:
    names = {"#p": index.partition, **({"#s": index.sort} if "#s" in condition else {})}
    shown = {f"#a{place}": name for place, name in enumerate(attributes)}
    request: dict[str, Any] = {
        "TableName": index.table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names | shown,
        "ExpressionAttributeValues": dict(values),
    }
    if index.name:
        request["IndexName"] = index.name
    if shown:
        request["ProjectionExpression"] = ", ".join(shown)
    elif index.name:
        request["Select"] = "ALL_ATTRIBUTES"
    return request


def _unusable(what: str, why: str) -> PrerequisiteError:
    return PrerequisiteError(
        f"A period can't be read from {what}: it {why}.", hint=_NEXT, code="index-not-usable"
    )
