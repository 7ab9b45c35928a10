"""An SQS queue's address, and the one way in which SQS says that there is no such queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.errors import code_of

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws


def is_missing_queue(error: BaseException) -> bool:
    """Whether SQS answered that the queue does not exist: in the JSON protocol, in the query protocol, or moto's."""
    code = code_of(error)
    return "NonExistentQueue" in code or "DoesNotExist" in code


def queue_url(aws: Aws, name: str, *, account: str = "") -> str | None:
    """The queue's URL; None where there is no such queue.

    Args:
        account: The queue's account, where it is not the caller's own.
    """
    owner = {"QueueOwnerAWSAccountId": account} if account else {}
    try:
        return str(aws.client("sqs").get_queue_url(QueueName=name, **owner)["QueueUrl"])
    except Exception as error:
        if not is_missing_queue(error):
            raise
        return None
