"""What test items carry, so that the user's own filter clauses let their inserts through.

A filter such as ``{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}`` would drop a
plain test item, and a verdict on it would be a false alarm. So the attributes are derived from the patterns,
and then held against them: what the compiled pattern doesn't match is never used. The filter engine is read
only for a filter that isn't the plain one.
"""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ddbinsert.core.insert_filter import INSERT_ONLY
from ddbinsert.core.model import EventName, KeyType, StreamView
from ddbinsert.core.probe_key import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.model import KeySchema

#: The attribute by which a test item's versions differ.
VERSION = "ddbinsert_probe"

Attributes = dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a test item carries besides the run's id and its number.

    Attributes:
        attributes: In DynamoDB JSON, B as base64 text.
        prefixes: Texts that must stand before a key attribute's own.
        fixed: Key attributes with one value for all items; the other one carries the id.
    """

    attributes: Attributes = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)

    def key(self, schema: KeySchema, run_id: str, number: int) -> dict[str, dict[str, Any]]:
        """The key of a test item, in DynamoDB JSON with B as bytes."""
        key = key_of(schema, run_id, number)
        for name, prefix in self.prefixes.items():
            ((letter, value),) = key[name].items()
            key[name] = {letter: prefix + value if isinstance(value, str) else prefix.encode() + value}
        for name, value in self.fixed.items():
            (letter,) = key[name]
            key[name] = {letter: value.encode() if letter == "B" else value}
        return key

    def item(self, schema: KeySchema, run_id: str, number: int, version: int) -> dict[str, dict[str, Any]]:
        """A whole test item, as boto3 takes it."""
        carried = {name: _as_bytes(value) for name, value in self.attributes.items()}
        return {**carried, VERSION: {"N": str(version)}, **self.key(schema, run_id, number)}


class Unsatisfiable(Exception):
    """No test item was found whose insert passes the filter."""


def sample_for(
    filters: tuple[str, ...], schema: KeySchema, view: StreamView, *, given: Attributes | None = None
) -> Sample:
    """What test items must carry for at least one of ``filters`` to deliver their inserts.

    Args:
        filters: Patterns as the mapping has them; none means that everything is delivered.
        given: The user's own attributes, which come first.

    Raises:
        Unsatisfiable: None was found; the message says why.
    """
    base = Sample(attributes=dict(given or {}))
    if not filters or INSERT_ONLY in filters:
        return base
    from ddbinsert.core.pattern import PatternError, compile_pattern

    problems = []
    for text in filters:
        try:
            matches = compile_pattern(text).matches
        except PatternError as error:
            problems.append(str(error))
            continue
        for sample in _candidates(text, schema, view, base):
            if matches(insert_record(sample, schema, view)):
                return sample
        problems.append(f"no test item passes {text}")
    raise Unsatisfiable("; ".join(problems))


def insert_record(sample: Sample, schema: KeySchema, view: StreamView) -> dict[str, Any]:
    """The record that inserting a test item leaves in the stream, as a filter sees it."""
    item = sample.item(schema, "0123456789ab", 0, 1)

    def shown(value: Any) -> Any:
        match value:
            case bytes():
                return base64.b64encode(value).decode()
            case dict():
                return {name: shown(inner) for name, inner in value.items()}
            case list():
                return [shown(inner) for inner in value]
            case _:
                return value

    image = shown(item)
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": 1700000000.0,
        "Keys": {attribute.name: image[attribute.name] for attribute in schema.attributes},
        "SequenceNumber": "100000000000000000001",
        "SizeBytes": 100,
        "StreamViewType": view.value,
    }
    if view.has_new_image:
        change["NewImage"] = image
    return {
        "eventID": "0" * 32,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": change,
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/s",
    }


def _candidates(text: str, schema: KeySchema, view: StreamView, base: Sample) -> Iterator[Sample]:
    from ddbinsert.core.filter_reach import passing
    from ddbinsert.core.pattern import parse

    yield base
    found = passing(parse(text), EventName.INSERT, key=schema, views=(view,))
    if found is None or not found.genuine:
        return
    change = found.record["dynamodb"]
    keys = {attribute.name for attribute in schema.attributes}
    image = {name: value for name, value in change.get("NewImage", {}).items() if name not in keys}
    attributes = {**image, **base.attributes}
    texts = {
        attribute.name: str(change["Keys"][attribute.name]["S"])
        for attribute in schema.attributes
        if attribute.type is KeyType.S and "S" in change["Keys"].get(attribute.name, {})
    }
    yield Sample(attributes=attributes)
    for chosen in _subsets(texts):
        yield Sample(attributes=attributes, prefixes=chosen)
    for name, value in texts.items() if schema.sort else ():
        others = {other: text for other, text in texts.items() if other != name}
        for chosen in ({}, others):
            yield Sample(attributes=attributes, prefixes=chosen, fixed={name: value})


def _subsets(texts: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for size in range(1, len(texts) + 1):
        for names in itertools.combinations(texts, size):
            yield {name: texts[name] for name in names}


def _as_bytes(value: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB JSON as boto3 takes it: base64 text to bytes."""
    ((letter, content),) = value.items()
    match letter:
        case "B" if isinstance(content, str):
            return {"B": base64.b64decode(content)}
        case "BS":
            return {"BS": [base64.b64decode(one) if isinstance(one, str) else one for one in content]}
        case "M":
            return {"M": {name: _as_bytes(inner) for name, inner in content.items()}}
        case "L":
            return {"L": [_as_bytes(inner) for inner in content]}
        case _:
            return value
