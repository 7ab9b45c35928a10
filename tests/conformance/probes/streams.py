"""DynamoDB's streams and items."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.conformance.model import Seen, probe
from tests.conformance.probes.delivery import delivered

if TYPE_CHECKING:
    from tests.conformance.lab import Lab

VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")


def enable(lab: Lab, table: str, view: str) -> tuple[str, str]:
    wanted = {"StreamEnabled": True, "StreamViewType": view}
    return lab.refusal(lab.dynamodb.update_table, TableName=table, StreamSpecification=wanted)


@probe("stream-enabled-twice", quick=True)
def enabled_twice(lab: Lab) -> Seen:
    code, message = enable(lab, lab.table(view="NEW_IMAGE"), "NEW_IMAGE")
    return Seen(
        agrees=code in ("ValidationException", "ResourceInUseException"),
        answer={"code": code, "message": message},
    )


@probe("stream-view-change", quick=True, seconds=60)
def view_change(lab: Lab) -> Seen:
    table = lab.table(view="NEW_IMAGE")
    old = lab.stream(table)
    lab.put(table, "a")
    code, _ = enable(lab, table, "KEYS_ONLY")
    lab.records(old, at_least=1)
    lab.set_stream(table, None)
    lab.set_stream(table, "KEYS_ONLY")
    new = lab.stream(table)
    answer = {
        "edited": code or "accepted",
        "another ARN": new != old,
        "records of the old one": len(lab.records(old, at_least=1)),
        "records of the new one": len(lab.records(new)),
    }
    agrees = bool(code) and list(answer.values())[1:] == [True, 1, 0]
    return Seen(agrees=agrees, answer=answer)


@probe("stream-latest-arn", quick=True, seconds=30)
def latest_arn(lab: Lab) -> Seen:
    table = lab.table(view="NEW_IMAGE")
    before = lab.stream(table)
    lab.set_stream(table, None)
    shown = lab.described(table)
    answer = {
        "LatestStreamArn stays": shown.get("LatestStreamArn") == before,
        "enabled": bool((shown.get("StreamSpecification") or {}).get("StreamEnabled")),
    }
    return Seen(agrees=answer == {"LatestStreamArn stays": True, "enabled": False}, answer=answer)


def _update(lab: Lab, table: str, key: str, value: str) -> None:
    lab.dynamodb.update_item(
        TableName=table,
        Key=lab.key(key),
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"S": value}},
    )


@probe("stream-event-names", quick=True)
def event_names(lab: Lab) -> Seen:
    table = lab.table()
    lab.put(table, "put", v="1")
    lab.put(table, "put", v="2")
    lab.put(table, "put", v="2")  # changes nothing
    lab.dynamodb.delete_item(TableName=table, Key=lab.key("put"))
    lab.dynamodb.delete_item(TableName=table, Key=lab.key("put"))  # deletes nothing
    lab.put(table, "put", v="3")
    _update(lab, table, "update", "1")
    _update(lab, table, "update", "1")  # changes nothing
    _update(lab, table, "update", "2")
    key = [{"S": "p"}, {"S": "partiql"}]
    statements: dict[str, list[dict[str, str]]] = {
        f"INSERT INTO \"{table}\" VALUE {{'pk': ?, 'sk': ?, 'v': ?}}": [*key, {"S": "1"}],
        f'UPDATE "{table}" SET "v" = ? WHERE "pk" = ? AND "sk" = ?': [{"S": "2"}, *key],  # noqa: S608
        f'DELETE FROM "{table}" WHERE "pk" = ? AND "sk" = ?': key,  # noqa: S608 - a table of our own
    }
    for statement, values in statements.items():
        lab.dynamodb.execute_statement(Statement=statement, Parameters=values)
    found: dict[str, list[str]] = {"put": [], "update": [], "partiql": []}
    for record in lab.records(lab.stream(table), at_least=9):
        found[record["dynamodb"]["Keys"]["sk"]["S"]].append(record["eventName"])
    wanted = {
        "put": ["INSERT", "MODIFY", "REMOVE", "INSERT"],
        "update": ["INSERT", "MODIFY"],
        "partiql": ["INSERT", "MODIFY", "REMOVE"],
    }
    return Seen(agrees=found == wanted, answer=found)


@probe("stream-images", quick=True, seconds=45)
def images(lab: Lab) -> Seen:
    found = {}
    for view in VIEWS:
        table = lab.table(view=view)
        lab.put(table, "a", v="1")
        lab.put(table, "a", v="2")
        lab.dynamodb.delete_item(TableName=table, Key=lab.key("a"))
        for record in lab.records(lab.stream(table), at_least=3):
            images = [one for one in ("Keys", "NewImage", "OldImage") if one in record["dynamodb"]]
            found[f"{view} {record['eventName']}"] = images
    wanted = {
        f"{view} {name}": [
            "Keys",
            *(["NewImage"] if "NEW" in view and name != "REMOVE" else []),
            *(["OldImage"] if "OLD" in view and name != "INSERT" else []),
        ]
        for view in VIEWS
        for name in ("INSERT", "MODIFY", "REMOVE")
    }
    return Seen(agrees=found == wanted, answer=found)


@probe("stream-order", quick=True)
def order(lab: Lab) -> Seen:
    table = lab.table()
    for number in range(20):
        lab.put(table, "a", v=str(number))
    records = lab.records(lab.stream(table), at_least=20)
    values = [record["dynamodb"]["NewImage"]["v"]["S"] for record in records]
    sequences = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    answer = {
        "in order": values == [str(number) for number in range(20)],
        "numbers grow": sequences == sorted(sequences),
        "each once": len({record["eventID"] for record in records}) == len(records) == 20,
    }
    return Seen(agrees=all(answer.values()), answer=answer)


@probe("stream-record-shape", runs_code=True, seconds=120)
def record_shape(lab: Lab) -> Seen:
    table = lab.table()
    lab.mapping(table, lab.recorder)
    lab.put(table, "a")
    (given,) = [one["record"] for one in delivered(lab, table, lab.recorder)]
    read = next(iter(lab.records(lab.stream(table), at_least=1)))
    number = given["dynamodb"]["SequenceNumber"]
    answer = {
        "given": {
            "eventID": bool(given.get("eventID")),
            "digits": 21 <= len(number) <= 40 and number.isdigit(),
            "eventSourceARN": given.get("eventSourceARN") == lab.stream(table),
            "time": type(given["dynamodb"].get("ApproximateCreationDateTime")).__name__ in ("float", "int"),
        },
        "read": {
            "eventSourceARN": "eventSourceARN" in read,
            "time": type(read["dynamodb"].get("ApproximateCreationDateTime")).__name__,
        },
    }
    wanted: dict[str, Any] = {
        "given": dict.fromkeys(("eventID", "digits", "eventSourceARN", "time"), True),
        "read": {"eventSourceARN": False, "time": "datetime"},
    }
    return Seen(agrees=answer == wanted, answer=answer)


@probe("stream-at-timestamp", quick=True)
def at_timestamp(lab: Lab) -> Seen:
    table = lab.table()
    lab.put(table, "old")
    arn = lab.stream(table)
    lab.records(arn, at_least=1)
    shard = str(lab.shards(arn)[0]["ShardId"])
    by_time = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "AT_TIMESTAMP"}
    with lab.also_sent(
        "dynamodb-streams", "GetShardIterator", {"Timestamp": datetime.now(tz=UTC).timestamp()}
    ):
        of_time = lab.code_of(lab.streams.get_shard_iterator, **by_time)
    children = {"Type": "CHILD_SHARDS", "ShardId": shard}
    of_children = lab.code_of(lab.streams.describe_stream, StreamArn=arn, ShardFilter=children)
    answer = {"AT_TIMESTAMP": of_time or "accepted", "ShardFilter": of_children or "accepted"}
    return Seen(
        agrees=answer == {"AT_TIMESTAMP": "ValidationException", "ShardFilter": "accepted"}, answer=answer
    )


@probe("number-text", quick=True)
def number_text(lab: Lab) -> Seen:
    table = lab.table(view=None)
    answer = {}
    for text in ("1_0", " 1", "1 ", "\u0661", "1e", ""):
        item = {**lab.key("n"), "n": {"N": text}}
        answer[ascii(text)] = lab.code_of(lab.dynamodb.put_item, TableName=table, Item=item) or "accepted"
    plain = lab.code_of(lab.dynamodb.put_item, TableName=table, Item={**lab.key("n"), "n": {"N": "-1.5E3"}})
    return Seen(agrees=set(answer.values()) == {"ValidationException"} and not plain, answer=answer)


@probe("item-limits", quick=True)
def item_limits(lab: Lab) -> Seen:
    table = lab.table(view=None, indexes=("at",))
    nested: dict[str, Any] = {"S": "x"}
    for _ in range(33):
        nested = {"M": {"a": nested}}
    put = lab.dynamodb.put_item
    longest = {"pk": {"S": "p" * 2_048}, "sk": {"S": "s" * 1_024}}
    cases: dict[str, dict[str, Any]] = {
        "more than 400 KB": {**lab.key("a"), "v": {"S": "x" * 409_600}},
        "33 levels": {**lab.key("a"), "v": nested},
        "a partition key of 2,049 bytes": {**longest, "pk": {"S": "p" * 2_049}},
        "a sort key of 1,025 bytes": {**longest, "sk": {"S": "s" * 1_025}},
        "an index's key of 2,049 bytes": {**lab.key("a"), "at": {"S": "x" * 2_049}},
        "an empty text in an index's key": {**lab.key("a"), "at": {"S": ""}},
    }
    answer = {
        name: lab.code_of(put, TableName=table, Item=item) or "accepted" for name, item in cases.items()
    }
    within = lab.code_of(put, TableName=table, Item={**longest, "at": {"S": "x" * 2_048}})
    return Seen(agrees=set(answer.values()) == {"ValidationException"} and not within, answer=answer)


@probe("index-queries", quick=True)
def index_queries(lab: Lab) -> Seen:
    table = lab.table(view=None, indexes=("at",))
    for text in ("a", "a#\uffff", "a\U0001f600", "b"):
        lab.put(table, text, at="x", other="y")
    lab.dynamodb.put_item(TableName=table, Item=lab.key("not in the index"))

    def of_index() -> list[dict[str, Any]]:
        found = lab.dynamodb.query(
            TableName=table,
            IndexName="by-at",
            KeyConditionExpression="#a = :a",
            ExpressionAttributeNames={"#a": "at"},
            ExpressionAttributeValues={":a": {"S": "x"}},
        )
        return list(found["Items"])

    lab.until(lambda: len(of_index()) >= 4)  # an index follows its table
    between = lab.dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :p AND sk BETWEEN :f AND :l",
        ExpressionAttributeValues={":p": {"S": "p"}, ":f": {"S": "a"}, ":l": {"S": "a\U0010ffff"}},
    )
    (index,) = lab.described(table)["GlobalSecondaryIndexes"]
    answer = {
        "in the index": sorted({name for item in of_index() for name in item}),
        "items": len(of_index()),
        "between": [ascii(item["sk"]["S"]) for item in between["Items"]],
        "size": "IndexSizeBytes" in index,
    }
    wanted = {
        "in the index": ["at", "pk", "sk"],
        "items": 4,
        "between": [ascii(text) for text in ("a", "a#\uffff", "a\U0001f600")],
        "size": True,
    }
    return Seen(agrees=answer == wanted, answer=answer)


@probe("sqs-deleted-recently", seconds=15)
def deleted_recently(lab: Lab) -> Seen:
    name = lab.name("queue")
    url = str(lab.sqs.create_queue(QueueName=name, tags=lab.tags)["QueueUrl"])
    lab.later("a queue", lambda: lab.gone(lab.sqs.delete_queue, QueueUrl=url))
    if lab.is_aws:
        time.sleep(2)
    lab.sqs.delete_queue(QueueUrl=url)
    code = lab.code_of(lab.sqs.create_queue, QueueName=name)
    return Seen(agrees="QueueDeletedRecently" in code, answer={"code": code or "accepted"})
