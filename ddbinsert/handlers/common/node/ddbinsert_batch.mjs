// What every handler does with a batch of stream records, whatever its work is.
//
//   guard     only INSERT reaches the work, even where the mapping's filter leaks
//   receipt   one line for every record given: processed, guarded or failed (ddbinsert_receipt.mjs)
//   answer    {batchItemFailures: [{itemIdentifier: the lowest failing SequenceNumber}]}
//
// After a failure the rest of the batch is still worked on. Lambda gives again everything from the lowest
// failing record on, and when the retries are used up it gives up that whole range: were the rest skipped,
// records that nobody ever tried would be given up together with the one that fails. What succeeded is
// remembered in the execution environment, so being given again does not mean being done again. The one
// exception is a later record of an item that has just failed: it waits, because order holds per item.
//
// Shortly before the function's timeout the rest of the batch is answered as failed: a function that times out
// gets everything again, with all that it remembered lost.

import * as receipt from "./ddbinsert_receipt.mjs";

// A stream batch holds at most 10,000 records, so a retried batch is remembered whole.
const REMEMBERED = 10_000;
// Milliseconds before the timeout at which a batch is broken off; less where little time was given at all.
const RESERVE = 1_500;

/** The ids of the events that this execution environment has processed, the newest 10,000. */
export class Memory {
  #ids = new Set();

  /** Which of these records' event ids have been processed. */
  async known(records) {
    return new Set(records.map((record) => record.eventID).filter((id) => this.#ids.has(id)));
  }

  async add(record) {
    if (!record.eventID) return;
    this.#ids.add(record.eventID);
    if (this.#ids.size > REMEMBERED) this.#ids.delete(this.#ids.values().next().value);
  }

  /** Called once after a batch; nothing to do here, see ddbinsert_ledger.mjs. */
  async flush() {}
}

/**
 * Guard the batch, let `deliver` work on its inserts, leave the receipts, answer Lambda.
 *
 * `deliver(records)` is an async generator: it yields [record, error] for each INSERT record as soon as it
 * is known, error undefined for success. What it has not yielded when it throws has failed. `memory` knows
 * what has been processed before.
 *
 * Throws where a record failed and PARTIAL_BATCH_RESPONSE is "false" (for a mapping without
 * ReportBatchItemFailures, where an answer that names failures would count as success).
 */
export async function run(event, context, deliver, memory) {
  const request = context?.awsRequestId ?? "";
  const failed = [];
  try {
    const isLate = lateness(context);
    for await (const [record, decision, error, again] of decisions(recordsOf(event), deliver, memory, isLate)) {
      if (decision === receipt.PROCESSED && !again) await memory.add(record);
      if (decision === receipt.FAILED) {
        failed.push(record);
        log("ERROR", "record failed", { eventID: record.eventID, error: describe(error) });
      }
      console.log(receipt.line(record, decision, request, { again }));
    }
  } finally {
    await memory.flush();
  }
  if (failed.length && (process.env.PARTIAL_BATCH_RESPONSE ?? "true").toLowerCase() === "false") {
    throw new Error(`records failed: ${failed.length}, the first with SequenceNumber ${lowest(failed)}`);
  }
  return { batchItemFailures: failed.length ? [{ itemIdentifier: lowest(failed) }] : [] };
}

/** A `deliver` that calls (and awaits) `work(record)` for one record after the other. */
export function each(work) {
  return async function* deliver(records) {
    const failedItems = new Set();
    for (const record of records) {
      const item = itemOf(record);
      const error = failedItems.has(item) ? WAITS : await attempt(work, record);
      if (error !== undefined) failedItems.add(item);
      yield [record, error];
    }
  };
}

export const WAITS = "waits for an earlier record of the same item, which failed";

/** The item's key as text: equal for two records exactly where they concern the same item. */
export function itemOf(record) {
  const keys = Object.entries(record.dynamodb?.Keys ?? {});
  return JSON.stringify(keys.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The lowest SequenceNumber, by value; empty (Lambda then retries the whole batch) if one has none. */
export function lowest(failed) {
  const numbers = failed.map((record) => record.dynamodb?.SequenceNumber);
  if (!numbers.every((number) => typeof number === "string" && /^\d+$/.test(number))) return "";
  return numbers.reduce((least, number) => (BigInt(number) < BigInt(least) ? number : least));
}

export function describe(error) {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** One JSON object on a line; JSON's escapes keep hostile text from forging further lines. */
export function log(level, message, fields = {}) {
  console.log(JSON.stringify({ level, message, ...fields }));
}

function recordsOf(event) {
  if (!Array.isArray(event?.Records)) {
    log("WARNING", "the event holds no stream records");
    return [];
  }
  return event.Records.filter((record) => typeof record === "object" && record !== null);
}

// Every record with what became of it, why, and whether that was so before.
async function* decisions(records, deliver, memory, isLate) {
  for (const record of records) {
    if (record.eventName !== "INSERT") yield [record, receipt.GUARDED, undefined, false];
  }
  const inserts = records.filter((record) => record.eventName === "INSERT");
  let known;
  try {
    known = await memory.known(inserts);
  } catch (error) {
    // Unknown is not undone: all are given again.
    for (const record of inserts) yield [record, receipt.FAILED, error, false];
    return;
  }
  const fresh = [];
  for (const record of inserts) {
    if (known.has(record.eventID)) yield [record, receipt.PROCESSED, undefined, true];
    else fresh.push(record);
  }
  for await (const [record, error] of outcomes(fresh, deliver, isLate)) {
    yield [record, error === undefined ? receipt.PROCESSED : receipt.FAILED, error, false];
  }
}

// Tells whether the function's time is nearly over.
function lateness(context) {
  const left = () => Number(context?.getRemainingTimeInMillis?.() ?? Infinity);
  const reserve = Math.min(RESERVE, left() / 5);
  return () => left() < reserve;
}

// What `deliver` says, and a failure for every record that it did not come to.
async function* outcomes(fresh, deliver, isLate) {
  const told = new Set();
  let problem = "the handler gave no outcome for this record";
  try {
    if (fresh.length) {
      for await (const [record, error] of deliver(fresh)) {
        told.add(record);
        yield [record, error];
        if (isLate()) {
          problem = "the function's time is nearly over";
          break;
        }
      }
    }
  } catch (error) {
    problem = error ?? "failed"; // a sink that can't be reached fails records, not receipts
  }
  for (const record of fresh) {
    if (!told.has(record)) yield [record, problem];
  }
}

async function attempt(work, record) {
  try {
    await work(record);
    return undefined;
  } catch (error) {
    return error ?? "failed"; // whatever the work throws, the batch goes on
  }
}
