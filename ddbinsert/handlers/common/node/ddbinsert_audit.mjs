// An audit entry: what was created, when, where, and by whom. The same for the same event, however often.
//
//   eventID         the stream record's id
//   time            when the item was written: 2024-11-01T12:00:00.000Z (DynamoDB gives it to the second)
//   table, source   the table's name; the stream's ARN
//   sequenceNumber  the record's place in its shard
//   item            the key as one text, {"pk":"a"}: what an index is queried with
//   keys, image     the key and the item (null where the view type has none), masked as REDACT says
//   user            the attribute at USER_ATTRIBUTE, as text; null where there is none
//   identity        the record's userIdentity, where it has one
//   imageOmitted    only where the item was too large for the sink: its size in bytes and SHA-256 as plain JSON
//   test            only for test items of `ddbinsert verify`: the run's id
//   backfill        only for items that `ddbinsert backfill` gave to the function, and that no insert did: the run's id
//
// In a table also: position (time and sequence number, which sorts as they do) and slot (the table's name and one of
// 16 numbers), for an index by table; and expires (epoch seconds), with RETENTION_DAYS. `item` and `user` are cut to what an index takes, with a SHA-256 of the rest.

import { createHash } from "node:crypto";
import { changeOf } from "./ddbinsert_document.mjs";
import { depthOf, dumps, lookup, millisecondsOf, plainMap, tableOf, textOf, timeOf } from "./ddbinsert_item.mjs";

// Bytes that DynamoDB takes as an index's partition key.
const LONGEST_KEY = 2048;
const SLOTS = 16;
// DynamoDB nests 32 levels; the image lies one level deeper in its entry than it did in its own item.
const DEEPEST = 30;
const SEQUENCE_DIGITS = 40;

/** The entry in plain values; not `whole` leaves the image out and says so. `user` is a path. */
export function entryOf(record, { user, privacy }, { whole = true } = {}) {
  const change = changeOf(record);
  const image = privacy.redact(change.NewImage) ?? null;
  const omitted = image !== null && !whole;
  const entry = {
    ...facts(record, { user, privacy }),
    keys: plainMap(privacy.redact(change.Keys)),
    image: omitted ? null : plainMap(image),
    identity: record.userIdentity ?? null,
  };
  if (omitted) entry.imageOmitted = omission(image);
  const marks = { test: privacy.testRunOf(record), backfill: backfillOf(record) };
  for (const [name, run] of Object.entries(marks)) if (run) entry[name] = run;
  return entry;
}

/** The entry as an item of a DynamoDB table, in DynamoDB JSON; null values are left out (an index takes none). */
export function itemOfTable(record, { user, privacy, days = 0 }, { whole = true } = {}) {
  const change = changeOf(record);
  if (!record.eventID) throw new TypeError("the record has no eventID, which is the entry's key");
  const all = facts(record, { user, privacy });
  all.position = `${all.time ?? ""}#${String(all.sequenceNumber ?? "").padStart(SEQUENCE_DIGITS, "0")}`;
  all.slot = `${all.table}#${String(slotOf(record.eventID)).padStart(2, "0")}`;
  all.test = privacy.testRunOf(record);
  all.backfill = backfillOf(record);
  const item = {};
  for (const [name, value] of Object.entries(all)) if (value) item[name] = { S: value };
  item.keys = { M: privacy.redact(change.Keys) };
  const image = privacy.redact(change.NewImage) ?? null;
  if (image !== null && whole && depthOf({ M: image }) <= DEEPEST) {
    item.image = { M: image };
  } else if (image !== null) {
    const { bytes, sha256 } = omission(image);
    item.imageOmitted = { M: { bytes: { N: String(bytes) }, sha256: { S: sha256 } } };
  }
  if (days) {
    const seconds = Math.floor((millisecondsOf(record) ?? Date.now()) / 1000);
    item.expires = { N: String(seconds + days * 86400) };
  }
  if (Object.keys(record.userIdentity ?? {}).length) item.identity = { S: dumps(record.userIdentity) };
  return item;
}

function facts(record, { user, privacy }) {
  const change = changeOf(record);
  return {
    eventID: record.eventID ?? null,
    time: timeOf(record),
    table: tableOf(record),
    source: record.eventSourceARN ?? null,
    sequenceNumber: change.SequenceNumber ?? null,
    item: cut(dumps(plainMap(privacy.redact(change.Keys)))),
    user: userOf(change, user, privacy),
  };
}

function backfillOf(record) {
  const run = record.ddbinsert?.backfill;
  return typeof run === "string" ? run : null;
}

function userOf(change, user, privacy) {
  if (!user.length) return null;
  const attributes = { ...change.Keys, ...change.NewImage };
  return cut(textOf(lookup(privacy.redact(attributes), user))) || null;
}

/** At most what an index takes: the text, or its beginning and the SHA-256 of all of it. */
export function cut(text) {
  const content = Buffer.from(text);
  if (content.length <= LONGEST_KEY) return text;
  const ending = `#sha256:${sha256Of(content)}`;
  let end = LONGEST_KEY - ending.length;
  while ((content[end] & 0xc0) === 0x80) end -= 1; // not within a character
  return content.subarray(0, end).toString() + ending;
}

function omission(image) {
  const content = Buffer.from(dumps(plainMap(image)));
  return { bytes: content.length, sha256: sha256Of(content) };
}

function slotOf(eventId) {
  return createHash("sha256").update(eventId).digest()[0] % SLOTS;
}

function sha256Of(content) {
  return createHash("sha256").update(content).digest("hex");
}
