"""ls --all-regions through the rig: which regions are read, and what one that denies or does not answer hides."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.functional import foreign
from tests.functional.command import begun, ran
from tests.functional.helpers import Cloud
from tests.strict.rig import Fault, FaultKind, Profile, StrictRig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ddbinsert import local
    from tests.functional.command import Ran

_HOME, _AWAY, _EMPTY, _OPTED_IN, _DISABLED = "us-east-1", "eu-west-1", "eu-west-2", "ap-east-1", "af-south-1"
_STATUSES = (
    *((_HOME, "ENABLED_BY_DEFAULT"), (_AWAY, "ENABLED_BY_DEFAULT"), (_EMPTY, "ENABLED_BY_DEFAULT")),
    *((_OPTED_IN, "ENABLED"), (_DISABLED, "DISABLED"), ("me-south-1", "ENABLING")),
)


class World(NamedTuple):
    """An account with a leaking function at home, and a sound one in each of two other regions."""

    rig: StrictRig
    variables: dict[str, str]
    functions: dict[str, str]

    def run(self, *more: str, folder: Path | None = None) -> Ran:
        return ran("ls", *more, variables=self.variables, cwd=folder)


@pytest.fixture(scope="module")
def world(emulator: local.Emulator) -> Iterator[World]:
    with StrictRig(emulator.endpoint, profile=Profile(regions=_STATUSES)) as rig:
        rig.inject(
            Fault(operation="*:*", kind=FaultKind.UNRECOGNIZED_CLIENT, region=_DISABLED),
        )
        here = {**emulator.variables(), "AWS_ENDPOINT_URL": rig.endpoint}
        functions = {}
        for region, filters in ((_HOME, (foreign.EVERYTHING,)), (_AWAY, ()), (_OPTED_IN, ())):
            cloud = Cloud(
                {**here, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}, emulator=emulator.endpoint
            )
            functions[region] = foreign.consumer(
                cloud, cloud.table(view="NEW_IMAGE"), foreign.role(cloud), *filters
            )
            cloud.close()
        yield World(rig, here, functions)


@pytest.fixture(autouse=True)
def healed(world: World) -> Iterator[None]:
    yield
    world.rig.heal()
    world.rig.inject(Fault(operation="*:*", kind=FaultKind.UNRECOGNIZED_CLIENT, region=_DISABLED))


def lines(done: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines()]


def shown(done: Ran, world: World) -> dict[str, str]:
    """The regions in which the functions are shown, with whether they are insert-only."""
    wanted = set(world.functions.values())
    return {one["region"]: one["insert_only"] for one in lines(done) if one.get("consumer") in wanted}


def unread(done: Ran) -> list[tuple[str, str]]:
    return [(one["region"], one["what"]) for one in lines(done) if one["type"] == "unread"]


def test_every_enabled_region_is_read_and_no_other(world: World) -> None:
    done = world.run("--all-regions", "-o", "json")
    assert done.code == 0, done.err
    assert shown(done, world) == {_HOME: "no", _AWAY: "yes", _OPTED_IN: "yes"}
    assert unread(done) == []


def test_a_region_that_denies_is_one_line_and_hides_no_other(world: World, tmp_path: Path) -> None:
    world.rig.inject(Fault(operation="*:*", kind=FaultKind.ACCESS_DENIED, region=_AWAY))
    done = world.run("--all-regions", "-o", "json", "--fail-on", "error")
    assert shown(done, world) == {_HOME: "no", _OPTED_IN: "yes"}
    assert unread(done) == [(_AWAY, "everything")]
    assert done.code == 6
    told = world.run("--all-regions", "--csv", "--report", "ls.html", folder=tmp_path)
    assert told.code == 0
    assert told.err.count("not read: ") == 1
    rows = {row["consumer"]: row["region"] for row in csv.DictReader(io.StringIO(told.out))}
    assert rows[world.functions[_HOME]] == _HOME
    page = (tmp_path / "ls.html").read_text()
    assert f"everything in {_AWAY}" in page
    assert all(world.functions[region] in page for region in (_HOME, _OPTED_IN))


def test_a_denied_list_of_one_region_is_told_with_its_name(world: World) -> None:
    world.rig.inject(Fault(operation="lambda:ListFunctions", kind=FaultKind.ACCESS_DENIED, region=_AWAY))
    done = world.run("--all-regions", "-o", "json")
    assert unread(done) == [(_AWAY, "functions")]
    assert set(shown(done, world)) == {_HOME, _AWAY, _OPTED_IN}


def test_a_region_that_does_not_answer_delays_no_other(world: World, tmp_path: Path) -> None:
    """The other regions are on the screen before the silent one is given up."""
    world.rig.inject(Fault(operation="*:*", kind=FaultKind.SLOW, seconds=20, region=_OPTED_IN))
    process = begun("ls", "--all-regions", "-o", "json", variables=world.variables, cwd=tmp_path)
    assert process.stdout is not None
    early = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert process.poll() is None
    process.kill()
    process.communicate()
    assert {one["region"] for one in early} <= {_HOME, _AWAY}
    done = world.run("--all-regions", "-o", "json", "--timeout", "5")
    assert set(shown(done, world)) == {_HOME, _AWAY}
    assert unread(done) == [(_OPTED_IN, "everything")]


def test_a_region_that_is_disabled_is_suspected_where_it_is_named(world: World) -> None:
    alone = world.run("--region", _DISABLED, "-o", "json")
    assert (alone.code, alone.error_code) == (4, "unknown-credentials")
    assert "the region may be disabled" in alone.out
    both = world.run("--region", _DISABLED, "--region", _AWAY, "-o", "json")
    assert unread(both) == [(_DISABLED, "everything")]
    assert set(shown(both, world)) == {_AWAY}
