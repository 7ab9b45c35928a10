"""Options of a converge besides the trigger, and the questions that it asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.model.wanted import StartingPosition

#: The question before something that removes or replaces; raises where the answer is no.
Confirm = Callable[[str], None]


class ChoosePosition(Protocol):
    """Called to choose where to start on a stream that holds history; raises where nobody can answer."""

    def __call__(self, inserts: int, *, at_least: bool) -> StartingPosition: ...


@dataclass(frozen=True, kw_only=True)
class ConvergeOptions:
    """Options of enable-stream, create-function, attach-trigger, adopt, plan and up.

    Attributes:
        create_table: Create a missing table with this key.
        replace: Replace a live stream of another view type.
        prune: Delete our mappings on dead streams, whatever they have not delivered yet.
        where: Readable conditions that become one more filter: all of them must hold.
        keep_view: The view type was not given: keep the one that a live stream has.
        adopt: Take over a function or mapping that somebody else made, where it has to be changed.
        take_over: Parts (``mapping``, ``function``) to take over even where nothing has to be changed, and nothing is
            to be created.
        open_position: Leave open where a new mapping begins, where that depends on an answer: the plan says so.
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
        """Whether a mapping that is drained is deleted: a run without any of these flags leaves it."""
        return self.replace or self.wait_drained or self.prune
