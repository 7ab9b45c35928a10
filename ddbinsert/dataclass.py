"""`dataclasses.dataclass`, with methods that are compiled at their first use.

The standard decorator compiles up to six methods for every class while its module is imported, which takes 1 ms for a
frozen class; a command imports a hundred classes, and uses less than half of them (docs/architecture.md#fast-start).
This decorator uses the standard one for the fields and compiles methods later. Classes behave in the same way,
including `replace`, `fields`, `asdict` and patterns; a test compares each class of ddbinsert with the standard
decorator. Not supported: `InitVar`, and mixing both decorators in one hierarchy of frozen classes.
"""

from __future__ import annotations

import dataclasses
import operator
import reprlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - the type checker's special case is for this name
else:

    def dataclass(cls=None, /, *, frozen=False, kw_only=False, slots=False, eq=True):  # noqa: ANN001, ANN201
        """See `dataclasses.dataclass`."""

        def decorate(plain: type) -> type:
            return _decorated(plain, frozen=frozen, kw_only=kw_only, slots=slots, eq=eq)

        return decorate if cls is None else decorate(cls)


class _Late:
    """A method in a class's dictionary until it is first looked up."""

    def __init__(self, owner: type, name: str, make: Callable[[type], Any]) -> None:
        self._owner = owner
        self._name = name
        self._make = make

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        method = self._make(self._owner)
        method.__name__, method.__qualname__ = self._name, f"{self._owner.__qualname__}.{self._name}"
        setattr(self._owner, self._name, method)
        return method.__get__(instance, owner)


def _decorated(plain: type, *, frozen: bool, kw_only: bool, slots: bool, eq: bool) -> type:
    own = frozenset(vars(plain))
    if plain.__doc__ is None:
        plain.__doc__ = plain.__name__  # otherwise, the standard decorator creates a signature
    # The standard decorator's `frozen` compiles two methods at once.
    cls: type = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only, slots=slots)(plain)

    def set_lazily(name: str, make: Callable[[type], Any]) -> None:
        if name not in own:
            setattr(cls, name, _Late(cls, name, make))

    set_lazily("__init__", _setting_init if frozen else _plain_init)
    set_lazily("__repr__", _repr)
    if eq:
        set_lazily("__eq__", _eq)
        has_hash = vars(plain).get("__hash__") is not None
        if frozen and not has_hash:
            setattr(cls, "__hash__", _Late(cls, "__hash__", _hash))  # noqa: B010 - a method, not an assignment
        elif not has_hash and "__eq__" not in own:
            setattr(cls, "__hash__", None)  # noqa: B010
    if frozen:
        _freeze(cls)
        if slots:
            set_lazily("__getstate__", _getstate)
            set_lazily("__setstate__", _setstate)
    return cls


def _freeze(cls: Any) -> None:
    names = frozenset(field.name for field in dataclasses.fields(cls))
    plain_set, plain_delete = cls.__setattr__, cls.__delattr__

    def refuse_set(self: object, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        plain_set(self, name, value)

    def refuse_delete(self: object, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        plain_delete(self, name)

    cls.__setattr__, cls.__delattr__ = refuse_set, refuse_delete


# --- the methods ----------------------------------------------------------------------------------------------


def _setting_init(cls: type) -> Any:
    return _init(cls, "    _set(self, {name!r}, {value})")


def _plain_init(cls: type) -> Any:
    return _init(cls, "    self.{name} = {value}")


def _init(cls: type, statement: str) -> Any:
    """Compile ``__init__`` in the module of the class, so that names in it refer to the same objects."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_absent": dataclasses.MISSING}
    parameters: dict[bool, list[str]] = {False: [], True: []}
    body = []
    for field in dataclasses.fields(cls):
        name = value = field.name
        default = ""
        if field.default is not dataclasses.MISSING:
            known[f"_default_{name}"] = field.default
            default = f"=_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            known[f"_make_{name}"] = field.default_factory
            default = "=_absent"
            value = f"_make_{name}() if {name} is _absent else {name}"
        if field.init:
            parameters[bool(field.kw_only)].append(f"{name}{default}")
        elif f"_make_{name}" in known:
            value = f"_make_{name}()"
        elif default and "__slots__" in vars(cls):  # otherwise, the class has the value
            value = f"_default_{name}"
        else:
            continue
        body.append(statement.format(name=name, value=value))
    if hasattr(cls, "__post_init__"):
        body.append("    self.__post_init__()")
    listed = ", ".join(["self", *parameters[False], *(["*", *parameters[True]] if parameters[True] else [])])
    lines = [
        f"  def __init__({listed}):",
        *(f"  {line}" for line in body or ["    pass"]),
        "  return __init__",
    ]
    made: dict[str, Any] = {}
    source = "\n".join([f"def make({', '.join(known)}):", *lines])
    exec(source, vars(sys.modules[cls.__module__]), made)  # noqa: S102 - it contains only names of fields, as in the standard library
    method = made["make"](**known)
    annotations = {field.name: field.type for field in dataclasses.fields(cls) if field.init}
    method.__annotations__ = {**annotations, "return": None}
    return method


def _values(names: list[str]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda instance: tuple(getattr(instance, name) for name in names)


def _eq(cls: type) -> Any:
    values = _values([field.name for field in dataclasses.fields(cls) if field.compare])

    def __eq__(self: object, other: object) -> Any:  # noqa: N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(cls: type) -> Any:
    names = [
        field.name
        for field in dataclasses.fields(cls)
        if (field.compare if field.hash is None else field.hash)
    ]
    values = _values(names)

    def __hash__(self: object) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


def _repr(cls: type) -> Any:
    names = [field.name for field in dataclasses.fields(cls) if field.repr]

    @reprlib.recursive_repr()
    def __repr__(self: object) -> str:  # noqa: N807
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    return __repr__


def _getstate(cls: type) -> Any:
    names = [field.name for field in dataclasses.fields(cls)]
    return lambda self: [getattr(self, name) for name in names]


def _setstate(cls: type) -> Any:
    names = [field.name for field in dataclasses.fields(cls)]

    def __setstate__(self: object, state: list[Any]) -> None:  # noqa: N807
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    return __setstate__
