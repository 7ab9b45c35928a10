// The processing of a batch of stream records that all handlers share.
//
//   guard     only INSERT records are processed, even if the mapping's filter passes others
//   receipt   one log line for every record: processed, guarded or failed (ddbinsert_receipt.mjs)
//   response  {batchItemFailures: [{itemIdentifier: the lowest failed SequenceNumber}]}
//
// After a failure the rest of the batch is still processed. Lambda delivers everything from the lowest failed record
// on again, and discards that whole range when the retries are exhausted: if the rest were skipped, records that were
// never tried would be discarded together with the failed one. Successful records are remembered in the execution
// environment, so that they are not processed again when they are delivered again. The only exception is a later record
// of an item that has just failed: it waits, because order holds per item.
//
// Processing ends some time before the function's timeout (ddbinsert_deadline.mjs). If no record of a batch could be
// processed because the sink was not available or time ran out, the function fails, so that alarms on errors fire.
//
//   PARTIAL_BATCH_RESPONSE  `false` for a mapping without ReportBatchItemFailures: failures then raise an error
//   METRICS                 `emf`: one line of CloudWatch metrics per invocation (custom metrics are charged)

import { deadlines } from "./ddbinsert_deadline.mjs";
import { privacyOf } from "./ddbinsert_privacy.mjs";
import * as receipt from "./ddbinsert_receipt.mjs";
import { choice, flag } from "./ddbinsert_settings.mjs";
import { Tally, Unavailable, WAITS, log, lowest } from "./ddbinsert_tally.mjs";

// A batch has at most 10,000 records, so that a whole batch is remembered when it is delivered again.
const REMEMBERED = 10_000;

/** A test item of `ddbinsert verify --failure-path`, which fails on purpose to test the failure path. */
export class FailsOnPurpose extends Error {
  name = "FailsOnPurpose";
}

/** No record of the batch could be processed, or the response cannot report failures of single records. */
export class BatchFailed extends Error {
  name = "BatchFailed";
}

/** The checked settings of this module. */
export function optionsOf(environ) {
  return {
    isPartial: flag(environ, "PARTIAL_BATCH_RESPONSE", { byDefault: true }),
    hasMetrics: choice(environ, "METRICS", ["off", "emf"]) === "emf",
    privacy: privacyOf(environ),
  };
}

/** The ids of the newest 10,000 events that this execution environment has processed. */
export class Memory {
  /** ARNs of the tables that this memory writes to. */
  tables = [];
  #ids = new Set();

  /** The event ids of these records that have been processed. */
  async known(records, _invocation) {
    return new Set(records.map((record) => record.eventID).filter((id) => this.#ids.has(id)));
  }

  /** Remember a processed record. */
  async add(record, _invocation) {
    if (!record.eventID) return;
    this.#ids.add(record.eventID);
    if (this.#ids.size > REMEMBERED) this.#ids.delete(this.#ids.values().next().value);
  }

  /** Called once after a batch; has no effect here, see ddbinsert_deduplication.mjs. */
  async flush(_invocation) {}
}

/**
 * Guard the batch, process its inserts with `deliver`, write the receipts, and return the response.
 *
 * `deliver(records, invocation)` is an async generator: it yields [record, error] for each INSERT record as soon as the
 * outcome is known, with undefined for success. Records that it has not yielded when it throws count as failed. `memory`
 * remembers the processed events. `options` are the checked settings; read from the environment by default.
 *
 * Throws BatchFailed if no record could be processed because of the sink or the time; or if a record failed and
 * PARTIAL_BATCH_RESPONSE is "false" (a response with failures would then count as success).
 */
export async function run(event, context, deliver, memory, options = optionsOf(process.env)) {
  const { privacy } = options;
  const records = recordsOf(event);
  const invocation = invocationOf(context, records.length);
  const tally = new Tally(privacy);
  const work = privacy.testKey ? failingTestItems(deliver, privacy) : deliver;
  try {
    for await (const [record, decision, error, again] of decisions(records, work, memory, invocation)) {
      if (decision === receipt.PROCESSED && !again) await memory.add(record, invocation);
      tally.add(record, decision, error, again);
      const keys = privacy.isActive ? (shown) => privacy.receiptKey(record, shown) : undefined;
      console.log(receipt.line(record, decision, invocation.request, { again, function: invocation.function, keys }));
    }
  } finally {
    await memory.flush(invocation);
  }
  tally.close();
  if (options.hasMetrics) console.log(tally.metrics(invocation.unqualified.split(":").at(-1)));
  if (tally.failed.length && (tally.isOutage || !options.isPartial)) throw new BatchFailed(tally.summary);
  return { batchItemFailures: tally.failed.length ? [{ itemIdentifier: lowest(tally.failed) }] : [] };
}

/** A `deliver` that calls (and awaits) `work(record)` for each record in turn. */
export function each(work) {
  return async function* deliver(records, invocation) {
    const failedItems = new Set();
    for (const record of records) {
      if (invocation.workUntil.isOver()) return;
      const item = itemOf(record);
      const error = failedItems.has(item) ? WAITS : await attempt(work, record);
      if (error !== undefined) failedItems.add(item);
      yield [record, error];
    }
  };
}

// The same, but test items fail if they prove that they are meant to.
function failingTestItems(deliver, privacy) {
  return async function* someFail(records, invocation) {
    const others = [];
    for (const record of records) {
      if (privacy.isToFail(record, Date.now() / 1000)) {
        yield [record, new FailsOnPurpose("this test item of ddbinsert verify fails on purpose")];
      } else others.push(record);
    }
    if (others.length) yield* deliver(others, invocation);
  };
}

const NO_TIME = "not started: the function's timeout is near";

/** The item's key as text, which is equal for two records if and only if they belong to the same item. */
export function itemOf(record) {
  const keys = Object.entries(record.dynamodb?.Keys ?? {});
  return JSON.stringify(keys.sort(([left], [right]) => (left < right ? -1 : 1)));
}

// One invocation of the function: the ARN by which it was invoked, its request id, and its deadlines.
function invocationOf(context, records) {
  const [workUntil, notesUntil] = deadlines(context, records);
  const invoked = context?.invokedFunctionArn ?? "";
  return {
    function: invoked,
    unqualified: invoked.split(":").slice(0, 7).join(":") || (process.env.AWS_LAMBDA_FUNCTION_NAME ?? ""),
    request: context?.awsRequestId ?? "",
    workUntil,
    notesUntil,
  };
}

function recordsOf(event) {
  if (!Array.isArray(event?.Records)) {
    log("WARNING", "the event contains no stream records");
    return [];
  }
  return event.Records.filter((record) => typeof record === "object" && record !== null && !Array.isArray(record));
}

// Every record with its decision, its error, and whether it had been processed before.
async function* decisions(records, deliver, memory, invocation) {
  for (const record of records) {
    if (record.eventName !== "INSERT") yield [record, receipt.GUARDED, undefined, false];
  }
  const inserts = records.filter((record) => record.eventName === "INSERT");
  let known;
  try {
    known = await memory.known(inserts, invocation);
  } catch (error) {
    // Unknown does not mean unprocessed: Lambda delivers all again.
    const problem = new Unavailable(`what was processed before cannot be read: ${error?.message ?? error}`);
    for (const record of inserts) yield [record, receipt.FAILED, problem, false];
    return;
  }
  const fresh = [];
  for (const record of inserts) {
    if (known.has(record.eventID)) yield [record, receipt.PROCESSED, undefined, true];
    else fresh.push(record);
  }
  for await (const [record, error] of outcomes(fresh, deliver, invocation)) {
    yield [record, error === undefined ? receipt.PROCESSED : receipt.FAILED, error, false];
  }
}

// The outcomes of `deliver`, and a failure for every record without one.
async function* outcomes(fresh, deliver, invocation) {
  const known = new Set();
  let problem;
  try {
    if (fresh.length) {
      for await (const [record, error] of deliver(fresh, invocation)) {
        known.add(record);
        yield [record, error];
      }
    }
  } catch (error) {
    problem = error ?? "failed"; // an unreachable sink fails the records, but receipts are still written
  }
  problem ??= invocation.workUntil.isOver()
    ? new Unavailable(NO_TIME)
    : new Error("the handler returned no outcome for this record");
  for (const record of fresh) {
    if (!known.has(record)) yield [record, problem];
  }
}

async function attempt(work, record) {
  try {
    await work(record);
    return undefined;
  } catch (error) {
    return error ?? "failed"; // the batch continues after any error
  }
}
