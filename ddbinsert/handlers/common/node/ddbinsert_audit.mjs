// An audit entry: what was created, when, where, and by whom. The same event always has the same entry.
//
//   eventID         the stream record's id
//   time            when the item was written: 2024-11-01T12:00:00.000Z (DynamoDB's resolution is one second)
//   table, source   the table's name; the stream's ARN
//   sequenceNumber  the record's position in its shard
//   item            the key as one text, {"pk":"a"}, for queries of an index
//   keys, image     the key and the item (null if the view type has none), masked as REDACT says
//   user            the attribute at USER_ATTRIBUTE, as text; null if there is none
//   identity        the record's userIdentity, if it has one
//   imageOmitted    only if the item was too large for the sink: its size in bytes and SHA-256 as plain JSON
//   test            only for test items of `ddbinsert verify`: the run's id
//   backfill        only for items that `ddbinsert backfill` sent to the function, instead of an insert: the run's id
//
// A table also has position (time and sequence number, in a sortable form) and slot (the table's name and one of 16
// numbers), for an index by table; and expires (epoch seconds), with RETENTION_DAYS. `item` and `user` are cut to the
// length limit of an index, with a SHA-256 of the whole text.

import { createHash } from "node:crypto";
import { changeOf } from "./ddbinsert_document.mjs";
import { depthOf, dumps, lookup, millisecondsOf, plainMap, tableOf, textOf, timeOf } from "./ddbinsert_item.mjs";

// DynamoDB's limit for an index's partition key, in bytes.
const LONGEST_KEY = 2048;
const SLOTS = 16;
// DynamoDB allows 32 levels of nesting; in its entry, the image is one level deeper than in the item.
const DEEPEST = 30;
const SEQUENCE_DIGITS = 40;

/** The entry in plain values; unless `whole`, the image is left out, and the entry says so. `user` is a path. */
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

/** The entry as an item in DynamoDB JSON; null values are left out, as an index does not accept them. */
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

/** The text, or if it is too long for an index, its beginning and the SHA-256 of the whole text. */
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
