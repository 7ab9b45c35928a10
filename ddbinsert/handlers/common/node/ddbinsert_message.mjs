// Messages from a template that contains the item's attributes.
//
// A template that is JSON results in valid JSON for every item: within a JSON string a value is escaped, elsewhere it
// is written as a JSON value.

import { Numeral, dumps, lookup, plain, tableOf, textOf, timeOf } from "./ddbinsert_item.mjs";
import { SettingsError, path, split } from "./ddbinsert_settings.mjs";

const PARTS = /(\{\{|\}\}|\{[^{}]*\}|[{}])/;
const ATTRIBUTE_NAME = /^(?!(?:aws|amazon)\.)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/i;
// SQS and SNS accept only XML 1.0's characters; SQS accepts at most ten attributes.
const UNSENDABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\p{Cs}]/gu;
const MOST_ATTRIBUTES = 10;
const LONGEST_SUBJECT = 99;

/**
 * The template in a variable; undefined if it is not set.
 *
 * `parts` are texts, and paths (arrays) of attributes; `isJson`: the whole template is JSON; `quoted`: for each part,
 * whether it begins within a JSON string.
 */
export function template(environ, name) {
  const text = environ[name] ?? "";
  if (!text) return undefined;
  const parts = text
    .split(PARTS)
    .filter(Boolean)
    .map((part) => {
      if (part === "{{" || part === "}}") return part[0];
      if (part === "{" || part === "}") {
        throw new SettingsError(name, `a '${part}' stands alone; write it twice for the brace itself`);
      }
      return part.startsWith("{") ? path(name, part.slice(1, -1)) : part;
    });
  const quoted = quotedParts(parts);
  return { parts, quoted, isJson: isJson(parts, quoted) };
}

/** The text for one record; a missing attribute is empty (outside a JSON string, null). */
export function filled({ parts, quoted, isJson }, record, privacy) {
  const attributes = attributesIn(record, privacy);
  const written = parts.map((part, index) => {
    if (typeof part === "string") return part;
    const found = lookup(attributes, part);
    if (!isJson) return textOf(found);
    if (quoted[index]) return dumps(textOf(found)).slice(1, -1);
    return found === undefined ? "null" : dumps(plain(found));
  });
  // SQS and SNS do not accept an empty message, so it becomes a blank.
  return written.join("").replace(UNSENDABLE, "\ufffd") || " ";
}

// For each part, whether it begins within a JSON string.
function quotedParts(parts) {
  let isQuoted = false;
  return parts.map((part) => {
    const before = isQuoted;
    for (const [one] of typeof part === "string" ? part.matchAll(/\\.|"/gs) : []) {
      if (one === '"') isQuoted = !isQuoted;
    }
    return before;
  });
}

// Whether the result is a JSON object or list, with texts or numbers for the attributes.
function isJson(parts, quoted) {
  const text = parts.map((part, index) => (typeof part === "string" ? part : quoted[index] ? "x" : "0")).join("");
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

/** The text as a subject that SNS accepts: ASCII, one line, fewer than 100 characters, no leading blank. */
export function subjectOf(text) {
  const line = text.replace(/[\t\r\n]+/g, " ").replace(/[^\x20-\x7e]+/g, "?").replace(/^ +| +$/g, "");
  return line.slice(0, LONGEST_SUBJECT) || "new item";
}

/** The message attributes by name, with the paths of their values. */
export function messageAttributes(environ, name) {
  const wanted = [];
  for (const text of split(environ[name] ?? "", ",").filter((one) => one.trim())) {
    const parts = split(text, "=");
    if (parts.length !== 2 || !ATTRIBUTE_NAME.test(parts[0].trim())) {
      throw new SettingsError(name, `'${text.trim()}' is not NAME=PATH, with a name of a-z A-Z 0-9 _ - .`);
    }
    wanted.push([parts[0].trim(), path(name, parts[1])]);
  }
  if (wanted.length > MOST_ATTRIBUTES) {
    throw new SettingsError(name, `${wanted.length} are more than the ${MOST_ATTRIBUTES} that a message takes`);
  }
  return wanted;
}

/** The message attributes of one record; attributes that are missing in the item are left out. */
export function attributesOf(record, wanted, privacy) {
  const attributes = attributesIn(record, privacy);
  const found = {};
  for (const [name, where] of wanted) {
    const attribute = lookup(attributes, where);
    const text = textOf(attribute).replace(UNSENDABLE, "\ufffd");
    if (!text) continue;
    found[name] = { DataType: plain(attribute) instanceof Numeral ? "Number" : "String", StringValue: text };
  }
  return found;
}

// The names for a template: the item's attributes, and the record's table, time and eventID.
function attributesIn(record, privacy) {
  const facts = {};
  const own = { table: tableOf(record), time: timeOf(record), eventID: record.eventID };
  for (const [name, value] of Object.entries(own)) if (value) facts[name] = { S: value };
  const item = { ...record.dynamodb.Keys, ...record.dynamodb.NewImage };
  return { ...facts, ...privacy.redact(item) };
}
