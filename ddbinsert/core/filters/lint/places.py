"""Findings about a field's path: a record has no such field."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

from ddbinsert.core.filters.lint.report import Correction, LintSeverity
from ddbinsert.core.filters.reach.reach import may_be_absent
from ddbinsert.core.filters.record.kinds import IMAGES, RECORD_KINDS, TYPE_KEYS
from ddbinsert.core.filters.record.place import Fault, Location
from ddbinsert.core.model.record import EventName
from ddbinsert.core.pattern.model import Equals, Exists
from ddbinsert.core.pattern.parse import OR
from ddbinsert.core.pattern.write import conditions_text
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.filters.lint.impossible import Reason
    from ddbinsert.core.filters.reach.answer import KnownStream
    from ddbinsert.core.pattern.model import Field, PatternPlace


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A finding that is not assigned to a filter yet.

    Attributes:
        key: The member whose key is wrong, if it is not the value.
        kills: It is proven that no record at all satisfies the field.
        correction: A correction, if it is unambiguous.
    """

    rule: str
    message: str
    hint: str | None
    at: PatternPlace
    severity: LintSeverity = LintSeverity.WARNING
    kills: bool = False
    key: tuple[str | int, ...] | None = None
    correction: Correction | None = None


def not_in_view(field: Field, location: Location, stream: KnownStream) -> Remark:
    """A field in an image that the stream's view type does not record."""
    view = stream.view.value if stream.view else ""
    if may_be_absent(field):
        message = f"This is always true: records of a {view} stream have no {location.image}."
        return Remark(rule="always-true", message=message, hint="Remove it.", at=field.at)
    wanted = "NEW_IMAGE" if location.image == "NewImage" else "OLD_IMAGE"
    return Remark(
        rule="view-type",
        message=f"This never matches: records of a {view} stream have no {location.image}.",
        hint=f"Filter by Keys, or use the view type {wanted} or NEW_AND_OLD_IMAGES.",
        at=field.at,
        kills=True,
    )


def nowhere(field: Field, location: Location, stream: KnownStream) -> Remark:
    """A finding about a field whose path does not exist, or only for an attribute with an unusual name."""
    rule, message, hint = _fault(field, location, stream)
    correction = _correction(field, location, stream)
    key = correction.path if correction is not None and correction.is_key else _wrong_key(field, location)
    if location.dotted_name is not None:
        message += f" It matches only an attribute whose own name is `{location.dotted_name}`."
        return Remark(rule=rule, message=message, hint=hint, at=field.at, key=key)
    if not may_be_absent(field):
        return Remark(
            rule=rule, message=message, hint=hint, at=field.at, kills=True, key=key, correction=correction
        )
    message = f"`exists: false` is always true here. {message}"
    if location.image == "OldImage" or field.path == "dynamodb.OldImage":
        hint = 'Select inserts with {"eventName":["INSERT"]}.'
    return Remark(rule="always-true", message=message, hint=hint, at=field.at)


def _correction(field: Field, location: Location, stream: KnownStream) -> Correction | None:
    """The correction of a path, if it is unambiguous: a missing type key of a key attribute, or upper and lower case."""
    if (
        location.fault is Fault.MISSING_TYPE
        and stream.key is not None
        and location.attribute == field.keys[-1]
    ):
        letter = stream.key.types.get(field.keys[-1])
        text = f'{{"{letter}":{conditions_text(field.conditions)}}}'
        return Correction(path=field.at.path, text=text) if letter is not None else None
    if location.fault is Fault.UNKNOWN_TYPE and (location.type_key or "").upper() in TYPE_KEYS:
        given = location.type_key or ""
        return (
            _renamed(field, len(field.keys) - 1 - field.keys[::-1].index(given), given.upper())
            if given in field.keys
            else None
        )
    if location.fault is Fault.UNKNOWN_FIELD:
        wanted = [one.split(".") for one in (*RECORD_KINDS, *(f"dynamodb.{image}" for image in IMAGES))]
        folded = [key.casefold() for key in field.keys]
        for names in wanted:
            count = min(len(names), len(field.keys))
            if [name.casefold() for name in names[:count]] != folded[:count] or count < len(names):
                continue
            wrong = next((index for index in range(count) if names[index] != field.keys[index]), None)
            return _renamed(field, wrong, names[wrong]) if wrong is not None else None
    return None


def _wrong_key(field: Field, location: Location) -> tuple[str | int, ...] | None:
    """The first key of the path that a record does not have there."""
    match location.fault:
        case Fault.WRAPPER | Fault.OUTSIDE_DYNAMODB:
            return _key_at(field, 0)
        case Fault.NOT_A_KEY if location.attribute in field.keys:
            return _key_at(field, field.keys.index(location.attribute or ""))
        case Fault.UNKNOWN_TYPE if location.type_key in field.keys:
            return _key_at(field, len(field.keys) - 1 - field.keys[::-1].index(location.type_key or ""))
        case Fault.UNKNOWN_FIELD:
            known = [f"{one}." for one in (*RECORD_KINDS, *(f"dynamodb.{image}" for image in IMAGES))]
            heads = (".".join(field.keys[: count + 1]) for count in range(len(field.keys)))
            unknown = (
                index
                for index, head in enumerate(heads)
                if not any(one.startswith(f"{head}.") for one in known)
            )
            return _key_at(field, next(unknown, len(field.keys) - 1))
        case _:
            return None


def _key_at(field: Field, index: int) -> tuple[str | int, ...] | None:
    """The path of the member with the key of this index among the field's keys."""
    steps = [place for place, step in enumerate(field.at.path) if isinstance(step, str) and step != OR]
    return field.at.path[: steps[index] + 1] if index < len(steps) else None


def _renamed(field: Field, index: int, name: str) -> Correction | None:
    """Another name for the key of this index among the field's keys."""
    path = _key_at(field, index)
    return Correction(path=path, text=name, is_key=True) if path is not None else None


def _fault(field: Field, location: Location, stream: KnownStream) -> Reason:  # noqa: C901 - an arm a fault
    path, last = field.path, field.keys[-1]
    types = stream.key.types if stream.key is not None else {}
    match location.fault:
        case Fault.WRAPPER:
            first = field.keys[0].partition(".")[0]
            return (
                "wrapper",
                f"A DynamoDB stream record has no `{first}`: that is where other event sources have their payload.",
                "Start the path with `dynamodb` or `eventName`.",
            )
        case Fault.OUTSIDE_DYNAMODB:
            return (
                "outside-dynamodb",
                f"`{field.keys[0]}` belongs inside `dynamodb`.",
                f'Write {{"dynamodb":{{{json.dumps(field.keys[0])}: …}}}}.',
            )
        case Fault.INNER_NODE:
            what = f"`{path}` is an object, not a value"
            if isinstance(field.conditions[0], Exists):
                what += ", and `exists` checks values only"
            return (
                "inner-node",
                f"{what}.",
                "Add the path to a value, such as Keys.NAME.S or NewImage.NAME.S.",
            )
        case Fault.MISSING_TYPE:
            letter = types.get(last)
            example = letter or "S"
            note = "" if letter else ", with the attribute's type in place of S"
            return (
                "missing-type",
                f'The type key of `{last}` is missing: DynamoDB writes {{{json.dumps(last)}: {{"{example}": …}}}}.',
                f'Write {json.dumps(last)}:{{"{example}":[…]}}{note}.',
            )
        case Fault.UNKNOWN_TYPE:
            return _unknown_type(field, location)
        case Fault.BELOW_LEAF:
            return "below-value", f"The type key {location.type_key} contains a value, not an object.", None
        case Fault.LIST_INDEX:
            return (
                "list-index",
                "A filter cannot select a list element by its number.",
                'Remove the number: {"L":{"S":["x"]}} matches if any element is x.',
            )
        case Fault.NOT_A_KEY:
            key = ", ".join(f"{name} ({letter})" for name, letter in types.items())
            return (
                "not-a-key",
                f"`{location.attribute}` is not a key attribute of this table.",
                f"The key is {key}.",
            )
        case Fault.KEY_TYPE:
            return _key_type(location, types)
        case _:
            return _unknown_field(field)


def _key_type(location: Location, types: dict[str, str]) -> Reason:
    letter = types.get(location.attribute or "")
    if letter is None:
        return (
            "key-type",
            f"A key attribute has the type S, N or B, not {location.type_key}.",
            "Write the type of the table's key.",
        )
    message = f"The key attribute `{location.attribute}` has the type {letter} in this table."
    return "key-type", message, f"Write {letter}."


def _unknown_type(field: Field, location: Location) -> Reason:
    given = location.type_key or ""
    meant = {"string": "S", "number": "N", "binary": "B", "boolean": "BOOL", "map": "M", "list": "L"}
    better = given.upper() if given.upper() in TYPE_KEYS else meant.get(given.lower())
    if better is not None:
        return "unknown-type", f"`{given}` is not a type key.", f"Write {better}."
    if field.keys[-1] in TYPE_KEYS:
        return (
            "missing-type",
            f"`{given}` is not a type key: the members of a map are inside M.",
            f'Write "M":{{{json.dumps(given)}: …}}.',
        )
    return "unknown-type", f"`{given}` is not a type key.", f"Type keys are {', '.join(TYPE_KEYS)}."


def _unknown_field(field: Field) -> Reason:
    if OR in field.keys:
        return (
            "or-is-a-field",
            "AWS reads `$or` as the name of a field here, not as the operator.",
            "The operator takes a list of at least two objects whose keys are not operators.",
        )
    path = field.path
    known = [*RECORD_KINDS, *(f"dynamodb.{image}" for image in IMAGES), "dynamodb"]
    folded = {name.casefold(): name for name in known}
    parts = path.casefold().split(".")
    for length in range(len(parts), 0, -1):
        head = ".".join(parts[:length])
        close = folded.get(head) or next(iter(difflib.get_close_matches(head, folded, n=1, cutoff=0.8)), None)
        if close is not None:
            meant = folded.get(close, close)
            given = ".".join(path.split(".")[:length])
            return "unknown-field", f"A stream record has no field `{given}`.", f"Write {meant}."
    values = {
        one.value.upper()
        for one in field.conditions
        if isinstance(one, Equals) and isinstance(one.value, str)
    }
    hint = "Write eventName." if values and values <= set(EventName) else None
    return "unknown-field", f"A stream record has no field `{path}`.", hint
