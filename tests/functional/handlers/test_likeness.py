"""The Python and the Node.js files do the same; wrong settings and an absent network are told as what they are."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

from ddbinsert.core.model.wanted import Template
from ddbinsert.handlers import bundle
from ddbinsert.handlers.worker import Worker
from tests.functional.handlers.fake_aws import FakeAws, Fault
from tests.functional.handlers.handler_bench import (
    ARNS,
    RICH,
    SINKS,
    Start,
    agreeable,
    decisions,
    failing,
    invoke,
    record,
)

# --- both languages alike, and a network that isn't ------------------------------------------------------


@pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
@pytest.mark.parametrize(("template", "sink"), SINKS)
def test_both_languages_send_the_same(aws: FakeAws, template: Template, sink: str) -> None:
    settings = {
        "SINK_ARN": ARNS[sink],
        "USER_ATTRIBUTE": "card.holder",
        "REDACT": "card.number,lines.*.secret,tags",
        "MESSAGE_TEMPLATE": "" if sink == "fifo" else "{pk} \u2028 {total} {lines} {blob} {10}",
        "SUBJECT_TEMPLATE": "New: {created_by} {card}",
        "MESSAGE_ATTRIBUTES": "who=created_by,sum=total,all=lines",
    }
    deep: dict[str, Any] = {
        **RICH,
        "__proto__": {"M": {"constructor": {"NS": ["1.0", "2"]}}},
        "odd": {"S": 'a\u0000b\ufffe"\\\n\U0001f600'},
    }
    batch = [record(1, **deep), record(2, pké={"N": "1E+30"}), record(3, item="\U0001f600\u00ff")]
    sent_by: list[list[Any]] = []
    for runtime in ("python3.13", "nodejs22.x"):
        aws.calls.clear()
        surroundings = {"PATH": os.environ["PATH"], **aws.variables()}
        package = bundle(template, runtime, settings)
        with Worker(
            package, runtime=runtime, name="f", environment=settings, surroundings=surroundings
        ) as worker:
            assert failing(invoke(worker, *batch)) == []
        # Tables and buckets take one entry a call, several at once.
        sent_by.append(sorted(((call.operation, call.parameters) for call in aws.calls), key=str))
    assert sent_by[0] == sent_by[1]


@pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
def test_node_follows_a_bucket_into_its_region(aws: FakeAws) -> None:
    def elsewhere(*_: object) -> dict[str, Any]:
        if len(aws.calls) == 1:
            raise Fault("PermanentRedirect", status=301, x_amz_bucket_region="us-west-2")
        return {}

    aws.answer = elsewhere
    settings = {"SINK_ARN": ARNS["bucket"]}
    package = bundle(Template.AUDIT_LOG, "nodejs22.x", settings)
    surroundings = {"PATH": os.environ["PATH"], **aws.variables()}
    with Worker(
        package, runtime="nodejs22.x", name="f", environment=settings, surroundings=surroundings
    ) as worker:
        assert failing(invoke(worker, record(1))) == []
    assert len(aws.calls) == 2


def test_a_fault_of_the_service_is_tried_again_at_once(start: Start, aws: FakeAws) -> None:
    def shaky(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if len(aws.calls) == 1:
            raise Fault("InternalFailure", status=500)
        return agreeable(service, operation, parameters)

    aws.answer = shaky
    assert failing(invoke(start(Template.ANALYTICS, "bus"), record(1))) == []
    assert len(aws.calls) == 2


def test_a_service_that_cannot_be_reached_is_an_error_that_alarms_see(start: Start) -> None:
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    outcome = invoke(start(Template.ANALYTICS, "bus", **nowhere), record(1), record(2))
    assert outcome.error is not None
    assert outcome.error["errorType"] == "BatchFailed"
    assert [decision for _, decision in decisions(outcome)] == ["failed", "failed"]


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "settings", "named"),
    [
        (Template.NOTIFY, {"MESSAGE_TEMPLATE": "{a"}, "MESSAGE_TEMPLATE"),
        (Template.NOTIFY, {"MESSAGE_TEMPLATE": "{a..b}"}, "MESSAGE_TEMPLATE"),
        (Template.NOTIFY, {"MESSAGE_ATTRIBUTES": "novalue"}, "MESSAGE_ATTRIBUTES"),
        (Template.NOTIFY, {"MESSAGE_ATTRIBUTES": "AWS.x=y"}, "MESSAGE_ATTRIBUTES"),
        (
            Template.NOTIFY,
            {"MESSAGE_ATTRIBUTES": ",".join(f"n{i}=a" for i in range(11))},
            "MESSAGE_ATTRIBUTES",
        ),
        (Template.NOTIFY, {"EVENT_SOURCE": "aws.shop"}, "EVENT_SOURCE"),
        (Template.AUDIT_LOG, {"REDACT": "a..b"}, "REDACT"),
        (Template.AUDIT_LOG, {"TEST_ITEMS": "no"}, "TEST_ITEMS"),
    ],
)
def test_a_wrong_setting_stops_the_function_and_is_named(
    start: Start, template: Template, settings: dict[str, str], named: str
) -> None:
    outcome = invoke(start(template, "queue", **settings), record(1))
    assert outcome.error is not None
    assert outcome.error["errorType"] == "SettingsError"
    assert named in outcome.error["errorMessage"]


def test_without_partial_batch_response_a_failure_is_raised(start: Start) -> None:
    outcome = invoke(start(Template.PRINT, PARTIAL_BATCH_RESPONSE="false"), record(1))
    assert failing(outcome) == []
    broken = {**record(2), "dynamodb": None}
    raised = invoke(start(Template.ANALYTICS, "bus", PARTIAL_BATCH_RESPONSE="false"), broken)
    assert raised.error is not None
    assert "records failed: 1" in raised.error["errorMessage"]


@pytest.mark.parametrize(
    "event", [None, 7, [], {}, {"Records": None}, {"Records": "x"}, {"Records": [None, 1, "s"]}]
)
def test_an_event_that_is_no_stream_event_is_answered(start: Start, event: Any) -> None:
    worker = start(Template.PRINT)
    assert failing(worker.invoke(event, request_id="r", seconds=60)) == []
