"""Keeps an audit log: one entry for every new item, in the sink that SINK_ARN names.

    SINK_ARN        DynamoDB table (partition key ``eventID``, S), CloudWatch log group, S3 bucket (or
                    bucket/prefix), Firehose stream or SQS queue; not set: this function's own log
    USER_ATTRIBUTE  path of the attribute that says who made the item, such as ``created_by``
    REDACT          paths, separated by commas, whose values are replaced by ***: ``card.number,notes.*.text``
    DEDUPLICATION_TABLE_ARN, TEST_ITEMS, PARTIAL_BATCH_RESPONSE: see ddbinsert_ledger, _delivery, _batch

A table and a bucket keep an event once however often it is delivered: what is there already is not written
again. The other sinks know no such condition; there this environment's memory, or the deduplication table,
keeps doubles away.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ddbinsert_audit import Wishes, entry_of, item_of_table
from ddbinsert_aws import connect
from ddbinsert_batch import each, run
from ddbinsert_delivery import delivering, sparing_test_items
from ddbinsert_document import log_event_of, message_of, object_of
from ddbinsert_item import dumps
from ddbinsert_ledger import open_memory
from ddbinsert_settings import arn, path, paths
from ddbinsert_sinks import open_sink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert_aws import Connect
    from ddbinsert_batch import Deliver, Record
    from ddbinsert_settings import Arn

_SINKS = ("dynamodb", "logs", "s3", "firehose", "sqs")


def make(environ: Mapping[str, str], connect: Connect) -> Callable[[Any, Any], dict[str, Any]]:
    """The handler with these settings."""
    target = arn(environ, "SINK_ARN", _SINKS)
    user = environ.get("USER_ATTRIBUTE", "").strip()
    wishes = Wishes(path("USER_ATTRIBUTE", user) if user else (), paths(environ, "REDACT"))
    memory = open_memory(environ, connect)
    deliver = sparing_test_items(environ, _deliver(target, wishes, connect))
    return lambda event, context: run(event, context, deliver, memory)


def _deliver(target: Arn | None, wishes: Wishes, connect: Connect) -> Deliver:
    if target is None:
        return each(lambda record: print(dumps(entry_of(record, wishes)), flush=True))
    return delivering(
        lambda record: _prepared(record, target, wishes),
        lambda: open_sink(target, connect),
    )


def _prepared(record: Record, target: Arn, wishes: Wishes) -> dict[str, Any]:
    """The entry as the sink's service takes it."""
    if target.service == "dynamodb":
        return item_of_table(record, wishes)
    text = dumps(entry_of(record, wishes))
    if target.service == "logs":
        return log_event_of(record, text)
    if target.service == "s3":
        return object_of(record, text)
    if target.service == "firehose":
        return {"Data": text.encode() + b"\n"}
    return message_of(record, text, target)


handler = make(os.environ, connect)
