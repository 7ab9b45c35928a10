"""CloudTrail: changes of mappings, functions and tables, as LookupEvents shows them (docs/aws-facts.md#trail-names).

Calls that failed are recorded, too, with an error code. A change of a mapping has no resource: it is found by the
event's name only.
"""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import TYPE_CHECKING

from .wire import Answer, Call, Forward, Handler, JsonObject, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context

#: Operation to the event's name and the parameter that names the resource.
_RECORDED = {
    "lambda:CreateEventSourceMapping": ("CreateEventSourceMapping20150331", ""),
    "lambda:UpdateEventSourceMapping": ("UpdateEventSourceMapping20150331", ""),
    "lambda:DeleteEventSourceMapping": ("DeleteEventSourceMapping20150331", ""),
    "lambda:UpdateFunctionConfiguration": ("UpdateFunctionConfiguration20150331v2", "FunctionName"),
    "dynamodb:UpdateTable": ("UpdateTable", "TableName"),
}


class TrailBehaviour:
    """LookupEvents by one attribute, the newest event first."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._events: dict[tuple[str, str], list[tuple[str, JsonObject]]] = {}

    @property
    def handlers(self) -> Mapping[str, Handler]:
        recorded: dict[str, Handler] = {name: partial(self._record, name) for name in _RECORDED}
        return {**recorded, "cloudtrail:LookupEvents": self._lookup}

    def close(self) -> None:
        """Nothing to end."""

    def _record(self, name: str, call: Call, forward: Forward) -> Answer:
        answer = forward(call)
        event, resource = _RECORDED[name]
        request = {
            f"{key[:1].lower()}{key[1:]}": value for key, value in {**call.params, **call.payload}.items()
        }
        details = {
            "userIdentity": {"arn": f"arn:aws:iam::{call.access.account}:user/{call.access.key_id}"},
            "requestParameters": request,
            "responseElements": {
                f"{key[:1].lower()}{key[1:]}": value for key, value in answer.document.items()
            },
            **({} if answer.ok else {"errorCode": answer.error_code}),
        }
        shown = {
            "EventName": event,
            "EventTime": self._context.clock(),
            "ReadOnly": "false",
            "Username": call.access.key_id,
            "CloudTrailEvent": json.dumps(details),
        }
        with self._lock:
            named = str({**call.params, **call.payload}.get(resource, ""))
            self._events.setdefault(call.access.scope, []).append((named, shown))
        return answer

    def _lookup(self, call: Call, _forward: Forward) -> Answer:
        (asked,) = call.payload["LookupAttributes"]
        value, by_name = asked["AttributeValue"], asked["AttributeKey"] == "EventName"
        start, end = call.payload.get("StartTime", 0.0), call.payload.get("EndTime", float("inf"))
        with self._lock:
            events = list(self._events.get(call.access.scope, ()))
        found = [
            shown
            for resource, shown in reversed(events)
            if value == (shown["EventName"] if by_name else resource) and start <= shown["EventTime"] <= end
        ]
        begin = int(call.payload.get("NextToken", 0))
        more = {"NextToken": str(begin + 50)} if len(found) > begin + 50 else {}
        return json_answer(call, {"Events": found[begin : begin + 50], **more})
