"""An endpoint with an account of many tables and event source mappings, each answer 20 ms late; reads only.

    python -m tests.benchmarks.large_account TABLES MAPPINGS DELAY_MS

Prints its port, then serves until its standard input ends. In a process of its own, so that what is measured does not
share a processor's time with it more than with any other endpoint.
"""

from __future__ import annotations

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

REGION, ACCOUNT = "us-east-1", "000000000000"
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

    def __init__(self, tables: int, mappings: int) -> None:
        self._tables = [f"table-{number:05}" for number in range(tables)]
        self._mappings = [_mapping(number, tables) for number in range(mappings)]
        self.calls = 0

    def answer(self, target: str, path: str, query: dict[str, list[str]], body: bytes) -> object:
        """The answer to one request, by its X-Amz-Target or path; {} to what it does not know."""
        self.calls += 1
        request = json.loads(body) if body.startswith(b"{") else {}
        match target.rpartition(".")[2]:
            case "ListTables":
                start = request.get("ExclusiveStartTableName")
                begin = self._tables.index(start) + 1 if start else 0
                names = self._tables[begin : begin + _PAGE]
                more = {"LastEvaluatedTableName": names[-1]} if begin + _PAGE < len(self._tables) else {}
                return {"TableNames": names, **more}
            case "DescribeTable":
                return {"Table": table_of(request["TableName"])}
            case "DescribeKinesisStreamingDestination":
                return {"TableName": request["TableName"], "KinesisDataStreamDestinations": []}
            case "GetResources":
                return {"ResourceTagMappingList": []}
            case _:
                return self._by_path(path, query)

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
        return {"calls": self.calls} if path == "/calls" else {}


async def _serve(account: Account, delay: float) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                url = urlsplit(head[0].split()[1])
                if "sts" in headers.get("authorization", "").partition("SignedHeaders")[0]:
                    document, kind = IDENTITY, "text/xml"
                else:
                    target = headers.get("x-amz-target", "")
                    found = account.answer(target, url.path, parse_qs(url.query), body)
                    document, kind = json.dumps(found), "application/x-amz-json-1.0"
                await asyncio.sleep(delay)
                content = document.encode()
                writer.write(
                    f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode()
                    + content
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/someone</Arn><UserId>AIDA</UserId><Account>{ACCOUNT}</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)

if __name__ == "__main__":
    many_tables, many_mappings, late = map(int, sys.argv[1:])
    asyncio.run(_serve(Account(many_tables, many_mappings), late / 1000))
