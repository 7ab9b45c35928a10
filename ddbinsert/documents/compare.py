"""Comparing a declared mapping with the live one."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.core.arn import arn_parts, parse_arn
from ddbinsert.core.trigger.differences import format_value
from ddbinsert.core.trigger.settings import MAPPING_SETTINGS
from ddbinsert.dataclass import dataclass
from ddbinsert.documents.functions import COMPARED_SETTINGS
from ddbinsert.documents.source import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ddbinsert.core.model.seen import FunctionState, MappingState, TableState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.settings import MappingSetting
    from ddbinsert.documents.declared import DeclaredMapping, DeclaredSetting, Details
    from ddbinsert.documents.source import Document, Path

_SETTINGS: Final = {one.aws: one for one in MAPPING_SETTINGS}


class Placed(NamedTuple):
    """A declared mapping and its document."""

    document: Document
    mapping: DeclaredMapping

    @property
    def place(self) -> str:
        """``FILE:LINE`` of the resource."""
        return self.at(self.mapping.resource_path)

    def at(self, path: Path) -> str:
        """``FILE:LINE`` of a value."""
        start = self.document.places.key_span(path) or self.document.span(path)
        return f"{self.document.name}:{self.document.position(start.start).line}"


@dataclass(frozen=True, kw_only=True)
class DeclaredDifference:
    """A setting that differs from its declaration.

    Attributes:
        field: The key of the configuration, such as ``mapping.batch_size``.
        have: The live value.
        want: The declared value.
        place: ``FILE:LINE`` of the declaration.
    """

    field: str
    have: str
    want: str
    place: str


@dataclass(frozen=True, kw_only=True)
class DeclarationCompared:
    """The result of a comparison.

    Attributes:
        different: The differences, in the order of the settings.
        not_compared: Fields whose declared value is not known before the deployment, and why.
        undeclared: Fields that are not declared and differ from AWS's default, with their values.
    """

    declared: Placed
    different: tuple[DeclaredDifference, ...]
    not_compared: tuple[tuple[str, str], ...]
    undeclared: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class DeclaredDrift:
    """A live trigger and its declaration.

    Attributes:
        compared: None if the trigger has no mapping on the table's stream.
    """

    trigger: Trigger
    world: World
    declared: Placed
    compared: DeclarationCompared | None


def candidates(found: Iterable[Placed], *, table: str, functions: Sequence[str]) -> list[Placed]:
    """The declarations that may be the mapping of a function on a table, without those of other tables or functions.

    Args:
        functions: The function's name, and other names from its tags (its logical ID in a stack).
    """
    possible = [
        (one, details)
        for one in found
        if (details := one.mapping.details()).table in ("", table)
        and (not details.function or _function_name(details.function) in functions)
    ]
    best = [one for one, details in possible if details.function or _is_event_of(one.mapping, functions)]
    named = [one for one, details in possible if details.table]
    return best or named or [one for one, _ in possible]


def _function_name(declared: str) -> str:
    """The name in a FunctionName: a name, ``NAME:QUALIFIER``, ``ACCOUNT:function:NAME`` or an ARN."""
    arn = parse_arn(declared)
    if arn is not None:
        return arn.name
    return declared.partition(":function:")[2].partition(":")[0] or declared.partition(":")[0]


def _is_event_of(mapping: DeclaredMapping, functions: Sequence[str]) -> bool:
    """Whether the declaration is an event of the function itself, such as `OrdersFunction/Stream`."""
    owner, slash, _ = mapping.name.partition("/")
    return bool(slash) and owner in functions


def compare(declared: Placed, live: MappingState, world: World) -> DeclarationCompared:
    """Compare the declared settings; list other settings that differ from AWS's default."""
    details = declared.mapping.details()
    settings = {one.aws: one for one in details.settings}
    different: list[DeclaredDifference] = []
    unknown: list[tuple[str, str]] = []
    undeclared: list[tuple[str, str]] = []
    for aws, setting in _SETTINGS.items():
        if aws == "FilterCriteria":
            different += _filters(declared, live, unknown)
        elif aws in settings:
            different += _setting(declared, setting, settings[aws], live, unknown)
        elif aws != "Enabled" and (value := setting.present(live)) not in (_usual(setting), None):
            undeclared.append((setting.key, format_value(value)))
    if live.is_enabled is False and "Enabled" not in settings:
        different.append(
            DeclaredDifference(field="mapping.enabled", have="no", want="yes", place=declared.place)
        )
    different += _view(declared, world.table)
    different += _alias(declared, details, live)
    different += _function(declared, details, world.function, unknown)
    undeclared += _undeclared(details, world.function)
    return DeclarationCompared(
        declared=declared,
        different=tuple(different),
        not_compared=tuple(unknown),
        undeclared=tuple(undeclared),
    )


def _read(setting: MappingSetting, value: Any) -> object:
    return value if setting.read is None else setting.read(value)


def _usual(setting: MappingSetting) -> object:
    """AWS's default: the metrics are off, though an answer that omits them means that the endpoint has none."""
    return False if setting.name == "metrics" else _read(setting, None)


def _setting(
    declared: Placed,
    setting: MappingSetting,
    given: DeclaredSetting,
    live: MappingState,
    unknown: list[tuple[str, str]],
) -> Iterator[DeclaredDifference]:
    present = setting.present(live)
    if given.unknown:
        if setting.name in _OPTIONAL and present is None:
            yield DeclaredDifference(
                field=setting.key, have="none", want=given.unknown, place=declared.at(given.path)
            )
        else:
            unknown.append((setting.key, given.unknown))
        return
    wanted = _read(setting, given.value)
    if wanted != present and (present is not None or setting.name in _OPTIONAL):
        yield DeclaredDifference(
            field=setting.key,
            have=format_value(present),
            want=format_value(wanted),
            place=declared.at(given.path),
        )


#: Settings of which None means "none"; of others, that the endpoint does not show them.
_OPTIONAL: Final = ("on_failure", "kms_key")


def _filters(
    declared: Placed, live: MappingState, unknown: list[tuple[str, str]]
) -> Iterator[DeclaredDifference]:
    mapping = declared.mapping
    field = _SETTINGS["FilterCriteria"].key
    open_ = mapping.unknown or next((one.unknown for one in mapping.filters if one.pattern is None), "")
    if live.filters_hidden:
        open_ = "the live filter is encrypted with a customer key"
    if open_:
        unknown.append((field, open_))
        return
    patterns = [one.pattern or "" for one in mapping.filters]
    if Counter(map(_normal, patterns)) != Counter(map(_normal, live.filters)):
        path = mapping.filters[0].path if mapping.filters else mapping.path
        yield DeclaredDifference(
            field=field,
            have=", ".join(live.filters) or "none",
            want=", ".join(patterns) or "none",
            place=declared.at(path),
        )


def _normal(pattern: str) -> str:
    """A pattern's text in a normal form: without spaces, with keys and alternatives in a fixed order."""
    try:
        return json.dumps(_ordered(json.loads(pattern)), sort_keys=True)
    except ValueError:
        return pattern


def _ordered(node: Any) -> Any:
    """The same with the alternatives of each list sorted; a numeric range is not a list of alternatives."""
    match node:
        case dict():
            return {key: value if key == "numeric" else _ordered(value) for key, value in node.items()}
        case list():
            return sorted(map(_ordered, node), key=lambda one: json.dumps(one, sort_keys=True))
        case _:
            return node


def _function(
    declared: Placed, details: Details, live: FunctionState | None, unknown: list[tuple[str, str]]
) -> Iterator[DeclaredDifference]:
    """Compare the function's own settings; of its environment only the variables' names."""
    if details.function_unread:
        unknown.append(("function", details.function_unread))
    if live is None:
        return
    for one in details.function_settings:
        setting = COMPARED_SETTINGS[one.aws]
        have = setting.present(live)
        if one.unknown:
            unknown.append((setting.key, one.unknown))
        elif have != one.value:
            place = declared.at(one.path)
            yield DeclaredDifference(
                field=setting.key, have=format_value(have), want=format_value(one.value), place=place
            )


def _undeclared(details: Details, live: FunctionState | None) -> Iterator[tuple[str, str]]:
    """The settings of a declared function that are not declared, and differ from AWS's default."""
    given = {one.aws for one in details.function_settings}
    if live is None or not given:
        return
    for name, setting in COMPARED_SETTINGS.items():
        have = setting.present(live)
        if name not in given and not isinstance(setting.usual, Unknown) and have != setting.usual:
            yield setting.key, format_value(have)


def _alias(declared: Placed, details: Details, live: MappingState) -> Iterator[DeclaredDifference]:
    """Compare the alias or version that the mapping invokes."""
    have = arn_parts(live.function_arn).qualifier
    if details.alias is not None and details.alias != have:
        yield DeclaredDifference(
            field="function.alias", have=have or "none", want=details.alias or "none", place=declared.place
        )


def _view(declared: Placed, table: TableState | None) -> Iterator[DeclaredDifference]:
    wanted = declared.mapping.stream.view
    if wanted is None or table is None or table.view is wanted:
        return
    have = "off" if table.view is None else table.view.value
    yield DeclaredDifference(field="view_type", have=have, want=wanted.value, place=declared.place)
