"""A deployed trigger as settings of a configuration file; `init` and `adopt --write` share it. Read-only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ddbinsert.advice import TABLE, Advice
from ddbinsert.config.write import Written, document
from ddbinsert.core.model.wanted import FunctionSpec, Trigger
from ddbinsert.core.trigger.described import Described, existing_trigger
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import World

_FILTERS: Final = "mapping.filters"
#: The first lines of every file.
_HEADING = (
    (
        "The insert triggers of ddbinsert: `plan` shows what `up` would change. Settings that are not given stay as they are "
        "deployed. `config schema` prints every key."
    ),
)


def describe_trigger(aws: Aws, table: str, function: str) -> Described:
    """The settings of a trigger that exists, whoever created it.

    Raises:
        PrerequisiteError: The table does not exist, or the function has no mapping on its live stream.
        AwsError: A read was refused.
    """
    from ddbinsert.aws.read.observe import observe, with_shown_filters
    from ddbinsert.aws.read.ownership import read_queue
    from ddbinsert.operations.existing_resources import missing_table
    from ddbinsert.operations.verify.own_code import template_of

    trigger = Trigger(
        table=table, function=FunctionSpec(name=function), explicit=frozenset({"function.name"})
    )
    world = with_shown_filters(aws, observe(aws, trigger, others=True, owners=True, tags=True))
    if world.table is None:
        raise missing_table(aws, table, world.region)
    deployed = world.function
    if deployed is None or world.live_mapping is None:
        raise PrerequisiteError(
            f"Function {function} has no event source mapping on the live stream of {table}.",
            hint=Advice("List the stream's consumers", ("status", TABLE)),
            code="no-mapping",
        )
    if (world.live_mapping.on_failure or "").endswith(f":{trigger.failure_queue}"):
        world = replace(world, queue=read_queue(aws, trigger.failure_queue))
    described = existing_trigger(world, template_of(deployed))
    return _without_dead_filters(described, trigger, world)


def _without_dead_filters(described: Described, trigger: Trigger, world: World) -> Described:
    """The same, without filters that no insert can pass: `plan` would refuse them."""
    from ddbinsert.operations.provision.filter_check import never_passes

    table, live = world.table, world.live_mapping
    patterns = described.settings.get(_FILTERS)
    if table is None or live is None or table.view is None or not isinstance(patterns, tuple):
        return described
    tried = replace(trigger, view=table.view, mapping=replace(trigger.mapping, filters=patterns))
    if not never_passes(tried, table.key):
        return described
    settings = {key: value for key, value in described.settings.items() if key != _FILTERS}
    why = f"filters: left out, because no insert can pass the deployed ones: {' or '.join(live.filters)}"
    return described._replace(settings=settings, remarks={**described.remarks, _FILTERS: why})


def written(triggers: Sequence[tuple[Described, Sequence[str]]]) -> str:
    """The text of a configuration file with these triggers, each with the comments before it."""
    tables = [one.table for one, _ in triggers]
    named = [
        Written(
            _name(one, is_only=tables.count(one.table) == 1),
            one.settings,
            one.remarks,
            (*heading, *(f"Not in this file: {text}." for text in one.outside)),
        )
        for one, heading in triggers
    ]
    return document(named, _HEADING)


def _name(one: Described, *, is_only: bool) -> str:
    """A trigger's name in the file: that of its table, or of its function if the table has several or is too long."""
    longest = 64
    return (
        one.table if is_only and len(one.table) <= longest and one.table[0] not in "-." else one.function_name
    )
