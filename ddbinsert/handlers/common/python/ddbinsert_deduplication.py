"""A memory that outlives the execution environment: a DynamoDB table of the processed events.

If DEDUPLICATION_TABLE_ARN is set to a table (partition key ``eventID`` (S), time to live on ``expires``;
``ddbinsert dedup create-table`` creates it), a processed event is not processed again by another environment or after
a restart. The table is read before the work and written after it: if the function dies in between, the batch is
processed again instead of being lost.

An entry represents one function, one sink and one event, so that functions can share a table, and a function whose
sink is changed sends to the new one. Existing items of the table are never replaced.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from ddbinsert_aws import ServiceError
from ddbinsert_batch import Memory
from ddbinsert_deadline import side_by_side
from ddbinsert_settings import SettingsError, arn
from ddbinsert_tally import log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert_aws import Call, Connect
    from ddbinsert_batch import Invocation
    from ddbinsert_settings import Arn
    from ddbinsert_tally import Record

# A stream keeps a record for one day; an older record can only be sent again manually.
_KEPT_SECONDS = 7 * 24 * 3600
_READ_AT_ONCE = 100
_WRITTEN_AT_ONCE = 24
_ATTEMPTS = 6


def open_memory(environ: Mapping[str, str], connect: Connect, sink: Arn | None) -> Memory:
    """The memory according to the settings.

    Raises:
        SettingsError: The table is also the sink: its entries would mix with the events.
    """
    table = arn(environ, "DEDUPLICATION_TABLE_ARN", ("dynamodb",))
    if table is None:
        return Memory()
    if sink is not None and table.text == sink.text:
        raise SettingsError(
            "DEDUPLICATION_TABLE_ARN", "is the same table as SINK_ARN; it must be a different table"
        )
    target = sink.text if sink else ""
    return Deduplication(table.text, target, lambda: connect("dynamodb", table.region))


class Deduplication(Memory):
    """The processed events in a table, which is read only for events that this environment does not remember."""

    def __init__(self, table: str, sink: str, connect: Callable[[], Call]) -> None:
        super().__init__()
        self.tables = (table,)
        self._table = table
        self._sink = sink
        self._connect = connect
        self._opened: Call | None = None
        self._unwritten: dict[str, None] = {}

    def known(self, records: list[Record], invocation: Invocation) -> set[str]:
        known = super().known(records, invocation)
        ids = {r["eventID"]: None for r in records if r.get("eventID") and r["eventID"] not in known}
        return known | self._read(list(ids), invocation)

    def add(self, record: Record, invocation: Invocation) -> None:
        super().add(record, invocation)
        if record.get("eventID"):
            self._unwritten[record["eventID"]] = None
        if len(self._unwritten) >= _WRITTEN_AT_ONCE:
            self.flush(invocation)  # entries written now are kept if the function times out

    def flush(self, invocation: Invocation) -> None:
        """Write the processed events; a failure is only logged, as the work itself is done."""
        ids, self._unwritten = list(self._unwritten), {}
        outcomes = side_by_side(ids, lambda event: self._write(event, invocation), invocation.notes_until)
        errors = [error for error in outcomes if error is not None]
        if errors:
            log("WARNING", "processed events were not recorded", error=str(errors[0]), count=len(errors))

    def _write(self, event: str, invocation: Invocation) -> None:
        item = {
            "eventID": {"S": self._key(event, invocation)},
            "event": {"S": event},
            "function": {"S": invocation.unqualified},
            "expires": {"N": str(int(time.time()) + _KEPT_SECONDS)},
        }
        if self._sink:
            item["sink"] = {"S": self._sink}
        put = {"TableName": self._table, "Item": item, "ConditionExpression": "attribute_not_exists(eventID)"}
        try:
            self._call("PutItem", invocation.notes_until, **put)
        except ServiceError as error:
            if error.code != "ConditionalCheckFailedException":
                raise

    def _read(self, ids: list[str], invocation: Invocation) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(ids), _READ_AT_ONCE):
            events = {self._key(event, invocation): event for event in ids[start : start + _READ_AT_ONCE]}
            keys = [{"eventID": {"S": key}} for key in events]
            request = {self._table: {"Keys": keys, "ProjectionExpression": "eventID", "ConsistentRead": True}}
            for answer in self._until_done(request, invocation):
                for items in (answer.get("Responses") or {}).values():
                    found.update(events[item["eventID"]["S"]] for item in items)
        return found

    def _key(self, event: str, invocation: Invocation) -> str:
        whose = hashlib.sha256(f"{invocation.unqualified}\n{self._sink}".encode()).hexdigest()[:32]
        return f"{whose}#{event}"

    def _until_done(self, request: dict[str, Any], invocation: Invocation) -> list[dict[str, Any]]:
        answers = []
        for attempt in range(_ATTEMPTS):
            if attempt:
                invocation.work_until.sleep(0.05 * 2**attempt)
            answers.append(self._call("BatchGetItem", invocation.work_until, RequestItems=request))
            request = answers[-1].get("UnprocessedKeys") or {}
            if not request:
                return answers
        raise RuntimeError("BatchGetItem of the deduplication table is throttled")

    def _call(self, operation: str, *arguments: Any, **parameters: Any) -> dict[str, Any]:
        if self._opened is None:
            self._opened = self._connect()
        return self._opened(operation, *arguments, **parameters)
