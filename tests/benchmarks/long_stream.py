"""An endpoint with a table whose stream holds many records in one shard; reads only.

    python -m tests.benchmarks.long_stream RECORDS

Prints its port, then serves until its standard input ends. Pages are made before the first request, so that making them
takes no part of what is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys

from tests.benchmarks.large_account import IDENTITY, table_of

_PAGE = 1000
_SHARD = "shardId-00000001700000000000-00000001"


def _record(number: int) -> dict[str, object]:
    event = ("INSERT", "MODIFY")[number % 2]
    key = {"pk": {"S": f"customer-{number // 20}"}}
    image = {**key, "status": {"S": "NEW"}, "amount": {"N": f"{number}.50"}, "text": {"S": "x" * 100}}
    change = {
        "ApproximateCreationDateTime": 1_767_225_600 + number // 10,
        "Keys": key,
        "NewImage": image,
        **({"OldImage": image} if event == "MODIFY" else {}),
        "SequenceNumber": str(100_000_000_000_000_000_000 + number),
        "SizeBytes": 200,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    return {
        "eventID": f"{number:032x}",
        "eventName": event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": change,
    }


class Stream:
    """The answers of each operation."""

    def __init__(self, records: int) -> None:
        self._table = table_of("big")
        self._pages = [
            json.dumps(
                {
                    "Records": [_record(number) for number in range(first, min(first + _PAGE, records))],
                    "NextShardIterator": str(first // _PAGE + 1),
                }
            ).encode()
            for first in range(0, records, _PAGE)
        ]

    def answer(self, operation: str, body: bytes) -> bytes:
        """The answer to one request."""
        request = json.loads(body or b"{}")
        match operation:
            case "GetRecords":
                number = int(request["ShardIterator"])
                if number < len(self._pages):
                    return self._pages[number]
                return json.dumps({"Records": [], "NextShardIterator": str(number)}).encode()
            case "GetShardIterator":
                return b'{"ShardIterator":"0"}'
            case "DescribeStream":
                shard = {
                    "ShardId": _SHARD,
                    "SequenceNumberRange": {"StartingSequenceNumber": "100000000000000000000"},
                }
                arn = self._table["LatestStreamArn"]
                description = {"StreamArn": arn, "StreamStatus": "ENABLED", "Shards": [shard]}
                return json.dumps({"StreamDescription": description}).encode()
            case _:
                return json.dumps({"Table": self._table}).encode()


async def _serve(stream: Stream) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                operation = headers.get("x-amz-target", "").rpartition(".")[2]
                content = stream.answer(operation, body) if operation else IDENTITY.encode()
                kind = "application/x-amz-json-1.0" if operation else "text/xml"
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


if __name__ == "__main__":
    asyncio.run(_serve(Stream(int(sys.argv[1]))))
