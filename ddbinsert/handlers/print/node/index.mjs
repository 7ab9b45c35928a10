// Writes a receipt for every new item. Add your own code to `onInsert`.
//
//     REDACT, REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: hide parts of items, see ddbinsert_privacy
//     PARTIAL_BATCH_RESPONSE, METRICS: see ddbinsert_batch

import { Memory, each, optionsOf, run } from "./ddbinsert_batch.mjs";
import { plainMap, timeOf } from "./ddbinsert_item.mjs";

const options = optionsOf(process.env);
const done = new Memory();

/**
 * @typedef {object} NewItem
 * @property {string} eventId  identifies the insert, even if it is delivered several times: use it for your own
 *                             deduplication
 * @property {string | null} time  time of the write, 2024-11-01T12:00:00.000Z; null if the record does not say
 * @property {Map<string, any>} keys  the key in plain values
 * @property {Map<string, any> | null} item  the whole item; null if the view type has no new image. Numbers are
 *                                           `Numeral`s: String(one) has every digit, Number(one) may lose some
 */

/**
 * Process one new item with your own code.
 *
 * Throw an error to have the record delivered again (up to the mapping's number of retries; then it is sent to the
 * on-failure destination). A record may still be delivered twice, so make the processing idempotent.
 *
 * An example: `console.log("order", item.keys.get("id"), "of", Number(item.item?.get("total") ?? 0))`
 *
 * @param {NewItem} item
 */
export async function onInsert(item) {}

async function work(record) {
  const { Keys, NewImage } = record.dynamodb ?? {};
  await onInsert({
    eventId: record.eventID ?? "",
    time: timeOf(record),
    keys: plainMap(options.privacy.redact(Keys)) ?? new Map(),
    item: plainMap(options.privacy.redact(NewImage)),
  });
}

export const handler = (event, context) => run(event, context, each(work), done, options);
