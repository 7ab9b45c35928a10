"""What was looked up around a run whose verdict is not a plain PASS: the material for naming causes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ddbinsert.core.event_counts import Counted
from ddbinsert.core.insert_filter import is_insert_only

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model import MappingState, World


@dataclass(frozen=True, kw_only=True)
class Invocations:
    """What the function's log says about its invocations while the run lasted.

    Attributes:
        reports: REPORT lines. timeouts: Invocations ended by the function's own timeout.
        error_count: Lines that look like errors, caught ones among them. errors: The newest few, cut.
        crashes: Of these, the ones that only Lambda itself writes: nobody caught them.
        longest: The longest duration in seconds.
        cut: The log was longer than what was read of it.
    """

    reports: int = 0
    timeouts: int = 0
    error_count: int = 0
    crashes: int = 0
    errors: tuple[str, ...] = ()
    longest: float | None = None
    cold_starts: int = 0
    cut: bool = False

    @property
    def has_failures(self) -> bool:
        return bool(self.error_count or self.timeouts)


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """The state of things at the end of a run.

    Attributes:
        world: Observed again, other mappings included.
        log_group: Where receipts were looked for. group_missing: It does not exist.
        log_complete: The last look at the log was read to its end.
        role_known: The function's role is one of ours, so that its policy can be judged.
        role_missing: The function's role does not exist.
        policy_lacks: Rights that a role of ours doesn't grant any more: ``stream``, ``logs``.
        counted: CloudWatch's counts of the function and of the mappings over the run's time.
        by_lines: Log lines were looked for, not receipts.
        wait_limit: Seconds that the run was given.
        log_patience: After less than so many seconds, a line that has not shown may just be late.
        mapping_age: Seconds since the mapping was last changed, where AWS says so.
    """

    world: World
    mappings: tuple[MappingState, ...] = ()
    log_group: str = ""
    group_missing: bool = False
    log_complete: bool = True
    role_known: bool = False
    role_missing: bool = False
    policy_lacks: tuple[str, ...] = ()
    invocations: Invocations = field(default_factory=Invocations)
    counted: Counted = field(default_factory=Counted)
    by_lines: bool = False
    wait_limit: float = 0.0
    log_patience: float = 0.0

    @property
    def all_failed(self) -> bool:
        """Whether every invocation that is known of failed, by the log's account or by CloudWatch's counts.

        The minute in which the run began holds what failed before it, and was mended since perhaps: counted with
        it, the log must show an error for each invocation, too.
        """
        calls, counted = self.invocations, self.counted
        by_log = 0 < calls.reports <= calls.crashes + calls.timeouts and not calls.cut
        by_both = 0 < calls.reports <= calls.error_count + calls.timeouts and _no_success(counted.counts)
        return by_log or by_both or _no_success(counted.inside)

    @property
    def lines_to_come(self) -> bool:
        """Whether the log surely lacks lines: CloudWatch counts more invocations than the log tells of.

        A function may be set to log no REPORT lines at all; then nothing follows.
        """
        calls = self.invocations
        return 0 < calls.reports < self.counted.inside.get("Invocations", 0) and not calls.cut

    @property
    def has_destination(self) -> bool:
        return any(m.on_failure for m in self.mappings)

    @property
    def insert_only(self) -> bool:
        """Whether every mapping's filters, as they can be read, let inserts through alone."""
        return bool(self.mappings) and all(
            m.filters_hidden or (m.filters and all(map(is_insert_only, m.filters))) for m in self.mappings
        )


def _no_success(counts: Mapping[str, float]) -> bool:
    return 0 < counts.get("Invocations", 0) <= counts.get("Errors", 0)
