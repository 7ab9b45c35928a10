"""The consumers of a table's stream: the functions that event source mappings deliver it to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ddbinsert.core.arn import arn_parts
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.model.wanted import Trigger

#: The prefix of the names of the temporary functions of `verify --wiretap`.
TAP_PREFIX: Final = "ddbinsert-tap-"


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """A function that reads a stream.

    Attributes:
        name: The function's name.
        mappings: Every mapping that delivers the stream to it or to one of its aliases.
    """

    name: str
    mappings: tuple[MappingState, ...]

    @property
    def arn(self) -> str:
        """The function's ARN, without an alias or a version."""
        parts = arn_parts(self.mappings[0].function_arn)
        return str(parts._replace(resource=f"function:{self.name}")) if parts.service else self.name

    @property
    def is_tap(self) -> bool:
        """Whether it is a temporary function of `verify --wiretap`."""
        return self.name.startswith(TAP_PREFIX)

    @property
    def states(self) -> str:
        """The states of its mappings: ``Enabled``, or ``Enabled, Disabled``."""
        return ", ".join(dict.fromkeys(mapping.state for mapping in self.mappings))


def consumers_of(mappings: Iterable[MappingState]) -> tuple[Consumer, ...]:
    """The consumers of these mappings, by name; mappings that are being deleted are ignored."""
    found: dict[str, list[MappingState]] = {}
    for mapping in mappings:
        if not mapping.is_leaving:
            found.setdefault(mapping.function_name, []).append(mapping)
    return tuple(Consumer(name=name, mappings=tuple(found[name])) for name in sorted(found))


def of_consumer(trigger: Trigger, name: str) -> Trigger:
    """The trigger with this function as its consumer."""
    if name == trigger.function_name:
        return trigger
    return replace(trigger, function=replace(trigger.function, name=name))
