"""The current state of a trigger: its resources, its metrics, and the undelivered records of a replaced stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ddbinsert.aws.errors import CredentialsError
from ddbinsert.core.doctor.facts import Facts, Metrics, SinkSeen
from ddbinsert.core.doctor.model import FactSource
from ddbinsert.core.trigger.results import Status
from ddbinsert.errors import AwsError
from ddbinsert.operations.existing_resources import missing_table, trigger_world
from ddbinsert.operations.provision.draining import draining_of
from ddbinsert.operations.taps import mention_taps

if TYPE_CHECKING:
    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger

#: The facts that only doctor reads.
_NOT_READ: Final = dict.fromkeys(
    (
        FactSource.TTL,
        FactSource.KEY,
        FactSource.STREAM,
        FactSource.SHARDS,
        FactSource.SIBLINGS,
        FactSource.ACCOUNT,
        FactSource.RIGHTS,
        FactSource.LOG,
        FactSource.SINK,
        FactSource.DESTINATION,
        FactSource.CHANGES,
    ),
    "doctor reads it",
)


class StatusSeen(NamedTuple):
    """What status shows: the world, and the facts for checks."""

    status: Status
    facts: Facts


def status(context: Context, trigger: Trigger, *, since: float, known: World | None = None) -> StatusSeen:
    """The current state of the trigger; changes nothing.

    Args:
        since: Metrics are read from this number of seconds before now.
        known: What was just read, without the role; it is not read again.

    Raises:
        PrerequisiteError: The table does not exist.
    """
    unread: dict[FactSource, str] = dict(_NOT_READ)

    def warn(text: str) -> None:
        unread[FactSource.ROLE] = text
        context.reporter.warn(text)

    world = trigger_world(context.aws, trigger, others=True, owners=True, known=known, warn=warn)
    context.reporter.header(account=world.account, region=world.region, table=trigger.table)
    if world.table is None:
        raise missing_table(context.aws, trigger.table, world.region)
    mention_taps(context.reporter, world, trigger.table)
    now = context.clock.now()
    facts = Facts(trigger=trigger, world=world, now=now, since=now - since, unread=unread, sink=_sink(world))
    draining, metrics = context.aws.side_by_side(
        lambda: draining_of(context, world) if world.draining_mappings else (),
        lambda: _metrics(context, facts, unread),
    )
    _note_what_was_left_out(trigger, world, unread)
    from dataclasses import replace

    return StatusSeen(Status(world, draining), replace(facts, metrics=metrics, unread=unread))


def _sink(world: World) -> SinkSeen:
    function = world.function
    return SinkSeen(arn=function.environment.get("SINK_ARN", "").strip() if function else "")


def _metrics(context: Context, facts: Facts, unread: dict[FactSource, str]) -> Metrics:
    from ddbinsert.aws.read.doctor.recent_activity import read_metrics

    if facts.function is None:
        unread[FactSource.METRICS] = "the function does not exist"
        return Metrics()
    uuids = [mapping.uuid for mapping in facts.mappings]
    try:
        return read_metrics(context.aws, facts.name, uuids, facts.sink.arn, since=facts.since, now=facts.now)
    except CredentialsError:
        raise
    except AwsError as error:
        unread[FactSource.METRICS] = error.message
        return Metrics()


def _note_what_was_left_out(trigger: Trigger, world: World, unread: dict[FactSource, str]) -> None:
    """Mark role and log group as unread if others than the function's own are configured."""
    function = world.function
    if function is None:
        return
    if trigger.function.role is not None or "function.role" in trigger.explicit:
        unread.setdefault(FactSource.ROLE, "another role is configured")
    if function.log_group != trigger.log_group and "function.log_group" in trigger.explicit:
        unread.setdefault(FactSource.LOG_GROUP, "another log group is configured")
    if any(mapping.filters_hidden for mapping in world.mappings):
        unread[FactSource.FILTERS] = "the filter is encrypted with a customer key"
