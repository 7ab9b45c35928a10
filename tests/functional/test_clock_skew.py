"""A clock of this machine that is wrong: the same results as with a right one, and a warning; AWS's refusal is named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ddbinsert.environment import SystemClock
from tests.examples import some
from tests.functional.command import ran
from tests.functional.test_odd_endpoints import COMMANDS
from tests.strict.rig import Fault, FaultKind, Profile, StrictRig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.local import Emulator
    from tests.functional.helpers import Cloud

DAY = 86_400.0
#: What is done to a trigger that processes inserts, its exit code, and a pattern of its stdout.
RESULTS = {
    "verify": (("verify",), 0, "PASS"),
    "observe": (("verify", "--observe", "--for", "1s"), 6, "INCONCLUSIVE"),
    "gaps": (("gaps", "--settle", "0s"), 0, r"None of the \d+ inserts"),
    "gaps lately": (("gaps", "--since", "90s", "--settle", "0s"), 6, r"processed  [1-9]"),
    "tail": (("tail", "--since", "90s"), 0, "second"),
    "records": (("records", "--since", "90s"), 0, "second"),
    "doctor": (("doctor",), 0, "last insert in the stream"),
    "status": (("status",), 0, r"\(insert-only\)"),
    "plan": (("plan",), 0, "Nothing to do"),
}


class WrongClock(SystemClock):
    """This machine's clock, but for some seconds."""

    def __init__(self, ahead: float) -> None:
        self.ahead_by = ahead

    def now(self) -> float:
        return super().now() + self.ahead_by


@pytest.fixture(scope="module")
def busy(emulator: Emulator, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A trigger whose function has processed two inserts."""
    variables = {**emulator.variables(), "HOME": str(tmp_path_factory.mktemp("home"))}
    table = cloud.table()
    assert (
        ran("attach-trigger", table, "--yes", "--starting-position", "TRIM_HORIZON", variables=variables).code
        == 0
    )
    for key in ("first", "second"):
        cloud.put(table, key)
        assert cloud.logged(f"{table}-inserts", f'"{key}"')
    return table


@pytest.mark.parametrize(
    ("what", "ahead"),
    some([(what, ahead) for what in RESULTS for ahead in (240.0, -240.0, DAY, -DAY)], one_in=2),
)
def test_results_are_those_of_the_right_clock(
    what: str, ahead: float, busy: str, variables: dict[str, str]
) -> None:
    (command, *options), code, pattern = RESULTS[what]
    done = ran(command, busy, *options, variables=variables, clock=WrongClock(ahead))
    assert done.code == code, done
    assert re.search(pattern, done.out), done
    assert not re.search(r"-\d+(\.\d+)? (ms|s|min|h) ago", done.out)
    way = "ahead of" if ahead > 0 else "behind"
    assert f"{way} the endpoint's" in done.err
    assert "warning: the clock of this machine is" in done.err


def test_a_clock_that_is_right_is_not_mentioned(busy: str, variables: dict[str, str]) -> None:
    done = ran("status", busy, "-o", "json", variables=variables, clock=WrongClock(20.0))
    assert (done.code, done.json["warnings"]) == (0, [])


def test_the_warning_is_in_json_too(busy: str, variables: dict[str, str]) -> None:
    done = ran("status", busy, "-o", "json", variables=variables, clock=WrongClock(-240.0))
    (warning,) = done.json["warnings"]
    assert "4 min 00 s behind" in warning


@pytest.fixture(scope="module")
def refusing(emulator: Emulator) -> Iterator[str]:
    with StrictRig(emulator.endpoint, profile=Profile()) as rig:
        rig.inject(Fault(operation="*", kind=FaultKind.CLOCK_SKEW))
        yield rig.endpoint


@pytest.mark.parametrize("name", some(COMMANDS, one_in=2))
def test_every_command_names_the_clock_if_aws_refuses_it(
    name: str, refusing: str, variables: dict[str, str]
) -> None:
    done = ran(*COMMANDS[name], "-o", "json", variables=variables | {"AWS_ENDPOINT_URL": refusing})
    assert done.code == 4, done
    assert "25 min 00 s behind AWS's" in done.err
    assert "Correct the clock of this machine" in done.err
    assert "aws sso login" not in done.err
