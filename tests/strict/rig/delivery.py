"""A batch on its way to the function: retries, bisection, partial failures, duplicates, throttles."""

from __future__ import annotations

import itertools
import json
import random
from collections import deque
from typing import TYPE_CHECKING, Any

from .arns import split_function
from .discarded import discard
from .wire import Refusal

if TYPE_CHECKING:
    from .context import Context
    from .mappings import PlayedMapping
    from .profile import Mappings
    from .roles import RoleBook
    from .wire import JsonObject

    Record = dict[str, Any]

_THROTTLED = 429
_DROPPED, _DELIVERED = "DroppedEventCount", "OnFailureDestinationDeliveredEventCount"


class Delivery:
    """Hands batches of one shard to the function, one after the other, as the mapping says."""

    def __init__(self, mapping: PlayedMapping, settings: Mappings, context: Context, roles: RoleBook) -> None:
        self._mapping = mapping
        self._roles = roles
        self._settings = settings
        self._context = context
        self._batches = itertools.count(1)
        self._output = ""
        self._random = random.Random(mapping.uuid)  # noqa: S311 - jitter, no secret

    def deliver(self, batch: list[Record], settings: JsonObject, *, shard: str) -> None:
        """Hand over a batch of a shard until every record of it succeeded or was given up, or the mapping ends."""
        number = next(self._batches)
        if self._settings.jitter:
            self._pause(self._random.uniform(0, self._settings.jitter))
        if _every(self._settings.throttle_every, number):
            self._pause(self._settings.retry_delay)
        waiting = deque([(batch, 0, "")])
        while waiting and not self._is_over():
            records, attempts, request_id = waiting.popleft()
            left, request_id = self._identified(records, settings, request_id)
            if left is None:  # throttled, or not there: that counts for nothing, but the records grow older
                aged = self._is_too_old(records, settings)
                if aged:
                    self._discard(records, settings, shard=shard, attempts=attempts, aged=True)
                else:
                    waiting.appendleft((records, attempts, request_id))
                    self._pause(self._settings.retry_delay)
                continue
            if not left:
                continue
            # Whether AWS counts anew after progress is not documented (docs/aws-facts.md#esm-partial-retries): it does not here.
            attempts += 1
            aged = self._is_too_old(left, settings)
            if aged or _is_exhausted(left, attempts, settings):
                self._discard(left, settings, shard=shard, attempts=attempts, aged=aged)
                continue
            parts = _parts(left, settings)
            same = request_id if parts == [records] else ""  # another batch is another request
            waiting.extendleft(reversed([(part, attempts, same) for part in parts]))
            self._pause(self._settings.retry_delay)
        if _every(self._settings.duplicate_every, number) and not self._is_over():
            self._attempt(batch, settings)

    def _identified(
        self, records: list[Record], settings: JsonObject, first: str
    ) -> tuple[list[Record] | None, str]:
        """What is left after an attempt, and the request id that all attempts at this batch bear.

        Args:
            first: The id of the first attempt; empty where this is it.
        """
        if not self._settings.same_request_id:
            return self._attempt(records, settings), ""
        upstream, access = self._context.upstream, self._mapping.access
        ids = self._context.ids.of(access, self._log_group())
        with ids.attempt(again=bool(first)) as began:
            left = self._attempt(records, settings)
            if left is None or not (left or first):
                return left, first
            return left, ids.settle(upstream, access, began=began, told=self._output, first=first)

    def _log_group(self) -> str:
        name, _ = split_function(self._mapping.function_arn)
        try:
            function = self._context.upstream.lambda_document(
                f"/2015-03-31/functions/{name}/configuration", self._mapping.access
            )
        except Refusal:
            function = {}
        return str((function.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}")

    def _attempt(self, records: list[Record], settings: JsonObject) -> list[Record] | None:
        """What is left of a batch after an attempt; None where the function could not be called at all."""
        self._count(settings, "InvokedEventCount", records)
        left = self._invoke(records)
        failed = records if left is None else left
        if failed:
            self._count(settings, "FailedInvokeEventCount", failed)
        return left

    def _count(self, settings: JsonObject, name: str, records: list[Record]) -> None:
        self._context.counts.add(self._mapping, settings, self._context.clock(), **{name: len(records)})

    def _invoke(self, records: list[Record]) -> list[Record] | None:
        name, qualifier = split_function(self._mapping.function_arn)
        qualifier = self._routed(name, qualifier)
        query = f"?Qualifier={qualifier}" if qualifier else ""
        answer = self._context.upstream.rest(
            "POST",
            f"/2015-03-31/functions/{name}/invocations{query}",
            json.dumps({"Records": records}).encode(),
            self._mapping.access,
            headers={"x-amz-invocation-type": "RequestResponse", "x-amz-log-type": "Tail"},
        )
        self._output = answer.headers.get("x-amz-log-result", "")
        if answer.status == _THROTTLED or not answer.ok:
            self._mapping.last_result = (
                "PROBLEM: Function call throttled"
                if answer.status == _THROTTLED
                else "PROBLEM: Function call failed"
            )
            return None
        if "x-amz-function-error" in answer.headers:
            self._mapping.last_result = "PROBLEM: Function call failed"
            return records
        left = self._named(records, answer.body)
        self._mapping.last_result = "PROBLEM: Function call failed" if left else "OK"
        return left

    def _routed(self, name: str, qualifier: str) -> str:
        """The version that an alias with routing weights gives this invocation to; else the qualifier itself."""
        if not qualifier or qualifier.isdecimal() or qualifier == "$LATEST":
            return qualifier
        path = f"/2015-03-31/functions/{name}/aliases/{qualifier}"
        try:
            alias = self._context.upstream.lambda_document(path, self._mapping.access)
        except Refusal:
            return qualifier
        place = self._random.random()
        for version, share in (
            (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        ).items():
            place -= float(share)
            if place < 0:
                return str(version)
        return qualifier

    def _named(self, records: list[Record], body: bytes) -> list[Record]:
        """From the lowest failing record on, where the mapping lets the function name it."""
        settings = self._mapping.effective(self._context.clock()) or {}
        if "ReportBatchItemFailures" not in (settings.get("FunctionResponseTypes") or []):
            return []
        try:
            failures = (json.loads(body) or {}).get("batchItemFailures") or []
        except (ValueError, AttributeError):
            return []
        places = {record["dynamodb"]["SequenceNumber"]: place for place, record in enumerate(records)}
        named = [places.get(str(one.get("itemIdentifier")), 0) for one in failures]
        return records[min(named) :] if named else []

    def _discard(
        self, records: list[Record], settings: JsonObject, *, shard: str, attempts: int, aged: bool
    ) -> None:
        sent = discard(
            self._mapping,
            records,
            shard=shard,
            attempts=attempts,
            aged=aged,
            settings=settings,
            context=self._context,
            roles=self._roles,
        )
        self._count(settings, _DELIVERED if sent else _DROPPED, records)

    def _is_too_old(self, records: list[Record], settings: JsonObject) -> bool:
        age = int(settings.get("MaximumRecordAgeInSeconds", -1))
        oldest = min(float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in records)
        return 0 < age < (self._context.clock() - oldest) * self._settings.age_scale

    def _is_over(self) -> bool:
        return self._context.stopping.is_set() or self._mapping.ended.is_set()

    def _pause(self, seconds: float) -> None:
        self._context.stopping.wait(seconds)


def _is_exhausted(left: list[Record], attempts: int, settings: JsonObject) -> bool:
    """Whether the retries are used up; a batch that can still be split is tried again."""
    retries = int(settings.get("MaximumRetryAttempts", -1))
    splits = bool(settings.get("BisectBatchOnFunctionError")) and len(left) > 1
    return retries >= 0 and attempts > retries and not splits


def _every(n: int, number: int) -> bool:
    return bool(n) and number % n == 0


def _parts(left: list[Record], settings: JsonObject) -> list[list[Record]]:
    if not settings.get("BisectBatchOnFunctionError") or len(left) == 1:
        return [left]
    middle = len(left) // 2
    return [left[:middle], left[middle:]]
