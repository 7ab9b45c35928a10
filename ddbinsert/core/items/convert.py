"""Converts plain documents (or DynamoDB JSON) to items as DynamoDB accepts them, without losing a digit.

A document is the output of a JSON or YAML parser: mappings, lists, texts, Decimals, booleans, None, and from YAML
bytes and sets. A document is DynamoDB JSON if every attribute has the form ``{"S": "text"}``.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddbinsert.core.model.record import KeySchema

#: An item or a key in DynamoDB JSON in boto3's form: B as bytes, sets as lists.
Item = dict[str, dict[str, Any]]

LETTERS = frozenset(("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"))

# DynamoDB's limits.
_DIGITS = 38
_SMALLEST, _LARGEST = -130, 125
_DEEPEST = 32
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_LARGEST_ITEM = 400 * 1024

_EXACT = Context(prec=2 * _DIGITS)


class ItemError(ValueError):
    """DynamoDB does not accept the item; the message names the attribute."""


def item_of(document: object) -> Item:
    """The item that a document describes.

    Raises:
        ItemError: DynamoDB does not support a value, or the item would be too large.
    """
    if not isinstance(document, Mapping):
        raise ItemError(f"an item is a mapping of attributes, not {_kind(document)}")
    convert = _typed if is_typed_item(document) else _plain
    if convert is _plain:
        _refuse_mixed(document)
    item = {_name(name, ""): convert(value, str(name), 1) for name, value in document.items()}
    if _least_size(item) > _LARGEST_ITEM:
        raise ItemError("the item is larger than DynamoDB's 400 KB")
    return item


def key_in(item: Mapping[str, Any], schema: KeySchema) -> Item:
    """The item's key."""
    return {name: item[name] for name in schema.types}


def is_typed_item(document: object) -> bool:
    """Whether a document is an item in DynamoDB JSON."""
    return (
        isinstance(document, Mapping)
        and bool(document)
        and all(is_typed(value) for value in document.values())
    )


def _refuse_mixed(document: Mapping[Any, Any]) -> None:
    """Reject a document that is DynamoDB JSON in some attributes only.

    A map such as ``{"S": "small"}`` among plain attributes may be intended; another type, or most attributes, is not.

    Raises:
        ItemError: The document is mixed; the message names the plain attributes.
    """
    typed = [name for name, value in document.items() if _fits(value)]
    sure = any(next(iter(document[name])) != "S" for name in typed)
    if sure or 2 * len(typed) > len(document):
        odd = [str(name) for name, value in document.items() if not _fits(value)]
        raise ItemError(
            f"{', '.join(odd[:3])}: not DynamoDB JSON, while {typed[0]} is; write the whole item in one of the two forms"
        )


def _fits(value: object) -> bool:
    """Whether the content, too, is DynamoDB JSON, so that it is not just a map with a key such as S."""
    if not is_typed(value):
        return False
    try:
        _typed(value, "", 1)
    except ItemError:
        return False
    return True


def is_typed(value: object) -> bool:
    """Whether a value has the form ``{"S": "text"}``."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in LETTERS


# --- plain values ---------------------------------------------------------------------------------------


def _plain(value: object, path: str, depth: int) -> dict[str, Any]:
    """A plain value with its type letter."""
    _check_depth(path, depth)
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": _numeral(Decimal(value), path)}
        case str():
            return {"S": _text(value, path)}
        case bytes():
            return {"B": value}
        case list() | tuple():
            return {"L": [_plain(entry, f"{path}[{i}]", depth + 1) for i, entry in enumerate(value)]}
        case Mapping():
            members = {
                _name(name, path): _plain(entry, f"{path}.{name}", depth + 1) for name, entry in value.items()
            }
            return {"M": members}
        case AbstractSet():
            return _plain_set(value, path)
        case _:
            raise ItemError(f"{path}: DynamoDB has no type for {_kind(value)}")


def _plain_set(members: AbstractSet[object], path: str) -> dict[str, Any]:
    letters = {letter for member in members for letter in _plain(member, path, 1)}
    if letters not in ({"S"}, {"N"}, {"B"}):
        raise ItemError(f"{path}: a set holds texts, or numbers, or binary values, and at least one")
    (letter,) = letters
    contents = [_plain(member, path, 1)[letter] for member in members]
    return {f"{letter}S": sorted(contents)}


# --- DynamoDB JSON --------------------------------------------------------------------------------------


def _typed(value: object, path: str, depth: int) -> dict[str, Any]:
    """A value of DynamoDB JSON, checked, with base64 decoded."""
    _check_depth(path, depth)
    if not isinstance(value, Mapping) or not is_typed(value):
        raise ItemError(f'{path}: DynamoDB JSON has the form {{"S": "text"}} everywhere')
    ((letter, content),) = value.items()
    match letter, content:
        case "S", str():
            return {"S": _text(content, path)}
        case "N", str() | int() | Decimal() if not isinstance(content, bool):
            return {"N": _numeral(content, path)}
        case "B", str() | bytes():
            return {"B": _binary(content, path)}
        case ("BOOL", bool()) | ("NULL", True):
            return {letter: content}
        case "L", list():
            return {"L": [_typed(entry, f"{path}[{i}]", depth + 1) for i, entry in enumerate(content)]}
        case "M", Mapping():
            members = {
                _name(name, path): _typed(entry, f"{path}.{name}", depth + 1)
                for name, entry in content.items()
            }
            return {"M": members}
        case (("SS" | "NS" | "BS"), list()) if content:
            members_of = [_typed({letter[0]: member}, path, depth)[letter[0]] for member in content]
            distinct = {Decimal(member) if letter == "NS" else member for member in members_of}
            if len(distinct) < len(members_of):
                raise ItemError(f"{path}: a set must not contain duplicates")
            return {letter: members_of}
        case _:
            raise ItemError(f"{path}: {letter} cannot contain {_kind(content)}{_empty(content)}")


def _binary(content: str | bytes, path: str) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise ItemError(f"{path}: the value of type B is not valid base64") from None


def _numeral(number: str | int | Decimal, path: str) -> str:
    """The number in DynamoDB's form: at most 38 digits, none of them lost."""
    try:
        value = Decimal(number)
    except InvalidOperation:
        raise ItemError(f"{path}: {number!r:.60} is not a valid number") from None
    if not value.is_finite():
        raise ItemError(
            f"{path}: DynamoDB does not support infinity, NaN or numbers out of its range (1E-130 to 9.9E+125)"
        )
    # Python also reads 1_000, full-width digits and white space around a number; DynamoDB rejects them.
    if isinstance(number, str) and not _NUMBER.fullmatch(number):
        raise ItemError(f"{path}: {number!r:.60} is not a valid number in DynamoDB")
    if value == 0:
        return "0"
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    if len(digits) > _DIGITS:
        raise ItemError(f"{path}: the number has {len(digits)} digits; DynamoDB supports up to {_DIGITS}")
    if not _SMALLEST <= value.adjusted() <= _LARGEST:
        raise ItemError(f"{path}: the number is out of DynamoDB's range (1E-130 to 9.9E+125)")
    return str(value)


def _text(text: str, path: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ItemError(f"{path}: an unpaired surrogate is not valid text") from None
    return text


def _name(name: object, path: str) -> str:
    if not isinstance(name, str):
        raise ItemError(f"{path or 'the item'}: an attribute's name is a text, not {_kind(name)} (quote it)")
    if not name and not path:
        raise ItemError("the item: an attribute's name can't be empty")
    return _text(name, path or "the item")


def _check_depth(path: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ItemError(f"{path:.60}…: nested deeper than DynamoDB's {_DEEPEST} levels")


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | Decimal():
            return "a number"
        case str():
            return "a text"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a mapping"
        case bytes():
            return "a binary value"
        case _:
            return f"a {type(value).__name__}"


def _empty(content: object) -> str:
    return " without members" if content == [] else ""


def _least_size(value: object) -> int:
    """The minimum number of bytes that DynamoDB counts for a value."""
    match value:
        case str():
            return len(value.encode())
        case bytes():
            return len(value)
        case Mapping():
            return sum(
                _least_size(entry) + (len(name.encode()) if name not in LETTERS else 0)
                for name, entry in value.items()
            ) - _numbers_credit(value)
        case list():
            return sum(_least_size(entry) for entry in value)
        case _:
            return 1


def _numbers_credit(value: Mapping[str, Any]) -> int:
    """The bytes by which numbers may be smaller than their texts: two digits take one byte."""
    number = value.get("N")
    return len(number) // 2 if isinstance(number, str) else 0


# --- comparing ------------------------------------------------------------------------------------------


def canonical(item: Mapping[str, Any]) -> str:
    """A text that is equal for items that are equal in DynamoDB: 1.0 equals 1, and sets have no order."""
    return json.dumps({name: _canonical(value) for name, value in item.items()}, sort_keys=True)


def _canonical(value: Mapping[str, Any]) -> Any:
    ((letter, content),) = value.items()
    match letter:
        case "N":
            return [letter, _same_numeral(content)]
        case "B":
            return [letter, _base64(content)]
        case "NS":
            return [letter, sorted(_same_numeral(member) for member in content)]
        case "BS":
            return [letter, sorted(_base64(member) for member in content)]
        case "SS":
            return [letter, sorted(content)]
        case "L":
            return [letter, [_canonical(member) for member in content]]
        case "M":
            return [letter, {name: _canonical(member) for name, member in content.items()}]
        case _:
            return [letter, content]


def _same_numeral(text: str) -> str:
    number = Decimal(text)
    return str(number.normalize(_EXACT)) if number else "0"


def _base64(content: Any) -> str:
    return base64.b64encode(bytes(content)).decode("ascii")
