"""A second, naive reading of the filter language, to hold the engine against.

Nothing is shared with the engine and speed is no aim: the event is flattened to every leaf under every path,
the pattern to every rule, and all choices of leaves are tried. Patterns are taken as valid.
"""

from __future__ import annotations

import ipaddress
import itertools
import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Around = dict[int, int]
Leaf = tuple[str, Any, Around]
Rule = dict[str, list[Any]]

MISSING = "missing"


def reference_matches(pattern: dict[str, Any], record: Any) -> bool:
    if not isinstance(record, dict):
        return False
    leaves = list(flatten(record, [], {}, itertools.count()))
    return any(rule_matches(rule, leaves) for rule in expand(pattern))


def flatten(value: Any, path: list[str], around: Around, numbers: Iterator[int]) -> Iterator[Leaf]:
    """(dotted path, leaf, {array number: element index}) for each leaf."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(item, [*path, key], around, numbers)
    elif isinstance(value, list):
        array = next(numbers)
        for index, item in enumerate(value):
            inside = {**around, array: index} if isinstance(item, dict | list) else around
            yield from flatten(item, path, inside, numbers)
    else:
        yield ".".join(path), value, around


def expand(
    pattern: dict[str, Any], prefix: tuple[str, ...] = (), rules: list[Rule] | None = None
) -> list[Rule]:
    """Every `$or` multiplied out: [{dotted path: conditions}], a later mention of a path replacing an earlier."""
    rules = [{}] if rules is None else rules
    for key, value in pattern.items():
        if key == "$or":
            rules = [
                rule
                for branch in value
                for rule in expand(branch, prefix, [dict(existing) for existing in rules])
            ]
        elif isinstance(value, dict):
            rules = expand(value, (*prefix, key), rules)
        else:
            for rule in rules:
                rule[".".join((*prefix, key))] = value
    return rules


def rule_matches(rule: Rule, leaves: list[Leaf]) -> bool:
    """Try every choice of one leaf (or its absence) a path, in the order of the paths."""
    paths = sorted(rule, key=lambda path: path.encode("utf-16-be", "surrogatepass"))
    choices: list[list[Any]] = [[*[leaf for leaf in leaves if leaf[0] == path], MISSING] for path in paths]
    return any(choice_holds(rule, paths, choice, leaves) for choice in itertools.product(*choices))


def choice_holds(rule: Rule, paths: list[str], choice: Sequence[Any], leaves: list[Leaf]) -> bool:
    taken: Around = {}
    for path, leaf in zip(paths, choice, strict=True):
        conditions = rule[path]
        if leaf == MISSING:
            if {"exists": False} not in conditions:
                return False
            if any(other == path and together(taken, around) for other, _, around in leaves):
                return False
            continue
        _, value, around = leaf
        if not together(taken, around) or not any(holds(condition, value) for condition in conditions):
            return False
        taken = {**taken, **around}
    return True


def together(one: Around, other: Around) -> bool:
    return all(one[array] == other[array] for array in one.keys() & other.keys())


def number(value: Any) -> Fraction | None:
    """As a fraction of integers; the shortest text of a float; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        return None
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def same(wanted: Any, value: Any) -> bool:
    if number(wanted) is not None:
        return number(value) == number(wanted)
    return type(wanted) is type(value) and bool(wanted == value)


def holds(condition: Any, value: Any) -> bool:
    if not isinstance(condition, dict):
        return same(condition, value)
    ((operator, operand),) = condition.items()
    if operator == "exists":
        return bool(operand)
    if operator == "anything-but":
        if isinstance(operand, dict):
            ((operator, operand),) = operand.items()
            return not any(holds({operator: item}, value) for item in listed(operand))
        return not any(same(item, value) for item in listed(operand))
    if operator == "numeric":
        return in_range(operand, value)
    if not isinstance(value, str):
        return False
    return STRINGS[operator](operand, value)


def listed(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


def in_range(terms: list[Any], value: Any) -> bool:
    found = number(value)
    if found is None or abs(found) > Fraction(1.7976931348623157e308):
        return False
    pairs = zip(terms[::2], terms[1::2], strict=True)
    return all(COMPARISONS[comparison](found, number(bound)) for comparison, bound in pairs)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def folding(text: str) -> str:
    return "".join(f"(?:{re.escape(character.lower())}|{re.escape(character.upper())})" for character in text)


def affix(operand: Any, template: str) -> re.Pattern[str]:
    text = folding(operand["equals-ignore-case"]) if isinstance(operand, dict) else re.escape(operand)
    return re.compile(template.format(text), re.DOTALL)


def wildcard(operand: str) -> re.Pattern[str]:
    tokens = re.findall(r"\\.|\*|[^\\*]", operand, re.DOTALL)
    parts = (".*" if token == "*" else re.escape(token[-1]) for token in tokens)
    return re.compile("".join(parts), re.DOTALL)


def in_block(operand: str, value: str) -> bool:
    block = ipaddress.ip_network(operand, strict=False)
    if re.fullmatch(r"[0-9.]+", value):
        value = re.sub(r"\b0+(?=[0-9])", "", value)
    try:
        return ipaddress.ip_address(value) in block
    except ValueError:
        return False


STRINGS: dict[str, Callable[[Any, str], bool]] = {
    "exactly": lambda operand, value: operand == value,
    "prefix": lambda operand, value: bool(affix(operand, "{}.*").fullmatch(value)),
    "suffix": lambda operand, value: bool(affix(operand, ".*{}").fullmatch(value)),
    "equals-ignore-case": lambda operand, value: bool(re.fullmatch(folding(operand), value)),
    "wildcard": lambda operand, value: bool(wildcard(operand).fullmatch(value)),
    "cidr": in_block,
}
