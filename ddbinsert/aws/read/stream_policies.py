"""The resource policy of a stream."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import PermissionDenied, code_of, is_not_found, translated
from ddbinsert.core.model.stream_policy import StreamPolicy
from ddbinsert.core.trigger.stream_policy import is_readable
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws

NO_POLICY = "PolicyNotFoundException"


def read_stream_policy(aws: Aws, stream_arn: str) -> StreamPolicy:
    """The policy of a stream.

    Raises:
        AwsError: It may not be read.
    """
    is_by_owner = aws.of_table.table_arn is not None
    empty = StreamPolicy(stream_arn=stream_arn, is_by_owner=is_by_owner)
    with translated(f"read the policy of stream {stream_arn}"):
        try:
            answer: Any = aws.of_table.client("dynamodb").get_resource_policy(ResourceArn=stream_arn)
        except Exception as error:
            if code_of(error) == NO_POLICY or is_not_found(error):
                return empty
            raise
    document = answer.get("Policy")
    if document is not None and not is_readable(document):
        raise AwsError(
            f"The policy of stream {stream_arn} is not a policy document: it is not changed, as statements of others could "
            "be lost.",
            hint="Check --endpoint-url, and any proxy in between.",
            code="not-aws",
        )
    return replace(empty, document=document, revision=answer.get("RevisionId"))


def readable_stream_policy(aws: Aws, stream_arn: str | None) -> StreamPolicy:
    """The policy of a stream, or why it may not be read; no policy without a stream."""
    if stream_arn is None:
        return StreamPolicy(stream_arn="", is_by_owner=aws.of_table.table_arn is not None)
    try:
        return read_stream_policy(aws, stream_arn)
    except PermissionDenied as error:
        is_by_owner = aws.of_table.table_arn is not None
        return StreamPolicy(stream_arn=stream_arn, unread=error.message, is_by_owner=is_by_owner)
