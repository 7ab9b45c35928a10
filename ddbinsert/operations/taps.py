"""Warnings about temporary functions of `verify --wiretap` that a killed run may have left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.core.trigger.consumers import consumers_of

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.trigger.reporter import Reporter


def mention_taps(reporter: Reporter, world: World, table: str) -> None:
    """Warn of each temporary function that reads the table's stream, with the command that removes it.

    Args:
        world: The world, with all readers of the stream.
    """
    own = world.function.name if world.function else ""
    for consumer in consumers_of((*world.mappings, *world.other_mappings)):
        if consumer.is_tap and consumer.name != own:
            reporter.warn(
                f"{consumer.name}, a temporary function of verify --wiretap, reads the stream of {table}: a "
                "run that was killed may have left it, unless verify is running now",
                Advice("remove it", ("down", table, "--function", consumer.name, "--yes")),
            )
