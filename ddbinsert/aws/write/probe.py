"""Making the test writes of a lane, each by its own method, and the keys for deleting the items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import is_passing, translated
from ddbinsert.core.proof.probe_item import VERSION
from ddbinsert.core.proof.script import Action, Method
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.proof.probe_item import Sample
    from ddbinsert.core.proof.script import Lane, Write

_PAST = 86_400.0
_TRIES = 6


@dataclass(frozen=True, kw_only=True)
class ProbeTable:
    """The table to which test items are written, and their form.

    Attributes:
        run_id: Identifies the run; it is part of each test item's key.
        ttl_attribute: The table's time-to-live attribute, for items that have expired.
    """

    aws: Aws
    table: str
    key: KeySchema
    run_id: str
    sample: Sample
    clock: Clock
    ttl_attribute: str | None = None

    def make(self, lane: Lane, wrote: Callable[[Write, float], None]) -> None:
        """Make a lane's writes in their order; ``wrote`` is called with each and the time of its answer.

        Raises:
            AwsError: A write was refused.
        """
        for write in lane.writes:
            with translated(f"write a test item to table {self.table} ({write.method.value} {write.action})"):
                self._with_retries(write)
            wrote(write, self.clock.now())

    def _with_retries(self, write: Write) -> None:
        """Make one write; retry if it is throttled or left unprocessed."""
        pause = 0.1
        for attempt in range(_TRIES):
            try:
                if self._make(write):
                    return
            except Exception as error:
                # Writes are idempotent: each sets the whole state of the item.
                if attempt == _TRIES - 1 or not is_passing(error):
                    raise
            self.clock.sleep(pause)
            pause *= 2
        raise TimeoutError(f"DynamoDB left a test write unprocessed {_TRIES} times")

    def _make(self, write: Write) -> bool:
        match write.method:
            case Method.SINGLE:
                self._single(write)
            case Method.TRANSACTION:
                self._client.transact_write_items(TransactItems=[self._transaction(write)])
            case Method.BATCH:
                answer = self._client.batch_write_item(RequestItems={self.table: [self._batch(write)]})
                return not answer.get("UnprocessedItems")
            case Method.PARTIQL:
                self._client.execute_statement(**self._statement(write))
        return True

    @property
    def _client(self) -> Any:
        return self.aws.of_table.client("dynamodb")

    def key_of(self, number: int) -> dict[str, Any]:
        return self.sample.key(self.key, self.run_id, number)

    def item_of(self, number: int, version: int) -> dict[str, Any]:
        return self.sample.item(self.key, self.run_id, number, version)

    def _item(self, write: Write) -> dict[str, Any]:
        item = self.item_of(write.number, write.version or 1)
        if write.action is Action.PUT_EXPIRED and self.ttl_attribute:
            item[self.ttl_attribute] = {"N": str(int(self.clock.now() - _PAST))}
        return item

    def _update(self, write: Write) -> dict[str, Any]:
        """An update that sets every attribute of this version, so that an update which creates the item is complete."""
        key = self.key_of(write.number)
        values = {name: value for name, value in self._item(write).items() if name not in key}
        names = {f"#n{place}": name for place, name in enumerate(values)}
        return {
            "TableName": self.table,
            "Key": key,
            "UpdateExpression": "SET " + ", ".join(f"{short} = :v{short[2:]}" for short in names),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {f":v{place}": value for place, value in enumerate(values.values())},
        }

    def _single(self, write: Write) -> None:
        match write.action:
            case Action.PUT | Action.PUT_SAME | Action.PUT_EXPIRED:
                self._client.put_item(TableName=self.table, Item=self._item(write))
            case Action.UPDATE | Action.UPDATE_SAME:
                self._client.update_item(**self._update(write))
            case Action.DELETE:
                self._client.delete_item(TableName=self.table, Key=self.key_of(write.number))

    def _transaction(self, write: Write) -> dict[str, Any]:
        match write.action:
            case Action.PUT | Action.PUT_SAME | Action.PUT_EXPIRED:
                return {"Put": {"TableName": self.table, "Item": self._item(write)}}
            case Action.UPDATE | Action.UPDATE_SAME:
                return {"Update": self._update(write)}
            case Action.DELETE:
                return {"Delete": {"TableName": self.table, "Key": self.key_of(write.number)}}

    def _batch(self, write: Write) -> dict[str, Any]:
        if write.action is Action.DELETE:
            return {"DeleteRequest": {"Key": self.key_of(write.number)}}
        return {"PutRequest": {"Item": self._item(write)}}

    def _statement(self, write: Write) -> dict[str, Any]:
        key = self.key_of(write.number)
        where = " AND ".join(f'"{_quoted(name)}" = ?' for name in key)
        table = f'"{_quoted(self.table)}"'
        match write.action:
            case Action.PUT | Action.PUT_SAME | Action.PUT_EXPIRED:
                item = self._item(write)
                fields = ", ".join(f"'{name.replace(chr(39), chr(39) * 2)}': ?" for name in item)
                return {
                    "Statement": f"INSERT INTO {table} VALUE {{{fields}}}",
                    "Parameters": [*item.values()],
                }
            case Action.UPDATE | Action.UPDATE_SAME:
                statement = f'UPDATE {table} SET "{VERSION}" = ? WHERE {where}'  # noqa: S608 - likewise
                return {"Statement": statement, "Parameters": [{"N": str(write.version)}, *key.values()]}
            case Action.DELETE:
                statement = f"DELETE FROM {table} WHERE {where}"  # noqa: S608 - likewise
                return {"Statement": statement, "Parameters": [*key.values()]}

    def bulk_items(self, numbers: range) -> Iterator[dict[str, Any]]:
        for number in numbers:
            yield self.item_of(number, 1)

    def keys(self, numbers: range) -> Iterator[dict[str, Any]]:
        for number in numbers:
            yield self.key_of(number)


def _quoted(name: str) -> str:
    return name.replace('"', '""')
