// Keeps an audit log: one entry for every new item, in the sink that SINK_ARN names.
//
//     SINK_ARN        DynamoDB table (partition key `eventID`, S), CloudWatch log group, S3 bucket (or
//                     bucket/prefix), Firehose stream or SQS queue; not set: this function's own log
//     USER_ATTRIBUTE  path of the attribute that says who made the item, such as `created_by`
//     REDACT          paths, separated by commas, whose values are replaced by ***: `card.number,notes.*.text`
//     DEDUPLICATION_TABLE_ARN, TEST_ITEMS, PARTIAL_BATCH_RESPONSE: see ddbinsert_ledger, _delivery, _batch
//
// A table and a bucket keep an event once however often it is delivered: what is there already is not written
// again. The other sinks know no such condition; there this environment's memory, or the deduplication table,
// keeps doubles away.

import { entryOf, itemOfTable } from "./ddbinsert_audit.mjs";
import { connect as toAws } from "./ddbinsert_aws.mjs";
import { each, run } from "./ddbinsert_batch.mjs";
import { delivering, sparingTestItems } from "./ddbinsert_delivery.mjs";
import { logEventOf, messageOf, objectOf } from "./ddbinsert_document.mjs";
import { dumps } from "./ddbinsert_item.mjs";
import { openMemory } from "./ddbinsert_ledger.mjs";
import { arn, path, paths, text } from "./ddbinsert_settings.mjs";
import { openSink } from "./ddbinsert_sinks.mjs";

const SINKS = ["dynamodb", "logs", "s3", "firehose", "sqs"];

/** The handler with these settings. */
export function make(environ, connect) {
  const target = arn(environ, "SINK_ARN", SINKS);
  const user = text(environ, "USER_ATTRIBUTE");
  const wishes = { user: user ? path("USER_ATTRIBUTE", user) : [], redacted: paths(environ, "REDACT") };
  const memory = openMemory(environ, connect);
  const send =
    target === undefined
      ? each((record) => console.log(dumps(entryOf(record, wishes))))
      : delivering(
          (record) => prepared(record, target, wishes),
          () => openSink(target, connect),
        );
  const deliver = sparingTestItems(environ, send);
  return (event, context) => run(event, context, deliver, memory);
}

// The entry as the sink's service takes it.
function prepared(record, target, wishes) {
  if (target.service === "dynamodb") return itemOfTable(record, wishes);
  const entry = dumps(entryOf(record, wishes));
  switch (target.service) {
    case "logs":
      return logEventOf(record, entry);
    case "s3":
      return objectOf(record, entry);
    case "firehose":
      return { Data: Buffer.from(entry + "\n") };
    default:
      return messageOf(record, entry, target);
  }
}

export const handler = make(process.env, toAws);
