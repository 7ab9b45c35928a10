"""A stream's records in the shape in which Lambda passes them to a function."""

from __future__ import annotations

from typing import Any

from ddbinsert.core.attributes import as_json

Record = dict[str, Any]


def as_lambda_has_it(record: Record, stream_arn: str) -> Record:
    """Convert a record of boto3's GetRecords to that of a Lambda event: only JSON types, and the stream's ARN."""
    change = dict(record["dynamodb"])
    at = change.get("ApproximateCreationDateTime")
    # A number: it has not been through botocore's parser, so that all of it is JSON (aws/session/plain_answers.py).
    if not isinstance(at, (int, float)):
        if at is not None:
            change["ApproximateCreationDateTime"] = at.timestamp()
        for image in ("Keys", "NewImage", "OldImage"):
            if image in change:
                change[image] = {name: as_json(value) for name, value in change[image].items()}
    identity = record.get("userIdentity")
    shaped = {**record, "dynamodb": change, "eventSourceARN": stream_arn}
    if identity:
        shaped["userIdentity"] = {
            "type": identity.get("Type") or identity.get("type"),
            "principalId": identity.get("PrincipalId") or identity.get("principalId"),
        }
    return shaped
