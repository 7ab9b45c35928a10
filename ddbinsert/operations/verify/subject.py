"""The subject of a proof: the table's live stream, the function, and the mappings between them."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.arn import qualified_name
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.model.record import StreamView
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.causes.filters import judge_filters
from ddbinsert.core.proof.circumstances import Circumstances
from ddbinsert.core.proof.probe_item import SECRET
from ddbinsert.core.proof.target import Target, is_qualified, is_to
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.core.trigger.effective_settings import restores_role
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.existing_resources import missing_function, missing_table
from ddbinsert.operations.provision.emulator_warning import warn_of_gaps
from ddbinsert.operations.taps import mention_taps
from ddbinsert.operations.verify.second_look import revealed
from ddbinsert.operations.verify.targets import read_targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import FunctionState, MappingState, TableState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.probe_item import Sample
    from ddbinsert.core.trigger.reporter import Reporter
    from ddbinsert.operations.verify.sources.bookmark import StreamBookmark


_READERS = 2


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The subject of a run of verify.

    Attributes:
        mappings: Those that deliver the live stream to the function, to any of its aliases and versions.
        log_group: The log group to read: the function's, or the one that the user gave.
        own_log_group: The log group in its configuration, or in that of the version that an alias points to.
        qualifier: The only alias or version that the run is about; empty for all of them.
        targets: The aliases and versions that mappings deliver to.
        kinesis: ARNs of Kinesis data streams that receive every change of the table.
        secret: Proves to the function's handler that an item is a test item (TEST_ITEMS_KEY); empty if there is none.
        granted: Tables to which the role of an audit log without a sink may write.
        shares_log: Another function on the stream uses the same log group, and log stream names do not distinguish them.
        bookmark: A position in the live stream that was already taken.
    """

    trigger: Trigger
    world: World
    table: TableState
    function: FunctionState
    mappings: tuple[MappingState, ...]
    log_group: str
    own_log_group: str = ""
    qualifier: str = ""
    targets: tuple[Target, ...] = ()
    kinesis: tuple[str, ...] = ()
    shares_log: bool = False
    secret: str = field(default="", repr=False)
    granted: tuple[str, ...] = ()
    bookmark: StreamBookmark | None = field(default=None, compare=False)

    @property
    def view(self) -> StreamView:
        return self.table.view or StreamView.NEW_AND_OLD_IMAGES

    def copies(self, sample: Sample) -> int:
        """Number of mappings that deliver the insert of a test item."""
        return max(1, sum(delivers(mapping, sample, self) for mapping in self.mappings))

    @property
    def running(self) -> FunctionState:
        """The function as invoked: the version that an alias points to, if no mapping invokes $LATEST."""
        enabled = [mapping for mapping in self.mappings if mapping.is_enabled]
        if not enabled or not all(is_qualified(mapping.function_arn) for mapping in enabled):
            return self.function
        return next((one.function for one in self.targets if one.function is not None), self.function)

    @property
    def named(self) -> str:
        """The function with its qualifier, and the mapping, as in the verdict's first line."""
        return " and ".join(
            f"{qualified_name(m.function_arn)} by mapping {m.uuid}" for m in self.mappings
        ) or (f"{self.function.name} without a mapping")

    @property
    def knows_role(self) -> bool:
        """Whether the function's role is the trigger's own, by its name, so that its policy can be read."""
        return self.function.role_arn.rpartition("/")[2] == self.trigger.role_name

    @property
    def restores_role(self) -> bool:
        """Whether attach-trigger restores the role and its policy, even if the role no longer exists."""
        role = self.world.role
        # A role without a name was not read.
        return restores_role(self.trigger, self.function, role if role is not None and role.name else None)

    @property
    def readers(self) -> int:
        """Number of mappings that read the live stream."""
        live = (*self.world.mappings, *self.world.other_mappings)
        return sum(m.is_enabled and m.stream_arn == self.table.stream_arn for m in live)

    @property
    def is_crowded(self) -> bool:
        """Whether a further reader may slow the others down: docs/aws-facts.md#stream-two-readers."""
        return self.readers >= _READERS

    @property
    def audience(self) -> tuple[str, ...]:
        """Other receivers of the test items: functions on the stream, the table's replicas, and Kinesis data streams."""
        live = self.table.stream_arn
        others = sorted(
            {
                m.function_name
                for m in self.world.other_mappings
                if m.is_enabled and m.stream_arn == live and m.function_name != self.function.name
            }
        )
        return (
            *(f"function {name}" for name in others),
            *(f"the replica in {region}" for region in self.table.replicas),
            *(f"Kinesis data stream {arn.rpartition('/')[2]}" for arn in self.kinesis),
        )

    @property
    def configuration(self) -> str:
        """The function, the mappings and their filters as text; empty if there are no mappings."""
        return "; ".join(
            f"{qualified_name(m.function_arn)} by mapping {m.uuid} ({m.state}), filter {' or '.join(m.filters) or 'none'}"
            + (
                " (inserts that it does not match are excluded)"
                if m.filters and INSERT_ONLY not in m.filters
                else ""
            )
            for m in self.mappings
        )

    def circumstances(self) -> Circumstances:
        """The circumstances that are known without another read."""
        return Circumstances(world=self.world, mappings=self.mappings, log_group=self.log_group)

    def certain_failures(self) -> tuple[Finding, ...]:
        """Findings that certainly lose every insert, so that writing and waiting is unnecessary."""
        from ddbinsert.core.proof.causes.causes import blocking_faults
        from ddbinsert.core.proof.causes.sinks import judge_sink
        from ddbinsert.operations.verify.sources.sink import sink_of

        never = [
            [one for one in judge_filters(mapping, self.table) if one.code == "filter-never-matches"]
            for mapping in self.mappings
            if mapping.is_enabled
        ]
        # One mapping that delivers inserts is enough.
        filters = [finding for found in never for finding in found] if never and all(never) else []
        sink = [finding for finding in judge_sink(sink_of(self)) if finding.weight is Weight.PROOF]
        return (*blocking_faults(self.circumstances()), *self._missing_targets(), *filters, *sink)

    def _missing_targets(self) -> Iterator[Finding]:
        """A finding about aliases and versions that do not exist, if no mapping delivers to another one."""
        enabled = {mapping.function_arn for mapping in self.mappings if mapping.is_enabled}
        gone = [one for one in self.targets if one.function is None]
        if gone and enabled == {one.arn for one in gone}:
            yield Finding(
                code=Cause.FUNCTION_MISSING,
                weight=Weight.PROOF,
                text=f"{' and '.join(one.name for one in gone)} does not exist, or no longer exists",
                evidence=tuple(f"{m.uuid} ({m.state}) → {m.function_arn}" for m in self.mappings),
                mend="Create the alias or version again, or give the mapping another one.",
            )

    def leaking_filters(self, *, allow_guarded: bool) -> tuple[Finding, ...]:
        """Findings about filters that deliver other records than inserts, judged without a write."""
        return tuple(
            finding
            for mapping in self.mappings
            if mapping.is_enabled
            for finding in judge_filters(
                mapping,
                self.table,
                allow_guarded=allow_guarded,
                is_second=self.world.is_second(mapping),
            )
            if finding.weight is not Weight.NOTE or finding.code != "filter-hidden"
        )


def find_subject(
    aws: Aws,
    trigger: Trigger,
    *,
    log_group: str | None,
    reporter: Reporter,
    qualifier: str = "",
    bookmark: StreamBookmark | None = None,
    known: World | None = None,
    knows_readers: bool = False,
) -> Subject:
    """Find everything that a proof needs.

    Args:
        qualifier: Leave out the mappings to other aliases and versions.
        bookmark: Set in the live stream in parallel.
        known: What was just observed or created; it is not read again.
        knows_readers: ``known`` has all mappings on the live stream, and ``bookmark`` is set.

    Raises:
        PrerequisiteError: The table, its live stream or the function does not exist; with the command that creates it.
    """
    from ddbinsert.operations.verify.sources.sink import granted_without_sink

    meanwhile = bookmark.take if bookmark else None
    world = _known_or_observed(aws, trigger, known, meanwhile, knows_readers=knows_readers)
    reporter.header(account=world.account, region=world.region, table=trigger.table)
    table, function = _required(aws, trigger, world)
    feeding = tuple(
        m for m in world.feeding(function.name) if not qualifier or is_to(m.function_arn, qualifier)
    )
    mappings, targets = aws.side_by_side(lambda: revealed(aws, feeding), lambda: read_targets(aws, feeding))
    own_group = _log_group_of(function, mappings, targets)
    warn_of_gaps(aws, (text for mapping in mappings for text in mapping.filters), reporter)
    mention_taps(reporter, world, trigger.table)
    subject = Subject(
        trigger=trigger,
        world=world,
        table=table,
        function=function,
        mappings=mappings,
        log_group=log_group or own_group,
        own_log_group=own_group,
        qualifier=qualifier,
        targets=targets,
        shares_log=_shares_log(aws, world, log_group or own_group),
        bookmark=bookmark,
    )
    return replace(
        subject,
        secret=subject.running.environment.get(SECRET, ""),
        granted=granted_without_sink(aws, subject),
    )


def _known_or_observed(
    aws: Aws,
    trigger: Trigger,
    known: World | None,
    meanwhile: Callable[[str], None] | None,
    *,
    knows_readers: bool,
) -> World:
    """The world: the known one, completed by the stream's readers, or else a new observation."""
    from ddbinsert.aws.read.observe import observe, with_others

    if known is None or known.table is None or not known.table.stream_arn or known.function is None:
        return observe(aws, trigger, role=False, others=True, meanwhile=meanwhile)
    return known if knows_readers else with_others(aws, known, meanwhile=meanwhile)


def _required(aws: Aws, trigger: Trigger, world: World) -> tuple[TableState, FunctionState]:
    """The table and the function of a proof.

    Raises:
        PrerequisiteError: One of them, or the live stream, does not exist; with the command that creates it.
    """
    attach = ("attach-trigger", TABLE)
    if world.table is None:
        raise missing_table(aws, trigger.table, world.region)
    if world.table.stream_arn is None:
        raise PrerequisiteError(
            f"Table {trigger.table} has no live stream, so nothing can be delivered.",
            hint=Advice("Create everything that is missing", attach),
            code="no-stream",
        )
    if world.function is None:
        advice = Advice("Name another function (--function), or create everything that is missing", attach)
        raise missing_function(aws, trigger, advice)
    return world.table, world.function


def delivers(mapping: MappingState, sample: Sample, subject: Subject) -> bool:
    """Whether a mapping delivers the insert of a test item; unreadable filters count as delivering."""
    if not mapping.is_enabled:
        return False
    if mapping.filters_hidden or not mapping.filters or INSERT_ONLY in mapping.filters:
        return True
    from ddbinsert.core.pattern.matcher import PatternError, compile_pattern
    from ddbinsert.core.proof.probe_item import insert_record

    record = insert_record(sample, subject.table.key, subject.view, stream=subject.table.stream_arn or "")
    for text in mapping.filters:
        try:
            if compile_pattern(text).matches(record):
                return True
        except PatternError:
            continue
    return False


def _shares_log(aws: Aws, world: World, group: str) -> bool:
    """Whether another function on the live stream logs to the group; on AWS, log streams have the function's name."""
    from ddbinsert.aws.errors import PermissionDenied
    from ddbinsert.aws.read.resources import read_function

    live = world.table.stream_arn if world.table else None
    mine = world.function.name if world.function else ""
    others = {
        m.function_name for m in world.other_mappings if m.stream_arn == live and m.function_name != mine
    }
    if aws.is_aws or not others:
        return False
    try:
        found = aws.side_by_side(*(lambda name=name: read_function(aws, name) for name in sorted(others)))
    except PermissionDenied:
        return True  # a function of others that may not be read
    return any(function is not None and function.log_group == group for function in found)


def _log_group_of(
    function: FunctionState, mappings: tuple[MappingState, ...], targets: tuple[Target, ...]
) -> str:
    """The function's log group; the version that an alias points to may have another one than $LATEST."""
    enabled = [one for one in mappings if one.is_enabled]
    if not enabled or not all(is_qualified(one.function_arn) for one in enabled):
        return function.log_group
    return next((one.function.log_group for one in targets if one.function is not None), function.log_group)
