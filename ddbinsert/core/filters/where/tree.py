"""A parsed condition: comparisons, joined by and, or and not."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError


class ConditionError(UsageError):
    """A condition that is not valid, or that no pattern can express.

    Args:
        position: The character in the condition, from 0.
    """

    default_code = "invalid-condition"

    def __init__(self, message: str, condition: str, position: int, *, hint: str | None = None) -> None:
        place = f" (character {position + 1} of {condition})" if condition else ""
        super().__init__(f"{message}{place}", hint=hint)
        self.reason = message
        self.condition = condition
        self.position = position


class Op(StrEnum):
    """The operator of a test."""

    EQUALS = "="
    DIFFERS = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    BETWEEN = "between"
    BEGINS_WITH = "begins_with"
    ENDS_WITH = "ends_with"
    CONTAINS = "contains"
    LIKE = "like"
    EQUALS_IGNORE_CASE = "equals_ignore_case"
    CIDR = "cidr"
    EXISTS = "exists"


Value = str | Decimal | bool | None


@dataclass(frozen=True, kw_only=True)
class PathPart:
    """One part of a path; `quoted` if it was in backticks."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One comparison of a condition.

    Attributes:
        path: The field, name by name.
        op: The operator.
        values: One value; for `in` any number, for `between` the two bounds.
        condition: The text of the whole condition, for messages.
        position: Offset of the comparison in it, in characters.
    """

    path: tuple[PathPart, ...]
    op: Op
    values: tuple[Value, ...]
    condition: str
    position: int

    def fault(self, message: str, *, hint: str | None = None) -> ConditionError:
        return ConditionError(message, self.condition, self.position, hint=hint)


@dataclass(frozen=True, kw_only=True)
class Not:
    inner: Tree


@dataclass(frozen=True, kw_only=True)
class ConditionGroup:
    """Several conditions: all must hold if `every` is set, otherwise any one."""

    parts: tuple[Tree, ...]
    every: bool


Tree = Comparison | Not | ConditionGroup
