"""Every way to break a trigger is found out, by its cause; nothing healthy is called broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.strict.sabotage.cases import HEALTHY, SABOTAGE
from tests.strict.sabotage.ground import Ground

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.sabotage.case import Case
    from tests.strict.sabotage.ground import Judged

#: What exits how.
CODES = {"PASS": {0}, "FAIL": {1}, "INCONCLUSIVE": {6}, "REFUSED": {4, 5}}


def carried_out(case: Case, emulator: local.Emulator, home: Path) -> Judged:
    with Ground(emulator, home, case.profile) as ground:
        case.build(ground)
        return ground.verify(*case.options)


@pytest.mark.parametrize("case", SABOTAGE, ids=lambda case: case.name)
def test_a_broken_trigger_is_found_out_with_its_cause(
    case: Case, emulator: local.Emulator, tmp_path: Path
) -> None:
    judged = carried_out(case, emulator, tmp_path)
    told = judged.answer.out
    assert judged.result == case.result, told
    assert judged.exit_code in CODES[case.result], told
    assert case.cause in judged.causes, told
    assert set(case.also) <= judged.causes | judged.notes, told


@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.name)
def test_a_healthy_trigger_passes_however_odd_it_looks(
    case: Case, emulator: local.Emulator, tmp_path: Path
) -> None:
    judged = carried_out(case, emulator, tmp_path)
    told = judged.answer.out
    assert (judged.result, judged.exit_code, judged.causes) == ("PASS", 0, frozenset()), told
    assert not case.cause or case.cause in judged.notes, told
