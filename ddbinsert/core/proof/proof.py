"""One run of verify: the verdict and its evidence."""

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
    """A verdict with its evidence, for reports.

    Attributes:
        started: Epoch seconds.
        world: The state before the first write.
        subject: The function with its qualifier and its mapping, in words.
        kept: The test items were not removed from the table.
        failure_path: The handling of a failing record (`--failure-path`); None for any other run.
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
    """The result for one consumer: a proof, or the error that ended its run.

    Attributes:
        name: The trigger's name, in a configuration file with several.
    """

    trigger: Trigger
    name: str | None = None
    proof: Proof | None = None
    error: DdbInsertError | None = None
