"""Changes to the queue for what is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.errors import code_of, translated
from ddbinsert.core.model import OWNER_TAG

if TYPE_CHECKING:
    from ddbinsert.aws.hands import Hands
    from ddbinsert.core.steps import CreateQueue, DeleteQueue

#: Seconds that a queue keeps a message; the longest that SQS takes.
_KEPT = 14 * 24 * 3600
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def create_queue(hands: Hands, step: CreateQueue) -> None:
    """Create the queue; that it is there already, with these attributes, is fine to SQS."""
    with translated(f"create queue {step.name}"):
        hands.aws.client("sqs").create_queue(
            QueueName=step.name,
            Attributes={"MessageRetentionPeriod": str(_KEPT)},
            tags=hands.trigger.all_tags,
        )


def delete_queue(hands: Hands, step: DeleteQueue) -> None:
    """Delete the queue, unless somebody else made it, or it still holds failures that could be replayed."""
    client, name = hands.aws.client("sqs"), step.name
    with translated(f"delete queue {name}"):
        try:
            url = client.get_queue_url(QueueName=name)["QueueUrl"]
            tags = client.list_queue_tags(QueueUrl=url).get("Tags") or {}
            found = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))["Attributes"]
            waiting = sum(int(found.get(count, 0)) for count in _COUNTS)
            if OWNER_TAG not in tags:
                hands.reporter.warn(f"queue {name} was not made by ddbinsert; it stays")
            elif waiting:
                hands.reporter.warn(f"queue {name} holds {waiting} failures; it stays")
            else:
                client.delete_queue(QueueUrl=url)
        except Exception as error:
            if "NonExistentQueue" not in code_of(error) and "DoesNotExist" not in code_of(error):
                raise
