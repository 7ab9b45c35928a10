"""The record of a repair: what was sent and answered survives its process, and one repair holds it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.environment import SystemClock
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.gaps.ledger import RepairLedger, State

if TYPE_CHECKING:
    from pathlib import Path


def record(name: str) -> dict[str, Any]:
    return {"eventID": name, "dynamodb": {"SequenceNumber": "1"}}


def test_what_was_sent_and_answered_is_known_to_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "repairs" / "one.sqlite"
    first = RepairLedger(path, SystemClock(), alone=True)
    first.before_call([record("a"), record("b"), record("c")])
    first.after_answer([record("a")], [record("b")])
    first.close()
    second = RepairLedger(path, SystemClock(), alone=False)
    states = {name: second.find(name) for name in "abcd"}
    assert {name: one.state for name, one in states.items() if one} == {
        "a": State.DONE,
        "b": State.FAILED,
        "c": State.SENT,
    }
    assert set(second.unanswered()) == {"c"}
    assert second.last_unanswered() == second.unanswered()["c"]
    second.close()


def test_two_repairs_do_not_run_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    first = RepairLedger(path, SystemClock(), alone=True)
    with pytest.raises(PrerequisiteError) as refused:
        RepairLedger(path, SystemClock(), alone=True)
    assert refused.value.code == "repair-running"
    first.close()
    RepairLedger(path, SystemClock(), alone=True).close()


def test_an_audit_without_a_record_knows_of_no_repair(tmp_path: Path) -> None:
    ledger = RepairLedger(tmp_path / "none.sqlite", SystemClock(), alone=False)
    assert ledger.find("a") is None
    assert ledger.unanswered() == {}
    assert ledger.last_unanswered() is None
    assert not list(tmp_path.iterdir())


def test_a_damaged_record_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "one.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(PrerequisiteError) as refused:
        RepairLedger(path, SystemClock(), alone=True)
    assert refused.value.code == "state-directory"
    assert "DDBINSERT_STATE_DIR" in str(refused.value.hint)
