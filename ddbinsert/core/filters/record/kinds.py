"""The fields of a DynamoDB stream record and their possible values, in the form that Lambda's filters match.

Sources: DynamoDB Streams API reference (Record, StreamRecord, Identity, AttributeValue), the Amazon DynamoDB
developer guide ("Data types": numbers have up to 38 digits, without leading and trailing zeros; key values are not
empty), and the Lambda developer guide, "Using Lambda to process records from DynamoDB Streams".
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import field
from typing import TYPE_CHECKING, Final

from ddbinsert.core.model.record import EventName, StreamView
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?(E[+-][0-9]+)?")
_PLAIN = re.compile(r"0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]*[1-9]")
_HEX = re.compile(r"[0-9a-f]{32}")
_SEQUENCE_NUMBER = re.compile(r"[1-9][0-9]{20,39}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class LeafKind:
    """The values that a field of one type can have.

    Attributes:
        words: The type in words, for messages.
        allows: Whether DynamoDB can write a value there. True is certain; False is certain only if the format
            is fully documented (see `values.formats`).
        samples: Possible values; all possible values if `closed`.
        closed: Whether `samples` contains all possible values.
        format: The name of the text format, for `values.formats`; empty for values that are not text.
    """

    words: str
    allows: Callable[[object], bool] = field(compare=False, repr=False)
    samples: tuple[object, ...]
    closed: bool = False
    format: str = ""


def fixed(words: str, *samples: object) -> LeafKind:
    """A field that has one of these values."""
    return LeafKind(words=words, allows=lambda leaf: _same(leaf, samples), samples=samples, closed=True)


def _same(leaf: object, samples: tuple[object, ...]) -> bool:
    return any(type(leaf) is type(sample) and leaf == sample for sample in samples)


def is_text(leaf: object) -> bool:
    """Whether this is text with a UTF-8 form."""
    return isinstance(leaf, str) and not _SURROGATE.search(leaf)


def is_number_text(leaf: object) -> bool:
    """Whether this can be a number written by DynamoDB: no leading or trailing zeros, no plus sign."""
    return isinstance(leaf, str) and leaf != "-0" and bool(_NUMBER.fullmatch(leaf))


def _is_plain_number(leaf: object) -> bool:
    """Whether DynamoDB certainly writes this number: at most 38 digits, without an exponent."""
    return isinstance(leaf, str) and bool(_PLAIN.fullmatch(leaf)) and sum(map(str.isdigit, leaf)) <= 38


def is_base64(leaf: object) -> bool:
    if not isinstance(leaf, str):
        return False
    try:
        return base64.b64encode(base64.b64decode(leaf, validate=True)).decode() == leaf
    except (ValueError, binascii.Error):
        return False


def _is_size(leaf: object) -> bool:
    return isinstance(leaf, int) and not isinstance(leaf, bool) and 1 <= leaf <= 800_000


def _is_time(leaf: object) -> bool:
    """Whole seconds between 2015 (the first streams) and 2035, as int or float."""
    if not isinstance(leaf, int | float) or isinstance(leaf, bool):
        return False
    return 1_420_070_400 <= leaf < 2_051_222_400 and leaf == int(leaf)


def _matching(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda leaf: isinstance(leaf, str) and pattern.fullmatch(leaf) is not None


ANY: Final = LeafKind(words="any value", allows=lambda _: True, samples=("x", 1, True, None))
TEXT: Final = LeafKind(words="text", allows=is_text, samples=("example",), format="text")
NUMBER_TEXT: Final = LeafKind(
    words="a number written as text",
    allows=_is_plain_number,
    samples=("42", "7", "-1", "0", "3.5", "10086"),
    format="number",
)
BINARY: Final = LeafKind(
    words="base64 text", allows=is_base64, samples=("ZXhhbXBsZQ==", "AQID", ""), format="base64"
)
BOOLEAN: Final = fixed("true or false", True, False)
NULL: Final = fixed("true", True)  # DynamoDB writes {"NULL": true}, never false
SEQUENCE: Final = LeafKind(
    words="digits written as text",
    allows=_matching(_SEQUENCE_NUMBER),
    samples=("100000000000000000001",),
    format="sequence number",
)
SIZE: Final = LeafKind(words="a whole JSON number", allows=_is_size, samples=(26, 59, 42, 1000))
TIME: Final = LeafKind(words="a JSON number", allows=_is_time, samples=(1767225600.0, 1767225601.0))
EVENT_ID: Final = LeafKind(
    words="text of 32 hexadecimal digits",
    allows=_matching(_HEX),
    samples=("c4ca4238a0b923820dcc509a6f75849b",),
    format="event ID",
)
REGION: Final = LeafKind(
    words="a region", allows=is_text, samples=("us-east-1", "eu-west-1"), format="region"
)
STREAM_ARN: Final = LeafKind(
    words="the ARN of a stream",
    allows=is_text,
    samples=("arn:aws:dynamodb:us-east-1:123456789012:table/example/stream/2026-01-01T00:00:00.000",),
    format="stream ARN",
)
#: The text kinds, whose values are text.
TEXTUAL: Final = (TEXT, NUMBER_TEXT, BINARY, SEQUENCE, EVENT_ID, REGION, STREAM_ARN)

#: Key attributes: neither empty text nor empty binary values.
KEY_KINDS: Final[dict[str, LeafKind]] = {
    "S": LeafKind(
        words="text that is not empty",
        allows=lambda leaf: is_text(leaf) and leaf != "",
        samples=TEXT.samples,
        format="key text",
    ),
    "N": NUMBER_TEXT,
    "B": LeafKind(
        words="base64 text that is not empty",
        allows=lambda leaf: is_base64(leaf) and leaf != "",
        samples=("ZXhhbXBsZQ==", "AQID"),
        format="key base64",
    ),
}

#: The content of each type key of an AttributeValue; M and L contain further AttributeValues.
ATTRIBUTE_KINDS: Final[dict[str, LeafKind]] = {
    "S": TEXT,
    "N": NUMBER_TEXT,
    "B": BINARY,
    "BOOL": BOOLEAN,
    "NULL": NULL,
    "SS": TEXT,
    "NS": NUMBER_TEXT,
    "BS": BINARY,
}
SETS: Final = ("SS", "NS", "BS")
TYPE_KEYS: Final = (*ATTRIBUTE_KINDS, "M", "L")

#: Every field of a record besides the attributes, by path.
RECORD_KINDS: Final[dict[str, LeafKind]] = {
    "eventID": EVENT_ID,
    "eventName": fixed("INSERT, MODIFY or REMOVE", *(event.value for event in EventName)),
    "eventVersion": fixed('"1.1"', "1.1"),
    "eventSource": fixed("aws:dynamodb", "aws:dynamodb"),
    "awsRegion": REGION,
    "eventSourceARN": STREAM_ARN,
    # Only deletions by Time to Live name who made the change.
    "userIdentity.type": fixed('"Service"', "Service"),
    "userIdentity.principalId": fixed('"dynamodb.amazonaws.com"', "dynamodb.amazonaws.com"),
    "dynamodb.ApproximateCreationDateTime": TIME,
    "dynamodb.SequenceNumber": SEQUENCE,
    "dynamodb.SizeBytes": SIZE,
    "dynamodb.StreamViewType": fixed("a StreamViewType", *(view.value for view in StreamView)),
}

#: The fields that every record has, for all events and view types.
ALWAYS_PRESENT: Final = frozenset(path for path in RECORD_KINDS if not path.startswith("userIdentity"))

#: The objects of attributes inside `dynamodb`.
IMAGES: Final = ("Keys", "NewImage", "OldImage")


def has_image(image: str, event: EventName, view: StreamView) -> bool:
    """Whether a record of this event under this view type has the object."""
    if image == "NewImage":
        return view.has_new_image and event is not EventName.REMOVE
    if image == "OldImage":
        return view.has_old_image and event is not EventName.INSERT
    return True
