"""One run of verify: the verdict, and all that it rests on."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.failure_path.report import FailurePath
    from ddbinsert.core.proof.tally import Tally
    from ddbinsert.core.proof.verdict import Verdict
    from ddbinsert.errors import DdbInsertError


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A verdict with its material, for reports.

    Attributes:
        started: Epoch seconds.
        world: As observed before the first write.
        subject: The function with its qualifier and its mapping, in words.
        kept: The test items were left in the table.
        failure_path: What was seen of a record that was made to fail (`--failure-path`); None for any other run.
    """

    verdict: Verdict
    trigger: Trigger
    world: World
    started: float
    finished: float
    function: str
    subject: str = ""
    endpoint: str = ""
    tally: Tally | None = field(default=None, compare=False)
    kept: bool = False
    failure_path: FailurePath | None = None


@dataclass(frozen=True, kw_only=True)
class JudgedProof:
    """What became of one consumer: a proof, or the error that ended its run.

    Attributes:
        name: Of the trigger, in a configuration file with several.
    """

    trigger: Trigger
    name: str | None = None
    proof: Proof | None = None
    error: DdbInsertError | None = None
