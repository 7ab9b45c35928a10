"""The circumstances of a run: the state at its end, changes during it, and evidence that was not available."""

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
    """The function's invocations during the run, according to its log.

    Attributes:
        reports: Number of REPORT lines.
        timeouts: Number of invocations that exceeded the function's timeout.
        error_count: Number of lines that report errors, including caught ones.
        errors: The newest of these lines, shortened.
        crashes: The lines among them that only Lambda writes: uncaught errors.
        longest: The longest duration in seconds.
        cut: The log was not read completely.
        failed: Attempts that failed or timed out, according to the lines of Lambda and its runtime.
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
    """The state at the end of a run.

    Attributes:
        world: Read again, including other mappings.
        log_group: The log group in which receipts were searched.
        group_missing: The log group does not exist.
        log_complete: The last read of the log was complete.
        role_known: ddbinsert created the function's role, so its policy can be judged.
        role_missing: The function's role does not exist.
        role_restored: attach-trigger restores the role and its policy: ddbinsert created them.
        policy_lacks: Rights that our role no longer grants: ``stream``, ``logs``.
        stream_policy_lacks: Actions that the policy of a stream in another account does not allow the role.
        counted: CloudWatch's counts of the function and of the mappings over the run's time.
        by_lines: Log lines were searched instead of receipts.
        wait_limit: The run's time limit in seconds.
        log_patience: Seconds for which a missing log line may just be late.
        failures: Failed attempts of the run whose records have an unknown fate.
        all_ended_badly: Every attempt whose end is known failed.
        named_failures: Number of records that were delivered again although their attempt succeeded: its
            response listed them.
        ends_unseen: Number of lines of the run whose attempt's end is missing in the log.
        changed: Changes between the first and the last read, a line each.
        stream_unread: Why the stream could not be read; empty if it was.
        own_log_group: The log group of the function, or of the version that an alias names; empty if unknown.
        log_shared: Another function that reads the stream logs to the same group, and the lines do not name
            the function.
        excluded: Number of others' inserts in the stream if none of them passes the filters, and the key of one.
        sink: Where the function sends its records.
        unproven_parts: Parts of filters for which neither a proof nor a record shows whether an insert passes.
        arrived: On-failure destinations with more content than at the start, a line each.
        splits: Aliases that route to several versions, not all of which were seen to process a record; a line each.
        partial_batch: How a template's responses and its mapping's setting contradict each other, a line for
            each mapping.
        partial_batch_loses: The contradiction loses records that cannot be sent.
        unrecognizable: Number of inserts whose key is too short to be recognized in log lines.
        complaints: Lines of level ERROR that are the last about a test item's key.
        is_template: The function runs a template, which writes receipts; looked up if inserts are missing.
        names_itself: The function runs the user's own code, so its receipts are only as reliable as that code.
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
    stream_policy_lacks: tuple[str, ...] = ()
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
        """Whether every known invocation failed, according to the log or to CloudWatch's counts.

        The first minute of the run includes earlier failures, perhaps repaired since. If it is counted, the
        log must show an error for each invocation, too.
        """
        calls, counted = self.invocations, self.counted
        by_log = 0 < calls.reports <= calls.crashes + calls.timeouts and not calls.cut
        by_both = 0 < calls.reports <= calls.error_count + calls.timeouts and _no_success(counted.counts)
        return self.all_ended_badly or by_log or by_both or _no_success(counted.inside)

    @property
    def lines_to_come(self) -> bool:
        """Whether lines are certainly missing in the log: CloudWatch counts more invocations than it shows.

        Nothing can be concluded for a function that is set to log no REPORT lines.
        """
        calls = self.invocations
        return 0 < calls.reports < self.counted.inside.get("Invocations", 0) and not calls.cut

    @property
    def has_destination(self) -> bool:
        return any(m.on_failure for m in self.mappings)

    @property
    def insert_only(self) -> bool:
        """Whether every mapping's filters can be read and let only inserts pass."""
        return bool(self.mappings) and all(
            not m.filters_hidden and m.filters and all(map(is_insert_only, m.filters)) for m in self.mappings
        )


def _no_success(counts: Mapping[str, float]) -> bool:
    return 0 < counts.get("Invocations", 0) <= counts.get("Errors", 0)
