"""Writes a receipt for every new item. Add your own code to ``on_insert``.

REDACT, REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: hide parts of items, see ddbinsert_privacy
PARTIAL_BATCH_RESPONSE, METRICS: see ddbinsert_batch
"""

from __future__ import annotations

import os
from typing import Any, TypedDict

from ddbinsert_batch import Memory, each, options_of, run
from ddbinsert_item import plain_map, time_of

_options = options_of(os.environ)
_done = Memory()


class NewItem(TypedDict):
    """The argument of ``on_insert``.

    Attributes:
        event_id: Identifies the insert, even if it is delivered several times: use it for your own deduplication.
        time: Time of the write, ``2024-11-01T12:00:00.000Z``; None if the record does not say.
        keys: The key in plain values.
        item: The whole item; None if the view type has no new image. Numbers are their digits as text
            (``Numeral``, a str), so that ``Decimal(item["total"])`` is exact.
    """

    event_id: str
    time: str | None
    keys: dict[str, Any]
    item: dict[str, Any] | None


def on_insert(new: NewItem) -> None:
    """Process one new item with your own code.

    Raise an exception to have the record delivered again (up to the mapping's number of retries; then it is sent to the
    on-failure destination). A record may still be delivered twice, so make the processing idempotent.

    An example::

        total = Decimal((new["item"] or {}).get("total", "0"))
        print("order", new["keys"]["id"], "of", total)
    """


def _work(record: dict[str, Any]) -> None:
    change = record.get("dynamodb") or {}
    on_insert(
        {
            "event_id": record.get("eventID", ""),
            "time": time_of(record),
            "keys": plain_map(_options.privacy.redact(change.get("Keys"))) or {},
            "item": plain_map(_options.privacy.redact(change.get("NewImage"))),
        }
    )


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return run(event, context, each(_work), _done, _options)
