"""The question before a plan names what is replaced, and who else is concerned."""

from __future__ import annotations

from dataclasses import replace

from ddbinsert.core.model.record import StreamView
from ddbinsert.core.model.seen import World
from ddbinsert.core.trigger.steps import CreateRole, ReplaceStream, SetRetention
from ddbinsert.operations.provision.questions import question
from tests.unit.worlds import table

REPLACE = ReplaceStream(table="orders", have=StreamView.KEYS_ONLY, view=StreamView.NEW_IMAGE)


def test_what_only_makes_something_is_not_asked_about() -> None:
    assert question((CreateRole(name="r"),), World(), drained=frozenset(), backlog=None) is None


def test_a_replacement_names_the_kinesis_streams_and_replicas_that_it_does_not_change() -> None:
    world = World(table=replace(table(), replicas=("eu-west-1",)))
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/audit"
    asked = question((REPLACE,), world, drained=frozenset(), backlog=None, kinesis=(arn,))
    assert asked is not None
    assert "Kinesis data stream audit receives every change as before" in asked
    assert "streams of the replicas in eu-west-1 are not changed" in asked


def test_a_shorter_retention_and_one_that_is_cleared_are_asked_about_and_a_longer_one_is_not() -> None:
    def asked(have: int | None, days: int | None, *, removes: bool = False) -> str:
        step = SetRetention(name="g", have=have, retention_days=days, removes=removes)
        return question((step,), World(), drained=frozenset(), backlog=None) or ""

    assert "older than 7 days are deleted" in asked(30, 7)
    assert "older than 7 days are deleted" in asked(None, 7, removes=True)
    assert "30 days → for ever" in asked(30, None, removes=True)
    assert asked(7, 30) == ""
