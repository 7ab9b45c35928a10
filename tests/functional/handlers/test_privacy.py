"""What REDACT names is never shown: not in a sink, not in a log, not in an error; and what is unclear is refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core import receipt
from ddbinsert.core.model.wanted import Template
from tests.functional.handlers.fake_aws import FakeAws, Fault
from tests.functional.handlers.handler_bench import (
    SINKS,
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
    from ddbinsert.core.logs.invocation import Invocation

SECRET = "4111-very-secret"
KEY = "a-key-of-sixteen+"

#: Path, and the attribute into which it leads.
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("card", {"S": SECRET}),
    ("card.number", {"M": {"number": {"S": SECRET}}}),
    ("card.*", {"M": {"a": {"S": SECRET}, "b": {"L": [{"S": SECRET}]}}}),
    ("card.0", {"L": [{"S": SECRET}]}),
    ("card.*.n", {"L": [{"M": {"n": {"S": SECRET}}}]}),
    ("*", {"S": SECRET}),
    # What cannot be followed is masked whole.
    ("card.number", {"S": SECRET}),
    ("card.number", {"S": json.dumps({"number": SECRET})}),
    ("card.number", {"L": [{"M": {"number": {"S": SECRET}}}]}),
    ("card.number", {"SS": [SECRET, "b"]}),
    ("card.0", {"SS": [SECRET]}),
    ("card.number.digits", {"M": {"number": {"S": SECRET}}}),
    ("card.M.number", {"M": {"number": {"S": SECRET}}}),
    ("card.S", {"S": SECRET}),
    ("card.00", {"L": [{"S": SECRET}]}),
    ("card.-1", {"L": [{"S": SECRET}]}),
    ("card.first", {"L": [{"S": SECRET}]}),
    ("card.*.*", {"L": [{"S": SECRET}]}),
    ("card.L.0", {"L": [{"S": SECRET}]}),
    (r"card\[0\]", {"S": "not this"}),
]


def everything(aws: FakeAws, outcome: Invocation) -> str:
    return f"{[(call.operation, call.parameters) for call in aws.calls]}{outcome.log}{outcome.error}"


def with_attribute(number: int, name: str, value: str, item: str | None = None) -> dict[str, Any]:
    made = record(number, item=item)
    made["dynamodb"]["NewImage"][name] = {"S": value}
    return made


@pytest.mark.parametrize(("path", "attribute"), SHAPES)
def test_what_a_path_names_or_cannot_follow_is_masked(
    start: Start, aws: FakeAws, path: str, attribute: dict[str, Any]
) -> None:
    outcome = invoke(start(Template.NOTIFY, "bus", REDACT=path), record(1, card=attribute))
    assert failing(outcome) == []
    assert SECRET not in everything(aws, outcome)


@pytest.mark.parametrize(
    "path",
    [
        "$.card.number", "$.card", "$", "card[0]", "card[*].n", "card.[0]", "card;number", "card.number;notes", "card/number",
        "/card/number", "card:number", "card number", "card. number", ".card", "card.", "card..number", '"card.number"',
        "'card'", "{card}", "card|number", "card\nnumber", "card()", "card?", "@.card!", "**", "ca*", "card.*number", ",",
        " , ", "card\\", "&card", "card=number", "card%number", "`card`", "card\u00a0number", "\ufeffcard",
    ],
)  # fmt: skip
@pytest.mark.parametrize("variable", ["REDACT", "REDACT_HASH"])
def test_a_path_in_another_notation_stops_the_function(
    start: Start, aws: FakeAws, path: str, variable: str
) -> None:
    settings = {variable: path, "REDACT_KEY": KEY}
    outcome = invoke(start(Template.NOTIFY, "bus", **settings), record(1, card={"S": SECRET}))
    assert outcome.error is not None
    assert outcome.error["errorType"] == "SettingsError"
    assert variable in outcome.error["errorMessage"]
    assert aws.calls == []


@pytest.mark.parametrize(
    "name", ["a.b", "a b", "a[0]", "a,b", "$a", "a/b", "a:b", "é", "a#b", "a-b", "\\", "a\\.b"]
)
def test_an_attribute_with_special_characters_is_named_with_backslashes(
    start: Start, aws: FakeAws, name: str
) -> None:
    escaped = re.sub(r"([^\w#-])", r"\\\1", name)
    outcome = invoke(start(Template.ANALYTICS, "kinesis", REDACT=escaped), with_attribute(1, name, SECRET))
    assert failing(outcome) == []
    assert sent(aws, "kinesis")[0]["item"][name] == "***"


@pytest.mark.parametrize(("template", "sink"), SINKS)
def test_a_redacted_key_is_in_no_sink_no_log_and_no_error(
    start: Start, aws: FakeAws, template: Template, sink: str
) -> None:
    def echoing(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if len(aws.calls) > 3:
            raise Fault("InvalidParameterValue", f"the value {SECRET} is wrong")
        return agreeable(service, operation, parameters)

    aws.answer = echoing
    settings = {"REDACT": "pk,card", "USER_ATTRIBUTE": "pk", "MESSAGE_ATTRIBUTES": "who=pk"}
    settings["MESSAGE_TEMPLATE"] = "" if sink in ("queue", "fifo", "topic") else "of {pk}"
    worker = start(template, sink, **settings)
    batch = [record(n, item=f"{SECRET}-{n}", card={"S": SECRET}) for n in range(1, 5)]
    outcomes = [invoke(worker, *batch), invoke(worker, {**batch[0], "eventID": "f" * 32})]
    for outcome in outcomes:
        assert SECRET not in everything(aws, outcome)
    keys = [one["keys"] for line in outcomes[0].log.splitlines() if (one := receipt.parse(line))]
    assert all(set(key["pk"]) == {"digest"} for key in keys)
    assert len({key["pk"]["digest"] for key in keys}) == 4


def test_a_broken_record_does_not_show_its_values_in_the_log(start: Start, aws: FakeAws) -> None:
    broken = record(1, card={SECRET: SECRET})
    worse = record(2, card={"N": {"deep": SECRET}})
    outcome = invoke(start(Template.ANALYTICS, "firehose", REDACT="other"), broken, worse, record(3))
    assert SECRET not in everything(aws, outcome)
    assert [decision for _, decision in decisions(outcome)].count("failed") == 2


def test_a_pseudonym_is_the_same_for_equal_values_and_needs_its_key(start: Start, aws: FakeAws) -> None:
    worker = start(Template.ANALYTICS, "kinesis", REDACT_HASH="who,tags", REDACT_KEY=KEY)
    tags = [{"SS": ["a", "b"]}, {"SS": ["b", "a"]}, {"SS": ["c"]}]
    batch = [record(n, who={"S": who}, tags=tags[n]) for n, who in enumerate([SECRET, SECRET, "bob"])]
    assert failing(invoke(worker, *batch)) == []
    first, second, third = (one["item"] for one in sent(aws, "kinesis"))
    assert first["who"] == second["who"] != third["who"]
    assert first["tags"] == second["tags"] != third["tags"]
    assert re.fullmatch(r"hash:[0-9a-f]{32}", first["who"])
    other = start(Template.ANALYTICS, "kinesis", REDACT_HASH="who", REDACT_KEY=KEY + "!")
    invoke(other, batch[0])
    assert sent(aws, "kinesis")[-1]["item"]["who"] != first["who"]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"REDACT_HASH": "who"}, "REDACT_HASH"),
        ({"REDACT_HASH": "who", "REDACT_KEY": "short"}, "REDACT_KEY"),
        ({"RECEIPT_KEYS": "some"}, "RECEIPT_KEYS"),
        ({"PARTIAL_BATCH_RESPONSE": "no"}, "PARTIAL_BATCH_RESPONSE"),
        ({"METRICS": "yes"}, "METRICS"),
    ],
)
@pytest.mark.parametrize("template", [Template.PRINT, Template.NOTIFY])
def test_a_setting_that_is_not_understood_stops_the_function(
    start: Start, template: Template, settings: dict[str, str], named: str
) -> None:
    outcome = invoke(start(template, "bus", **settings), record(1))
    assert outcome.error is not None
    assert named in outcome.error["errorMessage"]
    assert "short" not in outcome.error["errorMessage"]


@pytest.mark.parametrize("form", ["digest", "none"])
def test_receipts_show_keys_as_asked_for_and_always_those_of_test_items(start: Start, form: str) -> None:
    test = "ddbinsert:r0123456789ab:000000007"
    outcome = invoke(
        start(Template.PRINT, RECEIPT_KEYS=form), record(1, item=SECRET), record(2, item=f"PRE#{test}")
    )
    assert SECRET not in outcome.log
    own, tested = (receipt.parse(line) for line in outcome.log.splitlines())
    assert own is not None
    assert tested is not None
    assert own["keys"] is None if form == "none" else set(own["keys"]["pk"]) == {"digest"}
    assert tested["keys"] == {"pk": {"S": test}}


def test_an_item_is_hidden_by_nobody_who_cannot_prove_that_it_is_a_test_item(
    start: Start, aws: FakeAws
) -> None:
    from ddbinsert.core.items.item_proof import ATTRIBUTE, proof_of

    key = {"pk": {"S": "ddbinsert:r0123456789ab:000000007"}}
    proven = with_attribute(1, ATTRIBUTE, proof_of(KEY, key), item=key["pk"]["S"])
    copied = with_attribute(2, ATTRIBUTE, proof_of(KEY, key), item="ddbinsert:r0123456789ab:000000008")
    marked = record(3, ddbinsert_probe={"N": "1"})
    batch = [proven, copied, marked, record(4)]
    worker = start(Template.ANALYTICS, "kinesis", TEST_ITEMS="skip", TEST_ITEMS_KEY=KEY)
    outcome = invoke(worker, *batch)
    assert sorted(decisions(outcome)) == [(one["eventID"], "processed") for one in batch]
    assert ids(sent(aws, "kinesis")) == [one["eventID"] for one in batch[1:]]
    aws.calls.clear()
    outcome = invoke(start(Template.ANALYTICS, "kinesis", TEST_ITEMS="skip"), *batch)
    assert ids(sent(aws, "kinesis")) == [one["eventID"] for one in batch]
    assert "TEST_ITEMS_KEY" in outcome.log


def test_only_a_test_item_that_proves_it_fails_on_purpose_and_only_for_its_time(start: Start) -> None:
    from ddbinsert.core.items.item_proof import FAILS, failure_of

    later, past = 9_999_999_999, 1_000_000_000
    key = {"pk": {"S": "ddbinsert:r0123456789ab:000000007"}}
    code = failure_of(KEY, key, later)
    batch = [
        with_attribute(1, FAILS, code, item=key["pk"]["S"]),
        with_attribute(2, FAILS, code, item="ddbinsert:r0123456789ab:000000008"),
        with_attribute(3, FAILS, failure_of(KEY, key, past), item=key["pk"]["S"]),
        with_attribute(4, FAILS, code.replace(str(later), str(later - 1)), item=key["pk"]["S"]),
        with_attribute(5, FAILS, f"{later}:", item=key["pk"]["S"]),
        with_attribute(6, FAILS, "", item=key["pk"]["S"]),
        with_attribute(7, FAILS, f"{later}\u00e9:{'é' * 64}", item=key["pk"]["S"]),
        record(8),
    ]
    outcome = invoke(start(Template.PRINT, TEST_ITEMS_KEY=KEY), *batch)
    fate = {one["eventID"]: "failed" if one is batch[0] else "processed" for one in batch}
    assert dict(decisions(outcome)) == fate
    assert failing(outcome) == [batch[0]["dynamodb"]["SequenceNumber"]]
    raised = invoke(start(Template.PRINT, TEST_ITEMS_KEY=KEY, PARTIAL_BATCH_RESPONSE="false"), *batch)
    assert dict(decisions(raised)) == fate
    assert raised.error is not None
    assert failing(invoke(start(Template.PRINT, TEST_ITEMS_KEY=f"{KEY}2"), *batch)) == []
    assert failing(invoke(start(Template.PRINT), *batch)) == []


@pytest.mark.parametrize("skipping", ["", "skip", "mark"])
def test_an_audit_log_marks_test_items_and_leaves_none_out(start: Start, aws: FakeAws, skipping: str) -> None:
    batch = [
        record(1, item="ddbinsert:r0123456789ab:000000007"),
        record(2, ddbinsert_probe={"N": "1"}),
        record(3),
    ]
    assert failing(invoke(start(Template.AUDIT_LOG, "queue", TEST_ITEMS=skipping), *batch)) == []
    assert [one.get("test") for one in sent(aws, "queue")] == ["0123456789ab", None, None]


@pytest.mark.parametrize(
    "template",
    [
        '{{"order": "{pk}", "who": "{who}", "n": {n}, "all": {who}, "none": {none}, "missing": "{none}"}}',
        '[{{"pk":"{pk}"}}, "{who} says \\"{who}\\"", {who}]',
    ],
)
@pytest.mark.parametrize("value", ['","admin":true,"x":"', '"}', "\\", '\\"', "\n\u2028", "}{", "{pk}"])
def test_no_value_breaks_out_of_a_json_template(
    start: Start, aws: FakeAws, template: str, value: str
) -> None:
    worker = start(Template.NOTIFY, "queue", MESSAGE_TEMPLATE=template)
    assert failing(invoke(worker, record(1, who={"S": value}))) == []
    (message,) = sent(aws, "queue")
    if isinstance(message, dict):
        assert message == {"order": "item-1", "who": value, "n": 1, "all": value, "none": None, "missing": ""}
    else:
        assert message == [{"pk": "item-1"}, f'{value} says "{value}"', value]
