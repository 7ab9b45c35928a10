// The time that an invocation has left.
//
// Work stops some time before the function's timeout (the reserve), so that what is known by then still gets its
// receipt, is remembered and is answered. A function that Lambda ends at its timeout loses all of that.

import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";

// Milliseconds kept in reserve, in all and for each record (it takes a line in the log); at most a fifth of the time.
const RESERVE = 1_500;
const RESERVE_PER_RECORD = 0.3;
const AT_ONCE = 8;

/** A moment after which no work begins; Infinity milliseconds from now where there is no limit. */
export class Deadline {
  #end;

  constructor(milliseconds = Infinity) {
    this.#end = performance.now() + milliseconds;
  }

  /** Milliseconds until then, 0 or more. */
  left() {
    return Math.max(0, this.#end - performance.now());
  }

  isOver() {
    return this.left() <= 0;
  }

  /** Sleep, but not beyond the deadline. */
  async sleep(milliseconds) {
    await pause(Math.min(milliseconds, this.left()));
  }
}

/** When the work of this invocation has to end, and when the notes about it have to. */
export function deadlines(context, records) {
  const left = Number(context?.getRemainingTimeInMillis?.() ?? Infinity);
  if (!Number.isFinite(left)) return [new Deadline(), new Deadline()];
  const reserve = Math.min(RESERVE + RESERVE_PER_RECORD * records, left / 5);
  return [new Deadline(left - reserve), new Deadline(left - reserve / 3)];
}

/**
 * Do `work` for each value, eight at once; what was thrown for each (undefined: nothing), an error for those not
 * begun in time. `work` must itself end at the deadline, as calls to AWS do.
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
