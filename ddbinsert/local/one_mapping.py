"""A function has one mapping to a stream in the emulator, too: Lambda refuses a second one.

MiniStack creates it, so that two runs of `up` at once would leave two mappings, and every record would be delivered twice
(docs/aws-facts.md#esm-duplicate).
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = tuple[int, Any, Any]


def refuse_second_mappings(lambda_svc: Any) -> None:
    """Refuse a second mapping of the same stream to the same function, alias or version, in Lambda's words."""
    create: Callable[[dict[str, Any]], Answer] = lambda_svc._create_esm  # noqa: SLF001
    lock = threading.Lock()

    def create_one(data: dict[str, Any]) -> Answer:
        with lock:
            refusal = None
            with contextlib.suppress(Exception):  # MiniStack's internals have changed
                refusal = _refusal(lambda_svc, data)
            return refusal or create(data)

    lambda_svc._create_esm = create_one  # noqa: SLF001


def _refusal(lambda_svc: Any, data: dict[str, Any]) -> Answer | None:
    """The answer for a mapping that exists already; None if there is none, or the request is refused for another reason."""
    name, qualifier, error = lambda_svc._resolve_existing_esm_function(data.get("FunctionName", ""))  # noqa: SLF001
    if error:
        return None
    stream = data.get("EventSourceArn")
    wanted = (stream, name, qualifier)
    for known in list(lambda_svc._esms.values()):  # noqa: SLF001
        if (known.get("EventSourceArn"), known.get("FunctionName"), known.get("Qualifier")) == wanted:
            answer: Answer = lambda_svc.error_response_json(
                "ResourceConflictException",
                f'The event source arn (" {stream} ") and function (" {name} ") provided mapping already exists. '
                f"Please update or delete the existing mapping with UUID {known['UUID']}",
                409,
            )
            return answer
    return None
