// An audit entry: what was made, when, where, and by whom. The same for the same event, however often.
//
//   eventID         the stream record's id
//   time            when the item was written: 2024-11-01T12:00:00.000Z (DynamoDB tells it by the second)
//   table, source   the table's name; the stream's ARN
//   sequenceNumber  the record's place in its shard
//   item            the key in one text, {"pk":"a"}: what an index is asked for
//   keys, image     the key and the item (null where the view type has none), redacted
//   user            the attribute at USER_ATTRIBUTE, as text; null where there is none
//   identity        the record's userIdentity, where it has one

import { changeOf } from "./ddbinsert_document.mjs";
import { dumps, lookup, plainMap, redact, tableOf, textOf, timeOf } from "./ddbinsert_item.mjs";

/** The entry in plain values. `user` is a path, `redacted` a list of paths. */
export function entryOf(record, { user, redacted }) {
  const change = changeOf(record);
  return {
    ...facts(record, { user, redacted }),
    keys: plainMap(redact(change.Keys, redacted)),
    image: plainMap(redact(change.NewImage, redacted)),
    identity: record.userIdentity ?? null,
  };
}

/** The entry as an item of a DynamoDB table; what is null is left out, for an index takes no null. */
export function itemOfTable(record, { user, redacted }) {
  const change = changeOf(record);
  if (!record.eventID) throw new TypeError("the record has no eventID, which is the entry's key");
  const item = {};
  for (const [name, value] of Object.entries(facts(record, { user, redacted }))) {
    if (value) item[name] = { S: value };
  }
  item.keys = { M: redact(change.Keys, redacted) };
  if (change.NewImage) item.image = { M: redact(change.NewImage, redacted) };
  if (record.userIdentity) item.identity = { S: dumps(record.userIdentity) };
  return item;
}

function facts(record, { user, redacted }) {
  const change = changeOf(record);
  return {
    eventID: record.eventID ?? null,
    time: timeOf(record),
    table: tableOf(record),
    source: record.eventSourceARN ?? null,
    sequenceNumber: change.SequenceNumber ?? null,
    item: dumps(plainMap(redact(change.Keys, redacted))),
    user: userOf(change, user, redacted),
  };
}

function userOf(change, user, redacted) {
  if (!user.length) return null;
  const attributes = { ...change.Keys, ...change.NewImage };
  return textOf(lookup(redact(attributes, redacted), user)) || null;
}
