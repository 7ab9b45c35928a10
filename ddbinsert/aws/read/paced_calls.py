"""Calls within the rate of their operation, repeated if AWS throttles them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

from ddbinsert.aws.errors import code_of, is_passing, translated
from ddbinsert.aws.read.bucket import TokenBucket
from ddbinsert.aws.session.calls import CALL_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

T = TypeVar("T")

#: Calls per second on AWS; other operations have the default rate, a part of the limit of most control planes.
#: A tenth of DynamoDB's limit for DescribeTable (docs/aws-facts.md#dynamodb-control-rate).
_RATES = {"DescribeTable": 250.0, "DescribeKinesisStreamingDestination": 10.0, "ListTables": 10.0}
_RATE = 8.0
#: Calls per second that one process makes at most, about.
_INTERPRETER = 400.0
_FEWEST = 8
_ATTEMPTS = 8
_LONGEST_PAUSE = 20.0


class PacedCalls:
    """The calls of one region, with a token bucket for each operation; thread-safe.

    Attributes:
        fastest: Seconds of the fastest call so far; None before the first answer.
    """

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}
        self.fastest: float | None = None

    def call(self, operation: str, call: Callable[[], T]) -> T:
        """The answer of one call, which waits for the operation's rate, and is repeated if AWS throttles.

        A connection that fails is not repeated here: botocore has done so, and no other call will get through.
        """
        bucket = self._bucket(operation)
        pause = 0.5
        give_up = self._clock.monotonic() + (self._aws.connection.call_timeout or CALL_TIMEOUT)
        for attempt in range(_ATTEMPTS):
            if bucket is not None:
                bucket.take()
            started = self._clock.monotonic()
            try:
                answer = call()
            except Exception as error:
                is_last = attempt == _ATTEMPTS - 1 or self._clock.monotonic() + pause > give_up
                if is_last or not code_of(error) or not is_passing(error):
                    raise
            else:
                seconds = self._clock.monotonic() - started
                self.fastest = seconds if self.fastest is None else min(seconds, self.fastest)
                return answer
            if bucket is not None:
                bucket.throttled()
            self._clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise AssertionError("the last attempt returns or raises")

    def at_once(self, operation: str, *, most: int) -> int:
        """Number of concurrent calls for twice the operation's rate, by the time of the fastest call.

        More of them would only wait for the rate, or for the interpreter. An endpoint far away needs more than a near one.
        """
        rate = _RATES.get(operation, _RATE) if self._aws.is_aws else _INTERPRETER
        return max(_FEWEST, min(most, math.ceil(2 * rate * (self.fastest or 0.0))))

    def _bucket(self, operation: str) -> TokenBucket | None:
        """The operation's bucket; None on an endpoint that is not AWS."""
        if not self._aws.is_aws:
            return None
        rate = _RATES.get(operation, _RATE)
        return self._buckets.setdefault(operation, TokenBucket(self._clock, rate=rate, burst=rate))

    def pages(
        self,
        operation: str,
        call: Callable[..., Any],
        token: tuple[str, str],
        request: dict[str, Any] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Page by page.

        Args:
            token: The token's name in a request, and in an answer.
        """
        asked, told = token
        request = dict(request or {})
        with translated(f"call {operation}"):
            while True:
                page = self.call(operation, lambda: call(**request))
                yield page
                if not page.get(told):
                    return
                request[asked] = page[told]
