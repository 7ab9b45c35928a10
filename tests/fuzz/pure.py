"""Targets that need no endpoint: patterns, records, log lines, items, failures, times."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from ddbinsert.core import receipt
from ddbinsert.core.arn import parse_arn, queue_arn
from ddbinsert.core.failed_records import parse_failure, why_odd
from ddbinsert.core.filters.backtest import backtest, created
from ddbinsert.core.filters.documents import records_in
from ddbinsert.core.filters.explain import explain
from ddbinsert.core.filters.insert_only import inserts_pass, leaks
from ddbinsert.core.filters.lint.lint import lint
from ddbinsert.core.filters.reach.answer import Passes
from ddbinsert.core.filters.record.validity import is_genuine
from ddbinsert.core.items.convert import canonical, item_of
from ddbinsert.core.items.plain_json import plain_item
from ddbinsert.core.logs.ends import EndReader
from ddbinsert.core.logs.line import LineKind, read
from ddbinsert.core.pattern.exact import exact_matcher
from ddbinsert.core.pattern.json_text import read_json
from ddbinsert.core.pattern.matcher import PatternError, compile_pattern, parse
from ddbinsert.core.pattern.rules import rules_of
from ddbinsert.core.times import parse_time, seconds
from ddbinsert.errors import DdbInsertError
from ddbinsert.operations.items.files import read_items
from tests.fuzz.model import Target, mangled, recorded, split, text_of
from tests.fuzz.strategies import PATTERN_TREES, VALUES, as_json
from tests.unit.reference_pattern import reference_matches

_LONGEST = 400
_OWN = (DdbInsertError, PatternError)


def record(event: str, number: int, **attributes: Any) -> dict[str, Any]:
    """A record that DynamoDB can write."""
    key = {"pk": {"S": f"ORDER#{number}"}}
    image = {**key, **attributes}
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": 1_767_225_600 + number,
        "Keys": key,
        "SequenceNumber": str(10**20 + number),
        "SizeBytes": 40,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    change |= {} if event == "REMOVE" else {"NewImage": image}
    change |= {} if event == "INSERT" else {"OldImage": image}
    return {
        "eventID": f"{number:032x}",
        "eventName": event,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": change,
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000",
    }


RECORDS = tuple(
    record(
        event,
        number,
        status={"S": status},
        n={"N": "1"},
        tags={"SS": ["a", "b"]},
        m={"M": {"x": {"NULL": True}}},
    )
    for number, (event, status) in enumerate(
        (event, status) for event in ("INSERT", "MODIFY", "REMOVE") for status in ("NEW", "", "ß", "1")
    )
)


def check_pattern(data: bytes) -> None:
    """The compiled matcher, the exact one and the naive one agree; the judgement of leaks holds for real records."""
    text = text_of(data)
    try:
        parsed = parse(text)
    except PatternError as error:
        str(error)
        return
    matcher = compile_pattern(text)
    explain(parsed)
    lint((text,))
    exact = exact_matcher([tuple(rule.values()) for rule in rules_of(parsed.nodes)])
    judged = leaks((text,))
    found = inserts_pass((text,))
    document = json.loads(text, parse_float=Decimal)
    for one in RECORDS:
        matches = matcher.matches(one)
        assert exact(one) is matches, ("exact", one)
        if len(text) <= _LONGEST and not parsed.duplicates and not _has_loose_or(document):
            assert reference_matches(document, one) is matches, ("naive", one)
        if matches and is_genuine(one):
            answer = found if one["eventName"] == "INSERT" else judged
            assert answer.passes is not Passes.NO, (answer, one)
    for answer in (judged, found):
        if answer.record is not None:
            assert matcher.matches(answer.record), answer


def _has_loose_or(value: Any) -> bool:
    """Whether a `$or` is anything but a list of objects: then it is a field name, which the naive matcher does not know."""
    match value:
        case dict():
            alternatives = value.get("$or", [{}, {}])
            is_operator = (
                isinstance(alternatives, list)
                and len(alternatives) > 1
                and all(isinstance(one, dict) and not _is_condition(one) for one in alternatives)
            )
            return not is_operator or any(map(_has_loose_or, value.values()))
        case list():
            return any(map(_has_loose_or, value))
        case _:
            return False


def _is_condition(one: dict[str, Any]) -> bool:
    return bool(
        one.keys()
        & {"prefix", "suffix", "exists", "numeric", "cidr", "wildcard", "anything-but", "equals-ignore-case"}
    )


def check_records(data: bytes) -> None:
    """Every record of a document can be judged, whatever its shape."""
    try:
        found = list(records_in(text_of(data).splitlines(keepends=True), "records"))
    except DdbInsertError:
        return
    for pattern in _PATTERNS:
        matches, document = compile_pattern(pattern).matches, json.loads(pattern)
        for one in found:
            assert matches(one) is reference_matches(document, one), (pattern, one)
    for one in found:
        created(one)
        is_genuine(one)
        receipt.parse(receipt.line(one, receipt.PROCESSED, "r"))
    backtest(_PATTERNS, found)


_PATTERNS = (
    '{"eventName":["INSERT"]}',
    '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":{"S":[{"prefix":"N"}]}}}}',
    '{"dynamodb":{"Keys":{"pk":{"S":[{"anything-but":["x"]}]}},"SizeBytes":[{"numeric":[">",0]}]}}',
    '{"eventName":[{"exists":false}]}',
)


def check_log(data: bytes) -> None:
    """Every line has a meaning; what is a receipt is read as one by both readers."""
    reader = EndReader()
    for number, line in enumerate(text_of(data).split("\n")):
        meaning = read(line)
        found = receipt.parse(line)
        assert (meaning.kind is LineKind.RECEIPT) == (found is not None)
        if found is not None:
            assert isinstance(found["decision"], str)
            json.dumps(found)
        reader.feed("stream", float(number), line)


def check_items(data: bytes) -> None:
    """A file of items, JSON or YAML, is refused, or each item is the same after another reading."""
    try:
        drafts = read_items("-", cwd=Path.cwd(), stdin=io.StringIO(text_of(data)))
    except DdbInsertError:
        return
    for item in (draft.item for draft in drafts):
        assert canonical(item_of(item)) == canonical(item)
        plain_item(json.loads(json.dumps(item, default=lambda content: base64.b64encode(content).decode())))


def check_failure(data: bytes) -> None:
    """A message of an on-failure destination is a failure, or it is said why not."""
    text = text_of(data)
    failure = parse_failure(text)
    if failure is None:
        assert why_odd(text)


def check_words(data: bytes) -> None:
    """Durations, times and ARNs of the command line."""
    text = text_of(data)
    for reads in (seconds, lambda word: parse_time(word, 1_767_225_600.0)):
        with contextlib.suppress(DdbInsertError):
            assert reads(text) == reads(text)
    arn = parse_arn(text)
    assert arn is None or text.startswith("arn:")
    queue_arn(text)
    with contextlib.suppress(PatternError):
        read_json(text)


TARGETS = (
    Target(
        name="pattern",
        check=check_pattern,
        tokens=split(
            '"$or"¦{"exists":false}¦{"numeric":[">",0,"<=",5]}¦{"anything-but":{"prefix":"a"}}¦[]¦'
            '{}¦null¦{"wildcard":"a*\\\\*b"}¦"eventName"¦1e400¦-0¦\\ud800¦{"cidr":"10.0.0.0/33"}¦é¦'
            '\ufeff¦,¦{"equals-ignore-case":"ß"}¦{"prefix":{"equals-ignore-case":"a"}}¦[[¦}}¦'
            '{"prefix":""}¦0.1'
        ),
        structured=lambda: as_json(PATTERN_TREES),
    ),
    Target(
        name="records",
        check=check_records,
        tokens=split(
            'null¦{}¦[]¦\n¦\ufeff¦{"Records":[¦]}¦1e999¦NaN¦-1¦"dynamodb":[]¦"Keys":null¦'
            '"eventName":7¦\\u0000¦\\ud800¦"ApproximateCreationDateTime":"x"¦"SequenceNumber":{}¦'
            "99999999999999999999"
        ),
        structured=lambda: st.one_of(as_json(VALUES), mangled(recorded("records", "array", "event"))),
    ),
    Target(
        name="log",
        check=check_log,
        tokens=split(
            "DDBINSERT ¦{¦}¦\n¦\t¦RequestId: ¦Traceback (most recent call last):¦REPORT ¦START ¦"
            'END ¦"decision":"processed"¦"keys":null¦"at":1e400¦Task timed out after 3.00 seconds¦'
            '[ERROR]¦\\ud800¦{"type":"platform.report","record":¦"level":"ERROR"¦Duration: 1e5 ms¦'
            "null¦[]¦INIT_START ¦\r"
        ),
        structured=lambda: st.builds(
            lambda value: b"DDBINSERT " + json.dumps(value).encode(),
            st.dictionaries(
                st.sampled_from(
                    [
                        "v",
                        "decision",
                        "eventID",
                        "eventName",
                        "seq",
                        "keys",
                        "at",
                        "request",
                        "again",
                        "function",
                    ]
                ),
                VALUES,
                max_size=9,
            ),
        ),
    ),
    Target(
        name="items",
        check=check_items,
        tokens=split(
            '{"S":"a"}¦{"N":"1e125"}¦{"B":"AA=="}¦{"SS":[]}¦{"NULL":true}¦{"M":{¦{"L":[¦1e130¦-0¦'
            'null¦{"NS":["1","1.0"]}¦{"BS":["x"]}¦\\ud800¦""¦'
            "0.00000000000000000000000000000000000000000001¦}}¦]}¦"
            "!!set {? a, ? b}¦!!binary ¦&a ¦*a¦\n- ¦? ¦[¦]¦1:30¦.inf¦0x1F¦\n"
        ),
        structured=lambda: st.one_of(as_json(VALUES), mangled(recorded("items", "plain", "typed"))),
    ),
    Target(
        name="failure",
        check=check_failure,
        tokens=split(
            '"DDBStreamBatchInfo"¦"startSequenceNumber"¦null¦[]¦{}¦"payload"¦1e400¦-1¦'
            '"Type":"Notification"¦"Message":¦\\ud800'
        ),
        structured=lambda: st.one_of(as_json(VALUES), mangled(recorded("failure", "direct"))),
    ),
    Target(
        name="words",
        check=check_words,
        tokens=split(
            "1h¦30s¦2h30m¦2026-01-01T00:00:00Z¦+99:99¦arn:aws:dynamodb:¦:table/¦1e9¦-¦inf¦٣¦"
            "https://sqs.eu-west-1.amazonaws.com/1/q"
        ),
    ),
)
