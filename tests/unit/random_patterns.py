"""Random patterns and records from a seeded generator: thousands a second, few and colliding words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

FIELD_KEYS = ["a", "b", "c", "a.b", "b.c", "x", "x-y", ""]
RECORD_KEYS = [*FIELD_KEYS, "$or"]
STRINGS = [
    *("", "a", "A", "ab", "aB", "abc", "a*b", "*", "\\", "1", "null", "ß", "SS", "\u212a", "k"),
    *("10.0.0.7", "010.0.0.7", "10.0.1.7", "::1", "0:0::1", "2001:db8::1"),
]
NUMBERS: list[Any] = [
    0,
    1,
    -1,
    2,
    300,
    0.5,
    0.1,
    1e3,
    -2.5,
    -0.0,
    1e22,
    1e23,
    5_000_000_001,
    0.30000000000000004,
]
LEAVES: list[Any] = [*STRINGS, *NUMBERS, 2**53, 2**53 + 1, 10**30, True, False, None]
WILDCARDS = ["*", "a*", "*b", "*b*", "a*b", "a*b*c", "a*a", "", "ab", "\\*", "\\\\*", "a\\*b", "*.*.*"]
BLOCKS = ["10.0.0.0/24", "10.0.0.5/30", "0.0.0.0/0", "::/64", "2001:db8::/32"]


def record(rng: Random) -> dict[str, Any]:
    return {rng.choice(RECORD_KEYS): _value(rng, 0) for _ in range(rng.randint(0, 4))}


def _value(rng: Random, depth: int) -> Any:
    kind = rng.random()
    if depth > 4 or kind < 0.4:
        return rng.choice(LEAVES)
    if kind < 0.65:
        return [_value(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    return {rng.choice(RECORD_KEYS): _value(rng, depth + 1) for _ in range(rng.randint(0, 3))}


def pattern(rng: Random, depth: int = 0) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for _ in range(rng.randint(1, 3)):
        if depth < 3 and rng.random() < 0.15:
            members["$or"] = [pattern(rng, depth + 1) for _ in range(rng.randint(2, 3))]
        elif depth < 3 and rng.random() < 0.4:
            members[rng.choice(FIELD_KEYS)] = pattern(rng, depth + 1)
        else:
            members[rng.choice(FIELD_KEYS)] = [condition(rng) for _ in range(rng.choice([1, 1, 1, 2, 3, 10]))]
    return members


def condition(rng: Random) -> Any:
    kinds: list[Callable[[], Any]] = [
        lambda: rng.choice(LEAVES),
        lambda: rng.choice(LEAVES),
        lambda: {"exists": rng.choice([True, False])},
        lambda: {"exists": False},
        lambda: {rng.choice(["prefix", "suffix"]): rng.choice(STRINGS)},
        lambda: {rng.choice(["prefix", "suffix"]): {"equals-ignore-case": rng.choice(STRINGS)}},
        lambda: {"equals-ignore-case": rng.choice(STRINGS)},
        lambda: {"wildcard": rng.choice(WILDCARDS)},
        lambda: {"cidr": rng.choice(BLOCKS)},
        lambda: {"numeric": _comparisons(rng)},
        lambda: {"anything-but": _excluded(rng)},
    ]
    return rng.choice(kinds)()


def _comparisons(rng: Random) -> list[Any]:
    low, high = sorted(rng.sample(NUMBERS, 2))
    if low < high and rng.random() < 0.5:
        return [rng.choice([">", ">="]), low, rng.choice(["<", "<="]), high]
    return [rng.choice(["=", "<", "<=", ">", ">="]), rng.choice(NUMBERS)]


def _excluded(rng: Random) -> Any:
    def one_or_more(values: list[Any]) -> Any:
        return rng.choice([rng.choice(values), [rng.choice(values) for _ in range(rng.randint(1, 3))]])

    operator = rng.choice(["prefix", "suffix", "equals-ignore-case", "wildcard", None, None])
    if operator is None:
        return one_or_more(rng.choice([STRINGS, NUMBERS]))
    if operator == "wildcard":
        return {operator: one_or_more(WILDCARDS)}
    return {operator: one_or_more(STRINGS if operator == "equals-ignore-case" else STRINGS[1:])}
