"""gaps through the rig: an audit that is interrupted goes on where it stopped, with the same result."""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import begun, ended
from tests.strict.rig import Fault, FaultKind
from tests.strict.sabotage.ground import FAST, Ground
from tests.strict.test_gaps import SETTLED, Watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ddbinsert import local
    from tests.functional.command import Ran

_CONTINUES = "continuing the audit that was interrupted"
_KEPT = "run the same command again to continue"
#: More than are kept at once, for interruptions in between.
_INSERTS = 2_500


@pytest.fixture
def ground(emulator: local.Emulator, tmp_path: Path) -> Iterator[Ground]:
    with Ground(emulator, tmp_path, FAST) as made:
        yield made


def missing(ground: Ground, count: int) -> Watched:
    """A trigger that processed two inserts, and that missed a number of them."""
    ground.attach()
    watched = Watched(ground)
    watched.write("a", "b")
    watched.wait("a", "b")
    ground.change_mapping(Enabled=False)
    watched.write(*(f"missed-{number}" for number in range(count)))
    watched.settle()
    return watched


def found(answer: Ran) -> dict[str, object]:
    """What an audit found, without the time at which it was made."""
    data = {name: value for name, value in answer.data.items() if name not in {"until", "since"}}
    data["inconclusive"] = [(one["why"], one["inserts"]) for one in answer.data["inconclusive"]]
    (data["group"],) = data.pop("causes")
    data["inserts of the group"] = sorted(one["eventID"] for one in data["group"].pop("inserts"))
    return data


def kept(ground: Ground) -> list[Path]:
    return list((ground.home / "state" / "audits").glob("*"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("options", [(), ("--match",)])
def test_an_audit_that_is_interrupted_at_any_moment_goes_on_with_the_same_result(
    ground: Ground, number: signal.Signals, options: tuple[str, ...], tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    watched = missing(ground, _INSERTS)
    words = ("gaps", ground.table, "-o", "json", *SETTLED, *options)
    whole = found(watched.gaps(*options))
    before = _reads(ground)
    assert watched.gaps(*options).code == 1
    needed = _reads(ground) - before
    for operation, after in (("dynamodbstreams:GetRecords", 3), ("logs:FilterLogEvents", 0)):
        process = begun(*words, variables={**ground.variables, "TMPDIR": str(temporary)}, cwd=ground.home)
        ground.rig.interrupt(operation, partial(process.send_signal, number), after=after)
        cut = ended(process)
        assert cut.code in {-9, 130}, cut.err
        assert not list(temporary.iterdir())
    assert kept(ground)
    assert (_KEPT in cut.err) == (number == signal.SIGINT), cut.err
    before = _reads(ground)
    answer = watched.gaps(*options)
    assert _CONTINUES in answer.err
    assert found(answer) == whole
    assert _reads(ground) - before < needed
    assert not kept(ground)
    again = watched.gaps(*options)
    assert _CONTINUES not in again.err
    assert found(again) == whole


def _reads(ground: Ground) -> int:
    return ground.rig.counts()["GetRecords"]


def test_what_is_excluded_while_an_interrupted_audit_reads_is_counted_by_the_one_that_continues_it(
    ground: Ground,
) -> None:
    ground.attach("--filter", '{"dynamodb":{"NewImage":{"kind":{"S":["order"]}}}}')
    watched = Watched(ground)
    watched.write("a", kind={"S": "order"})
    watched.wait("a")
    watched.settle()

    def write_later() -> None:
        ground.pause(1.2)  # records have whole seconds: in a later one than that in which the audit began
        watched.write("b", kind={"S": "other"})

    ground.rig.interrupt("dynamodbstreams:GetRecords", write_later)
    ground.rig.inject(Fault(operation="logs:FilterLogEvents", kind=FaultKind.ACCESS_DENIED))
    assert watched.gaps().code == 4
    ground.rig.heal()
    answer = watched.gaps()
    assert _CONTINUES in answer.err
    assert (answer.code, answer.data["excluded"], answer.data["processed"]) == (0, 1, 1), answer.out


def test_another_command_does_not_continue_it_and_a_second_run_at_the_same_time_reads_for_itself(
    ground: Ground,
) -> None:
    watched = missing(ground, 3)
    ground.rig.inject(Fault(operation="logs:FilterLogEvents", kind=FaultKind.ACCESS_DENIED))
    denied = watched.gaps()
    assert denied.code == 4
    assert _KEPT in denied.err
    ground.rig.heal()
    other = watched.gaps("--since", "1h")
    assert _CONTINUES not in other.err
    assert len(kept(ground)) == 1
    second: list[Ran] = []
    ground.rig.interrupt("logs:FilterLogEvents", lambda: second.append(watched.gaps()))
    first = watched.gaps()
    assert _CONTINUES in first.err
    assert _CONTINUES not in second[0].err
    assert found(first) == found(second[0])
    assert not kept(ground)


def test_a_folder_that_cannot_be_written_only_costs_the_continuation(ground: Ground) -> None:
    watched = missing(ground, 3)
    whole = found(watched.gaps())
    folder = ground.home / "state" / "audits"
    folder.rmdir()
    folder.write_text("in the way")
    answer = watched.gaps()
    assert found(answer) == whole
