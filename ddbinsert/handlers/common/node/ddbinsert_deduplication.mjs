// A memory that outlives the execution environment: a DynamoDB table of the processed events.
//
// If DEDUPLICATION_TABLE_ARN is set to a table (partition key `eventID` (S), time to live on `expires`;
// `ddbinsert dedup create-table` creates it), a processed event is not processed again by another environment or after
// a restart. The table is read before the work and written after it: if the function dies in between, the batch is
// processed again instead of being lost.
//
// An entry represents one function, one sink and one event, so that functions can share a table, and a function whose
// sink is changed sends to the new one. Existing items of the table are never replaced.

import { createHash } from "node:crypto";
import { Memory } from "./ddbinsert_batch.mjs";
import { sideBySide } from "./ddbinsert_deadline.mjs";
import { SettingsError, arn } from "./ddbinsert_settings.mjs";
import { log } from "./ddbinsert_tally.mjs";

// A stream keeps a record for one day; an older record can only be sent again manually.
const KEPT_SECONDS = 7 * 24 * 3600;
const READ_AT_ONCE = 100;
const WRITTEN_AT_ONCE = 24;
const ATTEMPTS = 6;

/** The memory according to the settings. Throws if the table is also the sink: its entries would mix with the events. */
export function openMemory(environ, connect, sink) {
  const table = arn(environ, "DEDUPLICATION_TABLE_ARN", ["dynamodb"]);
  if (table === undefined) return new Memory();
  if (sink !== undefined && table.text === sink.text) {
    throw new SettingsError("DEDUPLICATION_TABLE_ARN", "is the same table as SINK_ARN; it must be a different table");
  }
  return new Deduplication(table.text, sink?.text ?? "", () => connect("dynamodb", table.region));
}

/** The processed events in a table, which is read only for events that this environment does not remember. */
export class Deduplication extends Memory {
  #table;
  #sink;
  #connect;
  #opened;
  #unwritten = new Set();

  constructor(table, sink, connect) {
    super();
    this.tables = [table];
    this.#table = table;
    this.#sink = sink;
    this.#connect = connect;
  }

  async known(records, invocation) {
    const known = await super.known(records, invocation);
    const ids = new Set(records.map((record) => record.eventID).filter((id) => id && !known.has(id)));
    return new Set([...known, ...(await this.#read([...ids], invocation))]);
  }

  async add(record, invocation) {
    await super.add(record, invocation);
    if (record.eventID) this.#unwritten.add(record.eventID);
    if (this.#unwritten.size >= WRITTEN_AT_ONCE) await this.flush(invocation); // kept if the function times out
  }

  /** Write the processed events; a failure is only logged, as the work itself is done. */
  async flush(invocation) {
    const ids = [...this.#unwritten];
    this.#unwritten = new Set();
    const outcomes = await sideBySide(ids, (event) => this.#write(event, invocation), invocation.notesUntil);
    const errors = outcomes.filter((error) => error !== undefined);
    if (errors.length) {
      const error = String(errors[0].message);
      log("WARNING", "processed events were not recorded", { error, count: errors.length });
    }
  }

  async #write(event, invocation) {
    const Item = {
      eventID: { S: this.#key(event, invocation) },
      event: { S: event },
      function: { S: invocation.unqualified },
      expires: { N: String(Math.floor(Date.now() / 1000) + KEPT_SECONDS) },
    };
    if (this.#sink) Item.sink = { S: this.#sink };
    const put = { TableName: this.#table, Item, ConditionExpression: "attribute_not_exists(eventID)" };
    try {
      await this.#call("PutItem", invocation.notesUntil, put);
    } catch (error) {
      if (error.code !== "ConditionalCheckFailedException") throw error;
    }
  }

  async #read(ids, invocation) {
    const found = [];
    for (const some of chunks(ids, READ_AT_ONCE)) {
      const events = new Map(some.map((event) => [this.#key(event, invocation), event]));
      const Keys = [...events.keys()].map((key) => ({ eventID: { S: key } }));
      const request = { [this.#table]: { Keys, ProjectionExpression: "eventID", ConsistentRead: true } };
      for (const answer of await this.#untilDone(request, invocation)) {
        for (const items of Object.values(answer.Responses ?? {})) {
          found.push(...items.map((item) => events.get(item.eventID.S)));
        }
      }
    }
    return found;
  }

  #key(event, invocation) {
    const whose = createHash("sha256").update(`${invocation.unqualified}\n${this.#sink}`).digest("hex");
    return `${whose.slice(0, 32)}#${event}`;
  }

  async #untilDone(request, invocation) {
    const answers = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (attempt) await invocation.workUntil.sleep(50 * 2 ** attempt);
      answers.push(await this.#call("BatchGetItem", invocation.workUntil, { RequestItems: request }));
      request = answers.at(-1).UnprocessedKeys ?? {};
      if (!Object.keys(request).length) return answers;
    }
    throw new Error("BatchGetItem of the deduplication table is throttled");
  }

  #call(...call) {
    this.#opened ??= this.#connect();
    return this.#opened(...call);
  }
}

function chunks(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
