"""The code that proves to a handler that ddbinsert wrote a test item.

With ``TEST_ITEMS_KEY`` (a secret) among the function's environment variables, a handler skips
(``TEST_ITEMS=skip``) or marks only items that carry this code; see
``handlers/common/python/ddbinsert_privacy.py``, whose ``proof_of`` this mirrors. Without the secret nobody
can create an item that is skipped, and a code is valid for one key only. In the same way an item requests
that a template fails on it, until a time that the code also covers (``verify --failure-path``).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.attributes import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The attribute that holds the code (S).
ATTRIBUTE: Final = "ddbinsert_proof"
#: The attribute of an item that the handler must fail on (S).
FAILS: Final = "ddbinsert_fails"

_ESCAPED = re.compile("[\x7f\u2028\u2029\ufffe\uffff\ud800-\udfff]")


def proof_of(secret: str, key: Mapping[str, Any]) -> str:
    """The code for an item with this key: 64 hexadecimal digits.

    Args:
        key: In DynamoDB JSON, B as bytes or base64.
    """
    return _code(secret, f"ddbinsert test item {_text(key)}")


def failure_of(secret: str, key: Mapping[str, Any], until: int) -> str:
    """The value of the attribute ``FAILS`` for an item with this key.

    Args:
        key: In DynamoDB JSON, B as bytes or base64.
        until: Epoch seconds; from then on the handler no longer fails on it.
    """
    return f"{until}:{_code(secret, f'ddbinsert failing item {until} {_text(key)}')}"


def _code(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _text(key: Mapping[str, Any]) -> str:
    return "{" + ",".join(f"{_quoted(name)}:{_value(as_json(key[name]))}" for name in sorted(key)) + "}"


def _value(attribute: Mapping[str, Any]) -> str:
    ((letter, content),) = attribute.items()
    return f"{{{_quoted(letter)}:{_quoted(content)}}}"


def _quoted(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
