"""Every way to break a trigger is found out, by its cause; nothing healthy is called broken.

``pytest -s tests/strict/test_sabotage.py`` prints the confusion matrix at its end, and so does
``python -m tests.strict.sabotage``.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.strict.rig import Logs
from tests.strict.sabotage.cases import HEALTHY, SABOTAGE
from tests.strict.sabotage.ground import FAST, QUICK, Ground
from tests.strict.sabotage.matrix import (
    BROKEN,
    WELL,
    Outcome,
    carried_out,
    compared,
    false_alarms,
    false_passes,
    table,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.sabotage.case import Case


@pytest.fixture(scope="session")
def outcomes() -> list[Outcome]:
    """What was said of each case in this test process."""
    return []


@pytest.mark.parametrize("case", SABOTAGE, ids=lambda case: case.name)
def test_a_broken_trigger_is_found_out_with_its_cause(
    case: Case, emulator: local.Emulator, tmp_path: Path, outcomes: list[Outcome]
) -> None:
    judged = carried_out(case, emulator, tmp_path)
    outcomes.append(compared(case, BROKEN, judged))
    assert judged.result != "PASS", judged.told
    assert not outcomes[-1].problem, judged.told


@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.name)
def test_a_healthy_trigger_passes_however_odd_it_looks(
    case: Case, emulator: local.Emulator, tmp_path: Path, outcomes: list[Outcome]
) -> None:
    judged = carried_out(case, emulator, tmp_path)
    outcomes.append(compared(case, WELL, judged))
    assert judged.result == "PASS", judged.told
    assert not outcomes[-1].problem, judged.told


@pytest.mark.parametrize(("lag", "timeout"), [(2.0, "400ms"), (2.5, "1s")])
def test_too_short_a_wait_for_slow_logs_is_no_proof_of_anything(
    emulator: local.Emulator, tmp_path: Path, lag: float, timeout: str
) -> None:
    """A fence may show before what it fences: each record in a log stream of its own, each as late as it likes."""
    profile = replace(FAST, logs=Logs(lag=lag), mappings=replace(QUICK, jitter=0.05))
    with Ground(emulator, tmp_path, profile) as ground:
        ground.attach("--batch-size", "1")
        judged = ground.verify("--timeout", timeout)
    assert judged.result in ("PASS", "INCONCLUSIVE"), judged.told


def test_the_confusion_matrix_holds_no_false_pass_and_no_false_alarm(outcomes: list[Outcome]) -> None:
    """Last, over the cases that ran before it in this process: all of them where there is just one."""
    print(f"\n{table(outcomes)}")  # noqa: T201 - what one comes for
    assert false_passes(outcomes) == 0
    assert false_alarms(outcomes) == 0
    if not outcomes or os.environ.get("PYTEST_XDIST_WORKER"):
        return
    if len(outcomes) == len(SABOTAGE) + len(HEALTHY):
        assert len(SABOTAGE) >= 25
        assert len(HEALTHY) >= 10


def test_the_table_shows_what_is_wrong() -> None:
    told = [
        Outcome(
            kind=BROKEN, name="no filter", result="PASS", cause="no-filter", problem="PASS instead of FAIL"
        ),
        Outcome(kind=BROKEN, name="disabled", result="FAIL", cause="mapping-disabled"),
        Outcome(kind=WELL, name="plain", result="INCONCLUSIVE", cause="log-late", problem="found log-late"),
    ]
    shown = table(told)
    assert "1 false passes, 1 false alarms, 2 wrong in verdict or cause" in shown
    assert "no filter  [no-filter]  WRONG: PASS instead of FAIL" in shown
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines()[-5:] if line.strip()}
    assert rows["healthy"] == ["0", "0", "1", "0", "1"]
    assert rows["sabotaged"] == ["1", "1", "0", "0", "2"]
