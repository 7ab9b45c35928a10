// Writes a receipt for every new item. Your own work goes into `onInsert`.
//
//     REDACT, REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: what must not be shown, see ddbinsert_privacy
//     PARTIAL_BATCH_RESPONSE, METRICS: see ddbinsert_batch

import { Memory, each, optionsOf, run } from "./ddbinsert_batch.mjs";
import { plainMap, timeOf } from "./ddbinsert_item.mjs";

const options = optionsOf(process.env);
const done = new Memory();

/**
 * @typedef {object} NewItem
 * @property {string} eventId  the same for the same insert, however often it is delivered: a key for your own
 *                             deduplication
 * @property {string | null} time  when the item was written, 2024-11-01T12:00:00.000Z; null where it is not said
 * @property {Map<string, any>} keys  the key in plain values
 * @property {Map<string, any> | null} item  the whole item; null where the view type has no new image. Numbers are
 *                                           `Numeral`s: String(one) has every digit, Number(one) may lose some
 */

/**
 * Your own work, for one new item.
 *
 * Throw to have the record delivered again (as often as the mapping's retries allow; then it goes to the on-failure
 * destination). A record can come twice all the same, so make doing it twice harmless.
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
