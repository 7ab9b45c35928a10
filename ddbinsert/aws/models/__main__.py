"""Cuts the shipped models out of the installed botocore: ``python -m ddbinsert.aws.models``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

FOLDER = Path(__file__).parent
#: What ddbinsert calls. What is left out here works, too, at the price of the whole model at its first call.
OPERATIONS: dict[str, tuple[str, ...]] = {
    "cloudwatch": ("GetMetricData", "PutMetricData"),
    "dynamodb": (
        *("DescribeTable", "CreateTable", "UpdateTable", "DeleteTable", "ListTagsOfResource"),
        *("PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
        *("BatchGetItem", "BatchWriteItem", "TransactWriteItems", "ExecuteStatement"),
    ),
    "dynamodbstreams": ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"),
    "iam": (
        *("CreateRole", "GetRole", "DeleteRole", "TagRole", "SimulatePrincipalPolicy"),
        *("PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy"),
    ),
    "lambda": (
        *("GetFunction", "CreateFunction", "DeleteFunction", "Invoke", "TagResource"),
        *("UpdateFunctionCode", "UpdateFunctionConfiguration"),
        *("CreateEventSourceMapping", "GetEventSourceMapping", "ListEventSourceMappings"),
        *("UpdateEventSourceMapping", "DeleteEventSourceMapping"),
    ),
    "logs": (
        *("CreateLogGroup", "DescribeLogGroups", "DeleteLogGroup", "ListTagsForResource"),
        *("PutRetentionPolicy", "DeleteRetentionPolicy", "TagResource"),
        *("DescribeLogStreams", "FilterLogEvents", "GetLogEvents"),
        *("StartQuery", "GetQueryResults", "StopQuery"),
    ),
    "sts": ("GetCallerIdentity",),
}
_SAID = ("documentation", "documentationUrl")


def cut(service: str) -> dict[str, Any]:
    """The shipped file's content for a service."""
    loader = Loader()
    model: dict[str, Any] = _silent(loader.load_service_model(service, "service-2"))
    operations = {name: model["operations"][name] for name in OPERATIONS[service]}
    pages = loader.load_service_model(service, "paginators-1")["pagination"]
    return {
        "botocore": botocore.__version__,
        "service-2": {**model, "operations": operations, "shapes": _needed(model["shapes"], operations)},
        "paginators-1": {"pagination": {name: pages[name] for name in operations if name in pages}},
    }


def _silent(node: Any) -> Any:
    if isinstance(node, dict):
        # A member may be called "documentation", and is a structure then.
        return {k: _silent(v) for k, v in node.items() if k not in _SAID or not isinstance(v, str)}
    return [_silent(one) for one in node] if isinstance(node, list) else node


def _needed(shapes: dict[str, Any], operations: dict[str, Any]) -> dict[str, Any]:
    """The shapes that these operations refer to, and every exception."""
    found: dict[str, Any] = {}
    left = [name for name, shape in shapes.items() if shape.get("exception")]
    left += _references(operations)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = shapes[name]
            left += _references(shapes[name])
    return {name: shape for name, shape in shapes.items() if name in found}


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for one in node for name in _references(one)]
    if not isinstance(node, dict):
        return []
    own = [node["shape"]] if isinstance(node.get("shape"), str) else []
    return own + [name for one in node.values() for name in _references(one)]


def text(content: dict[str, Any]) -> str:
    """A line a part, so that a difference can be read."""
    return json.dumps(content, indent=0, separators=(",", ":")).replace("\n", "") + "\n"


def main() -> None:
    for service in OPERATIONS:
        (FOLDER / f"{service}.json").write_text(text(cut(service)), encoding="utf-8")


if __name__ == "__main__":
    main()
