"""The URL of an SQS queue, and how SQS reports that a queue does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.errors import code_of

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws


def is_missing_queue(error: BaseException) -> bool:
    """Whether SQS answered that the queue does not exist, in the JSON or query protocol or in moto's variant."""
    code = code_of(error)
    return "NonExistentQueue" in code or "DoesNotExist" in code


def queue_url(aws: Aws, name: str, *, account: str = "") -> str | None:
    """The queue's URL; None if the queue does not exist.

    Args:
        account: The queue's account, if it is not the caller's.
    """
    owner = {"QueueOwnerAWSAccountId": account} if account else {}
    try:
        return str(aws.client("sqs").get_queue_url(QueueName=name, **owner)["QueueUrl"])
    except Exception as error:
        if not is_missing_queue(error):
            raise
        return None
