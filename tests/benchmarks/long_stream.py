"""An endpoint with a table whose stream holds many records in one shard; reads only.

    python -m tests.benchmarks.long_stream RECORDS

Prints its port, then serves until its standard input ends. Pages are made before the first request, so that making them
takes no part of what is measured.
"""

from __future__ import annotations

import json
import sys

from tests.benchmarks.large_account import table_of
from tests.benchmarks.serving import Request, serve

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

    def answer(self, asked: Request) -> bytes:
        """The answer to one request."""
        request = json.loads(asked.body or b"{}")
        match asked.operation:
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


if __name__ == "__main__":
    serve(Stream(int(sys.argv[1])).answer)
