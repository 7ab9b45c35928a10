// Items: from DynamoDB JSON to plain JSON, by path, with parts masked.
//
//   {N: "1.10"}        1.10    DynamoDB's digits, unchanged (JSON does not limit the precision)
//   {B: "AQI="}        "AQI="  base64
//   {SS: …} {NS: …}    [ … ]
//   {NULL: true}       null
//   {M: …} {L: …}      their content, names sorted
//
// Plain maps are Maps, as an object would move integer-like names to the front.

import { byCodePoint } from "./ddbinsert_receipt.mjs";

// JSON's grammar for a number; a number that JSON cannot represent stays text.
const NUMERAL = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const LONGEST_INTEGER = 2n ** 63n;
const TYPES = new Set(["S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"]);
const INDEX = /^(0|[1-9][0-9]*)$/;

/** A number as its digits, which are written to JSON unchanged. */
export class Numeral {
  constructor(digits) {
    this.digits = digits;
  }

  toString() {
    return this.digits;
  }
}

/** The plain value of one attribute in DynamoDB JSON; throws if it is not DynamoDB JSON. */
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
 * JSON without blanks; characters that not every service accepts are escaped.
 *
 * `longIntegers: false` writes integers beyond 64 bits as text (EventBridge rejects them as numbers).
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
    else if (Array.isArray(found.L) && /^[0-9]{1,9}$/.test(part)) found = found.L[Number(part)];
    else return undefined;
    if (!isMap(found)) return undefined;
  }
  return found;
}

/**
 * A copy in which `mask` replaces the values at the path; `*` matches every name or element.
 *
 * If the path leads into a value without such parts (a text, a set, a list by name), the whole value is masked.
 */
export function masked(attributes, path, mask) {
  const entries = Object.entries(attributes).map(([name, one]) => [
    name,
    path[0] === name || path[0] === "*" ? maskedAt(one, path.slice(1), mask) : one,
  ]);
  return Object.fromEntries(entries);
}

/** An upper estimate of an item's size in DynamoDB: names, values, a few bytes for each part. */
export function itemSize(attributes) {
  return Object.entries(attributes).reduce((sum, [name, one]) => sum + Buffer.byteLength(name) + sizeOf(one), 0);
}

/** The nesting depth of maps and lists: 0 for a plain value. */
export function depthOf(attribute) {
  const [[kind, value]] = Object.entries(attribute);
  const inner = kind === "M" ? Object.values(value) : kind === "L" ? value : undefined;
  return inner === undefined ? 0 : 1 + inner.reduce((most, one) => Math.max(most, depthOf(one)), 0);
}

/** An attribute's value for use in a text: strings and numbers unchanged, other types as JSON. */
export function textOf(attribute) {
  if (attribute === undefined) return "";
  const value = plain(attribute);
  return typeof value === "string" || value instanceof Numeral ? String(value) : dumps(value);
}

/** The time of the change: 2024-11-01T12:00:00.000Z; null if the record does not say. */
export function timeOf(record) {
  const milliseconds = millisecondsOf(record);
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

/** Epoch milliseconds of the change; null if the record does not say. */
export function millisecondsOf(record) {
  const at = record.dynamodb?.ApproximateCreationDateTime;
  return typeof at === "number" && at > 0 && at < 2 ** 33 ? Math.floor(at * 1000 + 0.5) : null;
}

/** The table's name, from the stream's ARN. */
export function tableOf(record) {
  return /:table\/([^/]+)/.exec(String(record.eventSourceARN))?.[1] ?? "";
}

/** The table's ARN, from the stream's. */
export function tableArnOf(record) {
  return String(record.eventSourceARN ?? "").split("/stream/")[0];
}

export function isMap(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function number(text) {
  if (typeof text !== "string") throw new TypeError("not a number in DynamoDB JSON");
  return NUMERAL.test(text) ? new Numeral(text) : text;
}

function isLong(digits) {
  if (!/^-?\d+$/.test(digits)) return false;
  const value = BigInt(digits);
  return value < -LONGEST_INTEGER || value >= LONGEST_INTEGER;
}

// Also escaped: delete, JavaScript's line ends, characters that XML (and so SQS and SNS) does not allow.
function quoted(text) {
  return JSON.stringify(String(text)).replace(
    /[\x7f\u2028\u2029\ufffe\uffff]/g,
    (found) => "\\u" + found.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

function maskedAt(attribute, path, mask) {
  const entries = isMap(attribute) ? Object.entries(attribute) : [];
  if (!path.length || entries.length !== 1) return mask(attribute);
  const [[kind, value]] = entries;
  const [part, ...rest] = path;
  if (kind === "NULL") return attribute; // it has no content
  if (kind === "M" && isMap(value) && (Object.hasOwn(value, part) || !TYPES.has(part))) {
    return { M: masked(value, path, mask) };
  }
  if (kind === "L" && Array.isArray(value) && (part === "*" || INDEX.test(part))) {
    return { L: value.map((one, i) => (part === "*" || part === String(i) ? maskedAt(one, rest, mask) : one)) };
  }
  return mask(attribute);
}

function sizeOf(attribute) {
  const [[kind, value]] = Object.entries(attribute);
  switch (kind) {
    case "S":
      return Buffer.byteLength(value);
    case "B":
      return Math.floor((Buffer.byteLength(value) * 3) / 4);
    case "N":
      return Math.min(21, Math.floor(value.length / 2) + 2);
    case "M":
      return Object.entries(value).reduce((sum, [name, one]) => sum + 1 + Buffer.byteLength(name) + sizeOf(one), 3);
    case "L":
      return value.reduce((sum, one) => sum + 1 + sizeOf(one), 3);
    case "SS":
    case "NS":
    case "BS":
      return value.reduce((sum, one) => sum + 1 + sizeOf({ [kind[0]]: one }), 3);
    default:
      return 1;
  }
}
