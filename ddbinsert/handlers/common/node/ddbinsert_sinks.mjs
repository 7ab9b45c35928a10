// The services that records are sent to, each with the documented limits of its API.
//
// An entry has the parameters of one record, message, event or item of the service's API. If a response contains other
// entries but not this one, that does not count as success: the entry is sent again.

import { sideBySide } from "./ddbinsert_deadline.mjs";
import { PASSING, REJECTED, WRONG_TIME, entryFailure, failureOf } from "./ddbinsert_delivery.mjs";
import { itemSize } from "./ddbinsert_item.mjs";

const KIB = 1024;
const MIB = 1024 * 1024;
const NO_OUTCOME = { kind: PASSING, code: "NoOutcome", message: "the response does not contain this entry" };

/** The sink with this ARN. */
export function openSink(target, connect) {
  const kinds = {
    dynamodb: table,
    s3: bucket,
    logs: logGroup,
    firehose,
    kinesis: kinesisStream,
    events: eventBus,
    sqs: queue,
    sns: topic,
  };
  return kinds[target.service](target, connect(target.service, target.region));
}

// A service whose API accepts one entry per call; eight calls run in parallel, a few slices at a time. A repeated
// write changes nothing: `already` is the service's error code for an existing entry.
function oneByOne({ already, entryBytes, size }, put) {
  return {
    limits: { count: 32, callBytes: 8 * MIB, entryBytes },
    size,
    async send(entries, deadline) {
      const errors = await sideBySide(entries, (entry) => put(entry, deadline), deadline);
      return errors.map((error) => (error && error.code !== already ? failureOf(error) : undefined));
    },
  };
}

// A DynamoDB table with the partition key `eventID` (S). Entries: the item, in DynamoDB JSON.
function table(target, call) {
  const kind = { already: "ConditionalCheckFailedException", entryBytes: 400 * KIB, size: itemSize };
  return oneByOne(kind, (entry, deadline) =>
    call("PutItem", deadline, {
      TableName: target.text,
      Item: entry,
      ConditionExpression: "attribute_not_exists(eventID)",
    }),
  );
}

// An S3 bucket, or a prefix in one. Entries: `Name` and `Body`. An existing object is not replaced.
function bucket(target, call) {
  const [name, ...prefix] = target.resource.replace(/\/+$/, "").split("/");
  const kind = { already: "PreconditionFailed", entryBytes: 8 * MIB, size: (entry) => entry.Body.length };
  return oneByOne(kind, (entry, deadline) =>
    call("PutObject", deadline, {
      Bucket: name,
      Key: [...prefix, entry.Name].join("/"),
      Body: entry.Body,
      ContentType: "application/json",
      IfNoneMatch: "*",
    }),
  );
}

// A CloudWatch log group; one log stream for each execution environment. Entries: timestamp, message.
function logGroup(target, call) {
  const own = process.env.AWS_LAMBDA_LOG_STREAM_NAME || "local";
  const name = `${process.env.AWS_LAMBDA_FUNCTION_NAME || "function"}/${own}`;
  const where = { logGroupName: target.name, logStreamName: name.replace(/[:*]/g, "-").slice(0, 512) };

  async function put(logEvents, deadline) {
    try {
      return await call("PutLogEvents", deadline, { ...where, logEvents });
    } catch (error) {
      if (error.code !== "ResourceNotFoundException") throw error;
    }
    try {
      await call("CreateLogStream", deadline, where);
    } catch (error) {
      if (error.code !== "ResourceAlreadyExistsException") throw error;
    }
    return call("PutLogEvents", deadline, { ...where, logEvents });
  }

  return {
    limits: { count: 10_000, callBytes: MIB, entryBytes: MIB },
    size: (entry) => Buffer.byteLength(entry.message) + 26,
    async send(entries, deadline) {
      const order = entries.map((_, index) => index).sort((a, b) => entries[a].timestamp - entries[b].timestamp);
      const answer = await put(order.map((index) => entries[index]), deadline);
      const refused = answer.rejectedLogEventsInfo ?? {};
      const first = Math.max(refused.tooOldLogEventEndIndex ?? 0, refused.expiredLogEventEndIndex ?? 0);
      const last = refused.tooNewLogEventStartIndex ?? entries.length;
      const failures = entries.map(() => undefined);
      order.forEach((index, position) => {
        if (position >= first && position < last) return;
        const message = "its time is too old or too new for the log group";
        failures[index] = { kind: REJECTED, code: WRONG_TIME, message };
      });
      return failures;
    },
  };
}

// A Firehose stream. Entries: `Data`.
function firehose(target, call) {
  return {
    limits: { count: 500, callBytes: 4 * MIB, entryBytes: 1000 * KIB },
    size: (entry) => entry.Data.length,
    async send(entries, deadline) {
      const answer = await call("PutRecordBatch", deadline, {
        DeliveryStreamName: target.name,
        Records: entries.map(inBase64),
      });
      return inOrder(answer.RequestResponses, entries.length, PASSING);
    },
  };
}

// A Kinesis data stream. Entries: `Data`, `PartitionKey`.
function kinesisStream(target, call) {
  return {
    limits: { count: 500, callBytes: 5 * MIB, entryBytes: 10 * MIB },
    size: (entry) => entry.Data.length + entry.PartitionKey.length,
    async send(entries, deadline) {
      const answer = await call("PutRecords", deadline, { StreamARN: target.text, Records: entries.map(inBase64) });
      return inOrder(answer.Records, entries.length, PASSING);
    },
  };
}

// An EventBridge bus. Entries: those of PutEvents, without the bus.
function eventBus(target, call) {
  return {
    limits: { count: 10, callBytes: 256 * KIB, entryBytes: MIB },
    size(entry) {
      const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
      return texts.reduce((sum, text) => sum + Buffer.byteLength(text), "Time" in entry ? 14 : 0);
    },
    async send(entries, deadline) {
      const answer = await call("PutEvents", deadline, {
        Entries: entries.map((entry) => ({ ...entry, EventBusName: target.text })),
      });
      return inOrder(answer.Entries, entries.length, REJECTED);
    },
  };
}

// An SQS queue. Entries: those of SendMessageBatch, without the id.
function queue(target, call) {
  let url;
  const queueNamed = { QueueName: target.name, QueueOwnerAWSAccountId: target.account };
  return messages("MessageBody", async (Entries, deadline) => {
    url ??= (await call("GetQueueUrl", deadline, queueNamed)).QueueUrl;
    return call("SendMessageBatch", deadline, { QueueUrl: url, Entries });
  });
}

// An SNS topic. Entries: those of PublishBatch, without the id.
function topic(target, call) {
  return messages("Message", (PublishBatchRequestEntries, deadline) =>
    call("PublishBatch", deadline, { TopicArn: target.text, PublishBatchRequestEntries }),
  );
}

// SQS and SNS: up to ten messages per call, each with its own id. The limit of a queue or topic is 256 KiB or up to
// 1 MiB, so a large message is sent alone.
function messages(body, put) {
  return {
    limits: { count: 10, callBytes: 256 * KIB, entryBytes: MIB },
    size(entry) {
      const attributes = Object.entries(entry.MessageAttributes ?? {});
      return attributes.reduce(
        (sum, [name, one]) =>
          sum + Buffer.byteLength(name) + one.DataType.length + Buffer.byteLength(one.StringValue),
        Buffer.byteLength(entry[body]),
      );
    },
    async send(entries, deadline) {
      const named = entries.map((entry, index) => ({ ...entry, Id: String(index) }));
      const { Successful = [], Failed = [] } = await put(named, deadline);
      const failures = entries.map(() => (Successful.length ? NO_OUTCOME : undefined));
      for (const { Id } of Successful) failures[Number(Id)] = undefined;
      for (const { Id, Code, Message, SenderFault } of Failed) {
        failures[Number(Id)] = entryFailure(Code ?? "", Message ?? "", SenderFault ? REJECTED : PASSING);
      }
      return failures;
    },
  };
}

function inBase64(entry) {
  return { ...entry, Data: entry.Data.toString("base64") };
}

// The failures in a response that lists them in the entries' order; `otherwise` for unknown codes.
function inOrder(answers, count, otherwise) {
  return Array.from({ length: count }, (_, index) => {
    if (!answers?.length) return undefined;
    if (index >= answers.length) return NO_OUTCOME;
    const { ErrorCode: code, ErrorMessage: message } = answers[index];
    return code ? entryFailure(code, message ?? "", otherwise) : undefined;
  });
}
