"""A memory that outlives the execution environment: a DynamoDB table of the events that were processed.

Where DEDUPLICATION_TABLE_ARN names one (partition key ``eventID`` (S), time to live on ``expires``), an event
that was processed is not processed again by another environment or after a restart. It is read before the
work and written after it: a function that dies in between does that batch again, rather than never.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ddbinsert_batch import Memory, log
from ddbinsert_settings import arn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert_aws import Call, Connect
    from ddbinsert_batch import Record

# A stream keeps a record for one day; what is older can't be given again but by hand.
_KEPT_SECONDS = 7 * 24 * 3600
_READ_AT_ONCE = 100
_WRITTEN_AT_ONCE = 25
_ATTEMPTS = 6


def open_memory(
    environ: Mapping[str, str], connect: Connect, sleep: Callable[[float], None] = time.sleep
) -> Memory:
    """The memory that the settings ask for."""
    table = arn(environ, "DEDUPLICATION_TABLE_ARN", ("dynamodb",))
    return Memory() if table is None else Ledger(table.text, lambda: connect("dynamodb", table.region), sleep)


class Ledger(Memory):
    """The events that were processed, in a table; what this environment knows itself is not asked for."""

    def __init__(
        self, table: str, connect: Callable[[], Call], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__()
        self._table = table
        self._connect = connect
        self._sleep = sleep
        self._call: Call | None = None
        self._unwritten: list[str] = []

    def known(self, records: list[Record]) -> set[str]:
        known = super().known(records)
        ids = {r["eventID"]: None for r in records if r.get("eventID") and r["eventID"] not in known}
        return known | self._read(list(ids))

    def add(self, record: Record) -> None:
        super().add(record)
        if record.get("eventID"):
            self._unwritten.append(record["eventID"])
        if len(self._unwritten) >= _WRITTEN_AT_ONCE:
            self.flush()  # what is written down survives, should the function time out

    def flush(self) -> None:
        """Write down what was processed; a failure is logged, for the work itself is done."""
        ids, self._unwritten = list(dict.fromkeys(self._unwritten)), []
        expires = {"N": str(int(time.time()) + _KEPT_SECONDS)}
        try:
            for start in range(0, len(ids), _WRITTEN_AT_ONCE):
                puts = [
                    {"PutRequest": {"Item": {"eventID": {"S": event_id}, "expires": expires}}}
                    for event_id in ids[start : start + _WRITTEN_AT_ONCE]
                ]
                self._until_done("BatchWriteItem", {self._table: puts}, "UnprocessedItems")
        except Exception as error:  # noqa: BLE001 -- see above
            log("WARNING", "processed events were not written down", error=str(error), count=len(ids))

    def _read(self, ids: list[str]) -> set[str]:
        found = set()
        for start in range(0, len(ids), _READ_AT_ONCE):
            keys = [{"eventID": {"S": event_id}} for event_id in ids[start : start + _READ_AT_ONCE]]
            request = {self._table: {"Keys": keys, "ProjectionExpression": "eventID", "ConsistentRead": True}}
            for answer in self._until_done("BatchGetItem", request, "UnprocessedKeys"):
                for items in (answer.get("Responses") or {}).values():
                    found.update(item["eventID"]["S"] for item in items)
        return found

    def _until_done(self, operation: str, request: dict[str, Any], rest: str) -> list[dict[str, Any]]:
        if self._call is None:
            self._call = self._connect()
        answers = []
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(0.05 * 2**attempt)
            answers.append(self._call(operation, RequestItems=request))
            request = answers[-1].get(rest) or {}
            if not request:
                return answers
        raise RuntimeError(f"{operation} of the deduplication table is throttled")
