"""Writing many items: in batches, concurrently, without losing or overwriting any."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import is_passing, is_throttle
from ddbinsert.aws.write.parallel_calls import CallResult, Pace, ParallelCalls
from ddbinsert.core.items.convert import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

    Item = Mapping[str, Any]
    Request = dict[str, Any]

#: Maximum number of requests in a BatchWriteItem call.
BATCH = 25
#: Maximum number of attributes in a condition, because DynamoDB limits its length.
_MOST_COMPARED = 100
#: Seconds without progress before a write fails: a table that is scaling up throttles for minutes at most.
PATIENCE = 120.0


class Put(StrEnum):
    """The result of a conditional write.

    UNSURE: an equal item exists, and an earlier attempt may have written it; its origin cannot be proven.
    CHANGED: the item has other values than this run wrote, so another writer replaced or changed it.
    """

    WRITTEN = "written"
    EXISTS = "exists"
    GONE = "gone"
    UNSURE = "unsure"
    CHANGED = "changed"


class ItemWriter:
    """Writes to one table. Items and keys are DynamoDB JSON as boto3 takes it (B as bytes).

    Throttled and unprocessed items are retried with growing pauses and fewer concurrent calls, until there is no
    progress for ``patience`` seconds. When an iterator ends (also by an error, Ctrl-C, or a caller that stops
    reading), running calls are waited for and counted, and no more are started.

    Args:
        rate: Maximum number of items per second.
        threads: Maximum number of concurrent calls.
        patience: Seconds without any progress after which a write fails.

    Attributes:
        attempted: Number of items taken from the iterables so far. They were sent, and may exist; later ones were
            never sent.
        written: Number of these that AWS has confirmed.
        on_written: Called with every confirmed portion (the items, keys, or (item, outcome) pairs), immediately and
            in the caller's thread, also if the iterator ends early.
    """

    def __init__(
        self,
        aws: Aws,
        table: str,
        clock: Clock,
        *,
        rate: float | None = None,
        threads: int = 8,
        patience: float = PATIENCE,
    ) -> None:
        self.table = table
        self.attempted = 0
        self.written = 0
        self.on_written: Callable[[list[Any]], None] | None = None
        self._aws = aws
        self._clock = clock
        self._rate = rate
        self._threads = threads
        self._patience = patience

    def put_all(self, items: Iterable[Item]) -> Iterator[int]:
        """Write by BatchWriteItem, overwriting existing items; 25 consecutive items must have different keys.

        Yields:
            The number of items written by this call so far.

        Raises:
            AwsError: AWS refused a batch, or throttled without any progress.
        """
        yield from self._batches(items, "PutRequest", "Item", f"write items to table {self.table}")

    def delete_all(self, keys: Iterable[Item]) -> Iterator[int]:
        """Delete by BatchWriteItem; a key or a table that does not exist is not an error. See put_all."""
        yield from self._batches(keys, "DeleteRequest", "Key", f"delete items of table {self.table}")

    def put_new(
        self, items: Iterable[Item], partition_key: str, sort_key: str | None = None
    ) -> Iterator[tuple[Item, Put]]:
        """Put each item unless one with its key exists.

        Each key is read before its item is put, so that an item which existed before is never reported as written by
        this call, even if the answer to a put is lost and the retry finds an equal item.

        Yields:
            Each item with WRITTEN, EXISTS or UNSURE, as answers arrive.

        Raises:
            AwsError: AWS refused an item, or throttled without any progress.
        """
        names = (partition_key,) if sort_key is None else (partition_key, sort_key)
        absent: set[str] = set()
        unsure: set[str] = set()

        def put(item: Item) -> Put:
            client = self._aws.of_table.client("dynamodb")
            identity = canonical(item)
            if identity not in absent:
                there = self._is_there({name: item[name] for name in names})
                if there:
                    return Put.EXISTS
                if there is False:
                    absent.add(identity)
            try:
                client.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(#key)",
                    ExpressionAttributeNames={"#key": partition_key},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except client.exceptions.ConditionalCheckFailedException as error:
                tried = _tries_before(error) or identity in unsure
                if not (tried and _is_equal_item(error, item)):
                    return Put.EXISTS
                return Put.WRITTEN if identity in absent else Put.UNSURE
            except Exception as error:
                if not is_throttle(error):
                    unsure.add(identity)  # it may have been written, and only the answer was lost
                raise
            return Put.WRITTEN

        return self._one_by_one(items, put, f"write items to table {self.table}")

    def look_up(self, keys: Iterable[Item]) -> Iterator[tuple[Item, Put]]:
        """Whether an item with each key exists: EXISTS or GONE.

        Raises:
            AwsError: The items may not be read.
        """

        def look(key: Item) -> Put:
            return Put.EXISTS if self._read(key) else Put.GONE

        return self._one_by_one(keys, look, f"read items of table {self.table}")

    def _is_there(self, key: Item) -> bool | None:
        """Whether an item with this key exists; None if it may not be read."""
        try:
            return self._read(key)
        except Exception as error:
            if is_passing(error):
                raise
            return None

    def _read(self, key: Item) -> bool:
        answer = self._aws.of_table.client("dynamodb").get_item(
            TableName=self.table,
            Key=key,
            ConsistentRead=True,
            ProjectionExpression="#key",
            ExpressionAttributeNames={"#key": next(iter(key))},
        )
        return "Item" in answer

    def modify_all(
        self, items: Iterable[Item], key: Container[str], attribute: str, value: Any
    ) -> Iterator[tuple[Item, Put]]:
        """Set one attribute of each item that still has the values given here.

        The outcome is GONE if the item no longer exists (it is not created again).

        Args:
            items: Keys, or items with the values that were written; `attribute` is not compared.
            key: The names of the key's attributes.
            attribute: Name of an attribute that is not in the key.
            value: In DynamoDB JSON.

        Raises:
            AwsError: AWS refused a change, or throttled without any progress.
        """

        def modify(item: Item) -> Put:
            return self._if_unchanged(
                "update_item",
                item,
                key,
                attribute,
                UpdateExpression="SET #attribute = :value",
                values={":value": value},
                names={"#attribute": attribute},
            )

        return self._one_by_one(items, modify, f"change items of table {self.table}")

    def delete_unchanged(
        self, items: Iterable[Item], key: Container[str], ignored: str
    ) -> Iterator[tuple[Item, Put]]:
        """Delete each item that still has the values given here; further attributes do not matter.

        The outcome is WRITTEN also if the item no longer exists.

        Args:
            key: The names of the key's attributes.
            ignored: Name of an attribute that is not compared.

        Raises:
            AwsError: AWS refused a call, or throttled without any progress.
        """

        def delete(item: Item) -> Put:
            try:
                done = self._if_unchanged("delete_item", item, key, ignored)
            except self._aws.of_table.client("dynamodb").exceptions.ResourceNotFoundException:
                return Put.WRITTEN  # the table was deleted, and its items with it
            return Put.WRITTEN if done is Put.GONE else done

        return self._one_by_one(items, delete, f"delete items of table {self.table}")

    def _if_unchanged(
        self,
        call: str,
        item: Item,
        key: Container[str],
        ignored: str,
        *,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Put:
        """Make a call on the item with this one's key if it has this one's values."""
        client = self._aws.of_table.client("dynamodb")
        compared = [name for name in item if name not in key and name != ignored][:_MOST_COMPARED]
        where = {name: value for name, value in item.items() if name in key}
        conditions = ["attribute_exists(#key)", *(f"#n{at} = :n{at}" for at in range(len(compared)))]
        wanted = {**(values or {}), **{f":n{at}": item[name] for at, name in enumerate(compared)}}
        if wanted:
            more["ExpressionAttributeValues"] = wanted
        try:
            getattr(client, call)(
                TableName=self.table,
                Key=where,
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames={
                    "#key": next(iter(where)),
                    **(names or {}),
                    **{f"#n{at}": name for at, name in enumerate(compared)},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **more,
            )
        except client.exceptions.ConditionalCheckFailedException as error:
            return Put.CHANGED if error.response.get("Item") else Put.GONE
        return Put.WRITTEN

    def _one_by_one(
        self, items: Iterable[Item], call: Callable[[Item], Put], doing: str
    ) -> Iterator[tuple[Item, Put]]:
        def work(batch: list[Item]) -> CallResult[Item, tuple[Item, Put]]:
            return CallResult(done=[(item, call(item)) for item in batch])

        for done in self._crew(work, most=1, doing=doing).run(items):
            yield from done

    def _batches(self, values: Iterable[Item], verb: str, noun: str, doing: str) -> Iterator[int]:
        def work(batch: list[Item]) -> CallResult[Item, Item]:
            requests: Any = [{verb: {noun: value}} for value in batch]
            client = self._aws.of_table.client("dynamodb")
            try:
                answer: Any = client.batch_write_item(RequestItems={self.table: requests})
            except client.exceptions.ResourceNotFoundException:
                if verb == "DeleteRequest":
                    return CallResult(done=batch)  # the table was deleted, and its items with it
                raise
            left = [request[verb][noun] for request in answer.get("UnprocessedItems", {}).get(self.table, ())]
            if not left:
                return CallResult(done=batch)
            handed_back = {canonical(value) for value in left}
            done = [value for value in batch if canonical(value) not in handed_back]
            return CallResult(done=done, left=left)

        count = 0
        for done in self._crew(work, most=BATCH, doing=doing).run(values):
            count += len(done)
            yield count

    def _crew(
        self, work: Callable[[list[Item]], CallResult[Item, Any]], *, most: int, doing: str
    ) -> ParallelCalls[Item, Any]:
        return ParallelCalls(
            self._aws,
            work,
            most=most,
            pace=Pace(self._clock, width=self._threads, rate=self._rate),
            clock=self._clock,
            doing=doing,
            took=self._count_attempted,
            did=self._count_written,
            patience=self._patience,
        )

    def _count_attempted(self, count: int) -> None:
        self.attempted += count

    def _count_written(self, results: list[Any]) -> None:
        self.written += sum(
            1 for result in results if not isinstance(result, tuple) or result[1] is Put.WRITTEN
        )
        if self.on_written is not None:
            self.on_written(results)


def _tries_before(error: Any) -> int:
    """The number of times that botocore sent the call before the attempt that raised this error."""
    return int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def _is_equal_item(error: Any, item: Item) -> bool:
    """Whether the existing item equals this one: an earlier attempt may have written it, and its answer was lost."""
    return canonical(error.response.get("Item") or {}) == canonical(item)
