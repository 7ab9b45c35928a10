"""PartiQL's writes as the plain writes that they are: the emulator makes them, and records nothing in the stream."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .wire import Answer, Call, Forward, Handler, JsonObject, Refusal, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context

_NAME = r'"((?:[^"]|"")+)"'
_INSERT = re.compile(rf"\s*INSERT\s+INTO\s+{_NAME}\s+VALUE\s+\{{(.*)\}}\s*", re.IGNORECASE | re.DOTALL)
_UPDATE = re.compile(rf"\s*UPDATE\s+{_NAME}\s+SET\s+(.*?)\s+WHERE\s+(.*)", re.IGNORECASE | re.DOTALL)
_DELETE = re.compile(rf"\s*DELETE\s+FROM\s+{_NAME}\s+WHERE\s+(.*)", re.IGNORECASE | re.DOTALL)
_MEMBER = re.compile(r"'((?:[^']|'')+)'\s*:\s*\?")
_EQUALS = re.compile(rf"{_NAME}\s*=\s*\?")


class PartiqlBehaviour:
    """ExecuteStatement with an INSERT, UPDATE or DELETE whose values are all parameters; the rest passes."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {"dynamodb:ExecuteStatement": self._execute}

    def close(self) -> None:
        """Nothing to end."""

    def _execute(self, call: Call, forward: Forward) -> Answer:
        statement, values = str(call.payload.get("Statement")), list(call.payload.get("Parameters") or [])
        if found := _INSERT.fullmatch(statement):
            names = [name.replace("''", "'") for name in _MEMBER.findall(found[2])]
            return self._insert(call, _unquoted(found[1]), dict(zip(names, values, strict=True)))
        if found := _UPDATE.fullmatch(statement):
            setting, where = (_names(found[2]), _names(found[3]))
            key = dict(zip(where, values[len(setting) :], strict=True))
            return self._update(call, _unquoted(found[1]), key, dict(zip(setting, values, strict=False)))
        if found := _DELETE.fullmatch(statement):
            key = dict(zip(_names(found[2]), values, strict=True))
            return self._send(call, "DeleteItem", {"TableName": _unquoted(found[1]), "Key": key})
        return forward(call)

    def _insert(self, call: Call, table: str, item: JsonObject) -> Answer:
        described = self._context.upstream.json(
            "dynamodb", "DescribeTable", {"TableName": table}, call.access
        )
        key = described["Table"]["KeySchema"][0]["AttributeName"]
        request = {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#k)",
            "ExpressionAttributeNames": {"#k": key},
        }
        try:
            return self._send(call, "PutItem", request)
        except Refusal as refusal:
            if refusal.code != "ConditionalCheckFailedException":
                raise
            message = "Duplicate primary key exists in table"
            raise Refusal("DuplicateItemException", message) from refusal

    def _update(self, call: Call, table: str, key: JsonObject, values: JsonObject) -> Answer:
        shorts = {f"#s{place}": name for place, name in enumerate(values)}
        keys = {f"#k{place}": name for place, name in enumerate(key)}
        request = {
            "TableName": table,
            "Key": key,
            "UpdateExpression": "SET " + ", ".join(f"{short} = :{short[1:]}" for short in shorts),
            "ConditionExpression": " AND ".join(f"attribute_exists({short})" for short in keys),
            "ExpressionAttributeNames": {**shorts, **keys},
            "ExpressionAttributeValues": {f":{short[1:]}": values[name] for short, name in shorts.items()},
        }
        return self._send(call, "UpdateItem", request)

    def _send(self, call: Call, operation: str, request: Any) -> Answer:
        self._context.upstream.json("dynamodb", operation, request, call.access)
        return json_answer(call, {"Items": []})


def _names(text: str) -> list[str]:
    return [_unquoted(name) for name in _EQUALS.findall(text)]


def _unquoted(name: str) -> str:
    return name.replace('""', '"')
