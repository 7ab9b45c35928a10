"""Refuses plans of several triggers that conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.trigger.steps import (
    AdoptFunction,
    CreateFunction,
    CreateRole,
    UpdateFunctionCode,
    UpdateFunctionSettings,
    UpdateRole,
)
from ddbinsert.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ddbinsert.core.trigger.steps import Step


def refuse_together(plans: Iterable[tuple[str, tuple[Step, ...]]]) -> None:
    """Refuse plans that create or change the same function or role for several triggers.

    A function of ddbinsert serves one table: its role has the permission to read only that table's stream.

    Args:
        plans: The name and the steps of each trigger.

    Raises:
        Refused: Plans conflict; nothing was changed.
    """
    first: dict[tuple[str, str], str] = {}
    for name, steps in plans:
        for thing in dict.fromkeys(found for step in steps for found in _things(step)):
            other = first.setdefault(thing, name)
            if other != name:
                kind, what = thing
                raise Refused(
                    f"Triggers {other} and {name} would both create or change {kind} {what}; a function serves one "
                    "trigger.\nNothing was changed.",
                    hint="Give one of them another function.name.",
                    code="triggers-contradict",
                )


def _things(step: Step) -> Iterator[tuple[str, str]]:
    match step:
        case CreateFunction() | UpdateFunctionCode() | UpdateFunctionSettings() | AdoptFunction():
            yield "function", step.name
        case CreateRole() | UpdateRole():
            yield "role", step.name
        case _:
            pass
