"""Findings about one field of a pattern by itself: its path, and the values that it accepts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.lint.impossible import is_impossible, takes_all, why_impossible
from ddbinsert.core.filters.lint.places import Remark, not_in_view, nowhere
from ddbinsert.core.filters.lint.redundant import repetitions
from ddbinsert.core.filters.lint.report import Correction, LintSeverity
from ddbinsert.core.filters.reach.fixed_fields import known_kinds
from ddbinsert.core.filters.reach.reach import may_be_absent
from ddbinsert.core.filters.record.kinds import ALWAYS_PRESENT, LeafKind
from ddbinsert.core.filters.record.place import Location, locate
from ddbinsert.core.pattern.model import (
    NOT_THERE,
    AnythingBut,
    Cidr,
    Condition,
    Equals,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.filters.reach.answer import KnownStream
    from ddbinsert.core.pattern.model import Field

#: EventBridge's documented limits of numeric matching.
_DOCUMENTED: Final = Decimal("5e9")
#: Number of stars in one wildcard from which AWS may reject the pattern as too complex.
_MANY_STARS: Final = 4


def remarks(field: Field, stream: KnownStream) -> Iterator[Remark]:
    """All findings about a field that do not depend on the other fields."""
    location = locate(field.keys, stream.key)
    kind = known_kinds(stream).get(field.path, location.kind)
    if kind is None:
        yield nowhere(field, location, stream)
    elif stream.view is not None and location.image not in (None, "Keys") and not _in_view(location, stream):
        yield not_in_view(field, location, stream)
    else:
        yield from _values(field, kind)
        yield from _always(field, location, kind, stream)
        yield from _names(field, location)
    yield from repetitions(field)
    for condition in field.conditions:
        yield from _undocumented_use(condition)


def _in_view(location: Location, stream: KnownStream) -> bool:
    view = stream.view
    return view is None or (view.has_new_image if location.image == "NewImage" else view.has_old_image)


def _names(field: Field, location: Location) -> Iterator[Remark]:
    """Findings about names that are possible, but unusual."""
    tokens = location.steps if location.image else ()
    head = ("dynamodb", location.image) if location.image else tuple(field.path.split("."))
    if any("." in key and key not in tokens for key in field.keys):
        nested = " > ".join(map(str, (*head, *tokens)))
        yield Remark(
            rule="dotted-key",
            message=f"AWS reads a key with dots as nested keys: {nested}.",
            hint="Write nested objects.",
            at=field.at,
            severity=LintSeverity.NOTE,
        )
    if location.attribute is not None and location.attribute.startswith("aws:rep:"):
        yield Remark(
            rule="replication-attribute",
            message=f"`{location.attribute}` exists in global tables of version 2017.11.29 only.",
            hint="Later versions write no aws:rep: attributes: the field never matches there.",
            at=field.at,
            severity=LintSeverity.NOTE,
        )


# --- the values -------------------------------------------------------------------------------------------


def _values(field: Field, kind: LeafKind) -> Iterator[Remark]:
    wanted = [condition for condition in field.conditions if condition != NOT_THERE]
    impossible = [condition for condition in wanted if is_impossible(condition, kind)]
    kills = bool(impossible) and len(impossible) == len(field.conditions)
    for condition in impossible:
        rule, message, hint, replacement = why_impossible(condition, kind, field.path)
        correction = Correction(path=condition.at.path, text=replacement) if replacement else None
        yield Remark(
            rule=rule, message=message, hint=hint, at=condition.at, kills=kills, correction=correction
        )
    if not wanted and field.path in ALWAYS_PRESENT:
        message = f"`exists: false` is never true here: every record has {field.path}."
        yield Remark(rule="never-absent", message=message, hint=None, at=field.at, kills=True)


def _is_always_there(field: Field, location: Location, stream: KnownStream) -> bool:
    if field.path in ALWAYS_PRESENT:
        return True
    return stream.key is not None and location.image == "Keys"


def _always(field: Field, location: Location, kind: LeafKind, stream: KnownStream) -> Iterator[Remark]:
    values = [condition for condition in field.conditions if condition != NOT_THERE]
    if not values:
        return
    all_values = takes_all(values, kind)
    if all_values and (may_be_absent(field) or _is_always_there(field, location, stream)):
        harmless = field.path == "eventSource" or field.path in known_kinds(stream)
        yield Remark(
            rule="always-true",
            message="This is always true and filters nothing.",
            hint="Remove it.",
            at=field.at,
            severity=LintSeverity.NOTE if harmless else LintSeverity.WARNING,
        )
    elif all_values and len(values) > 1 and any(isinstance(value, AnythingBut) for value in values):
        yield Remark(
            rule="anything-but-ored",
            message="The conditions of a list are ORed: together they exclude nothing.",
            hint='Exclude several values in one condition: [{"anything-but":["a","b"]}].',
            at=field.at,
        )


# --- what AWS accepts, and does not document for Lambda ----------------------------------------------------


def _undocumented_use(condition: Condition) -> Iterator[Remark]:
    name = _undocumented(condition)
    if name is not None:
        yield Remark(
            rule="undocumented-operator",
            message=f"Lambda's documentation does not list {name} for event source mappings.",
            hint="Test it before you rely on it: verify shows what passes.",
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
    stars = max((len(one.literals) - 1 for one in _wildcards(condition)), default=0)
    if stars >= _MANY_STARS:
        yield Remark(
            rule="many-wildcards",
            message=f"{stars} stars in one wildcard: AWS may reject the pattern as too complex.",
            hint="Use fewer stars, or `prefix` and `suffix`.",
            at=condition.at,
        )


def _wildcards(condition: Condition) -> list[Wildcard]:
    every = condition.excluded if isinstance(condition, AnythingBut) else (condition,)
    return [one for one in every if isinstance(one, Wildcard)]


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
