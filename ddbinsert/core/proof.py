"""One run of verify: the verdict, and all that it rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbinsert.core.model import Trigger, World
    from ddbinsert.core.tally import Tally
    from ddbinsert.core.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A verdict with its material, for reports.

    Attributes:
        started: Epoch seconds. world: As observed before the first write.
        kept: The test items were left in the table.
    """

    verdict: Verdict
    trigger: Trigger
    world: World
    started: float
    finished: float
    function: str
    endpoint: str = ""
    tally: Tally | None = field(default=None, compare=False)
    kept: bool = False
