"""What a run of verify works with, and its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.context import Context
from ddbinsert.core.proof.script import Method
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.proof.probe_item import Attributes
    from ddbinsert.operations.verify.open_runs import OpenRuns


@dataclass(frozen=True, kw_only=True)
class VerifyContext(Context):
    """What one run works with.

    Attributes:
        open_runs: Where the run is recorded until its test items are removed.
    """

    open_runs: OpenRuns


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    """The options of a run.

    Attributes:
        count: Number of test items.
        rate: Maximum number of items per second, for items beyond the scripted ones.
        by_lines: Use any log line that shows a key, for functions that write no receipts.
        attributes: Attributes of test items, in DynamoDB JSON.
        allow_guarded: Records that the handler itself drops are a warning, not a failure.
        partiql: Also write with PartiQL.
        ttl_attribute: Also write an expired item, with this attribute.
        log_group: The log group to read; the function's own otherwise.
        keep: Keep the test items in the table.
        via_insights: Let CloudWatch Logs Insights count the items beyond the scripted ones.
        methods: The write methods to use.
        refuse_tags: Refuse a table with one of these tags: name to value, None for any value.
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
    methods: frozenset[Method] = frozenset(Method)
    refuse_tags: tuple[tuple[str, str | None], ...] = ()
