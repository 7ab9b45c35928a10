"""Options of `converge` besides the trigger, and the questions that it asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.model.wanted import StartingPosition

#: Asks before something is removed or replaced; raises if the answer is no.
Confirm = Callable[[str], None]


class ChoosePosition(Protocol):
    """Called to choose the starting position on a stream with history; raises if no user can answer."""

    def __call__(self, inserts: int, *, at_least: bool) -> StartingPosition: ...


@dataclass(frozen=True, kw_only=True)
class ConvergeOptions:
    """Options of enable-stream, create-function, attach-trigger, adopt, plan and up.

    Attributes:
        create_table: Create a missing table with this key.
        replace: Replace a live stream of another view type.
        prune: Delete ddbinsert's mappings on replaced streams, even if they have undelivered records.
        where: Conditions that become one more filter: all of them must hold.
        keep_view: The view type was not given: keep that of a live stream.
        adopt: Take over a function or mapping that ddbinsert did not create, if it has to be changed.
        take_over: Parts (``mapping``, ``function``) to take over even if nothing has to be changed; nothing is created.
        open_position: Do not ask for the starting position of a new mapping; the plan says that it is open.
        beside: Functions of other triggers that are created or changed in the same run.
        force: Attach a filter even if no insert can match it.
        wait_drained: Wait until a replaced stream has been read to its end.
    """

    create_table: KeySchema | None = None
    replace: bool = False
    prune: bool = False
    dry_run: bool = False
    where: tuple[str, ...] = ()
    keep_view: bool = False
    adopt: bool = False
    take_over: frozenset[str] = frozenset()
    open_position: bool = False
    beside: frozenset[str] = frozenset()
    force: bool = False
    wait_drained: bool = False

    @property
    def finishes(self) -> bool:
        """Whether a drained mapping is deleted: a run without any of these flags leaves it."""
        return self.replace or self.wait_drained or self.prune
