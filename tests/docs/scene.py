"""Makes in the embedded emulator what pages assume to be there: ``python -m tests.docs.scene NAME…``."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import boto3

from tests.docs.pages import DOCS, blocks

EXPORT = "01693685827463-2d8752fd"
_ITEMS = [
    {
        "pk": {"S": f"customer-{number}"},
        "sk": {"S": f"2026-05-0{day}T{hour:02}:00:00Z"},
        "day": {"S": f"2026-05-0{day}"},
        "status": {"S": "NEW"},
    }
    for number in (1, 2)
    for day in (1, 2)
    for hour in (9, 15)
]


def dated_table() -> None:
    """The table ``orders``, whose sort key is a time, with an index by day."""
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="orders",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "day")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-day",
                "KeySchema": [
                    {"AttributeName": "day", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


def dated_items() -> None:
    """Items of two days in May."""
    client = boto3.client("dynamodb")
    for item in _ITEMS:
        client.put_item(TableName="orders", Item=item)


def export() -> None:
    """An export of the table, in this folder and in the bucket ``my-exports``."""
    lines = "".join(json.dumps({"Item": item}) + "\n" for item in _ITEMS)
    data = gzip.compress(lines.encode())
    digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
    table = boto3.client("dynamodb").describe_table(TableName="orders")["Table"]["TableArn"]
    for place, prefix in ((Path(), f"AWSDynamoDB/{EXPORT}/"), (None, f"orders/AWSDynamoDB/{EXPORT}/")):
        entry = {
            "itemCount": len(_ITEMS),
            "md5Checksum": digest,
            "etag": "e",
            "dataFileS3Key": f"{prefix}data/part.json.gz",
        }
        summary: dict[str, Any] = {
            "version": "2020-06-30",
            "tableArn": table,
            "outputFormat": "DYNAMODB_JSON",
            "itemCount": len(_ITEMS),
            "manifestFilesS3Key": f"{prefix}manifest-files.json",
            "exportType": "FULL_EXPORT",
        }
        files = {
            "manifest-summary.json": json.dumps(summary).encode(),
            "manifest-files.json": (json.dumps(entry) + "\n").encode(),
            "data/part.json.gz": data,
        }
        if place is None:
            _upload({f"{prefix}{name}": content for name, content in files.items()})
            continue
        for name, content in files.items():
            (place / EXPORT / name).parent.mkdir(parents=True, exist_ok=True)
            (place / EXPORT / name).write_bytes(content)


def _upload(files: dict[str, bytes]) -> None:
    client = boto3.client("s3")
    client.create_bucket(Bucket="my-exports")
    for key, content in files.items():
        client.put_object(Bucket="my-exports", Key=key, Body=content)


def changes() -> None:
    """What somebody changed by hand: the function's memory, and the role's policy."""
    boto3.client("lambda").update_function_configuration(FunctionName="orders-inserts", MemorySize=1024)
    iam = boto3.client("iam")
    role = {"RoleName": "orders-inserts-role", "PolicyName": "ddbinsert"}
    policy: Any = iam.get_role_policy(**role)["PolicyDocument"]
    for statement in policy["Statement"]:
        if "logs:PutLogEvents" in statement["Action"]:
            statement["Action"].remove("logs:PutLogEvents")
    iam.put_role_policy(**role, PolicyDocument=json.dumps(policy))


def others() -> None:
    """The function and the mapping of somebody else, as docs/adopt.md makes them."""
    found = blocks((DOCS / "adopt.md").read_text(encoding="utf-8"))
    (script,) = (block.text for block in found if block.file == "others.py")
    exec(script, {})  # noqa: S102 - the page's own script


SCENES = {
    "changes": changes,
    "dated-items": dated_items,
    "dated-table": dated_table,
    "export": export,
    "others": others,
}

if __name__ == "__main__":
    for name in sys.argv[1:]:
        SCENES[name]()
