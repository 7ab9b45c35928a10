// Calls to AWS: one function to call, one kind of error.
//
// Written on node:https and node:crypto, with AWS's Signature Version 4, rather than on the SDK: the SDK is
// not there outside of Lambda (a local run, the embedded emulator), a bundled one would be megabytes, and a
// handler that is tested with one client and runs with another is not tested. Not on fetch, which says that
// it is a browser (Sec-Fetch-Mode), and browsers are not let in everywhere.
//
// Endpoints: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, or the region's own. Credentials: the variables
// that Lambda sets, read at every call, as they change under a long-lived environment.

import { createHash, createHmac } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { setTimeout as pause } from "node:timers/promises";

const ATTEMPTS = 3;
const PATIENCE = 10_000; // milliseconds; a function lives for seconds

// A connection is kept for the next call, and the next invocation.
const CLIENTS = {
  "http:": { request: http.request, agent: new http.Agent({ keepAlive: true }) },
  "https:": { request: https.request, agent: new https.Agent({ keepAlive: true }) },
};

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
  let answer;
  try {
    answer = await sent(request, signed(service, region, request));
  } catch (error) {
    throw new ServiceError("Unreachable", `${request.url.host}: ${error.message}`);
  }
  if (answer.status >= 200 && answer.status < 300) return request.read(answer.text);
  throw problem(answer);
}

function sent({ url, method, body }, headers) {
  const { request, agent } = CLIENTS[url.protocol];
  return new Promise((done, fail) => {
    const length = { "content-length": body.length };
    const call = request(url, { method, agent, headers: { ...headers, ...length } }, async (answer) => {
      const parts = [];
      try {
        for await (const part of answer) parts.push(part);
      } catch (error) {
        return fail(error);
      }
      const text = Buffer.concat(parts).toString();
      return done({ status: answer.statusCode, headers: answer.headers, text });
    });
    call.on("error", fail);
    call.setTimeout(PATIENCE, () => call.destroy(new Error(`no answer within ${PATIENCE} ms`)));
    call.end(body);
  });
}

function problem({ status, headers, text }) {
  const details = { status, region: headers["x-amz-bucket-region"] };
  const [code] = elements(text, "Code");
  if (code) return new ServiceError(code, elements(text, "Message")[0] ?? "", details);
  let told = {};
  try {
    told = JSON.parse(text);
  } catch {
    // no JSON: the status says what there is to say
  }
  const type = headers["x-amzn-errortype"] || told.__type || told.code || `Http${status}`;
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
  delete all.host; // the client's own
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
