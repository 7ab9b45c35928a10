// A memory that outlives the execution environment: a DynamoDB table of the events that were processed.
//
// Where DEDUPLICATION_TABLE_ARN names one (partition key `eventID` (S), time to live on `expires`), an event
// that was processed is not processed again by another environment or after a restart. It is read before
// the work and written after it: a function that dies in between does that batch again, rather than never.

import { setTimeout as pause } from "node:timers/promises";
import { Memory, log } from "./ddbinsert_batch.mjs";
import { arn } from "./ddbinsert_settings.mjs";

// A stream keeps a record for one day; what is older can't be given again but by hand.
const KEPT_SECONDS = 7 * 24 * 3600;
const READ_AT_ONCE = 100;
const WRITTEN_AT_ONCE = 25;
const ATTEMPTS = 6;

/** The memory that the settings ask for. */
export function openMemory(environ, connect, sleep = pause) {
  const table = arn(environ, "DEDUPLICATION_TABLE_ARN", ["dynamodb"]);
  return table === undefined ? new Memory() : new Ledger(table.text, () => connect("dynamodb", table.region), sleep);
}

/** The events that were processed, in a table; what this environment knows itself is not asked for. */
export class Ledger extends Memory {
  #table;
  #connect;
  #sleep;
  #call;
  #unwritten = [];

  constructor(table, connect, sleep = pause) {
    super();
    this.#table = table;
    this.#connect = connect;
    this.#sleep = sleep;
  }

  async known(records) {
    const known = await super.known(records);
    const ids = new Set(records.map((record) => record.eventID).filter((id) => id && !known.has(id)));
    return new Set([...known, ...(await this.#read([...ids]))]);
  }

  async add(record) {
    await super.add(record);
    if (record.eventID) this.#unwritten.push(record.eventID);
    if (this.#unwritten.length >= WRITTEN_AT_ONCE) await this.flush(); // it survives, should the function time out
  }

  /** Write down what was processed; a failure is logged, for the work itself is done. */
  async flush() {
    const ids = [...new Set(this.#unwritten)];
    this.#unwritten = [];
    const expires = { N: String(Math.floor(Date.now() / 1000) + KEPT_SECONDS) };
    try {
      for (const some of chunks(ids, WRITTEN_AT_ONCE)) {
        const puts = some.map((id) => ({ PutRequest: { Item: { eventID: { S: id }, expires } } }));
        await this.#untilDone("BatchWriteItem", { [this.#table]: puts }, "UnprocessedItems");
      }
    } catch (error) {
      log("WARNING", "processed events were not written down", { error: String(error), count: ids.length });
    }
  }

  async #read(ids) {
    const found = [];
    for (const some of chunks(ids, READ_AT_ONCE)) {
      const Keys = some.map((id) => ({ eventID: { S: id } }));
      const request = { [this.#table]: { Keys, ProjectionExpression: "eventID", ConsistentRead: true } };
      for (const answer of await this.#untilDone("BatchGetItem", request, "UnprocessedKeys")) {
        for (const items of Object.values(answer.Responses ?? {})) found.push(...items.map((item) => item.eventID.S));
      }
    }
    return found;
  }

  async #untilDone(operation, request, rest) {
    this.#call ??= this.#connect();
    const answers = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (attempt) await this.#sleep(50 * 2 ** attempt);
      answers.push(await this.#call(operation, { RequestItems: request }));
      request = answers.at(-1)[rest] ?? {};
      if (!Object.keys(request).length) return answers;
    }
    throw new Error(`${operation} of the deduplication table is throttled`);
  }
}

function chunks(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
