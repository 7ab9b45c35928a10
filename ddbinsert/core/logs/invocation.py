"""The result of one call of a handler."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ddbinsert.core import receipt as receipts
from ddbinsert.dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """The result of one call of a handler.

    Attributes:
        answer: The handler's response as JSON; also None if it failed.
        error: {errorType, errorMessage, stackTrace} if it failed.
        log: Its output.
    """

    answer: Any
    error: dict[str, Any] | None
    log: str

    @property
    def failed_from(self) -> str | None:
        """The lowest failing sequence number; empty if the whole batch failed, None if no record failed."""
        if self.error is not None:
            return ""
        failures = self.answer.get("batchItemFailures") if isinstance(self.answer, dict) else None
        if not isinstance(failures, list) or not failures:
            return None
        numbers = [one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures]
        digits = [number for number in numbers if isinstance(number, str) and number.isdecimal()]
        # For Lambda, an identifier that is empty, null or not in the batch fails the whole batch.
        return min(digits, key=int) if len(digits) == len(numbers) else ""

    @property
    def ok(self) -> bool:
        return self.failed_from is None

    @property
    def receipts(self) -> dict[str, int]:
        """Number of receipts by decision (processed, guarded, failed); empty if the handler writes none."""
        parsed = (receipts.parse(line) for line in self.log.splitlines())
        return dict(Counter(str(one.get("decision")) for one in parsed if one))
