"""An endpoint with an account of many tables and event source mappings, each answer 20 ms late; reads only.

    python -m tests.benchmarks.large_account TABLES MAPPINGS DELAY_MS [TABLES_WITH_STREAMS]

Prints its port, then serves until its standard input ends.
"""

from __future__ import annotations

import json
import sys

from tests.benchmarks.serving import ACCOUNT, LOAD, REGION, Request, serve

_PAGE = 100
_LABEL = "2026-01-01T00:00:00.000"


def table_of(name: str) -> dict[str, object]:
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
    return {
        "TableName": name,
        "TableArn": arn,
        "TableStatus": "ACTIVE",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        "LatestStreamArn": f"{arn}/stream/{_LABEL}",
        "LatestStreamLabel": _LABEL,
    }


def _mapping(number: int, tables: int) -> dict[str, object]:
    pattern = {"eventName": ["INSERT"]} if number % 10 else {"eventName": ["INSERT", "MODIFY"]}
    if number % 3 == 0:
        pattern["dynamodb"] = {"NewImage": {"kind": {"S": [f"kind-{number}"]}}}  # type: ignore[assignment]
    name = f"table-{number % tables:05}"
    return {
        "UUID": f"00000000-0000-4000-8000-{number:012}",
        "EventSourceArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}/stream/{_LABEL}",
        "EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{number}",
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function-{number}",
        "State": "Enabled",
        "BatchSize": 100,
        "LastModified": 1767225600.0,
        "LastProcessingResult": "OK",
        "MaximumRetryAttempts": 5,
        "MaximumRecordAgeInSeconds": -1,
        "FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)}]},
    }


class Account:
    """The answers of each operation."""

    def __init__(self, tables: int, mappings: int, streams: int) -> None:
        self._tables = [f"table-{number:05}" for number in range(tables)]
        self._mappings = [_mapping(number, streams) for number in range(mappings)]
        self._streams = [str(table_of(name)["LatestStreamArn"]) for name in self._tables[:streams]]
        self.calls = 0

    def answer(self, request: Request) -> bytes:
        """The answer to one request; {} to what it does not know."""
        self.calls += 1
        return json.dumps(self._by_operation(request)).encode()

    def _by_operation(self, asked: Request) -> object:
        request = json.loads(asked.body) if asked.body.startswith(b"{") else {}
        match asked.operation:
            case "ListTables":
                start = request.get("ExclusiveStartTableName")
                begin = self._tables.index(start) + 1 if start else 0
                names = self._tables[begin : begin + _PAGE]
                more = {"LastEvaluatedTableName": names[-1]} if begin + _PAGE < len(self._tables) else {}
                return {"TableNames": names, **more}
            case "ListStreams":
                start = request.get("ExclusiveStartStreamArn")
                begin = self._streams.index(start) + 1 if start else 0
                page = self._streams[begin : begin + _PAGE]
                found = [
                    {"StreamArn": one, "TableName": one.split("/")[1], "StreamLabel": _LABEL} for one in page
                ]
                more = {"LastEvaluatedStreamArn": page[-1]} if begin + _PAGE < len(self._streams) else {}
                return {"Streams": found, **more}
            case "DescribeTable":
                table = table_of(request["TableName"])
                if request["TableName"] >= f"table-{len(self._streams):05}":
                    table = {name: value for name, value in table.items() if "Stream" not in name}
                return {"Table": table}
            case "DescribeKinesisStreamingDestination":
                return {"TableName": request["TableName"], "KinesisDataStreamDestinations": []}
            case "GetResources":
                return {"ResourceTagMappingList": []}
            case _:
                return self._by_path(asked.path, asked.query)

    def _by_path(self, path: str, query: dict[str, list[str]]) -> object:
        begin = int(query.get("Marker", ["0"])[0])
        if path.startswith("/2015-03-31/event-source-mappings"):
            more = {"NextMarker": str(begin + _PAGE)} if begin + _PAGE < len(self._mappings) else {}
            return {"EventSourceMappings": self._mappings[begin : begin + _PAGE], **more}
        if path.startswith("/2015-03-31/functions"):
            names = [f"function-{number}" for number in range(begin, min(begin + 50, len(self._mappings)))]
            more = {"NextMarker": str(begin + 50)} if begin + 50 < len(self._mappings) else {}
            found = [{"FunctionName": name, "LastModified": "2026-01-01T00:00:00.000+0000"} for name in names]
            return {"Functions": found, **more}
        if path.startswith("/v1/pipes"):
            return {"Pipes": []}
        return {"calls": self.calls, "at_once": LOAD.read()} if path == "/calls" else {}


if __name__ == "__main__":
    many_tables, many_mappings, late, *streaming = map(int, sys.argv[1:])
    account = Account(many_tables, many_mappings, *streaming or [many_tables])
    serve(account.answer, delay=late / 1000)
