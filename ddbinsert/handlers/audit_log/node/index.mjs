// Writes an audit log: one entry for every new item, to the sink in SINK_ARN.
//
//     SINK_ARN        DynamoDB table (partition key `eventID`, S), CloudWatch log group, S3 bucket (or
//                     bucket/prefix), Firehose stream or SQS queue; if not set, this function's log
//     USER_ATTRIBUTE  path of the attribute with the user who created the item, such as `created_by`
//     RETENTION_DAYS  DynamoDB: days after which an entry expires (by the table's time to live); default: never
//     REDACT          comma-separated paths whose values become ***: `card.number,notes.*.text`
//     REDACT_HASH, REDACT_KEY, RECEIPT_KEYS: see ddbinsert_privacy
//     DEDUPLICATION_TABLE_ARN, TEST_ITEMS_KEY, PARTIAL_BATCH_RESPONSE, METRICS: see ddbinsert_deduplication, _privacy,
//     _batch
//
// Every item gets an entry. If it is too large for the sink, the entry does not contain the image, and says so. Test
// items of `ddbinsert verify` are marked, not left out.
//
// In a table or a bucket, an existing entry is not written again, so that an event has one entry even if it is
// delivered several times. Other sinks do not support such a condition; for them this environment's memory, or the
// deduplication table, prevents duplicates.

import { entryOf, itemOfTable } from "./ddbinsert_audit.mjs";
import { connect as toAws } from "./ddbinsert_aws.mjs";
import { each, optionsOf, run } from "./ddbinsert_batch.mjs";
import { openMemory } from "./ddbinsert_deduplication.mjs";
import { delivering } from "./ddbinsert_delivery.mjs";
import { logEventOf, messageOf, objectOf } from "./ddbinsert_document.mjs";
import { dumps } from "./ddbinsert_item.mjs";
import { arn, choice, number, path, text } from "./ddbinsert_settings.mjs";
import { openSink } from "./ddbinsert_sinks.mjs";
import { log } from "./ddbinsert_tally.mjs";

const SINKS = ["dynamodb", "logs", "s3", "firehose", "sqs"];
// The largest line in bytes that CloudWatch does not split.
const LONGEST_LINE = 256 * 1024 - 26;
const LONGEST_RETENTION = 36_500;

/** Create the handler with these settings. */
export function make(environ, connect) {
  const options = optionsOf(environ);
  const target = arn(environ, "SINK_ARN", SINKS);
  const user = text(environ, "USER_ATTRIBUTE");
  const days = number(environ, "RETENTION_DAYS", LONGEST_RETENTION);
  const wanted = { user: user ? path("USER_ATTRIBUTE", user) : [], privacy: options.privacy, days };
  const memory = openMemory(environ, connect, target);
  if (choice(environ, "TEST_ITEMS", ["mark", "send", "skip"]) === "skip") {
    log("WARNING", "an audit log is always complete: TEST_ITEMS=skip only marks test items, as without it");
  }
  const deliver =
    target === undefined
      ? each((record) => console.log(lineOf(record, wanted)))
      : delivering({
          prepare: (record) => prepared(record, target, wanted, { whole: true }),
          smaller: (record) => prepared(record, target, wanted, { whole: false }),
          openSink: () => openSink(target, connect),
          privacy: wanted.privacy,
          tables: [target.text, ...memory.tables],
        });
  return (event, context) => run(event, context, deliver, memory, options);
}

function lineOf(record, wanted) {
  const line = dumps(entryOf(record, wanted));
  return Buffer.byteLength(line) <= LONGEST_LINE ? line : dumps(entryOf(record, wanted, { whole: false }));
}

// The entry in the form that the sink's service expects.
function prepared(record, target, wanted, { whole }) {
  if (target.service === "dynamodb") return itemOfTable(record, wanted, { whole });
  const entry = dumps(entryOf(record, wanted, { whole }));
  switch (target.service) {
    case "logs":
      return logEventOf(record, entry);
    case "s3":
      return objectOf(record, entry);
    case "firehose":
      return { Data: Buffer.from(entry + "\n") };
    default:
      return messageOf(record, entry, target, wanted.privacy);
  }
}

export const handler = make(process.env, toAws);
