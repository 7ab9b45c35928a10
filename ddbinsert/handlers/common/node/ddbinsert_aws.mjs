// Calls to AWS: one function for all calls, one error class, one rule for retries.
//
// Uses node:https and node:crypto (AWS's Signature Version 4) instead of the SDK: the SDK is missing outside of Lambda
// (local runs, the embedded emulator), a bundled one would take megabytes, and tests must use the same client as the
// deployed function. It does not use fetch, which identifies itself as a browser (Sec-Fetch-Mode), as some endpoints
// reject browsers.
//
// Endpoints: ddbinsert_endpoints.mjs. Credentials: the variables that Lambda sets, read at every call, as they change
// during the lifetime of an environment.

import { createHash, createHmac } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { endpoint, ownEndpoint } from "./ddbinsert_endpoints.mjs";

const ATTEMPTS = 3;
// Timeout of one attempt, in milliseconds.
const PATIENCE = 10_000;

// Connections are kept for further calls and invocations.
const CLIENTS = {
  "http:": { request: http.request, agent: new http.Agent({ keepAlive: true }) },
  "https:": { request: https.request, agent: new https.Agent({ keepAlive: true }) },
};

// Codes of temporary errors: throttling, and faults of the service. From botocore's retry rules ("standard" mode) and
// the errors of the operations used here in its service models; ddbinsert_aws.py has the same list.
export const TRANSIENT = new Set(
  `
  BandwidthLimitExceeded ConditionalRequestConflict EC2ThrottledException InternalError InternalErrorException
  InternalException InternalFailure InternalFailureException InternalServerError KMSThrottling
  KMSThrottlingException KmsThrottled LimitExceededException PriorRequestNotComplete
  ProvisionedThroughputExceededException ReplicatedWriteConflictException RequestLimitExceeded
  RequestThrottled RequestThrottledException RequestTimeout RequestTimeoutException ServiceUnavailable
  ServiceUnavailableException SlowDown ThrottledException Throttling ThrottlingException
  TooManyRequestsException TransactionConflictException TransactionInProgressException
  `.match(/\w+/g),
);
// Codes of errors that are caused by the content of a request, not by its sender, its target or the time.
export const REJECTIONS = new Set(
  `
  InvalidArgument InvalidArgumentException InvalidMessageContents InvalidParameter InvalidParameterException
  InvalidParameterValue InvalidParameterValueException InvalidRequest ItemCollectionSizeLimitExceededException
  MalformedDetail ParamValidationError ParameterValueInvalid SerializationException ValidationError
  ValidationException
  `.match(/\w+/g),
);
const TOO_LARGE = /Too(Long|Large)|^Http413$/;

const TARGETS = {
  dynamodb: ["DynamoDB_20120810", "1.0"],
  logs: ["Logs_20140328", "1.1"],
  firehose: ["Firehose_20150804", "1.1"],
  kinesis: ["Kinesis_20131202", "1.1"],
  events: ["AWSEvents", "1.1"],
  sqs: ["AmazonSQS", "1.0"],
};

/**
 * A call failed: AWS returned an error, or could not be reached.
 *
 * `code` is AWS's error code, without a prefix such as `AWS.SimpleQueueService.`; `reason` is AWS's message;
 * `status` is the HTTP status, 0 if there was no answer.
 */
export class ServiceError extends Error {
  constructor(code, message, { status = 0, region } = {}) {
    const bare = code.split(".").at(-1) || "Unknown";
    super(`${bare}: ${message}`);
    Object.assign(this, { name: "ServiceError", code: bare, reason: message, status, region });
  }

  /** Whether the content caused the error, so that a part of it may be accepted. */
  get isRejection() {
    return isRejection(this.code);
  }

  /** Whether the same call may succeed later. */
  get isTransient() {
    return this.status === 0 || this.status === 429 || this.status >= 500 || isTransient(this.code);
  }
}

export function isTransient(code) {
  return TRANSIENT.has(code);
}

export function isRejection(code) {
  return REJECTIONS.has(code) || TOO_LARGE.test(code);
}

/** A function `call(operation, deadline, parameters)` that returns the operation's result. */
export function connect(service, region) {
  const protocols = { s3: objectRequest, sns: queryRequest };
  const protocol = protocols[service] ?? jsonRequest;
  let where = region || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || "us-east-1";
  return async function call(operation, deadline, parameters) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const patience = Math.min(PATIENCE, deadline.left());
        return await exchange(service, where, protocol(service, where, operation, parameters), operation, patience);
      } catch (error) {
        const moved = error.region && error.region !== where;
        if (attempt === ATTEMPTS || !(error.isTransient || moved) || deadline.isOver()) throw error;
        if (moved) where = error.region; // S3 returned the bucket's region
        else await deadline.sleep(100 * 2 ** attempt * (0.5 + Math.random() / 2));
      }
    }
  };
}

// AWS JSON: DynamoDB, CloudWatch Logs, Firehose, Kinesis, EventBridge, SQS.
function jsonRequest(service, region, operation, parameters) {
  const [target, version] = TARGETS[service];
  return {
    url: endpoint(service, region),
    method: "POST",
    headers: { "content-type": `application/x-amz-json-${version}`, "x-amz-target": `${target}.${operation}` },
    body: Buffer.from(JSON.stringify(parameters)),
    read: (text) => (text ? (JSON.parse(text) ?? {}) : {}),
  };
}

// AWS Query: SNS.
function queryRequest(service, region, operation, parameters) {
  const form = new URLSearchParams({ Action: operation, Version: "2010-03-31" });
  for (const [name, value] of flat(parameters)) form.append(name, value);
  return {
    url: endpoint(service, region),
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: Buffer.from(form.toString()),
    read(text) {
      const members = elements(text, "Failed").flatMap((failed) => elements(failed, "member"));
      const sent = elements(text, "Successful").flatMap((successful) => elements(successful, "member"));
      return { Failed: members.map(failure), Successful: sent.map((xml) => ({ Id: elements(xml, "Id")[0] })) };
    },
  };
}

// REST: S3, only for PutObject.
function objectRequest(service, region, operation, { Bucket, Key, Body, ContentType, IfNoneMatch }) {
  const base = endpoint(service, region);
  const own = ownEndpoint(service) || Bucket.includes(".");
  if (!own) base.hostname = `${Bucket}.${base.hostname}`;
  base.pathname = [...(own ? [Bucket] : []), ...Key.split("/")].map(encoded).join("/");
  return {
    url: base,
    method: "PUT",
    headers: { "content-type": ContentType, "if-none-match": IfNoneMatch },
    body: Body,
    read: () => ({}),
  };
}

async function exchange(service, region, request, operation, patience) {
  let answer;
  try {
    answer = await sent(request, signed(service, region, request), operation, patience);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError("Unreachable", `${request.url.host}: ${error.message}`);
  }
  if (answer.status < 200 || answer.status >= 300) throw problem(answer);
  try {
    return request.read(answer.text);
  } catch (error) {
    throw new ServiceError("UnreadableAnswer", error.message);
  }
}

// One request, ended after `patience` milliseconds in any case.
function sent({ url, method, body }, headers, operation, patience) {
  const { request, agent } = CLIENTS[url.protocol];
  return new Promise((done, fail) => {
    const length = { "content-length": body.length };
    const call = request(url, { method, agent, headers: { ...headers, ...length } }, async (answer) => {
      const parts = [];
      try {
        for await (const part of answer) parts.push(part);
      } catch (error) {
        return settle(fail, error);
      }
      const text = Buffer.concat(parts).toString();
      return settle(done, { status: answer.statusCode, headers: answer.headers, text });
    });
    const timer = setTimeout(() => {
      settle(fail, new ServiceError("NoAnswer", `${operation} did not answer in time`));
      call.destroy();
    }, patience);
    function settle(how, what) {
      clearTimeout(timer);
      how(what);
    }
    call.on("error", (error) => settle(fail, error));
    call.end(body);
  });
}

function problem({ status, headers, text }) {
  const details = { status, region: headers["x-amz-bucket-region"] };
  const [code] = elements(text, "Code");
  if (code) return new ServiceError(code, elements(text, "Message")[0] ?? "", details);
  let told = {};
  try {
    told = JSON.parse(text) ?? {};
  } catch {
    // not JSON: only the status is known
  }
  const type = String(headers["x-amzn-errortype"] || told.__type || told.code || `Http${status}`);
  return new ServiceError(type.split("#").pop().split(":")[0], String(told.message ?? told.Message ?? ""), details);
}

/** The request's headers, signed with Signature Version 4. */
export function signed(service, region, { url, method, headers, body }, now = new Date()) {
  const environ = process.env;
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const digest = sha256(body);
  const all = { ...headers, host: url.host, "x-amz-date": time, "x-amz-content-sha256": digest };
  if (environ.AWS_SESSION_TOKEN) all["x-amz-security-token"] = environ.AWS_SESSION_TOKEN;
  const names = Object.keys(all).sort();
  const lines = names.map((name) => `${name}:${String(all[name]).trim()}\n`).join("");
  const canonical = [method, url.pathname, "", lines, names.join(";"), digest].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = scope.split("/").reduce(hmac, `AWS4${environ.AWS_SECRET_ACCESS_KEY ?? ""}`);
  const signature = hmac(key, toSign).toString("hex");
  const credential = `Credential=${environ.AWS_ACCESS_KEY_ID ?? ""}/${scope}`;
  delete all.host; // set by the client
  return {
    ...all,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

function sha256(content) {
  return createHash("sha256").update(content).digest("hex");
}

function hmac(key, text) {
  return createHmac("sha256", key).update(text).digest();
}

// Percent-encoded as Signature Version 4 requires: all except letters, digits and - . _ ~
function encoded(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => "%" + one.charCodeAt(0).toString(16).toUpperCase());
}

// Parameters in AWS Query's form: Entries.member.1.Id, MessageAttributes.entry.1.Name.
function flat(value, prefix = "") {
  if (Array.isArray(value)) return value.flatMap((one, index) => flat(one, `${prefix}.member.${index + 1}`));
  if (typeof value !== "object") return [[prefix, String(value)]];
  if (prefix.endsWith(".MessageAttributes")) {
    return Object.entries(value).flatMap(([name, one], index) => [
      [`${prefix}.entry.${index + 1}.Name`, name],
      ...flat(one, `${prefix}.entry.${index + 1}.Value`),
    ]);
  }
  return Object.entries(value).flatMap(([name, one]) => flat(one, prefix ? `${prefix}.${name}` : name));
}

// The contents of every <name>…</name> in XML; in these responses, elements with the same name are never nested.
function elements(xml, name) {
  return [...xml.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, "g"))].map(([, content]) => content);
}

function failure(xml) {
  const one = (name) => elements(xml, name)[0] ?? "";
  return { Id: one("Id"), Code: one("Code"), Message: one("Message"), SenderFault: one("SenderFault") === "true" };
}
