"""The limits of items, and that every item within them gets an entry in an audit table with indexes."""

from __future__ import annotations

import base64
import random
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ddbinsert.core import receipt
from ddbinsert.core.model.wanted import Template
from ddbinsert.handlers import bundle
from ddbinsert.handlers.worker import Worker
from tests.examples import some
from tests.functional.command import ran
from tests.functional.handlers.handler_bench import record
from tests.strict.bench import fresh
from tests.strict.rig import Profile
from tests.strict.rig.items import DEEPEST, LARGEST, depth_of, item_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench

RUNTIMES = [
    "python3.13",
    pytest.param("nodejs22.x", marks=pytest.mark.skipif(not shutil.which("node"), reason="node is not here")),
]
#: Entries go through the rig; nothing else of AWS's habits is needed.
PLAIN = Profile()


def filled(item: dict[str, Any], size: int) -> dict[str, Any]:
    """The item with a text that makes it exactly so large."""
    return {**item, "fill": {"S": "x" * (size - item_size(item) - len("fill"))}}


def nested(levels: int, kind: str) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "end"}
    for _ in range(levels):
        value = {"L": [value]} if kind == "L" else {"M": {"in": value}}
    return value


def key(text: str = "a") -> dict[str, Any]:
    return {"pk": {"S": text}}


TAKEN = {
    "largest": filled(key(), LARGEST),
    "longest key": key("k" * 2048),
    "longest key of two-byte characters": key("é" * 1024),
    "longest key of quotation marks": key('"' * 2048),
    "longest key of control characters": key("\u0001" * 2048),
    "deepest list": {**key(), "deep": nested(DEEPEST, "L")},
    "deepest map": {**key(), "deep": nested(DEEPEST, "M")},
    "longest user": filled({**key(), "by": {"S": "u" * 300_000}}, LARGEST),
    "user of quotation marks": {**key(), "by": {"M": {'"': {"S": '"' * 3000}}}},
    "empty user": {**key(), "by": {"S": ""}},
    "user that is a set": {**key(), "by": {"SS": ["b" * 2000, "a" * 2000]}},
    "binary user": {**key(), "by": {"B": base64.b64encode(b"\xff" * 2000).decode()}},
    "long name": {**key(), "n" * 60_000: {"BOOL": True}},
    "names that entries use": {
        **key(),
        **{n: {"S": ""} for n in ("eventID", "expires", "item", "slot", "user")},
    },
    "numbers": {**key(), "n": {"N": "9." + "9" * 37 + "E+125"}, "s": {"NS": ["1E-130", "-0.1"]}},
    "key and item at their ends": filled(key('"' * 2048), LARGEST),
}
#: These take seconds.
LARGE = {
    "many small attributes": {**key(), **{f"{n:x}": {"NULL": True} for n in range(60_000)}},
    "many numbers": {**key(), "n": {"L": [{"N": "1"}] * 130_000}},
}
REFUSED = {
    "Item size": filled(key(), LARGEST + 1),
    "hashkey": key("k" * 2049),
    "empty string": key(""),
    "Nesting": {**key(), "deep": nested(DEEPEST + 1, "L")},
}


@pytest.mark.parametrize("part", REFUSED)
def test_an_item_beyond_a_limit_is_refused_in_each_kind_of_write(
    bench_of: Callable[..., Bench], part: str
) -> None:
    bench = bench_of(PLAIN)
    table, item = bench.table(), REFUSED[part]
    writes: list[Callable[[], Any]] = [
        lambda: bench.dynamodb.put_item(TableName=table, Item=item),
        lambda: bench.dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}}]}),
        lambda: bench.dynamodb.transact_write_items(
            TransactItems=[{"Put": {"TableName": table, "Item": item}}]
        ),
    ]
    for write in writes:
        with pytest.raises(ClientError, match=part):
            write()


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("owner", "o" * 2049, "Max Size: 2048"),
        ("at", "t" * 1025, "Max Size: 1024"),
        ("owner", "", "secondary index key"),
    ],
)
def test_an_item_whose_attribute_is_no_key_of_an_index_is_refused_whole(
    bench_of: Callable[..., Bench], attribute: str, value: str, said: str
) -> None:
    bench, table = bench_of(PLAIN), fresh("indexed")
    bench.upstream("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "owner", "at")
        ],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-owner",
                "KeySchema": [
                    {"AttributeName": "owner", "KeyType": "HASH"},
                    {"AttributeName": "at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    with pytest.raises(ClientError, match=said):
        bench.dynamodb.put_item(TableName=table, Item={**key(), attribute: {"S": value}})
    bench.dynamodb.put_item(TableName=table, Item={**key(), attribute: {"S": "short"}})


def at_random(chance: random.Random) -> dict[str, Any]:
    """An item near one of the limits, or somewhere else."""
    text = chance.choice(["a", "é", "\U0001f600", '"', "\\", "\u0000", "\u2028"])
    width = len(text.encode())
    item: dict[str, Any] = key(text * (chance.choice([1, 500, 2048 - width * 2, 2048]) // width or 1))
    item["by"] = chance.choice(
        [
            {"S": text * chance.choice([0, 1, 1000, 2048, 5000])},
            {"N": "1" * chance.randint(1, 38)},
            {"L": [{"S": text * chance.randint(0, 3000)}] * chance.randint(0, 3)},
            nested(chance.choice([1, 29, 30, 31, 32]), chance.choice("LM")),
        ]
    )
    item[text * 3] = nested(chance.choice([0, 30, 31, 32]), chance.choice("LM"))
    return filled(item, LARGEST - chance.choice([0, 1, 200, 900, 5000])) if chance.random() < 0.5 else item


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_item_that_dynamodb_takes_gets_an_entry(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path, runtime: str
) -> None:
    bench = bench_of(PLAIN)
    variables = {
        **emulator.variables(region="eu-west-1"),
        "AWS_ENDPOINT_URL": bench.rig.endpoint,
        "HOME": str(tmp_path),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }
    audit, table = fresh("audit"), bench.table()
    made = ran("audit", "create-table", audit, "-o", "json", variables=variables, cwd=tmp_path)
    assert made.code == 0, made
    items = [
        *TAKEN.values(),
        *some([{}, *LARGE.values()], one_in=len(LARGE) + 1)[1:],
        *(at_random(random.Random(seed)) for seed in some(range(60), one_in=5)),  # noqa: S311 - the same every time
    ]
    records = []
    for number, item in enumerate(items, 1):
        deepest = max(map(depth_of, item.values()))
        assert deepest <= DEEPEST
        if deepest < DEEPEST:  # the emulator counts the innermost value as a level, too
            bench.dynamodb.put_item(TableName=table, Item=item)  # within the limits, or the test is wrong
        one = record(number)
        one["dynamodb"] |= {"Keys": {"pk": item["pk"]}, "NewImage": item}
        records.append(one)
    settings = {"SINK_ARN": made.data["arn"], "USER_ATTRIBUTE": "by", "RETENTION_DAYS": "30"}
    package = bundle(Template.AUDIT_LOG, runtime, settings)
    # Lambda gives a function 6 MB at most.
    slices = [records[start : start + 10] for start in range(0, len(records), 10)]
    with Worker(package, runtime=runtime, name="f", environment=settings, surroundings=variables) as worker:
        for part in slices:
            outcome = worker.invoke({"Records": part}, request_id="r", seconds=120)
            assert outcome.error is None, outcome
            receipts = [found for line in outcome.log.splitlines() if (found := receipt.parse(line))]
            assert {found["eventID"]: found["decision"] for found in receipts} == {
                one["eventID"]: "processed" for one in part
            }
    stored = {
        item["eventID"]["S"]: item
        for page in bench.upstream("dynamodb").get_paginator("scan").paginate(TableName=audit)
        for item in page["Items"]
    }
    assert sorted(stored) == sorted(one["eventID"] for one in records)
    for one in records:
        entry = stored[one["eventID"]]
        assert ("image" in entry) != ("imageOmitted" in entry)
