"""What a few test items do not show: parts of many items, entries that are not in the sink, filters for test items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.strict.rig import Fault, FaultKind
from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.broken_habits import CHANGED, DROPS, FAILED, LEAKS, STORED, UNPROVEN, WATCH
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import REFUSED

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

# --- many items ---------------------------------------------------------------------------------------------

SOME_TWICE = handlers.leaving_receipts(
    """    if number(record) % 10 == 7:
        return
    receipt(record, request)
    if number(record) % 10 == 8:
        receipt(record, request)"""
)


@sabotage(
    "many items; some are dropped, and as many are reported twice",
    UNPROVEN,
    DROPS,
    options=("--count", "40"),
    timeout="6s",
)
def some_twice(ground: Ground) -> None:
    ground.attach_code(SOME_TWICE)


@sabotage(
    "many items; some are dropped, and as many are reported twice, by Insights",
    UNPROVEN,
    DROPS,
    options=("--via", "insights", "--count", "40"),
    timeout="8s",
)
def some_twice_counted(ground: Ground) -> None:
    ground.attach_code(SOME_TWICE)


@sabotage(
    "many items; the last one is dropped, by Insights",
    UNPROVEN,
    DROPS,
    options=("--via", "insights", "--count", "40"),
    timeout="8s",
)
def last_counted(ground: Ground) -> None:
    ground.attach_code(
        handlers.leaving_receipts("    if number(record) != 39:\n        receipt(record, request)")
    )


@sabotage(
    "many items; modifications of others' are processed, by Insights",
    "FAIL",
    LEAKS,
    options=("--via", "insights", "--count", "20"),
    timeout="8s",
)
def wide_counted(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT","MODIFY"]}')


# --- sinks --------------------------------------------------------------------------------------------------


@sabotage("code of one's own that forgets to write to its sink", UNPROVEN, STORED, timeout="6s")
def own_sink_forgotten(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.set_variables(SINK_ARN=ground.sink())


@sabotage(
    "an audit log without its sink, by a tap", UNPROVEN, STORED, timeout="6s", options=("--wiretap", "--yes")
)
def audit_tapped(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.set_variables()


@sabotage("an audit log whose entries are removed by somebody else", UNPROVEN, STORED, timeout="8s")
def entries_removed(ground: Ground) -> None:
    sink = ground.attach_audit_log()
    table = sink.rpartition("/")[2]
    client = ground.aws.upstream("dynamodb")

    def sweep() -> None:
        for item in client.scan(TableName=table)["Items"]:
            client.delete_item(TableName=table, Key={"eventID": item["eventID"]})

    ground.meanwhile(sweep, on="dynamodb:BatchGetItem", after=0, since="")


@sabotage(
    "an audit log without its sink, many items", UNPROVEN, STORED, timeout="6s", options=("--count", "20")
)
def audit_many(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.set_variables()


@sabotage("an audit log without its sink, by lines", UNPROVEN, STORED, timeout="6s", options=("--match",))
def audit_lines(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.set_variables()


@sabotage("a first write that is conditional on an item that is never there", UNPROVEN, STORED, timeout="6s")
def conditional_write(ground: Ground) -> None:
    source = (
        handlers.HONEST
        + """
import boto3

def judge(record, request, times):
    client = boto3.client("dynamodb")
    try:
        client.put_item(TableName=os.environ["SINK_ARN"].rpartition("/")[2],
            Item={"eventID": {"S": record["eventID"]}}, ConditionExpression="attribute_exists(eventID)")
    except client.exceptions.ConditionalCheckFailedException:
        pass
    receipt(record, request)
"""
    )
    ground.attach_code(source)
    ground.set_variables(SINK_ARN=ground.sink())


# --- filters for test items, single batches that fail, entries that vanish ------------------------------------

ONCE_LATER = """
whole = handler
import os, tempfile
def handler(event, context):
    whole(event, context)
    name = os.path.join(tempfile.gettempdir(), context.function_name + "-batches")
    with open(name, "a") as f:
        f.write("x")
    if os.path.getsize(name) % 3 == 2:
        raise ValueError("third")
"""

STORES_INSERTS = (
    handlers.HONEST
    + """
import boto3
def judge(record, request, times):
    client = boto3.client("dynamodb")
    table = os.environ["SINK_ARN"].rpartition("/")[2]
    if times == 1:
        client.put_item(TableName=table, Item={"eventID": {"S": record["eventID"]}})
    receipt(record, request)
"""
)

NODE_UNAWAITED = """
export const handler = async (event, context) => {
  event.Records.forEach(async (record) => {
    const change = record.dynamodb;
    await new Promise((done) => setTimeout(done, 3000));
    console.log("DDBINSERT " + JSON.stringify({v: 1, decision: "processed", eventID: record.eventID, eventName: record.eventName, seq: change.SequenceNumber, keys: change.Keys, request: context.awsRequestId}));
  });
};
"""


@sabotage("a filter for test items only, by attribute", UNPROVEN, "filter-*", timeout="5s")
def test_attribute_only(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"ddbinsert_probe":{"N":[{"exists":true}]}}}}'
    )


@sabotage("a filter for test items only, by key", UNPROVEN, "filter-*", timeout="5s")
def test_key_only(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ddbinsert:"}]}}}}')


@sabotage("a filter for test items only, by watching", UNPROVEN, "filter-*|no-inserts-seen", options=WATCH)
def test_key_only_watched(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ddbinsert:"}]}}}}')
    ground.write_on()


@sabotage(
    "one batch of three fails after its receipts, by Insights",
    UNPROVEN,
    FAILED,
    options=("--via", "insights", "--count", "40"),
    timeout="8s",
)
def third_fails_counted(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST + ONCE_LATER, "--retries", "0", "--batch-size", "5")


@sabotage(
    "one batch of three fails after its receipts, many",
    UNPROVEN,
    FAILED,
    options=("--count", "40"),
    timeout="8s",
)
def third_fails_many(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST + ONCE_LATER, "--retries", "0", "--batch-size", "5")


@sabotage("one batch of three fails after its lines", UNPROVEN, FAILED, options=("--match",), timeout="8s")
def third_fails_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS + ONCE_LATER, "--retries", "0", "--batch-size", "1")


@sabotage(
    "one batch of three fails after its lines, by watching", UNPROVEN, FAILED, options=(*WATCH, "--match")
)
def third_fails_lines_watched(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS + ONCE_LATER, "--retries", "0", "--batch-size", "1")
    ground.insert_on("order-{:05}")


@sabotage("one batch of three fails after its receipts, by watching", UNPROVEN, FAILED, options=WATCH)
def third_fails_watched(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST + ONCE_LATER, "--retries", "0", "--batch-size", "1")
    ground.insert_on("order-{:05}")


@sabotage(
    "one batch of three fails, by a tap",
    UNPROVEN,
    FAILED + "|mapping-*",
    options=("--wiretap", "--yes"),
    timeout="8s",
)
def third_fails_tapped(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT + ONCE_LATER, "--retries", "0", "--batch-size", "1")


@sabotage("entries vanish, by watching", UNPROVEN, STORED, options=WATCH)
def vanish_watched(ground: Ground) -> None:
    ground.attach_audit_log()
    entry = ground.aws.lambda_.get_function_configuration(FunctionName=ground.function)["Handler"]
    ground.replace_handler(entry, handlers.HONEST)
    ground.insert_on("order-{:05}")


@sabotage("entries vanish, many items", UNPROVEN, STORED, options=("--count", "30"), timeout="8s")
def vanish_many(ground: Ground) -> None:
    ground.attach_audit_log()
    entry = ground.aws.lambda_.get_function_configuration(FunctionName=ground.function)["Handler"]
    ground.replace_handler(entry, handlers.HONEST)


@sabotage("entries vanish, by lines", UNPROVEN, STORED, options=("--match",), timeout="8s")
def vanish_lines(ground: Ground) -> None:
    ground.attach_audit_log()
    entry = ground.aws.lambda_.get_function_configuration(FunctionName=ground.function)["Handler"]
    ground.replace_handler(entry, handlers.PRINTS_KEYS)


@sabotage("the first insert of each item only is stored", UNPROVEN, STORED, timeout="8s")
def stores_first_only(ground: Ground) -> None:
    ground.attach_code(STORES_INSERTS)
    ground.set_variables(SINK_ARN=ground.sink())


@sabotage("a second mapping for removals, to an alias", "FAIL", LEAKS, timeout="6s")
def removals_to_alias(ground: Ground) -> None:
    ground.attach()
    ground.map_to(ground.alias(), FilterCriteria={"Filters": [{"Pattern": '{"eventName":["REMOVE"]}'}]})


@sabotage("a second mapping for removals, to an alias, by watching", "FAIL", LEAKS, options=WATCH)
def removals_to_alias_watched(ground: Ground) -> None:
    ground.attach()
    ground.map_to(ground.alias(), FilterCriteria={"Filters": [{"Pattern": '{"eventName":["REMOVE"]}'}]})
    ground.write_on()


@sabotage("a second mapping without a filter, meanwhile", UNPROVEN, f"{CHANGED}|{LEAKS}", timeout="8s")
def unfiltered_meanwhile(ground: Ground) -> None:
    ground.attach()
    alias = ground.alias()
    ground.meanwhile(lambda: ground.map_to(alias), after=1)


@sabotage("inserts of others are dropped, test items are not, by watching", UNPROVEN, DROPS, options=WATCH)
def drops_others(ground: Ground) -> None:
    ground.attach_code(
        handlers.leaving_receipts("    if number(record) >= 0:\n        receipt(record, request)")
    )
    ground.insert_on("order-{:05}")


@sabotage(
    "modifications that become inserts in code, by lines",
    UNPROVEN,
    LEAKS + "|more-lines*",
    options=("--match",),
    timeout="5s",
)
def wide_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    ground.filter_by('{"eventName":["INSERT","MODIFY"]}')


@sabotage("a leak by a filter on the new image's version, by watching", UNPROVEN, LEAKS, options=WATCH)
def wide_watched(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(INSERTS, '{"dynamodb":{"NewImage":{"seen":{"BOOL":[true]}}}}')
    ground.write_on()


@sabotage("a Node.js function that awaits nothing", UNPROVEN, DROPS + "|receipts-*", timeout="3s")
def node_unawaited(ground: Ground) -> None:
    path = ground.home / "app.mjs"
    path.write_text(NODE_UNAWAITED, encoding="utf-8")
    ground.attach("--code", str(path), "--handler", "app.handler", "--runtime", "nodejs22.x")


@sabotage(
    "the only kind of write is not allowed",
    REFUSED,
    "access-denied",
    options=("--lanes", "transaction"),
    timeout="5s",
)
def only_write_denied(ground: Ground) -> None:
    """Without a write nothing is proven, and nothing contradicts a PASS either."""
    ground.attach()
    ground.rig.inject(Fault(operation="dynamodb:TransactWriteItems", kind=FaultKind.ACCESS_DENIED))
