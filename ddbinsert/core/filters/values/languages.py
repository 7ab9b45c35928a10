"""Regular languages: the texts that a condition accepts, or that a field of a stream record can contain.

Every text condition of a filter pattern (equality, `prefix`, `suffix`, `equals-ignore-case`, `wildcard`) and every
format of a record's text fields (numbers, base64, event IDs, ARNs) is a regular language. Therefore the question
"does any text satisfy all of these?" has an exact answer: see `solve`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Characters:
    """One character of a set; with `negated`, one character that is not in the set."""

    members: frozenset[str]
    negated: bool = False

    def accepts(self, character: str) -> bool:
        return (character in self.members) is not self.negated


@dataclass(frozen=True, slots=True)
class Concatenation:
    """The parts one after the other; without parts, the empty text."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Alternation:
    """One of the parts."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """The part any number of times, also zero times."""

    part: Expression


Expression = Characters | Concatenation | Alternation | Repeated

ANY_CHARACTER: Final = Characters(frozenset(), negated=True)
ANY_TEXT: Final = Repeated(ANY_CHARACTER)
SOME_TEXT: Final = Concatenation((ANY_CHARACTER, ANY_TEXT))
DIGIT: Final = Characters(frozenset("0123456789"))


def one_of(characters: Iterable[str]) -> Characters:
    return Characters(frozenset(characters))


def literal(text: str) -> Concatenation:
    return Concatenation(tuple(map(one_of, text)))


def sequence(*parts: Expression) -> Concatenation:
    return Concatenation(parts)


def choice(*parts: Expression) -> Alternation:
    return Alternation(parts)


def optional(part: Expression) -> Alternation:
    return Alternation((Concatenation(()), part))


def times(part: Expression, least: int, most: int | None = None) -> Concatenation:
    """`least` to `most` times; without `most`, exactly `least` times."""
    extra = (most if most is not None else least) - least
    tail: Expression = Concatenation(())
    for _ in range(extra):
        tail = optional(Concatenation((part, tail)))
    return Concatenation((*([part] * least), tail))


class Automaton:
    """A nondeterministic automaton that recognises an expression.

    Attributes:
        start: The states in which reading begins.
    """

    def __init__(self, expression: Expression) -> None:
        self._edges: list[list[tuple[Characters, int]]] = []
        self._empty: list[list[int]] = []
        first = self._state()
        self._end = self._add(expression, first)
        self._closures = [self._closure(state) for state in range(len(self._edges))]
        self.start = self._closures[first]

    def _state(self) -> int:
        self._edges.append([])
        self._empty.append([])
        return len(self._edges) - 1

    def _add(self, expression: Expression, start: int) -> int:
        """Add an expression that begins in a state, and return the state in which it ends."""
        match expression:
            case Characters():
                end = self._state()
                self._edges[start].append((expression, end))
                return end
            case Concatenation(parts=parts):
                for part in parts:
                    start = self._add(part, start)
                return start
            case Alternation(parts=parts):
                end = self._state()
                for part in parts:
                    branch = self._state()
                    self._empty[start].append(branch)
                    self._empty[self._add(part, branch)].append(end)
                return end
            case Repeated(part=part):
                loop = self._state()
                self._empty[start].append(loop)
                self._empty[self._add(part, loop)].append(loop)
                return loop

    def _closure(self, state: int) -> frozenset[int]:
        seen, todo = {state}, [state]
        while todo:
            for following in self._empty[todo.pop()]:
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
        return frozenset(seen)

    def step(self, states: frozenset[int], character: str) -> frozenset[int]:
        """The states after one more character; empty if no text of the language begins like this."""
        found: set[int] = set()
        for state in states:
            for label, target in self._edges[state]:
                if label.accepts(character):
                    found |= self._closures[target]
        return frozenset(found)

    def is_end(self, states: frozenset[int]) -> bool:
        return self._end in states

    def accepts(self, text: str) -> bool:
        states = self.start
        for character in text:
            states = self.step(states, character)
            if not states:
                return False
        return self.is_end(states)

    def labels(self) -> set[Characters]:
        """The character sets on the edges."""
        return {label for edges in self._edges for label, _ in edges}
