"""Writes a receipt for every new item. Your own work goes into ``on_insert``.

REDACT, REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: what must not be shown, see ddbinsert_privacy
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
    """What ``on_insert`` gets.

    Attributes:
        event_id: The same for the same insert, however often it is delivered: a key for your own deduplication.
        time: When the item was written, ``2024-11-01T12:00:00.000Z``; None if the record does not say.
        keys: The key in plain values.
        item: The whole item; None if the view type has no new image. Numbers are texts of their digits
            (``Numeral``, a str): ``Decimal(item["total"])`` loses nothing.
    """

    event_id: str
    time: str | None
    keys: dict[str, Any]
    item: dict[str, Any] | None


def on_insert(new: NewItem) -> None:
    """Your own work, for one new item.

    Raise to have the record delivered again (as often as the mapping's retries allow; then it goes to the
    on-failure destination). A record can come twice all the same, so make doing it twice harmless.

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
