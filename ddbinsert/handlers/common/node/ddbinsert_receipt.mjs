// The log line that a handler leaves for every record that it is given: the writer of
// ddbinsert/core/receipt.py once more. A test holds both to the same bytes.

export const MARK = "DDBINSERT ";
export const PROCESSED = "processed";
export const GUARDED = "guarded";
export const FAILED = "failed";

/** The receipt for one stream record as Lambda hands it over. */
export function line(record, decision, requestId = "", { again = false } = {}) {
  const change = isObject(record.dynamodb) ? record.dynamodb : {};
  const fields = [
    ["v", "1"],
    ["decision", quoted(decision)],
    ["eventID", text(record.eventID)],
    ["eventName", text(record.eventName)],
    ["seq", text(change.SequenceNumber)],
    ["keys", keys(change.Keys)],
    ["at", moment(change.ApproximateCreationDateTime)],
    ["request", quoted(requestId)],
  ];
  if (again) fields.push(["again", "true"]);
  return MARK + object(fields);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// JSON in ASCII, escaped as Python escapes it.
function quoted(value) {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

// Written by hand because a JavaScript object moves integer-like names to the front.
function object(fields) {
  return "{" + fields.map(([name, json]) => quoted(name) + ":" + json).join(",") + "}";
}

function text(value) {
  return typeof value === "string" ? quoted(value) : "null";
}

function keys(value) {
  if (!isObject(value)) return "null";
  const names = Object.keys(value).sort(byCodePoint);
  return object(names.map((name) => [name, key(value[name])]));
}

// One key attribute, {type letter: text}.
function key(value) {
  const entries = isObject(value) ? Object.entries(value) : [];
  if (entries.length !== 1) return "null";
  const [letter, content] = entries[0];
  return typeof content === "string" ? object([[letter, quoted(content)]]) : "null";
}

// Python's order; JavaScript's own sorts by UTF-16 unit, which differs beyond the basic plane.
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
