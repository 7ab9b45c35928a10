"""An example, a proof of none, or neither: held against records that DynamoDB makes, by brute force."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.filters.insert_only import inserts_pass, leaks
from ddbinsert.core.filters.reach.answer import KnownStream, Passes
from ddbinsert.core.filters.reach.reach import passing
from ddbinsert.core.model.key_text import parse_key
from ddbinsert.core.model.record import EventName, StreamView
from ddbinsert.core.pattern.matcher import compile_pattern, parse
from tests.examples import examples
from tests.unit.core.filters.reach.genuine_records import (
    ARNS,
    BINARIES,
    EVENTS,
    KEYS,
    NAMES,
    NUMBERS,
    TEXTS,
    VIEWS,
    complaints,
    records,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS = [*TEXTS, *NUMBERS, *BINARIES, "", "true", "E+", "us-east-1", "Service", "1.1"]


def condition(rng: Random, letter: str = "S") -> Any:
    words = {"N": NUMBERS, "NS": NUMBERS, "B": BINARIES}.get(letter, TEXTS) if rng.random() < 0.7 else WORDS
    word = rng.choice(words)
    if letter in ("BOOL", "NULL", "SizeBytes") and rng.random() < 0.7:
        return rng.choice([True, False]) if letter != "SizeBytes" else {"numeric": [">", rng.randint(0, 60)]}
    return rng.choice(
        [
            word,
            word,
            {"prefix": word[:1]},
            {"suffix": word[-1:]},
            {"prefix": word},
            {"wildcard": f"{word[:1]}*"},
            {"wildcard": f"*{word or 'a'}*{word[-1:]}"},
            {"equals-ignore-case": word},
            {"anything-but": rng.sample([one for one in WORDS if one], 2)},
            {"anything-but": {"prefix": word or "a"}},
            {"exists": True},
            {"exists": False},
            {"exists": False},
            rng.choice([True, False, None, 1, 26, 40, 1767225600]),
            {
                "numeric": rng.choice(
                    [[">", 0], ["<", 50], ["=", 42], [">", 1.2, "<", 1.8], [">=", 1e9], ["<", 0]]
                )
            },
            {"cidr": "10.0.0.0/8"},
        ]
    )


def path(rng: Random) -> list[str]:
    name = rng.choice(NAMES)
    letter = rng.choice(["S", "S", "S", "N", "B", "BOOL", "NULL", "SS", "NS"])
    inner = rng.choice([*[[letter]] * 8, ["M", rng.choice(["a", "b"]), letter], ["L", letter], []])
    image = rng.choice(["Keys", "Keys", "NewImage", "NewImage", "NewImage", "OldImage"])
    own = ["eventID", "eventVersion", "awsRegion", "eventSourceARN", "eventSource", "body"]
    change = [
        "SizeBytes",
        "StreamViewType",
        "ApproximateCreationDateTime",
        "SequenceNumber",
        "NewImage",
        "OldImage",
    ]
    return rng.choice(
        [
            *[["dynamodb", image, name, *inner]] * 8,
            ["dynamodb", "Keys", rng.choice(["pk", "sk", "a"]), rng.choice(["S", "N", "B"])],
            ["dynamodb", image, "pk", rng.choice(["S", "N", "B"])],
            ["eventName"],
            ["dynamodb", rng.choice(change)],
            [rng.choice(own)],
            ["userIdentity", rng.choice(["type", "principalId"])],
        ]
    )


def pattern(rng: Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        node = made
        *keys, last = path(rng)
        for key in keys:
            child = node.setdefault(key, {})
            if not isinstance(child, dict):
                break
            node = child
        else:
            if not isinstance(node.get(last), dict):
                node[last] = [condition(rng, last) for _ in range(rng.choice([1, 1, 2]))]
    if rng.random() < 0.3:
        made["eventName"] = [rng.choice([*EVENTS, {"prefix": "I"}, {"anything-but": "REMOVE"}])]
    if rng.random() < 0.15:
        made["$or"] = [pattern(rng), pattern(rng)]
    return made


@cache
def world() -> tuple[dict[str, Any], ...]:
    return tuple(records(Random(1), 30))  # noqa: S311 - reproducible, not secret


def of_stream(made: Mapping[str, Any], event: str, known: KnownStream, key: str | None) -> bool:
    return (
        made["eventName"] == event
        and (known.view is None or made["dynamodb"]["StreamViewType"] == known.view)
        and (known.arn is None or made["eventSourceARN"] == known.arn)
        and (key is None or list(made["dynamodb"]["Keys"]) == [part.split(":")[0] for part in key.split(",")])
        and (key is None or [next(iter(one)) for one in made["dynamodb"]["Keys"].values()] == [part.split(":")[1] for part in key.split(",")])
    )  # fmt: skip


def judged(rng: Random) -> tuple[Passes, bool]:
    """One random pattern on one random stream: the answer, and whether a record of the small world passes."""
    made = pattern(rng)
    text = json.dumps(made)
    parsed = parse(text)
    event = rng.choice([*EVENTS, "INSERT", "MODIFY", "MODIFY"])
    key = rng.choice([None, None, None, "pk:S", "pk:S", *KEYS])
    view = rng.choice([None, None, None, *VIEWS])
    region = rng.choice([None, None, *ARNS])
    known = KnownStream(
        view=StreamView(view) if view else None,
        key=parse_key(key) if key else None,
        arn=ARNS[region] if region else None,
    )
    matches = compile_pattern(text).matches
    answer = passing(parsed, EventName(event), known)
    found = next((one for one in world() if matches(one) and of_stream(one, event, known, key)), None)
    if answer.passes is Passes.NO:
        assert found is None, (text, event, known, answer.reason, found)
        assert answer.reason
    if answer.passes is Passes.YES:
        assert matches(json.loads(json.dumps(answer.example))), text
        assert answer.example["eventName"] == event
        wrong = complaints(answer.example, key, view, region)
        assert not wrong, (wrong, text, answer.example)
    return answer.passes, found is not None


@examples(300)
@given(st.integers(0, 2**32))
def test_no_answer_contradicts_the_records_of_a_small_world(seed: int) -> None:
    judged(Random(seed))  # noqa: S311 - reproducible, not secret


@pytest.mark.nightly
def test_few_answers_are_unknown() -> None:
    rng = Random(7)  # noqa: S311 - reproducible, not secret
    seen = Counter(judged(rng)[0] for _ in range(200))
    assert seen[Passes.YES] > 25
    assert seen[Passes.NO] > 50
    assert seen[Passes.UNKNOWN] < 10, seen


KEY_AND_IMAGE = '{"dynamodb":{"Keys":{"pk":{"S":[%s]}},"NewImage":{"pk":{"S":[%s]}}}}'


@pytest.mark.parametrize(
    ("pattern", "key", "passes"),
    [
        (KEY_AND_IMAGE % ('{"prefix":"a"}', '{"suffix":"z"}'), "pk:S", Passes.YES),
        (KEY_AND_IMAGE % ('{"prefix":"a"}', '{"prefix":"b"}'), "pk:S", Passes.NO),
        (KEY_AND_IMAGE % ('{"wildcard":"a*b*c"}', '{"anything-but":{"prefix":"ab"}}'), "pk:S", Passes.YES),
        (KEY_AND_IMAGE % ('{"wildcard":"ab*"}', '{"anything-but":{"prefix":"a"}}'), "pk:S", Passes.NO),
        (KEY_AND_IMAGE % ('{"equals-ignore-case":"ab"}', '{"anything-but":["ab","aB","Ab"]}'), "pk:S", Passes.YES),
        (KEY_AND_IMAGE % ('{"equals-ignore-case":"ab"}', '{"anything-but":["ab","aB","Ab","AB"]}'), "pk:S", Passes.NO),
        ('{"dynamodb":{"Keys":{"pk":{"S":[""]}}}}', "pk:S", Passes.NO),
        ('{"dynamodb":{"NewImage":{"t":{"S":[""]}}}}', "pk:S", Passes.YES),
        ('{"dynamodb":{"NewImage":{"pk":{"S":[{"exists":false}]}}}}', "pk:S", Passes.YES),  # a view without it
        ('{"dynamodb":{"Keys":{"pk":{"S":[{"exists":false}]}}}}', "pk:S", Passes.NO),
        ('{"dynamodb":{"Keys":{"pk":{"S":[{"exists":false},"x"]}}}}', "pk:S", Passes.YES),
        ('{"dynamodb":{"NewImage":{"n":{"N":[{"suffix":".50"}]}}}}', "pk:S", Passes.NO),
        ('{"dynamodb":{"NewImage":{"n":{"N":[{"wildcard":"-*.*7"}]}}}}', "pk:S", Passes.YES),
        ('{"dynamodb":{"NewImage":{"b":{"B":[{"suffix":"B=="}]}}}}', "pk:S", Passes.NO),
        ('{"dynamodb":{"NewImage":{"b":{"B":[{"suffix":"g=="}]}}}}', "pk:S", Passes.YES),
        ('{"dynamodb":{"NewImage":{"l":{"L":{"S":["x"],"N":["1"]}}}}}', "pk:S", Passes.YES),  # `l` and an attribute `l.L`
        ('{"dynamodb":{"NewImage":{"m":{"M":{"a":{"S":["x"]},"b":{"N":["1"]}}}}}}', "pk:S", Passes.YES),
        ('{"dynamodb":{"SizeBytes":[300]}}', "pk:S", Passes.YES),
        ('{"dynamodb":{"SizeBytes":[{"numeric":[">",1.2,"<",1.8]}]}}', "pk:S", Passes.NO),
        ('{"dynamodb":{"SizeBytes":[{"numeric":["<",0]}]}}', "pk:S", Passes.NO),
        ('{"dynamodb":{"StreamViewType":["KEYS_ONLY"],"NewImage":{"a":{"S":["x"]}}}}', "pk:S", Passes.NO),
        ('{"userIdentity":{"type":["Service"]}}', "pk:S", Passes.NO),
        ('{"awsRegion":[{"suffix":"-2"}],"eventSourceARN":[{"wildcard":"*:table/orders/*"}]}', "pk:S", Passes.YES),
        ('{"awsRegion":["moon-1"]}', "pk:S", Passes.UNKNOWN),
    ],
)  # fmt: skip
def test_whether_an_insert_can_pass(pattern: str, key: str, passes: Passes) -> None:
    answer = inserts_pass((pattern,), KnownStream(key=parse_key(key)))
    assert answer.passes is passes, answer
    if answer.record is not None:
        assert not complaints(answer.record, key, None, None)


def test_a_mapping_is_judged_over_its_filters_which_are_ored() -> None:
    inserts, changes, wrong = (
        '{"eventName":["INSERT"]}',
        '{"eventName":["MODIFY"]}',
        '{"eventName":["insert"]}',
    )
    assert inserts_pass((wrong, inserts)).passes is Passes.YES
    assert inserts_pass((wrong, changes)).passes is Passes.NO
    assert inserts_pass(()).passes is Passes.YES
    assert leaks((inserts, changes)).passes is Passes.YES
    assert leaks((inserts, wrong)).passes is Passes.NO
    assert leaks(()).passes is Passes.YES


@pytest.mark.parametrize("field", ["awsRegion", "eventSourceARN"])
def test_a_filter_for_another_stream_lets_nothing_of_this_one_through(field: str) -> None:
    value = {"awsRegion": "eu-west-1", "eventSourceARN": ARNS["eu-west-1"]}[field]
    pattern = json.dumps({field: [value]})
    assert leaks((pattern,)).passes is Passes.YES
    assert leaks((pattern,), KnownStream(arn=ARNS["us-east-1"])).passes is Passes.NO
    assert leaks((pattern,), KnownStream(arn=ARNS["eu-west-1"])).passes is Passes.YES


def test_a_filter_for_another_view_type_lets_nothing_through() -> None:
    pattern = '{"dynamodb":{"StreamViewType":["NEW_IMAGE"]}}'
    assert leaks((pattern,), KnownStream(view=StreamView.KEYS_ONLY)).passes is Passes.NO
    assert leaks((pattern,), KnownStream(view=StreamView.NEW_IMAGE)).passes is Passes.YES


@pytest.mark.parametrize(
    "pattern",
    [
        '{"eventSourceARN":[{"wildcard":"*NEW*W"}]}',
        '{"dynamodb":{"Keys":{"pk":{"S":[{"wildcard":"*a*b*c*d*e*f*g*h*"}]}},"NewImage":{"pk":{"S":[{"anything-but":{"wildcard":"*z*y*x*a*b*c*d*e*f*g*h*"}}]}}}}',
    ],
)  # fmt: skip
def test_a_pattern_that_is_hard_to_decide_is_answered_after_a_bounded_search(pattern: str) -> None:
    assert inserts_pass((pattern,)).passes in (Passes.YES, Passes.UNKNOWN)
