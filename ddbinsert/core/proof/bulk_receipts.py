"""Reads the usual receipt of a bulk item, that of a processed insert, without decoding its JSON: there are many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.arn import resource_name
from ddbinsert.core.model.record import EventName

if TYPE_CHECKING:
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.proof.probe_item import Sample

#: Values of a receipt that stand for any other one. Item numbers have nine digits.
_NUMBER, _AT = 123_456_789, 987_654_321_012
_EVENT, _SEQUENCE, _REQUEST, _FUNCTION = "<event>", "<sequence>", "<request>", "<function>"
_GROUPS = 4


class BulkReceipts:
    """Recognizes the receipts that a function writes for one run's processed inserts.

    The pattern is made from such a receipt. A line in any other form is left to the reader of all receipts.

    Args:
        sample, key: The form of the test items' keys; without them, no line is recognized.
        function: The function's name; receipts of other functions are not recognized.
    """

    def __init__(self, run_id: str, *, sample: Sample | None, key: KeySchema | None, function: str) -> None:
        self._pattern: re.Pattern[str] | None = None
        if sample is not None and key is not None and function:
            self._pattern = _pattern(run_id, sample, key)
        self._function = function
        self._is_own: dict[str, bool] = {"": False}

    def read(self, message: str) -> tuple[int, str, str] | None:
        """The item's number, the eventID and the request id of a receipt; None if the line has another form."""
        if self._pattern is None:
            return None
        # As in the reader of all receipts, the first one of a line counts.
        found = self._pattern.match(message, max(0, message.find(receipts.MARK)))
        if found is None:
            return None
        event_id, number, request, function = found.groups()
        is_own = self._is_own.get(function)
        if is_own is None:
            is_own = self._is_own[function] = resource_name(function) == self._function
        return (int(number), event_id, request) if is_own else None


def _pattern(run_id: str, sample: Sample, key: KeySchema) -> re.Pattern[str] | None:
    """The pattern of receipts; None if the keys do not show the item's number as text (binary keys)."""
    text = re.escape(_line(run_id, sample, key, _NUMBER))
    for value in (_EVENT, _REQUEST, _FUNCTION):
        text = text.replace(re.escape(value), r'([^"\\]*)')
    text = text.replace(re.escape(_SEQUENCE), "[0-9]+").replace(str(_AT), "[0-9]+")
    before, number, after = text.partition(str(_NUMBER))
    # Both attributes of a composite key show the number.
    pattern = re.compile(
        f"{before}(?P<number>[0-9]{{9}}){after.replace(number, '(?P=number)')}" if number else ""
    )
    if pattern.groups != _GROUPS:
        return None
    for other in (0, 10**9 - 1):
        found = pattern.fullmatch(_line(run_id, sample, key, other))
        if found is None or int(found["number"]) != other:
            return None
    return pattern


def _line(run_id: str, sample: Sample, key: KeySchema, number: int) -> str:
    record = {
        "eventID": _EVENT,
        "eventName": EventName.INSERT.value,
        "dynamodb": {
            "Keys": sample.key(key, run_id, number),
            "SequenceNumber": "1" if number != _NUMBER else _SEQUENCE,
            "ApproximateCreationDateTime": _AT,
        },
    }
    return receipts.line(record, receipts.PROCESSED, _REQUEST, function=_FUNCTION)
