"""Pages of stream records and of log lines (also of queries) as the JSON that they are, without botocore's parser.

botocore's parser takes a large part of the time in which 100,000 records are read: it copies every value by the
service's model, and makes datetimes and bytes of what is wanted as JSON (a record as Lambda passes it to a function).
An answer of an unexpected form, and every error, is left to botocore.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

#: Marks an answer whose entries were checked here.
CHECKED: Final = "ddbinsert:checked"
_IMAGES = ("Keys", "NewImage", "OldImage")


def decode_plainly(client: Any) -> None:
    """Decode the pages of this client's records and lines here; other clients are left as they are."""
    service = client.meta.service_model.service_id.hyphenize()
    for operation, check in _CHECKS.get(service, {}).items():
        client.meta.events.register(f"before-parse.{service}.{operation}", _decoder(check))


def _decoder(check: Callable[[dict[str, Any]], bool]) -> Callable[..., None]:
    def decode(
        *, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: object
    ) -> None:
        if response_dict["status_code"] >= 300:
            return
        try:
            answer = json.loads(response_dict["body"].decode())
        except (ValueError, RecursionError):
            return
        if isinstance(answer, dict) and check(answer):
            response_dict["body"] = b"{}"
            customized_response_dict.update(answer)
            customized_response_dict[CHECKED] = True

    return decode


def _are_records(answer: dict[str, Any]) -> bool:
    """Whether every record has the form of the service's model, as far as ddbinsert relies on it."""
    if not _is_token(answer.get("NextShardIterator")) or type(answer.get("Records")) is not list:
        return False
    for record in answer["Records"]:
        change = record.get("dynamodb") if type(record) is dict else None
        if (
            type(change) is not dict
            or None in change.values()
            or not _are_texts(record, "eventID", "eventName")
        ):
            return False
        if not _are_texts(change, "SequenceNumber") or "Keys" not in change:
            return False
        at = change.get("ApproximateCreationDateTime", 0.0)
        if type(at) is int:
            change["ApproximateCreationDateTime"] = float(at)
        elif type(at) is not float:
            return False
        for image in _IMAGES:
            if image in change and not _is_image(change[image]):
                return False
    return True


def _are_texts(holder: dict[str, Any], *names: str) -> bool:
    return all(type(holder.get(name)) is str for name in names)


def _is_image(value: object) -> bool:
    return type(value) is dict and all(type(one) is dict for one in value.values())


def _are_lines(answer: dict[str, Any]) -> bool:
    tokens = (answer.get(name) for name in ("nextToken", "nextForwardToken", "nextBackwardToken"))
    events = answer.get("events")
    return (
        type(events) is list
        and all(_is_token(token) for token in tokens)
        and all(
            type(event) is dict
            and None not in event.values()
            and type(event.get("message")) is str
            and type(event.get("timestamp")) is int
            and type(event.get("ingestionTime", 0)) is int
            and _are_texts(event, *(name for name in ("eventId", "logStreamName") if name in event))
            for event in events
        )
    )


def _are_rows(answer: dict[str, Any]) -> bool:
    rows = answer.get("results")
    return type(rows) is list and all(
        type(row) is list and all(type(cell) is dict for cell in row) for row in rows
    )


def _is_token(value: object) -> bool:
    return value is None or type(value) is str


_CHECKS = {
    "dynamodb-streams": {"GetRecords": _are_records},
    "cloudwatch-logs": {
        "FilterLogEvents": _are_lines,
        "GetLogEvents": _are_lines,
        "GetQueryResults": _are_rows,
    },
}
