// Items: from DynamoDB JSON to plain JSON, by path, with parts redacted.
//
//   {N: "1.10"}        1.10    the digits as DynamoDB has them: JSON's numbers know no precision
//   {B: "AQI="}        "AQI="  base64
//   {SS: …} {NS: …}    [ … ]
//   {NULL: true}       null
//   {M: …} {L: …}      their content, names sorted
//
// Plain maps are Maps, as an object would move names that look like integers to the front.

import { createHash } from "node:crypto";
import { byCodePoint } from "./ddbinsert_receipt.mjs";

export const REDACTED = { S: "***" };

// JSON's grammar for a number; a text that JSON could not carry as a number stays text.
const NUMERAL = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const LONGEST_INTEGER = 2n ** 63n;

/** A number by its digits; written into JSON as it stands. */
export class Numeral {
  constructor(digits) {
    this.digits = digits;
  }

  toString() {
    return this.digits;
  }
}

/** The plain value of one attribute in DynamoDB JSON; throws where it is none. */
export function plain(attribute) {
  const entries = isMap(attribute) ? Object.entries(attribute) : [];
  if (entries.length !== 1) throw new TypeError("not an attribute in DynamoDB JSON");
  const [kind, value] = entries[0];
  switch (kind) {
    case "S":
    case "B":
    case "BOOL":
      return value;
    case "N":
      return number(value);
    case "NULL":
      return null;
    case "M":
      return plainMap(value);
    case "L":
      return value.map(plain);
    case "SS":
    case "BS":
      return [...value];
    case "NS":
      return value.map(number);
    default:
      throw new TypeError(`unknown attribute type '${kind}'`);
  }
}

/** The plain value of an image or a key; null for none. */
export function plainMap(attributes) {
  if (attributes === undefined || attributes === null) return null;
  return new Map(
    Object.keys(attributes)
      .sort(byCodePoint)
      .map((name) => [name, plain(attributes[name])]),
  );
}

/**
 * JSON, without blanks, in UTF-8 where that is safe to send anywhere.
 *
 * `longIntegers: false` writes integers beyond 64 bits as text (EventBridge refuses them as numbers).
 */
export function dumps(value, { longIntegers = true } = {}) {
  const inner = (one) => dumps(one, { longIntegers });
  if (value instanceof Numeral) return !longIntegers && isLong(value.digits) ? quoted(value.digits) : value.digits;
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return "[" + value.map(inner).join(",") + "]";
  if (value instanceof Map || isMap(value)) {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    return "{" + entries.map(([name, one]) => quoted(name) + ":" + inner(one)).join(",") + "}";
  }
  return JSON.stringify(value ?? null);
}

/** The attribute at a path through maps and lists, or undefined. */
export function lookup(attributes, path) {
  let found = { M: attributes ?? {} };
  for (const part of path) {
    if (isMap(found.M)) found = Object.hasOwn(found.M, part) ? found.M[part] : undefined;
    else if (Array.isArray(found.L) && /^\d+$/.test(part)) found = found.L[Number(part)];
    else return undefined;
    if (!isMap(found)) return undefined;
  }
  return found;
}

/** A copy with what the paths name replaced by ***; `*` stands for every name or element. */
export function redact(attributes, paths) {
  if (attributes === undefined || attributes === null || !paths.length) return attributes;
  return paths.reduce(without, { M: attributes }).M;
}

/** An attribute's value in running text: strings and numbers as they are, anything else as JSON. */
export function textOf(attribute) {
  if (attribute === undefined) return "";
  const value = plain(attribute);
  return typeof value === "string" || value instanceof Numeral ? String(value) : dumps(value);
}

/** When the change was made: 2024-11-01T12:00:00.000Z; null where the record doesn't tell. */
export function timeOf(record) {
  const milliseconds = millisecondsOf(record);
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

export function millisecondsOf(record) {
  const at = record.dynamodb?.ApproximateCreationDateTime;
  return typeof at === "number" && at > 0 && at < 2 ** 33 ? Math.floor(at * 1000 + 0.5) : null;
}

/** The table's name, from the stream's ARN. */
export function tableOf(record) {
  return /:table\/([^/]+)/.exec(String(record.eventSourceARN))?.[1] ?? "";
}

/** 64 hexadecimal digits that stand for the item: equal for the same key, of any type and length. */
export function digestOf(record) {
  const keys = plainMap(record.dynamodb?.Keys);
  return createHash("sha256").update(tableOf(record) + dumps(keys)).digest("hex");
}

export function isMap(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function number(text) {
  return NUMERAL.test(text) ? new Numeral(text) : text;
}

function isLong(digits) {
  if (!/^-?\d+$/.test(digits)) return false;
  const value = BigInt(digits);
  return value < -LONGEST_INTEGER || value >= LONGEST_INTEGER;
}

// Also escaped: delete, JavaScript's line ends, what XML (so SQS and SNS) knows no character for.
function quoted(text) {
  return JSON.stringify(String(text)).replace(
    /[\x7f\u2028\u2029\ufffe\uffff]/g,
    (found) => "\\u" + found.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

function without(attribute, path) {
  if (!path.length) return REDACTED;
  const [part, ...rest] = path;
  if (isMap(attribute?.M)) {
    const entries = Object.entries(attribute.M).map(([name, one]) => [
      name,
      part === name || part === "*" ? without(one, rest) : one,
    ]);
    return { M: Object.fromEntries(entries) };
  }
  if (Array.isArray(attribute?.L)) {
    return { L: attribute.L.map((one, i) => (part === String(i) || part === "*" ? without(one, rest) : one)) };
  }
  return attribute;
}
