// The content that is sent about a new item, in the form of each kind of sink.

import { dumps, isMap, millisecondsOf, plainMap, tableArnOf, tableOf, timeOf } from "./ddbinsert_item.mjs";
import { SettingsError, text } from "./ddbinsert_settings.mjs";

const LONGEST_NAME = 128;

/** The record's `dynamodb` part; throws if it has none, or no keys: it is not a stream record. */
export function changeOf(record) {
  if (!isMap(record.dynamodb?.Keys)) {
    throw new TypeError("not a DynamoDB stream record: it has no dynamodb.Keys");
  }
  return record.dynamodb;
}

/** The new item in plain values: eventID, time, table, keys, item (null if the view type has none). */
export function envelope(record, privacy) {
  const change = changeOf(record);
  return {
    eventID: record.eventID ?? null,
    time: timeOf(record),
    table: tableOf(record),
    keys: plainMap(privacy.redact(change.Keys)),
    item: plainMap(privacy.redact(change.NewImage)),
  };
}

/** FIFO ids: order per item, and no duplicates within the five minutes that a FIFO queue or topic remembers. */
export function fifoIds(record, privacy) {
  const ids = { MessageGroupId: privacy.itemDigest(record) };
  return record.eventID ? { ...ids, MessageDeduplicationId: record.eventID } : ids;
}

/** The source and the detail type of events, by which EventBridge's rules select them. */
export function eventNaming(environ) {
  const source = text(environ, "EVENT_SOURCE") || "ddbinsert";
  const kind = text(environ, "EVENT_TYPE") || "DynamoDB Item Inserted";
  if (source.startsWith("aws.") || source.length > LONGEST_NAME) {
    throw new SettingsError("EVENT_SOURCE", `'${source}' begins with aws. or is too long`);
  }
  if (kind.length > LONGEST_NAME) throw new SettingsError("EVENT_TYPE", `more than ${LONGEST_NAME} characters`);
  return { source, kind };
}

/** An entry of EventBridge's PutEvents. */
export function eventOf(record, detail, { source, kind }) {
  const entry = {
    Source: source,
    DetailType: kind,
    Detail: dumps(detail, { longIntegers: false }),
    Resources: [tableArnOf(record)],
  };
  const moment = millisecondsOf(record);
  return moment === null ? entry : { ...entry, Time: moment / 1000 };
}

/** An entry of CloudWatch's PutLogEvents. */
export function logEventOf(record, message) {
  return { timestamp: millisecondsOf(record) ?? Date.now(), message };
}

/** An object in S3, named so that the same event always has the same name: orders/2024/11/01/ID.json. */
export function objectOf(record, body) {
  if (!record.eventID) throw new TypeError("the record has no eventID, which names the object");
  const day = (timeOf(record) ?? "undated").slice(0, 10).replaceAll("-", "/");
  return { Name: `${tableOf(record)}/${day}/${record.eventID}.json`, Body: Buffer.from(body) };
}

/** A message for SQS or SNS, with FIFO ids if the target is FIFO. */
export function messageOf(record, body, target, privacy, attributes = {}) {
  const entry = { [target.service === "sqs" ? "MessageBody" : "Message"]: body };
  if (Object.keys(attributes).length) entry.MessageAttributes = attributes;
  return target.isFifo ? { ...entry, ...fifoIds(record, privacy) } : entry;
}
