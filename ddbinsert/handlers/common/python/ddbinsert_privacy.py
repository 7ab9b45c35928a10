"""Hides parts of items: masked values, pseudonyms, and digests instead of keys.

    REDACT        comma-separated paths whose values become ``***``
    REDACT_HASH   paths whose values become a keyed pseudonym, which is equal for equal values
    REDACT_KEY    the secret of pseudonyms and digests, at least 16 characters; required for REDACT_HASH
    RECEIPT_KEYS  how receipts in the log show an item's key: ``full``, ``digest`` or ``none``

The values at these paths are hidden everywhere: in the data that is sent, in group ids and partition keys (always
digests), in receipts, and in the log, where AWS's error messages are left out because they may contain a value.
Without REDACT_KEY, anyone who can guess a value can confirm it by its digest.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ddbinsert_item import dumps, masked, plain, plain_map, table_arn_of
from ddbinsert_settings import SettingsError, choice, paths

if TYPE_CHECKING:
    from collections.abc import Mapping

    Attributes = dict[str, Any]

_MASK = {"S": "***"}
_SHORTEST_KEY = 16
# The text in the keys of test items of `ddbinsert verify` (ddbinsert/core/items/run_key.py), which is not private.
_TEST_TEXT = re.compile(r"ddbinsert:r([0-9a-f]{12}):[0-9]{9}")
_TEST_NUMBER = re.compile(r"9([0-9]{15})0[0-9]{9}")
_RUNS = 16**12
#: The attribute with which a test item proves that it is one; see ``Privacy.test_run_of``.
PROOF = "ddbinsert_proof"
#: The attribute that makes a test item of ``ddbinsert verify --failure-path`` fail; see ``Privacy.is_to_fail``.
FAILS = "ddbinsert_fails"


@dataclass(frozen=True)
class Privacy:
    """The settings above, and their application to items and keys.

    Attributes:
        redacted: The paths of REDACT.
        hashed: The paths of REDACT_HASH.
        secret: REDACT_KEY.
        receipt_keys: RECEIPT_KEYS.
        test_key: TEST_ITEMS_KEY.
    """

    redacted: list[tuple[str, ...]] = field(default_factory=list)
    hashed: list[tuple[str, ...]] = field(default_factory=list)
    secret: str = ""
    receipt_keys: str = "full"
    test_key: str = ""

    @property
    def is_active(self) -> bool:
        """Whether anything is hidden, so that texts that may contain a value are not logged."""
        return bool(self.redacted or self.hashed or self.receipt_keys != "full")

    def redact(self, attributes: Attributes | None) -> Attributes | None:
        """A copy of a key or an image in which hidden values are replaced."""
        if attributes is None:
            return None
        for path in self.hashed:
            attributes = masked(attributes, path, self._pseudonym)
        for path in self.redacted:
            attributes = masked(attributes, path, lambda _: _MASK)
        return attributes

    def item_digest(self, record: dict[str, Any]) -> str:
        """64 hexadecimal digits that represent the item: equal for equal keys, of any type and length."""
        keys = plain_map((record.get("dynamodb") or {}).get("Keys"))
        return self._digest(table_arn_of(record), dumps(keys))

    def receipt_key(self, record: dict[str, Any], keys: Attributes) -> Attributes | None:
        """A record's key in the form of its receipt."""
        redacted = self.redact(keys) or {}
        shown: Attributes = {}
        for name, value in keys.items():
            test = _test_part(value)
            if self.receipt_keys == "full" and redacted[name] == value:
                shown[name] = value
            elif test is not None:
                shown[name] = test
            elif self.receipt_keys != "none":
                shown[name] = {"digest": self._digest(table_arn_of(record), dumps([name, value]))[:32]}
        return shown or None

    def test_run_of(self, record: dict[str, Any]) -> str | None:
        """The id of the verify run that wrote the item; None if it is not a test item.

        With TEST_ITEMS_KEY set, the item must prove it with a code that only holders of that secret can create.
        """
        change = record.get("dynamodb") or {}
        keys = change.get("Keys") or {}
        run = next((run for value in keys.values() if (run := _run_of(value))), None)
        if run is None or not self.test_key:
            return run
        given = ((change.get("NewImage") or {}).get(PROOF) or {}).get("S")
        return run if hmac.compare_digest(str(given), proof_of(self.test_key, keys)) else None

    def is_to_fail(self, record: dict[str, Any], now: float) -> bool:
        """Whether the item is a test item that fails on purpose, which only holders of TEST_ITEMS_KEY can create.

        Its attribute contains the time until which it fails, in epoch seconds, and a code over that time and the key.
        After that time it is processed like any other item, so that it does not block the shard for longer.
        """
        change = record.get("dynamodb") or {}
        given = ((change.get("NewImage") or {}).get(FAILS) or {}).get("S")
        if not self.test_key or not isinstance(given, str):
            return False
        until = given.partition(":")[0]
        if not re.fullmatch(r"[0-9]{1,12}", until) or now >= int(until):
            return False
        wanted = failure_of(self.test_key, change.get("Keys") or {}, int(until))
        return hmac.compare_digest(given.encode(), wanted.encode())

    def _pseudonym(self, attribute: Attributes) -> Attributes:
        return {"S": f"hash:{self._digest('', _canonical(attribute))[:32]}"}

    def _digest(self, salt: str, text: str) -> str:
        key = (self.secret or f"ddbinsert {salt}").encode()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def proof_of(secret: str, keys: Attributes) -> str:
    """The code that proves a test item, computed from the secret and its key."""
    text = "ddbinsert test item " + dumps({name: keys[name] for name in sorted(keys)})
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def failure_of(secret: str, keys: Attributes, until: int) -> str:
    """The attribute's value for a test item that fails until a time in epoch seconds."""
    text = f"ddbinsert failing item {until} " + dumps({name: keys[name] for name in sorted(keys)})
    return f"{until}:{hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}"


def privacy_of(environ: Mapping[str, str]) -> Privacy:
    """The settings in these variables.

    Raises:
        SettingsError: A setting is not valid.
    """
    secret = environ.get("REDACT_KEY", "")
    hashed = paths(environ, "REDACT_HASH")
    if secret and len(secret) < _SHORTEST_KEY:
        raise SettingsError("REDACT_KEY", f"has fewer than {_SHORTEST_KEY} characters")
    if hashed and not secret:
        raise SettingsError("REDACT_HASH", "needs REDACT_KEY, the secret that the pseudonyms are made with")
    return Privacy(
        redacted=paths(environ, "REDACT"),
        hashed=hashed,
        secret=secret,
        receipt_keys=choice(environ, "RECEIPT_KEYS", ("full", "digest", "none")),
        test_key=environ.get("TEST_ITEMS_KEY", ""),
    )


def _canonical(attribute: Any) -> str:
    """The value as a canonical text, with sorted elements of sets."""
    value = plain(attribute)
    ((kind, _),) = attribute.items()
    return "[" + ",".join(sorted(map(dumps, value))) + "]" if kind in ("SS", "NS", "BS") else dumps(value)


def _run_of(value: Any) -> str | None:
    part = _test_part(value)
    if part is None:
        return None
    ((kind, text),) = part.items()
    if kind == "N":
        return f"{int(text[1:16]):012x}"
    found = _TEST_TEXT.search(base64.b64decode(text).decode("latin-1") if kind == "B" else text)
    return found[1] if found else None


def _test_part(value: Any) -> Attributes | None:
    """The part of a key attribute that a verify run wrote, in DynamoDB JSON; None if it wrote none."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((kind, text),) = value.items()
    if not isinstance(text, str):
        return None
    if kind == "S":
        found = _TEST_TEXT.search(text)
        return {"S": found[0]} if found else None
    if kind == "N":
        found = _TEST_NUMBER.fullmatch(text)
        return {"N": text} if found and int(found[1]) < _RUNS else None
    if kind != "B":
        return None
    try:
        found = _TEST_TEXT.search(base64.b64decode(text).decode("latin-1"))
    except ValueError:
        return None
    return {"B": base64.b64encode(found[0].encode()).decode()} if found else None
