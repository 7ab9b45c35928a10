"""Changes to event source mappings: written, read back, compared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.change_functions import working_function
from ddbinsert.aws.change_roles import (
    is_role_not_assumable,
    refuse_a_role_that_may_not_read,
    refuse_a_role_that_never_will_do,
)
from ddbinsert.aws.change_tables import wait_until_enabled
from ddbinsert.aws.errors import code_of, is_not_found, message_of, translated
from ddbinsert.aws.observe import read_mapping
from ddbinsert.aws.wait import until
from ddbinsert.core import shapes
from ddbinsert.core.differences import mapping_changes
from ddbinsert.errors import AwsError, PrerequisiteError

if TYPE_CHECKING:
    from ddbinsert.aws.hands import Hands
    from ddbinsert.aws.session import Aws
    from ddbinsert.core.model import MappingState, World
    from ddbinsert.core.steps import CreateMapping, UpdateMapping

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def create_mapping(hands: Hands, step: CreateMapping, world: World) -> MappingState:
    """Create the mapping, waiting out what IAM and Lambda still have to catch up with."""
    if world.table is None or world.table.stream_arn is None:
        raise PrerequisiteError(f"Table {hands.trigger.table} has no live stream.", code="no-stream")
    request = shapes.create_mapping_request(
        hands.trigger, world.table.stream_arn, step.starting_position.value
    )
    if world.table.status != "ACTIVE":
        wait_until_enabled(hands, world.table.stream_arn)
    role_arn = world.function.role_arn if world.function else ""
    is_ours = world.role is not None and world.role.is_ours and world.role.arn == role_arn
    return settled(hands, _made(hands, request, role_arn, is_ours=is_ours))


def _made(hands: Hands, request: dict[str, Any], role_arn: str, *, is_ours: bool) -> MappingState:
    """Create a mapping of the trigger's function as soon as function and role are ready for it.

    Args:
        is_ours: The role is one that ddbinsert gave the rights it needs.
    """
    name = hands.trigger.function_name
    client = hands.aws.client("lambda")
    last = [""]
    looked = False

    def attempt() -> MappingState | None:
        nonlocal looked
        with translated(f"attach function {name} to the stream"):
            try:
                return shapes.mapping(client.create_event_source_mapping(**request))
            except client.exceptions.ResourceConflictException as error:
                existing = _UUID.search(message_of(error)) if "already exists" in message_of(error) else None
                if existing is not None and not _is_leaving(hands, existing.group()):
                    return _update(hands, existing.group())
                last[0] = message_of(error)
            except client.exceptions.InvalidParameterValueException as error:
                if not _may_pass(error):
                    raise
                last[0] = message_of(error)
                if not looked:
                    looked = True
                    if is_role_not_assumable(error):
                        refuse_a_role_that_never_will_do(hands, role_arn)
                    elif not is_ours:  # one of our own holds the rights, so that it is propagation
                        _refuse_a_real_lack(hands, role_arn, request["EventSourceArn"], message_of(error))
        return None

    return until(
        attempt,
        clock=hands.clock,
        timeout=hands.timeout,
        what=f"function {name} and its role to be ready for the mapping",
        seen=lambda: last[0],
        hint="If it stays so, the function's role lacks rights on the stream: GetRecords, GetShardIterator, "
        "DescribeStream and ListStreams.",
        progress=hands.reporter.waiting,
        first=0.05,
    )


def _may_pass(error: BaseException) -> bool:
    """Whether it may be IAM that hasn't caught up."""
    said = message_of(error)
    return is_role_not_assumable(error) or any(
        words in said
        for words in (
            "Cannot access stream",
            "ensure the role can perform",
            # In these words also about the on-failure destination.
            "execution role does not have permissions",
            "in the following state: Pending",
        )
    )


def _is_leaving(hands: Hands, uuid: str) -> bool:
    seen = read_mapping(hands.aws, uuid)
    return seen is None or seen.is_leaving


def _refuse_a_real_lack(hands: Hands, role_arn: str, stream_arn: str, said: str) -> None:
    """A role of somebody else's may really lack the rights; where it doesn't, say what is waited for."""
    if "stream" in said:
        refuse_a_role_that_may_not_read(hands, role_arn, stream_arn)
    hands.reporter.step(f"Lambda says: {said} Waiting, in case IAM has not caught up yet.")


def update_mapping(hands: Hands, step: UpdateMapping) -> MappingState:
    """Change the mapping in place; what is no longer wanted is cleared explicitly."""
    return settled(hands, _update(hands, step.uuid))


def _update(hands: Hands, uuid: str) -> MappingState:
    client = hands.aws.client("lambda")
    request: dict[str, Any] = {
        "FunctionName": hands.trigger.function_name,
        **shapes.mapping_settings(hands.trigger),
    }

    def attempt() -> MappingState | None:
        with translated(f"change event source mapping {uuid}"):
            try:
                return shapes.mapping(client.update_event_source_mapping(UUID=uuid, **request))
            except (client.exceptions.ResourceInUseException, client.exceptions.ResourceConflictException):
                return None  # busy: Creating, Updating, Enabling, …

    return until(
        attempt,
        clock=hands.clock,
        timeout=hands.timeout,
        what=f"event source mapping {uuid} to take a change",
        progress=hands.reporter.waiting,
    )


def settled(hands: Hands, mapping: MappingState) -> MappingState:
    """The mapping as AWS shows it at rest, with everything as it was asked for, and a function that works.

    The function need not be waited for: Lambda takes no mapping to one that is Pending.

    Raises:
        AwsError: AWS stored something else than it was given, or the function failed.
    """
    seen: MappingState
    if hands.trigger.mapping.enabled:
        seen, _ = hands.aws.side_by_side(
            lambda: _at_rest(hands, mapping), lambda: working_function(hands, hands.trigger.function_name)
        )
    else:
        seen = _at_rest(hands, mapping)
    differing = tuple(mapping_changes(hands.trigger, seen))
    if differing:
        listed = "; ".join(f"{c.field} is {c.have}, not {c.want}" for c in differing)
        raise AwsError(
            f"Event source mapping {mapping.uuid} was read back and is not as asked for: {listed}.",
            hint="Run it again; if it stays so, somebody else is changing it, or the endpoint ignores this setting.",
            code="read-back-differs",
        )
    return seen


def _at_rest(hands: Hands, mapping: MappingState) -> MappingState:
    wanted = "Enabled" if hands.trigger.mapping.enabled else "Disabled"
    last = [mapping.state]

    def look() -> MappingState | None:
        seen = read_mapping(hands.aws, mapping.uuid)
        if seen is None:
            last[0] = "not there"
            return None
        last[0] = seen.state
        return seen if seen.state == wanted else None

    return until(
        look,
        clock=hands.clock,
        timeout=hands.timeout,
        what=f"event source mapping {mapping.uuid} to be {wanted}",
        seen=lambda: last[0],
        progress=hands.reporter.waiting,
    )


def delete_mapping(hands: Hands, uuid: str) -> None:
    """Delete the mapping and wait until it is gone: until then it still invokes."""
    client = hands.aws.client("lambda")

    def attempt() -> bool | None:
        with translated(f"delete event source mapping {uuid}"):
            try:
                client.delete_event_source_mapping(UUID=uuid)
            except (client.exceptions.ResourceInUseException, client.exceptions.ResourceConflictException):
                return _is_leaving(hands, uuid) or None
            except client.exceptions.ClientError as error:
                if not is_not_found(error) and code_of(error) != "ResourceNotFoundException":
                    raise
            return True

    for look, what in (
        (attempt, "take its deletion"),
        (lambda: True if read_mapping(hands.aws, uuid) is None else None, "be gone"),
    ):
        until(
            look,
            clock=hands.clock,
            timeout=hands.timeout,
            what=f"event source mapping {uuid} to {what}",
            progress=hands.reporter.waiting,
        )


def create_like(hands: Hands, stream_arn: str, original: MappingState, *, role_arn: str) -> MappingState:
    """A mapping for the hands' function with the very filters of another one, neither narrowed nor compared.

    It starts at LATEST: what the stream holds from before is nothing to it.
    """
    request = shapes.create_mapping_request(hands.trigger, stream_arn, "LATEST")
    request["FilterCriteria"] = {"Filters": [{"Pattern": pattern} for pattern in original.filters]}
    made = _made(hands, request, role_arn, is_ours=True)

    def enabled() -> MappingState | None:
        seen = read_mapping(hands.aws, made.uuid)
        return seen if seen is not None and seen.state == "Enabled" else None

    return until(
        enabled,
        clock=hands.clock,
        timeout=hands.timeout,
        what=f"event source mapping {made.uuid} to be Enabled",
        progress=hands.reporter.waiting,
    )


def remove_filters(aws: Aws, uuid: str) -> None:
    """Take a mapping's filters away, as a careless hand would: for showing what is found then."""
    with translated(f"change event source mapping {uuid}"):
        aws.client("lambda").update_event_source_mapping(UUID=uuid, FilterCriteria={})
