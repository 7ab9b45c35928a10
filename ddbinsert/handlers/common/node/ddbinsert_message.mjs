// Messages written from a template, with the item's attributes in it.

import { Numeral, lookup, plain, redact, tableOf, textOf, timeOf } from "./ddbinsert_item.mjs";
import { SettingsError, path, split } from "./ddbinsert_settings.mjs";

const PARTS = /(\{\{|\}\}|\{[^{}]*\}|[{}])/;
const ATTRIBUTE_NAME = /^(?!(?:aws|amazon)\.)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/i;
// SQS and SNS take no other characters (XML 1.0's), and no more than ten attributes with SQS.
const UNSENDABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\p{Cs}]/gu;
const MOST_ATTRIBUTES = 10;
const LONGEST_SUBJECT = 99;

/** A template, taken apart: texts, and paths (arrays) of attributes. Undefined where it isn't set. */
export function template(environ, name) {
  const text = environ[name] ?? "";
  if (!text) return undefined;
  return text
    .split(PARTS)
    .filter(Boolean)
    .map((part) => {
      if (part === "{{" || part === "}}") return part[0];
      if (part === "{" || part === "}") {
        throw new SettingsError(name, `a '${part}' stands alone; write it twice for the brace itself`);
      }
      return part.startsWith("{") ? path(name, part.slice(1, -1)) : part;
    });
}

/** The text for one record; what the item doesn't have is empty. */
export function filled(parts, record, redacted) {
  const attributes = attributesIn(record, redacted);
  const written = parts.map((part) => (typeof part === "string" ? part : textOf(lookup(attributes, part))));
  // A message must not be empty: a blank is the least that SQS and SNS take.
  return written.join("").replace(UNSENDABLE, "\ufffd") || " ";
}

/** What SNS takes as a subject: ASCII, one line, fewer than 100 characters, no blank in front. */
export function subjectOf(text) {
  const line = text.replace(/[\t\r\n]+/g, " ").replace(/[^\x20-\x7e]+/g, "?").replace(/^ +| +$/g, "");
  return line.slice(0, LONGEST_SUBJECT) || "new item";
}

/** Message attributes by name, with the paths that their values come from. */
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

/** The message attributes of one record; an attribute that the item doesn't have is left out. */
export function attributesOf(record, wanted, redacted) {
  const attributes = attributesIn(record, redacted);
  const found = {};
  for (const [name, where] of wanted) {
    const attribute = lookup(attributes, where);
    const text = textOf(attribute).replace(UNSENDABLE, "\ufffd");
    if (!text) continue;
    found[name] = { DataType: plain(attribute) instanceof Numeral ? "Number" : "String", StringValue: text };
  }
  return found;
}

// What a template may name: the item's attributes, and the record's own table, time and eventID.
function attributesIn(record, redacted) {
  const facts = {};
  const own = { table: tableOf(record), time: timeOf(record), eventID: record.eventID };
  for (const [name, value] of Object.entries(own)) if (value) facts[name] = { S: value };
  const item = { ...record.dynamodb.Keys, ...record.dynamodb.NewImage };
  return { ...facts, ...redact(item, redacted) };
}
