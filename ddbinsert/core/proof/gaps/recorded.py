"""Recorded changes of the trigger as evidence of a cause: who changed what around the missed inserts."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ddbinsert.core.proof.gaps.judge import RESTART
from ddbinsert.core.proof.gaps.model import GapCause
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHOWN: Final = 5


class ChangedPart(StrEnum):
    """The part of the trigger that was changed."""

    MAPPING = "mapping"
    FUNCTION = "function"
    ROLE = "role"
    TABLE = "table"


@dataclass(frozen=True, kw_only=True)
class RecordedChange:
    """A change that CloudTrail recorded.

    Attributes:
        at: Epoch seconds.
        text: What was changed, and by whom.
    """

    part: ChangedPart
    at: float
    text: str


_EVERYTHING: Final = frozenset(ChangedPart)
_CODE: Final = frozenset({ChangedPart.FUNCTION, ChangedPart.ROLE})
_MAPPING: Final = frozenset({ChangedPart.MAPPING})
#: The parts whose changes can have led to a cause.
_PARTS: Final = {
    GapCause.DISCARDED: _MAPPING | _CODE,
    GapCause.FUNCTION_ERROR: _CODE,
    GapCause.HANDLER_SKIPPED: _CODE,
    GapCause.NOT_STORED: _CODE,
    GapCause.MAPPING_DISABLED: _MAPPING,
    GapCause.STREAM_REPLACED: _MAPPING | {ChangedPart.TABLE},
    GapCause.NO_MAPPING: _MAPPING,
    GapCause.LATEST: _MAPPING,
    GapCause.MAPPING_CHANGED: _MAPPING,
    GapCause.THROTTLED: frozenset({ChangedPart.FUNCTION}),
    GapCause.UNKNOWN: _EVERYTHING,
}


def changes_behind(
    recorded: Iterable[RecordedChange], cause: GapCause, *, first: float, last: float
) -> Iterator[RecordedChange]:
    """The changes that can have led to missed inserts: around them, and the last one before of each part.

    Args:
        first, last: Epoch seconds of the first and the last missed insert.
    """
    before: dict[ChangedPart, RecordedChange] = {}
    around = []
    for one in sorted(recorded, key=lambda one: one.at):
        if one.part not in _PARTS[cause] or one.at > last + RESTART:
            continue
        if one.at >= first - RESTART:
            around.append(one)
        else:
            before[one.part] = one
    yield from sorted((*before.values(), *around[:_SHOWN]), key=lambda one: one.at)
