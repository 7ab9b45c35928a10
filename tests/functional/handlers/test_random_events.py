"""Random events through every template and sink: Python and Node.js send the same, and write the same receipts."""

from __future__ import annotations

import base64
import os
import random
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.model.wanted import Template
from ddbinsert.handlers import bundle
from ddbinsert.handlers.worker import Worker
from tests.examples import some
from tests.functional.handlers.handler_bench import ARNS, PREFIX, SINKS, STREAM, failing

if TYPE_CHECKING:
    from tests.functional.handlers.fake_aws import FakeAws

EVENTS, IN_A_BATCH = 200, 50
SECRET = "a secret of the pseudonyms"
MORE = {
    "plain bucket": f"{PREFIX}:s3:::audit.example",
    "fifo topic": f"{PREFIX}:sns:eu-west-1:123456789012:news.fifo",
}
COMBINATIONS: list[tuple[Template, str | None]] = [
    (Template.PRINT, None),
    (Template.AUDIT_LOG, None),
    *SINKS,
    (Template.AUDIT_LOG, "plain bucket"),
    (Template.NOTIFY, "fifo topic"),
]
TEXTS = (
    "",
    "a",
    "é\u00ff",
    "\U0001f600",
    'q"\\',
    "a\u2028b\u2029",
    "\u0000\u0001\u001f\u007f",
    "\ufeff\ufffe",
    "***",
)
NAMES = (
    "by",
    "card",
    "__proto__",
    "constructor",
    "10",
    "9",
    "a.b",
    "a b",
    "ü",
    "\U0001f600",
    "toString",
    "-",
)
NUMBERS = (
    "0",
    "-0",
    "1",
    "1.0",
    "1E+30",
    "1e-130",
    "-9." + "9" * 37 + "E+125",
    "12345678901234567890.10",
    "007",
    "\u0663",  # a digit of another script
    "9" * 38,
)


def text(chance: random.Random) -> str:
    return "".join(chance.choice(TEXTS) for _ in range(chance.randint(0, 4)))


def value(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    kind = chance.choice(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"])
    content = base64.b64encode(chance.randbytes(chance.randint(0, 5))).decode()
    match kind:
        case "S":
            return {"S": text(chance) * chance.choice([1, 1, 1, 800])}
        case "N":
            return {"N": chance.choice(NUMBERS)}
        case "B":
            return {"B": content}
        case "SS":
            return {"SS": list({text(chance) for _ in range(3)})}
        case "NS":
            return {"NS": chance.sample(NUMBERS, 2)}
        case "BS":
            return {"BS": [content]}
        case "L":
            return {"L": [value(chance, depth + 1) for _ in range(chance.randint(0, 3) if depth < 4 else 0)]}
        case "M":
            return {"M": attributes(chance, depth + 1) if depth < 4 else {}}
        case _:
            return {kind: True if kind == "NULL" else chance.random() < 0.5}


def attributes(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    return {chance.choice(NAMES): value(chance, depth) for _ in range(chance.randint(0, 4))}


def event(number: int) -> dict[str, Any]:
    """A stream record, the same for the same number."""
    chance = random.Random(number)  # noqa: S311 - the same events every time
    keys = {"pk": chance.choice([{"S": text(chance) or "x"}, {"N": str(number)}, {"B": "AQI="}])}
    if chance.random() < 0.4:
        keys["sk\u00e9"] = {"S": text(chance) or "y"}
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": 1_700_000_000 + number + chance.choice([0, 0.5, 0.0005]),
        "Keys": keys,
        "SequenceNumber": str(10**20 + number),
        "SizeBytes": 26,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    if chance.random() < 0.95:
        change["NewImage"] = {**keys, **attributes(chance)}
    one: dict[str, Any] = {
        "eventID": f"{number:032x}",
        "eventName": chance.choice(["INSERT"] * 9 + ["MODIFY"]),
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": change,
        "eventSourceARN": STREAM,
    }
    if chance.random() < 0.1:
        one["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    if chance.random() < 0.1:
        one["ddbinsert"] = {"backfill": chance.choice(["0123456789ab", 7, None])}
    return one


def settings_of(template: Template, sink: str | None) -> dict[str, str]:
    settings = {
        "REDACT": "card,by.*.a,a\\.b",
        "REDACT_HASH": "10,constructor.by",
        "REDACT_KEY": SECRET,
        "RECEIPT_KEYS": "digest" if sink in ("table", "bus", "topic") else "full",
    }
    if sink is not None:
        settings["SINK_ARN"] = {**ARNS, **MORE}[sink]
    if template is Template.AUDIT_LOG:
        settings |= {"USER_ATTRIBUTE": "by", "RETENTION_DAYS": "30"}
    if template is Template.NOTIFY:
        settings["MESSAGE_TEMPLATE"] = {
            "fifo": "",
            "queue": '{{"by": {by}, "n": "{10}"}}',
        }.get(str(sink), "{pk} {by} {__proto__} {a\\.b} {table} {time}")
        if sink in ("topic", "queue"):
            settings["MESSAGE_ATTRIBUTES"] = "who=by,sum=10"
    return settings


def made(
    aws: FakeAws, template: Template, runtime: str, settings: dict[str, str], batches: list[list[Any]]
) -> tuple[list[Any], list[str]]:
    """What a handler sent, and the lines that it logged."""
    aws.calls.clear()
    lines: list[str] = []
    surroundings = {"PATH": os.environ["PATH"], **aws.variables()}
    package = bundle(template, runtime, settings)
    with Worker(
        package, runtime=runtime, name="f", environment=settings, surroundings=surroundings
    ) as worker:
        for batch in batches:
            outcome = worker.invoke({"Records": batch}, request_id="r", seconds=60)
            lines.append(str(failing(outcome)))
            lines += outcome.log.splitlines()
    # Tables and buckets take one entry a call, several at once.
    return sorted(((call.operation, call.parameters) for call in aws.calls), key=str), lines


@pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
@pytest.mark.parametrize(("template", "sink"), some(COMBINATIONS, one_in=4))
def test_both_languages_make_the_same_of_random_events(
    aws: FakeAws, template: Template, sink: str | None
) -> None:
    batches = [
        [event(number) for number in range(start, start + IN_A_BATCH)]
        for start in some(range(1, EVENTS, IN_A_BATCH), one_in=2)
    ]
    settings = settings_of(template, sink)
    by_python, by_node = (
        made(aws, template, runtime, settings, batches) for runtime in ("python3.13", "nodejs22.x")
    )
    assert by_python[1] == by_node[1]
    assert by_python[0] == by_node[0]
    assert sink is None or by_python[0]
