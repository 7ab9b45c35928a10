// From records to a sink, in calls as large as the service takes; every record gets its own outcome.
//
// What a service refuses for one record (throttled, internal failure) is sent again, alone; what it refuses
// for good fails that record. A call that is refused as a whole for its content is cut in two, until the
// record to blame stands alone: one poisonous record blocks no other.

import { setTimeout as pause } from "node:timers/promises";
import { ServiceError } from "./ddbinsert_aws.mjs";
import { WAITS, itemOf } from "./ddbinsert_batch.mjs";
import { choice } from "./ddbinsert_settings.mjs";

const ATTEMPTS = 5;
// Every item that `ddbinsert verify` writes has it, and no other.
const TEST_ATTRIBUTE = "ddbinsert_probe";

// Why an entry was not taken: for what it is, for now (worth another attempt), or because nothing is.
export const REJECTED = "rejected";
export const PASSING = "passing";
export const OUTAGE = "outage";

/** The failure of a call that was about one entry. */
export function failureOf(error) {
  return { kind: error.isRejection ? REJECTED : OUTAGE, reason: error.message };
}

/**
 * A `deliver` that sends each record as the entry that `prepare` makes of it.
 *
 * `prepare(record)` throws for a record that can't be sent. `openSink()` is called once, at the first batch
 * that has something to send; a sink has `limits` {count, callBytes, entryBytes}, `size(entry)` (the share
 * in the limits) and `send(entries)`, which answers with each entry's failure, or undefined.
 */
export function delivering(prepare, openSink, sleep = pause) {
  let sink;
  return async function* deliver(records) {
    sink ??= openSink();
    const failedItems = new Set();
    let batch = emptyBatch();

    async function flush() {
      const { records: sent, entries } = batch;
      batch = emptyBatch();
      const failures = await sendAgain(sink, entries, sleep);
      sent.forEach((record, index) => failures[index] && failedItems.add(itemOf(record)));
      const outcomes = sent.map((record, index) => [record, failures[index]?.reason]);
      const hopeless = sent.length > 0 && failures.every((failure) => failure && failure.kind !== REJECTED);
      return { outcomes, hopeless: hopeless ? failures.at(-1).reason : undefined };
    }

    for (const record of records) {
      const item = itemOf(record);
      let entry, size;
      try {
        entry = prepare(record);
        size = checked(sink, entry);
      } catch (error) {
        failedItems.add(item);
        yield [record, error ?? "failed"]; // whatever is wrong with one record, the batch goes on
        continue;
      }
      if (!hasRoom(batch, sink.limits, item, size)) {
        const { outcomes, hopeless } = await flush();
        yield* outcomes;
        if (hopeless) throw notTried(hopeless);
      }
      if (failedItems.has(item)) yield [record, WAITS];
      else add(batch, record, entry, item, size);
    }
    if (batch.records.length) yield* (await flush()).outcomes;
  };
}

/**
 * The same, but with TEST_ITEMS=skip what `ddbinsert verify` writes is done with without being sent.
 *
 * Such items are told by an attribute, so only where the view type has a new image.
 */
export function sparingTestItems(environ, deliver) {
  if (choice(environ, "TEST_ITEMS", ["send", "skip"]) === "send") return deliver;
  return async function* spare(records) {
    const isTest = (record) => Object.hasOwn(record.dynamodb?.NewImage ?? {}, TEST_ATTRIBUTE);
    const real = records.filter((record) => !isTest(record));
    for (const record of records.filter(isTest)) yield [record, undefined];
    if (real.length) yield* deliver(real);
  };
}

// Entries that go out in one call, no two of them about the same item: so order holds per item.
function emptyBatch() {
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

function notTried(reason) {
  return new Error(`not tried, because nothing before it was taken: ${reason}`);
}

function checked(sink, entry) {
  const size = sink.size(entry);
  if (size > sink.limits.entryBytes) {
    throw new RangeError(`${size} bytes are more than the ${sink.limits.entryBytes} that the service takes`);
  }
  return size;
}

// Send, and send again what fails in passing; the failure of each entry.
async function sendAgain(sink, entries, sleep) {
  const failures = entries.map(() => undefined);
  let waiting = entries.map((_, index) => index);
  for (let attempt = 0; attempt < ATTEMPTS && waiting.length; attempt += 1) {
    if (attempt) await sleep(100 * 2 ** attempt * (0.5 + Math.random() / 2));
    const again = await sendOrSplit(sink, waiting.map((index) => entries[index]));
    waiting.forEach((index, place) => (failures[index] = again[place]));
    waiting = waiting.filter((index) => failures[index]?.kind === PASSING);
  }
  return failures;
}

async function sendOrSplit(sink, entries) {
  if (!entries.length) return [];
  try {
    return await sink.send(entries);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (entries.length === 1 || !error.isRejection) return entries.map(() => failureOf(error));
  }
  const middle = Math.floor(entries.length / 2);
  return [
    ...(await sendOrSplit(sink, entries.slice(0, middle))),
    ...(await sendOrSplit(sink, entries.slice(middle))),
  ];
}
