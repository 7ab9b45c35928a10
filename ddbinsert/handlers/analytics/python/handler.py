"""Sends every new item as plain JSON to an analytics service, in the largest batches that it accepts.

    SINK_ARN      Firehose stream, Kinesis data stream or EventBridge bus
    REDACT        comma-separated paths whose values become ***: ``card.number,notes.*.text``
    REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: see ddbinsert_privacy
    EVENT_SOURCE  EventBridge: the events' source; default ``ddbinsert``
    EVENT_TYPE    EventBridge: the events' detail type; default ``DynamoDB Item Inserted``
    DEDUPLICATION_TABLE_ARN, TEST_ITEMS, PARTIAL_BATCH_RESPONSE, METRICS: see ddbinsert_deduplication, _delivery, _batch

    {"eventID":…,"time":"2024-11-01T12:00:00.000Z","table":"orders","keys":{"id":"a"},"item":{"id":"a","price":9.99}}

A record that the service rejects temporarily is sent again alone; one that it rejects for its content fails alone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ddbinsert_aws import connect
from ddbinsert_batch import options_of, run
from ddbinsert_deduplication import open_memory
from ddbinsert_delivery import Delivery, delivering, sparing_test_items
from ddbinsert_document import envelope, event_naming, event_of
from ddbinsert_item import dumps
from ddbinsert_settings import required_arn
from ddbinsert_sinks import open_sink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert_aws import Connect
    from ddbinsert_tally import Record

_SINKS = ("firehose", "kinesis", "events")


def make(environ: Mapping[str, str], connect: Connect) -> Callable[[Any, Any], dict[str, Any]]:
    """Create the handler with these settings."""
    options = options_of(environ)
    privacy = options.privacy
    target = required_arn(environ, "SINK_ARN", _SINKS)
    naming = event_naming(environ)
    memory = open_memory(environ, connect, target)

    def prepared(record: Record) -> dict[str, Any]:
        document = envelope(record, privacy)
        if target.service == "events":
            return event_of(record, document, naming)
        line = dumps(document).encode() + b"\n"
        if target.service == "kinesis":
            return {"Data": line, "PartitionKey": privacy.item_digest(record)}
        return {"Data": line}

    delivery = Delivery(prepared, lambda: open_sink(target, connect), privacy, tables=memory.tables)
    deliver = sparing_test_items(environ, privacy, delivering(delivery))
    return lambda event, context: run(event, context, deliver, memory, options)


handler = make(os.environ, connect)
