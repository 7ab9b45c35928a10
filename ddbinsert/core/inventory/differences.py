"""The differences between two reads of an account: new, removed and changed entries."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: The fields that are compared; the time of the last change is not one of them.
_COMPARED: Final = ("consumer", "filters", "insert_only", "state", "owner", "view", "stream_arn")


class EntryChange(StrEnum):
    """How an entry differs from the earlier read."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One entry that differs.

    Attributes:
        entry: The present entry, or the earlier one if it was removed.
        fields: The changed fields with the old and the new value.
    """

    change: EntryChange
    entry: Mapping[str, Any]
    fields: Mapping[str, tuple[Any, Any]]


def differences(
    before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], *, complete: bool
) -> Iterator[Difference]:
    """The differences between two reads.

    Args:
        complete: Everything could be read, so missing entries were removed; otherwise they may just not be visible.
    """
    known = {identity(one): one for one in before}
    current = {identity(one) for one in now}
    for one in now:
        old = known.get(identity(one))
        if old is None:
            yield Difference(change=EntryChange.NEW, entry=one, fields={})
            continue
        fields = {
            name: (old.get(name), one.get(name)) for name in _COMPARED if old.get(name) != one.get(name)
        }
        if fields or _codes(old) != _codes(one):
            found = {**fields, **({} if fields else {"findings": (_codes(old), _codes(one))})}
            yield Difference(change=EntryChange.CHANGED, entry=one, fields=found)
    if complete:
        for key, old in known.items():
            if key not in current:
                yield Difference(change=EntryChange.GONE, entry=old, fields={})


def identity(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The value by which two entries are recognized as the same."""
    return tuple(str(entry.get(name) or "") for name in ("account", "region", "table", "id"))


def _codes(entry: Mapping[str, Any]) -> list[str]:
    return sorted(str(one.get("code")) for one in entry.get("findings") or () if isinstance(one, dict))
