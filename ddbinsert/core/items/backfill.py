"""Stream records made from existing items of a table: a backfill sends them to a function.

They differ from INSERT records in two respects. The eventID is derived from the table and the key, so that a second
backfill of an item has the same eventID; and each contains ``"ddbinsert": {"backfill": RUN}`` beside
``dynamodb``, which the templates copy into audit entries and other handlers may ignore.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.attributes import as_json
from ddbinsert.core.items.records import item_size
from ddbinsert.core.model.record import EventName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model.record import KeySchema, StreamView

#: Greater than every sequence number seen in a stream so far, with as many digits as a stream's may have.
_FIRST_SEQUENCE = 9 * 10**39
#: A larger number is read as epoch milliseconds, not seconds.
_MILLISECONDS = 10**11


def backfill_record(
    item: Mapping[str, Mapping[str, Any]],
    key: KeySchema,
    *,
    view: StreamView,
    table_arn: str,
    stream_arn: str,
    run_id: str,
    at: float,
    place: int,
) -> dict[str, Any]:
    """The record for an item (DynamoDB JSON; B as bytes or base64).

    Args:
        at: Epoch seconds, used as the time of the insert.
        place: The item's index in the run.
    """
    image = {name: as_json(value) for name, value in item.items()}
    keys = {name: image[name] for name in key.types}
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": at,
        "Keys": keys,
        "SequenceNumber": str(_FIRST_SEQUENCE + place),
        "SizeBytes": item_size(keys) + (item_size(image) if view.has_new_image else 0),
        "StreamViewType": view.value,
    }
    if view.has_new_image:
        change["NewImage"] = image
    return {
        "eventID": event_id_of(table_arn, keys),
        "eventName": EventName.INSERT.value,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": arn_parts(table_arn).region,
        "dynamodb": change,
        "eventSourceARN": stream_arn,
        "ddbinsert": {"backfill": run_id},
    }


def event_id_of(table_arn: str, keys: Mapping[str, Any]) -> str:
    """32 hexadecimal digits, the same for the same item of the same table."""
    what = f"backfill\n{table_arn}\n{json.dumps(keys, sort_keys=True, ensure_ascii=True)}"
    return hashlib.sha256(what.encode()).hexdigest()[:32]


def time_in(item: Mapping[str, Mapping[str, Any]], attribute: str) -> float | None:
    """Epoch seconds in an attribute: a number (seconds or milliseconds) or an ISO 8601 text; otherwise None."""
    value = item.get(attribute) or {}
    content = value.get("N") or value.get("S")
    if not isinstance(content, str):
        return None
    try:
        number = float(content)
    except ValueError:
        try:
            found = datetime.fromisoformat(content)
        except ValueError:
            return None
        number = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    if not 0 < number < _MILLISECONDS * 1000:
        return None
    return number / 1000 if number > _MILLISECONDS else number
