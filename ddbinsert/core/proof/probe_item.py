"""The content of test items, made so that their inserts pass the user's own filter clauses.

A filter such as ``{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}`` would drop a plain
test item, and the verdict would be a false alarm. So the attributes are derived from the patterns and then checked:
candidates that the compiled pattern does not match are never used. The filter engine is imported only for a
filter that is not the default one.
"""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.items.run_key import TEST_ATTRIBUTE, key_of
from ddbinsert.core.model.record import KeyType, StreamView
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.model.record import KeySchema

#: The attribute that differs between the versions of a test item.
VERSION = TEST_ATTRIBUTE
#: The function's environment variable with the secret that authenticates test items to its handler.
SECRET = "TEST_ITEMS_KEY"  # noqa: S105 - a variable's name

#: Maximum size in bytes of a partition key and of a sort key.
_KEY_BYTES = (2048, 1024)

Attributes = dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The content of a test item in addition to the run's id and its number.

    Attributes:
        attributes: In DynamoDB JSON, B as base64 text.
        prefixes, suffixes: Texts before and after a key attribute's own text; for a binary one, base64 texts
            of whole groups of three bytes.
        fixed: Key attributes with one value for all items, B as base64 text; the other one contains the id.
        variants: The content of individual items, by number: those that test a part of the filter.
        secret: If set, each item contains the code that proves to a handler that it is a test item.
    """

    attributes: Attributes = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    suffixes: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    variants: Mapping[int, Sample] = field(default_factory=dict)
    secret: str = field(default="", repr=False)

    @property
    def is_bare(self) -> bool:
        """Whether test items' keys begin with the run's id."""
        return not self.prefixes and all(one.is_bare for one in self.variants.values())

    def key(self, schema: KeySchema, run_id: str, number: int) -> dict[str, dict[str, Any]]:
        """The key of a test item, in DynamoDB JSON with B as bytes."""
        if number in self.variants:
            return self.variants[number].key(schema, run_id, number)
        key = key_of(schema, run_id, number)
        for name, prefix in self.prefixes.items():
            ((letter, value),) = key[name].items()
            key[name] = {
                letter: prefix + value if isinstance(value, str) else base64.b64decode(prefix) + value
            }
        for name, suffix in self.suffixes.items():
            ((letter, value),) = key[name].items()
            key[name] = {
                letter: value + suffix if isinstance(value, str) else value + base64.b64decode(suffix)
            }
        for name, value in self.fixed.items():
            (letter,) = key[name]
            key[name] = {letter: base64.b64decode(value) if letter == "B" else value}
        return key

    def fits(self, schema: KeySchema) -> bool:
        """Whether the keys are short enough for DynamoDB."""
        limits = dict(zip((one.name for one in schema.attributes), _KEY_BYTES, strict=False))
        key = self.key(schema, "0" * 12, 0)
        return all(
            len(content.encode() if isinstance(content, str) else content) <= limits[name]
            for name, value in key.items()
            for content in value.values()
        )

    def item(self, schema: KeySchema, run_id: str, number: int, version: int) -> dict[str, dict[str, Any]]:
        """A complete test item in boto3's form."""
        if number in self.variants:
            return replace(self.variants[number], secret=self.secret).item(schema, run_id, number, version)
        carried = {name: _as_bytes(value) for name, value in self.attributes.items()}
        key = self.key(schema, run_id, number)
        if self.secret:
            from ddbinsert.core.items import item_proof

            carried[item_proof.ATTRIBUTE] = {"S": item_proof.proof_of(self.secret, key)}
        return {**carried, VERSION: {"N": str(version)}, **key}


class Unsatisfiable(Exception):
    """No test item was found whose insert passes the filter."""


def sample_for(
    filters: tuple[str, ...],
    schema: KeySchema,
    view: StreamView,
    *,
    given: Attributes | None = None,
    stream: str = "",
) -> Sample:
    """The content of test items whose inserts pass at least one of ``filters``.

    Args:
        filters: The mapping's patterns; none means that everything is delivered.
        given: The user's own attributes, which take precedence.
        stream: The stream's ARN.

    Raises:
        Unsatisfiable: No test item was found; the message says why.
    """
    base = Sample(attributes=dict(given or {}))
    if not filters or INSERT_ONLY in filters:
        return base
    from ddbinsert.core.pattern.matcher import PatternError, compile_pattern

    problems = []
    for text in filters:
        try:
            matches = compile_pattern(text).matches
        except PatternError as error:
            problems.append(str(error))
            continue
        too_long = False
        for sample in _of_filter(text, schema, view, base, stream):
            if matches(insert_record(sample, schema, view, stream=stream)):
                if sample.fits(schema):
                    return sample
                too_long = True
        why = "; with the run's id, its key would be too long for DynamoDB" if too_long else ""
        problems.append(f"no test item passes {text}{why}")
    raise Unsatisfiable("; ".join(problems))


_STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/s"


def insert_record(sample: Sample, schema: KeySchema, view: StreamView, *, stream: str = "") -> dict[str, Any]:
    """The stream record of a test item's insert, in the form that filters match.

    Args:
        stream: The stream's ARN.
    """
    arn = stream or _STREAM
    item = sample.item(schema, "0123456789ab", 0, 1)

    def as_json(value: Any) -> Any:
        match value:
            case bytes():
                return base64.b64encode(value).decode()
            case dict():
                return {name: as_json(inner) for name, inner in value.items()}
            case list():
                return [as_json(inner) for inner in value]
            case _:
                return value

    image = as_json(item)
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
        "awsRegion": arn_parts(arn).region,
        "dynamodb": change,
        "eventSourceARN": arn,
    }


def _of_filter(text: str, schema: KeySchema, view: StreamView, base: Sample, stream: str) -> Iterator[Sample]:
    from ddbinsert.core.filters.insert_only import inserts_pass
    from ddbinsert.core.filters.reach.answer import KnownStream

    yield base
    found = inserts_pass((text,), KnownStream(view=view, key=schema, arn=stream or None))
    if found.record is not None:
        yield from candidates(found.record, text, schema, base)


def candidates(record: Mapping[str, Any], text: str, schema: KeySchema, base: Sample) -> Iterator[Sample]:
    """Samples that may pass a filter, made from a record that passes.

    Args:
        text: The filter, or the filter that it is part of.
    """
    change = record["dynamodb"]
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
    yield from _shaped(text, schema, attributes, texts, change["Keys"])


def _shaped(
    text: str,
    schema: KeySchema,
    attributes: Attributes,
    texts: Mapping[str, str],
    keys: Mapping[str, Mapping[str, str]],
) -> Iterator[Sample]:
    """Keys with prefixes and suffixes from the filter, and keys with one value for all items."""
    beginnings, endings = _operands(text, "prefix"), _operands(text, "suffix")
    ends: list[dict[str, str]] = [{}]
    starts: list[dict[str, str]] = [{}]
    for attribute in schema.attributes:
        name = attribute.name
        if attribute.type is KeyType.S:
            starts += [{name: one} for one in (*beginnings, *texts.values())]
            ends += [{name: one} for one in endings]
        elif attribute.type is KeyType.B:
            starts += [
                {name: whole} for one in beginnings if (whole := _whole_base64(one.ljust(_up(one), "A")))
            ]
            ends += [{name: whole} for one in endings if (whole := _whole_base64(one.rjust(_up(one), "A")))]
    fixed: list[dict[str, str]] = [{}]
    if schema.sort:
        fixed += [
            {attribute.name: value}
            for attribute in schema.attributes
            for value in keys.get(attribute.name, {}).values()
        ]
    for start, end, one in itertools.product(starts, ends, fixed):
        if start or end or one:
            yield Sample(attributes=attributes, prefixes=start, suffixes=end, fixed=one)


def _up(text: str) -> int:
    """The length of a text's base64 in whole groups."""
    return -(-len(text) // 4) * 4


def _whole_base64(text: str) -> str:
    """The text if it is base64; otherwise empty."""
    try:
        return text if base64.b64encode(base64.b64decode(text, validate=True)).decode() == text else ""
    except ValueError:
        return ""


def _operands(text: str, operator: str) -> tuple[str, ...]:
    """The texts that a pattern has for an operator, anywhere in it."""
    found: dict[str, None] = {}

    def search(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(value := node.get(operator), str):
                found[value] = None
            for inner in node.values():
                search(inner)
        elif isinstance(node, list):
            for inner in node:
                search(inner)

    search(json.loads(text))
    return tuple(found)


def _subsets(texts: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for size in range(1, len(texts) + 1):
        for names in itertools.combinations(texts, size):
            yield {name: texts[name] for name in names}


def _as_bytes(value: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB JSON in boto3's form: base64 text as bytes."""
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
