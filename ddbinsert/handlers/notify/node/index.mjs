// Sends a notification of every new item.
//
//     SINK_ARN            SNS topic, SQS queue or EventBridge bus
//     MESSAGE_TEMPLATE    such as `New order {id} by {customer.name}: {total} EUR`; {table}, {time} and {eventID}
//                         are the record's where the item has no such attribute; {{ and }} stand for braces.
//                         A template that is JSON stays JSON whatever the item holds. Not set: the item as JSON
//     SUBJECT_TEMPLATE    SNS: the e-mail's subject, likewise
//     MESSAGE_ATTRIBUTES  SNS, SQS: attributes to filter subscriptions by, NAME=PATH separated by commas:
//                         `kind=type,country=address.country`
//     REDACT              paths, separated by commas, whose values become ***
//     REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: see ddbinsert_privacy
//     EVENT_SOURCE        EventBridge: the events' source; `ddbinsert` unless set
//     EVENT_TYPE          EventBridge: the events' detail type; `DynamoDB Item Inserted` unless set
//     DEDUPLICATION_TABLE_ARN, TEST_ITEMS, PARTIAL_BATCH_RESPONSE, METRICS: see ddbinsert_deduplication, _delivery, _batch
//
// A FIFO queue or topic gets the item's key (its digest) as message group, and the event's id for its own
// deduplication.

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

/** The handler with these settings. */
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
