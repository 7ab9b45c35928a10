"""Changes to the resource policy of a stream in another account: one statement, which is ddbinsert's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import PermissionDenied, code_of, is_not_found, message_of, translated
from ddbinsert.aws.read.stream_policies import NO_POLICY, read_stream_policy, readable_stream_policy
from ddbinsert.core.trigger import stream_policy as rules
from ddbinsert.core.trigger.stream_refusals import stream_denied, stream_not_permitted
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.change.context import Provisioning
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.stream_policy import StreamPolicy
    from ddbinsert.core.trigger.steps import DeleteStreamPolicy, PutStreamPolicy

#: DynamoDB refuses further changes of a policy for 15 s after each (docs/aws-facts.md#stream-policy).
_BUSY = ("ResourceInUseException", "LimitExceededException")


def put_stream_policy(context: Provisioning, step: PutStreamPolicy, world: World) -> StreamPolicy:
    """Add ddbinsert's statement to the policy of the live stream, or check that its owner has.

    Raises:
        AwsError: The policy denies the role, or lacks a right that only the table's owner can add.
    """
    if world.table is None or world.table.stream_arn is None:
        raise PrerequisiteError(f"Table {context.trigger.table} has no live stream.", code="no-stream")
    stream, role = world.table.stream_arn, rules.reading_role(context.trigger, world)
    wanted = rules.statement(stream, role, step.sid)
    if step.is_by_owner:
        return _checked(context, wanted, stream, role)

    def change(have: StreamPolicy) -> str | None:
        denied = rules.denied_actions(have.document, role, stream)
        if denied:
            raise stream_denied(stream, role, denied)
        if rules.lacking_actions(have.document, role, stream) or rules.differs(have.document, wanted):
            return rules.with_statement(have.document, wanted)
        return have.document

    return _changed(context, stream, change)


def _checked(context: Provisioning, wanted: dict[str, Any], stream: str, role: str) -> StreamPolicy:
    have = readable_stream_policy(context.aws, stream)
    lacking = () if have.unread else rules.lacking_actions(have.document, role, stream)
    if lacking:
        raise stream_not_permitted(stream, role, lacking, rules.with_statement(have.document, wanted))
    return have


def remove_stream_policy(context: Provisioning, step: DeleteStreamPolicy) -> str:
    """Remove ddbinsert's statement from the policy of a stream; the policy, too, if nothing else is in it.

    Returns:
        Why it was not removed; empty if it was.
    """

    def change(have: StreamPolicy) -> str | None:
        if not rules.has_statement(have.document, step.sid):
            return have.document
        return rules.without_statement(have.document, step.sid)

    try:
        _changed(context, step.stream_arn, change)
    except PermissionDenied as error:
        return f"its statement {step.sid} has to be removed by the table's owner: {error.message}"
    return ""


def _changed(
    context: Provisioning, stream: str, change: Callable[[StreamPolicy], str | None]
) -> StreamPolicy:
    """Change a stream's policy, as soon as DynamoDB accepts it, and wait until the change can be read.

    Args:
        change: The wanted policy document, given the present policy; None to delete it.
    """
    client: Any = context.aws.of_table.client("dynamodb")
    said = ["nothing"]

    def write(have: StreamPolicy, wanted: str | None) -> None:
        revision = {"ExpectedRevisionId": have.revision or "NO_POLICY"}
        with translated(f"change the policy of stream {stream}"):
            try:
                if wanted is None:
                    client.delete_resource_policy(ResourceArn=stream, **revision)
                else:
                    client.put_resource_policy(ResourceArn=stream, Policy=wanted, **revision)
            except Exception as error:
                said[0] = message_of(error)
                code = code_of(error)
                is_new_role = code == "ValidationException" and "rincipal" in said[0]
                is_gone = is_not_found(error) and wanted is None  # the stream, and its policy with it
                is_busy = code in _BUSY and "size" not in said[0]
                if not (code == NO_POLICY or is_gone or is_busy or is_new_role):
                    raise

    def attempt() -> StreamPolicy | None:
        have = read_stream_policy(context.aws, stream)
        wanted = change(have)
        if wanted == have.document:
            return have
        write(have, wanted)  # read again: changes take effect with a delay, and others may change it, too
        return None

    return context.until(
        attempt,
        what=f"the policy of stream {stream} to accept a change",
        seen=lambda: said[0],
        hint="DynamoDB accepts one change of a policy in 15 seconds, and only principals that exist.",
        first=0.05,
    )
