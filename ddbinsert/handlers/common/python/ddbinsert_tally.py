"""The results of a batch: its failures, its log lines, its counts."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Union

import ddbinsert_receipt as receipt

if TYPE_CHECKING:
    from ddbinsert_privacy import Privacy

Record = dict[str, Any]
Error = Union[Exception, str]  # noqa: UP007 -- evaluated at import

WAITS = "waits for an earlier record of the same item, which failed"


class Unavailable(Exception):
    """The record itself is not at fault: the sink did not accept it, or time ran out."""


def lowest(failed: list[Record]) -> str:
    """The lowest SequenceNumber, by value; empty (Lambda then retries the whole batch) if one has none."""
    numbers = [str((record.get("dynamodb") or {}).get("SequenceNumber")) for record in failed]
    return min(numbers, key=int) if all(_is_number(number) for number in numbers) else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def describe(error: Error | None, privacy: Privacy) -> str:
    """The error for the log. If values are hidden, external texts, which may contain one, are left out."""
    if not isinstance(error, Exception):
        return str(error)
    if not privacy.is_active or isinstance(error, Unavailable):
        return f"{type(error).__name__}: {error}"
    return f"{type(error).__name__} (its text is left out, because it may contain values that REDACT hides)"


def log(level: str, message: str, **fields: object) -> None:
    """Write one JSON object as a line; JSON's escapes prevent forged log lines."""
    print_line(json.dumps({"level": level, "message": message, **fields}, default=str))


class Tally:
    """The counts and failures of one batch."""

    def __init__(self, privacy: Privacy) -> None:
        self.failed: list[Record] = []
        self._privacy = privacy
        self._counts: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._unavailable = ""
        self._to_blame = 0

    def add(self, record: Record, decision: str, error: Error | None, *, again: bool) -> None:
        self._counts["again" if again else decision] += 1
        if decision != receipt.FAILED:
            return
        self.failed.append(record)
        text = describe(error, self._privacy)
        if isinstance(error, Unavailable):
            self._unavailable = self._unavailable or text
        elif error != WAITS:
            self._to_blame += 1
        self._errors[text] += 1
        if self._errors[text] == 1:  # further equal errors are only counted
            log("ERROR", "record failed", eventID=record.get("eventID"), error=text)

    def close(self) -> None:
        for text, count in self._errors.items():
            if count > 1:
                log("ERROR", "records failed", count=count, error=text)

    @property
    def is_outage(self) -> bool:
        """Whether nothing was processed, and no record is at fault."""
        return bool(self._unavailable) and not self._counts[receipt.PROCESSED] and not self._to_blame

    @property
    def summary(self) -> str:
        first = lowest(self.failed)
        text = f"records failed: {len(self.failed)}, the first with SequenceNumber {first}"
        return f"{text}; none was processed: {self._unavailable}" if self.is_outage else text

    def metrics(self, function: str) -> str:
        """The counts in CloudWatch's embedded metric format."""
        names = {
            receipt.PROCESSED: "Processed",
            "again": "Repeated",
            receipt.GUARDED: "Guarded",
            receipt.FAILED: "Failed",
        }
        definition = {
            "Namespace": "ddbinsert",
            "Dimensions": [["FunctionName"]],
            "Metrics": [{"Name": name, "Unit": "Count"} for name in names.values()],
        }
        return json.dumps(
            {
                "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [definition]},
                "FunctionName": function,
                **{name: self._counts[count] for count, name in names.items()},
            },
            separators=(",", ":"),
        )


def print_line(text: str) -> None:
    print(text, flush=True)  # buffered text would be lost if the function timed out
