"""Changes to the queue for discarded records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.errors import code_of, translated
from ddbinsert.aws.queue_address import is_missing_queue
from ddbinsert.aws.read.ownership import read_queue
from ddbinsert.core.model.wanted import OWNER_TAG
from ddbinsert.core.trigger.shapes import QUEUE_RETENTION
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from ddbinsert.aws.change.context import Provisioning
    from ddbinsert.core.trigger.steps import CreateQueue, DeleteQueue


#: Seconds for which SQS refuses the name of a queue that was deleted.
_NAME_BLOCKED = 60.0


def create_queue(context: Provisioning, step: CreateQueue) -> None:
    """Create the queue as soon as its name is free; an existing queue with these attributes is used."""
    client = context.aws.client("sqs")

    def attempt() -> bool | None:
        with translated(f"create queue {step.name}"):
            try:
                client.create_queue(
                    QueueName=step.name,
                    Attributes={"MessageRetentionPeriod": str(QUEUE_RETENTION)},
                    tags=context.trigger.all_tags,
                )
            except Exception as error:
                if "QueueDeletedRecently" not in code_of(error):
                    raise
                return None
        return True

    context.until(
        attempt,
        what=f"SQS to free the name {step.name}",
        seen=lambda: f"a queue of this name was deleted less than {_NAME_BLOCKED:.0f} s ago",
        hint=f"SQS frees the name of a deleted queue after {_NAME_BLOCKED:.0f} s: run it again then.",
        first=1.0,
    )


def delete_queue(context: Provisioning, step: DeleteQueue) -> str:
    """Delete the queue, unless it is not ddbinsert's or still holds failures.

    Returns:
        Why it was not deleted; empty if it was.
    """
    client, name = context.aws.client("sqs"), step.name
    queue = read_queue(context.aws, name)
    if queue is None:
        return ""
    if queue.tags.get(OWNER_TAG) != context.trigger.table:
        return "it was not created by ddbinsert"
    if queue.messages:
        return f"it contains {plural(queue.messages, 'message')}"
    with translated(f"delete queue {name}"):
        try:
            client.delete_queue(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"])
        except Exception as error:
            if not is_missing_queue(error):
                raise
    return ""
