"""Who is put to the proof: the table's live stream, the function, the mappings between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ddbinsert.core.circumstances import Circumstances
from ddbinsert.core.filter_checks import judge_filters
from ddbinsert.core.model import StreamView
from ddbinsert.core.verdict import Finding, Weight
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.gaps import warn_of_gaps

if TYPE_CHECKING:
    from ddbinsert.aws.session import Aws
    from ddbinsert.core.model import FunctionState, MappingState, TableState, Trigger, World
    from ddbinsert.core.reporter import Reporter
    from ddbinsert.operations.place import Place


_READERS = 2


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a run of verify is about.

    Attributes:
        mappings: Those that deliver the live stream to the function, by any of its aliases and versions.
        log_group: Where the function logs, or where the user said.
        place: Taken in the live stream already.
    """

    trigger: Trigger
    world: World
    table: TableState
    function: FunctionState
    mappings: tuple[MappingState, ...]
    log_group: str
    place: Place | None = field(default=None, compare=False)

    @property
    def view(self) -> StreamView:
        return self.table.view or StreamView.NEW_AND_OLD_IMAGES

    @property
    def readers(self) -> int:
        """How many mappings read the live stream."""
        live = (*self.world.mappings, *self.world.other_mappings)
        return sum(m.is_enabled and m.stream_arn == self.table.stream_arn for m in live)

    @property
    def is_crowded(self) -> bool:
        """Whether one reader more may slow the others down: a shard serves two at once (facts)."""
        return self.readers >= _READERS

    @property
    def configuration(self) -> str:
        """The mappings and their filters in words; empty where there are none."""
        return "; ".join(
            f"mapping {m.uuid} ({m.state}), filter {' or '.join(m.filters) or 'none'}" for m in self.mappings
        )

    def circumstances(self) -> Circumstances:
        """What is known without another look."""
        return Circumstances(world=self.world, mappings=self.mappings, log_group=self.log_group)

    def certain_failures(self) -> tuple[Finding, ...]:
        """What makes every insert go missing whatever is written: no need to write, and to wait."""
        from ddbinsert.core.causes import standing_in_the_way

        never = [
            [one for one in judge_filters(mapping, self.table) if one.code == "filter-never-matches"]
            for mapping in self.mappings
        ]
        # One mapping that lets inserts through is enough.
        filters = [finding for found in never for finding in found] if all(never) else []
        return (*standing_in_the_way(self.circumstances()), *filters)

    def leaking_filters(self, *, allow_guarded: bool) -> tuple[Finding, ...]:
        """What the filters let in, judged without any write."""
        return tuple(
            finding
            for mapping in self.mappings
            for finding in judge_filters(mapping, self.table, allow_guarded=allow_guarded)
            if finding.weight is not Weight.NOTE or finding.code != "filter-hidden"
        )


def find_subject(
    aws: Aws,
    trigger: Trigger,
    *,
    log_group: str | None,
    reporter: Reporter,
    place: Place | None = None,
) -> Subject:
    """Look for everything that a proof needs.

    Args:
        place: To be taken in the live stream, on the way.

    Raises:
        PrerequisiteError: No table, no live stream, no function; with the command that makes them.
    """
    from ddbinsert.aws.observe import observe

    world = observe(aws, trigger, role=False, others=True, meanwhile=place.take if place else None)
    reporter.header(account=world.account, region=world.region, table=trigger.table)
    attach = f"`ddbinsert attach-trigger {trigger.table}` makes everything that is missing."
    if world.table is None:
        raise PrerequisiteError(
            f"Table {trigger.table} does not exist in {world.region}.",
            hint="Check the name, --region and --profile.",
            code="table-not-found",
        )
    if world.table.stream_arn is None:
        raise PrerequisiteError(
            f"Table {trigger.table} has no live stream, so nothing can be delivered.",
            hint=attach,
            code="no-stream",
        )
    if world.function is None:
        raise PrerequisiteError(
            f"Function {trigger.function_name} does not exist.",
            hint=f"{attach} For a function of another name: --function NAME.",
            code="function-not-found",
        )
    mappings = world.feeding(world.function.name)
    warn_of_gaps(aws, (text for mapping in mappings for text in mapping.filters), reporter)
    return Subject(
        trigger=trigger,
        world=world,
        table=world.table,
        function=world.function,
        mappings=mappings,
        log_group=log_group or world.function.log_group,
        place=place,
    )
