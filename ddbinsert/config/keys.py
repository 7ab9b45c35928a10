"""Every key of the configuration, derived from core's dataclasses."""

from __future__ import annotations

import dataclasses
import inspect
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

from ddbinsert.config.connection import ConnectionSpec
from ddbinsert.config.names import PREFIX
from ddbinsert.config.value_types import Kind, kind_of
from ddbinsert.core.model import limits
from ddbinsert.core.model.wanted import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Fields that have another name in the file.
RENAMED = {"view": "view_type"}

#: The section whose name variables omit: DDBINSERT_REGION, not DDBINSERT_CONNECTION_REGION.
_UNNAMED_IN_VARIABLES = "connection."


class Key(NamedTuple):
    """One key.

    Attributes:
        path: The dotted path: ``mapping.batch_size``.
        default: The value that the code uses if the key is not given; None also if it is derived.
        owner: The dataclass that defines it.
        field: The name of its field in that dataclass.
    """

    path: str
    kind: Kind
    default: object
    owner: type[Any]
    field: str

    @property
    def description(self) -> str:
        return _attributes(self.owner).get(self.field, "")

    @property
    def variable(self) -> str:
        return PREFIX + self.path.removeprefix(_UNNAMED_IN_VARIABLES).upper().replace(".", "_")


class Section(NamedTuple):
    path: str
    members: Mapping[str, Key | Section]
    owner: type[Any]

    @property
    def description(self) -> str:
        return (self.owner.__doc__ or "").split("\n\n")[0].strip()

    def leaves(self) -> Iterator[Key]:
        """Every key in the section, depth first, in the order of definition."""
        for member in self.members.values():
            if isinstance(member, Key):
                yield member
            else:
                yield from member.leaves()


@cache
def trigger() -> Section:
    """The settings of a trigger."""
    return _section(Trigger, "")


@cache
def document() -> Section:
    """The whole document, if it describes one trigger."""
    root = trigger()
    connection = _section(ConnectionSpec, "connection")
    return root._replace(members={**root.members, "connection": connection})


@cache
def by_path() -> Mapping[str, Key]:
    return {key.path: key for key in document().leaves()}


@cache
def by_variable() -> Mapping[str, Key]:
    return {key.variable: key for key in by_path().values()}


def _section(cls: type[Any], path: str) -> Section:
    # The dataclasses' modules do not import names that only their annotations use.
    hints = get_type_hints(cls, localns=vars(limits), include_extras=True)
    members: dict[str, Key | Section] = {}
    for field in _in_reading_order(cls):
        if not field.metadata.get("is_key", True):
            continue
        name = RENAMED.get(field.name, field.name)
        below = f"{path}.{name}" if path else name
        if dataclasses.is_dataclass(hints[field.name]):
            members[name] = _section(hints[field.name], below)
        else:
            members[name] = Key(below, kind_of(hints[field.name]), _default(field), cls, field.name)
    return Section(path, members, cls)


def _in_reading_order(cls: type[Any]) -> list[dataclasses.Field[Any]]:
    """The fields in the order of the docstring, because inherited fields would come first otherwise."""
    fields, order = dataclasses.fields(cls), list(_attributes(cls))
    if any(field.name not in order for field in fields):
        return list(fields)
    return sorted(fields, key=lambda field: order.index(field.name))


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None


def _attributes(cls: type[Any]) -> dict[str, str]:
    """The texts of the ``Attributes:`` of a docstring by name; empty with ``python -OO``."""
    # Since Python 3.13, the compiler removes the indentation.
    _, _, text = inspect.cleandoc(cls.__doc__ or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for name, description in re.findall(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", text, flags=re.MULTILINE):
        found[name] = re.sub(r"\s+", " ", description).replace("``", "")
    return found
