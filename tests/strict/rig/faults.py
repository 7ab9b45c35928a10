"""Faults put into the way of chosen calls: throttles, failures, resets, slowness, lost answers, no rights."""

from __future__ import annotations

import fnmatch
import threading
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from .arns import resource_of
from .wire import Answer, Call, Forward, Protocol, Refusal, json_answer

if TYPE_CHECKING:
    from collections.abc import Sequence


class FaultKind(StrEnum):
    THROTTLE = "throttle"  # the service's own throttling error
    SERVER_ERROR = "server_error"  # 500 in the service's words
    UNAVAILABLE = "unavailable"  # 503 with a body that is no AWS document, as a load balancer gives
    RESET = "reset"  # the connection is reset before the call takes effect
    LOST_ANSWER = "lost_answer"  # the call takes effect, then the connection is reset
    SLOW = "slow"  # answered after `seconds`
    EXPIRED_TOKEN = "expired_token"
    UNRECOGNIZED_CLIENT = "unrecognized_client"
    CLOCK_SKEW = "clock_skew"  # the caller's clock is 25 minutes behind
    ACCESS_DENIED = "access_denied"
    TRUNCATED = "truncated"  # the call takes effect; the connection ends in the middle of the answer
    CUT = "cut"  # the call takes effect; a proxy passes on the first half of the answer
    UNPROCESSED = "unprocessed"  # BatchWriteItem: the second half of the batch comes back


class ConnectionReset(Exception):
    """The answer to this call is a reset connection, after the first half of ``answer`` if there is one."""

    def __init__(self, answer: Answer | None = None) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault for the calls it matches; ``times`` and ``every`` count those calls only.

    Args:
        operation: ``FilterLogEvents``, ``logs:FilterLogEvents``, or with wildcards: ``logs:*``.
        kind: What happens.
        times: Stop after so many faults; None means never.
        every: Only every n-th matching call (1 = each).
        after: Leave so many matching calls alone first.
        seconds: How long SLOW takes.
        resource: Only calls whose resource ARN contains this text.
        region: Only calls of this region.
    """

    operation: str
    kind: FaultKind
    times: int | None = None
    every: int = 1
    after: int = 0
    seconds: float = 0.5
    resource: str = ""
    region: str = ""


class FaultBook:
    """Which faults are in force, and how often each has struck."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._lock = threading.Lock()
        self._entries: list[_Entry] = [_Entry(fault) for fault in faults]

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._entries.extend(_Entry(fault) for fault in faults)

    def heal(self) -> None:
        with self._lock:
            self._entries.clear()

    def struck(self) -> int:
        """How many faults have been given so far by those still in force."""
        with self._lock:
            return sum(entry.struck for entry in self._entries)

    def pick(self, call: Call) -> Fault | None:
        """The fault that strikes this call, if one does."""
        with self._lock:
            return next((entry.fault for entry in self._entries if entry.strikes(call)), None)


class _Entry:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.struck = 0
        self._seen = 0

    def strikes(self, call: Call) -> bool:
        if not _concerns(self.fault, call):
            return False
        self._seen += 1
        spent = self.fault.times is not None and self.struck >= self.fault.times
        turn = self._seen - self.fault.after
        if spent or turn < 1 or turn % self.fault.every:
            return False
        self.struck += 1
        return True


def _concerns(fault: Fault, call: Call) -> bool:
    if fault.region and fault.region != call.access.region:
        return False
    name = call.name if ":" in fault.operation else call.operation
    return fnmatch.fnmatchcase(name, fault.operation) and fault.resource in resource_of(call)


def strike(fault: Fault, call: Call, forward: Forward) -> Answer:
    """Carries a fault out.

    Raises:
        Refusal: for the kinds that are AWS errors.
        ConnectionReset: for the kinds that end the connection.
    """
    match fault.kind:
        case FaultKind.UNAVAILABLE:
            body = b"<html><body><h1>503 Service Unavailable</h1></body></html>"
            return Answer(status=503, headers={"content-type": "text/html"}, body=body)
        case FaultKind.RESET:
            raise ConnectionReset
        case FaultKind.LOST_ANSWER:
            forward(call)
            raise ConnectionReset
        case FaultKind.TRUNCATED:
            raise ConnectionReset(forward(call))
        case FaultKind.CUT:
            answer = forward(call)
            if answer.stream is not None:
                return answer
            headers = {name: value for name, value in answer.headers.items() if name != "x-amz-crc32"}
            return replace(answer, headers=headers, body=answer.body[: len(answer.body) // 2])
        case FaultKind.SLOW:
            time.sleep(fault.seconds)
            return forward(call)
        case FaultKind.UNPROCESSED:
            return _half_processed(call, forward)
        case refused:
            raise _refusal(refused, call)


def _refusal(kind: FaultKind, call: Call) -> Refusal:
    match kind:
        case FaultKind.THROTTLE:
            return _throttle(call)
        case FaultKind.EXPIRED_TOKEN:
            return _expired(call)
        case FaultKind.CLOCK_SKEW:
            return _skewed(call)
        case FaultKind.UNRECOGNIZED_CLIENT:
            return _unrecognized(call)
        case FaultKind.ACCESS_DENIED:
            return access_denied(call)
        case _:
            return _server_error(call)


def _expired(call: Call) -> Refusal:
    code = "ExpiredToken" if call.protocol is Protocol.QUERY else "ExpiredTokenException"
    status = 400 if call.protocol is Protocol.JSON else 403
    return Refusal(code, "The security token included in the request is expired", status=status)


def _skewed(call: Call) -> Refusal:
    code = "SignatureDoesNotMatch" if call.protocol is Protocol.QUERY else "InvalidSignatureException"
    now = time.time()
    signed, least, here = (time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now - ago)) for ago in (1500, 300, 0))
    message = f"Signature expired: {signed} is now earlier than {least} ({here} - 5 min.)"
    return Refusal(code, message, status=400 if call.protocol is Protocol.JSON else 403)


def _throttle(call: Call) -> Refusal:
    match call.service:
        case "dynamodb":
            message = (
                "The level of configured provisioned throughput for the table was exceeded. "
                "Consider increasing your provisioning level with the UpdateTable API."
            )
            return Refusal("ProvisionedThroughputExceededException", message)
        case "lambda":
            return Refusal("TooManyRequestsException", "Rate exceeded", status=429)
        case _ if call.protocol is Protocol.QUERY:
            return Refusal("Throttling", "Rate exceeded", status=400)
        case _:
            return Refusal("ThrottlingException", "Rate exceeded")


def _server_error(call: Call) -> Refusal:
    match call.service:
        case "dynamodb" | "dynamodbstreams":
            return Refusal("InternalServerError", "Internal server error", status=500)
        case "lambda":
            message = "An error occurred and the request cannot be processed."
            return Refusal("ServiceException", message, status=500)
        case _ if call.protocol is Protocol.QUERY:
            return Refusal(
                "InternalFailure", "We encountered an internal error. Please try again.", status=500
            )
        case _:
            message = "The service cannot complete the request."
            return Refusal("ServiceUnavailableException", message, status=500)


def _unrecognized(call: Call) -> Refusal:
    message = "The security token included in the request is invalid."
    if call.protocol is Protocol.QUERY:
        return Refusal("InvalidClientTokenId", message, status=403)
    return Refusal(
        "UnrecognizedClientException", message, status=400 if call.protocol is Protocol.JSON else 403
    )


def access_denied(call: Call) -> Refusal:
    """AWS's words for a call that no identity-based policy allows."""
    prefix = "dynamodb" if call.service == "dynamodbstreams" else call.service
    action = f"{prefix}:{_ACTIONS.get(call.operation, call.operation)}"
    message = (
        f"User: arn:aws:iam::{call.access.account}:user/tester is not authorized to perform: {action} "
        f"on resource: {resource_of(call)} because no identity-based policy allows the {action} action"
    )
    code = "AccessDenied" if call.protocol is Protocol.QUERY else "AccessDeniedException"
    return Refusal(code, message, status=400 if call.protocol is Protocol.JSON else 403)


_ACTIONS = {"Invoke": "InvokeFunction"}


def _half_processed(call: Call, forward: Forward) -> Answer:
    """Writes the first half of each table's requests and hands the rest back."""
    kept, left = {}, {}
    for table, requests in call.payload.get("RequestItems", {}).items():
        middle = len(requests) // 2
        kept[table], left[table] = requests[:middle], requests[middle:]
    kept = {table: requests for table, requests in kept.items() if requests}
    if not kept:
        return json_answer(call, {"UnprocessedItems": left})
    answer = forward(call.with_payload({**call.payload, "RequestItems": kept}))
    if not answer.ok:
        return answer
    unprocessed = answer.document.get("UnprocessedItems", {})
    merged = {table: [*unprocessed.get(table, []), *requests] for table, requests in left.items()}
    return answer.with_document({**answer.document, "UnprocessedItems": {**unprocessed, **merged}})
