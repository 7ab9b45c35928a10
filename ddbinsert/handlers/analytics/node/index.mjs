// Feeds analytics: every new item as plain JSON, in batches as large as the service takes.
//
//     SINK_ARN      Firehose stream, Kinesis data stream or EventBridge bus
//     REDACT        paths, separated by commas, whose values are replaced by ***: `card.number,notes.*.text`
//     EVENT_SOURCE  EventBridge: the events' source; `ddbinsert` unless set
//     EVENT_TYPE    EventBridge: the events' detail type; `DynamoDB Item Inserted` unless set
//     DEDUPLICATION_TABLE_ARN, TEST_ITEMS, PARTIAL_BATCH_RESPONSE: see ddbinsert_ledger, _delivery, _batch
//
//     {"eventID":…,"time":"2024-11-01T12:00:00.000Z","table":"orders","keys":{"id":"a"},"item":{"id":"a","price":9.99}}
//
// A record that the service refuses for now is sent again alone; one that it refuses for good fails alone.

import { connect as toAws } from "./ddbinsert_aws.mjs";
import { run } from "./ddbinsert_batch.mjs";
import { delivering, sparingTestItems } from "./ddbinsert_delivery.mjs";
import { envelope, eventNaming, eventOf } from "./ddbinsert_document.mjs";
import { digestOf, dumps } from "./ddbinsert_item.mjs";
import { openMemory } from "./ddbinsert_ledger.mjs";
import { paths, requiredArn } from "./ddbinsert_settings.mjs";
import { openSink } from "./ddbinsert_sinks.mjs";

const SINKS = ["firehose", "kinesis", "events"];

/** The handler with these settings. */
export function make(environ, connect) {
  const target = requiredArn(environ, "SINK_ARN", SINKS);
  const redacted = paths(environ, "REDACT");
  const naming = eventNaming(environ);
  const memory = openMemory(environ, connect);

  function prepared(record) {
    const document = envelope(record, redacted);
    if (target.service === "events") return eventOf(record, document, naming);
    const Data = Buffer.from(dumps(document) + "\n");
    return target.service === "kinesis" ? { Data, PartitionKey: digestOf(record) } : { Data };
  }

  const send = delivering(prepared, () => openSink(target, connect));
  const deliver = sparingTestItems(environ, send);
  return (event, context) => run(event, context, deliver, memory);
}

export const handler = make(process.env, toAws);
