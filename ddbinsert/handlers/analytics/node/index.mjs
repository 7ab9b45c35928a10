// Sends every new item as plain JSON to an analytics service, in the largest batches that it accepts.
//
//     SINK_ARN      Firehose stream, Kinesis data stream or EventBridge bus
//     REDACT        comma-separated paths whose values become ***: `card.number,notes.*.text`
//     REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: see ddbinsert_privacy
//     EVENT_SOURCE  EventBridge: the events' source; default `ddbinsert`
//     EVENT_TYPE    EventBridge: the events' detail type; default `DynamoDB Item Inserted`
//     DEDUPLICATION_TABLE_ARN, TEST_ITEMS, PARTIAL_BATCH_RESPONSE, METRICS: see ddbinsert_deduplication, _delivery, _batch
//
//     {"eventID":…,"time":"2024-11-01T12:00:00.000Z","table":"orders","keys":{"id":"a"},"item":{"id":"a","price":9.99}}
//
// A record that the service rejects temporarily is sent again alone; one that it rejects for its content fails alone.

import { connect as toAws } from "./ddbinsert_aws.mjs";
import { optionsOf, run } from "./ddbinsert_batch.mjs";
import { openMemory } from "./ddbinsert_deduplication.mjs";
import { delivering, sparingTestItems } from "./ddbinsert_delivery.mjs";
import { envelope, eventNaming, eventOf } from "./ddbinsert_document.mjs";
import { dumps } from "./ddbinsert_item.mjs";
import { requiredArn } from "./ddbinsert_settings.mjs";
import { openSink } from "./ddbinsert_sinks.mjs";

const SINKS = ["firehose", "kinesis", "events"];

/** Create the handler with these settings. */
export function make(environ, connect) {
  const options = optionsOf(environ);
  const { privacy } = options;
  const target = requiredArn(environ, "SINK_ARN", SINKS);
  const naming = eventNaming(environ);
  const memory = openMemory(environ, connect, target);

  function prepared(record) {
    const document = envelope(record, privacy);
    if (target.service === "events") return eventOf(record, document, naming);
    const Data = Buffer.from(dumps(document) + "\n");
    return target.service === "kinesis" ? { Data, PartitionKey: privacy.itemDigest(record) } : { Data };
  }

  const open = () => openSink(target, connect);
  const send = delivering({ prepare: prepared, openSink: open, privacy, tables: memory.tables });
  const deliver = sparingTestItems(environ, privacy, send);
  return (event, context) => run(event, context, deliver, memory, options);
}

export const handler = make(process.env, toAws);
