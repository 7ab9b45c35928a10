"""The keys of test items: every key attribute contains the run's id and the item's number.

The key is the only part of the item that a stream record has under all four view types. So it identifies a test
write everywhere: in the stream, in a receipt, in any line that a function logs.

    S   ddbinsert:r0123456789ab:000000042
    N   9 015-digit run id, 10-digit number: 90012509998964910000000042 (26 of the 38 digits that N keeps)
    B   the bytes of S's text. The run's part has a multiple of three, so base64 shows it as one fixed text.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from ddbinsert.core.model.record import KeyType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model.record import KeySchema

#: The exclusive upper bound of item numbers.
NUMBERS = 10**9

#: How the text keys of test items begin, and the attribute that all of them have.
TEST_KEYS, TEST_ATTRIBUTE = "ddbinsert:", "ddbinsert_probe"

_RUN_ID = re.compile(r"[0-9a-f]{12}")
_TEXT = re.compile(r"ddbinsert:r([0-9a-f]{12}):([0-9]{9})")
_NUMERAL = re.compile(r"9([0-9]{15})([0-9]{10})")
_BASE64 = re.compile(rf"{base64.b64encode(b'ddbinsert').decode()}[A-Za-z0-9+/]{{32}}")
_ANY = re.compile(rf"{_TEXT.pattern}|(?<![0-9]){_NUMERAL.pattern}(?![0-9])|{_BASE64.pattern}")


def key_of(schema: KeySchema, run_id: str, number: int) -> dict[str, dict[str, Any]]:
    """The key of test item ``number``, in DynamoDB JSON in boto3's form (B as bytes).

    Args:
        run_id: 12 lower-case hexadecimal digits.
        number: 0 to ``NUMBERS`` - 1.
    """
    return {a.name: {a.type.value: _value(a.type, run_id, number)} for a in schema.attributes}


def _value(kind: KeyType, run_id: str, number: int) -> str | bytes:
    match kind:
        case KeyType.S:
            return f"{_text_needle(run_id)}{number:09d}"
        case KeyType.N:
            return f"{_numeral_needle(run_id)}{number:010d}"
        case KeyType.B:
            return f"{_text_needle(run_id)}{number:09d}".encode()


def needles(schema: KeySchema, run_id: str) -> tuple[str, ...]:
    """Texts of which at least one is in every log line that shows a key of this run."""
    if not _RUN_ID.fullmatch(run_id):
        raise ValueError(f"a run id is 12 hexadecimal digits, not {run_id!r}")
    found = []
    for attribute in schema.attributes:
        match attribute.type:
            case KeyType.S:
                found.append(_text_needle(run_id))
            case KeyType.N:
                found.append(_numeral_needle(run_id))
            case KeyType.B:
                # As base64, and as text in case a handler decodes it.
                found += [base64.b64encode(_text_needle(run_id).encode()).decode(), _text_needle(run_id)]
    return tuple(dict.fromkeys(found))


def needles_of_first(schema: KeySchema, run_id: str) -> tuple[str, ...]:
    """Like ``needles``, for the items 0 to 9 alone; not for binary keys, whose base64 has no such text."""
    found = []
    for attribute in schema.attributes:
        if attribute.type is KeyType.S:
            found.append(f"{_text_needle(run_id)}{0:08d}")
        elif attribute.type is KeyType.N:
            found.append(f"{_numeral_needle(run_id)}{0:09d}")
    return tuple(dict.fromkeys(found))


def _text_needle(run_id: str) -> str:
    return f"ddbinsert:r{run_id}:"


def _numeral_needle(run_id: str) -> str:
    return f"9{int(run_id, 16):015d}"


def number_in(keys: Mapping[str, Any] | None, run_id: str) -> int | None:
    """The number of the test item with this key (DynamoDB JSON; B as bytes or base64); None for any other key."""
    for value in (keys or {}).values():
        for content in value.values() if isinstance(value, dict) else ():
            text = content.decode("latin-1") if isinstance(content, bytes) else str(content)
            for match in _ANY.finditer(text):
                number = _item_of(match, run_id)
                if number is not None:
                    return number
    return None


def _item_of(match: re.Match[str], run_id: str) -> int | None:
    """The item number of a test key in a text; None if it is of another run."""
    run, number, numeral_run, numeral, *_ = match.groups()
    if run is not None:
        return int(number) if run == run_id else None
    if numeral_run is not None:
        return int(numeral) if f"{int(numeral_run):012x}" == run_id else None
    decoded = _TEXT.fullmatch(base64.b64decode(match.group()).decode("latin-1"))
    return int(decoded[2]) if decoded is not None and decoded[1] == run_id else None


def numbers_in(text: str, run_id: str) -> tuple[int, ...]:
    """The numbers of this run's test items whose keys occur in a text, each once, in order of appearance."""
    return tuple(mentions_in(text, run_id))


#: Characters that join a prefix to a key: ``AUDIT#KEY`` is the key of another item. Fewer join a suffix, as in
#: ``KEY#copy``: text may continue with the others.
_JOINING = frozenset("#:/_.|@~$%&+=-")
_JOINING_BEHIND = frozenset("#/_.@~$%&+-")
#: What colours a terminal's text.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def without_colours(text: str) -> str:
    """A log line without the escape sequences that colour a terminal."""
    return _COLOUR.sub("", text) if "\x1b" in text else text


def mentions_in(text: str, run_id: str, *, alone: bool = False) -> dict[int, int]:
    """The number of occurrences of each of this run's test keys in a text, by item number, in order of appearance.

    Args:
        alone: Ignore keys that are the end or the beginning of a longer one, such as ``AUDIT#KEY``.
    """
    found: dict[int, int] = {}
    text = without_colours(text)
    matches = [*_ANY.finditer(text)]
    starts = {match.start() for match in matches} if alone else set()
    ends = {match.end() for match in matches} if alone else set()
    for match in matches:
        # Two keys in a row are the partition and the sort key of one item.
        if alone and match.start() - 1 not in ends and _is_end(text, match.start()):
            continue
        if alone and match.end() + 1 not in starts and _is_beginning(text, match.end()):
            continue
        number = _item_of(match, run_id)
        if number is not None:
            found[number] = found.get(number, 0) + 1
    return found


def is_test_key(keys: Mapping[str, Any]) -> bool:
    """Whether a key (DynamoDB JSON) is that of a test item of any run."""
    return any(
        _ANY.search(content.decode("latin-1") if isinstance(content, bytes) else str(content))
        for value in keys.values()
        for content in (value.values() if isinstance(value, dict) else ())
    )


def _is_end(text: str, start: int) -> bool:
    """Whether a word goes before a key: ``AUDIT#KEY``, and not ``key=KEY`` or ``key: KEY``."""
    before = text[start - 1] if start else ""
    if before in _JOINING and before not in "=:":
        return start > 1 and text[start - 2].isalnum()
    return before.isalnum()


def _is_beginning(text: str, end: int) -> bool:
    """Whether a key goes on: ``KEY#copy``, and not ``KEY: stored`` or ``KEY.``."""
    return text[end : end + 1] in _JOINING_BEHIND and text[end + 1 : end + 2].isalnum()
