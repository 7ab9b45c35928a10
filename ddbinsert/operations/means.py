"""What a run of verify works with, and how it is to be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.probe_item import Attributes
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


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How a run is to be made.

    Attributes:
        count: Test items. rate: Items a second at most, beyond the scripted ones.
        by_lines: Go by any log line that shows a key, for functions that leave no receipts.
        attributes: What test items shall carry, in DynamoDB JSON.
        allow_guarded: What the handler's own guard drops is a warning, no failure.
        partiql: Write by PartiQL, too. ttl_attribute: Write an item whose time to live is over, too.
        log_group: Where to look; the function's own otherwise.
        via_insights: Let CloudWatch Logs Insights count the items beyond the scripted ones.
    """

    count: int = 4
    rate: float | None = None
    by_lines: bool = False
    attributes: Attributes | None = None
    allow_guarded: bool = False
    partiql: bool = False
    ttl_attribute: str | None = None
    log_group: str | None = None
    keep: bool = False
    via_insights: bool = False
