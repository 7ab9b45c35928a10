"""Answers with a field missing, or of another form: an error that names the operation, or a result; never a crash."""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples import seeds
from tests.functional.command import ran
from tests.soak.ground import Ground
from tests.strict.rig import Profile

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLE = "healthy"
COMMANDS = {
    "verify": ("verify", _TABLE),
    "observe": ("verify", _TABLE, "--observe", "--for", "1s"),
    "verify all": ("verify", _TABLE, "--all"),
    "status": ("status", _TABLE),
    "doctor": ("doctor", _TABLE),
    "records": ("records", _TABLE),
    "gaps": ("gaps", _TABLE, "--settle", "5s"),
    "tail": ("tail", _TABLE, "--last", "9"),
    "ls": ("ls",),
    "drift": ("drift", _TABLE),
    "failures": ("failures", "list", _TABLE),
    "export": ("export", "terraform", _TABLE, "--from-live"),
    "send": ("send", _TABLE, "--count", "3", "--hold", "0s"),
    "attach-trigger": ("attach-trigger", _TABLE, "--dry-run"),
    "backtest": ("filter", "backtest", "--table", _TABLE, "--pattern", '{"eventName":["INSERT"]}'),
    "backfill": ("backfill", _TABLE, "--limit", "1", "--yes"),
    "down": ("down", _TABLE, "--dry-run"),
}
_JUNK: tuple[Any, ...] = (None, 7, "x", [], {}, [None], {"a": 1}, -1, True, "2026", 1e300)
#: Of an answer's fields, this part of the answers has one changed.
_SHARE = 0.35


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    inner = (
        value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    )
    for name, one in inner:
        yield from _places(one, (*place, name))


class Mangler:
    """Changes one field of some answers, at random."""

    def __init__(self) -> None:
        self.chance: random.Random | None = None
        self.changed: list[tuple[Any, ...]] = []

    def __call__(self, answer: dict[str, Any]) -> dict[str, Any]:
        places = list(_places(answer))
        if self.chance is None or not places or self.chance.random() > _SHARE:
            return answer
        mangled = copy.deepcopy(answer)
        place = self.chance.choice(places)
        holder: Any = mangled
        for name in place[:-1]:
            holder = holder[name]
        if isinstance(holder, dict) and self.chance.random() < 0.3:
            del holder[place[-1]]
        else:
            holder[place[-1]] = self.chance.choice(_JUNK)
        self.changed.append(place)
        return mangled


@pytest.fixture(scope="module")
def mangled() -> Iterator[tuple[Ground, Mangler]]:
    mangler = Mangler()
    with Ground(profile=Profile.aws(), names=(_TABLE,)) as ground:
        ground.rig.amend("*", mangler)
        yield ground, mangler


@pytest.mark.parametrize("seed", seeds(300))
def test_no_command_crashes_on_an_answer_of_another_form(seed: int, mangled: tuple[Ground, Mangler]) -> None:
    ground, mangler = mangled
    mangler.chance, mangler.changed = random.Random(seed), []  # noqa: S311 - not a secret
    name = list(COMMANDS)[seed % len(COMMANDS)]
    try:
        done = ran(*COMMANDS[name], "--timeout", "4s", variables=ground.variables, cwd=ground.home)
    finally:
        mangler.chance = None
    assert "Traceback" not in done.err, (name, mangler.changed, done.err)
    assert done.code in range(7), (name, mangler.changed, done.err)
