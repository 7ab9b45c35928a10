"""Sends a notification of every new item.

    SINK_ARN            SNS topic, SQS queue or EventBridge bus
    MESSAGE_TEMPLATE    such as ``New order {id} by {customer.name}: {total} EUR``; {table}, {time} and {eventID}
                        are the record's if the item has no such attribute; {{ and }} are literal braces.
                        A JSON template results in valid JSON for every item. Default: the item as JSON
    SUBJECT_TEMPLATE    SNS: the e-mail's subject, in the same form
    MESSAGE_ATTRIBUTES  SNS, SQS: attributes for subscription filters, comma-separated NAME=PATH:
                        ``kind=type,country=address.country``
    REDACT              comma-separated paths whose values become ***
    REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: see ddbinsert_privacy
    EVENT_SOURCE        EventBridge: the events' source; default ``ddbinsert``
    EVENT_TYPE          EventBridge: the events' detail type; default ``DynamoDB Item Inserted``
    DEDUPLICATION_TABLE_ARN, TEST_ITEMS, PARTIAL_BATCH_RESPONSE, METRICS: see ddbinsert_deduplication, _delivery, _batch

For a FIFO queue or topic, the message group id is a digest of the item's key, and the deduplication id is the event's id.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ddbinsert_aws import connect
from ddbinsert_batch import options_of, run
from ddbinsert_deduplication import open_memory
from ddbinsert_delivery import Delivery, delivering, sparing_test_items
from ddbinsert_document import envelope, event_naming, event_of, message_of
from ddbinsert_item import dumps
from ddbinsert_message import attributes_of, filled, message_attributes, subject_of, template
from ddbinsert_settings import required_arn
from ddbinsert_sinks import open_sink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert_aws import Connect
    from ddbinsert_tally import Record

_SINKS = ("sns", "sqs", "events")


def make(environ: Mapping[str, str], connect: Connect) -> Callable[[Any, Any], dict[str, Any]]:
    """Create the handler with these settings."""
    options = options_of(environ)
    privacy = options.privacy
    target = required_arn(environ, "SINK_ARN", _SINKS)
    message = template(environ, "MESSAGE_TEMPLATE")
    subject = template(environ, "SUBJECT_TEMPLATE") if target.service == "sns" else None
    wanted = message_attributes(environ, "MESSAGE_ATTRIBUTES")
    naming = event_naming(environ)
    memory = open_memory(environ, connect, target)

    def prepared(record: Record) -> dict[str, Any]:
        document = envelope(record, privacy)
        text = filled(message, record, privacy) if message else None
        if target.service == "events":
            return event_of(record, {**document, "message": text} if text else document, naming)
        body = dumps(document) if text is None else text
        entry = message_of(record, body, target, privacy, attributes_of(record, wanted, privacy))
        return {**entry, "Subject": subject_of(filled(subject, record, privacy))} if subject else entry

    delivery = Delivery(prepared, lambda: open_sink(target, connect), privacy, tables=memory.tables)
    deliver = sparing_test_items(environ, privacy, delivering(delivery))
    return lambda event, context: run(event, context, deliver, memory, options)


handler = make(os.environ, connect)
