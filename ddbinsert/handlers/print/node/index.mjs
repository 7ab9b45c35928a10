// Leaves a receipt for every new item. Your own work goes into `onInsert`.

import { Memory, each, run } from "./ddbinsert_batch.mjs";

const done = new Memory();

/**
 * Your own work, for one new item.
 *
 * `record.dynamodb` holds `Keys` and, where the stream's view type has it, `NewImage`, both in DynamoDB
 * JSON: {id: {S: "a"}, price: {N: "9.99"}}.
 *
 * Throw to have the record given again (as often as the mapping's retries allow, then it goes to the
 * on-failure destination). A record can come twice all the same, so let doing it twice do no harm:
 * `record.eventID` stays the same.
 */
export async function onInsert(record) {}

export const handler = (event, context) => run(event, context, each(onInsert), done);
