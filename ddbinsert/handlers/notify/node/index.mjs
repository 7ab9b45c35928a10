// Sends a notification of every new item.
//
//     SINK_ARN            SNS topic, SQS queue or EventBridge bus
//     MESSAGE_TEMPLATE    such as `New order {id} by {customer.name}: {total} EUR`; {table}, {time} and {eventID}
//                         are the record's if the item has no such attribute; {{ and }} are literal braces.
//                         A JSON template results in valid JSON for every item. Default: the item as JSON
//     SUBJECT_TEMPLATE    SNS: the e-mail's subject, in the same form
//     MESSAGE_ATTRIBUTES  SNS, SQS: attributes for subscription filters, comma-separated NAME=PATH:
//                         `kind=type,country=address.country`
//     REDACT              comma-separated paths whose values become ***
//     REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: see ddbinsert_privacy
//     EVENT_SOURCE        EventBridge: the events' source; default `ddbinsert`
//     EVENT_TYPE          EventBridge: the events' detail type; default `DynamoDB Item Inserted`
//     DEDUPLICATION_TABLE_ARN, TEST_ITEMS, PARTIAL_BATCH_RESPONSE, METRICS: see ddbinsert_deduplication, _delivery, _batch
//
// For a FIFO queue or topic, the message group id is a digest of the item's key, and the deduplication id is the
// event's id.

import { connect as toAws } from "./ddbinsert_aws.mjs";
import { optionsOf, run } from "./ddbinsert_batch.mjs";
import { openMemory } from "./ddbinsert_deduplication.mjs";
import { delivering, sparingTestItems } from "./ddbinsert_delivery.mjs";
import { envelope, eventNaming, eventOf, messageOf } from "./ddbinsert_document.mjs";
import { dumps } from "./ddbinsert_item.mjs";
import { attributesOf, filled, messageAttributes, subjectOf, template } from "./ddbinsert_message.mjs";
import { requiredArn } from "./ddbinsert_settings.mjs";
import { openSink } from "./ddbinsert_sinks.mjs";

const SINKS = ["sns", "sqs", "events"];

/** Create the handler with these settings. */
export function make(environ, connect) {
  const options = optionsOf(environ);
  const { privacy } = options;
  const target = requiredArn(environ, "SINK_ARN", SINKS);
  const message = template(environ, "MESSAGE_TEMPLATE");
  const subject = target.service === "sns" ? template(environ, "SUBJECT_TEMPLATE") : undefined;
  const wanted = messageAttributes(environ, "MESSAGE_ATTRIBUTES");
  const naming = eventNaming(environ);
  const memory = openMemory(environ, connect, target);

  function prepared(record) {
    const document = envelope(record, privacy);
    const text = message && filled(message, record, privacy);
    if (target.service === "events") return eventOf(record, text ? { ...document, message: text } : document, naming);
    const entry = messageOf(record, text ?? dumps(document), target, privacy, attributesOf(record, wanted, privacy));
    return subject ? { ...entry, Subject: subjectOf(filled(subject, record, privacy)) } : entry;
  }

  const open = () => openSink(target, connect);
  const send = delivering({ prepare: prepared, openSink: open, privacy, tables: memory.tables });
  const deliver = sparingTestItems(environ, privacy, send);
  return (event, context) => run(event, context, deliver, memory, options);
}

export const handler = make(process.env, toAws);
