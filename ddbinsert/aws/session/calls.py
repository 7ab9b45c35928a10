"""Calls of the AWS API: limited in time, reported while they are slow, and with their answers read in one place.

botocore limits each read of a socket, not a call: an endpoint that sends a byte now and then, or that causes endless
retries, can block it for ever. So a call runs in its own thread, which is abandoned when its time is up; an abandoned
call sends nothing more.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar

from ddbinsert.aws.errors import EndpointUnreachable, UnreadableAnswer, unreadable
from ddbinsert.aws.no_such_service import no_such_service
from ddbinsert.aws.session.plain_answers import CHECKED
from ddbinsert.errors import AwsError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.session.listener import Listener

#: Maximum seconds for a call with all its attempts, if no --timeout is given.
CALL_TIMEOUT = 150.0
#: Seconds for each further call after the time is used up, so that cleaning up is still tried.
_LEAST = 5.0
#: Seconds between two reports of a running call.
_REPORTED_EVERY = 1.0
#: Seconds for an interrupted call to end, so that cleaning up comes after it.
_GRACE = 1.0

_here = threading.local()


_Inboxes = deque[queue.SimpleQueue["_Running"]]
#: Threads that have made a call and wait for the next one: to start a thread takes as long as much of a call. The
#: second ones are for large answers: the C library keeps the memory of the largest one for each thread.
_idle, _idle_for_large = _Inboxes(), _Inboxes()
#: Services whose answers are large.
_LARGE = frozenset({"logs", "dynamodbstreams"})
#: Fields with the items of a table: which attributes they have is no matter of the endpoint, and a page has thousands.
_ITEMS = frozenset({"Items", "Responses"})
if hasattr(os, "register_at_fork"):  # a forked process has none of these threads
    os.register_at_fork(after_in_child=_idle.clear)
    os.register_at_fork(after_in_child=_idle_for_large.clear)


def _in_a_thread(running: _Running, idle: _Inboxes) -> None:
    """Make a call in an idle thread, or in a new one; a thread whose call was abandoned is not waited for."""
    try:
        inbox = idle.pop()
    except IndexError:
        inbox = queue.SimpleQueue()
        threading.Thread(target=_serve, args=(inbox, idle), name="aws-call", daemon=True).start()
    inbox.put(running)


def _serve(inbox: queue.SimpleQueue[_Running], idle: _Inboxes) -> None:
    while True:
        running = inbox.get()
        running.work()
        del running  # its answer is not kept for as long as the thread is idle
        _here.running = None
        idle.append(inbox)


class CallTimeoutError(EndpointUnreachable):
    """A call was not answered within --timeout."""

    exit_code: ClassVar[ExitCode] = ExitCode.INCONCLUSIVE
    default_code = "timeout"


class AbandonedError(Exception):
    """Stops the attempts of a call that was abandoned."""


class ApiResponse(dict[str, Any]):
    """An answer of the API; a missing field is reported as a fault of the endpoint.

    Raises:
        UnreadableAnswer: The answer does not have the field that is read.
    """

    def __init__(
        self, fields: dict[str, Any], operation: str, endpoint: str, *, is_checked: bool = False
    ) -> None:
        def wrapped(value: Any) -> Any:
            if type(value) is dict:
                return ApiResponse(value, operation, endpoint)
            if type(value) is list and not is_checked:
                return [wrapped(one) for one in value]
            return value

        super().__init__(
            (name, value if name in _ITEMS else wrapped(value)) for name, value in fields.items()
        )
        self._origin = operation, endpoint

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        """Copies (as of dataclasses.asdict) are plain dictionaries."""
        return dict, (dict(self),)

    def __missing__(self, name: str) -> Any:
        operation, endpoint = self._origin
        raise UnreadableAnswer(operation, endpoint, f"{name} is missing")


class _Running:
    """A call in its own thread."""

    def __init__(self, call: Callable[[], Any], *, large: bool) -> None:
        self._under_way = threading.Lock()  # a quarter of an Event's time
        self._under_way.acquire()
        self.abandoned = False
        self._call = call
        self._value: Any = None
        self._error: BaseException | None = None
        _in_a_thread(self, _idle_for_large if large else _idle)

    def work(self) -> None:
        """Make the call; in the thread of its own."""
        _here.running = self
        try:
            self._value = self._call()
        except BaseException as error:  # noqa: BLE001 - raised again where the call is waited for
            self._error = error
        self._under_way.release()

    def ended(self, seconds: float) -> bool:
        """Wait for its end; whether it has ended within these seconds."""
        ended = self._under_way.acquire(timeout=seconds)
        if ended:
            self._under_way.release()
        return ended

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._value


class CallLimits:
    """Limits the time of the calls of one run.

    Attributes:
        on_wait: Called in the main thread about once per second of waiting, with the name of the call and the
            seconds so far.
    """

    def __init__(self, limit: float | None) -> None:
        self.on_wait: Callable[[str, float], None] | None = None
        self._given = limit
        self._wasted = 0.0
        self._lock = threading.Lock()
        self._under_way: dict[int, tuple[str, float]] = {}

    def call(
        self,
        call: Callable[[], Any],
        what: str,
        *,
        at_most: float = CALL_TIMEOUT,
        more: float = 0.0,
        large: bool = False,
    ) -> Any:
        """The value of a call.

        Args:
            what: Completes "waiting for …".
            at_most: Limit in seconds if no --timeout is given.
            more: Seconds added to the limit, for a call that has its own limit and message.
            large: The value may take megabytes.

        Raises:
            CallTimeoutError: The call did not end within the limit.
        """
        started = time.monotonic()
        running = _Running(call, large=large)
        with self._lock:
            self._under_way[id(running)] = (what, started)
        try:
            self._await(running, what, started, self._limit(at_most) + more)
        except BaseException as error:
            running.abandoned = True
            if isinstance(error, KeyboardInterrupt):
                running.ended(_GRACE)
            raise
        finally:
            with self._lock:
                del self._under_way[id(running)]
        return running.result()

    def _await(self, running: _Running, what: str, started: float, limit: float) -> None:
        """Wait until the call has ended; report it while it is slow."""
        while not running.ended(min(_REPORTED_EVERY, max(0.0, started + limit - time.monotonic()))):
            elapsed = time.monotonic() - started
            if elapsed >= limit:
                with self._lock:
                    self._wasted += elapsed
                raise CallTimeoutError(
                    f"Timed out after {limit:g} s while waiting for {what}.",
                    hint="Check the endpoint and the network, or use a longer --timeout.",
                )
            self.mention()

    def mention(self) -> None:
        """Report the call that has been running for longest; in the main thread only."""
        if self.on_wait is None or threading.current_thread() is not threading.main_thread():
            return
        with self._lock:
            oldest = min(self._under_way.values(), key=lambda entry: entry[1], default=None)
        if oldest is not None:
            self.on_wait(oldest[0], time.monotonic() - oldest[1])

    def _limit(self, at_most: float) -> float:
        if self._given is None:
            return at_most
        with self._lock:
            return max(min(self._given, _LEAST), self._given - self._wasted)


def watch_client(
    client: Any,
    watch: CallLimits,
    *,
    region: str | None,
    at_most: float = CALL_TIMEOUT,
    listener: Callable[[], Listener | None] = lambda: None,
    on_date: Callable[[], Callable[[str, str], None] | None] = lambda: None,
) -> None:
    """Make a botocore client call under ``watch``, and return its answers as ``ApiResponse``.

    Args:
        region: The region of the endpoint, if it is an AWS endpoint.
        at_most: Maximum seconds for a call, if no --timeout is given.
        listener: Returns the listener that is called with each answer, or None.
        on_date: Returns the function that is called with the service and the Date header of each answer, or None.
    """
    plain = client._make_api_call  # noqa: SLF001 - every call of a client goes through it
    endpoint = str(client.meta.endpoint_url)
    service = str(client.meta.service_model.service_name)

    def make(operation: str, parameters: dict[str, Any]) -> Any:
        def call() -> Any:
            try:
                answer = plain(operation, parameters)
            except Exception as error:
                if told := listener():
                    told.on_error(service, operation, parameters, error)
                problem = (
                    unreadable(error, operation, endpoint)
                    or _unknown_region(error, region)
                    or (no_such_service(error, service, endpoint) if region is None else None)
                )
                if problem is None:
                    raise
                raise problem from error
            is_checked = answer.pop(CHECKED, False)
            if told := listener():
                told.on_answer(service, operation, parameters, answer)
            if region is None and not is_checked:
                _check(client, operation, answer, endpoint)
            return ApiResponse(answer, operation, endpoint, is_checked=is_checked)

        what = f"an answer to {operation} from {endpoint}"
        return watch.call(call, what, at_most=at_most, large=service in _LARGE)

    def take_date(http_response: Any = None, **_event: object) -> None:
        date = getattr(http_response, "headers", {}).get("date")
        if date and (told := on_date()):
            told(service, date)

    client._make_api_call = make  # noqa: SLF001
    client.meta.events.register("after-call", take_date)
    client.meta.events.register("before-send", _stop_if_abandoned)


def _check(client: Any, operation: str, answer: dict[str, Any], endpoint: str) -> None:
    """Refuse an answer of an endpoint other than AWS if it does not have the form of the service's model.

    Raises:
        UnreadableAnswer: It names the first field that does not.
    """
    from ddbinsert.aws.session.answer_forms import misfit

    shape = client.meta.service_model.operation_model(operation).output_shape
    if found := misfit(answer, shape):
        raise UnreadableAnswer(operation, endpoint, f"{found} does not have the expected form")


def _unknown_region(error: Exception, region: str | None) -> AwsError | None:
    """The error for an endpoint that does not exist because its region does not; None for any other error."""
    from botocore.exceptions import EndpointConnectionError

    from ddbinsert.aws.session.addresses import is_unknown_region, nearest_region

    if not isinstance(error, EndpointConnectionError) or region is None or not is_unknown_region(region):
        return None
    return AwsError(
        f"AWS has no region {region} as far as is known, and its endpoint can't be reached: {error}",
        hint=f"Correct --region, AWS_REGION or connection.region{nearest_region(region)}.",
        code="bad-region",
    )


def _stop_if_abandoned(**_event: object) -> None:
    running = getattr(_here, "running", None)
    if running is not None and running.abandoned:
        raise AbandonedError
