"""Our `dataclass` makes the same classes as the standard one."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import re
import typing
from dataclasses import FrozenInstanceError, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ddbinsert
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

OURS: Any = dataclass
STANDARD: Any = dataclasses.dataclass
#: Modules that run in a process of their own, and do nothing when they are imported but start.
_PROGRAMS = ("ddbinsert.__main__", "ddbinsert.local.server")


def _body(decorator: Any, **options: Any) -> Any:
    @decorator(**options)
    class Body:
        """What is given."""

        a: int
        b: str = "b"
        c: list[int] = field(default_factory=list)
        secret: str = field(default="s", repr=False)
        note: str = field(default="", compare=False)
        d: int = field(default=7, init=False)

        def total(self) -> int:
            return self.a + len(self.c)

    return Body


_OPTIONS: tuple[dict[str, bool], ...] = (
    {},
    {"frozen": True},
    {"kw_only": True},
    {"frozen": True, "kw_only": True},
    {"frozen": True, "kw_only": True, "slots": True},
    {"slots": True},
    {"frozen": True, "eq": False},
    {"eq": False},
)


@pytest.fixture(params=_OPTIONS, ids=str)
def pair(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    return _body(OURS, **request.param), _body(STANDARD, **request.param)


def _outcome(call: Any) -> Any:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - compared
        return type(error), str(error).replace("Body.", "")


@pytest.mark.parametrize(
    "given",
    [{"a": 1}, {"a": 1, "b": "x", "c": [1]}, {}, {"a": 1, "z": 2}, {"a": 1, "d": 2}],
    ids=str,
)
def test_instances_are_made_alike(pair: tuple[Any, Any], given: dict[str, Any]) -> None:
    ours, standard = (_outcome(lambda kind=kind: vars_of(kind(**given))) for kind in pair)
    assert ours == standard


def test_constructors_look_alike(pair: tuple[Any, Any]) -> None:
    assert _outcome(lambda: vars_of(pair[0](1, "x"))) == _outcome(lambda: vars_of(pair[1](1, "x")))
    ours, standard = (inspect.signature(kind).parameters for kind in pair)
    assert [(one.name, one.kind, one.annotation) for one in ours.values()] == [
        (one.name, one.kind, one.annotation) for one in standard.values()
    ]
    assert pair[0](a=1).c is not pair[0](a=1).c


def vars_of(instance: Any) -> dict[str, Any]:
    return {each.name: getattr(instance, each.name) for each in dataclasses.fields(instance)}


def test_instances_are_shown_and_compared_alike(pair: tuple[Any, Any]) -> None:
    for kind in pair:
        one, other = kind(a=1), kind(a=1, note="n")
        pairs = [(one, other), (one, kind(a=2)), (one, kind(a=1, secret="x")), (one, one), (one, 1)]
        assert [left == right for left, right in pairs] == [
            left == right
            for left, right in [
                (pair[1](a=1), pair[1](a=1, note="n")),
                (pair[1](a=1), pair[1](a=2)),
                (pair[1](a=1), pair[1](a=1, secret="x")),
                (1, 1),
                (1, 2),
            ]
        ]
        assert one.total() == 1
    assert repr(pair[0](a=1)) == repr(pair[1](a=1))
    assert _outcome(lambda: _hashes_alike(pair[0])) == _outcome(lambda: _hashes_alike(pair[1]))


def _hashes_alike(kind: Any) -> bool:
    """Whether two that differ in a field left out of comparison hash alike; both live, so that no id is used again."""
    one, other = kind(a=1, c=()), kind(a=1, c=(), note="n")
    return hash(one) == hash(other)


@pytest.mark.parametrize("name", ["a", "c", "d"])
def test_instances_are_changed_alike(pair: tuple[Any, Any], name: str) -> None:
    def after(change: Callable[[Any], None], kind: Any) -> Any:
        return _outcome(lambda: change(kind(a=1)))

    for change in (lambda made: setattr(made, name, 3), lambda made: delattr(made, name)):
        assert after(change, pair[0]) == after(change, pair[1])


def test_instances_are_replaced_alike(pair: tuple[Any, Any]) -> None:
    assert vars_of(replace(pair[0](a=1), a=2)) == vars_of(replace(pair[1](a=1), a=2))
    assert dataclasses.asdict(pair[0](a=1)) == dataclasses.asdict(pair[1](a=1))


def test_instances_are_copied_alike(pair: tuple[Any, Any]) -> None:
    for kind in pair:
        assert vars_of(copy.copy(kind(a=1))) == vars_of(copy.deepcopy(kind(a=1))) == vars_of(kind(a=1))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pickled:
    a: int
    b: str = "b"


def test_an_instance_is_pickled() -> None:
    assert pickle.loads(pickle.dumps(_Pickled(a=3))) == _Pickled(a=3)  # noqa: S301 - our own


def test_what_a_class_defines_itself_stays() -> None:
    def made(decorator: Any) -> Any:
        @decorator(frozen=True)
        class Own:
            a: int

            def __post_init__(self) -> None:
                object.__setattr__(self, "a", self.a + 1)

            def __repr__(self) -> str:
                return f"own {self.a}"

            def __eq__(self, other: object) -> bool:
                return True

            def __hash__(self) -> int:
                return 5

            @cached_property
            def twice(self) -> int:
                return 2 * self.a

        return Own

    for kind in (made(OURS), made(STANDARD)):
        assert (repr(kind(1)), kind(1) == kind(2), hash(kind(3)), kind(1).twice) == ("own 2", True, 5, 4)


def test_classes_inherit_alike() -> None:
    def made(decorator: Any) -> Any:
        @decorator(frozen=True, kw_only=True)
        class Base:
            a: int
            b: int = 2

            def __str__(self) -> str:
                return f"{self.a}"

        @decorator(frozen=True, kw_only=True)
        class Derived(Base):
            b: int = 3
            c: int

        class Plain(Derived):
            pass

        return Derived, Plain

    (ours, plain), (standard, _) = made(OURS), made(STANDARD)
    assert repr(ours(a=1, c=3)).rpartition(".")[2] == repr(standard(a=1, c=3)).rpartition(".")[2]
    assert inspect.signature(ours) == inspect.signature(standard)
    assert ours(a=1, c=3) != plain(a=1, c=3)
    with pytest.raises(FrozenInstanceError):
        plain(a=1, c=3).a = 2
    plain(a=1, c=3).other = 2  # only the names of fields are refused below a frozen class


def test_a_positional_class_is_matched_by_position() -> None:
    @OURS(frozen=True)
    class Point:
        x: int
        y: int

    made: Any = Point
    assert made.__match_args__ == ("x", "y")
    match made(1, 2):
        case made(x, y):
            assert (x, y) == (1, 2)
        case _:
            raise AssertionError


def _package() -> list[Any]:
    found = {}
    for module in pkgutil.walk_packages(ddbinsert.__path__, "ddbinsert."):
        if module.name in _PROGRAMS or ".python." in module.name:
            continue
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.name:
                found[f"{module.name}.{kind.__qualname__}"] = kind
    return list(found.values())


def test_each_class_of_the_package_is_as_the_standard_decorator_makes_it() -> None:
    kinds = _package()
    assert len(kinds) > 200
    for kind in kinds:
        fields = [(one.name, one.type, _again(one)) for one in dataclasses.fields(kind)]
        standard = dataclasses.make_dataclass(kind.__name__, fields)
        shown = [
            [
                (one.name, one.kind, one.default is one.empty)
                for one in inspect.signature(made).parameters.values()
            ]
            for made in (kind, standard)
        ]
        assert shown[0] == shown[1], kind


def _again(one: dataclasses.Field[Any]) -> Any:
    given: dict[str, Any] = {"kw_only": one.kw_only, "init": one.init}
    if one.default is not dataclasses.MISSING:
        given["default"] = one.default
    elif one.default_factory is not dataclasses.MISSING:
        given["default_factory"] = one.default_factory
    return field(**given)


def test_annotations_of_a_constructor_are_resolved_in_the_classs_module() -> None:
    from ddbinsert.advice import Advice

    assert typing.get_type_hints(Advice.__init__)["text"] is str


def test_no_module_of_the_program_uses_the_standard_decorator() -> None:
    root = Path(ddbinsert.__file__).parent
    found = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "python" not in path.relative_to(root).parts[:-1]
        and re.search(
            r"^from dataclasses import .*\bdataclass\b", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert found == []
