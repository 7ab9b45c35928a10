"""The kinds of values that keys accept, as data, read from the annotated types of core's dataclasses.

The check, the JSON Schema and the error messages use these kinds, so that the annotations are the only definition.
(The kinds, like the classes in ``nodes``, are named tuples, because they are created at every start, which takes three
times as long for dataclasses.)
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, GroupedMetadata, Le, MaxLen, MinLen

from ddbinsert.core.model.limits import JsonObjectText, Matches, NoneIs, Secret


class Text(NamedTuple):
    """A value that is text.

    Attributes:
        shortest: Smallest number of characters.
        longest: Largest number of characters; None for no limit.
        matches: Expressions that the whole text must match.
        is_json: The text is a JSON object, which a file may also write as a mapping.
        is_secret: Whether the value is hidden in messages.
    """

    shortest: int = 0
    longest: int | None = None
    matches: tuple[Matches, ...] = ()
    is_json: bool = False
    is_secret: bool = False


class Whole(NamedTuple):
    lowest: int | None = None
    highest: int | None = None


class Boolean(NamedTuple):
    pass


class Choice(NamedTuple):
    """One of several texts or numbers.

    Attributes:
        make: Converts it to the value that the code uses.
    """

    options: tuple[str | int, ...]
    make: Callable[[Any], object]


class Nothing(NamedTuple):
    """None; written as null, or as ``word``, if the kind has one."""

    word: str | None = None


class OneOf(NamedTuple):
    kinds: tuple[Kind, ...]


class ListOf(NamedTuple):
    item: Kind
    longest: int | None = None


class MapOf(NamedTuple):
    key: Text
    value: Text
    longest: int | None = None


Kind = Text | Whole | Boolean | Choice | Nothing | OneOf | ListOf | MapOf


def kind_of(annotation: Any, metadata: Iterable[object] = ()) -> Kind:
    """The kind of an annotated type.

    Raises:
        TypeError: A configuration file cannot contain values of the type.
    """
    facts = tuple(metadata)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind_of(arguments[0], (*_flat(arguments[1:]), *facts))
    if origin in (Union, types.UnionType):
        return OneOf(tuple(kind_of(argument, facts) for argument in arguments))
    if origin is Literal:
        return Choice(arguments, _as_it_is)
    if origin is tuple:
        return ListOf(kind_of(arguments[0]), _one(facts, MaxLen, "max_length"))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, value = kind_of(arguments[0]), kind_of(arguments[1])
        if isinstance(key, Text) and isinstance(value, Text):
            return MapOf(key, value, _one(facts, MaxLen, "max_length"))
    return _simple(annotation, facts)


def _as_it_is(option: object) -> object:
    return option


def _simple(annotation: Any, facts: tuple[object, ...]) -> Kind:
    if annotation is type(None):
        return Nothing(_one(facts, NoneIs, "word"))
    if annotation is bool:
        return Boolean()
    if annotation is int:
        return Whole(_one(facts, Ge, "ge"), _one(facts, Le, "le"))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return Choice(tuple(member.value for member in annotation), annotation)
    if annotation is str:
        return Text(
            _one(facts, MinLen, "min_length") or 0,
            _one(facts, MaxLen, "max_length"),
            tuple(fact for fact in facts if isinstance(fact, Matches)),
            is_json=any(isinstance(fact, JsonObjectText) for fact in facts),
            is_secret=any(isinstance(fact, Secret) for fact in facts),
        )
    raise TypeError(f"A configuration can't hold {annotation!r}.")


def _flat(metadata: Iterable[object]) -> Iterable[object]:
    for fact in metadata:
        if isinstance(fact, GroupedMetadata):
            yield from _flat(fact)
        else:
            yield fact


def _one(facts: Iterable[object], kind: type, attribute: str) -> Any:
    return next((getattr(fact, attribute) for fact in facts if isinstance(fact, kind)), None)


def takes_text(kind: Kind) -> bool:
    """Whether any text is a valid value, so that a variable's content is used unchanged."""
    match kind:
        case Text() | Nothing(word=str()):
            return True
        case Choice():
            return any(isinstance(option, str) for option in kind.options)
        case OneOf():
            return any(takes_text(inner) for inner in kind.kinds)
        case _:
            return False


def is_secret(kind: Kind) -> bool:
    """Whether a value of this kind is hidden in messages."""
    match kind:
        case Text():
            return kind.is_secret
        case MapOf():
            return kind.value.is_secret
        case OneOf():
            return any(is_secret(inner) for inner in kind.kinds)
        case _:
            return False


def allowed(kind: Kind) -> str:
    """The valid values, in words."""
    match kind:
        case Text():
            return _allowed_text(kind)
        case Whole():
            return f"a whole number from {kind.lowest} to {kind.highest}"
        case Boolean():
            return "true or false"
        case Choice():
            return ", ".join(str(option) for option in kind.options)
        case Nothing():
            return kind.word or "null"
        case OneOf():
            return ", or ".join(allowed(inner) for inner in kind.kinds)
        case ListOf():
            return f"a list of at most {kind.longest} items, each {allowed(kind.item)}"
        case MapOf():
            return "a mapping of names to text"


def _allowed_text(kind: Text) -> str:
    if kind.is_json:
        return "a filter pattern, as a mapping or as JSON text"
    return kind.matches[0].meaning if kind.matches else "text"
