"""failures list, show and replay against a queue and a bucket: nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, begun, ended, ran, until
from tests.functional.helpers import Calls, check_envelope, fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

#: Counts every record in a table, and does there what the item says: dies half-way, or fails.
COUNTING = """
import os, time
import boto3
table = boto3.resource("dynamodb").Table(os.environ["COUNTS"])

def first_time(mark):
    return table.update_item(Key={"pk": mark}, UpdateExpression="ADD n :one", ReturnValues="UPDATED_NEW",
                             ExpressionAttributeValues={":one": 1})["Attributes"]["n"] == 1

def handler(event, context):
    for record in event["Records"]:
        assert record["eventName"] == "INSERT"
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        does = record["dynamodb"]["NewImage"].get("does", {}).get("S")
        if does == "die" and first_time("!" + key):
            os._exit(9)
        if does == "fail":
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
        if does == "raise":
            raise ValueError("cannot do " + key)
        if does == "wait" and first_time("!" + key):
            while "Item" not in table.get_item(Key={"pk": "!go"}):
                time.sleep(0.05)
        table.update_item(Key={"pk": key}, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": 1})
"""


class Stage:
    """A trigger whose mapping is off, so that failures come from the test alone; and what it counted.

    All items have one partition key and so are in one shard, as the records of a failure are.
    """

    def __init__(self, cloud: Cloud, run: Callable[..., Ran], folder: Path) -> None:
        self.cloud = cloud
        self._shards: dict[str, str] = {}
        self.table = cloud.table("shop:S,pk:S", view="NEW_IMAGE")
        self.counts = cloud.table()
        self.queue = cloud.sqs.create_queue(QueueName=fresh("failures"))["QueueUrl"]
        attributes = cloud.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        self.arn = attributes["Attributes"]["QueueArn"]
        (folder / "app.py").write_text(COUNTING)
        attached = run(
            *(
                "attach-trigger",
                self.table,
                "--code",
                "app.py",
                "--env",
                f"COUNTS={self.counts}",
                "--disabled",
            ),
            *("--on-failure", self.arn),
        )
        assert attached.code == 0, attached
        assert until(lambda: cloud.configuration(self.function).get("State", "Active") == "Active")

    @property
    def function(self) -> str:
        return f"{self.table}-inserts"

    def write(self, *items: dict[str, str]) -> list[dict[str, Any]]:
        """Insert (and once change) each item; the stream's INSERT records."""
        before = len(self.cloud.records(self.table))
        for item in items:
            key = item.pop("pk")
            self.cloud.put(self.table, key, shop="one", **item)
            self.cloud.put(self.table, key, shop="one", **item, changed="yes")
        written = self.cloud.records(self.table)[before:]
        self._shards |= {record["eventID"]: shard for shard, record in written}
        return [record for _, record in written if record["eventName"] == "INSERT"]

    def remove(self, key: str) -> None:
        self.cloud.dynamodb.delete_item(TableName=self.table, Key={"shop": {"S": "one"}, "pk": {"S": key}})

    def document(self, records: list[dict[str, Any]], **more: Any) -> str:
        """What Lambda leaves when it gives these up."""
        numbers = [one["dynamodb"]["SequenceNumber"] for one in records]
        arn = f"arn:aws:lambda:us-east-1:000000000000:function:{self.function}"
        return json.dumps(
            {
                "requestContext": {
                    "requestId": "r",
                    "functionArn": arn,
                    "condition": "RetryAttemptsExhausted",
                    "approximateInvokeCount": 6,
                },
                "responseContext": {
                    "statusCode": 200,
                    "executedVersion": "$LATEST",
                    "functionError": "Unhandled",
                },
                "version": "1.0",
                "timestamp": "2026-11-14T00:13:49.717Z",
                "DDBStreamBatchInfo": {
                    "shardId": self._shards[records[0]["eventID"]],
                    "startSequenceNumber": numbers[0],
                    "endSequenceNumber": numbers[-1],
                    "approximateArrivalOfFirstRecord": "2026-11-14T00:13:19Z",
                    "approximateArrivalOfLastRecord": "2026-11-14T00:13:19Z",
                    "batchSize": len(numbers),
                    "streamArn": self.cloud.stream(self.table),
                },
                **more,
            }
        )

    def give_up(self, records: list[dict[str, Any]]) -> None:
        self.cloud.sqs.send_message(QueueUrl=self.queue, MessageBody=self.document(records))

    @property
    def counted(self) -> dict[str, int]:
        """How often each item was counted."""
        items = self.cloud.items(self.counts)
        return {one["pk"]["S"]: int(one["n"]["N"]) for one in items if not one["pk"]["S"].startswith("!")}

    def is_waiting(self, key: str) -> bool:
        """Whether the function has begun with an item that says "wait"."""
        return f"!{key}" in [one["pk"]["S"] for one in self.cloud.items(self.counts)]

    @property
    def waiting(self) -> int:
        """Messages in the queue, seen or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.cloud.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *arguments, **outside: ran(*arguments, variables=variables, cwd=tmp_path, **outside)


@pytest.fixture
def stage(cloud: Cloud, run: Callable[..., Ran], tmp_path: Path) -> Stage:
    return Stage(cloud, run, tmp_path)


def items(count: int, **special: str) -> list[dict[str, str]]:
    return [
        {"pk": f"k{n}", **({"does": special[f"k{n}"]} if f"k{n}" in special else {})} for n in range(count)
    ]


def test_listing_shows_failures_and_takes_nothing_away(stage: Stage, run: Callable[..., Ran]) -> None:
    records = stage.write(*items(3))
    stage.give_up(records)
    stage.give_up(records)  # SQS may hold a message twice
    stage.cloud.sqs.send_message(
        QueueUrl=stage.queue, MessageBody="\x1b[31mnone of Lambda's".replace("\x1b", "")
    )
    for _ in range(2):
        listed = run("failures", "list", stage.table, "-o", "json")
        check_envelope(listed.json, command="failures list", code=0)
        (failure,) = listed.data["failures"]
        assert failure["condition"] == "RetryAttemptsExhausted"
        assert failure["records"] == 3
        assert listed.data["foreign"] == 1
    assert stage.waiting == 3
    assert failure["id"] in run("failures", "list", stage.table).out


def test_an_empty_destination_is_said_to_be_so(stage: Stage, run: Callable[..., Ran]) -> None:
    assert "No discarded records" in run("failures", "list", stage.table).out
    assert run("failures", "replay", stage.table, "-o", "json").data["failures"] == []


def test_show_reads_exactly_the_inserts_of_the_range_back(stage: Stage, run: Callable[..., Ran]) -> None:
    records = stage.write(*items(5))
    stage.give_up(records[1:4])
    (shown,) = run("failures", "show", stage.table, "-o", "json").data
    assert [one["dynamodb"]["Keys"]["pk"]["S"] for one in shown["records"]] == ["k1", "k2", "k3"]
    assert {one["eventName"] for one in shown["records"]} == {"INSERT"}
    assert '"k2"' in run("failures", "show", stage.table, "--id", shown["id"]).out


def test_replay_gives_each_record_once_and_takes_the_failure_away(
    stage: Stage, run: Callable[..., Ran]
) -> None:
    records = stage.write(*items(6))
    stage.give_up(records[0:2])
    stage.give_up(records[3:6])
    replayed = run("failures", "replay", stage.table, "-o", "json")
    assert replayed.code == 0, replayed
    assert [one["done"] for one in replayed.data["failures"]] == [2, 3]
    assert stage.counted == dict.fromkeys(["k0", "k1", "k3", "k4", "k5"], 1)
    assert stage.waiting == 0
    assert run("failures", "replay", stage.table, "-o", "json").data["failures"] == []


@pytest.mark.parametrize("times", [1, 2])
def test_a_function_that_is_killed_half_way_loses_and_doubles_nothing(
    stage: Stage, run: Callable[..., Ran], times: int
) -> None:
    stage.give_up(stage.write(*items(8, k3="die", k6="die")))
    # With one attempt the killed ones stay behind for the next replay.
    attempts = ("--attempts", "1") if times == 2 else ()
    codes = [run("failures", "replay", stage.table, *attempts).code for _ in range(times)]
    assert codes == ([0] if times == 1 else [1, 0])
    assert stage.counted == {f"k{n}": 1 for n in range(8)}
    assert stage.waiting == 0


@pytest.mark.parametrize("way", ["fail", "raise"])
def test_what_fails_still_stays_alone_and_blocks_nothing(
    stage: Stage, run: Callable[..., Ran], way: str
) -> None:
    stage.give_up(stage.write(*items(5, k1=way, k3=way)))
    replayed = run("failures", "replay", stage.table, "-o", "json")
    assert replayed.code == 1
    (outcome,) = replayed.data["failures"]
    assert (outcome["done"], len(outcome["left"])) == (3, 2)
    assert stage.counted == {"k0": 1, "k2": 1, "k4": 1}
    left = run("failures", "show", stage.table, "-o", "json").data
    keys = [[one["dynamodb"]["Keys"]["pk"]["S"] for one in failure["records"]] for failure in left]
    assert keys == [["k1"], ["k3"]]


def test_a_later_record_of_a_failing_item_waits_for_it(stage: Stage, run: Callable[..., Ran]) -> None:
    first = stage.write({"pk": "a", "does": "fail"})
    stage.remove("a")
    second = stage.write({"pk": "a"}, {"pk": "b"})
    stage.give_up(first)
    stage.give_up(second)
    assert run("failures", "replay", stage.table).code == 1
    assert stage.counted == {"b": 1}
    assert len(run("failures", "list", stage.table, "-o", "json").data["failures"]) == 2


def test_larger_batches_are_halved_where_they_fail(stage: Stage, run: Callable[..., Ran]) -> None:
    stage.give_up(stage.write(*items(9, k4="fail")))
    replayed = run("failures", "replay", stage.table, "--batch-size", "4", "-o", "json")
    assert replayed.code == 1
    assert replayed.data["failures"][0]["done"] == 8
    assert set(stage.counted) == {f"k{n}" for n in range(9)} - {"k4"}


def test_a_replay_that_is_interrupted_is_gone_on_with(
    stage: Stage, run: Callable[..., Ran], variables: dict[str, str], tmp_path: Path
) -> None:
    stage.give_up(stage.write(*items(6, k2="wait")))
    process = begun("failures", "replay", stage.table, variables=variables, cwd=tmp_path)
    assert until(lambda: stage.is_waiting("k2"), seconds=60)
    process.send_signal(signal.SIGINT)
    stage.cloud.put(stage.counts, "!go")  # the record under way is done, and no other is begun
    assert ended(process).code == 130
    assert stage.counted == {f"k{n}": 1 for n in range(3)}
    assert run("failures", "replay", stage.table).code == 0
    assert stage.counted == {f"k{n}": 1 for n in range(6)}
    assert stage.waiting == 0


def test_only_the_named_failures_are_replayed(stage: Stage, run: Callable[..., Ran]) -> None:
    records = stage.write(*items(4))
    stage.give_up(records[:2])
    stage.give_up(records[2:])
    wanted = run("failures", "list", stage.table, "-o", "json").data["failures"][1]["id"]
    assert run("failures", "replay", stage.table, "--id", wanted).code == 0
    assert stage.counted == {"k2": 1, "k3": 1}
    missing = run("failures", "replay", stage.table, "--id", wanted, "-o", "json")
    assert (missing.code, missing.error_code) == (5, "failure-not-found")


def test_another_functions_failures_are_left_alone(stage: Stage, run: Callable[..., Ran]) -> None:
    records = stage.write(*items(2))
    text = stage.document(records).replace(stage.function, "somebody-elses")
    stage.cloud.sqs.send_message(QueueUrl=stage.queue, MessageBody=text)
    assert run("failures", "replay", stage.table, "-o", "json").data["failures"] == []
    assert stage.counted == {}
    assert run("failures", "list", stage.table, "-o", "json").data["failures"] == []
    assert len(run("failures", "list", stage.table, "--all", "-o", "json").data["failures"]) == 1


def test_records_that_left_the_stream_are_said_to_be_gone_and_stay(
    stage: Stage, run: Callable[..., Ran]
) -> None:
    records = stage.write(*items(2))
    numbers = [one["dynamodb"]["SequenceNumber"] for one in records]
    gone = stage.document(records).replace(f'"{numbers[0]}"', f'"{int(numbers[0]) - 1}"')
    stage.cloud.sqs.send_message(QueueUrl=stage.queue, MessageBody=gone)
    replayed = run("failures", "replay", stage.table)
    assert replayed.code == 1
    assert "no longer in the stream" in replayed.out
    assert stage.waiting == 1


def test_a_bucket_keeps_the_records_themselves(stage: Stage, run: Callable[..., Ran]) -> None:
    from ddbinsert.aws.read.stream_records import as_lambda_has_it

    arn = str(stage.cloud.stream(stage.table))
    records = [as_lambda_has_it(one, arn) for one in stage.write(*items(4, k2="fail"))]
    bucket = fresh("failures")
    stage.cloud.s3.create_bucket(Bucket=bucket)
    body = stage.document(records, payload=json.dumps({"Records": records}))
    key = "aws/lambda/uuid/shard/2026/11/14/2026-11-14T00.13.49-x"
    stage.cloud.s3.put_object(Bucket=bucket, Key=key, Body=body)
    stage.cloud.s3.put_object(Bucket=bucket, Key="other/object", Body=b"left alone")
    place = ("--from", f"arn:aws:s3:::{bucket}")
    assert run("failures", "replay", stage.table, *place).code == 1
    assert stage.counted == {"k0": 1, "k1": 1, "k3": 1}
    keys = [one["Key"] for one in stage.cloud.s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == [f"{key}-0", "other/object"]
    (left,) = run("failures", "show", stage.table, *place, "-o", "json").data
    assert [one["dynamodb"]["Keys"]["pk"]["S"] for one in left["records"]] == ["k2"]


@pytest.mark.parametrize(
    ("arn", "code", "error"),
    [
        ("arn:aws:sns:us-east-1:000000000000:t", 5, "destination-not-found"),
        ("queue", 2, "destination-not-readable"),
        ("arn:aws:sqs:us-east-1:000000000000:no-such-queue", 5, "destination-not-found"),
        ("arn:aws:s3:::no-such-bucket-anywhere", 5, "destination-not-found"),
    ],
)
def test_a_place_that_cannot_be_read_is_refused(
    run: Callable[..., Ran], cloud: Cloud, arn: str, code: int, error: str
) -> None:
    refused = run("failures", "list", cloud.table(view="NEW_IMAGE"), "--from", arn, "-o", "json")
    assert (refused.code, refused.error_code) == (code, error)


def test_without_a_destination_nothing_can_be_listed(run: Callable[..., Ran], cloud: Cloud) -> None:
    refused = run("failures", "list", cloud.table(view="NEW_IMAGE"), "-o", "json")
    assert (refused.code, refused.error_code) == (5, "no-destination")


@pytest.mark.parametrize("arguments", [("--batch-size", "0"), ("--attempts", "0"), ("--batch-size", "10001")])
def test_impossible_numbers_are_refused(run: Callable[..., Ran], arguments: tuple[str, ...]) -> None:
    assert run("failures", "replay", "orders", *arguments).code == 2


# --- a queue of the trigger's own -----------------------------------------------------------------------


def test_create_makes_a_queue_once_and_the_role_may_write_to_it(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    planned = run("attach-trigger", table, "--on-failure", "create", "--dry-run")
    assert f"queue {table}-inserts-failures" in planned.out
    assert run("attach-trigger", table, "--on-failure", "create").code == 0
    arn = f"arn:aws:sqs:us-east-1:000000000000:{table}-inserts-failures"
    assert cloud.mapping(f"{table}-inserts")["DestinationConfig"] == {"OnFailure": {"Destination": arn}}
    statements = cloud.policies(f"{table}-inserts-role")["ddbinsert"]["Statement"]
    assert [one["Resource"] for one in statements if one["Action"] == "sqs:SendMessage"] == [arn]
    url = cloud.sqs.get_queue_url(QueueName=f"{table}-inserts-failures")["QueueUrl"]
    assert cloud.sqs.list_queue_tags(QueueUrl=url)["Tags"]["ddbinsert:table"] == table
    again = run("attach-trigger", table, "--on-failure", "create", "-o", "json")
    assert again.code == 0
    assert again.data["steps"] == []
    assert run("failures", "list", table, "-o", "json").data["failures"] == []


@pytest.mark.parametrize("waiting", [False, True])
def test_the_queue_goes_with_the_trigger_unless_it_holds_something(
    run: Callable[..., Ran], cloud: Cloud, *, waiting: bool
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    assert run("attach-trigger", table, "--on-failure", "create").code == 0
    name = f"{table}-inserts-failures"
    if waiting:
        url = cloud.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        cloud.sqs.send_message(QueueUrl=url, MessageBody="a failure")
    assert run("down", table, "--yes").code == 0
    left = cloud.sqs.list_queues(QueueNamePrefix=name).get("QueueUrls", [])
    assert bool(left) is waiting


def test_somebody_elses_queue_of_such_a_name_stays(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    name = f"{table}-own-failures"
    cloud.sqs.create_queue(QueueName=name)
    arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    assert run("attach-trigger", table, "--on-failure", arn).code == 0
    assert run("down", table, "--yes").code == 0
    assert cloud.sqs.list_queues(QueueNamePrefix=name)["QueueUrls"]


def test_many_documents_are_replayed_and_an_odd_one_is_skipped_and_named(
    stage: Stage, run: Callable[..., Ran], tmp_path: Path
) -> None:
    records = stage.write(*items(12))
    for record in records:
        stage.give_up([record])
    broken = json.dumps({"requestContext": {}, "DDBStreamBatchInfo": {"shardId": 7}})
    for text in ("none of Lambda's", "[1, 2]", broken):
        stage.cloud.sqs.send_message(QueueUrl=stage.queue, MessageBody=text)
    listed = run("failures", "list", stage.table, "-o", "json")
    assert len(listed.data["failures"]) == 12
    assert sorted(one["why"] for one in listed.data["odd"]) == [
        "it is not a JSON object",
        "it is not valid JSON",
        "its fields are not those of a failure of a DynamoDB stream",
    ]
    assert all(one["name"] in run("failures", "list", stage.table).out for one in listed.data["odd"])

    calls = Calls()
    replayed = run(
        *("failures", "replay", stage.table, "-o", "json", "--out", str(tmp_path / "kept.jsonl")),
        connect=calls.connect,
    )
    assert replayed.code == 0, replayed
    assert stage.counted == {f"k{number}": 1 for number in range(12)}
    assert len(replayed.json["warnings"]) == 3
    assert stage.waiting == 3, "what is not Lambda's stays"
    # One page of the shard holds the records of all twelve.
    assert calls.made["GetRecords"] == 1
    kept = [json.loads(line) for line in (tmp_path / "kept.jsonl").read_text().splitlines()]
    assert [one["id"] for one in kept] == [one["id"] for one in replayed.data["failures"]]
    assert all("DDBStreamBatchInfo" in one["document"] for one in kept)


def test_a_file_that_cannot_be_written_is_told_before_anything_is_given(
    stage: Stage, run: Callable[..., Ran], tmp_path: Path
) -> None:
    stage.give_up(stage.write(*items(1)))
    refused = run("failures", "replay", stage.table, "-o", "json", "--out", str(tmp_path / "no" / "file"))
    assert (refused.code, refused.error_code) == (2, "not-writable")
    assert not stage.counted
    assert stage.waiting == 1


def test_a_topic_is_read_through_the_queue_that_is_subscribed_to_it(
    stage: Stage, run: Callable[..., Ran]
) -> None:
    sns = stage.cloud.sns
    topic = sns.create_topic(Name=fresh("failures"))["TopicArn"]
    refused = run("failures", "list", stage.table, "--from", topic, "-o", "json")
    assert (refused.code, refused.error_code) == (2, "destination-not-readable")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=stage.arn)
    sns.publish(TopicArn=topic, Message=stage.document(stage.write(*items(2))))
    listed = run("failures", "list", stage.table, "--from", topic, "-o", "json")
    assert (listed.data["destination"], len(listed.data["failures"])) == (stage.arn, 1)
    replayed = run("failures", "replay", stage.table, "--from", topic, "-o", "json")
    assert replayed.code == 0, replayed
    assert stage.counted == {"k0": 1, "k1": 1}
    assert stage.waiting == 0
    other = stage.cloud.sqs.create_queue(QueueName=fresh("other"))["QueueUrl"]
    attributes = stage.cloud.sqs.get_queue_attributes(QueueUrl=other, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
    unclear = run("failures", "list", stage.table, "--from", topic, "-o", "json")
    assert (unclear.code, unclear.error_code) == (2, "destination-not-readable")
    assert stage.arn in unclear.json["errors"][0]["message"]
