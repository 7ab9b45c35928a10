// Notifies of every new item.
//
//     SINK_ARN            SNS topic, SQS queue or EventBridge bus
//     MESSAGE_TEMPLATE    such as `New order {id} by {customer.name}: {total} EUR`; {table}, {time} and {eventID}
//                         are the record's where the item has no such attribute; {{ and }} stand for braces.
//                         Not set: the item as JSON
//     SUBJECT_TEMPLATE    SNS: the e-mail's subject, likewise
//     MESSAGE_ATTRIBUTES  SNS, SQS: attributes to filter subscriptions by, NAME=PATH separated by commas:
//                         `kind=type,country=address.country`
//     REDACT              paths, separated by commas, whose values are replaced by ***
//     EVENT_SOURCE        EventBridge: the events' source; `ddbinsert` unless set
//     EVENT_TYPE          EventBridge: the events' detail type; `DynamoDB Item Inserted` unless set
//     DEDUPLICATION_TABLE_ARN, TEST_ITEMS, PARTIAL_BATCH_RESPONSE: see ddbinsert_ledger, _delivery, _batch
//
// A FIFO queue or topic gets the item's key (its digest) as message group, and the event's id for its own
// deduplication.

import { connect as toAws } from "./ddbinsert_aws.mjs";
import { run } from "./ddbinsert_batch.mjs";
import { delivering, sparingTestItems } from "./ddbinsert_delivery.mjs";
import { envelope, eventNaming, eventOf, messageOf } from "./ddbinsert_document.mjs";
import { dumps } from "./ddbinsert_item.mjs";
import { openMemory } from "./ddbinsert_ledger.mjs";
import { attributesOf, filled, messageAttributes, subjectOf, template } from "./ddbinsert_message.mjs";
import { paths, requiredArn } from "./ddbinsert_settings.mjs";
import { openSink } from "./ddbinsert_sinks.mjs";

const SINKS = ["sns", "sqs", "events"];

/** The handler with these settings. */
export function make(environ, connect) {
  const target = requiredArn(environ, "SINK_ARN", SINKS);
  const message = template(environ, "MESSAGE_TEMPLATE");
  const subject = target.service === "sns" ? template(environ, "SUBJECT_TEMPLATE") : undefined;
  const wanted = messageAttributes(environ, "MESSAGE_ATTRIBUTES");
  const redacted = paths(environ, "REDACT");
  const naming = eventNaming(environ);
  const memory = openMemory(environ, connect);

  function prepared(record) {
    const document = envelope(record, redacted);
    const text = message && filled(message, record, redacted);
    if (target.service === "events") return eventOf(record, text ? { ...document, message: text } : document, naming);
    const entry = messageOf(record, text ?? dumps(document), target, attributesOf(record, wanted, redacted));
    return subject ? { ...entry, Subject: subjectOf(filled(subject, record, redacted)) } : entry;
  }

  const send = delivering(prepared, () => openSink(target, connect));
  const deliver = sparingTestItems(environ, send);
  return (event, context) => run(event, context, deliver, memory);
}

export const handler = make(process.env, toAws);
