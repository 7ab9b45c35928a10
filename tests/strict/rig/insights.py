"""CloudWatch Logs Insights, as far as counting goes: fields, filter, parse, stats … by, limit.

The emulator gives raw rows for ``stats``. A query is Running when it is first asked after, as on AWS, and its
rows are of the moment at which it was started.
"""

from __future__ import annotations

import itertools
import math
import re
import threading
from typing import TYPE_CHECKING, Any

from .wire import Answer, Call, Forward, Handler, Refusal, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .context import Context
    from .logs import LogsBehaviour

Row = dict[str, str]

_MALFORMED = "MalformedQueryException"
_PARSE = re.compile(r"parse @message /(.+)/$", re.DOTALL)
_LIKE = re.compile(r"filter @message like /(.+)/$", re.DOTALL)
_COMPARED = re.compile(r'(\w+)\s*(>=|<=|=|<|>)\s*("[^"]*"|\d+)')
_STATS = re.compile(r"stats (.+) by (.+)$")
_BINNED = re.compile(r"floor\((\w+) / (\d+)\) as (\w+)")


class InsightsBehaviour:
    """StartQuery, GetQueryResults, StopQuery."""

    def __init__(self, logs: LogsBehaviour, context: Context) -> None:
        self._logs = logs
        self._context = context
        self._queries: dict[str, list[Row]] = {}
        self._asked: set[str] = set()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {
            "logs:StartQuery": self._start,
            "logs:GetQueryResults": self._results,
            "logs:StopQuery": self._stop,
        }

    def close(self) -> None:
        """Nothing to end."""

    def _start(self, call: Call, _forward: Forward) -> Answer:
        request = call.payload
        found = self._logs.shown_rows(
            call.access,
            request["logGroupName"],
            start=int(request["startTime"]) * 1000,
            end=int(request["endTime"]) * 1000 + 1000,
        )
        rows = run(str(request["queryString"]), found)[: int(request.get("limit") or 1000)]
        with self._lock:
            identity = f"query-{next(self._numbers)}"
            self._queries[identity] = rows
        return json_answer(call, {"queryId": identity})

    def _results(self, call: Call, _forward: Forward) -> Answer:
        identity = call.payload["queryId"]
        with self._lock:
            if identity not in self._queries:
                raise Refusal("ResourceNotFoundException", "The specified query does not exist.")
            first, rows = identity not in self._asked, self._queries[identity]
            self._asked.add(identity)
        if first:
            return json_answer(call, {"status": "Running", "results": []})
        results = [[{"field": name, "value": value} for name, value in row.items()] for row in rows]
        return json_answer(call, {"status": "Complete", "results": results})

    def _stop(self, call: Call, _forward: Forward) -> Answer:
        return json_answer(call, {"success": True})


def run(text: str, lines: Sequence[str | Row]) -> list[Row]:
    """The rows of a query over messages, or over lines with more fields.

    Raises:
        Refusal: MalformedQueryException, where the query is not of the kind that this knows.
    """
    rows: list[Row] = [{"@message": one} if isinstance(one, str) else one for one in lines]
    for command in (part.strip() for part in text.split("\n|")):
        rows = _command(command, rows)
    return rows


def _command(command: str, rows: list[Row]) -> list[Row]:
    if command.startswith("fields "):
        return rows
    if command == "sort @timestamp asc":
        return sorted(rows, key=lambda row: row["@timestamp"])
    if command.startswith("limit "):
        return rows[: int(command.removeprefix("limit "))]
    if like := _LIKE.match(command):
        pattern = re.compile(_python(like[1]))
        return [row for row in rows if pattern.search(row["@message"])]
    if parse := _PARSE.match(command):
        pattern = re.compile(_python(parse[1]))
        return [{**row, **_groups(pattern, row["@message"])} for row in rows]
    if command.startswith("filter "):
        tests = _COMPARED.findall(command)
        return [row for row in rows if all(_holds(row, *test) for test in tests)]
    if stats := _STATS.match(command):
        return _grouped(stats[1], stats[2], rows)
    raise Refusal(_MALFORMED, f"unexpected symbol found: {command}")


def _python(pattern: str) -> str:
    return pattern.replace("(?<", "(?P<")


def _groups(pattern: re.Pattern[str], message: str) -> Row:
    found = pattern.search(message)
    return {name: text for name, text in found.groupdict().items() if text} if found else {}


def _holds(row: Row, name: str, sign: str, operand: str) -> bool:
    value = row.get(name)
    if value is None:
        return False
    left: Any = value
    right: Any = operand.strip('"')
    if not operand.startswith('"'):
        left, right = float(left), float(right)
    return bool(
        {
            "=": left == right,
            ">=": left >= right,
            "<=": left <= right,
            "<": left < right,
            ">": left > right,
        }[sign]
    )


def _grouped(measures: str, keys: str, rows: list[Row]) -> list[Row]:
    groups: dict[tuple[tuple[str, str | None], ...], list[Row]] = {}
    for row in rows:
        key = tuple(_key(part.strip(), row) for part in keys.split(", "))
        groups.setdefault(key, []).append(row)
    found = []
    for key, members in groups.items():
        answer = {name: value for name, value in key if value is not None}
        for measure in measures.split(", "):
            expression, _, name = measure.partition(" as ")
            distinct = re.match(r"count_distinct\((\w+)\)", expression)
            values = {row[distinct[1]] for row in members if distinct[1] in row} if distinct else members
            answer[name] = str(len(values))
        found.append(answer)
    return found


def _key(part: str, row: Row) -> tuple[str, str | None]:
    binned = _BINNED.match(part)
    if binned is None:
        return part, row.get(part)
    value = row.get(binned[1])
    return binned[3], None if value is None else str(math.floor(float(value) / int(binned[2])))
