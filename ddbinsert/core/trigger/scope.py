"""The parts of a trigger that a command changes, and the special changes that it may make."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.model.wanted import Trigger


class Scope(StrEnum):
    """The parts of the trigger that a converge changes."""

    STREAM = "stream"
    FUNCTION = "function"
    TRIGGER = "trigger"


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Special changes that a plan may make.

    Attributes:
        create_table: Create a missing table with this key.
        replace: Replace a live stream of another view type; our mapping is created again on the new stream.
        prune: Delete our mappings on replaced streams, including those that are not drained.
        drained: UUIDs of our mappings on replaced streams that are drained: they are deleted.
        adopt: Adopt a function or mapping that ddbinsert did not create, if it has to be changed.
        take_over: Parts (``mapping``, ``function``) to adopt even if nothing has to be changed.
    """

    create_table: KeySchema | None = None
    replace: bool = False
    prune: bool = False
    drained: frozenset[str] = frozenset()
    adopt: bool = False
    take_over: frozenset[str] = frozenset()


def in_scope(want: Trigger, scope: Scope) -> Trigger:
    """The trigger restricted to this scope: the scope of the stream changes no settings."""
    if scope is not Scope.STREAM:
        return want
    return replace(want, explicit=frozenset(), cleared=frozenset())
