"""Two looks at an account compared: what is new, what is gone, what changed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: What is compared; a time of change alone is no difference.
_COMPARED: Final = ("consumer", "filters", "insert_only", "state", "owner", "view", "stream_arn")


class EntryChange(StrEnum):
    """How an entry differs from the earlier look."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One entry that differs.

    Attributes:
        entry: As it is now; for one that is gone, as it was.
        fields: Names of what changed, with the old and the new value.
    """

    change: EntryChange
    entry: Mapping[str, Any]
    fields: Mapping[str, tuple[Any, Any]]


def differences(
    before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], *, complete: bool
) -> Iterator[Difference]:
    """What differs between two looks.

    Args:
        complete: Everything could be read now: what is not there is gone. Otherwise it may just not be visible.
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
    """What makes two entries the same."""
    return tuple(str(entry.get(name) or "") for name in ("account", "region", "table", "id"))


def _codes(entry: Mapping[str, Any]) -> list[str]:
    return sorted(str(one.get("code")) for one in entry.get("findings") or () if isinstance(one, dict))
