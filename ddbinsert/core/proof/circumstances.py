"""What is known around a run: the state of things at its end, what changed in it, and what could not be seen."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.core.filters.insert_only import is_insert_only
from ddbinsert.core.proof.causes.sinks import SinkState
from ddbinsert.core.proof.mapping_counts import MetricCounts
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.model.seen import MappingState, World


@dataclass(frozen=True, kw_only=True)
class Invocations:
    """What the function's log says about its invocations while the run lasted.

    Attributes:
        reports: REPORT lines.
        timeouts: Invocations ended by the function's own timeout.
        error_count: Lines that look like errors, caught ones among them.
        errors: The newest few, cut.
        crashes: Of these, the ones that only Lambda itself writes: nobody caught them.
        longest: The longest duration in seconds.
        cut: The log was longer than what was read of it.
        failed: Attempts that ended in an error or ran out of time, by the lines of Lambda and its runtime.
    """

    reports: int = 0
    timeouts: int = 0
    error_count: int = 0
    crashes: int = 0
    errors: tuple[str, ...] = ()
    longest: float | None = None
    cold_starts: int = 0
    cut: bool = False
    failed: int = 0

    @property
    def has_failures(self) -> bool:
        return bool(self.error_count or self.timeouts)


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """The state of things at the end of a run.

    Attributes:
        world: Observed again, other mappings included.
        log_group: Where receipts were looked for.
        group_missing: It does not exist.
        log_complete: The last look at the log was read to its end.
        role_known: The function's role is one of ours, so that its policy can be judged.
        role_missing: The function's role does not exist.
        role_restored: attach-trigger makes the role and its policy as they were: ddbinsert created them.
        policy_lacks: Rights that a role of ours doesn't grant any more: ``stream``, ``logs``.
        counted: CloudWatch's counts of the function and of the mappings over the run's time.
        by_lines: Log lines were looked for, not receipts.
        wait_limit: Seconds that the run was given.
        log_patience: After less than so many seconds, a line that has not shown may just be late.
        failures: Attempts that failed in the run, of which nothing shows what became of their records.
        all_ended_badly: Every attempt whose end is on record failed.
        named_failures: Records that were given again though their attempt ended well: the answer named them.
        ends_unseen: Lines of the run whose attempt has no end on record, though the log should hold one.
        changed: What changed between the first look and the last one, a line each.
        stream_unread: Why the stream could not be read; empty if it was.
        own_log_group: Where the function, or the version that an alias names, logs; empty if it is not known.
        log_shared: Another function that reads the stream logs to the same group, and lines do not say whose they are.
        excluded: Number of others' inserts in the stream where the filters let none of them through, and the key
            of one.
        sink: Where the function sends its records.
        unproven_parts: Parts of filters of which neither a proof nor a record shows whether an insert passes.
        arrived: On-failure destinations that hold more than at the start, a line each.
        splits: Aliases that divide invocations among versions, not all of which were seen to work; a line each.
        partial_batch: How a template's answers and its mapping misunderstand each other: a line for each mapping.
        partial_batch_loses: Records that cannot be sent are lost by that.
        unrecognizable: Inserts whose key is too short to be recognized in log lines.
        complaints: Lines of level ERROR that show a test item's key, after which nothing more was logged of it.
        is_template: The function runs a template, which leaves receipts; looked up where inserts are missing.
        names_itself: The function runs code of the user's own, so that its receipts say what that code says.
    """

    world: World
    mappings: tuple[MappingState, ...] = ()
    log_group: str = ""
    group_missing: bool = False
    log_complete: bool = True
    role_known: bool = False
    role_missing: bool = False
    role_restored: bool = False
    policy_lacks: tuple[str, ...] = ()
    invocations: Invocations = field(default_factory=Invocations)
    counted: MetricCounts = field(default_factory=MetricCounts)
    by_lines: bool = False
    wait_limit: float = 0.0
    log_patience: float = 0.0
    failures: tuple[InvocationEnd, ...] = ()
    all_ended_badly: bool = False
    named_failures: int = 0
    ends_unseen: int = 0
    changed: tuple[str, ...] = ()
    stream_unread: str = ""
    names_itself: bool = False
    log_shared: bool = False
    own_log_group: str = ""
    excluded: tuple[int, str] = (0, "")
    sink: SinkState = field(default_factory=SinkState)
    is_template: bool = False
    unproven_parts: tuple[str, ...] = ()
    arrived: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    partial_batch: tuple[str, ...] = ()
    partial_batch_loses: bool = False
    complaints: tuple[str, ...] = ()
    unrecognizable: int = 0

    @property
    def all_failed(self) -> bool:
        """Whether every invocation that is known of failed, by the log's account or by CloudWatch's counts.

        The minute in which the run began holds what failed before it, and was mended since perhaps: counted with
        it, the log must show an error for each invocation, too.
        """
        calls, counted = self.invocations, self.counted
        by_log = 0 < calls.reports <= calls.crashes + calls.timeouts and not calls.cut
        by_both = 0 < calls.reports <= calls.error_count + calls.timeouts and _no_success(counted.counts)
        return self.all_ended_badly or by_log or by_both or _no_success(counted.inside)

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
        """Whether every mapping's filters can be read, and let nothing but inserts through."""
        return bool(self.mappings) and all(
            not m.filters_hidden and m.filters and all(map(is_insert_only, m.filters)) for m in self.mappings
        )


def _no_success(counts: Mapping[str, float]) -> bool:
    return 0 < counts.get("Invocations", 0) <= counts.get("Errors", 0)
