"""Healthy functions with the habits of real ones: handled errors in the log, other tables, callers and writers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.strict.bench import fresh
from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import healthy
from tests.strict.sabotage.ground import REGION

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

WATCH = ("--observe", "--for", "2s")


def also_saying(*statements: str, source: str = "") -> str:
    """An honest handler that says something else of each record as well."""
    body = "\n".join(f"    {one}" for one in statements)
    return f"""{source or handlers.HONEST}
import json, sys, traceback

leave = judge

def judge(record, request, times):
    key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
{body}
    leave(record, request, times)
"""


#: What a function says of an error that it handled.
HANDLED = {
    "Python's logging": 'print(f"[ERROR]\\t2026-01-01T00:00:00.000Z\\t{request}\\tcache miss, using the default")',
    "Python's logging, with a traceback": (
        'print(f"[ERROR]\\t2026-01-01T00:00:00.000Z\\t{request}\\tcache miss\\nTraceback (most recent call last):\\n'
        '  File \\"/var/task/app.py\\", line 7, in look\\n    raise KeyError(name)\\nKeyError: \'vat\'")'
    ),
    "brackets": 'print("[ERROR] cache: miss, using the default")',
    "a time-out elsewhere": 'print("job 17: Task timed out after 3.00 seconds, and was started again")',
    "Node.js": 'print(f"2026-01-01T00:00:00.000Z\\t{request}\\tERROR\\tcache miss Error: no vat\\n    at look (/var/task/app.js:7)")',
    "a JSON logger with the error's fields": (
        'print(json.dumps({"level": "ERROR", "message": "cache miss", "errorType": "KeyError", "errorMessage": "vat", '
        '"stackTrace": ["File app.py, line 7"], "timestamp": "x", "requestId": request}))'
    ),
    "Powertools": (
        'print(json.dumps({"level": "ERROR", "location": "look:7", "message": "cache miss", "timestamp": "x", '
        '"service": "shop", "exception": "Traceback (most recent call last):\\n  KeyError", "exception_name": "KeyError"}))'
    ),
    "an extension": 'print("EXTENSION\\tName: metrics\\tState: Ready\\tEvents: [INVOKE, SHUTDOWN]")',
    "a report of its own": 'print("REPORT of the day: 3 orders")',
    "a traceback that is printed": "try:\n        {}[key]\n    except KeyError:\n        traceback.print_exc()",
}

for _name, _statement in HANDLED.items():

    @healthy(f"an error that was handled, in the log by {_name}")
    def handled(ground: Ground, statement: str = _statement) -> None:
        ground.attach_code(also_saying(statement))


@healthy("errors that were handled, in the log by Python's logging, many items", options=("--count", "30"))
def handled_many(ground: Ground) -> None:
    ground.attach_code(also_saying(HANDLED["Python's logging, with a traceback"]))


@healthy("errors that were handled, in the log by Python's logging, by watching", options=WATCH)
def handled_watched(ground: Ground) -> None:
    ground.attach_code(also_saying(HANDLED["Python's logging, with a traceback"]))
    ground.write_on()


COLOURED = """
def handler(event, context):
    for record in event["Records"]:
        key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
        print(f"\\x1b[32mINFO\\x1b[0m new order \\x1b[1m{key}\\x1b[0m")
"""


@healthy("coloured lines", options=("--match",))
def coloured(ground: Ground) -> None:
    ground.attach_code(COLOURED)


@healthy("a key twice in each line", options=("--match",))
def key_twice(ground: Ground) -> None:
    ground.attach_code(COLOURED.replace("new order", "{key}:"))


@healthy("levels as numbers in a JSON logger", options=("--match",))
def numeric_levels(ground: Ground) -> None:
    ground.attach_code(
        """
import json

def handler(event, context):
    for record in event["Records"]:
        print(json.dumps({"level": 30, "time": 1, "msg": "new order", "key": record["dynamodb"]["Keys"]}))
"""
    )


@healthy("lines that tell of errors in their text only", options=("--match",))
def error_in_words(ground: Ground) -> None:
    ground.attach_code(
        """
def handler(event, context):
    for record in event["Records"]:
        key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
        print(f"2026-01-01 00:00:00,123 - app - INFO - stored {key}, ERROR count 0")
"""
    )


# --- filters ------------------------------------------------------------------------------------------------

FORMS = {
    "blanks": '{ "eventName" : [ "INSERT" ] }',
    "escapes": '{"eventName":["\\u0049NSERT"]}',
    "a value twice": '{"eventName":["INSERT","INSERT"]}',
    "a value that no event has": '{"eventName":["INSERT","CREATE"]}',
    "the service's name as well": '{"eventName":["INSERT"],"eventSource":["aws:dynamodb"]}',
    "a user identity that only removals have": '{"eventName":["INSERT"],"userIdentity":{"type":[{"exists":false}]}}',
    "anything but a key of somebody's": (
        '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"anything-but":{"prefix":"AUDIT#"}}]}}}}'
    ),
}
for _name, _filter in FORMS.items():

    @healthy(f"a filter with {_name}")
    def form(ground: Ground, pattern: str = _filter) -> None:
        ground.attach()
        ground.filter_by(pattern)


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
