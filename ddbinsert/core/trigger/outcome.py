"""What an operation on a trigger found, did, or would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.draining import Draining
    from ddbinsert.core.trigger.scope import Scope
    from ddbinsert.core.trigger.steps import Change, Step


@dataclass(frozen=True, kw_only=True)
class Converged:
    """What a converge did (or, with ``dry_run``, would do), and the world after it.

    Attributes:
        trigger: The trigger as it is now: what was given, and what was left as it was.
        steps: The steps that were done; with ``dry_run`` those that would be.
        kept: Settings that differ from their defaults and were left as they are.
        stays: What was to be deleted, or was found, and stays: ``queue x: it holds 3 messages``.
        draining: Mappings that still read a replaced stream.
        consequences: What the steps bring with them, in sentences; of a plan alone.
        others: What belongs to others and stays as it is; of a plan alone.
    """

    trigger: Trigger
    scope: Scope
    steps: tuple[Step, ...]
    world: World
    dry_run: bool
    kept: tuple[Change, ...] = ()
    stays: tuple[str, ...] = ()
    draining: tuple[Draining, ...] = ()
    consequences: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.steps) and not self.dry_run


class Status(NamedTuple):
    """A trigger as it stands, and what its mappings on replaced streams have still to deliver."""

    world: World
    draining: tuple[Draining, ...]
