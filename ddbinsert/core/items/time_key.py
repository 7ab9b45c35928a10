"""Times in a sort key: the form in which its values are written, and the bounds of a period in this form."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Units per second of a number, by name. A number is a time if it is one between these two years.
_UNITS = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
_FIRST, _LAST = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (1990, 2100))
_TEXT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:(?P<mark>[T ])(?P<hour>\d\d)(?:(?P<minute>:\d\d)(?P<second>:\d\d)?)?)?"
    r"(?:[.,]\d+)?(?P<zone>Z|[+-]\d\d(?::?\d\d)?(?!\d))?"
)
_COMPACT = re.compile(r"\d{8}T\d{6}(?:[.,]\d+)?(?P<zone>Z|[+-]\d\d(?::?\d\d)?(?!\d))?")
#: The last character in the order of DynamoDB (docs/aws-facts.md#index-queries), after every continuation of a bound.
_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, kw_only=True)
class Period:
    """The items to read.

    Attributes:
        index: The index; None for the table itself.
        partitions: Values of its partition key, as they were typed.
        since: Epoch seconds.
        until: Epoch seconds.
    """

    index: str | None
    partitions: tuple[str, ...]
    since: float
    until: float


@dataclass(frozen=True, kw_only=True)
class TimeForm:
    """The form of the times in a sort key.

    Attributes:
        per_second: Units per second of a number; 0 for a text.
        pattern: The form of a text up to its seconds (``strftime``); a fraction, a zone or an ID may follow.
        words: The form, for messages.
    """

    per_second: int = 0
    pattern: str = ""
    words: str

    def bounds(self, since: float, until: float) -> tuple[dict[str, str], dict[str, str]]:
        """The first and the last value of a period (epoch seconds), both included, in DynamoDB JSON.

        A period of texts begins and ends with a whole unit of their form, which it includes: a second, or a day.
        """
        if self.per_second:
            first = math.floor(Decimal(repr(since)) * self.per_second)
            last = math.ceil(Decimal(repr(until)) * self.per_second)
            return {"N": str(first)}, {"N": str(last)}
        first_text, last_text = (
            datetime.fromtimestamp(at, UTC).strftime(self.pattern) for at in (since, until)
        )
        return {"S": first_text}, {"S": last_text + _LAST_CHARACTER}


def form_of(value: Mapping[str, Any]) -> TimeForm | None:
    """The form of a value in DynamoDB JSON; None if it is not a time whose order is that of time."""
    if "N" in value:
        return _number_form(str(value["N"]))
    return _text_form(str(value["S"])) if "S" in value else None


def _number_form(text: str) -> TimeForm | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    for name, per_second in _UNITS.items():
        if _FIRST <= number / per_second <= _LAST:
            return TimeForm(per_second=per_second, words=f"epoch {name}")
    return None


def _text_form(text: str) -> TimeForm | None:
    found = _COMPACT.match(text)
    if found is not None:
        form = TimeForm(pattern="%Y%m%dT%H%M%S", words="ISO 8601, compact")
        head = text[:15]
    else:
        found = _TEXT.match(text)
        if found is None:
            return None
        parts = (("hour", f"{found['mark']}%H"), ("minute", ":%M"), ("second", ":%S"))
        pattern = "%Y-%m-%d" + "".join(each for name, each in parts if found[name])
        unit = next((name for name, _ in reversed(parts) if found[name]), "day")
        form = TimeForm(pattern=pattern, words=f"ISO 8601 to the {unit}")
        head = text[: len(datetime(2000, 1, 1, tzinfo=UTC).strftime(pattern))]
    if (found["zone"] or "Z").strip("+-:0Z"):
        return None  # texts of several offsets are not in the order of time
    try:
        datetime.strptime(head, form.pattern).replace(tzinfo=UTC)
    except ValueError:
        return None
    return form
