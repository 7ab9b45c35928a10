"""The tables of a region and the functions on their streams, for choosing what a configuration file describes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.inventory.judge import entries_of
from ddbinsert.core.inventory.model import ConsumerKind, TableRead
from ddbinsert.core.trigger.consumers import TAP_PREFIX
from ddbinsert.errors import AwsError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.inventory.model import InventoryEntry, RegionFacts
    from ddbinsert.core.model.record import StreamView

#: The owner that `core.inventory.judge` names for what has ddbinsert's tag.
_OURS = "ddbinsert"


class TableConsumer(NamedTuple):
    """A function on a table's live stream.

    Attributes:
        function: Its name, without alias or version.
        owner: ``ddbinsert``, ``stack NAME``, …; empty if its tags do not show it, ``unknown`` if they were not read.
    """

    function: str
    owner: str

    @property
    def is_ours(self) -> bool:
        return self.owner == _OURS

    @property
    def words(self) -> str:
        """``audit (stack billing)``."""
        return f"{self.function} ({self.owner or 'created by others'})"


class AccountTable(NamedTuple):
    """A table, with the functions on its live stream.

    Attributes:
        view: The view type of the live stream; None if the stream is off.
        others: Consumers that are not functions: pipes and Kinesis streams, by name.
    """

    name: str
    view: StreamView | None
    consumers: tuple[TableConsumer, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def ours(self) -> tuple[TableConsumer, ...]:
        """The functions of ddbinsert's triggers."""
        return tuple(one for one in self.consumers if one.is_ours)


class Account(NamedTuple):
    """The tables of one region.

    Attributes:
        unread: What could not be read, as sentences.
    """

    region: str | None
    account: str | None
    tables: tuple[AccountTable, ...]
    unread: tuple[str, ...] = ()


def look_around(aws: Aws, clock: Clock, names: Sequence[str]) -> Account:
    """The tables of the region with their consumers; changes nothing.

    Args:
        names: Only these tables; empty for all.

    Raises:
        PrerequisiteError: A named table does not exist, or there is no table.
        AwsError: Tables or mappings may not be listed.
    """
    from ddbinsert.aws.read.inventory import RegionReader
    from ddbinsert.operations.existing_resources import missing_table

    reader = RegionReader(aws, clock=clock, region=aws.region or "", profile=None)
    listed = reader.names()
    wanted = list(dict.fromkeys(names)) or listed
    streaming = wanted if names else reader.with_streams(wanted)
    reads = {read.name: read for read in reader.read_tables(streaming)}
    around = _with_owners(aws, reader.around(), wanted)
    without = set(wanted).difference(streaming)
    reads |= {read.name: read for read in reader.read_without_streams(without, around)}
    needed = ["event source mappings", *([] if names else ["tables"]), *(f"table {name}" for name in names)]
    for one in reader.unread:
        if one.what in needed:
            raise AwsError(one.reason)
    tables = []
    for name in wanted:
        read = reads.get(name, TableRead(name=name, state=None))
        state = read.state
        if state is None and names:
            raise missing_table(aws, name, aws.region)
        if state is not None or name in without:  # otherwise it was deleted meanwhile
            live = state.stream_arn if state is not None else None
            view = state.view if state is not None else None
            entries = [one for one in entries_of(read, around) if one.stream_arn in (live, "")]
            tables.append(AccountTable(name, view, _functions(entries), _others(entries)))
    if not tables:
        raise PrerequisiteError(
            f"There is no table{f' in {aws.region}' if aws.region else ''}.",
            hint="Check --region and --profile, or create a table first.",
            code="no-tables",
        )
    unread = tuple(f"{one.what}: {one.reason}" for one in reader.unread)
    return Account(aws.region, reader.account, tuple(tables), unread)


def _with_owners(aws: Aws, around: RegionFacts, tables: Sequence[str]) -> RegionFacts:
    """The same, with the tags of the functions on these tables, one by one, if all tags could not be read at once."""
    from ddbinsert.aws.errors import PermissionDenied
    from ddbinsert.aws.read.stacks import function_tags

    if around.tags is not None:
        return around
    mappings = [one for name in tables for one in around.mappings_by_table.get(name, ())]
    arns = sorted(
        {
            str(arn_parts(one.function_arn)._replace(resource=f"function:{one.function_name}"))
            for one in mappings
        }
    )
    with suppress(PermissionDenied):
        tags = aws.side_by_side(*(lambda arn=arn: function_tags(aws, arn) for arn in arns)) if arns else []
        return replace(around, tags=dict(zip(arns, tags, strict=True)))
    return around


def _functions(entries: Sequence[InventoryEntry]) -> tuple[TableConsumer, ...]:
    """The functions, each once; temporary functions of `verify` are left out."""
    found: dict[str, TableConsumer] = {}
    for one in entries:
        name = one.consumer.partition(":")[0]
        if one.kind is ConsumerKind.FUNCTION and not name.startswith(TAP_PREFIX):
            known = found.get(name)
            if known is None or not known.is_ours:
                found[name] = TableConsumer(name, one.owner)
    return tuple(found.values())


def _others(entries: Sequence[InventoryEntry]) -> tuple[str, ...]:
    kinds = (ConsumerKind.PIPE, ConsumerKind.KINESIS)
    return tuple(
        f"{one.kind.value} {one.consumer or arn_parts(one.id).name}" for one in entries if one.kind in kinds
    )
