// A handler's settings: environment variables, which are checked when the function starts.
//
// An invalid setting stops the function at its start, with an error that names the variable. Otherwise the function
// would run and send nothing, or send data that it must not send.

// The form of an ARN's resource. Records cannot be sent to anything else (a table's index or stream, an access point,
// a subscription, a wildcard).
const SHAPES = {
  dynamodb: /^table\/[A-Za-z0-9_.-]+$/,
  logs: /^log-group:[A-Za-z0-9_./#-]+$/,
  s3: /^[a-z0-9][a-z0-9._-]+(\/[^*?$]*)?$/,
  firehose: /^deliverystream\/[A-Za-z0-9_.-]+$/,
  kinesis: /^stream\/[A-Za-z0-9_.-]+$/,
  events: /^event-bus\/[A-Za-z0-9_./-]+$/,
  sqs: /^[A-Za-z0-9_-]+(\.fifo)?$/,
  sns: /^[A-Za-z0-9_-]+(\.fifo)?$/,
};
const EXAMPLES = {
  dynamodb: "a table (table/NAME)",
  logs: "a log group (log-group:NAME)",
  s3: "a bucket (arn:aws:s3:::BUCKET or arn:aws:s3:::BUCKET/PREFIX)",
  firehose: "a Firehose stream (deliverystream/NAME)",
  kinesis: "a data stream (stream/NAME)",
  events: "an event bus (event-bus/NAME)",
  sqs: "a queue",
  sns: "a topic",
};
// Characters that need a backslash in a path's attribute names: other path languages (JSONPath, JMESPath, JSON Pointer)
// use them as separators, indexes and quotes.
const UNCLEAR =
  /[\x00-\x20!"$%&'()*+,./:;<=>?\[\]^`{|}~\\\x7f-\xa0\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/;
const ESCAPE = /\\(.)/gsu;

export class SettingsError extends Error {
  constructor(name, problem) {
    super(`environment variable ${name}: ${problem}`);
    this.name = "SettingsError";
  }
}

/** The parts of an Amazon Resource Name. */
export class Arn {
  constructor(text, service, region, account, resource) {
    Object.assign(this, { text, service, region, account, resource });
  }

  /** The resource's name: the table, queue, topic, stream, bus or log group. */
  get name() {
    return this.resource.replace(/^(table|stream|deliverystream|event-bus|log-group)[/:]/, "");
  }

  get isFifo() {
    return (this.service === "sqs" || this.service === "sns") && this.resource.endsWith(".fifo");
  }
}

/** A variable without surrounding blanks; empty if it is not set. */
export function text(environ, name) {
  return (environ[name] ?? "").trim();
}

/** The ARN in a variable, or undefined if it is not set. Throws if it is not of a resource to send to. */
export function arn(environ, name, services) {
  const value = text(environ, name);
  if (!value) return undefined;
  const bare = value.endsWith(":*") ? value.slice(0, -2) : value;
  const [start, , service, region, account, ...rest] = bare.split(":");
  const resource = rest.join(":");
  if (start !== "arn" || !resource) {
    throw new SettingsError(name, `'${value}' is not an ARN (arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE)`);
  }
  if (!services.includes(service)) {
    throw new SettingsError(name, `is of service '${service}'; it must be one of ${services.join(", ")}`);
  }
  const hasPlace = Boolean(region || account);
  if (!SHAPES[service].test(resource) || hasPlace !== (service !== "s3")) {
    throw new SettingsError(name, `'${value}' does not name ${EXAMPLES[service]}`);
  }
  return new Arn(bare, service, region, account, resource);
}

/** The same as `arn`, for a variable that must be set. */
export function requiredArn(environ, name, services) {
  const found = arn(environ, name, services);
  if (found === undefined) {
    throw new SettingsError(name, `is not set; it must be the ARN of one of ${services.join(", ")}`);
  }
  return found;
}

/** One of `choices`, the first of which is the default; not case-sensitive. */
export function choice(environ, name, choices) {
  const value = text(environ, name).toLowerCase() || choices[0];
  if (!choices.includes(value)) {
    throw new SettingsError(name, `'${value}' is not one of ${choices.join(", ")}`);
  }
  return value;
}

/** `true` or `false`; throws if it is neither. */
export function flag(environ, name, { byDefault }) {
  return choice(environ, name, byDefault ? ["true", "false"] : ["false", "true"]) === "true";
}

/** A whole number from 1 to `most`; 0 if it is not set. */
export function number(environ, name, most) {
  const value = text(environ, name);
  if (!value) return 0;
  if (!/^[0-9]{1,9}$/.test(value) || Number(value) < 1 || Number(value) > most) {
    throw new SettingsError(name, `'${value}' is not a whole number from 1 to ${most}`);
  }
  return Number(value);
}

/** Comma-separated attribute paths, each of them strict; see `path`. */
export function paths(environ, name) {
  const value = environ[name] ?? "";
  const found = split(value, ",")
    .filter(stripped)
    .map((one) => path(name, one, { strict: true }));
  if (stripped(value) && !found.length) throw new SettingsError(name, `'${stripped(value)}' names no attribute`);
  return found;
}

/**
 * An attribute path: `customer.emails.0`; a character after a backslash has no special meaning.
 *
 * `strict`: letters, digits, _, -, # and @ are literal, * matches every name or element; any other ASCII character
 * needs a backslash. So a path in another notation is rejected, not misinterpreted.
 */
export function path(name, value, { strict = false } = {}) {
  const parts = split(stripped(value), ".");
  for (const part of parts) {
    const isClear = part === "*" || !UNCLEAR.test(part.replace(ESCAPE, ""));
    if (!part || (strict && !isClear)) {
      throw new SettingsError(
        name,
        `'${stripped(value)}' is not an attribute path such as customer.email or lines.*.sku ` +
          "(a special character in a name is written with a backslash)",
      );
    }
  }
  return parts.map((part) => part.replace(ESCAPE, "$1"));
}

/** Split at each separator without a backslash before it; the backslashes are kept. */
export function split(value, separator) {
  const parts = [""];
  for (const [found] of value.matchAll(/\\.|./gsu)) {
    if (found === separator) parts.push("");
    else parts[parts.length - 1] += found;
  }
  return parts;
}

// Without surrounding ASCII blanks; an attribute's name may begin with any other blank.
function stripped(value) {
  return value.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
}
