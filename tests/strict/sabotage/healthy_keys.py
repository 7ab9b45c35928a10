"""Healthy triggers of tables with odd keys, filters on odd parts of a record, and lines that show keys in other spellings."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_copies import also_to_alias
from tests.strict.sabotage.broken_versions import INSERTS_ONLY
from tests.strict.sabotage.case import healthy
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

LINES = ("--match",)
WATCH_LINES = ("--observe", "--for", "3s", "--match")
SOMETIMES_TWICE = replace(FAST, name="every third batch twice", mappings=replace(QUICK, duplicate_every=3))


def inserts(**change: Any) -> str:
    return json.dumps({"eventName": ["INSERT"], "dynamodb": change})


@healthy("a filter for the beginning of a binary key")
def binary_beginning(ground: Ground) -> None:
    ground.attach(key="pk:B")
    ground.filter_by(inserts(Keys={"pk": {"B": [{"prefix": "AQ"}]}}))


@healthy("a filter for the end of a binary key, by lines", options=LINES)
def binary_end(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_THE_EVENT, key="pk:B")
    ground.filter_by(inserts(Keys={"pk": {"B": [{"suffix": "Q=="}]}}))


@healthy("a filter for one binary sort key")
def binary_sort_key(ground: Ground) -> None:
    ground.attach(key="pk:S,sk:B")
    ground.filter_by(inserts(Keys={"sk": {"B": ["AQID"]}}))


@healthy("a composite key of two binaries, by lines", options=LINES)
def two_binaries(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_THE_EVENT, key="pk:B,sk:B")


@healthy("a filter for a number of 38 digits")
def long_number(ground: Ground) -> None:
    ground.attach(key="pk:S,sk:N")
    ground.filter_by(inserts(Keys={"sk": {"N": ["12345678901234567890123456789012345678"]}}))


@healthy("filters for sets, lists, maps, binaries, booleans and nulls")
def every_type(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        inserts(NewImage={"tags": {"SS": ["blue"]}, "sizes": {"NS": ["7"]}, "marks": {"BS": ["AQID"]}}),
        inserts(NewImage={"lines": {"L": {"M": {"sku": {"S": ["x"]}}}}}),
        inserts(NewImage={"paid": {"BOOL": [True]}, "gone": {"NULL": [True]}}),
        inserts(NewImage={"blob": {"B": [{"prefix": "AQ"}]}}),
        inserts(NewImage={"a": {"M": {"b": {"M": {"c": {"N": ["1"]}}}}}}),
    )


@healthy("a filter for attributes with dots and reserved names")
def reserved_names(ground: Ground) -> None:
    ground.attach(key="size:S,order:N")
    ground.filter_by(inserts(NewImage={"a.b": {"S": ["x"]}, "#n": {"S": ["y"]}, "count": {"N": ["1"]}}))


@healthy("a filter against keys that begin as test items' do")
def not_as_test_items(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(inserts(Keys={"pk": {"S": [{"anything-but": {"prefix": "ddbinsert"}}]}}))


@healthy("a key that begins with other alphabets, by whole events that escape them", options=LINES)
def alphabets(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_THE_EVENT)
    ground.filter_by(inserts(Keys={"pk": {"S": [{"prefix": "日本é/"}]}}))


@healthy(
    "keys with accents, by whole events that escape them, by watching", options=WATCH_LINES, timeout="20s"
)
def accents_watched(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_THE_EVENT)
    ground.insert_on("bestellung-é-{:05d}")


@healthy(
    "keys with quotes, by whole events that escape them, by watching", options=WATCH_LINES, timeout="20s"
)
def quotes_watched(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_THE_EVENT)
    ground.insert_on('or"der\\{:05d}')


@healthy("whole events in a line, every third batch twice", options=LINES, profile=SOMETIMES_TWICE)
def events_twice(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_THE_EVENT)


@healthy("every insert twice, by two mappings, by lines", note="second-mapping", options=LINES)
def copies_by_lines(ground: Ground) -> None:
    also_to_alias(ground, handlers.PRINTS_KEYS, handlers.PRINTS_KEYS + "\n")


@healthy(
    "every insert twice, by two mappings, by watching",
    note="second-mapping",
    options=("--observe", "--for", "2s"),
    timeout="60s",
)
def copies_watched(ground: Ground) -> None:
    also_to_alias(ground, handlers.HONEST, handlers.HONEST + "\n")
    ground.insert_on("order-{:05d}")


@healthy("a mapping to a version by its number, whose successor fails")
def by_version(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    version = ground.version()
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.replace_code(handlers.FAILS_ON_ALL)
    ground.map_to(version, FilterCriteria=INSERTS_ONLY)
