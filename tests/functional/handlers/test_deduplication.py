"""The deduplication table: shared by functions, kept apart by sink, never written over."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.model.wanted import Template
from ddbinsert.errors import UsageError
from ddbinsert.handlers import bundle, check_settings
from ddbinsert.handlers.worker import Worker
from tests.functional.handlers.fake_aws import FakeAws, Fault
from tests.functional.handlers.handler_bench import (
    ARNS,
    NODE,
    Start,
    agreeable,
    decisions,
    failing,
    ids,
    invoke,
    record,
    sent,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = "arn:aws:dynamodb:eu-west-1:123456789012:table/memory"


class Table:
    """A deduplication table: what it holds, by key."""

    def __init__(self) -> None:
        self.items: dict[str, Any] = {}

    def answer(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation == "PutItem" and parameters["TableName"] == MEMORY:
            key = parameters["Item"]["eventID"]["S"]
            assert parameters["ConditionExpression"] == "attribute_not_exists(eventID)"
            if key in self.items:
                raise Fault("ConditionalCheckFailedException")
            self.items[key] = parameters["Item"]
            return {}
        if operation != "BatchGetItem":
            assert operation != "BatchWriteItem", "an unconditional write"
            return agreeable(service, operation, parameters)
        asked = [key["eventID"]["S"] for key in parameters["RequestItems"][MEMORY]["Keys"]]
        return {"Responses": {MEMORY: [{"eventID": {"S": one}} for one in asked if one in self.items]}}


@pytest.fixture
def table(aws: FakeAws) -> Table:
    made = Table()
    aws.answer = made.answer
    return made


@pytest.fixture(params=["python3.13", NODE])
def named(request: pytest.FixtureRequest, aws: FakeAws) -> Any:
    """Starts a worker of a function with this name."""
    running: list[Worker] = []

    def begin(name: str, template: Template, sink: str) -> Worker:
        settings = {"SINK_ARN": ARNS[sink], "DEDUPLICATION_TABLE_ARN": MEMORY}
        surroundings = {"PATH": os.environ["PATH"], **aws.variables()}
        package = bundle(template, request.param, settings)
        running.append(
            Worker(package, runtime=request.param, name=name, environment=settings, surroundings=surroundings)
        )
        return running[-1]

    yield begin
    for worker in running:
        worker.end()


def test_another_environment_of_the_function_does_nothing_again(
    named: Callable[..., Worker], aws: FakeAws, table: Table
) -> None:
    batch = [record(n) for n in range(1, 131)]
    assert failing(invoke(named("f", Template.NOTIFY, "queue"), *batch)) == []
    assert failing(invoke(named("f", Template.NOTIFY, "queue"), *batch, record(131))) == []
    assert sorted(ids(sent(aws, "queue"))) == [record(n)["eventID"] for n in range(1, 132)]
    assert len(table.items) == 131


def test_two_functions_can_share_the_table_and_each_does_its_own_work(
    named: Callable[..., Worker], aws: FakeAws, table: Table
) -> None:
    batch = [record(n) for n in range(1, 6)]
    for name, template, sink in (
        ("audit", Template.AUDIT_LOG, "firehose"),
        ("news", Template.NOTIFY, "queue"),
        ("staging", Template.NOTIFY, "queue"),
    ):
        assert failing(invoke(named(name, template, sink), *batch)) == []
    assert len(sent(aws, "firehose")) == 5
    assert len(sent(aws, "queue")) == 10
    assert len(table.items) == 15


def test_a_changed_sink_gets_what_the_old_one_got(
    named: Callable[..., Worker], aws: FakeAws, table: Table
) -> None:
    for sink in ("queue", "bus"):
        assert failing(invoke(named("f", Template.NOTIFY, sink), record(1))) == []
    assert len(sent(aws, "bus")) == len(sent(aws, "queue")) == 1
    assert {item["sink"]["S"] for item in table.items.values()} == {ARNS["queue"], ARNS["bus"]}


def test_what_somebody_else_has_in_the_table_stays_as_it_is(
    named: Callable[..., Worker], table: Table, aws: FakeAws
) -> None:
    theirs = {"eventID": {"S": record(1)["eventID"]}, "image": {"M": {}}}
    table.items[record(1)["eventID"]] = theirs
    assert failing(invoke(named("f", Template.NOTIFY, "queue"), record(1))) == []
    assert table.items[record(1)["eventID"]] == theirs
    assert len(sent(aws, "queue")) == 1


def test_a_table_that_cannot_be_read_fails_the_batch_and_sends_nothing(start: Start, aws: FakeAws) -> None:
    def unreadable(service: str, *_: object) -> dict[str, Any]:
        if service == "dynamodb":
            raise Fault("AccessDeniedException")
        return {}

    aws.answer = unreadable
    outcome = invoke(start(Template.NOTIFY, "bus", DEDUPLICATION_TABLE_ARN=MEMORY), record(1))
    assert outcome.error is not None
    assert decisions(outcome) == [(record(1)["eventID"], "failed")]
    assert sent(aws, "bus") == []


def test_a_table_that_cannot_be_written_costs_a_warning_only(start: Start, aws: FakeAws) -> None:
    def read_only(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation == "PutItem":
            raise Fault("AccessDeniedException")
        return agreeable(service, operation, parameters)

    aws.answer = read_only
    outcome = invoke(start(Template.NOTIFY, "bus", DEDUPLICATION_TABLE_ARN=MEMORY), record(1))
    assert failing(outcome) == []
    assert "processed events were not recorded" in outcome.log


def test_what_was_sent_is_noted_while_the_batch_goes_on(start: Start, aws: FakeAws, table: Table) -> None:
    order: list[str] = []

    def noting(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        order.append(operation)
        return table.answer(service, operation, parameters)

    aws.answer = noting
    batch = [record(n) for n in range(1, 61)]
    assert failing(invoke(start(Template.NOTIFY, "bus", DEDUPLICATION_TABLE_ARN=MEMORY), *batch)) == []
    assert order.count("PutItem") == 60
    assert order.index("PutItem") < len(order) - 1 - order[::-1].index("PutEvents")


def test_the_sink_as_deduplication_table_stops_the_function(aws: FakeAws, start: Start) -> None:
    worker = start(Template.AUDIT_LOG, None)
    worker._variables |= {"SINK_ARN": MEMORY, "DEDUPLICATION_TABLE_ARN": MEMORY}
    outcome = invoke(worker, record(1))
    assert outcome.error is not None
    assert "DEDUPLICATION_TABLE_ARN" in outcome.error["errorMessage"]
    assert aws.calls == []


@pytest.mark.parametrize("variable", ["SINK_ARN", "DEDUPLICATION_TABLE_ARN"])
def test_the_table_that_the_records_come_from_is_never_written_to(
    start: Start, aws: FakeAws, variable: str
) -> None:
    own = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
    settings = {"SINK_ARN": ARNS["firehose"], variable: own}
    outcome = invoke(start(Template.AUDIT_LOG, **settings), record(1), record(2))
    assert outcome.error is not None
    assert "endless loop" in outcome.error["errorMessage"]
    assert aws.named("PutItem") == []


def test_equal_arns_are_refused_before_anything_is_made() -> None:
    with pytest.raises(UsageError) as caught:
        check_settings(Template.AUDIT_LOG, {"SINK_ARN": MEMORY, "DEDUPLICATION_TABLE_ARN": MEMORY})
    assert caught.value.code == "variable-wrong"
