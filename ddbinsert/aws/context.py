"""The context of a run, which every operation receives."""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, TypeVar

from ddbinsert.aws.shared_calls import SharedCalls
from ddbinsert.aws.wait import FIRST_PAUSE, until
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.advice import Advice
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.trigger.reporter import Reporter

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Context:
    """The connections of one run to the outside: AWS, clock, progress reports, identifiers.

    Attributes:
        new_id: Returns a new identifier of 12 lower-case hexadecimal digits.
        timeout: Maximum seconds for each wait.
        shared: Calls whose results the triggers of one run share.
    """

    aws: Aws
    clock: Clock
    reporter: Reporter
    new_id: Callable[[], str]
    timeout: float
    shared: SharedCalls = field(default_factory=SharedCalls)

    def until(
        self,
        look: Callable[[], T | None],
        *,
        what: str,
        seen: Callable[[], str] | None = None,
        hint: str | Advice | None = None,
        timeout: float = math.inf,
        first: float = FIRST_PAUSE,
    ) -> T:
        """Wait with this context's clock and progress reports; see `aws.wait.until`.

        Args:
            timeout: Maximum seconds, if less than the context's.
        """
        return until(
            look,
            clock=self.clock,
            timeout=min(timeout, self.timeout),
            what=what,
            hint=hint,
            seen=seen,
            progress=self.reporter.waiting,
            first=first,
        )
