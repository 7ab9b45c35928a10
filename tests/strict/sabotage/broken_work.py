"""Functions that seem to work: what they drop, swallow, report as errors or send nowhere."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_sinks import topic_of
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import FAST

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
DROPS = "handler-drops-records|inserts-*|function-*"
COMPLAINS = "lines-report-errors|handler-drops-records|no-line-shows-a-key|inserts-not-processed"
GIVEN_UP = "records-given-up|answer-names-failures|function-errors"
UNCOUNTED = replace(FAST, name="no metrics", metrics=None)
CONTRADICTS = "partial-batch-contradiction"


def two_kinds(*, inside: bool = False) -> tuple[str, ...]:
    """Filters for two kinds of items: one after the other, or as alternatives of one."""
    kinds = [{"kind": {"S": [kind]}} for kind in ("order", "refund")]
    images: list[object] = [{"$or": kinds}] if inside else [*kinds]
    return tuple(json.dumps({"eventName": ["INSERT"], "dynamodb": {"NewImage": one}}) for one in images)


DROPS_REFUNDS = handlers.leaving_receipts(
    '    if record["dynamodb"]["NewImage"]["kind"]["S"] == "order":\n        receipt(record, request)'
)
PRINTS_ORDERS = """
def handler(event, context):
    for record in event["Records"]:
        if record["dynamodb"]["NewImage"]["kind"]["S"] == "order":
            print("new order", next(iter(record["dynamodb"]["Keys"].values())))
"""


@sabotage("two filters, and the handler drops what the second lets through", UNPROVEN, DROPS, timeout="6s")
def drops_second_kind(ground: Ground) -> None:
    ground.attach_code(DROPS_REFUNDS)
    ground.filter_by(*two_kinds())


@sabotage("an $or, and the handler drops what its second part lets through", UNPROVEN, DROPS, timeout="6s")
def drops_second_part(ground: Ground) -> None:
    ground.attach_code(DROPS_REFUNDS)
    ground.filter_by(*two_kinds(inside=True))


@sabotage(
    "two filters, and the handler drops what the second lets through, many items",
    UNPROVEN,
    DROPS,
    options=("--count", "20"),
    timeout="8s",
)
def drops_second_kind_of_many(ground: Ground) -> None:
    ground.attach_code(DROPS_REFUNDS)
    ground.filter_by(*two_kinds())


@sabotage(
    "two filters, and the handler drops what the second lets through, by lines",
    UNPROVEN,
    DROPS,
    options=("--match",),
    timeout="6s",
)
def drops_second_kind_by_lines(ground: Ground) -> None:
    ground.attach_code(PRINTS_ORDERS)
    ground.filter_by(*two_kinds())


@sabotage("two mappings, and the handler drops what the second delivers", UNPROVEN, DROPS, timeout="6s")
def drops_second_mapping(ground: Ground) -> None:
    orders, refunds = two_kinds()
    ground.attach_code(DROPS_REFUNDS)
    ground.filter_by(orders)
    ground.map_to(ground.alias(), FilterCriteria={"Filters": [{"Pattern": refunds}]})


@sabotage("duplicates are recognized by the key, not by the event", UNPROVEN, DROPS, timeout="6s")
def dedupes_by_key(ground: Ground) -> None:
    """An item that was deleted and put again is taken for one that was processed already."""
    ground.attach_code(handlers.leaving_receipts("    if times == 1:\n        receipt(record, request)"))


@sabotage("records are removed from the batch while it is gone through", UNPROVEN, DROPS, timeout="8s")
def mutates_the_batch(ground: Ground) -> None:
    ground.attach_code(
        handlers.HONEST
        + """
def handler(event, context):
    records = event["Records"]
    for record in records:
        receipt(record, context.aws_request_id)
        records.remove(record)
"""
    )


@sabotage("an exception ends the batch, and is swallowed", UNPROVEN, DROPS, timeout="8s")
def swallows_the_batch(ground: Ground) -> None:
    ground.attach_code(
        handlers.HONEST
        + """
def handler(event, context):
    try:
        for place, record in enumerate(event["Records"]):
            if place:
                raise ValueError("no such column: total")
            receipt(record, context.aws_request_id)
    except ValueError:
        return {"statusCode": 500}
"""
    )


@sabotage("one receipt of three is logged", UNPROVEN, DROPS, timeout="6s")
def samples_its_log(ground: Ground) -> None:
    ground.attach_code(
        handlers.leaving_receipts("    if number(record) % 3 == 0:\n        receipt(record, request)")
    )


@sabotage("the handler wants an image, which the stream does not have", UNPROVEN, DROPS, timeout="6s")
def wants_an_image(ground: Ground) -> None:
    source = '    if "NewImage" in record["dynamodb"]:\n        receipt(record, request)'
    ground.attach_code(handlers.leaving_receipts(source), "--view-type", "KEYS_ONLY")


@sabotage(
    "receipts that say failed, and an invocation that ends well", "FAIL", "function-errors", timeout="6s"
)
def says_failed(ground: Ground) -> None:
    source = handlers.leaving_receipts('    receipt(record, request, "failed")')
    ground.attach_code(source, "--no-report-failures")


@sabotage("work that is left to a thread that nobody waits for", UNPROVEN, DROPS, timeout="6s")
def fire_and_forget(ground: Ground) -> None:
    ground.attach_code(
        handlers.HONEST
        + """
import threading, time

def later(records, request):
    time.sleep(30)
    for record in records:
        receipt(record, request)

def handler(event, context):
    threading.Thread(target=later, args=(event["Records"], context.aws_request_id), daemon=True).start()
"""
    )


# --- what lines say ---------------------------------------------------------------------------------------

_COMPLAINTS = {
    "text": 'print("[ERROR] could not save", key)',
    "a JSON logger": 'print(json.dumps({"level": "error", "msg": "could not save", "key": key}))',
    "Node.js's console": 'print(f"2026-01-01T00:00:00.000Z\\t{context.aws_request_id}\\tERROR\\tcould not save {key}")',
}


def complaining(line: str, *, before: str = "pass") -> str:
    """A handler that does something with each record's key, and then reports that it failed."""
    return f"""
import json

def handler(event, context):
    for record in event["Records"]:
        key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
        {before}
        {line}
"""


@sabotage(
    "lines of level ERROR show the keys, in text", UNPROVEN, COMPLAINS, options=("--match",), timeout="6s"
)
def complains(ground: Ground) -> None:
    ground.attach_code(complaining(_COMPLAINTS["text"]))


@sabotage(
    "lines of level ERROR show the keys, in JSON", UNPROVEN, COMPLAINS, options=("--match",), timeout="6s"
)
def complains_in_json(ground: Ground) -> None:
    ground.attach_code(complaining(_COMPLAINTS["a JSON logger"]))


@sabotage(
    "lines of level ERROR show the keys, in Node.js", UNPROVEN, COMPLAINS, options=("--match",), timeout="6s"
)
def complains_in_node(ground: Ground) -> None:
    ground.attach_code(complaining(_COMPLAINTS["Node.js's console"]))


@sabotage(
    "a line shows the key, and the next one an error with it",
    UNPROVEN,
    COMPLAINS,
    options=("--match",),
    timeout="6s",
)
def complains_afterwards(ground: Ground) -> None:
    ground.attach_code(complaining(_COMPLAINTS["text"], before='print("saving", key)'))


@sabotage(
    "lines of level ERROR show the keys, by watching",
    UNPROVEN,
    COMPLAINS,
    options=("--observe", "--for", "2s", "--match"),
    timeout="6s",
)
def complains_watched(ground: Ground) -> None:
    ground.attach_code(complaining(_COMPLAINTS["text"]))
    ground.write_on()


@sabotage(
    "a line shows the key, and the next one an error with it, by watching",
    UNPROVEN,
    COMPLAINS,
    options=("--observe", "--for", "2s", "--match"),
    timeout="6s",
)
def complains_afterwards_watched(ground: Ground) -> None:
    ground.attach_code(complaining(_COMPLAINTS["text"], before='print("saving", key)'))
    ground.write_on()


# --- what is discarded without a word --------------------------------------------------------------------


@sabotage(
    "every record named as failed; records end in a queue, and nothing is counted",
    UNPROVEN,
    GIVEN_UP,
    timeout="8s",
    profile=UNCOUNTED,
)
def names_all_uncounted(ground: Ground) -> None:
    """The queue alone shows it: the invocations end well, and are not made again."""
    ground.attach_code(
        handlers.then(handlers.NAMES_EVERY_RECORD), "--retries", "0", "--on-failure", "create", "--no-metrics"
    )


@sabotage(
    "every record named as failed; records end in a queue, and nothing is counted, by a tap",
    UNPROVEN,
    GIVEN_UP,
    options=("--wiretap", "--yes"),
    timeout="12s",
    profile=UNCOUNTED,
)
def names_all_uncounted_tap(ground: Ground) -> None:
    ground.attach_code(
        handlers.then(handlers.NAMES_EVERY_RECORD), "--retries", "0", "--on-failure", "create", "--no-metrics"
    )


@sabotage(
    "a template that names failures to a mapping that does not listen", UNPROVEN, CONTRADICTS, timeout="6s"
)
def template_not_heard(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.change_mapping(FunctionResponseTypes=[])


@sabotage(
    "a template that names failures to a mapping that does not listen, many items",
    UNPROVEN,
    CONTRADICTS,
    options=("--count", "20"),
    timeout="8s",
)
def template_not_heard_many(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.change_mapping(FunctionResponseTypes=[])


@sabotage(
    "a template that names failures to a mapping that does not listen, by watching",
    UNPROVEN,
    CONTRADICTS,
    options=("--observe", "--for", "1s"),
    timeout="6s",
)
def template_not_heard_watched(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.change_mapping(FunctionResponseTypes=[])
    ground.write_on()


# --- sinks that test items never see ----------------------------------------------------------------------


@sabotage(
    "a notifier that skips test items, and whose topic was deleted",
    "FAIL",
    "sink-missing",
    never=("function-errors", "records-given-up"),
    timeout="8s",
)
def skipping_notifier(ground: Ground) -> None:
    """Test items prove themselves, so that the handler sends none of them, and does not fail."""
    topic = topic_of(ground)
    secret = ("--env", "TEST_ITEMS=skip", "--env", "TEST_ITEMS_KEY=a-secret-of-more-than-16-characters")
    ground.attach("--template", "notify", "--env", f"SINK_ARN={topic}", *secret, "--view-type", "NEW_IMAGE")
    ground.aws.upstream("sns").delete_topic(TopicArn=topic)


@sabotage(
    "an audit log that is told to skip test items, and whose table was deleted",
    UNPROVEN,
    "sink-missing|function-errors|records-given-up|*stored*",
    timeout="8s",
)
def skipping_audit_log(ground: Ground) -> None:
    sink = ground.attach_audit_log("--env", "TEST_ITEMS=skip", "--retries", "0")
    ground.aws.upstream("dynamodb").delete_table(TableName=sink.rpartition("/")[2])


@sabotage("an audit log that only skips test items", UNPROVEN, "not-stored-in-sink|sink-*", timeout="8s")
def audit_log_only_skips(ground: Ground) -> None:
    """TEST_ITEMS=skip has no effect on an audit log, so an entry that is not there is missing."""
    ground.attach_audit_log("--env", "TEST_ITEMS=skip")
    entry = ground.aws.lambda_.get_function_configuration(FunctionName=ground.function)["Handler"]
    ground.replace_handler(entry, handlers.HONEST)


@sabotage(
    "an audit log whose sink is the table itself", UNPROVEN, "function-errors|sink-*|records-*", timeout="8s"
)
def sink_is_the_table(ground: Ground) -> None:
    ground.attach_audit_log("--retries", "0")
    ground.set_variables(SINK_ARN=ground.stream.partition("/stream/")[0])


@sabotage(
    "a template whose table against duplicates was deleted",
    UNPROVEN,
    "function-errors|records-*|answer-*",
    timeout="8s",
)
def no_deduplication_table(ground: Ground) -> None:
    topic = topic_of(ground)
    ground.attach("--template", "notify", "--env", f"SINK_ARN={topic}", "--retries", "0")
    arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/nobody-made-this"
    ground.set_variables(SINK_ARN=topic, DEDUPLICATION_TABLE_ARN=arn)
