"""What every operation works with."""

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
    """The outside of one run: connection, time, progress reports, identifiers.

    Attributes:
        new_id: Makes a fresh identifier of 12 lower-case hexadecimal digits.
        timeout: Seconds that any one wait may take.
        shared: What the triggers of one run have in common is made once.
    """

    aws: Aws
    clock: Clock
    reporter: Reporter
    new_id: Callable[[], str]
    timeout: float
    shared: SharedCalls = field(default_factory=SharedCalls)
