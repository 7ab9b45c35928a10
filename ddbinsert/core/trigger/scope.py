"""How much of a trigger a command brings about, and what it may do beside the plain."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.model.wanted import Trigger


class Scope(StrEnum):
    """How much of the trigger a converge brings about."""

    STREAM = "stream"
    FUNCTION = "function"
    TRIGGER = "trigger"


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What a plan may do beside the plain.

    Attributes:
        create_table: Create a missing table with this key.
        replace: Replace a live stream of another view type; our mapping is made again on the new stream.
        prune: Delete our mappings on dead streams, whatever they have not delivered yet.
        drained: UUIDs of our mappings on dead streams that have nothing left to deliver: they are deleted.
        adopt: Take over a function or mapping that somebody else made, where it has to be changed.
        take_over: Parts (``mapping``, ``function``) to take over even where nothing has to be changed.
    """

    create_table: KeySchema | None = None
    replace: bool = False
    prune: bool = False
    drained: frozenset[str] = frozenset()
    adopt: bool = False
    take_over: frozenset[str] = frozenset()


def in_scope(want: Trigger, scope: Scope) -> Trigger:
    """The trigger as this scope may change it: the stream's brings a mapping over as it is."""
    if scope is not Scope.STREAM:
        return want
    return replace(want, explicit=frozenset(), cleared=frozenset())
