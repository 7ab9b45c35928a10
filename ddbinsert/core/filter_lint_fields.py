"""What is wrong with one field of a pattern, seen by itself: where it points, and what it asks for there."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filter_findings import Severity
from ddbinsert.core.filter_imply import implied
from ddbinsert.core.filter_kinds import ALWAYS_PRESENT, IMAGES, RECORD_KINDS, TYPE_KEYS
from ddbinsert.core.filter_place import Fault, Spot, locate
from ddbinsert.core.filter_reach import may_be_absent
from ddbinsert.core.filter_values import Reason, is_impossible, takes_all, why_impossible
from ddbinsert.core.pattern_model import (
    NOT_THERE,
    AnythingBut,
    Cidr,
    Condition,
    Equals,
    Exists,
    Numeric,
    Place,
    Prefix,
    Suffix,
    Wildcard,
)
from ddbinsert.core.pattern_parse import OR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.filter_findings import Table
    from ddbinsert.core.pattern_model import Field

#: EventBridge's documented limits of numeric matching.
_DOCUMENTED: Final = Decimal("5e9")


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A finding before it knows its filter; `kills` where no record at all satisfies the field."""

    rule: str
    message: str
    hint: str | None
    at: Place
    severity: Severity = Severity.WARNING
    kills: bool = False


def remarks(field: Field, table: Table) -> Iterator[Remark]:
    """Everything about a field that can be said without the fields beside it."""
    spot = locate(field.keys, table.key)
    if spot.kind is None:
        yield _nowhere(field, spot, table)
    elif table.view is not None and spot.image not in (None, "Keys") and not _in_view(spot, table):
        yield _not_in_view(field, spot, table)
    else:
        yield from _values(field, spot)
        yield from _always(field, spot, table)
    yield from _repetitions(field)
    for condition in field.conditions:
        yield from _habits(condition)


def _in_view(spot: Spot, table: Table) -> bool:
    view = table.view
    return view is None or (view.has_new_image if spot.image == "NewImage" else view.has_old_image)


def _not_in_view(field: Field, spot: Spot, table: Table) -> Remark:
    view = table.view.value if table.view else ""
    if may_be_absent(field):
        message = f"This always holds: records of a {view} stream have no {spot.image}."
        return Remark(rule="always-true", message=message, hint="Leave it out.", at=field.at)
    wanted = "NEW_IMAGE" if spot.image == "NewImage" else "OLD_IMAGE"
    return Remark(
        rule="view-type",
        message=f"This never matches: records of a {view} stream have no {spot.image}.",
        hint=f"Filter by Keys, or give the stream the view type {wanted} or NEW_AND_OLD_IMAGES.",
        at=field.at,
        kills=True,
    )


# --- the place --------------------------------------------------------------------------------------------


def _nowhere(field: Field, spot: Spot, table: Table) -> Remark:
    rule, message, hint = _fault(field, spot, table)
    if not may_be_absent(field):
        return Remark(rule=rule, message=message, hint=hint, at=field.at, kills=True)
    message = f"`exists: false` always holds here. {message}"
    if spot.image == "OldImage" or field.path == "dynamodb.OldImage":
        hint = 'Inserts are told by {"eventName":["INSERT"]}.'
    return Remark(rule="always-true", message=message, hint=hint, at=field.at)


def _fault(field: Field, spot: Spot, table: Table) -> Reason:  # noqa: C901 - an arm a fault
    path, last = field.path, field.keys[-1]
    types = table.key.types if table.key is not None else {}
    match spot.fault:
        case Fault.WRAPPER:
            first = field.keys[0]
            return (
                "wrapper",
                f"A DynamoDB record has no `{first}`: it wraps the payload of other event sources.",
                "Begin with `dynamodb` or `eventName`.",
            )
        case Fault.OUTSIDE_DYNAMODB:
            return (
                "outside-dynamodb",
                f"`{field.keys[0]}` stands inside `dynamodb`.",
                f'Write {{"dynamodb":{{{json.dumps(field.keys[0])}: …}}}}.',
            )
        case Fault.INNER_NODE:
            what = f"`{path}` is an object, never a value"
            if isinstance(field.conditions[0], Exists):
                what += ", and `exists` looks at values only"
            return "inner-node", f"{what}.", "Go down to a value, such as Keys.NAME.S or NewImage.NAME.S."
        case Fault.MISSING_TYPE:
            return (
                "missing-type",
                f'The type key of `{last}` is missing: DynamoDB writes {{{json.dumps(last)}: {{"S": …}}}}.',
                f'Write {json.dumps(last)}:{{"S":[…]}}, with the attribute\'s type for S.',
            )
        case Fault.UNKNOWN_TYPE:
            return _unknown_type(field, spot)
        case Fault.BELOW_LEAF:
            return "below-value", f"Under the type key {spot.type_key} stands a value, no object.", None
        case Fault.LIST_INDEX:
            return (
                "list-index",
                "A filter can't pick an element of a list by its number.",
                'Leave the number out: {"L":{"S":["x"]}} matches where any element is x.',
            )
        case Fault.NOT_A_KEY:
            hint = f"Its key is {', '.join(f'{name} ({letter})' for name, letter in types.items())}."
            return "not-a-key", f"`{spot.attribute}` is no key attribute of this table.", hint
        case Fault.KEY_TYPE:
            letter = types.get(spot.attribute or "", "")
            message = f"The key attribute `{spot.attribute}` has the type {letter} in this table."
            return "key-type", message, f"Write {letter}."
        case _:
            return _unknown_field(field)


def _unknown_type(field: Field, spot: Spot) -> Reason:
    given = spot.type_key or ""
    meant = {"string": "S", "number": "N", "binary": "B", "boolean": "BOOL", "map": "M", "list": "L"}
    better = given.upper() if given.upper() in TYPE_KEYS else meant.get(given.lower())
    if better is not None:
        return "unknown-type", f"`{given}` is no type key.", f"Write {better}."
    if field.keys[-1] in TYPE_KEYS:
        return (
            "missing-type",
            f"`{given}` is no type key: a map's attributes stand under M.",
            f'Write "M":{{{json.dumps(given)}: …}}.',
        )
    return "unknown-type", f"`{given}` is no type key.", f"Type keys are {', '.join(TYPE_KEYS)}."


def _unknown_field(field: Field) -> Reason:
    if OR in field.keys:
        return (
            "or-is-a-field",
            "`$or` is read as a field's name here, not as the operator.",
            "The operator takes a list of at least two objects, whose keys are no operators.",
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
            return (
                "unknown-field",
                f"A stream record has no field `{_head(path, length)}`.",
                f"Write {meant}.",
            )
    return "unknown-field", f"A stream record has no field `{path}`.", None


def _head(path: str, length: int) -> str:
    return ".".join(path.split(".")[:length])


# --- the values -------------------------------------------------------------------------------------------


def _values(field: Field, spot: Spot) -> Iterator[Remark]:
    kind = spot.kind
    if kind is None:
        return
    wanted = [condition for condition in field.conditions if condition != NOT_THERE]
    hopeless = [condition for condition in wanted if is_impossible(condition, kind)]
    kills = bool(hopeless) and len(hopeless) == len(field.conditions)
    for condition in hopeless:
        rule, message, hint = why_impossible(condition, kind, field.path)
        yield Remark(rule=rule, message=message, hint=hint, at=condition.at, kills=kills)
    if not wanted and _is_always_there(field, spot, None):
        message = f"`exists: false` never holds here: every record has {field.path}."
        yield Remark(rule="never-absent", message=message, hint=None, at=field.at, kills=True)


def _is_always_there(field: Field, spot: Spot, table: Table | None) -> bool:
    if field.path in ALWAYS_PRESENT:
        return True
    return table is not None and table.key is not None and spot.image == "Keys" and spot.kind is not None


def _always(field: Field, spot: Spot, table: Table) -> Iterator[Remark]:
    if spot.kind is None:
        return
    values = [condition for condition in field.conditions if condition != NOT_THERE]
    if not values:
        return
    all_values = takes_all(values, spot.kind)
    if all_values and (may_be_absent(field) or _is_always_there(field, spot, table)):
        harmless = field.path == "eventSource"
        yield Remark(
            rule="always-true",
            message="This always holds, and filters nothing.",
            hint="Leave it out.",
            at=field.at,
            severity=Severity.NOTE if harmless else Severity.WARNING,
        )
    elif all_values and len(values) > 1 and any(isinstance(value, AnythingBut) for value in values):
        yield Remark(
            rule="anything-but-ored",
            message="The conditions of a list are ORed: together they exclude nothing.",
            hint='Exclude several values in one condition: [{"anything-but":["a","b"]}].',
            at=field.at,
        )


def _repetitions(field: Field) -> Iterator[Remark]:
    for index, condition in enumerate(field.conditions):
        before = field.conditions[:index]
        after = field.conditions[index + 1 :]
        if isinstance(condition, AnythingBut) or not [*before, *after]:
            continue
        twins = [other for other in before if other == condition and _types(other) == _types(condition)]
        wider = [
            other
            for other in (*before, *after)
            if other != condition and not isinstance(other, AnythingBut) and implied(condition, (other,))
        ]
        if twins or wider:
            yield Remark(
                rule="redundant-condition",
                message="Another condition of the list covers this one.",
                hint="Leave it out.",
                at=condition.at,
                severity=Severity.NOTE,
            )


def _types(condition: Condition) -> type:
    return type(getattr(condition, "value", None))


# --- what AWS takes, and does not promise ------------------------------------------------------------------


def _habits(condition: Condition) -> Iterator[Remark]:
    name = _undocumented(condition)
    if name is not None:
        yield Remark(
            rule="undocumented-operator",
            message=f"Lambda's documentation does not list {name} for event source mappings.",
            hint="Try it before you rely on it: `ddbinsert verify` shows what passes.",
            at=condition.at,
        )
    if isinstance(condition, Numeric):
        bounds = [bound.value for bound in (condition.low, condition.high) if bound is not None]
        if any(not -_DOCUMENTED <= value <= _DOCUMENTED for value in bounds):
            yield Remark(
                rule="numeric-bounds",
                message="AWS documents numeric matching between -5e9 and 5e9 only.",
                hint=None,
                at=condition.at,
            )


def _undocumented(condition: Condition) -> str | None:
    match condition:
        case Wildcard():
            return "`wildcard`"
        case Cidr():
            return "`cidr`"
        case Prefix(ignore_case=True) | Suffix(ignore_case=True):
            return "`equals-ignore-case` inside `prefix` or `suffix`"
        case AnythingBut(excluded=excluded) if not all(isinstance(one, Equals) for one in excluded):
            return "operators inside `anything-but`"
        case Equals() if condition.at.path and condition.at.path[-1] == "exactly":
            return "`exactly`"
        case _:
            return None


__all__: Sequence[str] = ("Remark", "remarks")
