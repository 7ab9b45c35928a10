// The services that records are sent to, each with the limits that its API documents.
//
// An entry is what a service's API calls one record, message, event or item, as its parameters.

import { ServiceError } from "./ddbinsert_aws.mjs";
import { PASSING, REJECTED, failureOf } from "./ddbinsert_delivery.mjs";

const KIB = 1024;
const MIB = 1024 * 1024;
// Where a service takes one call's worth of entries one by one.
const AT_ONCE = 8;

/** The sink at this ARN. */
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

// A service whose API takes one entry a call; several calls run at once. A retry changes nothing: `already`
// is the code by which the service says that the entry is there.
function oneByOne(already, put) {
  async function sendOne(entry) {
    try {
      await put(entry);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (error.code !== already) return failureOf(error);
    }
    return undefined;
  }
  return {
    limits: { count: 100, callBytes: 8 * MIB, entryBytes: 8 * MIB },
    size: (entry) => entry.Body?.length ?? 0,
    async send(entries) {
      const failures = entries.map(() => undefined);
      let next = 0;
      const worker = async () => {
        while (next < entries.length) {
          const index = next++;
          failures[index] = await sendOne(entries[index]);
        }
      };
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, entries.length) }, worker));
      return failures;
    },
  };
}

// A DynamoDB table with the partition key `eventID` (S). Entries: the item.
function table(target, call) {
  return oneByOne("ConditionalCheckFailedException", (entry) =>
    call("PutItem", {
      TableName: target.text,
      Item: entry,
      ConditionExpression: "attribute_not_exists(eventID)",
    }),
  );
}

// An S3 bucket, or a prefix in one. Entries: `Name` and `Body`. An object is written once.
function bucket(target, call) {
  const [name, ...prefix] = target.resource.replace(/\/+$/, "").split("/");
  return oneByOne("PreconditionFailed", (entry) =>
    call("PutObject", {
      Bucket: name,
      Key: [...prefix, entry.Name].join("/"),
      Body: entry.Body,
      ContentType: "application/json",
      IfNoneMatch: "*",
    }),
  );
}

// A CloudWatch log group; a log stream an execution environment. Entries: timestamp, message.
function logGroup(target, call) {
  const own = process.env.AWS_LAMBDA_LOG_STREAM_NAME || "local";
  const name = `${process.env.AWS_LAMBDA_FUNCTION_NAME || "function"}/${own}`;
  const where = { logGroupName: target.name, logStreamName: name.replace(/[:*]/g, "-").slice(0, 512) };

  async function put(logEvents) {
    try {
      return await call("PutLogEvents", { ...where, logEvents });
    } catch (error) {
      if (error.code !== "ResourceNotFoundException") throw error;
    }
    try {
      await call("CreateLogStream", where);
    } catch (error) {
      if (error.code !== "ResourceAlreadyExistsException") throw error;
    }
    return call("PutLogEvents", { ...where, logEvents });
  }

  return {
    limits: { count: 10_000, callBytes: MIB, entryBytes: MIB },
    size: (entry) => Buffer.byteLength(entry.message) + 26,
    async send(entries) {
      const order = entries.map((_, index) => index).sort((a, b) => entries[a].timestamp - entries[b].timestamp);
      const answer = await put(order.map((index) => entries[index]));
      const told = answer.rejectedLogEventsInfo ?? {};
      const first = Math.max(told.tooOldLogEventEndIndex ?? 0, told.expiredLogEventEndIndex ?? 0);
      const last = told.tooNewLogEventStartIndex ?? entries.length;
      const failures = entries.map(() => undefined);
      order.forEach((index, position) => {
        if (position >= first && position < last) return;
        failures[index] = { kind: REJECTED, reason: "its time is too far off for the log group" };
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
    async send(entries) {
      const answer = await call("PutRecordBatch", {
        DeliveryStreamName: target.name,
        Records: entries.map(inBase64),
      });
      return inOrder(answer.RequestResponses, entries.length);
    },
  };
}

// A Kinesis data stream. Entries: `Data`, `PartitionKey`.
function kinesisStream(target, call) {
  return {
    limits: { count: 500, callBytes: 5 * MIB, entryBytes: 10 * MIB },
    size: (entry) => entry.Data.length + entry.PartitionKey.length,
    async send(entries) {
      const answer = await call("PutRecords", { StreamARN: target.text, Records: entries.map(inBase64) });
      return inOrder(answer.Records, entries.length);
    },
  };
}

const PASSING_CODES = ["InternalFailure", "InternalException", "ThrottlingException", "LimitExceededException"];

// An EventBridge bus. Entries: those of PutEvents, without the bus.
function eventBus(target, call) {
  return {
    limits: { count: 10, callBytes: 256 * KIB, entryBytes: MIB },
    size(entry) {
      const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
      return texts.reduce((sum, text) => sum + Buffer.byteLength(text), "Time" in entry ? 14 : 0);
    },
    async send(entries) {
      const answer = await call("PutEvents", {
        Entries: entries.map((entry) => ({ ...entry, EventBusName: target.text })),
      });
      return inOrder(answer.Entries, entries.length, (code) => PASSING_CODES.includes(code));
    },
  };
}

// An SQS queue. Entries: those of SendMessageBatch, without the id.
function queue(target, call) {
  let url;
  return messages("MessageBody", async (Entries) => {
    url ??= (await call("GetQueueUrl", { QueueName: target.name, QueueOwnerAWSAccountId: target.account })).QueueUrl;
    return call("SendMessageBatch", { QueueUrl: url, Entries });
  });
}

// An SNS topic. Entries: those of PublishBatch, without the id.
function topic(target, call) {
  return messages("Message", (PublishBatchRequestEntries) =>
    call("PublishBatch", { TopicArn: target.text, PublishBatchRequestEntries }),
  );
}

// SQS and SNS: up to ten messages a call, each with an id of its own in it. Queues and topics set their own
// limit, 256 KiB or up to 1 MiB: a large message goes alone.
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
    async send(entries) {
      const answer = await put(entries.map((entry, index) => ({ ...entry, Id: String(index) })));
      const failures = entries.map(() => undefined);
      for (const { Id, Code, Message = "", SenderFault } of answer.Failed ?? []) {
        failures[Number(Id)] = { kind: SenderFault ? REJECTED : PASSING, reason: `${Code}: ${Message}` };
      }
      return failures;
    },
  };
}

function inBase64(entry) {
  return { ...entry, Data: entry.Data.toString("base64") };
}

// The failures in an answer that lists them in the entries' order.
function inOrder(answers, count, isPassing = () => true) {
  return Array.from({ length: count }, (_, index) => {
    const { ErrorCode: code, ErrorMessage: message = "" } = answers?.[index] ?? {};
    return code ? { kind: isPassing(code) ? PASSING : REJECTED, reason: `${code}: ${message}` } : undefined;
  });
}
