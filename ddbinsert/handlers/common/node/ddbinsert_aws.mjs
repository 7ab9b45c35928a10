// Calls to AWS: one function to call, one kind of error.
//
// Written on fetch and node:crypto, with AWS's Signature Version 4, rather than on the SDK: the SDK is not
// there outside of Lambda (a local run, the embedded emulator), a bundled one would be megabytes, and a
// handler that is tested with one client and runs with another is not tested.
//
// Endpoints: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, or the region's own. Credentials: the variables
// that Lambda sets, read at every call, as they change under a long-lived environment.

import { createHash, createHmac } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

const ATTEMPTS = 3;
const PATIENCE = 10_000; // milliseconds; a function lives for seconds

// Codes that blame what was sent, not who sent it or when.
const REJECTIONS = new RegExp(
  "^(Invalid(?!.*(Token|Signature|AccessKey|Client|KMS))|Validation|Serialization|ParamValidation|Malformed" +
    "|Unsupported|EntityTooLarge|MessageTooLong|KeyTooLong|MissingParameter)|TooLong|TooLarge",
);

const TARGETS = {
  dynamodb: ["DynamoDB_20120810", "1.0"],
  logs: ["Logs_20140328", "1.1"],
  firehose: ["Firehose_20150804", "1.1"],
  kinesis: ["Kinesis_20131202", "1.1"],
  events: ["AWSEvents", "1.1"],
  sqs: ["AmazonSQS", "1.0"],
};

/** AWS answered a call with an error, or could not be reached. */
export class ServiceError extends Error {
  constructor(code, message, { status = 0, region } = {}) {
    super(`${code}: ${message}`);
    Object.assign(this, { name: "ServiceError", code, status, region });
  }

  /** Whether what was sent is to blame, so that a part of it may go through. */
  get isRejection() {
    return REJECTIONS.test(this.code);
  }

  get isPassing() {
    return this.status === 0 || this.status >= 500 || /Throttl|TooManyRequests|SlowDown|Exceeded/.test(this.code);
  }
}

/** A function `call(operation, parameters)` that answers with the operation's result. */
export function connect(service, region) {
  const protocols = { s3: objectRequest, sns: queryRequest };
  const protocol = protocols[service] ?? jsonRequest;
  let where = region || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || "us-east-1";
  return async function call(operation, parameters) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await exchange(service, where, protocol(service, where, operation, parameters));
      } catch (error) {
        const moved = error.region && error.region !== where;
        if (attempt === ATTEMPTS || !(error.isPassing || moved)) throw error;
        if (moved) where = error.region; // S3 names the bucket's own region
        else await pause(100 * 2 ** attempt * (0.5 + Math.random() / 2));
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
    read: (text) => (text ? JSON.parse(text) : {}),
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
      return { Failed: members.map(failure) };
    },
  };
}

// REST: S3, of which PutObject is all that is needed.
function objectRequest(service, region, operation, { Bucket, Key, Body, ContentType, IfNoneMatch }) {
  const base = endpoint(service, region);
  const own = process.env.AWS_ENDPOINT_URL_S3 || process.env.AWS_ENDPOINT_URL || Bucket.includes(".");
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

function endpoint(service, region) {
  const given = process.env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] || process.env.AWS_ENDPOINT_URL;
  if (given) return new URL(given);
  return new URL(`https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`);
}

async function exchange(service, region, request) {
  const headers = signed(service, region, request);
  let answer, text;
  try {
    const { url, method, body } = request;
    answer = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(PATIENCE), redirect: "manual" });
    text = await answer.text();
  } catch (error) {
    throw new ServiceError("Unreachable", `${request.url.host}: ${error.cause?.message ?? error.message}`);
  }
  if (answer.ok) return request.read(text);
  throw problem(answer, text);
}

function problem(answer, text) {
  const details = { status: answer.status, region: answer.headers.get("x-amz-bucket-region") ?? undefined };
  const [code] = elements(text, "Code");
  if (code) return new ServiceError(code, elements(text, "Message")[0] ?? "", details);
  let told = {};
  try {
    told = JSON.parse(text);
  } catch {
    // no JSON: the status says what there is to say
  }
  const type = answer.headers.get("x-amzn-errortype") || told.__type || told.code || `Http${answer.status}`;
  return new ServiceError(type.split("#").pop().split(":")[0], told.message ?? told.Message ?? "", details);
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
  delete all.host; // fetch's own
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

// Percent-encoded as Signature Version 4 wants it: all but letters, digits and - . _ ~
function encoded(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => "%" + one.charCodeAt(0).toString(16).toUpperCase());
}

// Parameters as AWS Query spells them: Entries.member.1.Id, MessageAttributes.entry.1.Name.
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

// The contents of every <name>…</name> in XML; elements of one name are never nested in these answers.
function elements(xml, name) {
  return [...xml.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, "g"))].map(([, content]) => content);
}

function failure(xml) {
  const one = (name) => elements(xml, name)[0] ?? "";
  return { Id: one("Id"), Code: one("Code"), Message: one("Message"), SenderFault: one("SenderFault") === "true" };
}
