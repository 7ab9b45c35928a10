// What every handler does with a batch of stream records, whatever its own work is.
//
//   guard     only INSERT reaches the work, even where the mapping's filter lets other records through
//   receipt   one line for every record: processed, guarded or failed (ddbinsert_receipt.mjs)
//   answer    {batchItemFailures: [{itemIdentifier: the lowest failing SequenceNumber}]}
//
// After a failure the rest of the batch is still worked on. Lambda delivers again everything from the lowest failing
// record on, and when the retries are used up it discards that whole range: were the rest skipped, records that
// nobody ever tried would be discarded together with the one that fails. What succeeded is remembered in the
// execution environment, so a record that is delivered again is not processed again. The one exception is a later
// record of an item that has just failed: it waits, because order holds per item.
//
// The work ends some time before the function's timeout (ddbinsert_deadline.mjs). A batch of which nothing could be
// processed, because the sink (or the time) was not there, is an error of the function: alarms see it.
//
//   PARTIAL_BATCH_RESPONSE  `false` for a mapping without ReportBatchItemFailures: a failure is then raised
//   METRICS                 `emf`: one line of CloudWatch metrics for each invocation (custom metrics cost money)

import { deadlines } from "./ddbinsert_deadline.mjs";
import { privacyOf } from "./ddbinsert_privacy.mjs";
import * as receipt from "./ddbinsert_receipt.mjs";
import { choice, flag } from "./ddbinsert_settings.mjs";
import { Tally, Unavailable, WAITS, log, lowest } from "./ddbinsert_tally.mjs";

// A stream batch holds at most 10,000 records, so a batch that is delivered again is remembered whole.
const REMEMBERED = 10_000;

/** A test item of `ddbinsert verify --failure-path`: the failure path is what is tested. */
export class FailsOnPurpose extends Error {
  name = "FailsOnPurpose";
}

/** No record of the batch could be processed, or a failure cannot be answered record by record. */
export class BatchFailed extends Error {
  name = "BatchFailed";
}

/** The settings of this module, checked. */
export function optionsOf(environ) {
  return {
    isPartial: flag(environ, "PARTIAL_BATCH_RESPONSE", { byDefault: true }),
    hasMetrics: choice(environ, "METRICS", ["off", "emf"]) === "emf",
    privacy: privacyOf(environ),
  };
}

/** The ids of the events that this execution environment has processed, the newest 10,000. */
export class Memory {
  /** ARNs of the tables that it writes to. */
  tables = [];
  #ids = new Set();

  /** Which of these records' event ids have been processed. */
  async known(records, _invocation) {
    return new Set(records.map((record) => record.eventID).filter((id) => this.#ids.has(id)));
  }

  /** Remember a record that was processed. */
  async add(record, _invocation) {
    if (!record.eventID) return;
    this.#ids.add(record.eventID);
    if (this.#ids.size > REMEMBERED) this.#ids.delete(this.#ids.values().next().value);
  }

  /** Called once after a batch; nothing to do here, see ddbinsert_deduplication.mjs. */
  async flush(_invocation) {}
}

/**
 * Guard the batch, let `deliver` work on its inserts, write the receipts, answer Lambda.
 *
 * `deliver(records, invocation)` is an async generator: it yields [record, error] for each INSERT record as soon as
 * it is known, error undefined for success. What it has not yielded when it throws has failed. `memory` knows what
 * has been processed before. `options` are the checked settings; read from the environment where they are not given.
 *
 * Throws BatchFailed where no record could be processed, for the sink's or the time's sake; or where a record failed
 * and PARTIAL_BATCH_RESPONSE is "false" (an answer that names failures would count as success).
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

/** A `deliver` that calls (and awaits) `work(record)` for one record after the other. */
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

// The same, but test items that prove that they are to fail do so.
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

/** The item's key as text: equal for two records exactly where they concern the same item. */
export function itemOf(record) {
  const keys = Object.entries(record.dynamodb?.Keys ?? {});
  return JSON.stringify(keys.sort(([left], [right]) => (left < right ? -1 : 1)));
}

// One call of the function: its ARN as it was invoked, its request id, and how long there is time.
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

// Every record with what became of it, why, and whether it had been processed before.
async function* decisions(records, deliver, memory, invocation) {
  for (const record of records) {
    if (record.eventName !== "INSERT") yield [record, receipt.GUARDED, undefined, false];
  }
  const inserts = records.filter((record) => record.eventName === "INSERT");
  let known;
  try {
    known = await memory.known(inserts, invocation);
  } catch (error) {
    // Unknown is not undone: all are delivered again.
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

// What `deliver` yields, and a failure for every record that it did not come to.
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
    problem = error ?? "failed"; // a sink that cannot be reached fails records, not receipts
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
    return error ?? "failed"; // whatever the work throws, the batch goes on
  }
}
