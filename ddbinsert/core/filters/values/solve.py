"""Whether a text exists that satisfies several lists of conditions: an example, a proof that there is none, or neither.

A list of conditions is satisfied by any one of its entries; all lists must be satisfied by the same text. The
search walks through the product of the conditions' automata breadth-first, so that the first text found is a
shortest one, and a search that ends without a text is a proof.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.values.languages import (
    ANY_TEXT,
    DIGIT,
    Alternation,
    Automaton,
    Characters,
    Concatenation,
    Expression,
    Repeated,
    choice,
    literal,
    one_of,
    sequence,
)
from ddbinsert.core.pattern.model import (
    AnythingBut,
    Cidr,
    Condition,
    Equals,
    EqualsIgnoreCase,
    Exists,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Sequence as ListOf

#: Maximum number of product states that a search visits before it ends without an answer.
_MOST_STATES: Final = 4_000

#: The preferred characters of an example if any character is possible.
_PREFERRED: Final = "exampl0123456789ABCDEFabcdef"

_SURROGATES: Final = frozenset(map(chr, range(0xD800, 0xE000)))

_OCTET: Final = sequence(DIGIT, Repeated(DIGIT))
_GROUPS: Final = Repeated(one_of("0123456789abcdefABCDEF:"))
#: All IPv4 and IPv6 addresses and more: a `cidr` condition accepts no other text.
_ADDRESS: Final = choice(
    sequence(_OCTET, *([sequence(literal("."), _OCTET)] * 3)), sequence(_GROUPS, literal(":"), _GROUPS)
)


class Undecided(Exception):
    """The search was too large, or a condition has no exact automaton."""


def has_surrogate(conditions: Iterable[Condition]) -> bool:
    """Whether a condition contains half a surrogate pair, which no text of DynamoDB does."""
    return any(not _SURROGATES.isdisjoint(_text(condition)) for condition in conditions)


def _text(condition: Condition) -> str:
    match condition:
        case Equals(value=str(text)):
            return text
        case Prefix(text=text) | Suffix(text=text) | EqualsIgnoreCase(text=text) | Wildcard(text=text):
            return text
        case AnythingBut(excluded=excluded):
            return "".join(map(_text, excluded))
        case _:
            return ""


def expression_of(condition: Condition) -> Expression | None:
    """The texts that a condition accepts; None if it accepts no text, or (AnythingBut) is a complement.

    For `cidr` the result is a superset: see `is_exact`.
    """
    match condition:
        case Equals(value=str(text)):
            return literal(text)
        case Prefix(text=text, ignore_case=ignore_case):
            return sequence(_letters(text, ignore_case=ignore_case), ANY_TEXT)
        case Suffix(text=text, ignore_case=ignore_case):
            return sequence(ANY_TEXT, _letters(text, ignore_case=ignore_case))
        case EqualsIgnoreCase(text=text):
            return _letters(text, ignore_case=True)
        case Wildcard(literals=literals):
            parts: list[Expression] = [literal(literals[0])]
            for part in literals[1:]:
                parts += [ANY_TEXT, literal(part)]
            return Concatenation(tuple(parts))
        case Cidr():
            return _ADDRESS
        case Exists(present=True):
            return ANY_TEXT
        case Equals() | Numeric() | Exists() | AnythingBut():
            return None


def _letters(text: str, *, ignore_case: bool) -> Expression:
    """A text; with `ignore_case`, each character in lower or upper case (which may be longer: ß is also SS)."""
    if not ignore_case:
        return literal(text)
    return Concatenation(
        tuple(choice(*map(literal, sorted({letter.lower(), letter.upper()}))) for letter in text)
    )


def is_exact(conditions: Iterable[Condition]) -> bool:
    return not any(isinstance(condition, Cidr) for condition in conditions)


class _Term:
    """One list of conditions during a search: satisfied by an accepting automaton, or by a complement."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        accepted = [found for one in conditions if (found := expression_of(one)) is not None]
        excluded = [
            Alternation(
                tuple(found for one in condition.excluded if (found := expression_of(one)) is not None)
            )
            for condition in conditions
            if isinstance(condition, AnythingBut)
        ]
        self.automata = [Automaton(Alternation(tuple(accepted))), *map(Automaton, excluded)]

    def holds(self, states: tuple[frozenset[int], ...]) -> bool:
        first, *others = self.automata
        return first.is_end(states[0]) or any(
            not automaton.is_end(reached) for automaton, reached in zip(others, states[1:], strict=True)
        )

    def is_dead(self, states: tuple[frozenset[int], ...]) -> bool:
        return len(states) == 1 and not states[0]


_State = tuple[tuple[frozenset[int], ...], ...]


def search(language: Expression, lists: ListOf[ListOf[Condition]]) -> str | None:
    """A shortest text of the language that satisfies every list; None if there provably is none.

    The language of `cidr` is a superset, so with `cidr` in a list only None is reliable.

    Raises:
        Undecided: The search would be too large.
    """
    terms = [_Term(conditions) for conditions in lists]
    format_term = _Term(())
    format_term.automata = [Automaton(language)]
    terms.insert(0, format_term)
    alphabet = _alphabet(chain.from_iterable(a.labels() for term in terms for a in term.automata))
    start: _State = tuple(tuple(automaton.start for automaton in term.automata) for term in terms)
    seen, todo = {start}, [(start, "")]
    for state, text in todo:
        if all(term.holds(states) for term, states in zip(terms, state, strict=True)):
            return text
        for character in alphabet:
            following: _State = tuple(
                tuple(a.step(states, character) for a, states in zip(term.automata, reached, strict=True))
                for term, reached in zip(terms, state, strict=True)
            )
            if following in seen or any(
                term.is_dead(states) for term, states in zip(terms, following, strict=True)
            ):
                continue
            seen.add(following)
            if len(seen) > _MOST_STATES:
                raise Undecided
            todo.append((following, text + character))
    return None


def _alphabet(labels: Iterable[Characters]) -> tuple[str, ...]:
    """One character of each class that the labels distinguish; the characters that no label mentions are one class."""
    distinct = list(dict.fromkeys(labels))
    mentioned = set().union(*(label.members for label in distinct)) - _SURROGATES
    fresh = next(
        character
        for character in chain(_PREFERRED, map(chr, range(0x61, 0xD800)))
        if character not in mentioned
    )
    classes: dict[tuple[bool, ...], str] = {}
    ordered = [*(c for c in _PREFERRED if c in mentioned), *sorted(mentioned), fresh]
    for character in ordered:
        classes.setdefault(tuple(label.accepts(character) for label in distinct), character)
    return tuple(classes.values())
