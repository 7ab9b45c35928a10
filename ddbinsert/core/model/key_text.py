"""A key schema as users write it: ``pk:S``, ``pk:S,sk:N``."""

from __future__ import annotations

from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType
from ddbinsert.errors import UsageError

#: Maximum size in bytes of an attribute's name (DynamoDB's limit for key attributes).
_LONGEST_NAME = 255


def describe_key(key: KeySchema) -> str:
    """A key in the format of ``--create-table``: ``pk:S,sk:N``."""
    return ",".join(f"{attribute.name}:{attribute.type.value}" for attribute in key.attributes)


def parse_key(text: str) -> KeySchema:
    """The key that ``text`` describes.

    Raises:
        UsageError: It is not a valid key schema; the message names the part and the fault.
    """
    attributes = [_attribute(part.strip(), text) for part in text.split(",")]
    if len(attributes) > 2:
        raise _wrong(text, "a key has one or two attributes")
    if len({attribute.name for attribute in attributes}) < len(attributes):
        raise _wrong(text, "partition and sort key have the same name")
    return KeySchema(partition=attributes[0], sort=attributes[1] if len(attributes) == 2 else None)


def _attribute(part: str, text: str) -> KeyAttribute:
    name, colon, kind = part.rpartition(":")
    if not colon or not name:
        raise _wrong(text, f"{part!r} does not have the form NAME:TYPE")
    if len(name.encode()) > _LONGEST_NAME:
        raise _wrong(text, f"a name has at most {_LONGEST_NAME} bytes")
    if kind not in list(KeyType):
        raise _wrong(text, f"{kind!r} is not a valid key type (S, N or B)")
    return KeyAttribute(name=name, type=KeyType(kind))


def _wrong(text: str, why: str) -> UsageError:
    return UsageError(
        f"{text!r} is not a valid key schema: {why}.",
        hint="Write the partition key, and the sort key if there is one: pk:S or pk:S,sk:N.",
        code="bad-key-schema",
    )
