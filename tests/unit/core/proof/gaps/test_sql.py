"""The comparison as SQL, run on SQLite: Athena's two functions are given to it, everything else is plain SQL."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType
from ddbinsert.core.proof.gaps.sql import ENTRIES, ITEMS, athena
from ddbinsert.errors import UsageError

NAMES = ("pk", "Order ID", "it's.odd[0]")


def schema(first: str = "pk", second: str | None = None, kind: KeyType = KeyType.S) -> KeySchema:
    sort = None if second is None else KeyAttribute(name=second, type=KeyType.N)
    return KeySchema(partition=KeyAttribute(name=first, type=kind), sort=sort)


def extracted(line: str, path: str) -> Any:
    """Athena's ``json_extract``: the value at ``$["a"]["b"]``; NULL where there is none."""
    steps = re.findall(r'\["([^"]*)"\]', path)
    assert path == "$" + "".join(f'["{step}"]' for step in steps)
    value: Any = json.loads(line)
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def found(key: KeySchema, items: list[Any], entries: list[Any]) -> list[tuple[str, ...]]:
    """The answer of the query."""
    with closing(sqlite3.connect(":memory:")) as database:
        return _answer(database, key, {ITEMS: items, ENTRIES: entries})


def _answer(
    database: sqlite3.Connection, key: KeySchema, tables: dict[str, list[Any]]
) -> list[tuple[str, ...]]:
    database.create_function(
        "json_extract",
        2,
        lambda line, path: None if (value := extracted(line, path)) is None else json.dumps(value),
    )
    database.create_function(
        "json_extract_scalar",
        2,
        lambda line, path: value if isinstance(value := extracted(line, path), str) else None,
    )
    for name, lines in tables.items():
        database.execute(f"CREATE TABLE {name} (line TEXT)")
        database.executemany(f"INSERT INTO {name} VALUES (?)", [(json.dumps(one),) for one in lines])  # noqa: S608 - fixed names
    return database.execute(athena("orders", key).query).fetchall()


def entry(key: dict[str, Any], table: str = "orders", image: str = "Item") -> dict[str, Any]:
    return {image: {"eventID": {"S": "e"}, "table": {"S": table}, "keys": {"M": key}, "time": {"S": "now"}}}


@pytest.mark.parametrize("name", NAMES)
def test_items_without_an_entry_are_listed(name: str) -> None:
    def key(number: int) -> dict[str, Any]:
        return {name: {"S": f"a'{number}"}, "n": {"N": str(number)}}

    items = [{"Item": {**key(number), "total": {"N": "1"}}} for number in range(6)]
    entries = [entry(key(0)), entry(key(1), table="others"), entry(key(2)), entry(key(2)), entry(key(9))]
    assert found(schema(name, "n"), items, entries) == [
        (f"a'{number}", str(number)) for number in (1, 3, 4, 5)
    ]
    assert found(schema(name), items, entries) == [(f"a'{number}",) for number in (1, 3, 4, 5)]


def test_an_incremental_export_leaves_out_what_was_deleted() -> None:
    items = [
        {"Keys": {"pk": {"S": "new"}}, "NewImage": {"pk": {"S": "new"}}},
        {
            "Keys": {"pk": {"S": "known"}},
            "NewImage": {"pk": {"S": "known"}},
            "OldImage": {"pk": {"S": "known"}},
        },
        {"Keys": {"pk": {"S": "gone"}}, "OldImage": {"pk": {"S": "gone"}}},
    ]
    entries = [{"Keys": {"eventID": {"S": "e"}}, **entry({"pk": {"S": "known"}}, image="NewImage")}]
    assert found(schema(), items, entries) == [("new",)]


@pytest.mark.parametrize(("kind", "value"), [(KeyType.N, "1.50"), (KeyType.B, "AQI=")])
def test_keys_of_every_type(kind: KeyType, value: str) -> None:
    items = [{"Item": {"pk": {kind.value: value}}}, {"Item": {"pk": {kind.value: f"{value}0"}}}]
    assert found(schema(kind=kind), items, [entry({"pk": {kind.value: value}})]) == [(f"{value}0",)]


def test_the_tables_are_made_over_the_data_of_both_exports() -> None:
    made = athena("orders", schema(), items="s3://b/p/AWSDynamoDB/1-a/", entries="s3://b/q/AWSDynamoDB/data")
    first, second = made.tables
    assert f"CREATE EXTERNAL TABLE IF NOT EXISTS {ITEMS} (line string)" in first
    assert "LOCATION 's3://b/p/AWSDynamoDB/1-a/data/'" in first
    assert "LOCATION 's3://b/q/AWSDynamoDB/data/'" in second
    assert made.text.count(";\n") == 3
    assert "BUCKET" in athena("orders", schema()).text


@pytest.mark.parametrize("place", ["folder/x", "s3://", "s3://b/it's", "s3://B/x", "s3://b/a b", "https://b"])
def test_what_is_no_place_in_s3_is_refused(place: str) -> None:
    with pytest.raises(UsageError):
        athena("orders", schema(), items=place)


def test_a_name_that_no_path_can_hold_is_refused() -> None:
    with pytest.raises(UsageError):
        athena("orders", schema('a"b'))
