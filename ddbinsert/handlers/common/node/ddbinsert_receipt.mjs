// The log line that a handler writes for every received record, equal to that of ddbinsert/core/receipt.py; a test
// compares the bytes.

export const MARK = "DDBINSERT ";
export const PROCESSED = "processed";
export const GUARDED = "guarded";
export const FAILED = "failed";

/**
 * The receipt for one stream record as Lambda passes it.
 *
 * `function` is the ARN by which the function was invoked; left out if it is empty. `keys` converts the record's key to
 * the form of the receipt; by default the key is not converted.
 */
export function line(record, decision, requestId = "", { again = false, function: arn = "", keys } = {}) {
  const change = isObject(record.dynamodb) ? record.dynamodb : {};
  let shown = keysOf(change.Keys);
  if (shown !== null && keys) shown = keys(shown);
  const fields = [
    ["v", "1"],
    ["decision", quoted(decision)],
    ["eventID", text(record.eventID)],
    ["eventName", text(record.eventName)],
    ["seq", text(change.SequenceNumber)],
    ["keys", shown === null ? "null" : object([...shown].map(([name, value]) => [name, key(value)]))],
    ["at", moment(change.ApproximateCreationDateTime)],
    ["request", quoted(requestId)],
  ];
  if (arn) fields.push(["function", quoted(arn)]);
  if (again) fields.push(["again", "true"]);
  return MARK + object(fields);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// JSON in ASCII, with Python's escapes.
function quoted(value) {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

// Not JSON.stringify: a JavaScript object moves integer-like names to the front.
function object(fields) {
  return "{" + fields.map(([name, json]) => quoted(name) + ":" + json).join(",") + "}";
}

function text(value) {
  return typeof value === "string" ? quoted(value) : "null";
}

/** A key in the form of receipts: a Map with sorted names; null if it is not a key. */
export function keysOf(value) {
  if (!isObject(value)) return null;
  const names = Object.keys(value).sort(byCodePoint);
  return new Map(names.map((name) => [name, value[name]]));
}

// One key attribute, {type letter: text}.
function key(value) {
  const entries = isObject(value) ? Object.entries(value) : [];
  if (entries.length !== 1) return "null";
  const [letter, content] = entries[0];
  return typeof content === "string" ? object([[letter, quoted(content)]]) : "null";
}

// Python's order; JavaScript sorts by UTF-16 unit, which differs beyond the basic plane.
export function byCodePoint(left, right) {
  const a = Array.from(left, (character) => character.codePointAt(0));
  const b = Array.from(right, (character) => character.codePointAt(0));
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    if (a[i] !== b[i]) return a[i] - b[i];
  }
  return a.length - b.length;
}

function moment(at) {
  return typeof at === "number" && at >= 1 && at < 2 ** 53 ? String(at) : "null";
}
