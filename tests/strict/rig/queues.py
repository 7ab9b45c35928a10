"""SQS: a queue's name is free again a minute after its deletion (docs/aws-facts.md#sqs-deleted-recently)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from .wire import Answer, Call, Forward, Handler, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context

_SECONDS = 60.0


class QueuesBehaviour:
    """Refuses a queue of a name that was deleted a moment ago."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._deleted: dict[tuple[tuple[str, str], str], float] = {}

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {"sqs:CreateQueue": self._create, "sqs:DeleteQueue": self._delete}

    def close(self) -> None:
        """Nothing to end."""

    def _create(self, call: Call, forward: Forward) -> Answer:
        name = str(call.payload.get("QueueName"))
        with self._lock:
            at = self._deleted.get((call.access.scope, name), float("-inf"))
        if self._context.clock() - at < _SECONDS:
            raise Refusal(
                "AWS.SimpleQueueService.QueueDeletedRecently",
                "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
            )
        return forward(call)

    def _delete(self, call: Call, forward: Forward) -> Answer:
        answer = forward(call)
        if answer.ok:
            name = str(call.payload.get("QueueUrl")).rpartition("/")[2]
            with self._lock:
                self._deleted[call.access.scope, name] = self._context.clock()
        return answer
