// Sends records to a sink, in the largest calls that the service accepts; every record gets its own outcome.
//
// A record that the service rejects temporarily (throttling, internal failure) is sent again, alone; a record that it
// rejects for its content fails. A call that is rejected as a whole for its content is split in two, until the record
// that causes it is alone, so that an invalid record does not block others. No call starts after the deadline, and the
// outcomes known by then count.

import { ServiceError, isRejection, isTransient } from "./ddbinsert_aws.mjs";
import { itemOf } from "./ddbinsert_batch.mjs";
import { tableArnOf } from "./ddbinsert_item.mjs";
import { choice } from "./ddbinsert_settings.mjs";
import { Unavailable, WAITS, log } from "./ddbinsert_tally.mjs";

const ATTEMPTS = 5;

// Why an entry was rejected: for its content, temporarily (it is tried again), or because all entries are.
export const REJECTED = "rejected";
export const PASSING = "passing";
export const OUTAGE = "outage";
// The code of log events that are too old or too new.
export const WRONG_TIME = "RejectedLogEvent";

/** The service rejects the record for its content. */
export class Refused extends Error {
  name = "Refused";
}

/** The failure of a call with a single entry: its kind, AWS's error code and message. */
export function failureOf(error) {
  if (!(error instanceof ServiceError)) return { kind: OUTAGE, code: error?.name ?? "Error", message: String(error) };
  return { kind: error.isRejection ? REJECTED : OUTAGE, code: error.code, message: error.reason };
}

/** The failure of one entry in a successful call; its kind is `otherwise` for an unknown code. */
export function entryFailure(code, message, otherwise) {
  const kind = isTransient(code) ? PASSING : isRejection(code) ? REJECTED : otherwise;
  return { kind, code, message };
}

/**
 * A `deliver` that sends each record as its entry.
 *
 *   prepare    returns the entry of a record; throws if the record cannot be sent
 *   openSink   opens the sink; called once, for the first batch with a record to send. A sink has `limits`
 *              {count, callBytes, entryBytes}, `size(entry)` (as it counts towards the limits) and
 *              `send(entries, deadline)`, which returns each entry's failure or undefined, within the deadline
 *   privacy    what must not be shown
 *   smaller    returns the entry without its large parts; used if the whole entry is rejected
 *   tables     ARNs of the tables that this function writes to
 */
export function delivering(delivery) {
  let sink;
  return async function* deliver(records, invocation) {
    for (const record of records) {
      if ((delivery.tables ?? []).includes(tableArnOf(record))) {
        throw new Unavailable(
          "the sink is the table that the records come from: every entry would be a new item, in an endless loop",
        );
      }
    }
    sink ??= delivery.openSink();
    yield* outcomes(records, delivery, sink, invocation.workUntil);
  };
}

/**
 * The same, but with TEST_ITEMS=skip test items of `ddbinsert verify` count as processed and are not sent.
 *
 * Only an item that proves to be a test item is skipped (see `testRunOf`), which needs the secret TEST_ITEMS_KEY and a
 * view type with a new image. All other items are sent, so that no writer can hide an item.
 */
export function sparingTestItems(environ, privacy, deliver) {
  if (choice(environ, "TEST_ITEMS", ["send", "skip"]) === "send") return deliver;
  if (!privacy.testKey) {
    log("WARNING", "TEST_ITEMS=skip needs TEST_ITEMS_KEY: without it no item is skipped");
    return deliver;
  }
  return async function* spare(records, invocation) {
    const isTest = (record) => privacy.testRunOf(record) !== undefined;
    const real = records.filter((record) => !isTest(record));
    for (const record of records.filter(isTest)) yield [record, undefined];
    if (real.length) yield* deliver(real, invocation);
  };
}

// Each record with its error, as soon as it is known. Records without an outcome were not started in time. Throws if
// the service rejected a whole call, so that no further one is tried.
async function* outcomes(records, delivery, sink, deadline) {
  const failedItems = new Set();
  let batch = emptySlice();
  for (const record of records) {
    const item = itemOf(record);
    let entry, size;
    try {
      [entry, size] = prepared(record, delivery, sink);
    } catch (error) {
      failedItems.add(item);
      yield [record, error ?? "failed"]; // the batch continues after any error of one record
      continue;
    }
    if (!hasRoom(batch, sink.limits, item, size)) {
      yield* flush(batch, delivery, sink, deadline, failedItems);
      batch = emptySlice();
    }
    if (deadline.isOver()) return;
    if (failedItems.has(item)) yield [record, WAITS];
    else add(batch, record, entry, item, size);
  }
  yield* flush(batch, delivery, sink, deadline, failedItems);
}

// Entries of one call, at most one per item, so that order holds per item.
function emptySlice() {
  return { records: [], entries: [], items: new Set(), bytes: 0 };
}

function hasRoom(batch, limits, item, size) {
  const full = batch.entries.length >= limits.count || batch.bytes + size > limits.callBytes;
  return !batch.entries.length || !(full || batch.items.has(item));
}

function add(batch, record, entry, item, size) {
  batch.records.push(record);
  batch.entries.push(entry);
  batch.items.add(item);
  batch.bytes += size;
}

// The entry, or the smaller one if it is too large; and its size.
function prepared(record, delivery, sink) {
  const most = sink.limits.entryBytes;
  let entry = delivery.prepare(record);
  let size = sink.size(entry);
  if (size > most && delivery.smaller) {
    entry = delivery.smaller(record);
    size = sink.size(entry);
  }
  if (size > most) throw new Refused(`${size} bytes are more than the ${most} that the service takes`);
  return [entry, size];
}

async function* flush(batch, delivery, sink, deadline, failedItems) {
  if (!batch.entries.length || deadline.isOver()) return;
  const failures = await sendAgain(sink, batch.entries, deadline);
  await sendSmaller(batch, failures, delivery, sink, deadline);
  const { privacy } = delivery;
  for (const [index, record] of batch.records.entries()) {
    const failure = failures[index];
    if (failure) failedItems.add(itemOf(record));
    yield [record, failure && errorOf(failure, privacy)];
  }
  if (failures.every((failure) => failure && failure.kind !== REJECTED)) {
    const { name, message } = errorOf(failures.at(-1), privacy);
    throw new Unavailable(`not tried, because every entry before it was rejected: ${message || name}`);
  }
}

// The failure as a record's error; without AWS's message, which may contain a value, if anything is hidden.
function errorOf({ kind, code, message }, privacy) {
  const text = privacy.isActive || !message ? code : `${code}: ${message}`;
  return kind === REJECTED ? new Refused(text) : new Unavailable(text);
}

// Send entries that were rejected for their content again, without their large parts.
async function sendSmaller(batch, failures, { smaller }, sink, deadline) {
  const isForContent = (failure) => failure?.kind === REJECTED && failure.code !== WRONG_TIME;
  const refused = [...failures.keys()].filter((index) => isForContent(failures[index]));
  if (!smaller || !refused.length) return;
  const again = await sendAgain(sink, refused.map((index) => smaller(batch.records[index])), deadline);
  refused.forEach((index, place) => (failures[index] = again[place]));
}

// Send the entries, and those that fail temporarily again; return each entry's failure.
async function sendAgain(sink, entries, deadline) {
  const failures = entries.map(() => undefined);
  let waiting = entries.map((_, index) => index);
  for (let attempt = 0; attempt < ATTEMPTS && waiting.length; attempt += 1) {
    if (attempt) {
      await deadline.sleep(100 * 2 ** attempt * (0.5 + Math.random() / 2));
      if (deadline.isOver()) break;
    }
    const again = await sendOrSplit(sink, waiting.map((index) => entries[index]), deadline);
    waiting.forEach((index, place) => (failures[index] = again[place]));
    waiting = waiting.filter((index) => failures[index]?.kind === PASSING);
  }
  return failures;
}

async function sendOrSplit(sink, entries, deadline) {
  let failure;
  try {
    return await sink.send(entries, deadline);
  } catch (error) {
    failure = failureOf(error); // entries that were sent before keep their outcome
  }
  if (entries.length === 1 || failure.kind !== REJECTED) return entries.map(() => failure);
  const middle = Math.floor(entries.length / 2);
  return [
    ...(await sendOrSplit(sink, entries.slice(0, middle), deadline)),
    ...(await sendOrSplit(sink, entries.slice(middle), deadline)),
  ];
}
