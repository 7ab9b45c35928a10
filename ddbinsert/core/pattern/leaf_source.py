"""A field's conditions as the source of a Python expression about one leaf.

All generated source consists of fixed fragments; the pattern's values are bound to names.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ddbinsert.core.pattern.model import (
    NOT_THERE,
    AnythingBut,
    Condition,
    Equals,
    Exists,
    Field,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)
from ddbinsert.core.pattern.predicates import LARGEST, predicate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: Up to this value integers are exact as floats, so one constant is correct for int and float.
_SAFE: Final = Decimal(2**53)


class LeafTests:
    """Writes the expressions.

    Args:
        name: Binds a value to a name of the generated source and returns the name. LEAVES and OTHER are bound.
    """

    def __init__(self, name: Callable[[object], str]) -> None:
        self._name = name

    def test(self, node: Field) -> str:
        """An expression about the leaf `{v}`, which may also be a dict, a list or ABSENT: then it is false."""
        conditions = [condition for condition in node.conditions if condition != NOT_THERE]
        return " or ".join(self._tests(conditions)) or "False"

    def _tests(self, conditions: Iterable[Condition]) -> list[str]:
        strings: list[str] = []
        numbers: list[int | float] = []
        prefixes: list[str] = []
        suffixes: list[str] = []
        others: list[str] = []
        for condition in conditions:
            match condition:
                case Equals(value=str(text)):
                    strings.append(text)
                case Equals(value=Decimal() as number) if (simple := _simple(number)) is not None:
                    numbers.append(simple)
                case Equals(value=bool() | None as literal):
                    others.append(f"{{v}} is {literal}")
                case Prefix(text=text, ignore_case=False):
                    prefixes.append(text)
                case Suffix(text=text, ignore_case=False):
                    suffixes.append(text)
                case _:
                    others.append(self._other(condition))
        return [
            *self._strings(strings),
            *self._numbers(numbers),
            *self._affixes("startswith", prefixes),
            *self._affixes("endswith", suffixes),
            *others,
        ]

    def _strings(self, strings: list[str]) -> list[str]:
        if len(strings) > 8:
            return [f"(type({{v}}) is str and {{v}} in {self._name(frozenset(strings))})"]
        if len(strings) > 1:
            return [f"{{v}} in {self._name(tuple(strings))}"]
        return [f"{{v}} == {self._name(text)}" for text in strings]

    def _numbers(self, numbers: list[int | float]) -> list[str]:
        if not numbers:
            return []
        same = f"in {self._name(tuple(numbers))}" if len(numbers) > 1 else f"== {self._name(numbers[0])}"
        return [f"((type({{v}}) is int or type({{v}}) is float) and {{v}} {same})"]

    def _affixes(self, method: str, texts: list[str]) -> list[str]:
        if not texts:
            return []
        affix = self._name(tuple(texts) if len(texts) > 1 else texts[0])
        return [f"(type({{v}}) is str and {{v}}.{method}({affix}))"]

    def _other(self, condition: Condition) -> str:
        match condition:
            case Exists():
                return "type({v}) in LEAVES"
            case Wildcard(literals=("", literal, "")):
                return f"(type({{v}}) is str and {self._name(literal)} in {{v}})"
            case AnythingBut(excluded=excluded):
                return self._anything_but(excluded)
            case Numeric() if (comparison := self._comparison(condition)) is not None:
                return f"((type({{v}}) is int or type({{v}}) is float) and {comparison})"
            case _:
                return f"{self._name(predicate(condition))}({{v}})"

    def _anything_but(self, excluded: Sequence[Condition]) -> str:
        strings = [condition.value for condition in excluded if isinstance(condition, Equals)]
        if len(strings) == len(excluded) and all(isinstance(text, str) for text in strings):
            differs = (
                f"not in {self._name(tuple(strings))}" if len(strings) > 1 else f"!= {self._name(strings[0])}"
            )
            return f"(type({{v}}) is str and {{v}} {differs} or type({{v}}) in OTHER)"
        return f"(type({{v}}) in LEAVES and not ({' or '.join(self._tests(excluded))}))"

    def _comparison(self, condition: Numeric) -> str | None:
        """A chained comparison that is exact for int and float, or None."""
        low, high = condition.low, condition.high
        bottom = _simple(low.value) if low else -LARGEST
        top = _simple(high.value) if high else LARGEST
        if bottom is None or top is None:
            return None
        below = "<=" if low is None or low.inclusive else "<"
        above = "<=" if high is None or high.inclusive else "<"
        return f"{self._name(bottom)} {below} {{v}} {above} {self._name(top)}"


def _simple(number: Decimal) -> int | float | None:
    """The constant that Python compares with ints and floats just as `number` compares, if there is one."""
    if not -_SAFE <= number <= _SAFE:
        return None
    if number == number.to_integral_value():
        return int(number)
    nearest = float(number)
    return nearest if Decimal(repr(nearest)) == number else None
