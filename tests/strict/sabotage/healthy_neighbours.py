"""Healthy triggers whose function, table or stream is used for something else, too, and settings that are seldom seen."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.bench import fresh
from tests.strict.sabotage import broken_stores, handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import healthy
from tests.strict.sabotage.ground import FAST, QUICK, REGION
from tests.strict.sabotage.healthy_habits import WATCH

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

# --- other tables, callers and writers ----------------------------------------------------------------------


def of_another_table(ground: Ground) -> None:
    """Have the function read another table's stream, too, all of it; write there until the case is over."""
    other = fresh("others")
    client = ground.aws.upstream("dynamodb")
    stream = client.create_table(
        TableName=other,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]["LatestStreamArn"]
    iam = ground.aws.iam
    iam.put_role_policy(
        RoleName=ground.role,
        PolicyName="others",
        PolicyDocument='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}}',
    )
    ground.aws.lambda_.create_event_source_mapping(
        EventSourceArn=stream, FunctionName=ground.function, StartingPosition="TRIM_HORIZON"
    )

    def write() -> None:
        client.put_item(TableName=other, Item={"pk": {"S": "theirs"}, "n": {"N": "1"}})
        client.put_item(TableName=other, Item={"pk": {"S": "theirs"}, "n": {"N": "2"}})
        client.delete_item(TableName=other, Key={"pk": {"S": "theirs"}})
        ground.pause(0.05)

    ground._write_beside(write)


@healthy("the function reads another table's stream as well")
def two_tables(ground: Ground) -> None:
    ground.attach()
    of_another_table(ground)


@healthy("the function reads another table's stream as well, code of one's own")
def two_tables_own(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    of_another_table(ground)


@healthy("the function reads another table's stream as well, by lines", options=("--match",))
def two_tables_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    of_another_table(ground)


@healthy("the function reads another table's stream as well, many items", options=("--count", "30"))
def two_tables_many(ground: Ground) -> None:
    ground.attach()
    of_another_table(ground)


@healthy("the function reads another table's stream as well, by watching", options=WATCH)
def two_tables_watched(ground: Ground) -> None:
    ground.attach()
    of_another_table(ground)
    _insert_beside(ground)


@healthy(
    "the function reads another table's stream as well, by lines, by watching", options=(*WATCH, "--match")
)
def two_tables_lines_watched(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    of_another_table(ground)
    _insert_beside(ground)


def _insert_beside(ground: Ground) -> None:
    """Inserts in the table itself, beside what is written elsewhere already."""
    before, ended = ground._writer, ground._ended
    numbers = iter(range(10_000))

    def write() -> None:
        while not ended.is_set():
            ground.put_one(f"order-{next(numbers):05}")
            ended.wait(0.2)
        if before is not None:
            before.join()

    ground._writer = threading.Thread(target=write, name="somebody-else-too")
    ground._writer.start()


@healthy("somebody else calls the function as well")
def called_directly(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    lambda_ = ground.aws.upstream("lambda")

    def write() -> None:
        lambda_.invoke(FunctionName=ground.function, Payload=b'{"Records":[]}')
        ground.pause(0.1)

    ground._write_beside(write)


@healthy("somebody else calls the function as well, and fails", unless="function-errors")
def called_badly(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    lambda_ = ground.aws.upstream("lambda")

    def write() -> None:
        lambda_.invoke(FunctionName=ground.function, Payload=b'{"ping":true}')
        ground.pause(0.2)

    ground._write_beside(write)


@healthy("every new item is removed at once by somebody else", unless="stream-differs-from-writes")
def removed_at_once(ground: Ground) -> None:
    ground.attach()
    ground.after_each_put(
        lambda key, _item: ground.aws.dynamodb.delete_item(TableName=ground.table, Key={"pk": {"S": key}})
    )


@healthy("every new item gets a copy whose key begins with its own")
def copied_behind(ground: Ground) -> None:
    ground.attach()
    ground.after_each_put(
        lambda key, item: (
            None
            if key.endswith("#copy")
            else ground.aws.dynamodb.put_item(
                TableName=ground.table, Item={**item, "pk": {"S": f"{key}#copy"}}
            )
        )
    )


@healthy("every new item gets a copy whose key begins with its own, by lines", options=("--match",))
def copied_behind_by_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    ground.after_each_put(
        lambda key, item: (
            None
            if key.endswith("#copy")
            else ground.aws.dynamodb.put_item(
                TableName=ground.table, Item={**item, "pk": {"S": f"{key}#copy"}}
            )
        )
    )


# --- settings -----------------------------------------------------------------------------------------------


@healthy("one record an invocation, ten lanes at once, many items", options=("--count", "40"))
def one_by_one(ground: Ground) -> None:
    ground.attach("--batch-size", "1", "--parallelization", "10")


@healthy("bisection and three retries, and a failure at first")
def bisected(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ONCE, "--retries", "3", "--bisect")


@healthy("a tumbling window")
def tumbling(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.change_mapping(TumblingWindowInSeconds=5)


@healthy("a second for each batch")
def slow(ground: Ground) -> None:
    ground.attach_code(
        handlers.HONEST
        + "\nimport time\nwhole = handler\n\ndef handler(event, context):\n    time.sleep(1)\n    whole(event, context)\n"
    )


@healthy("a Node.js function that awaits its work")
def node_awaits(ground: Ground) -> None:
    path = ground.home / "app.mjs"
    source = handlers.NODE_REJECTS.replace(
        '  throw new Error("the ledger is closed");\n',
        "  await new Promise((done) => setTimeout(done, 50));\n",
    )
    path.write_text(source, encoding="utf-8")
    ground.attach("--code", str(path), "--handler", "app.handler", "--runtime", "nodejs22.x")


@healthy("code of one's own with a variable SINK_ARN of its own", unless="sink-not-checked")
def own_variable(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    queue = ground.aws.upstream("sqs").create_queue(QueueName=f"{ground.table}-queue")["QueueUrl"]
    ground.set_variables(SINK_ARN=f"arn:aws:sqs:{REGION}:000000000000:{queue.rpartition('/')[2]}")


# --- receipts, lines and settings ----------------------------------------------------------------------------

EXTRA = """
import json
def handler(event, context):
    for place, record in enumerate(event["Records"]):
        key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
        print("stored", key)
        if place % 2:
            print("slow", key)
"""


@healthy("a filter against test items' attribute", unless="filter-excludes-test-items")
def not_test_attribute(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"ddbinsert_probe":{"N":[{"exists":false}]}}}}'
    )


@healthy("code of one's own that writes to its sink")
def stores_all(ground: Ground) -> None:
    ground.attach_code(broken_stores.STORES_INSERTS.replace("if times == 1", "if True"))
    ground.set_variables(SINK_ARN=ground.sink())


@healthy("receipts with blanks")
def blanks(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST.replace(', separators=(",", ":")', ""))


@healthy("receipts in a JSON logger, by Insights", options=("--via", "insights", "--count", "30"))
def logger_counted(ground: Ground) -> None:
    ground.attach_code(handlers.JSON_MESSAGE)


@healthy("receipts in a JSON logger's msg, many", options=("--count", "30"))
def logger_many(ground: Ground) -> None:
    ground.attach_code(handlers.JSON_MSG)


@healthy("receipts in a JSON logger's msg, by watching", options=WATCH)
def logger_watched(ground: Ground) -> None:
    ground.attach_code(handlers.JSON_MSG)
    ground.write_on()


@healthy(
    "every batch twice, by Insights",
    options=("--via", "insights", "--count", "30"),
    profile=replace(FAST, name="twice", mappings=replace(QUICK, duplicate_every=2)),
)
def twice_counted(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)


@healthy("five filters, each for a prefix")
def five_filters(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        *(
            json.dumps({"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": p}]}}}})
            for p in ("ORDER#", "USER#", "CART#", "ITEM#", "d")
        )
    )


@healthy("a mapping to $LATEST by name")
def latest_by_name(ground: Ground) -> None:
    ground.attach()
    u = ground.mapping
    ground.aws.lambda_.delete_event_source_mapping(UUID=u)
    ground.map_to(f"{ground.function}:$LATEST", FilterCriteria={"Filters": [{"Pattern": INSERTS}]})


@healthy("a record age of a minute, two retries, a failure at first")
def record_age(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ONCE, "--retries", "2")
    ground.change_mapping(MaximumRecordAgeInSeconds=60)


@healthy("some inserts leave a second line", options=("--match",), unless="more-lines-than-inserts")
def second_lines(ground: Ground) -> None:
    ground.attach_code(EXTRA)


@healthy(
    "some inserts leave a second line, by watching",
    options=(*WATCH, "--match"),
    unless="more-lines-than-inserts",
)
def second_lines_watched(ground: Ground) -> None:
    ground.attach_code(EXTRA)
    ground.insert_on("order-{:05}")


@healthy(
    "a line at the start of each batch that shows all its keys",
    options=("--match",),
    unless="more-lines-than-inserts",
)
def batch_line(ground: Ground) -> None:
    ground.attach_code("""
def handler(event, context):
    print("batch of", [next(iter(r["dynamodb"]["Keys"].values())) for r in event["Records"]])
    for record in event["Records"]:
        print("stored", next(iter(record["dynamodb"]["Keys"].values())))
""")


@healthy("one item, written by transactions", options=("--count", "1", "--lanes", "transaction"))
def one_by_transactions(ground: Ground) -> None:
    ground.attach()
