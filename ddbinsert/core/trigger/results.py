"""The result of an operation on a trigger."""

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
    """The result of a converge (with ``dry_run``: of its plan), and the world after it.

    Attributes:
        trigger: The trigger as it is now: the given settings, and those that were not changed.
        steps: The steps that were done; with ``dry_run`` those that would be.
        kept: Settings that differ from their defaults and were not changed.
        stays: Resources that are kept although they were to be deleted, each with the reason: ``queue x: it
            holds 3 messages``.
        draining: Mappings that still read a replaced stream.
        consequences: The consequences of the steps, as sentences; set only for a plan.
        others: Resources of others that are not changed; set only for a plan.
        other_triggers: Other triggers of ddbinsert on the same stream; set only for a plan.
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
    other_triggers: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.steps) and not self.dry_run


class Status(NamedTuple):
    """The state of a trigger, and what its mappings on replaced streams still have to deliver."""

    world: World
    draining: tuple[Draining, ...]
