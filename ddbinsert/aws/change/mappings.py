"""Changes to event source mappings: written, read back, compared."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ddbinsert.aws.change.functions import working_function
from ddbinsert.aws.change.roles import (
    is_role_not_assumable,
    refuse_role_without_stream_rights,
    refuse_unusable_role,
)
from ddbinsert.aws.change.tables import wait_until_enabled
from ddbinsert.aws.errors import code_of, is_not_found, message_of, translated
from ddbinsert.aws.read.resources import read_mapping, read_mapping_tags
from ddbinsert.core.trigger import shapes
from ddbinsert.core.trigger.differences import mapping_changes
from ddbinsert.core.trigger.effective_settings import mapping_kept
from ddbinsert.core.trigger.refusals import not_ours
from ddbinsert.core.trigger.steps import UpdateMapping
from ddbinsert.core.trigger.stream_policy_steps import unread_policy_lacks
from ddbinsert.errors import AwsError, InconclusiveError, PrerequisiteError, Refused

if TYPE_CHECKING:
    from ddbinsert.aws.change.context import Provisioning
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import MappingState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Change, CreateMapping

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def create_mapping(
    context: Provisioning, step: CreateMapping, world: World
) -> tuple[MappingState, CreateMapping | UpdateMapping]:
    """Create the mapping, waiting until IAM and Lambda know the role and the function.

    Returns:
        The mapping, and the step that was done: an update if a mapping of ddbinsert's appeared meanwhile.

    Raises:
        Refused: A mapping that is not ddbinsert's appeared meanwhile, and would have to be changed.
    """
    if world.table is None or world.table.stream_arn is None:
        raise PrerequisiteError(f"Table {context.trigger.table} has no live stream.", code="no-stream")
    request = shapes.create_mapping_request(
        context.trigger, world.table.stream_arn, step.starting_position.value
    )
    if world.table.status != "ACTIVE":
        wait_until_enabled(context, world.table.stream_arn)
    role_arn = world.function.role_arn if world.function else ""
    is_ours = world.role is not None and world.role.is_ours and world.role.arn == role_arn
    try:
        made = _create_when_ready(context, request, role_arn, is_ours=is_ours)
    except InconclusiveError as error:
        policy = world.stream_policy
        if policy is None or not policy.unread or "Cannot access stream" not in error.message:
            raise
        raise unread_policy_lacks(context.trigger, world, role_arn) from error
    context = replace(context, trigger=made.trigger or context.trigger)
    if made.changes is None:
        return replace(settled(context, made.mapping), tags=context.trigger.all_tags), step
    if made.changes:
        _update(context, made.mapping.uuid, made.changes)
    seen = replace(settled(context, made.mapping), tags=made.mapping.tags)
    return seen, UpdateMapping(uuid=seen.uuid, changes=made.changes)


class _Made(NamedTuple):
    """A mapping, and the changes that it still needs; None if it was created as wanted.

    Attributes:
        trigger: The wanted trigger with the settings of a mapping that existed already.
    """

    mapping: MappingState
    changes: tuple[Change, ...] | None = None
    trigger: Trigger | None = None


def _create_when_ready(
    context: Provisioning, request: dict[str, Any], role_arn: str, *, is_ours: bool
) -> _Made:
    """Create a mapping of the trigger's function as soon as function and role are ready for it.

    Returns:
        The new mapping; or the one that existed already, with the changes that it needs.

    Args:
        is_ours: Whether ddbinsert gave the role the rights that it needs.
    """
    name = context.trigger.function_name
    client = context.aws.client("lambda")
    last = [""]
    looked = False

    def attempt() -> _Made | None:
        nonlocal looked
        with translated(f"attach function {name} to the stream"):
            try:
                return _Made(shapes.mapping(client.create_event_source_mapping(**request)))
            except client.exceptions.ResourceConflictException as error:
                existing = _existing(context, message_of(error))
                if existing is not None:
                    wanted = replace(context, trigger=mapping_kept(context.trigger, existing))
                    return _Made(existing, _permitted_changes(wanted, existing), wanted.trigger)
                last[0] = message_of(error)
            except client.exceptions.InvalidParameterValueException as error:
                if not _may_pass(error):
                    raise
                last[0] = message_of(error)
                if not looked:
                    looked = True
                    if is_role_not_assumable(error):
                        refuse_unusable_role(context, role_arn)
                    elif not is_ours:  # our own role has the rights, so the cause is propagation
                        _refuse_missing_rights(
                            context, role_arn, request["EventSourceArn"], message_of(error)
                        )
        return None

    return context.until(
        attempt,
        what=f"function {name} and its role to be ready for the mapping",
        seen=lambda: last[0],
        hint="If this persists, the function's role lacks permissions on the stream: GetRecords, GetShardIterator, "
        "DescribeStream and ListStreams.",
        first=0.05,
    )


def _existing(context: Provisioning, said: str) -> MappingState | None:
    """The mapping that a 409 names, with its tags: its UUID comes last, after names that may contain one, too."""
    named = _UUID.findall(said) if "already exists" in said else []
    seen = read_mapping(context.aws, named[-1]) if named else None
    if seen is None or seen.is_leaving:
        return None
    tags = read_mapping_tags(context.aws, seen)
    return replace(seen, tags=context.trigger.all_tags if tags is None else tags)


def _permitted_changes(context: Provisioning, existing: MappingState) -> tuple[Change, ...]:
    changes = tuple(mapping_changes(context.trigger, existing))
    if changes and not existing.is_ours:
        raise not_ours(
            f"Event source mapping {existing.uuid} of function {existing.function_name}",
            changes,
            context.trigger,
        )
    if any(change.replaces for change in changes):
        fields = "".join(f"\n  {change.field}: {change.have} → {change.want}" for change in changes)
        raise Refused(
            f"Event source mapping {existing.uuid} was created meanwhile and differs:{fields}\nIt was not changed.",
            hint="Run it again: it asks before it replaces something.",
            code="mapping-appeared",
        )
    return changes


def _may_pass(error: BaseException) -> bool:
    """Whether the cause may be that IAM has not propagated a change yet."""
    said = message_of(error)
    return is_role_not_assumable(error) or any(
        words in said
        for words in (
            "Cannot access stream",
            "ensure the role can perform",
            # Lambda uses the same words about the on-failure destination.
            "execution role does not have permissions",
            "in the following state: Pending",
        )
    )


def _is_leaving(context: Provisioning, uuid: str) -> bool:
    seen = read_mapping(context.aws, uuid)
    return seen is None or seen.is_leaving


def _refuse_missing_rights(context: Provisioning, role_arn: str, stream_arn: str, said: str) -> None:
    """Refuse a foreign role that really lacks the rights; otherwise report what the run waits for."""
    if "stream" in said:
        refuse_role_without_stream_rights(context, role_arn, stream_arn)
    context.reporter.step(f"Lambda says: {said} Waiting, in case the change in IAM is not effective yet.")


def update_mapping(context: Provisioning, step: UpdateMapping) -> MappingState:
    """Change the settings that differ, in place; a setting to be cleared is cleared explicitly."""
    return settled(context, _update(context, step.uuid, step.changes))


def _update(context: Provisioning, uuid: str, changes: tuple[Change, ...]) -> MappingState:
    client = context.aws.client("lambda")
    request = shapes.update_mapping_request(context.trigger, changes)

    def attempt() -> MappingState | None:
        with translated(f"change event source mapping {uuid}"):
            try:
                return shapes.mapping(client.update_event_source_mapping(UUID=uuid, **request))
            except (client.exceptions.ResourceInUseException, client.exceptions.ResourceConflictException):
                return None  # busy: Creating, Updating, Enabling, …

    return context.until(
        attempt,
        what=f"event source mapping {uuid} to accept a change",
    )


def settled(context: Provisioning, mapping: MappingState) -> MappingState:
    """Wait until AWS reports the mapping as settled, with the requested settings, and check the function.

    There is no wait for the function: Lambda accepts no mapping to a function that is Pending.

    Raises:
        AwsError: The stored settings are not the requested ones, or the function failed.
    """
    seen: MappingState
    if context.trigger.mapping.enabled:
        seen, _ = context.aws.side_by_side(
            lambda: _wait_until_settled(context, mapping),
            lambda: working_function(context, context.trigger.function_name),
        )
    else:
        seen = _wait_until_settled(context, mapping)
    differing = tuple(mapping_changes(context.trigger, seen))
    if differing:
        listed = "; ".join(f"{c.field} is {c.have}, not {c.want}" for c in differing)
        raise AwsError(
            f"Event source mapping {mapping.uuid} does not have the requested settings: {listed}.",
            hint="Run the command again. If this persists, something else changes the mapping, or the endpoint ignores this setting.",
            code="read-back-differs",
        )
    return seen


def _wait_until_settled(context: Provisioning, mapping: MappingState) -> MappingState:
    wanted = "Enabled" if context.trigger.mapping.enabled else "Disabled"
    last = [mapping.state]

    def read_if_in_state() -> MappingState | None:
        seen = read_mapping(context.aws, mapping.uuid)
        if seen is None:
            last[0] = "does not exist"
            return None
        last[0] = seen.state
        return seen if seen.state == wanted else None

    return context.until(
        read_if_in_state,
        what=f"event source mapping {mapping.uuid} to be {wanted}",
        seen=lambda: last[0],
    )


def delete_mapping(context: Provisioning, uuid: str) -> None:
    """Delete the mapping and wait until it is gone, because it invokes the function until then."""
    client = context.aws.client("lambda")

    def attempt() -> bool | None:
        with translated(f"delete event source mapping {uuid}"):
            try:
                client.delete_event_source_mapping(UUID=uuid)
            except (client.exceptions.ResourceInUseException, client.exceptions.ResourceConflictException):
                return _is_leaving(context, uuid) or None
            except client.exceptions.ClientError as error:
                if not is_not_found(error) and code_of(error) != "ResourceNotFoundException":
                    raise
            return True

    for look, what in (
        (attempt, "accept its deletion"),
        (lambda: True if read_mapping(context.aws, uuid) is None else None, "be gone"),
    ):
        context.until(
            look,
            what=f"event source mapping {uuid} to {what}",
        )


def create_like(
    context: Provisioning, stream_arn: str, original: MappingState, *, role_arn: str
) -> MappingState:
    """Create a mapping for the context's function with exactly the filters of another mapping.

    It starts at LATEST, so older records of the stream are not read.
    """
    request = shapes.create_mapping_request(context.trigger, stream_arn, "LATEST")
    request["FilterCriteria"] = {"Filters": [{"Pattern": pattern} for pattern in original.filters]}
    made = _create_when_ready(context, request, role_arn, is_ours=True).mapping

    def enabled() -> MappingState | None:
        seen = read_mapping(context.aws, made.uuid)
        return seen if seen is not None and seen.state == "Enabled" else None

    return context.until(
        enabled,
        what=f"event source mapping {made.uuid} to be Enabled",
    )


def remove_filters(aws: Aws, uuid: str) -> None:
    """Remove a mapping's filters, to show how this mistake is detected."""
    with translated(f"change event source mapping {uuid}"):
        aws.client("lambda").update_event_source_mapping(UUID=uuid, FilterCriteria={})
