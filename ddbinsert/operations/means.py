"""What a run of verify works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.reporter import Reporter
    from ddbinsert.operations.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Means:
    """Connection, time, voice and book of one run.

    Attributes:
        new_id: Makes a fresh run id.
        timeout: Seconds to wait after the last write.
    """

    aws: Aws
    clock: Clock
    new_id: Callable[[], str]
    reporter: Reporter
    timeout: float
    ledger: Ledger
