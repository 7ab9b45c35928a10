"""A parsed pattern: the constructs of Lambda's filter language as values.

    Pattern         fields and alternatives that must all hold
    ├── Field       one path and the conditions of which any one must hold
    │   └── Condition   Equals, Prefix, Suffix, EqualsIgnoreCase, Wildcard, Numeric, Cidr, Exists, AnythingBut
    └── Alternatives    a `$or`: of its branches, each a Pattern's worth of nodes, any one must hold

Semantics follow Event Ruler (github.com/aws/event-ruler), the engine behind EventBridge and Lambda's filters.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, ClassVar, Final

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

#: The keywords that open a condition object.
OPERATORS = (
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exactly",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
)


#: Characters that Lambda accepts for one pattern.
LONGEST: Final = 4096


class PatternError(UsageError):
    """A pattern that AWS would reject, with the position and the reason, which AWS does not report.

    Args:
        message: What is wrong, in one sentence.
        path: Keys and indexes from the pattern's root to the fault; () is the root.
        position: Character offset of the fault in the pattern's text, if it was given as text.
        allowed: What is allowed there instead.
        hint: The next action, if one is known.
        replacement: JSON text that corrects the value at `path`, if it is unambiguous.
        rename: The correct name of the last key of `path`, if it is unambiguous.
    """

    default_code: ClassVar[str] = "invalid-pattern"
    hint: str | None

    def __init__(
        self,
        message: str,
        *,
        path: Sequence[str | int] = (),
        position: int | None = None,
        allowed: Sequence[str] = (),
        hint: str | None = None,
        replacement: str | None = None,
        rename: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.replacement = replacement
        self.rename = rename
        self.path = tuple(path)
        self.position = position
        self.allowed = tuple(allowed)


@dataclass(frozen=True, kw_only=True, slots=True)
class PatternPlace:
    """A place in the pattern: its path, and its offset if the pattern was text."""

    path: tuple[str | int, ...] = ()
    position: int | None = None


NOWHERE = PatternPlace()


@dataclass(frozen=True, kw_only=True, slots=True)
class Equals:
    """The same JSON value: type and value for strings, true, false and null; the number itself for numbers."""

    value: str | Decimal | bool | None
    at: PatternPlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefix:
    text: str
    ignore_case: bool = False
    at: PatternPlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Suffix:
    text: str
    ignore_case: bool = False
    at: PatternPlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class EqualsIgnoreCase:
    text: str
    at: PatternPlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wildcard:
    """`*` matches any run of characters, also none; `literals` are the texts between the stars, unescaped."""

    text: str
    literals: tuple[str, ...]
    at: PatternPlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    value: Decimal
    inclusive: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Numeric:
    """A range of JSON numbers; equality is a range whose two inclusive ends coincide."""

    low: Bound | None
    high: Bound | None
    at: PatternPlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cidr:
    """A range of IP addresses, both ends included.

    Attributes:
        text: The range as the pattern writes it.
        version: 4 or 6.
        first: The lowest address, as an integer.
        last: The highest address, as an integer.
        at: Where it is in the pattern.
    """

    text: str
    version: int
    first: int
    last: int
    at: PatternPlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exists:
    """Presence of a leaf: objects and empty arrays are not leaves, null is one."""

    present: bool
    at: PatternPlace = field(default=NOWHERE, compare=False)


#: The condition in a list that allows the field to be absent.
NOT_THERE: Final = Exists(present=False)

Excluded = Equals | Prefix | Suffix | EqualsIgnoreCase | Wildcard


@dataclass(frozen=True, kw_only=True, slots=True)
class AnythingBut:
    """A present leaf, of any type, that none of the excluded conditions matches."""

    excluded: tuple[Excluded, ...]
    at: PatternPlace = field(default=NOWHERE, compare=False)


Condition = Equals | Prefix | Suffix | EqualsIgnoreCase | Wildcard | Numeric | Cidr | Exists | AnythingBut


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One path and the conditions of which any one must hold.

    Attributes:
        keys: The keys as the pattern nests them.
        conditions: In the pattern's order, at least one.
        at: The place of the list of conditions.
    """

    keys: tuple[str, ...]
    conditions: tuple[Condition, ...]
    at: PatternPlace = field(default=NOWHERE, compare=False)

    @property
    def path(self) -> str:
        """The keys joined by dots: AWS compares these, so `{"a.b": …}` and `{"a": {"b": …}}` are one path."""
        return ".".join(self.keys)


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternatives:
    """A `$or`."""

    branches: tuple[tuple[Node, ...], ...]
    at: PatternPlace = field(default=NOWHERE, compare=False)


Node = Field | Alternatives


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """All of `nodes` must hold; duplicates of one JSON key, if any, by their places."""

    nodes: tuple[Node, ...]
    duplicates: tuple[PatternPlace, ...] = field(default=(), compare=False)
