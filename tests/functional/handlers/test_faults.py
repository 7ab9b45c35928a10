"""Over generated batches, faults of the sink, timeouts and redeliveries: every record once, or reported failed."""

from __future__ import annotations

import base64
import json
import os
import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core import receipt
from ddbinsert.core.model.wanted import Template
from ddbinsert.handlers import bundle
from ddbinsert.handlers.worker import Worker
from tests.examples import some
from tests.functional.handlers.fake_aws import FakeAws, Fault
from tests.functional.handlers.handler_bench import ARNS, NODE, agreeable, record

if TYPE_CHECKING:
    from ddbinsert.core.logs.invocation import Invocation

CASES = [
    (Template.AUDIT_LOG, "table"),
    (Template.AUDIT_LOG, "bucket"),
    (Template.ANALYTICS, "firehose"),
    (Template.ANALYTICS, "kinesis"),
    (Template.ANALYTICS, "bus"),
    (Template.NOTIFY, "queue"),
    (Template.NOTIFY, "topic"),
]
KINDS = ["fine", "refuse", "throttle", "error", "half", "short", "slow", "hang"]


class Sink:
    """A sink with faults by a seed; ``accepted`` counts what it took, by eventID."""

    def __init__(self, seed: int, kinds: list[str]) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - the same faults every time
        self.kinds = kinds
        self.accepted: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.released = threading.Event()

    def answer(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation in ("GetQueueUrl", "CreateLogStream"):
            return agreeable(service, operation, parameters)
        with self.lock:
            kind = self.chance.choice(self.kinds)
        entries = events_of(operation, parameters)
        match kind:
            case "refuse":
                raise Fault(self.chance.choice(["AccessDeniedException", "ResourceNotFoundException"]))
            case "throttle":
                raise Fault("ThrottlingException")
            case "error":
                raise Fault("InternalFailure", status=500)
            case "slow":
                time.sleep(0.25)
            case "hang":
                self.released.wait(20)  # takes nothing
                raise Fault("AccessDeniedException")
            case _:
                pass
        if operation in ("PutItem", "PutObject"):
            return self._take_once(operation, entries[0])
        return self._take(operation, entries, kind)

    def _take_once(self, operation: str, event: str) -> dict[str, Any]:
        with self.lock:
            if self.accepted[event]:
                raise (
                    Fault("ConditionalCheckFailedException")
                    if operation == "PutItem"
                    else Fault("PreconditionFailed", status=412)
                )
            self.accepted[event] += 1
        return {}

    def _take(self, operation: str, entries: list[str], kind: str) -> dict[str, Any]:
        """Takes all; of "half" every second one is refused, of "short" the answer ends half-way, and so does the work."""
        with self.lock:
            bad = {i for i in range(len(entries)) if kind == "half" and i % 2}
            told = (len(entries) + 1) // 2 if kind == "short" else len(entries)
            for index, event in enumerate(entries[:told]):
                if index not in bad:
                    self.accepted[event] += 1
        if operation in ("SendMessageBatch", "PublishBatch"):
            failed = [
                {"Id": str(i), "Code": "InternalError", "Message": "", "SenderFault": False}
                for i in sorted(bad)
            ]
            sent = [{"Id": str(i), "MessageId": "m"} for i in range(told) if i not in bad]
            return {"Successful": sent, "Failed": failed}
        name = {"PutRecordBatch": "RequestResponses", "PutRecords": "Records", "PutEvents": "Entries"}[
            operation
        ]
        lines = [
            {"ErrorCode": "InternalFailure", "ErrorMessage": ""} if i in bad else {"RecordId": "r"}
            for i in range(told)
        ]
        return {name: lines}


def events_of(operation: str, parameters: dict[str, Any]) -> list[str]:
    """The eventIDs in a call, in its order."""
    match operation:
        case "PutItem":
            return [parameters["Item"]["eventID"]["S"]]
        case "PutObject":
            return [json.loads(parameters["body"])["eventID"]]
        case "PutRecordBatch" | "PutRecords":
            return [json.loads(base64.b64decode(one["Data"]))["eventID"] for one in parameters["Records"]]
        case "PutEvents":
            return [json.loads(one["Detail"])["eventID"] for one in parameters["Entries"]]
        case "SendMessageBatch":
            return [json.loads(one["MessageBody"])["eventID"] for one in parameters["Entries"]]
        case _:
            texts = [text for name, text in parameters.items() if name.endswith(".Message")]
            return [json.loads(text)["eventID"] for text in texts]


def batch_of(chance: random.Random) -> list[dict[str, Any]]:
    names = ["INSERT"] * 5 + ["MODIFY", "REMOVE"]
    count = chance.choice([1, 3, 12, 40])
    return [record(n, chance.choice(names), item=f"i{chance.randrange(count)}") for n in range(1, count + 1)]


def remaining_of(batch: list[dict[str, Any]], outcome: Invocation) -> list[dict[str, Any]]:
    """What Lambda delivers again."""
    if outcome.failed_from is None:
        return []
    if not outcome.failed_from:
        return batch
    return [one for one in batch if int(one["dynamodb"]["SequenceNumber"]) >= int(outcome.failed_from)]


@pytest.mark.parametrize("runtime", ["python3.13", NODE])
@pytest.mark.parametrize(("template", "sink"), some(CASES, one_in=3))
@pytest.mark.parametrize("seed", [1, 2])
def test_every_record_is_delivered_once_or_reported_failed_with_a_true_receipt(
    aws: FakeAws, runtime: str, template: Template, sink: str, seed: int
) -> None:
    chance = random.Random(seed * 100 + len(sink))  # noqa: S311 - the same cases every time
    # What a slow sink took is not known where the time ends before its answer: so it never hangs as well.
    kinds = ["fine"] * 4 + (
        chance.sample(KINDS[1:-1], 3) if seed == 1 else [*chance.sample(KINDS[1:-2], 3), "hang"]
    )
    faulty = Sink(seed, kinds)
    aws.answer = faulty.answer
    settings = {"SINK_ARN": ARNS[sink]}
    surroundings = {"PATH": os.environ["PATH"], **aws.variables()}
    batch = batch_of(chance)
    package = bundle(template, runtime, settings)
    processed: Counter[str] = Counter()
    with Worker(
        package, runtime=runtime, name="f", environment=settings, surroundings=surroundings
    ) as worker:
        waiting = batch
        for attempt in range(12):
            if attempt == 8:
                faulty.kinds = ["fine"]
                faulty.released.set()
            outcome = worker.invoke(
                {"Records": waiting}, request_id="r", seconds=3 if "hang" in kinds else 20
            )
            assert (outcome.error or {}).get("errorType") in (None, "BatchFailed"), outcome
            receipts = [one for line in outcome.log.splitlines() if (one := receipt.parse(line))]
            assert sorted(one["eventID"] for one in receipts) == sorted(one["eventID"] for one in waiting)
            for one in receipts:
                if one["decision"] == "processed" and not one.get("again"):
                    processed[one["eventID"]] += 1
                    assert faulty.accepted[one["eventID"]] >= 1, (
                        "a receipt says processed, and the sink has nothing"
                    )
                if one["decision"] == "failed":
                    lowest = outcome.failed_from
                    assert lowest == "" or (lowest and int(lowest) <= int(one["seq"])), (
                        "failed, and not answered so"
                    )
            waiting = remaining_of(waiting, outcome)
            if not waiting:
                break
        faulty.released.set()
    inserts = [one["eventID"] for one in batch if one["eventName"] == "INSERT"]
    assert waiting == []
    assert processed == Counter(inserts)
    assert faulty.accepted == Counter(inserts)


@pytest.mark.parametrize("runtime", ["python3.13", NODE])
@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_sink_that_hangs_or_drips_ends_in_an_error_before_the_timeout(
    aws: FakeAws, runtime: str, kind: str
) -> None:
    hanging = Sink(1, ["hang" if kind == "hang" else "fine"])
    aws.answer = hanging.answer
    aws.dripping = hanging.released if kind == "drip" else None
    settings = {"SINK_ARN": ARNS["bus"]}
    surroundings = {"PATH": os.environ["PATH"], **aws.variables()}
    package = bundle(Template.ANALYTICS, runtime, settings)
    batch = [record(n) for n in range(1, 30)]
    with Worker(
        package, runtime=runtime, name="f", environment=settings, surroundings=surroundings
    ) as worker:
        outcome = worker.invoke({"Records": batch}, request_id="r", seconds=4)
        hanging.released.set()
    assert (outcome.error or {}).get("errorType") == "BatchFailed", "not the function's timeout"
    decisions = Counter(one["decision"] for line in outcome.log.splitlines() if (one := receipt.parse(line)))
    assert decisions == {"failed": 29}


@pytest.mark.parametrize("runtime", ["python3.13", NODE])
@pytest.mark.parametrize("sink", ["table", "bucket"])
def test_what_was_written_before_a_slow_sink_ran_out_of_time_counts(
    aws: FakeAws, runtime: str, sink: str
) -> None:
    slow = Sink(1, ["slow"])
    aws.answer = slow.answer
    settings = {"SINK_ARN": ARNS[sink]}
    surroundings = {"PATH": os.environ["PATH"], **aws.variables()}
    package = bundle(Template.AUDIT_LOG, runtime, settings)
    batch = [record(n) for n in range(1, 200)]
    with Worker(
        package, runtime=runtime, name="f", environment=settings, surroundings=surroundings
    ) as worker:
        outcome = worker.invoke({"Records": batch}, request_id="r", seconds=4)
    assert outcome.error is None
    receipts = [one for line in outcome.log.splitlines() if (one := receipt.parse(line))]
    done = {one["eventID"] for one in receipts if one["decision"] == "processed"}
    assert done
    assert len(receipts) == 199
    # An answer that was on its way at the deadline may not have been seen.
    assert done <= set(slow.accepted)
    assert len(set(slow.accepted) - done) <= 8
