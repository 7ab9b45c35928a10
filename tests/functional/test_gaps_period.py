"""gaps --from-table --partition: only the items of a period are read, by queries on a sort key that is a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, ran, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.helpers import Cloud

#: Hours of the items of 1 May 2026: two customers, one of them on two days.
HOURS = {"a": ("08", "12", "16"), "b": ("12",)}
NOON = ("--since", "2026-05-01T11:30:00Z", "--until", "2026-05-01T12:30:00Z")
INDEXES = {
    "by-millis": ("day", "millis", "KEYS_ONLY"),
    "by-number": ("shop", "at", "ALL"),
    "by-word": ("day", "word", "ALL"),
    "by-day-only": ("day", None, "ALL"),
    "by-mixed": ("shop", "mixed", "ALL"),
}
TYPES = {"pk": "S", "sk": "S", "day": "S", "millis": "N", "shop": "N", "at": "S", "word": "S", "mixed": "S"}


@pytest.fixture
def run(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *words: ran(*words, "-o", "json", variables=variables)


@pytest.fixture
def table(cloud: Cloud, run: Callable[..., Ran]) -> str:
    name = cloud.table("pk:S,sk:S")
    for index, (partition, sort, projection) in INDEXES.items():
        keys = [{"AttributeName": partition, "KeyType": "HASH"}]
        keys += [{"AttributeName": sort, "KeyType": "RANGE"}] if sort else []
        new = {"IndexName": index, "KeySchema": keys, "Projection": {"ProjectionType": projection}}
        cloud.dynamodb.update_table(
            TableName=name,
            AttributeDefinitions=[
                {"AttributeName": one, "AttributeType": kind} for one, kind in TYPES.items()
            ],
            GlobalSecondaryIndexUpdates=[{"Create": new}],
        )
    place = 0
    for customer, hours in HOURS.items():
        for hour in hours:
            at = datetime(2026, 5, 1, int(hour), tzinfo=UTC)
            item: dict[str, Any] = {
                "pk": {"S": customer},
                "sk": {"S": f"{at:%Y-%m-%dT%H:%M:%S}.{place:03d}Z#{place}"},
                "day": {"S": "friday"},
                "shop": {"N": "7"},
                "millis": {"N": str(int(at.timestamp() * 1000))},
                "at": {"S": f"{at:%Y-%m-%d %H:%M}"},
                "word": {"S": f"R{place}"},
                "mixed": {"S": f"{at:%Y-%m-%d %H:%M:%S}" if hour == "12" else f"{at:%Y-%m-%dT%H:%M:%S}"},
            }
            cloud.dynamodb.put_item(TableName=name, Item=item)
            place += 1
    made = run("audit", "create-table", f"{name}-audit", "--no-protect")
    assert made.code == 0, made
    attached = run("attach-trigger", name, "--template", "audit-log", "--env", f"SINK_ARN={made.data['arn']}")
    assert attached.code == 0, attached
    assert until(lambda: cloud.configuration(f"{name}-inserts").get("State", "Active") == "Active")
    return name


def test_only_items_of_the_period_are_compared(cloud: Cloud, run: Callable[..., Ran], table: str) -> None:
    compare = ("gaps", table, "--from-table", "--settle", "0s")
    wanted = {
        ("--partition", "a"): ["a"],
        ("--partition", "a", "--partition", "b", "--partition", "a"): ["a", "b"],
        ("--partition", "a", "--rate", "1000"): ["a"],
        ("--index", "by-millis", "--partition", "friday"): ["a", "b"],
        ("--index", "by-number", "--partition", "7", "--partition", "7.0"): ["a", "b"],
    }
    for words, customers in wanted.items():
        found = run(*compare, *NOON, *words)
        assert found.code == 1, found.err
        assert sorted(one["pk"]["S"] for one in found.data["keys"]) == customers, words
        assert found.data["items"] == len(customers), words
        assert all("T12:00:00" in one["sk"]["S"] for one in found.data["keys"])
    warned = run(*compare, *NOON, "--partition", "a", "--partition", "nobody")
    assert "has pk = nobody" in warned.err
    none = run(*compare, "--since", "2026-05-02T00:00Z", "--partition", "a")
    assert (none.code, none.data["items"]) == (0, 0)
    assert run("backfill", table, "--yes", "--where", 'Keys.pk = "b"').data["given"] == 1
    half = run(*compare, *NOON, "--index", "by-millis", "--partition", "friday")
    assert (half.code, half.data["with_entry"], half.data["without_entry"]) == (1, 1, 1)
    assert run(*compare, *NOON, "--partition", "b").code == 0


def test_an_index_that_cannot_show_the_period_is_refused(
    cloud: Cloud, run: Callable[..., Ran], table: str, variables: dict[str, str]
) -> None:
    compare = ("gaps", table, "--from-table", "--settle", "0s")
    for words, code, error in (
        (("--partition", "nobody"), 5, "partition-empty"),
        (("--partition", "friday", "--index", "by-day-only"), 5, "index-not-usable"),
        (("--partition", "friday", "--index", "by-word"), 5, "index-not-usable"),
        (("--partition", "7", "--index", "by-mixed"), 5, "index-not-usable"),
        (("--partition", "a", "--index", "by-nothing"), 5, "index-not-found"),
        (("--partition", "seven", "--index", "by-number"), 2, "bad-partition"),
        (("--index", "by-millis"), 2, "options-contradict"),
        ((), 2, "options-contradict"),
    ):
        refused = run(*compare, *NOON, *words)
        assert (refused.code, refused.error_code) == (code, error), (words, refused.err)
        (told,) = refused.json["errors"]
        assert told["hint"], words
    for line in (
        (*compare, "--partition", "a"),
        ("gaps", table, "--since", "1h", "--partition", "a"),
        ("gaps", table, "--from-export", ".", "--since", "1h"),
        (*compare, "--partition", "a", "--since", "2026-05-02T00:00Z", "--until", "2026-05-01T00:00Z"),
    ):
        assert run(*line).code == 2, line
    shown = ran(*compare, "--since", "2026-05-02T00:00Z", "--partition", "a", variables=variables)
    assert "No items to compare" in shown.out
    cloud.refilter(table, '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"word":{"S":[{"prefix":"R1"}]}}}}')
    filtered = run(*compare, *NOON, "--index", "by-number", "--partition", "7")
    assert (filtered.code, filtered.data["items"], filtered.data["excluded"]) == (1, 2, 1)
    keys_only = run(*compare, *NOON, "--index", "by-millis", "--partition", "friday")
    assert (keys_only.code, keys_only.error_code) == (5, "index-not-usable")


def test_comparing_with_a_sink_that_a_function_does_not_have_is_refused(
    cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    assert ran("attach-trigger", table, variables=variables).code == 0
    refused = ran("gaps", table, "--compare-sink", "-o", "json", variables=variables)
    assert (refused.code, refused.error_code) == (5, "sink-not-readable")
