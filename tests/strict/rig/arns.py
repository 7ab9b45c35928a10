"""The ARN of what a call is about, as AWS names it in its messages."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from .wire import Access, Call, Protocol


def function_arn(access: Access, name: str) -> str:
    """``name`` may be a name, ``account:function:name`` or an ARN; a qualifier stays."""
    bare, qualifier = split_function(name)
    arn = f"arn:aws:lambda:{access.region}:{access.account}:function:{bare}"
    return f"{arn}:{qualifier}" if qualifier else arn


def split_function(reference: str) -> tuple[str, str]:
    """(name, qualifier or '') of any form in which Lambda takes a function."""
    tail = reference.rsplit("function:", 1)[-1]
    name, _, qualifier = tail.partition(":")
    return name, qualifier


def role_name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def table_name(reference: str) -> str:
    """A table's name out of itself, its ARN or its stream's ARN."""
    found = re.search(r":table/([^/]+)", reference)
    return found[1] if found else reference


def resource_of(call: Call) -> str:
    """The ARN that a denial of this call names; '*' where AWS names none."""
    where = f"{call.access.region}:{call.access.account}"
    match call.service:
        case "dynamodb":
            return _table_resource(call, where)
        case "dynamodbstreams":
            return str(call.payload.get("StreamArn") or f"arn:aws:dynamodb:{where}:table/*/stream/*")
        case "logs":
            group = call.payload.get("logGroupName") or call.payload.get("logGroupNamePrefix") or ""
            return f"arn:aws:logs:{where}:log-group:{group}:log-stream:"
        case "lambda":
            return _lambda_resource(call, where)
        case "iam":
            role = dict(parse_qsl(call.body.decode("utf-8", "replace"))).get("RoleName")
            return f"arn:aws:iam::{call.access.account}:role/{role}" if role else "*"
        case _:
            return "*"


def _table_resource(call: Call, where: str) -> str:
    named = call.payload.get("TableName") or next(iter(call.payload.get("RequestItems") or {}), "*")
    return f"arn:aws:dynamodb:{where}:table/{table_name(str(named))}"


def _lambda_resource(call: Call, where: str) -> str:
    if uuid := call.params.get("UUID"):
        return f"arn:aws:lambda:{where}:event-source-mapping:{uuid}"
    payload = call.payload if call.protocol is Protocol.REST_JSON else {}
    name = call.params.get("FunctionName") or payload.get("FunctionName")
    return function_arn(call.access, str(name)) if name else "*"
