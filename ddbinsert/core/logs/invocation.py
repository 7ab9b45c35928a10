"""What one call of a handler came to."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ddbinsert.core import receipt as receipts
from ddbinsert.dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """What one call came to.

    Attributes:
        answer: What the handler returned, as JSON; None also where it failed.
        error: {errorType, errorMessage, stackTrace} where it failed.
        log: What it printed.
    """

    answer: Any
    error: dict[str, Any] | None
    log: str

    @property
    def failed_from(self) -> str | None:
        """The lowest failing sequence number; empty if the whole batch failed, None if nothing did."""
        if self.error is not None:
            return ""
        failures = self.answer.get("batchItemFailures") if isinstance(self.answer, dict) else None
        if not isinstance(failures, list) or not failures:
            return None
        numbers = [one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures]
        digits = [number for number in numbers if isinstance(number, str) and number.isdecimal()]
        # An identifier that is empty, null or none of the batch's fails the whole batch, as Lambda sees it.
        return min(digits, key=int) if len(digits) == len(numbers) else ""

    @property
    def ok(self) -> bool:
        return self.failed_from is None

    @property
    def receipts(self) -> dict[str, int]:
        """How many receipts say processed, guarded, failed; empty if the handler leaves none."""
        parsed = (receipts.parse(line) for line in self.log.splitlines())
        return dict(Counter(str(one.get("decision")) for one in parsed if one))
