// The remaining time of an invocation.
//
// Work stops some time before the function's timeout (the reserve), so that records processed by then still get their
// receipts, are remembered and are in the response. If Lambda ended the function at its timeout, all of that would be
// lost.

import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";

// The reserve in milliseconds, in total and per record (for its log line); at most a fifth of the time.
const RESERVE = 1_500;
const RESERVE_PER_RECORD = 0.3;
const AT_ONCE = 8;

/** A time after which no work starts; Infinity milliseconds from now if there is no limit. */
export class Deadline {
  #end;

  constructor(milliseconds = Infinity) {
    this.#end = performance.now() + milliseconds;
  }

  /** Remaining milliseconds, 0 or more. */
  left() {
    return Math.max(0, this.#end - performance.now());
  }

  isOver() {
    return this.left() <= 0;
  }

  /** Sleep, at most until the deadline. */
  async sleep(milliseconds) {
    await pause(Math.min(milliseconds, this.left()));
  }
}

/** The deadlines of this invocation's work, and of recording the processed events. */
export function deadlines(context, records) {
  const left = Number(context?.getRemainingTimeInMillis?.() ?? Infinity);
  if (!Number.isFinite(left)) return [new Deadline(), new Deadline()];
  const reserve = Math.min(RESERVE + RESERVE_PER_RECORD * records, left / 5);
  return [new Deadline(left - reserve), new Deadline(left - reserve / 3)];
}

/**
 * Do `work` for each value, eight in parallel; return each one's error (undefined: none), which is set for values not
 * started in time. `work` must itself end at the deadline, as calls to AWS do.
 */
export async function sideBySide(values, work, deadline) {
  const late = new Error("not started: the function's timeout is near");
  late.name = "TimeoutError";
  const outcomes = values.map(() => late);
  let next = 0;
  async function workOn() {
    while (next < values.length && !deadline.isOver()) {
      const index = next++;
      try {
        await work(values[index]);
        outcomes[index] = undefined;
      } catch (error) {
        outcomes[index] = error ?? new Error("failed");
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, values.length) }, workOn));
  return outcomes;
}
