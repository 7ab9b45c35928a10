"""Leaves a receipt for every new item. Your own work goes into ``on_insert``."""

from __future__ import annotations

from typing import Any

from ddbinsert_batch import Memory, each, run

_done = Memory()


def on_insert(record: dict[str, Any]) -> None:
    """Your own work, for one new item.

    ``record["dynamodb"]`` holds ``Keys`` and, where the stream's view type has it, ``NewImage``, both in
    DynamoDB JSON: ``{"id": {"S": "a"}, "price": {"N": "9.99"}}``.

    Raise to have the record given again (as often as the mapping's retries allow, then it goes to the
    on-failure destination). A record can come twice all the same, so let doing it twice do no harm:
    ``record["eventID"]`` stays the same.
    """


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return run(event, context, each(on_insert), _done)
