"""What a converge did, or would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbinsert.core.model import Trigger, World
    from ddbinsert.core.plan import Scope
    from ddbinsert.core.steps import Step


@dataclass(frozen=True, kw_only=True)
class Converged:
    """What a converge did (or, with ``dry_run``, would do), and the world after it."""

    trigger: Trigger
    scope: Scope
    steps: tuple[Step, ...]
    world: World
    dry_run: bool

    @property
    def changed(self) -> bool:
        return bool(self.steps) and not self.dry_run
