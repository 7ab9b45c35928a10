"""Writing many items: in batches, several side by side, none lost and none overwritten."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import is_passing, is_throttle
from ddbinsert.aws.write.parallel_calls import CallResult, Pace, ParallelCalls
from ddbinsert.core.items.convert import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

    Item = Mapping[str, Any]
    Request = dict[str, Any]

#: What BatchWriteItem takes at most.
BATCH = 25
#: Seconds; DynamoDB's throttling of a table that is scaling up lasts minutes at most.
PATIENCE = 120.0


class Put(StrEnum):
    """What became of a conditional write.

    UNSURE: an equal item is there, and an earlier try may have written it; nothing proves whose it is.
    """

    WRITTEN = "written"
    EXISTS = "exists"
    GONE = "gone"
    UNSURE = "unsure"


class ItemWriter:
    """Writes to one table. Items and keys are DynamoDB JSON as boto3 takes it (B as bytes).

    Throttles and unprocessed items are tried again with growing pauses and fewer calls at once; only
    ``patience`` seconds without any progress end it. However an iterator of these ends (an error, Ctrl-C, not read on), what is
    in flight is waited for and counted, and nothing more is started.

    Args:
        rate: Items a second at most.
        threads: Calls side by side at most.

    Attributes:
        attempted: Items taken from the iterables so far: of a list, the first so many were tried, and may be
            there. What comes after them was never sent.
        written: Of these, how many calls AWS has confirmed.
        on_written: Told of every confirmed portion, at once and in the caller's thread, on every way out:
            the items, keys, or (item, outcome) pairs.
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
        """BatchWriteItem, overwriting what is there; no two items of 25 in a row may have the same key.

        Yields:
            The number of items written by this call so far.

        Raises:
            AwsError: AWS refused a batch, or throttled without end.
        """
        yield from self._batches(items, "PutRequest", "Item", f"write items to table {self.table}")

    def delete_all(self, keys: Iterable[Item]) -> Iterator[int]:
        """BatchWriteItem; a key that isn't there is no error. See put_all."""
        yield from self._batches(keys, "DeleteRequest", "Key", f"delete items of table {self.table}")

    def put_new(
        self, items: Iterable[Item], partition_key: str, sort_key: str | None = None
    ) -> Iterator[tuple[Item, Put]]:
        """Put each item unless there is one with its key; WRITTEN, EXISTS or UNSURE for each, as answers come.

        An item is read before it is put: one that was there before is never taken for one that this call wrote, also
        where the answer to a put is lost and the next try finds an equal item.

        Raises:
            AwsError: AWS refused an item, or throttled without end.
        """
        names = (partition_key,) if sort_key is None else (partition_key, sort_key)
        absent: set[str] = set()
        unsure: set[str] = set()

        def put(item: Item) -> Put:
            client = self._aws.client("dynamodb")
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
                if not (tried and _is_in_the_way(error, item)):
                    return Put.EXISTS
                return Put.WRITTEN if identity in absent else Put.UNSURE
            except Exception as error:
                if not is_throttle(error):
                    unsure.add(identity)  # it may have been written, and only the answer be lost
                raise
            return Put.WRITTEN

        return self._one_by_one(items, put, f"write items to table {self.table}")

    def _is_there(self, key: Item) -> bool | None:
        """Whether an item with this key exists; None where it may not be read."""
        try:
            answer = self._aws.client("dynamodb").get_item(
                TableName=self.table,
                Key=key,
                ConsistentRead=True,
                ProjectionExpression="#key",
                ExpressionAttributeNames={"#key": next(iter(key))},
            )
        except Exception as error:
            if is_passing(error):
                raise
            return None
        return "Item" in answer

    def modify_all(self, keys: Iterable[Item], attribute: str, value: Any) -> Iterator[tuple[Item, Put]]:
        """Set one attribute of each item; GONE where the item isn't there any more (it is never made anew).

        Args:
            attribute: No key attribute.
            value: In DynamoDB JSON.

        Raises:
            AwsError: AWS refused a change, or throttled without end.
        """

        def modify(key: Item) -> Put:
            client = self._aws.client("dynamodb")
            try:
                client.update_item(
                    TableName=self.table,
                    Key=key,
                    UpdateExpression="SET #attribute = :value",
                    ConditionExpression="attribute_exists(#key)",
                    ExpressionAttributeNames={"#attribute": attribute, "#key": next(iter(key))},
                    ExpressionAttributeValues={":value": value},
                )
            except client.exceptions.ConditionalCheckFailedException:
                return Put.GONE
            return Put.WRITTEN

        return self._one_by_one(keys, modify, f"change items of table {self.table}")

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
            answer: Any = self._aws.client("dynamodb").batch_write_item(RequestItems={self.table: requests})
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
            took=self._took,
            did=self._did,
            patience=self._patience,
        )

    def _took(self, count: int) -> None:
        self.attempted += count

    def _did(self, results: list[Any]) -> None:
        self.written += sum(
            1 for result in results if not isinstance(result, tuple) or result[1] is Put.WRITTEN
        )
        if self.on_written is not None:
            self.on_written(results)


def _tries_before(error: Any) -> int:
    """How often botocore had sent the call before the try that ended so."""
    return int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def _is_in_the_way(error: Any, item: Item) -> bool:
    """Whether what is in the way is just this item: what an earlier try wrote, its answer being lost."""
    return canonical(error.response.get("Item") or {}) == canonical(item)
