"""Several consumers proven in parallel, each with its own run: an error of one does not end the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.model.wanted import Trigger
from ddbinsert.core.trigger.consumers import consumers_of, of_consumer
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.discovery import selected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.trigger.consumers import Consumer
    from ddbinsert.operations.discovery import Selector

#: Number of parallel proofs: each reads a log, a stream and metrics, and they share the account's limits.
AT_ONCE: Final = 4


def of_table(aws: Aws, trigger: Trigger, selector: Selector) -> tuple[Trigger, ...]:
    """A trigger for each consumer of the table's streams, replaced ones included.

    Raises:
        PrerequisiteError: The table does not exist, or has no consumers.
    """
    from ddbinsert.aws.read.resources import read_mappings
    from ddbinsert.operations.existing_resources import existing_table

    table = existing_table(aws, trigger.table)
    streams = f"{table.arn}/stream/"
    mappings = [one for one in read_mappings(aws) if one.stream_arn.startswith(streams)]
    found = [of_consumer(trigger, one.name) for one in _matching_consumers(aws, mappings, selector)]
    if not found:
        raise PrerequisiteError(
            f"No function {f'{selector.words} ' if selector else ''}reads the stream of table {trigger.table}.",
            hint=Advice("Attach one", ("attach-trigger", TABLE)),
            code="no-consumer",
        )
    return tuple(found)


def of_region(aws: Aws, selector: Selector, *, warn: Callable[[str], None]) -> tuple[Trigger, ...]:
    """A trigger for each function in the region that a mapping connects with a table's stream.

    Args:
        warn: Called with a message about each table that does not exist although a mapping reads its stream.

    Raises:
        PrerequisiteError: There is no such function.
    """
    from ddbinsert.aws.read.resources import read_mappings, read_table

    by_table: dict[str, list[MappingState]] = {}
    for mapping in read_mappings(aws):
        if arn_parts(mapping.stream_arn).service == "dynamodb":
            by_table.setdefault(resource_name(mapping.stream_arn), []).append(mapping)
    names = sorted(by_table)
    tables = aws.side_by_side(*(lambda name=name: read_table(aws, name) for name in names)) if names else []
    found: list[Trigger] = []
    for name, state in zip(names, tables, strict=True):
        readers = _matching_consumers(aws, by_table[name], selector)
        other = [
            one
            for one in by_table[name]
            if state is not None and not one.stream_arn.startswith(f"{state.arn}/")
        ]
        if state is not None and other:
            named = ", ".join(dict.fromkeys(arn_parts(one.stream_arn).account for one in other))
            warn(f"table {name} of account {named} is left out: give it by its ARN, with --table-profile")
            readers = [one for one in readers if one.name not in {each.function_name for each in other}]
        if state is not None:
            found += [of_consumer(Trigger(table=name), one.name) for one in readers]
        elif readers:
            warn(f"table {name} does not exist; left out: {', '.join(one.name for one in readers)}")
    if not found:
        raise PrerequisiteError(
            f"No function {f'{selector.words} ' if selector else ''}reads the stream of a table in {aws.region}.",
            hint="Check --region and --profile.",
            code="no-consumer",
        )
    return tuple(found)


def _matching_consumers(aws: Aws, mappings: Sequence[MappingState], selector: Selector) -> Sequence[Consumer]:
    """The consumers that match the selector, without temporary functions of `verify --wiretap`."""
    readers = [one for one in consumers_of(mappings) if not one.is_tap]
    return selected(aws, readers, selector) if selector and readers else readers
