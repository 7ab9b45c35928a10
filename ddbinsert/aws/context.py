"""The context of a run, which every operation receives."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.aws.shared_calls import SharedCalls
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.trigger.reporter import Reporter


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
