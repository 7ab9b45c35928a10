"""An endpoint with a log group of many lines in pages of 5,000, as Lambda and ddbinsert's handlers write them; reads only.

    python -m tests.benchmarks.log_group LINES

Prints its port, then serves until its standard input ends. Lines are made before the first request.
"""

from __future__ import annotations

import json
import sys
import time
from bisect import bisect_left

from ddbinsert.core import receipt
from tests.benchmarks.serving import ACCOUNT, REGION, Request, serve

NAME = "/aws/lambda/big-inserts"
_PAGE = 5000
_FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:big-inserts"
#: Lines of an invocation: its start, receipts, lines of the handler, its end and its report.
_LINES = 20


def _message(number: int) -> str:
    invocation, place = divmod(number, _LINES)
    request = f"00000000-0000-4000-8000-{invocation:012}"
    match place:
        case 0:
            return f"START RequestId: {request} Version: $LATEST\n"
        case 18:
            return f"END RequestId: {request}\n"
        case 19:
            usage = "Duration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 45 MB"
            return f"REPORT RequestId: {request}\t{usage}\t\n"
        case even if even % 2 == 0:
            change = {
                "ApproximateCreationDateTime": 1_767_225_600 + number,
                "Keys": {"pk": {"S": f"customer-{number}"}},
                "SequenceNumber": str(100_000_000_000_000_000_000 + number),
            }
            record = {"eventID": f"{number:032x}", "eventName": "INSERT", "dynamodb": change}
            return receipt.line(record, receipt.PROCESSED, request, function=_FUNCTION) + "\n"
        case _:
            return f"order {number} accepted for customer-{number}, amount {number}.50 EUR\n"


class Group:
    """The answers of each operation; all lines are of the last half hour."""

    def __init__(self, lines: int) -> None:
        begin = int(time.time() * 1000) - 30 * 60_000
        self._times = [begin + number * 20 * 60_000 // lines for number in range(lines)]
        self._events = [
            json.dumps(
                {
                    "logStreamName": f"2026/01/01/[$LATEST]{number // 2000:032x}",
                    "timestamp": moment,
                    "message": _message(number),
                    "ingestionTime": moment + 500,
                    "eventId": f"{number:056}",
                }
            )
            for number, moment in enumerate(self._times)
        ]

    def answer(self, asked: Request) -> bytes:
        """The answer to one request."""
        request = json.loads(asked.body or b"{}")
        match asked.operation:
            case "FilterLogEvents":
                start = bisect_left(self._times, request.get("startTime", 0))
                begin = int(request.get("nextToken", start))
                end = begin + min(_PAGE, request.get("limit", _PAGE))
                token = f',"nextToken":"{end}"' if end < len(self._events) else ""
                return f'{{"events":[{",".join(self._events[begin:end])}],"searchedLogStreams":[]{token}}}'.encode()
            case "DescribeLogGroups":
                return json.dumps({"logGroups": [{"logGroupName": NAME, "creationTime": 1}]}).encode()
            case _:
                return b"{}"


if __name__ == "__main__":
    serve(Group(int(sys.argv[1])).answer)
