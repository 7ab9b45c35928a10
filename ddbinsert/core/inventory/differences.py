"""The differences between two reads of an account: new, removed and changed entries."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

#: The fields that are compared; the time of the last change is not one of them.
_COMPARED: Final = ("consumer", "filters", "insert_only", "state", "owner", "view", "stream_arn")
#: Those that are known even if a part of the region could not be read.
_OF_CONSUMER: Final = ("consumer", "filters", "state", "stream_arn")


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
    before: Sequence[Mapping[str, Any]],
    now: Sequence[Mapping[str, Any]],
    *,
    was_read: Callable[[Mapping[str, Any]], bool],
    in_part: Collection[str] = (),
) -> Iterator[Difference]:
    """The differences between two reads.

    Args:
        was_read: Whether everything could be read now where an earlier entry was: if it is missing, it was removed.
        in_part: Regions of which one of the reads lacks a part: what depends on other resources is not compared.
    """
    known = {identity(one): one for one in before}
    current = {identity(one) for one in now}
    for one in now:
        old = known.get(identity(one))
        if old is None:
            yield Difference(change=EntryChange.NEW, entry=one, fields={})
            continue
        is_whole = one["region"] not in in_part
        compared = _COMPARED if is_whole else _OF_CONSUMER
        fields = {name: (old.get(name), one.get(name)) for name in compared if old.get(name) != one.get(name)}
        if is_whole and _codes(old) != _codes(one):
            fields["findings"] = (_codes(old), _codes(one))
        if fields:
            yield Difference(change=EntryChange.CHANGED, entry=one, fields=fields)
    for key, old in known.items():
        if key not in current and was_read(old):
            yield Difference(change=EntryChange.GONE, entry=old, fields={})


def reading(
    places: Collection[tuple[str | None, str]], unread: Collection[str], now: Sequence[Mapping[str, Any]]
) -> Callable[[Mapping[str, Any]], bool]:
    """Whether everything was read where an earlier entry was.

    Args:
        places: The profiles and regions that were read.
        unread: The regions of which a part could not be read.
    """
    accounts = {(one.get("profile"), one["region"]): one.get("account") for one in now}
    seen = {(one.get("account"), one["region"]) for one in now}

    def was_read(entry: Mapping[str, Any]) -> bool:
        place = entry.get("profile"), entry["region"]
        known = accounts.get(place)
        is_there = place in places and (known is None or known == entry.get("account"))
        return entry["region"] not in unread and (is_there or (entry.get("account"), entry["region"]) in seen)

    return was_read


def identity(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The value by which two entries are recognized as the same."""
    return tuple(str(entry.get(name) or "") for name in ("account", "region", "table", "id"))


def _codes(entry: Mapping[str, Any]) -> list[str]:
    return sorted(str(one.get("code")) for one in entry.get("findings") or () if isinstance(one, dict))
