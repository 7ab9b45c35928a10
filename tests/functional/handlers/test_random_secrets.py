"""Random items full of secrets: nothing of what a path names, or leads into, is in a call, a line or an error."""

from __future__ import annotations

import base64
import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples import some
from tests.functional.handlers.fake_aws import FakeAws, Fault
from tests.functional.handlers.handler_bench import SINKS, Start, agreeable, invoke, record

if TYPE_CHECKING:
    from ddbinsert.core.model.wanted import Template

RECORDS = 60
REDACT = ("card", "who.name", "by.*.a", "rows.1", "all.*", "deep.a.b.c", "two\\ words.x", "pk")
REDACT_HASH = ("hash", "nested.n")
#: A secret's text, its digits and its bytes: found again in plain text, in JSON, in base64 and in form fields.
TEXT, DIGITS, BYTES = "s3cr3tword", "777123123777", b"\x01hush!\x02hush!\x03"
TRACES = re.compile("s3cr3t|7123123|hush|" + base64.b64encode(BYTES).decode()[4:16])


def secret(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    """A value of any type with a secret in each of its parts, names of attributes included."""
    content = base64.b64encode(BYTES).decode()
    leaves: list[dict[str, Any]] = [
        {"S": chance.choice([TEXT, f'"{TEXT}\\\u2028', json.dumps({"n": TEXT})])},
        {"N": DIGITS},
        {"B": content},
        {"SS": [TEXT, f"{TEXT}2"]},
        {"NS": [DIGITS, f"-{DIGITS}"]},
        {"BS": [content]},
    ]
    if depth < 3 and chance.random() < 0.4:
        inner = [secret(chance, depth + 1) for _ in range(chance.randint(1, 3))]
        return chance.choice(
            [{"L": inner}, {"M": {f"{TEXT}{place}": one for place, one in enumerate(inner)}}]
        )
    return chance.choice(leaves)


def below(chance: random.Random, segments: list[str]) -> dict[str, Any]:
    """A value into which the rest of a path leads: secret where the path ends, and where it cannot be followed."""
    if not segments or chance.random() < 0.2:
        plain = secret(chance, 3)
        return secret(chance) if not segments else plain
    name, *rest = segments
    follows = [below(chance, rest) for _ in range(3)]
    public = {"S": "public"}
    if name == "*":
        return chance.choice([{"L": follows}, {"M": {"x": follows[0], "y.z": follows[1]}}])
    if name.isdigit():
        places = [public] * (int(name) + 2)
        places[int(name)] = follows[0]
        return chance.choice([{"L": places}, {"M": {name: follows[0], "other": public}}])
    return chance.choice([{"M": {name: follows[0], "other": public}}, {"L": [secret(chance)]}])


def item(chance: random.Random) -> dict[str, Any]:
    found = {"shown": {"S": "public"}}
    for path in (*REDACT[:-1], *REDACT_HASH):
        top, *rest = path.replace("\\", "").split(".")
        if chance.random() < 0.6:
            found[top] = below(chance, rest)
    return found


@pytest.mark.parametrize(("template", "sink"), some(SINKS, one_in=4))
def test_nothing_of_a_redacted_value_is_shown_anywhere(
    start: Start, aws: FakeAws, template: Template, sink: str
) -> None:
    chance = random.Random(len(sink) * 7)  # noqa: S311 - the same items every time

    def echoing(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation == "GetQueueUrl" or len(aws.calls) % 3:
            return agreeable(service, operation, parameters)
        raise Fault("InvalidParameterValue", f"{TEXT} {DIGITS} {parameters}"[:2000])

    aws.answer = echoing
    settings = {"REDACT": ",".join(REDACT), "REDACT_HASH": ",".join(REDACT_HASH), "REDACT_KEY": "k" * 16}
    settings |= {"USER_ATTRIBUTE": "who.name", "MESSAGE_ATTRIBUTES": "a=hash,b=nested.n,c=rows.1"}
    if chance.random() < 0.5:
        settings["MESSAGE_TEMPLATE"] = "{pk} {card} {by} {rows.1} {all} {deep.a} {hash} {nested}"
    worker = start(template, sink, **settings)
    batch = [record(n, item=f"{TEXT}-{n}", **item(chance)) for n in range(1, RECORDS + 1)]
    outcomes = [invoke(worker, *batch), invoke(worker, *batch)]
    shown = [f"{call.operation} {call.parameters}" for call in aws.calls]
    shown += [
        base64.b64decode(found).decode("utf-8", "replace")
        for text in shown
        for found in re.findall("'Data': '([^']*)'", text)
    ]
    assert any("public" in text for text in shown)
    for text in (*shown, *(f"{outcome.log}{outcome.error}" for outcome in outcomes)):
        assert not TRACES.search(text), text[max(0, TRACES.search(text).start() - 200) :][:500]  # type: ignore[union-attr]


def test_the_traces_are_found_where_nothing_is_redacted(start: Start, aws: FakeAws) -> None:
    chance = random.Random(1)  # noqa: S311 - the same items every time
    worker = start(SINKS[0][0], "queue")
    outcome = invoke(worker, *(record(n, **item(chance)) for n in range(1, 20)))
    assert outcome.error is None
    assert TRACES.search(str(aws.calls))
