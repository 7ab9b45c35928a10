"""gaps --repair through the rig: exactly the missed inserts are given again, and a killed repair goes on."""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import begun, ended
from tests.strict.bench import until
from tests.strict.sabotage import handlers
from tests.strict.sabotage.ground import FAST, QUICK, Ground
from tests.strict.test_gaps import INSERTS, PICKY, RESTARTING, SEEDS, SETTLED, Watched, named, reads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.rig import Profile

#: An hour passes in two seconds.
HOURS = replace(FAST, name="hours", mappings=replace(QUICK, age_scale=1800.0))
#: Moments at which a repair is killed; more at night.
_KILLS = int(os.environ.get("TEST_KILLS", "3"))


@pytest.fixture
def ground_of(emulator: local.Emulator, tmp_path: Path) -> Iterator[Callable[..., Ground]]:
    open_ones: list[Ground] = []

    def make(profile: Profile = RESTARTING) -> Ground:
        open_ones.append(Ground(emulator, tmp_path, profile).__enter__())
        return open_ones[-1]

    yield make
    for ground in open_ones:
        ground.__exit__(None, None, None)


def skipped(ground: Ground, count: int, *options: str, source: str = handlers.HONEST) -> Watched:
    """A mapping from LATEST that was disabled for a while, in which so many items were inserted."""
    ground.attach_code(source, "--starting-position", "LATEST", "--function-timeout", "1", *options)
    watched = Watched(ground)
    assert until(lambda: reads(watched))
    ground.change_mapping(Enabled=False)
    watched.write(*(f"missed-{number}" for number in range(count)))
    ground.change_mapping(Enabled=True)
    ground.pause(0.6)
    assert until(lambda: reads(watched))
    watched.settle()
    return watched


def test_what_a_disabled_mapping_from_latest_skipped_is_repaired_and_then_all_is_well(
    ground_of: Callable[..., Ground],
) -> None:
    ground = ground_of()
    watched = skipped(ground, 5)
    missed = {f"missed-{number}" for number in range(5)}
    before = watched.gaps()
    assert (before.code, named(before)) == (1, {"latest-mapping": missed})

    asked = watched.gaps("--repair")
    assert (asked.code, asked.error_code) == (2, "confirmation-needed")
    assert "5 missed inserts" in asked.json["errors"][0]["message"]
    dry = watched.gaps("--repair", "--dry-run")
    assert (dry.code, dry.data["missed"]) == (1, 5)
    assert not missed & watched.processed

    done = watched.gaps("--repair", "--yes")
    assert (done.code, done.data["repair"]["processed"], done.data["repair"]["left"]) == (0, 5, 0), done.out
    assert watched.times(missed) == dict.fromkeys(missed, 1)
    after = watched.gaps()
    assert (after.code, after.data["missed"]) == (0, 0), after.out
    again = watched.gaps("--repair", "--yes")
    assert again.code == 0
    assert watched.times(missed) == dict.fromkeys(missed, 1)


def test_another_machine_sees_by_the_receipts_that_all_is_repaired(
    ground_of: Callable[..., Ground], tmp_path: Path
) -> None:
    ground = ground_of()
    watched = skipped(ground, 2)
    assert watched.gaps("--repair", "--yes").code == 0
    watched.settle()
    ground.home = tmp_path / "elsewhere"
    ground.home.mkdir()
    after = watched.gaps()
    assert (after.code, after.data["repaired"]) == (0, 0), after.out


def test_what_fails_again_stays_missed_and_is_told(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of()
    ground.attach_code(PICKY, "--retries", "0", "--batch-size", "1")
    watched = Watched(ground)
    watched.write("bad", fails={"BOOL": True})
    watched.write("a")
    watched.wait("a")
    watched.settle()
    done = watched.gaps("--repair", "--yes", "--attempts", "2", "--no-failures")
    assert (done.code, len(done.data["repair"]["failed"])) == (1, 1), done.out
    assert "no such column" in done.data["repair"]["problem"]
    after = watched.gaps("--no-failures")
    assert after.code == 1
    assert [group["missed"] for group in after.data["causes"]] == [1]


def test_what_a_disabled_mapping_holds_up_is_not_given_twice(ground_of: Callable[..., Ground]) -> None:
    ground = ground_of()
    ground.attach()
    watched = Watched(ground)
    ground.change_mapping(Enabled=False)
    watched.write("a")
    watched.settle()
    assert "--repair" not in ground.run("gaps", ground.table, *SETTLED).out
    refused = watched.gaps("--repair", "--yes")
    assert (refused.code, refused.error_code) == (5, "mapping-disabled")
    assert "--enabled" in refused.json["errors"][0]["hint"]
    assert not watched.processed


def _updated(watched: Watched, inserts: Inserts) -> None:
    """A mapping from LATEST is updated, and skips what is written while it restarts."""
    watched.ground.attach("--starting-position", "LATEST")
    watched.await_next_second()
    assert until(lambda: reads(watched))
    watched.write(*inserts.before)
    watched.ground.change_mapping(BatchSize=50)
    watched.write(*inserts.lost)
    watched.ground.pause(0.5)
    watched.write(*inserts.after)
    assert until(lambda: reads(watched))


def _disabled(watched: Watched, inserts: Inserts) -> None:
    """A mapping from LATEST is disabled for a while."""
    watched.ground.attach("--starting-position", "LATEST")
    watched.await_next_second()
    assert until(lambda: reads(watched))
    watched.write(*inserts.before)
    watched.wait(*inserts.before)
    watched.ground.change_mapping(Enabled=False)
    watched.write(*inserts.lost)
    watched.ground.change_mapping(Enabled=True)
    watched.ground.pause(0.6)
    assert until(lambda: reads(watched))
    watched.write(*inserts.after)


def _throttled(watched: Watched, inserts: Inserts) -> None:
    """The function is throttled for more than an hour, the age at which records are discarded."""
    ground = watched.ground
    ground.attach("--record-age", "3600")
    watched.await_next_second()
    lambda_, function = ground.aws.lambda_, ground.function
    watched.write(*inserts.before)
    watched.wait(*inserts.before)
    lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    watched.write(*inserts.lost)
    ground.pause(2.5)
    lambda_.delete_function_concurrency(FunctionName=function)
    watched.write(*inserts.after)


def _discarded(watched: Watched, inserts: Inserts) -> None:
    """The function fails on some records, which are discarded after a retry; then it is corrected."""
    ground = watched.ground
    ground.attach_code(PICKY, "--retries", "1", "--on-failure", "create")
    watched.await_next_second()
    watched.write(*inserts.before)
    for key in inserts.lost:
        watched.write(key, fails={"BOOL": True})
    watched.write(*inserts.after)
    watched.wait(*inserts.before, *inserts.after)
    ground.replace_code(handlers.HONEST)


def _dead(watched: Watched, inserts: Inserts) -> None:
    """The stream is replaced, and the mapping goes on reading the one that has ended."""
    watched.ground.attach()
    watched.await_next_second()
    watched.write(*inserts.before, *inserts.after)
    watched.wait(*inserts.before, *inserts.after)
    watched.ground.replace_stream()
    watched.write(*inserts.lost)


class Inserts:
    """Keys before, during and after the time in which inserts are not delivered."""

    def __init__(self, chance: random.Random) -> None:
        lost = chance.randrange(1, max(2, INSERTS // 10))
        self.before = tuple(f"before-{number}" for number in range(INSERTS - lost))
        self.lost = tuple(f"lost-{number}" for number in range(lost))
        self.after = tuple(f"after-{number}" for number in range(INSERTS))


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("happens", "cause"),
    [
        (_updated, "latest-mapping"),
        (_disabled, "latest-mapping"),
        (_throttled, "throttled"),
        (_discarded, "discarded"),
        (_dead, "stream-replaced"),
    ],
)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_exactly_what_was_never_delivered_is_named_and_repaired(
    ground_of: Callable[..., Ground], happens: Callable[[Watched, Inserts], None], cause: str, seed: int
) -> None:
    ground = ground_of(HOURS if happens is _throttled else RESTARTING)
    watched = Watched(ground)
    happens(watched, Inserts(random.Random(seed)))  # noqa: S311 - a number of inserts, no secret
    watched.settle()
    lost = set(watched.written) - watched.processed
    assert lost, "everything was delivered: the test shows nothing"
    answer = watched.gaps()
    assert (answer.code, named(answer)) == (1, {cause: lost}), answer.out
    if happens is not _dead:  # the emulator forgets the records of a replaced stream
        assert answer.data["processed"] == len(watched.written) - len(lost)
    done = watched.gaps("--repair", "--yes")
    assert (done.code, done.data["repair"]["processed"]) == (0, len(lost)), done.out
    after = watched.gaps()
    assert (after.code, after.data["missed"]) == (0, 0), after.out
    assert watched.times(lost) == dict.fromkeys(lost, 1)


@pytest.mark.nightly
def test_a_repair_that_is_killed_at_any_moment_goes_on_and_gives_nothing_answered_again(
    ground_of: Callable[..., Ground],
) -> None:
    ground = ground_of()
    count = 10 * _KILLS  # more than the killed repairs come to
    watched = skipped(ground, count)
    missed = {f"missed-{number}" for number in range(count)}
    chance = random.Random(7)  # noqa: S311 - moments, no secret
    cut = 0
    words = ("gaps", ground.table, "--repair", "--yes", "-o", "json", *SETTLED)
    for _ in range(_KILLS):
        process = begun(*words, variables=ground.variables, cwd=ground.home)
        act = ground.rig.interrupt if chance.random() < 0.5 else _after(ground)
        act("lambda:Invoke", process.kill, after=chance.randrange(6))
        cut += ended(process).code == -9
    done = watched.gaps("--repair", "--yes")
    assert done.code == 0, done.out
    counted = watched.times(missed)
    assert set(counted) == missed
    # Each kill leaves one call whose answer nobody saw; only such a one may have been made twice.
    assert sum(counted.values()) <= len(missed) + cut
    recorded = ledger_of(ground)
    assert sum(recorded.values()) == len(missed)
    assert recorded["sent"] <= cut  # known to be processed by their receipts
    assert set(recorded) <= {"done", "sent"}
    watched.settle()
    assert watched.gaps().code == 0
    assert cut, "no repair was killed: the test shows nothing"


def ledger_of(ground: Ground) -> Counter[str]:
    """The number of inserts by what this machine's record of the repairs says of them."""
    (path,) = (ground.home / "state" / "repairs").glob("*.sqlite")
    with closing(sqlite3.connect(path)) as database:
        return Counter(dict(database.execute("SELECT state, count(*) FROM given GROUP BY state").fetchall()))


def _after(ground: Ground) -> Callable[..., None]:
    """Like ``rig.interrupt``, once the call has been answered upstream."""

    def act(operation: str, do: Callable[[], None], *, after: int) -> None:
        seen = Counter[str]()

        def follow(_call: object) -> None:
            seen["calls"] += 1
            if seen["calls"] == after + 1:
                do()

        ground.rig.follow(operation, follow)

    return act
