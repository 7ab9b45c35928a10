"""DynamoDB tables with states: creating, updating and deleting take time, and a stream is never changed in place."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .arns import table_name
from .wire import Access, Answer, Call, Forward, Handler, JsonObject, Refusal, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context
    from .profile import Tables

_ITEM_CALLS = (
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "GetItem",
    "Query",
    "Scan",
)
_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems", "ExecuteStatement")
_BUSY = {"CREATING": "being created", "UPDATING": "being updated", "DELETING": "being deleted"}


@dataclass(frozen=True, kw_only=True)
class _Passing:
    """A state that ends by itself; ``last`` is what a deleted table still shows."""

    status: str
    until: float
    stream_status: str = ""
    last: JsonObject | None = None


@dataclass(frozen=True, kw_only=True)
class ClosedStream:
    """A stream that was disabled, or lost its table: readable, and listed for a day."""

    scope: tuple[str, str]
    table: str
    arn: str


class TablesBehaviour:
    """Table and stream states; ``closed_streams`` is what ListStreams must still show."""

    def __init__(self, settings: Tables, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._lock = threading.Lock()
        self._states: dict[tuple[tuple[str, str], str], _Passing] = {}
        self.closed_streams: list[ClosedStream] = []

    @property
    def handlers(self) -> Mapping[str, Handler]:
        items = {f"dynamodb:{operation}": self._item_call for operation in _ITEM_CALLS}
        return items | {
            "dynamodb:CreateTable": self._create,
            "dynamodb:UpdateTable": self._update,
            "dynamodb:DeleteTable": self._delete,
            "dynamodb:DescribeTable": self._describe,
            "dynamodbstreams:DescribeStream": self._describe_stream,
        }

    def close(self) -> None:
        """Nothing to end."""

    def _state(self, access: Access, table: str) -> _Passing | None:
        key = (access.scope, table)
        with self._lock:
            state = self._states.get(key)
            if state and self._context.clock() >= state.until:
                del self._states[key]
                return None
            return state

    def _enter(self, access: Access, table: str, state: _Passing) -> None:
        with self._lock:
            self._states[access.scope, table] = state

    def _until(self, seconds: float) -> float:
        return self._context.clock() + seconds

    def _create(self, call: Call, forward: Forward) -> Answer:
        table = table_name(str(call.payload.get("TableName", "")))
        state = self._state(call.access, table)
        if state:
            raise Refusal("ResourceInUseException", f"Table already exists: {table}")
        answer = forward(call)
        if answer.ok:
            self._enter(
                call.access, table, _Passing(status="CREATING", until=self._until(self._settings.creating))
            )
        return self._retold(call, answer, "TableDescription")

    def _update(self, call: Call, forward: Forward) -> Answer:
        table = table_name(str(call.payload.get("TableName", "")))
        self._refuse_busy(call.access, table)
        stream = call.payload.get("StreamSpecification")
        stream_status = ""
        if stream is not None:
            stream_status = self._check_stream(call.access, table, enable=bool(stream.get("StreamEnabled")))
        answer = forward(call)
        if answer.ok:
            until = self._until(self._settings.updating)
            self._enter(
                call.access, table, _Passing(status="UPDATING", until=until, stream_status=stream_status)
            )
        return self._retold(call, answer, "TableDescription")

    def _check_stream(self, access: Access, table: str, *, enable: bool) -> str:
        """What the stream's status will be meanwhile.

        Raises:
            Refusal: where the change would change nothing, or change a live stream in place.
        """
        described = self._context.upstream.json("dynamodb", "DescribeTable", {"TableName": table}, access)[
            "Table"
        ]
        enabled = bool((described.get("StreamSpecification") or {}).get("StreamEnabled"))
        if enable and enabled:
            raise Refusal("ValidationException", f"Table already has an enabled stream: TableName: {table}")
        if not enable and not enabled:
            raise Refusal("ValidationException", f"Table has no stream to disable: TableName: {table}")
        if not enable:
            self._remember_stream(access, described)
        return "ENABLING" if enable else "DISABLING"

    def _remember_stream(self, access: Access, described: JsonObject) -> None:
        if arn := described.get("LatestStreamArn"):
            with self._lock:
                self.closed_streams.append(
                    ClosedStream(scope=access.scope, table=described["TableName"], arn=arn)
                )

    def _refuse_busy(self, access: Access, table: str) -> None:
        state = self._state(access, table)
        if state:
            raise Refusal(
                "ResourceInUseException",
                f"Attempt to change a resource which is still in use: Table is {_BUSY[state.status]}: {table}",
            )

    def _delete(self, call: Call, forward: Forward) -> Answer:
        table = table_name(str(call.payload.get("TableName", "")))
        self._refuse_busy(call.access, table)
        request = {"TableName": table}
        described = self._context.upstream.json("dynamodb", "DescribeTable", request, call.access)["Table"]
        answer = forward(call)
        if answer.ok:
            if (described.get("StreamSpecification") or {}).get("StreamEnabled"):
                self._remember_stream(call.access, described)
            until = self._until(self._settings.deleting)
            self._enter(call.access, table, _Passing(status="DELETING", until=until, last=described))
        return self._retold(call, answer, "TableDescription")

    def _describe(self, call: Call, forward: Forward) -> Answer:
        table = table_name(str(call.payload.get("TableName", "")))
        state = self._state(call.access, table)
        if state and state.last is not None:
            return json_answer(call, {"Table": {**state.last, "TableStatus": state.status}})
        return self._retold(call, forward(call), "Table")

    def _retold(self, call: Call, answer: Answer, key: str) -> Answer:
        """The answer with the table's state as AWS would give it; a disabled stream has no specification."""
        if not answer.ok:
            return answer
        table = dict(answer.document[key])
        state = self._state(call.access, table["TableName"])
        if state:
            table["TableStatus"] = state.status
        if not (table.get("StreamSpecification") or {}).get("StreamEnabled"):
            table.pop("StreamSpecification", None)
        return answer.with_document({**answer.document, key: table})

    def _describe_stream(self, call: Call, forward: Forward) -> Answer:
        answer = forward(call)
        if not answer.ok:
            return answer
        description = answer.document["StreamDescription"]
        state = self._state(call.access, description["TableName"])
        if not state or not state.stream_status:
            return answer
        turning = {"ENABLING": "ENABLED", "DISABLING": "DISABLED"}
        if description["StreamStatus"] != turning[state.stream_status]:
            return answer
        changed = {**description, "StreamStatus": state.stream_status}
        return answer.with_document({**answer.document, "StreamDescription": changed})

    def _item_call(self, call: Call, forward: Forward) -> Answer:
        table = table_name(str(call.payload.get("TableName", "")))
        state = self._state(call.access, table)
        if state and state.status == "CREATING":
            raise Refusal("ResourceNotFoundException", "Requested resource not found")
        return forward(call)


class WriteWatch:
    """Tells the readers of streams that something was written, so that they need not ask all the time."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {f"dynamodb:{operation}": self._written for operation in _WRITES}

    def close(self) -> None:
        """Nothing to end."""

    def _written(self, call: Call, forward: Forward) -> Answer:
        answer = forward(call)
        tables = _written_to(call)
        if tables:
            self._context.wakes.wake(tables)
        else:
            self._context.wakes.wake_all()  # a PartiQL statement: nobody looks into its text for this
        return answer


def _written_to(call: Call) -> set[str]:
    """Names of the tables that a request writes to, so far as it names them."""
    request = call.payload
    named = [request.get("TableName"), *request.get("RequestItems", {})]
    for part in request.get("TransactItems", ()):
        named += [action.get("TableName") for action in part.values()]
    return {table_name(str(name)) for name in named if name}
