"""What a DynamoDB stream record holds where, as Lambda's filters see it: every leaf's place and kind.

Sources: DynamoDB Streams' API reference (Record, StreamRecord, Identity, AttributeValue) and the Lambda
developer guide, "Using Lambda to process records from DynamoDB Streams".
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ddbinsert.core.model import EventName, StreamView

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?(E[+-][0-9]+)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """What leaves of one sort can be.

    Args:
        words: What a sentence calls such a leaf.
        allows: Whether a JSON leaf can stand there.
        samples: Leaves that can; all that can, where `closed`.
        closed: Whether `samples` are all there are.
    """

    words: str
    allows: Callable[[object], bool] = field(compare=False, repr=False)
    samples: tuple[object, ...]
    closed: bool = False


def _choice(words: str, *samples: object) -> Kind:
    return Kind(words=words, allows=lambda leaf: _same(leaf, samples), samples=samples, closed=True)


def _same(leaf: object, samples: tuple[object, ...]) -> bool:
    return any(type(leaf) is type(sample) and leaf == sample for sample in samples)


def _is_text(leaf: object) -> bool:
    return isinstance(leaf, str)


def is_number_text(leaf: object) -> bool:
    """Whether DynamoDB can have written this as a number: no leading or trailing zeros, no plus sign."""
    return isinstance(leaf, str) and leaf != "-0" and bool(_NUMBER.fullmatch(leaf))


def is_base64(leaf: object) -> bool:
    if not isinstance(leaf, str):
        return False
    try:
        return base64.b64encode(base64.b64decode(leaf, validate=True)).decode() == leaf
    except (ValueError, binascii.Error):
        return False


def _is_number(leaf: object) -> bool:
    return isinstance(leaf, int | float) and not isinstance(leaf, bool)


ANY: Final = Kind(words="any value", allows=lambda _: True, samples=("x", 1, True, None))
TEXT: Final = Kind(words="text", allows=_is_text, samples=("example",))
NUMBER: Final = Kind(words="a JSON number", allows=_is_number, samples=(1767225600.0, 42))
NUMBER_TEXT: Final = Kind(
    words="a number written as text", allows=is_number_text, samples=("42", "7", "-1", "0", "3.5", "10086")
)
BINARY: Final = Kind(words="base64 text", allows=is_base64, samples=("ZXhhbXBsZQ==", "AQID", ""))
BOOLEAN: Final = _choice("true or false", True, False)
NULL: Final = _choice("true", True)  # DynamoDB writes {"NULL": true}, never false
SEQUENCE: Final = Kind(
    words="digits written as text",
    allows=lambda leaf: isinstance(leaf, str) and leaf.isascii() and leaf.isdigit(),
    samples=("100000000000000000001",),
)

#: What an AttributeValue's type key holds; M and L hold further AttributeValues.
ATTRIBUTE_KINDS: Final[dict[str, Kind]] = {
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

#: Every leaf of a record besides the attributes, by path.
RECORD_KINDS: Final[dict[str, Kind]] = {
    "eventID": TEXT,
    "eventName": _choice("INSERT, MODIFY or REMOVE", *(event.value for event in EventName)),
    "eventVersion": TEXT,
    "eventSource": _choice("aws:dynamodb", "aws:dynamodb"),
    "awsRegion": TEXT,
    "eventSourceARN": TEXT,
    "userIdentity.type": TEXT,
    "userIdentity.principalId": TEXT,
    "dynamodb.ApproximateCreationDateTime": NUMBER,
    "dynamodb.SequenceNumber": SEQUENCE,
    "dynamodb.SizeBytes": NUMBER,
    "dynamodb.StreamViewType": _choice("a StreamViewType", *(view.value for view in StreamView)),
}

#: The leaves that every record has, whatever happened and whatever the view type.
ALWAYS_PRESENT: Final = frozenset(path for path in RECORD_KINDS if not path.startswith("userIdentity"))

#: The objects of attributes inside `dynamodb`.
IMAGES: Final = ("Keys", "NewImage", "OldImage")


def has_image(image: str, event: EventName, view: StreamView) -> bool:
    """Whether a record of this event under this view type carries the object."""
    if image == "NewImage":
        return view.has_new_image and event is not EventName.REMOVE
    if image == "OldImage":
        return view.has_old_image and event is not EventName.INSERT
    return True
