"""Writes an audit log: one entry for every new item, to the sink in SINK_ARN.

    SINK_ARN        DynamoDB table (partition key ``eventID``, S), CloudWatch log group, S3 bucket (or
                    bucket/prefix), Firehose stream or SQS queue; if not set, this function's log
    USER_ATTRIBUTE  path of the attribute with the user who created the item, such as ``created_by``
    RETENTION_DAYS  DynamoDB: days after which an entry expires (by the table's time to live); default: never
    REDACT          comma-separated paths whose values become ***: ``card.number,notes.*.text``
    REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: see ddbinsert_privacy
    DEDUPLICATION_TABLE_ARN, TEST_ITEMS_KEY, PARTIAL_BATCH_RESPONSE, METRICS: see ddbinsert_deduplication, _privacy,
    _batch

Every item gets an entry. If it is too large for the sink, the entry does not contain the image, and says so. Test
items of ``ddbinsert verify`` are marked, not left out.

In a table or a bucket, an existing entry is not written again, so that an event has one entry even if it is delivered
several times. Other sinks do not support such a condition; for them this environment's memory, or the deduplication
table, prevents duplicates.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ddbinsert_audit import Wanted, entry_of, item_of_table
from ddbinsert_aws import connect
from ddbinsert_batch import each, options_of, run
from ddbinsert_deduplication import open_memory
from ddbinsert_delivery import Delivery, delivering
from ddbinsert_document import log_event_of, message_of, object_of
from ddbinsert_item import dumps
from ddbinsert_settings import arn, choice, number, path
from ddbinsert_sinks import open_sink
from ddbinsert_tally import log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert_aws import Connect
    from ddbinsert_batch import Deliver
    from ddbinsert_settings import Arn
    from ddbinsert_tally import Record

_SINKS = ("dynamodb", "logs", "s3", "firehose", "sqs")
# The largest line in bytes that CloudWatch does not split.
_LONGEST_LINE = 256 * 1024 - 26
_LONGEST_RETENTION = 36_500


def make(environ: Mapping[str, str], connect: Connect) -> Callable[[Any, Any], dict[str, Any]]:
    """Create the handler with these settings."""
    options = options_of(environ)
    target = arn(environ, "SINK_ARN", _SINKS)
    user = environ.get("USER_ATTRIBUTE", "").strip()
    days = number(environ, "RETENTION_DAYS", _LONGEST_RETENTION)
    wanted = Wanted(path("USER_ATTRIBUTE", user) if user else (), options.privacy, days)
    memory = open_memory(environ, connect, target)
    if choice(environ, "TEST_ITEMS", ("mark", "send", "skip")) == "skip":
        log(
            "WARNING", "an audit log is always complete: TEST_ITEMS=skip only marks test items, as without it"
        )
    deliver = _deliver(target, wanted, connect, memory.tables)
    return lambda event, context: run(event, context, deliver, memory, options)


def _deliver(target: Arn | None, wanted: Wanted, connect: Connect, tables: tuple[str, ...]) -> Deliver:
    if target is None:
        return each(lambda record: print(_line(record, wanted), flush=True))
    return delivering(
        Delivery(
            prepare=lambda record: _prepared(record, target, wanted, whole=True),
            smaller=lambda record: _prepared(record, target, wanted, whole=False),
            open_sink=lambda: open_sink(target, connect),
            privacy=wanted.privacy,
            tables=(target.text, *tables),
        )
    )


def _line(record: Record, wanted: Wanted) -> str:
    text = dumps(entry_of(record, wanted))
    return text if len(text.encode()) <= _LONGEST_LINE else dumps(entry_of(record, wanted, whole=False))


def _prepared(record: Record, target: Arn, wanted: Wanted, *, whole: bool) -> dict[str, Any]:
    """The entry in the form that the sink's service expects."""
    if target.service == "dynamodb":
        return item_of_table(record, wanted, whole=whole)
    text = dumps(entry_of(record, wanted, whole=whole))
    if target.service == "logs":
        return log_event_of(record, text)
    if target.service == "s3":
        return object_of(record, text)
    if target.service == "firehose":
        return {"Data": text.encode() + b"\n"}
    return message_of(record, text, target, wanted.privacy)


handler = make(os.environ, connect)
