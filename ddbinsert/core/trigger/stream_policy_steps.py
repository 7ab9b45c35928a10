"""The steps for the policy of a stream that belongs to another account than the function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.model.package import READING
from ddbinsert.core.trigger import stream_policy as rules
from ddbinsert.core.trigger.steps import (
    CreateTable,
    DeleteStreamPolicy,
    EnableStream,
    PutStreamPolicy,
    ReplaceStream,
)
from ddbinsert.core.trigger.stream_refusals import put_command, stream_denied, stream_not_permitted
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ddbinsert.core.model.seen import MappingState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Step


def own_sid(have: World, function: str) -> str:
    """The Sid of the function's statement."""
    return rules.sid_of(function, have.account or "")


def stream_policy_steps(want: Trigger, have: World, steps: Sequence[Step]) -> Iterator[Step]:
    """Let the function's role read the stream, if its policy does not allow that.

    Args:
        steps: The steps so far: a stream that they enable has no policy.

    Raises:
        AwsError: The policy denies the role, or may not be read with the credentials for the table's account.
    """
    table, policy = have.table, have.stream_policy
    if table is None or not table.is_of_other_account:
        return
    role, sid = rules.reading_role(want, have), own_sid(have, want.function_name)
    is_by_owner = policy is not None and policy.is_by_owner
    is_new = any(isinstance(step, CreateTable | EnableStream | ReplaceStream) for step in steps)
    if is_new or policy is None or table.stream_arn is None:
        yield PutStreamPolicy(
            table=table.name, role_arn=role, sid=sid, lacking=READING, is_by_owner=is_by_owner
        )
        return
    if policy.unread and is_by_owner and have.live_mapping is not None:
        return  # it works, or doctor and verify show that it does not
    if policy.unread and not is_by_owner:
        raise AwsError(policy.unread, hint="Add dynamodb:GetResourcePolicy on it.", code="access-denied")
    stream = table.stream_arn
    denied = rules.denied_actions(policy.document, role, stream)
    if denied:
        raise stream_denied(stream, role, denied)
    lacking = rules.lacking_actions(policy.document, role, stream)
    is_other = rules.differs(policy.document, rules.statement(stream, role, sid)) and not is_by_owner
    if lacking or is_other:
        yield PutStreamPolicy(
            table=table.name,
            role_arn=role,
            sid=sid,
            stream_arn=stream,
            lacking=lacking,
            is_by_owner=is_by_owner,
        )


def owner_commands(have: World, steps: Sequence[Step]) -> Iterator[str]:
    """What the table's owner has to run, for the steps that only check it: the AWS CLI command, if the stream is live."""
    for step in steps:
        if not isinstance(step, PutStreamPolicy) or not step.is_by_owner:
            continue
        if not step.stream_arn:
            yield "the table's owner enables the stream, then writes its policy: ddbinsert prints the command"
            continue
        own = rules.statement(step.stream_arn, step.role_arn, step.sid)
        policy = have.stream_policy
        known = policy is not None and not policy.unread
        document = policy.document if policy is not None else None
        command = put_command(step.stream_arn, rules.with_statement(document, own))
        yield (
            f"the table's owner writes the policy of the stream{'' if known else ', which may have other statements,'} as "
            f"soon as the role exists: `{command}`"
        )


def unread_policy_lacks(want: Trigger, have: World, role_arn: str) -> AwsError:
    """The error for a role that cannot read a stream, whose policy cannot be read: it names all that is needed."""
    stream = (have.table.stream_arn if have.table is not None else None) or ""
    own = rules.statement(stream, role_arn, own_sid(have, want.function_name))
    return stream_not_permitted(stream, role_arn, READING, rules.policy_of(own), is_known=False)


def removal_steps(
    have: World, function: str, going: Iterable[MappingState], staying: Iterable[MappingState]
) -> Iterator[Step]:
    """Remove the function's statement from the policies of the streams that it no longer reads."""
    for stream in _left_streams(have, function, going, staying):
        yield DeleteStreamPolicy(stream_arn=stream, sid=own_sid(have, function))


def left_statements(
    have: World, function: str, going: Iterable[MappingState], staying: Iterable[MappingState]
) -> Iterator[str]:
    """The statements that only the table's owner can remove, with the command."""
    policy = have.stream_policy
    if policy is None or not policy.is_by_owner:
        return
    sid = own_sid(have, function)
    for stream in _streams(have, function, going, staying):
        if policy.unread or stream != policy.stream_arn:
            yield f"statement {sid} of the policy of stream {stream}, which may not be read here: the table's owner removes it"
            continue
        left = rules.without_statement(policy.document, sid)
        command = (
            put_command(stream, left)
            if left is not None
            else f"aws dynamodb delete-resource-policy --resource-arn {stream}"
        )
        yield f"statement {sid} of the policy of stream {stream}: the table's owner removes it with `{command}`"


def _left_streams(
    have: World, function: str, going: Iterable[MappingState], staying: Iterable[MappingState]
) -> tuple[str, ...]:
    policy = have.stream_policy
    return () if policy is None or policy.is_by_owner else _streams(have, function, going, staying)


def _streams(
    have: World, function: str, going: Iterable[MappingState], staying: Iterable[MappingState]
) -> tuple[str, ...]:
    """The streams whose policies have, or may have, the function's statement."""
    table, policy = have.table, have.stream_policy
    if table is None or not table.is_of_other_account or policy is None:
        return ()
    has_own = bool(policy.unread) or rules.has_statement(policy.document, own_sid(have, function))
    live = [table.stream_arn] if table.stream_arn is not None and has_own else []
    replaced = [one.stream_arn for one in going if one.stream_arn != table.stream_arn]
    read = {one.stream_arn for one in staying if one.function_name == function}
    return tuple(stream for stream in dict.fromkeys([*live, *replaced]) if stream not in read)
