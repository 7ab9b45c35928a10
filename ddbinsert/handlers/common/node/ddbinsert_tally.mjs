// The results of a batch: its failures, its log lines, its counts.

import * as receipt from "./ddbinsert_receipt.mjs";

export const WAITS = "waits for an earlier record of the same item, which failed";

/** The record itself is not at fault: the sink did not accept it, or time ran out. */
export class Unavailable extends Error {
  name = "Unavailable";
}

/** The lowest SequenceNumber, by value; empty (Lambda then retries the whole batch) if one has none. */
export function lowest(failed) {
  const numbers = failed.map((record) => record.dynamodb?.SequenceNumber);
  if (!numbers.every((number) => typeof number === "string" && /^\d+$/.test(number))) return "";
  return numbers.reduce((least, number) => (BigInt(number) < BigInt(least) ? number : least));
}

/** The error for the log. If values are hidden, external texts, which may contain one, are left out. */
export function describe(error, privacy) {
  if (!(error instanceof Error)) return privacy.isActive && error !== WAITS ? "failed" : String(error);
  if (!privacy.isActive || error instanceof Unavailable) return `${error.name}: ${error.message}`;
  return `${error.name} (its text is left out, because it may contain values that REDACT hides)`;
}

/** Write one JSON object as a line; JSON's escapes prevent forged log lines. */
export function log(level, message, fields = {}) {
  console.log(JSON.stringify({ level, message, ...fields }));
}

/** The counts and failures of one batch. */
export class Tally {
  failed = [];
  #privacy;
  #counts = { [receipt.PROCESSED]: 0, again: 0, [receipt.GUARDED]: 0, [receipt.FAILED]: 0 };
  #errors = new Map();
  #unavailable = "";
  #toBlame = 0;

  constructor(privacy) {
    this.#privacy = privacy;
  }

  add(record, decision, error, again) {
    this.#counts[again ? "again" : decision] += 1;
    if (decision !== receipt.FAILED) return;
    this.failed.push(record);
    const text = describe(error, this.#privacy);
    if (error instanceof Unavailable) this.#unavailable ||= text;
    else if (error !== WAITS) this.#toBlame += 1;
    const count = (this.#errors.get(text) ?? 0) + 1;
    this.#errors.set(text, count);
    // Further equal errors are only counted.
    if (count === 1) log("ERROR", "record failed", { eventID: record.eventID, error: text });
  }

  close() {
    for (const [error, count] of this.#errors) {
      if (count > 1) log("ERROR", "records failed", { count, error });
    }
  }

  /** Whether nothing was processed, and no record is at fault. */
  get isOutage() {
    return Boolean(this.#unavailable) && !this.#counts[receipt.PROCESSED] && !this.#toBlame;
  }

  get summary() {
    const text = `records failed: ${this.failed.length}, the first with SequenceNumber ${lowest(this.failed)}`;
    return this.isOutage ? `${text}; none was processed: ${this.#unavailable}` : text;
  }

  /** The counts in CloudWatch's embedded metric format. */
  metrics(functionName) {
    const counts = {
      Processed: this.#counts[receipt.PROCESSED],
      Repeated: this.#counts.again,
      Guarded: this.#counts[receipt.GUARDED],
      Failed: this.#counts[receipt.FAILED],
    };
    const definition = {
      Namespace: "ddbinsert",
      Dimensions: [["FunctionName"]],
      Metrics: Object.keys(counts).map((Name) => ({ Name, Unit: "Count" })),
    };
    return JSON.stringify({
      _aws: { Timestamp: Date.now(), CloudWatchMetrics: [definition] },
      FunctionName: functionName,
      ...counts,
    });
  }
}
