"""Filter patterns: what is accepted, and what passes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.conformance.model import Seen, probe
from tests.conformance.probes.delivery import OF_FENCE, delivered, key_of
from tests.conformance.probes.mapping_settings import accepted, criteria

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.lab import Lab

Items = dict[str, dict[str, Any]]


def image(**fields: Any) -> dict[str, Any]:
    """A pattern on the new image of an insert."""
    return {"eventName": ["INSERT"], "dynamodb": {"NewImage": fields}}


def passing(lab: Lab, patterns: Mapping[str, dict[str, Any]], items: Items) -> dict[str, list[str]]:
    """Which of the items pass each of the patterns: a table for each pattern, one function for all."""
    tables = {}
    for name, pattern in patterns.items():
        tables[name] = lab.table(view="NEW_IMAGE")
        lab.create_mapping(tables[name], lab.recorder, FilterCriteria=criteria(json.dumps(pattern), OF_FENCE))
    for table in tables.values():
        for key, attributes in items.items():
            lab.put(table, key, **attributes)
    return {
        name: sorted({key_of(one) for one in delivered(lab, table, lab.recorder)})
        for name, table in tables.items()
    }


_TEXTS: Items = {"new": {"s": "NEW"}, "old": {"s": "OLD"}, "both": {"s": "NEW", "t": "x"}, "none": {}}


@probe("pattern-logic", runs_code=True, seconds=180)
def logic(lab: Lab) -> Seen:
    patterns = {
        "values are ORed": image(s={"S": ["NEW", "OLD"]}),
        "fields are ANDed": image(s={"S": ["NEW"]}, t={"S": ["x"]}),
        "$or": {"eventName": ["INSERT"], "$or": [
            {"dynamodb": {"NewImage": {"s": {"S": ["OLD"]}}}}, {"dynamodb": {"NewImage": {"t": {"S": ["x"]}}}}]},
    }  # fmt: skip
    found = passing(lab, patterns, _TEXTS)
    one_branch = lab.code_of(
        lab.lambda_.create_event_source_mapping,
        EventSourceArn=lab.stream(lab.table()),
        FunctionName=lab.recorder,
        StartingPosition="LATEST",
        FilterCriteria=criteria('{"$or":[{"eventName":["INSERT"]}]}'),
    )
    wanted = {"values are ORed": ["both", "new", "old"], "fields are ANDed": ["both"], "$or": ["both", "old"]}
    return Seen(
        agrees=found == wanted and bool(one_branch), answer={**found, "$or of one": one_branch or "accepted"}
    )


@probe("pattern-operators", quick=True, seconds=60)
def operators(lab: Lab) -> Seen:
    """Accepted or not; what each lets through is compared by the probes beside this one."""
    patterns: dict[str, Any] = {
        "exact": ["a"],
        "null": [None],
        "empty": [""],
        "prefix": [{"prefix": "a"}],
        "suffix": [{"suffix": "a"}],
        "equals-ignore-case": [{"equals-ignore-case": "a"}],
        "anything-but": [{"anything-but": ["a"]}],
        "numeric": [{"numeric": [">", 1]}],
        "exists": [{"exists": False}],
    }
    answer = {
        name: accepted(
            lab,
            FilterCriteria=criteria(
                json.dumps({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"s": {"S": leaf}}}})
            ),
        )
        for name, leaf in patterns.items()
    }
    return Seen(agrees=set(answer.values()) == {"accepted"}, answer=answer)


@probe("pattern-exists", runs_code=True, seconds=240)
def exists(lab: Lab) -> Seen:
    items: Items = {"leaf": {"s": "a"}, "none": {}, "other": {"s": "b"}}
    patterns = {
        "on a leaf": image(s={"S": [{"exists": True}]}),
        "not on a leaf": image(s={"S": [{"exists": False}]}),
        "on an inner node": image(s=[{"exists": True}]),
        "not on an inner node": image(s=[{"exists": False}]),
        "anything-but": image(s={"S": [{"anything-but": ["a"]}]}),
    }
    found = passing(lab, patterns, items)
    wanted = {
        "on a leaf": ["leaf", "other"],
        "not on a leaf": ["none"],
        "on an inner node": [],
        "not on an inner node": ["leaf", "none", "other"],
        "anything-but": ["other"],
    }
    return Seen(agrees=found == wanted, answer=found)


@probe("pattern-arrays", runs_code=True, seconds=240)
def arrays(lab: Lab) -> Seen:
    def of_maps(*maps: dict[str, str]) -> dict[str, Any]:
        return {"L": [{"M": {name: {"S": value} for name, value in one.items()}} for one in maps]}

    items: Items = {
        "set": {"tags": {"SS": ["a", "b"]}},
        "same": {"list": of_maps({"x": "1", "y": "2"})},
        "apart": {"list": of_maps({"x": "1", "y": "3"}, {"x": "3", "y": "2"})},
        "empty": {"list": {"L": []}},
    }
    patterns = {
        "any element": image(tags={"SS": ["b"]}),
        "the same element": image(list={"L": {"M": {"x": {"S": ["1"]}, "y": {"S": ["2"]}}}}),
        "an empty one is absent": image(list={"L": {"M": {"x": {"S": [{"exists": False}]}}}}),
    }
    found = passing(lab, patterns, items)
    wanted = {
        "any element": ["set"],
        "the same element": ["same"],
        "an empty one is absent": ["empty", "set"],
    }
    return Seen(agrees=found == wanted, answer=found)


@probe("pattern-dynamodb-types", runs_code=True, seconds=240)
def dynamodb_types(lab: Lab) -> Seen:
    items: Items = {"number": {"n": {"N": "101"}}, "text": {"n": "101"}}
    patterns = {
        "a number is text": image(n={"N": ["101"]}),
        "numeric": image(n={"N": [{"numeric": [">", 100]}]}),
        "a number in the pattern": image(n={"N": [101]}),
        "without the type": image(n=["101"]),
    }
    found = passing(lab, patterns, items)
    wanted = {
        "a number is text": ["number"],
        "numeric": [],
        "a number in the pattern": [],
        "without the type": [],
    }
    return Seen(agrees=found == wanted, answer=found)


_INVALID = {
    "a leaf that is not an array": '{"eventName":"INSERT"}',
    "an empty array": '{"eventName":[]}',
    "an empty object": '{"dynamodb":{}}',
    "an unknown operator": '{"eventName":[{"begins":"I"}]}',
    "two operators": '{"eventName":[{"prefix":"I","suffix":"T"}]}',
    "an empty range": '{"dynamodb":{"SizeBytes":[{"numeric":[">",5,"<",5]}]}}',
}


@probe("pattern-invalid", quick=True)
def invalid(lab: Lab) -> Seen:
    answer = {name: accepted(lab, FilterCriteria=criteria(text)) for name, text in _INVALID.items()}
    return Seen(agrees=set(answer.values()) == {"InvalidParameterValueException"}, answer=answer)
