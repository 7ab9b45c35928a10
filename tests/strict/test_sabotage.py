"""Every way to break a trigger is found, with its cause; nothing healthy is reported as broken.

A few cases of each kind by default, all of them with ``TEST_SABOTAGE=all``. ``pytest -s`` prints the confusion
matrix at the end, and so does ``python -m tests.strict.sabotage``, which carries out all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.strict.rig import Logs
from tests.strict.sabotage.cases import HEALTHY, SABOTAGE, selected
from tests.strict.sabotage.ground import FAST, QUICK, Ground
from tests.strict.sabotage.known import KNOWN
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
    """The answers to the cases of this test process."""
    return []


@pytest.mark.parametrize("case", selected(SABOTAGE), ids=lambda case: case.name)
def test_a_broken_trigger_is_reported_with_its_cause(
    case: Case, emulator: local.Emulator, tmp_path: Path, outcomes: list[Outcome]
) -> None:
    judged = carried_out(case, emulator, tmp_path)
    outcomes.append(compared(case, BROKEN, judged))
    assert not outcomes[-1].news, judged.summary


@pytest.mark.parametrize("case", selected(HEALTHY), ids=lambda case: case.name)
def test_a_healthy_trigger_passes_however_odd_it_looks(
    case: Case, emulator: local.Emulator, tmp_path: Path, outcomes: list[Outcome]
) -> None:
    judged = carried_out(case, emulator, tmp_path)
    outcomes.append(compared(case, WELL, judged))
    assert not outcomes[-1].news, judged.summary


@pytest.mark.parametrize(("lag", "timeout"), [(2.0, "400ms"), (2.5, "1s")])
def test_too_short_a_wait_for_slow_logs_is_no_proof_of_anything(
    emulator: local.Emulator, tmp_path: Path, lag: float, timeout: str
) -> None:
    """A fence may show before what it fences: each record in a log stream of its own, each as late as it likes."""
    profile = replace(FAST, logs=Logs(lag=lag), mappings=replace(QUICK, jitter=0.05))
    with Ground(emulator, tmp_path, profile) as ground:
        ground.attach("--batch-size", "1")
        judged = ground.verify("--timeout", timeout)
    # On a busy machine a call itself may take longer than that: then the run ends without a verdict.
    assert judged.result in ("PASS", "INCONCLUSIVE", "REFUSED"), judged.summary


def test_the_confusion_matrix_holds_no_false_pass_and_no_false_alarm(outcomes: list[Outcome]) -> None:
    """Last, over the cases that ran before it in this process: all of them where there is just one."""
    print(f"\n{table(outcomes)}")  # noqa: T201 - the purpose of pytest -s
    assert false_passes(outcomes) == 0
    assert false_alarms(outcomes) == 0


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in (*SABOTAGE, *HEALTHY)]
    assert sorted(names) == sorted(set(names))
    assert len(SABOTAGE) >= 60
    assert len(HEALTHY) >= 40


def test_only_cases_that_exist_are_known_to_be_answered_wrongly() -> None:
    assert set(KNOWN) <= {case.name for case in (*SABOTAGE, *HEALTHY)}


def test_a_known_wrong_answer_fails_the_test_once_it_is_right() -> None:
    wrong = Outcome(kind=BROKEN, name="a", result="PASS", cause="", problem="PASS", known="PASS")
    right = replace(wrong, result="FAIL", problem="")
    assert (wrong.news, false_passes([wrong])) == ("", 0)
    assert "remove its entry" in right.news
    assert "and 1 that are known to be wrong" in table([wrong])
    assert "WRONG: it is right now" in table([right])


def test_the_table_shows_what_is_wrong() -> None:
    outcomes = [
        Outcome(
            kind=BROKEN, name="no filter", result="PASS", cause="no-filter", problem="PASS instead of FAIL"
        ),
        Outcome(kind=BROKEN, name="disabled", result="FAIL", cause="mapping-disabled"),
        Outcome(kind=WELL, name="plain", result="INCONCLUSIVE", cause="log-late", problem="found log-late"),
    ]
    shown = table(outcomes)
    assert "1 false passes, 1 false alarms, 2 wrong in verdict or cause" in shown
    assert "no filter  [no-filter]  WRONG: PASS instead of FAIL" in shown
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines()[-5:] if line.strip()}
    assert rows["healthy"] == ["0", "0", "1", "0", "1"]
    assert rows["sabotaged"] == ["1", "1", "0", "0", "2"]
