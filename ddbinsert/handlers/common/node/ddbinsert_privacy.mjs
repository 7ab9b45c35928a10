// Hides parts of items: masked values, pseudonyms, and digests instead of keys.
//
//   REDACT        comma-separated paths whose values become ***
//   REDACT_HASH   paths whose values become a keyed pseudonym, which is equal for equal values
//   REDACT_KEY    the secret of pseudonyms and digests, at least 16 characters; required for REDACT_HASH
//   RECEIPT_KEYS  how receipts in the log show an item's key: full, digest or none
//
// The values at these paths are hidden everywhere: in the data that is sent, in group ids and partition keys (always
// digests), in receipts, and in the log, where AWS's error messages are left out because they may contain a value.
// Without REDACT_KEY, anyone who can guess a value can confirm it by its digest.

import { createHmac, timingSafeEqual } from "node:crypto";
import { dumps, isMap, masked, plain, plainMap, tableArnOf } from "./ddbinsert_item.mjs";
import { byCodePoint } from "./ddbinsert_receipt.mjs";
import { SettingsError, choice, paths } from "./ddbinsert_settings.mjs";

const MASK = { S: "***" };
const SHORTEST_KEY = 16;
// The text in the keys of test items of `ddbinsert verify` (ddbinsert/core/items/run_key.py), which is not private.
const TEST_TEXT = /ddbinsert:r([0-9a-f]{12}):[0-9]{9}/;
const TEST_NUMBER = /^9([0-9]{15})0[0-9]{9}$/;
const RUNS = 16 ** 12;
/** The attribute with which a test item proves that it is one; see `testRunOf`. */
export const PROOF = "ddbinsert_proof";
/** The attribute that makes a test item of `ddbinsert verify --failure-path` fail; see `isToFail`. */
export const FAILS = "ddbinsert_fails";

/** The settings above, and their application to items and keys. */
export class Privacy {
  constructor({ redacted = [], hashed = [], secret = "", receiptKeys = "full", testKey = "" } = {}) {
    Object.assign(this, { redacted, hashed, secret, receiptKeys, testKey });
  }

  /** Whether anything is hidden, so that texts that may contain a value are not logged. */
  get isActive() {
    return this.redacted.length > 0 || this.hashed.length > 0 || this.receiptKeys !== "full";
  }

  /** A copy of a key or an image in which hidden values are replaced. */
  redact(attributes) {
    if (attributes === undefined || attributes === null) return attributes;
    const hidden = this.hashed.reduce((all, path) => masked(all, path, (one) => this.#pseudonym(one)), attributes);
    return this.redacted.reduce((all, path) => masked(all, path, () => MASK), hidden);
  }

  /** 64 hexadecimal digits that represent the item: equal for equal keys, of any type and length. */
  itemDigest(record) {
    return this.#digest(tableArnOf(record), dumps(plainMap(record.dynamodb?.Keys)));
  }

  /** A record's key (a Map) in the form of its receipt. */
  receiptKey(record, keys) {
    const redacted = this.redact(Object.fromEntries(keys));
    const shown = new Map();
    for (const [name, value] of keys) {
      const test = testPart(value);
      if (this.receiptKeys === "full" && JSON.stringify(redacted[name]) === JSON.stringify(value)) {
        shown.set(name, value);
      } else if (test !== undefined) {
        shown.set(name, test);
      } else if (this.receiptKeys !== "none") {
        const digest = this.#digest(tableArnOf(record), dumps([name, value])).slice(0, 32);
        shown.set(name, { digest });
      }
    }
    return shown.size ? shown : null;
  }

  /**
   * The id of the verify run that wrote the item; undefined if it is not a test item.
   *
   * With TEST_ITEMS_KEY set, the item must prove it with a code that only holders of that secret can create.
   */
  testRunOf(record) {
    const keys = record.dynamodb?.Keys ?? {};
    const run = Object.values(keys).map(runOf).find(Boolean);
    if (run === undefined || !this.testKey) return run;
    return isSame(String(record.dynamodb?.NewImage?.[PROOF]?.S), proofOf(this.testKey, keys)) ? run : undefined;
  }

  /**
   * Whether the item is a test item that fails on purpose, which only holders of TEST_ITEMS_KEY can create.
   *
   * Its attribute contains the time until which it fails, in epoch seconds, and a code over that time and the key.
   * After that time it is processed like any other item, so that it does not block the shard for longer.
   */
  isToFail(record, now) {
    const given = record.dynamodb?.NewImage?.[FAILS]?.S;
    if (!this.testKey || typeof given !== "string") return false;
    const until = given.split(":", 1)[0];
    if (!/^[0-9]{1,12}$/.test(until) || now >= Number(until)) return false;
    return isSame(given, failureOf(this.testKey, record.dynamodb?.Keys ?? {}, Number(until)));
  }

  #pseudonym(attribute) {
    return { S: `hash:${this.#digest("", canonical(attribute)).slice(0, 32)}` };
  }

  #digest(salt, text) {
    return hmac(this.secret || `ddbinsert ${salt}`, text);
  }
}

/** The code that proves a test item, computed from the secret and its key. */
export function proofOf(secret, keys) {
  const sorted = Object.keys(keys).sort(byCodePoint);
  return hmac(secret, "ddbinsert test item " + dumps(new Map(sorted.map((name) => [name, keys[name]]))));
}

/** The attribute's value for a test item that fails until a time in epoch seconds. */
export function failureOf(secret, keys, until) {
  const sorted = Object.keys(keys).sort(byCodePoint);
  const text = `ddbinsert failing item ${until} ` + dumps(new Map(sorted.map((name) => [name, keys[name]])));
  return `${until}:${hmac(secret, text)}`;
}

/** The settings in these variables. */
export function privacyOf(environ) {
  const secret = environ.REDACT_KEY ?? "";
  const hashed = paths(environ, "REDACT_HASH");
  if (secret && [...secret].length < SHORTEST_KEY) {
    throw new SettingsError("REDACT_KEY", `has fewer than ${SHORTEST_KEY} characters`);
  }
  if (hashed.length && !secret) {
    throw new SettingsError("REDACT_HASH", "needs REDACT_KEY, the secret that the pseudonyms are made with");
  }
  return new Privacy({
    redacted: paths(environ, "REDACT"),
    hashed,
    secret,
    receiptKeys: choice(environ, "RECEIPT_KEYS", ["full", "digest", "none"]),
    testKey: environ.TEST_ITEMS_KEY ?? "",
  });
}

function isSame(given, wanted) {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function hmac(key, text) {
  return createHmac("sha256", key).update(text).digest("hex");
}

// The value as a canonical text, with sorted elements of sets.
function canonical(attribute) {
  const value = plain(attribute);
  const [kind] = Object.keys(attribute);
  const isSet = kind === "SS" || kind === "NS" || kind === "BS";
  return isSet ? `[${value.map((one) => dumps(one)).sort(byCodePoint).join(",")}]` : dumps(value);
}

function runOf(value) {
  const part = testPart(value);
  if (part === undefined) return undefined;
  if (part.N) return Number(part.N.slice(1, 16)).toString(16).padStart(12, "0");
  return TEST_TEXT.exec(part.B ? Buffer.from(part.B, "base64").toString("latin1") : part.S)?.[1];
}

// The part of a key attribute that a verify run wrote, in DynamoDB JSON; undefined if it wrote none.
function testPart(value) {
  const entries = isMap(value) ? Object.entries(value) : [];
  if (entries.length !== 1 || typeof entries[0][1] !== "string") return undefined;
  const [[kind, text]] = entries;
  if (kind === "N") {
    const found = TEST_NUMBER.exec(text);
    return found && Number(found[1]) < RUNS ? { N: text } : undefined;
  }
  if (kind === "S") {
    const found = TEST_TEXT.exec(text);
    return found ? { S: found[0] } : undefined;
  }
  if (kind !== "B") return undefined;
  const found = TEST_TEXT.exec(Buffer.from(text, "base64").toString("latin1"));
  return found ? { B: Buffer.from(found[0]).toString("base64") } : undefined;
}
