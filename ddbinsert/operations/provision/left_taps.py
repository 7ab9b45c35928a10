"""Temporary functions of `verify --wiretap` that killed runs left on the stream of a trigger that is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.model.wanted import FunctionSpec, Trigger
from ddbinsert.core.trigger.consumers import TAP_PREFIX, consumers_of
from ddbinsert.core.trigger.plan import is_of_table
from ddbinsert.core.trigger.removal import removal

if TYPE_CHECKING:
    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.trigger.steps import Step


def left_taps(context: Context, trigger: Trigger, world: World) -> tuple[tuple[Trigger, World], ...]:
    """The taps of ddbinsert on the trigger's stream, each with what it consists of.

    Empty if another function reads the stream, as a `verify` of that function may be using its tap now. Also empty
    without permission to read them: the policy of `down` covers the trigger's own resources only.
    """
    from ddbinsert.aws.errors import PermissionDenied
    from ddbinsert.aws.read.observe import observe

    readers = consumers_of(world.other_mappings)
    if trigger.function_name.startswith(TAP_PREFIX) or not all(one.is_tap for one in readers):
        return ()
    found = []
    for one in readers:
        function = FunctionSpec(name=one.name)
        tap = Trigger(table=trigger.table, function=function, explicit=frozenset({"function.name"}))
        try:
            seen = observe(context.aws, tap, owners=True, lenient=True)
        except PermissionDenied:
            return ()
        if seen.function is not None and is_of_table(seen.function.tags, trigger.table):
            found.append((tap, seen))
    return tuple(found)


def tap_steps(tap: Trigger, world: World) -> tuple[Step, ...]:
    """The steps that remove a tap."""
    return removal(world, tap.table, own_function=tap.function_name).steps
