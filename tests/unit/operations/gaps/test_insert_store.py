"""The inserts of an audit on disk: the order of lines, and repeated ones, change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.proof.gaps.judge import JudgedInsert
from ddbinsert.core.proof.gaps.lines import Line
from ddbinsert.core.proof.gaps.model import GapCause, Insert, InsertOutcome
from ddbinsert.operations.gaps.insert_store import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

lines = st.builds(
    Line,
    event_id=st.sampled_from(["e0", "e1", "e2", "unknown"]),
    sequence=st.sampled_from(["", "0", "1"]),
    decision=st.sampled_from(["processed", "failed", "guarded"]),
    at=st.sampled_from([1.0, 2.0, 3.0]),
    request=st.just("r"),
    ended_well=st.sampled_from([True, False, None]),
)


def stored(seen: Sequence[Line]) -> list[Insert]:
    with opened() as store:
        for number in range(3):
            store.add(event_id=f"e{number}", shard=0, sequence=str(number), at=0.0, keys="{}")
        store.flush()
        for line in seen:
            store.add_line(line)
        store.finish_reading()
        return list(store.open_inserts(everything=True))


@given(seen=st.lists(lines, max_size=8), data=st.data())
def test_the_order_of_lines_and_repeated_lines_change_nothing(seen: list[Line], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(seen))
    assert stored(seen) == stored([*shuffled, *seen])


def test_a_line_of_another_record_of_the_same_id_changes_nothing() -> None:
    line = Line(event_id="e1", sequence="7", decision="processed", at=1.0, request="r")
    assert all(one.ok_at is None for one in stored([line]))


def test_the_last_processed_of_a_shard_and_the_neighbours_of_one() -> None:
    with opened() as store:
        for number in range(5):
            store.add(
                event_id=f"e{number}", shard=number % 2, sequence=str(number), at=float(number), keys="{}"
            )
        store.flush()
        for name in ("e0", "e4"):
            store.add_line(
                Line(
                    event_id=name,
                    sequence="",
                    decision="processed",
                    at=9.0,
                    request=f"of {name}",
                    ended_well=True,
                )
            )
        store.finish_reading()
        assert store.passed(10.0) == {0: 5}
        assert store.passed(8.0) == {}
        assert store.last_processed(3.0) == 0.0
        assert store.last_processed(-1.0) is None
        assert store.count_until(3.0) == 4
        middle = next(one for one in store.open_inserts() if one.event_id == "e2")
        assert store.neighbours(middle) == ("of e0", "of e4")
        store.mark([(middle, JudgedInsert(outcome=InsertOutcome.MISSED, cause=GapCause.UNKNOWN))])
        assert [(one.event_id, cause) for one, cause in store.with_outcome("missed")] == [("e2", "unknown")]
