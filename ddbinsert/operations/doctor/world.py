"""What `status` reads, and the stream's shards; and which records the mappings deliver."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ddbinsert.aws.errors import CredentialsError
from ddbinsert.aws.read.doctor import recent_records
from ddbinsert.aws.read.observe import observe
from ddbinsert.core.doctor.model import FactSource
from ddbinsert.errors import AwsError
from ddbinsert.operations.provision.draining import matcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.doctor.facts import Facts
    from ddbinsert.core.model.seen import MappingState, World
    from ddbinsert.core.model.wanted import Trigger


def world_of(
    aws: Aws,
    trigger: Trigger,
    unread: dict[FactSource, str],
    shards: list[recent_records.Shards],
    known: World | None,
) -> World:
    """What `status` reads, and the stream's shards.

    Args:
        known: What was just read of it, without the role.
    """

    def look_at_shards(stream: str) -> None:
        try:
            shards.append(recent_records.read_shards(aws, stream))
        except CredentialsError:
            raise
        except AwsError as error:
            unread[FactSource.STREAM] = unread[FactSource.SHARDS] = error.message

    read = partial(observe, aws, trigger, others=True, owners=True, tags=True, lenient=True, known=known)
    try:
        return read(meanwhile=look_at_shards)
    except CredentialsError:
        raise
    except AwsError as error:
        shards.clear()
        try:
            world = read(role=False, meanwhile=look_at_shards)
        except AwsError:
            raise error from None
        unread[FactSource.ROLE] = error.message
        return world


def passing(facts: Facts) -> Callable[[dict[str, object]], bool]:
    """Whether a record passes a filter of the mappings; every record passes if a filter cannot be read."""
    from ddbinsert.core.pattern.matcher import PatternError

    reading = [m for m in facts.mappings if m.is_enabled] or list(facts.mappings)
    if any(m.filters_hidden for m in reading):
        return lambda _: True
    try:
        each = [matcher(m.filters) for m in reading]
    except PatternError:
        return lambda _: True
    return lambda record: not each or any(passes(record) for passes in each)


def with_mappings(facts: Facts, found: tuple[MappingState, ...]) -> Facts:
    now = {m.uuid: m for m in found}

    def renewed(mappings: tuple[MappingState, ...]) -> tuple[MappingState, ...]:
        return tuple(replace(now.get(m.uuid, m), tags=m.tags) for m in mappings)

    world = facts.world
    return replace(
        facts,
        world=replace(world, mappings=renewed(world.mappings), other_mappings=renewed(world.other_mappings)),
    )
