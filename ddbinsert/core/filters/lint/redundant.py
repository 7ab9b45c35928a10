"""Conditions that another condition of their list makes superfluous, in time proportional to the list's length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.filters.lint.places import Remark
from ddbinsert.core.filters.lint.report import LintSeverity
from ddbinsert.core.pattern.model import AnythingBut, Condition, Equals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.pattern.model import Field


def repetitions(field: Field) -> Iterator[Remark]:
    """A note for every condition that equals an earlier one, or that an operator of the list includes.

    A plain value can only be included by an operator, so plain values are compared with the operators alone.
    """
    if len(field.conditions) < 2:
        return
    operators = [one for one in field.conditions if not isinstance(one, Equals | AnythingBut)]
    plain = [one for one in field.conditions if isinstance(one, Equals)]
    seen: set[tuple[type, Condition]] = set()
    for condition in field.conditions:
        if isinstance(condition, AnythingBut):
            continue
        same = (type(getattr(condition, "value", None)), condition)
        if same in seen or _is_included(condition, operators, plain):
            yield Remark(
                rule="redundant-condition",
                message="Another condition of the list includes this one.",
                hint="Remove it.",
                at=condition.at,
                severity=LintSeverity.NOTE,
            )
        seen.add(same)


def _is_included(condition: Condition, operators: Sequence[Condition], plain: Sequence[Condition]) -> bool:
    from ddbinsert.core.filters.reach.imply import implied

    wider = [other for other in operators if other != condition and implied(condition, (other,))]
    if wider:
        return True
    # An operator may accept only one value that is also listed, such as a wildcard without a star.
    return not isinstance(condition, Equals) and bool(plain) and implied(condition, tuple(plain))
