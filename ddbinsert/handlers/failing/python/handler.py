"""A temporary function of ``ddbinsert verify --failure-path``: it fails on some test items, and does nothing else.

POISON: comma-separated texts; an item fails if its key contains one of them
PARTIAL_BATCH_RESPONSE: see ddbinsert_batch
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

from ddbinsert_batch import FailsOnPurpose, Memory, each, options_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator

_options = options_of(os.environ)
_poison = [part for part in os.environ.get("POISON", "").split(",") if part]
_done = Memory()


def _texts(record: dict[str, Any]) -> Iterator[str]:
    """The values of the record's key as text."""
    for value in ((record.get("dynamodb") or {}).get("Keys") or {}).values():
        ((kind, text),) = value.items()
        yield base64.b64decode(text).decode("latin-1") if kind == "B" else str(text)


def _work(record: dict[str, Any]) -> None:
    if any(part in text for part in _poison for text in _texts(record)):
        raise FailsOnPurpose("this test item of ddbinsert verify fails on purpose")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return run(event, context, each(_work), _done, _options)
