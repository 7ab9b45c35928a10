"""Conditions to patterns: what they come to, what can't be said and why, and that both mean the same."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from ddbinsert.core.filters.where.build import pattern_from_conditions
from ddbinsert.core.filters.where.language import read_condition
from ddbinsert.core.filters.where.targets import target_of
from ddbinsert.core.filters.where.tree import Comparison, ConditionError, ConditionGroup, Not, Op, Tree
from ddbinsert.core.model.key_text import parse_key
from ddbinsert.core.pattern.matcher import compile_pattern
from tests.examples import seeds

KEY = parse_key("pk:S,sk:N")

BUILT = {
    'NewImage.status = "NEW"': '{"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}',
    'dynamodb.NewImage.status.S == "NEW"': '{"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}',
    "NewImage.total.N in (1,2)": '{"dynamodb":{"NewImage":{"total":{"N":["1","2"]}}}}',
    'Keys.pk begins_with "ORDER#"': '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}}}}',
    "Keys.sk = 5.0": '{"dynamodb":{"Keys":{"sk":{"N":["5"]}}}}',
    'Keys.sk = "5"': '{"dynamodb":{"Keys":{"sk":{"N":["5"]}}}}',
    "NewImage.sk = 3e2": '{"dynamodb":{"NewImage":{"sk":{"N":["300"]}}}}',
    "NewImage.a = true": '{"dynamodb":{"NewImage":{"a":{"BOOL":[true]}}}}',
    "NewImage.a != true": '{"dynamodb":{"NewImage":{"a":{"BOOL":[false]}}}}',
    "NOT NewImage.a = true": '{"dynamodb":{"NewImage":{"a":{"BOOL":[false,{"exists":false}]}}}}',
    "NewImage.a = null": '{"dynamodb":{"NewImage":{"a":{"NULL":[true]}}}}',
    "NewImage.a != null": '{"dynamodb":{"NewImage":{"a":{"NULL":[{"exists":false}]}}}}',
    'NewImage.s != "NEW"': '{"dynamodb":{"NewImage":{"s":{"S":[{"anything-but":["NEW"]}]}}}}',
    'not NewImage.s = "a"': '{"dynamodb":{"NewImage":{"s":{"S":[{"anything-but":["a"]},{"exists":false}]}}}}',
    'not NewImage.s != "a"': '{"dynamodb":{"NewImage":{"s":{"S":["a",{"exists":false}]}}}}',
    'not not NewImage.s = "a"': '{"dynamodb":{"NewImage":{"s":{"S":["a"]}}}}',
    "NewImage.s not in ('a', 'b')": '{"dynamodb":{"NewImage":{"s":{"S":[{"anything-but":["a","b"]},{"exists":false}]}}}}',
    "NewImage.s.S exists": '{"dynamodb":{"NewImage":{"s":{"S":[{"exists":true}]}}}}',
    "NewImage.s.S not exists": '{"dynamodb":{"NewImage":{"s":{"S":[{"exists":false}]}}}}',
    "attribute_exists(NewImage.s.S)": '{"dynamodb":{"NewImage":{"s":{"S":[{"exists":true}]}}}}',
    "attribute_not_exists(NewImage.s.S)": '{"dynamodb":{"NewImage":{"s":{"S":[{"exists":false}]}}}}',
    'begins_with(NewImage.s, "x")': '{"dynamodb":{"NewImage":{"s":{"S":[{"prefix":"x"}]}}}}',
    'NewImage.s begins_with ("x", "y")': '{"dynamodb":{"NewImage":{"s":{"S":[{"prefix":"x"},{"prefix":"y"}]}}}}',
    'NewImage.s ends_with "x"': '{"dynamodb":{"NewImage":{"s":{"S":[{"suffix":"x"}]}}}}',
    'NewImage.s contains "a*b\\\\c"': r'{"dynamodb":{"NewImage":{"s":{"S":[{"wildcard":"*a\\*b\\\\c*"}]}}}}',
    'NewImage.s contains ""': '{"dynamodb":{"NewImage":{"s":{"S":[{"wildcard":"*"}]}}}}',
    'NewImage.s like "a*b"': '{"dynamodb":{"NewImage":{"s":{"S":[{"wildcard":"a*b"}]}}}}',
    'NewImage.s equals_ignore_case "Ab"': '{"dynamodb":{"NewImage":{"s":{"S":[{"equals-ignore-case":"Ab"}]}}}}',
    'NewImage.ip cidr "10.0.0.0/24"': '{"dynamodb":{"NewImage":{"ip":{"S":[{"cidr":"10.0.0.0/24"}]}}}}',
    'NewImage.tags.SS contains "red"': '{"dynamodb":{"NewImage":{"tags":{"SS":["red"]}}}}',
    "NewImage.n.NS = 1": '{"dynamodb":{"NewImage":{"n":{"NS":["1"]}}}}',
    'NewImage.b.B = "AQID"': '{"dynamodb":{"NewImage":{"b":{"B":["AQID"]}}}}',
    'NewImage.address.city = "Bern"': '{"dynamodb":{"NewImage":{"address":{"M":{"city":{"S":["Bern"]}}}}}}',
    'NewImage.address.M.city.S = "Bern"': '{"dynamodb":{"NewImage":{"address":{"M":{"city":{"S":["Bern"]}}}}}}',
    'NewImage.items.L.sku = "x"': '{"dynamodb":{"NewImage":{"items":{"L":{"M":{"sku":{"S":["x"]}}}}}}}',
    'NewImage.`a.b c` = "x"': '{"dynamodb":{"NewImage":{"a.b c":{"S":["x"]}}}}',
    'NewImage.m.`S` = "x"': '{"dynamodb":{"NewImage":{"m":{"M":{"S":{"S":["x"]}}}}}}',
    "NewImage.`a``b` = 'it''s'": '{"dynamodb":{"NewImage":{"a`b":{"S":["it\'s"]}}}}',
    'NewImage.größe = "ß"': '{"dynamodb":{"NewImage":{"größe":{"S":["ß"]}}}}',
    "SizeBytes > 5 and SizeBytes <= 10": '{"dynamodb":{"SizeBytes":[{"numeric":[">",5,"<=",10]}]}}',
    "SizeBytes between 5 and 10": '{"dynamodb":{"SizeBytes":[{"numeric":[">=",5,"<=",10]}]}}',
    "not SizeBytes between 5 and 10": '{"dynamodb":{"SizeBytes":[{"numeric":["<",5]},{"numeric":[">",10]}]}}',
    "not SizeBytes between 5 and 5": '{"dynamodb":{"SizeBytes":[{"numeric":["<",5]},{"numeric":[">",5]}]}}',
    "SizeBytes >= 5 and SizeBytes <= 5": '{"dynamodb":{"SizeBytes":[{"numeric":["=",5]}]}}',
    'eventName != "REMOVE"': '{"eventName":["INSERT","MODIFY"]}',
    'NewImage.s = "a" or NewImage.s begins_with "b"': '{"dynamodb":{"NewImage":{"s":{"S":["a",{"prefix":"b"}]}}}}',
    'NewImage.s = "a" or NewImage.t = "b"': '{"$or":[{"dynamodb":{"NewImage":{"s":{"S":["a"]}}}},'
    '{"dynamodb":{"NewImage":{"t":{"S":["b"]}}}}]}',
    'NewImage.s = "a" and (NewImage.t = "b" or NewImage.u = "c")': '{"dynamodb":{"NewImage":{"s":{"S":["a"]}}},'
    '"$or":[{"dynamodb":{"NewImage":{"t":{"S":["b"]}}}},{"dynamodb":{"NewImage":{"u":{"S":["c"]}}}}]}',
    'NewImage.s in ("ab","ac","b") and NewImage.s begins_with "a"': '{"dynamodb":{"NewImage":{"s":{"S":["ab","ac"]}}}}',
    'NewImage.s != "a" and NewImage.s != "b"': '{"dynamodb":{"NewImage":{"s":{"S":[{"anything-but":["a","b"]}]}}}}',
    'NewImage.s begins_with "a" and NewImage.s begins_with "ab"': '{"dynamodb":{"NewImage":{"s":{"S":[{"prefix":"ab"}]}}}}',
    'NewImage.s.S exists and NewImage.s != "a"': '{"dynamodb":{"NewImage":{"s":{"S":[{"anything-but":["a"]}]}}}}',
    'NewImage.a = "x" or NewImage.a = "x" and NewImage.b = "y"': '{"dynamodb":{"NewImage":{"a":{"S":["x"]}}}}',
}  # fmt: skip

REFUSED = {
    "": "There is no condition",
    "NewImage.s": "An operator is expected",
    "NewImage.s =": "A value is expected",
    "NewImage.s = NEW": "A value is expected",
    'NewImage.s = "a': "is not closed",
    'NewImage.s = "a" NewImage.t = "b"': "`and` or `or` is expected",
    '(NewImage.s = "a"': "`)` is expected",
    'NewImage.s = "a" &': "is not expected here",
    'NewImage.s = "\\x"': "escape",
    "= 5": "A field is expected",
    "NewImage.s not = 5": "is expected after `not`",
    "SizeBytes between 5": "takes two values",
    'status = "x"': "no field `status`",
    'eventname = "INSERT"': "no field `eventname`",
    'NewImage = "x"': "name is missing",
    "NewImage.x exists": "type of `x` is not known",
    "NewImage.x in (1, 'a')": "type of `x` is not known",
    "NewImage.m exists": "is a map",
    "NewImage.l exists": "is a list",
    'Keys.foo = "x"': "not a key attribute",
    "Keys.pk = 5": "",
    "NewImage.pk.N = 5": "has the type S",
    "Keys.sk > 5": "is not possible here: filters compare JSON numbers",
    "NewImage.n between 1 and 5": "is not possible here",
    "Keys.sk = 1e99": "38 digits",
    "Keys.sk = 1e99999999999999999999": "too large",
    "SizeBytes > 1e99999999999999999999": "too large",
    'Keys.sk = "abc"': "38 digits",
    "Keys.sk begins_with '1'": "is for text",
    "NewImage.s.S begins_with 5": "takes text",
    'NewImage.b.BOOL = "true"': "is not possible for",
    "NewImage.b.B = 'no base64'": "is not possible for",
    'eventName = "insert"': "is not possible for",
    'SizeBytes > "5"': "takes a number",
    'NewImage.s like "a**b"': "`**`",
    'NewImage.ip cidr "10.0.0.0"': "ADDRESS/BITS",
    'not NewImage.ip cidr "10.0.0.0/8"': "outside a block",
    'not NewImage.tags.SS contains "red"': "any one of its elements",
    'NewImage.items.L.S != "x"': "any one of its elements",
    'NewImage.tags.SS = "a" and NewImage.tags.SS = "b"': "each may hold for another element",
    'NewImage.s begins_with "a" and NewImage.s != "ab"': "One pattern cannot express both",
    'NewImage.s = "a" and NewImage.s = "b"': "No record satisfies",
    "SizeBytes > 5 and SizeBytes < 5": "No record satisfies",
    "Keys.pk not exists": "No record satisfies",
    'NewImage.prefix = "a" or NewImage.b = "c"': "reserved",
    "(" * 60 + 'NewImage.s = "a"' + ")" * 60: "nested too deeply",
    " and ".join(f'(NewImage.a{n} = "x" or NewImage.b{n} = "y")' for n in range(10)): "expands to more than",
    " or ".join(f'NewImage.attribute{n} = "{"x" * 40}"' for n in range(60)): "characters long",
}

TYPES = {"m": "M", "l": "L"}


@pytest.mark.parametrize(("condition", "expected"), BUILT.items())
def test_a_condition_becomes_a_pattern(condition: str, expected: str) -> None:
    assert pattern_from_conditions([condition], KEY, {}) == expected


@pytest.mark.parametrize(("condition", "reason"), REFUSED.items(), ids=[key[:60] for key in REFUSED])
def test_what_cannot_be_said_is_refused_with_its_reason(condition: str, reason: str) -> None:
    with pytest.raises(ConditionError) as caught:
        pattern_from_conditions([condition], KEY, TYPES)
    assert reason in caught.value.message
    assert 0 <= caught.value.position <= len(condition)


def test_several_conditions_must_all_hold() -> None:
    both = pattern_from_conditions(['NewImage.s = "a"', "NewImage.n = 5 or NewImage.n = 6"], None, {})
    assert both == '{"dynamodb":{"NewImage":{"s":{"S":["a"]},"n":{"N":["5","6"]}}}}'


def test_types_come_from_options_too_nested_ones_with_dots() -> None:
    types = {"s": "S", "address.city": "S", "items[].sku": "N", "m": "M"}
    assert (
        pattern_from_conditions(["NewImage.s exists"], None, types)
        == '{"dynamodb":{"NewImage":{"s":{"S":[{"exists":true}]}}}}'
    )
    assert "city" in pattern_from_conditions(["NewImage.address.city exists"], None, types)
    assert '{"N":["5"]}' in pattern_from_conditions(["NewImage.items.L.sku = 5"], None, types)


# --- the pattern means what the condition means -----------------------------------------------------------

_WORDS = ["a", "ab", "b", "x"]


def _test(rng: random.Random) -> str:
    name = rng.choice(["NewImage.s", "NewImage.t", "Keys.pk"])
    word = rng.choice(_WORDS)
    return rng.choice(
        [
            f'{name} = "{word}"',
            f'{name} != "{word}"',
            f'{name} in ("a", "{word}")',
            f'{name}.S begins_with "{word}"',
            f'{name} contains "{word}"',
            f"{name}.S exists",
            f"NewImage.n = {rng.randint(0, 3)}",
            f"SizeBytes >= {rng.randint(0, 3)}",
            f"SizeBytes between 1 and {rng.randint(2, 3)}",
            'eventName != "REMOVE"',
            "NewImage.f = true",
        ]
    )


def _condition(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.3:
        return _test(rng)
    if rng.random() < 0.3:
        return f"not ({_condition(rng, depth - 1)})"
    word = rng.choice(["and", "or"])
    return f" {word} ".join(f"({_condition(rng, depth - 1)})" for _ in range(2))


def _record(rng: random.Random) -> dict[str, Any]:
    image: dict[str, Any] = {}
    for name in ("s", "t"):
        if rng.random() < 0.7:
            image[name] = {"S": rng.choice([*_WORDS, "xa"])}
    if rng.random() < 0.6:
        image["n"] = {"N": str(rng.randint(0, 3))}
    if rng.random() < 0.6:
        image["f"] = {"BOOL": rng.random() < 0.5}
    change = {"Keys": {"pk": {"S": rng.choice(_WORDS)}}, "NewImage": image, "SizeBytes": rng.randint(0, 4)}
    return {"eventName": rng.choice(["INSERT", "MODIFY", "REMOVE"]), "dynamodb": change}


def _holds(tree: Tree, record: dict[str, Any]) -> bool:
    match tree:
        case Not(inner=inner):
            return not _holds(inner, record)
        case ConditionGroup(parts=parts, every=every):
            return (all if every else any)(_holds(part, record) for part in parts)
        case Comparison() as test:
            return _compares(test, record)


def _compares(test: Comparison, record: dict[str, Any]) -> bool:
    found: Any = record
    for key in target_of(test, KEY, {}).keys:
        found = found.get(key) if isinstance(found, dict) else None
    if found is None:
        return False
    values = [str(v) if isinstance(found, str) and isinstance(v, Decimal) else v for v in test.values]
    match test.op:
        case Op.EXISTS:
            return True
        case Op.EQUALS:
            return found in values
        case Op.DIFFERS:
            return found not in values
        case Op.BEGINS_WITH:
            return bool(found.startswith(values[0]))
        case Op.CONTAINS:
            return values[0] in found
        case Op.AT_LEAST:
            return bool(found >= values[0])
        case Op.BETWEEN:
            return bool(values[0] <= found <= values[1])
        case _:
            raise AssertionError(test.op)


@pytest.mark.parametrize("seed", seeds(4))
def test_a_pattern_lets_through_exactly_what_its_condition_says(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    outcomes = {"built": 0, "refused": 0, "impossible": 0, True: 0, False: 0}
    for _ in range(250):
        text = _condition(rng, 3)
        tree = read_condition(text)
        records = [_record(rng) for _ in range(12)]
        try:
            pattern = pattern_from_conditions([text], KEY, {})
        except ConditionError as error:
            reason = error.reason
        else:
            reason = ""
        if reason.startswith(("No record", "Every record")):
            outcomes["impossible"] += 1
            expected = reason.startswith("Every")
            assert all(_holds(tree, record) is expected for record in records), text
        elif reason:
            outcomes["refused"] += 1
            assert "cannot" in reason or "expands" in reason, (text, reason)
        else:
            outcomes["built"] += 1
            matches = compile_pattern(pattern).matches
            for record in records:
                expected = _holds(tree, record)
                outcomes[expected] += 1
                assert matches(record) is expected, (text, pattern, record)
    assert all(count > 3 for count in outcomes.values()), outcomes
