"""What functions answer and leave undone, and what changes meanwhile, in the modes that show less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_work import DROPS, UNPROVEN
from tests.strict.sabotage.case import sabotage

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

FAILED = "function-errors|answer-names-failures|records-*|*-failed*|mapping-reports-problem|poison-*"
CHANGED = "changed-meanwhile"
LEAKS = "no-filter|filter-too-wide|filter-leaks|intruders-processed"
NEVER = "filter-never-matches|filter-excludes-*|filter-*"
WATCH = ("--observe", "--for", "2s")
COUNT = ("--count", "20")
TAP = ("--wiretap", "--yes")
INSIGHTS = ("--via", "insights", "--count", "20")
INSERTS = '{"eventName":["INSERT"]}'
WIDE = '{"eventName":["INSERT","MODIFY"]}'

# --- answers ------------------------------------------------------------------------------------------------

NAMES_THE_LAST = (
    'return {"batchItemFailures": [{"itemIdentifier": event["Records"][-1]["dynamodb"]["SequenceNumber"]}]}'
)
ANSWERS = {
    "a misspelt identifier": 'return {"batchItemFailures": [{"itemidentifier": event["Records"][0]["eventID"]}]}',
    "no identifier": 'return {"batchItemFailures": [{"itemIdentifier": None}]}',
    "the last record of each batch": NAMES_THE_LAST,
    "the first record of each batch": NAMES_THE_LAST.replace("[-1]", "[0]"),
}
for _name, _answer in ANSWERS.items():

    @sabotage(f"receipts, then {_name} named as failed", UNPROVEN, FAILED, timeout="6s")
    def named(ground: Ground, answer: str = _answer) -> None:
        ground.attach_code(handlers.then(answer), "--retries", "1")


_MODES = {"many items": COUNT, "by watching": WATCH, "by a tap": TAP, "by Insights": INSIGHTS}
for _name, _options in _MODES.items():

    @sabotage(
        f"receipts, then the last record of each batch named as failed, {_name}",
        UNPROVEN,
        FAILED,
        options=_options,
        timeout="8s",
    )
    def last_named(ground: Ground, *, watched: bool = "--observe" in _options) -> None:
        ground.attach_code(handlers.then(NAMES_THE_LAST), "--retries", "1")
        if watched:
            ground.write_on()


@sabotage(
    "lines, then the last record of each batch named as failed",
    UNPROVEN,
    FAILED,
    options=("--match",),
    timeout="6s",
)
def last_named_by_lines(ground: Ground) -> None:
    ground.attach_code(handlers.then(NAMES_THE_LAST, handlers.PRINTS_KEYS), "--retries", "1")


@sabotage("failures are named in a text", UNPROVEN, DROPS, timeout="6s")
def named_in_text(ground: Ground) -> None:
    """The answer is a text with JSON in it, in which Lambda looks for nothing."""
    ground.attach_code(
        handlers.NAMES_ONE_FAILURE_SILENTLY.replace(
            'return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}',
            'return json.dumps({"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]})',
        )
    )


@sabotage("a failure after the receipts, and a failure queue that is gone", UNPROVEN, FAILED, timeout="8s")
def queue_is_gone(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "0", "--on-failure", "create")
    sqs = ground.aws.upstream("sqs")
    for url in sqs.list_queues(QueueNamePrefix=ground.table).get("QueueUrls", []):
        sqs.delete_queue(QueueUrl=url)


# --- what is left undone ------------------------------------------------------------------------------------


def working(body: str, source: str = handlers.HONEST) -> str:
    """A handler that does something else with the batch than to go through it."""
    return f"{source}\nwhole = handler\n\ndef handler(event, context):\n{body}\n"


LEFT_UNDONE = {
    "a map that nobody goes through": "    map(lambda one: whole({'Records': [one]}, context), event['Records'])",
    "a generator that nobody goes through": "    (whole({'Records': [one]}, context) for one in event['Records'])",
    "the last record of each item in a batch": (
        "    latest = {str(one['dynamodb']['Keys']): one for one in event['Records']}\n"
        "    whole({'Records': list(latest.values())}, context)"
    ),
    "a set of the batch's items": (
        "    done = set()\n    for one in event['Records']:\n        key = str(one['dynamodb']['Keys'])\n"
        "        if key not in done:\n            done.add(key)\n            whole({'Records': [one]}, context)"
    ),
    "half of each batch": "    whole({'Records': event['Records'][: (len(event['Records']) + 1) // 2]}, context)",
    "batches of at most two": "    if len(event['Records']) <= 2:\n        whole(event, context)",
    "a search that ends at the first": "    any(whole({'Records': [one]}, context) or True for one in event['Records'])",
}
for _name, _body in LEFT_UNDONE.items():

    @sabotage(f"left undone: {_name}", UNPROVEN, f"{DROPS}|*receipt*", timeout="8s")
    def left_undone(ground: Ground, body: str = _body) -> None:
        ground.attach_code(working(body), "--batching-window", "1")

    @sabotage(
        f"left undone, by lines: {_name}",
        UNPROVEN,
        f"{DROPS}|no-line-shows-a-key",
        options=("--match",),
        timeout="8s",
    )
    def left_undone_by_lines(ground: Ground, body: str = _body) -> None:
        ground.attach_code(working(body, handlers.PRINTS_KEYS), "--batching-window", "1")


COUNTED = """
import itertools
invocation = itertools.count(1)
"""


@sabotage("the function is out of order after a few invocations", UNPROVEN, FAILED, timeout="8s")
def wears_out(ground: Ground) -> None:
    ground.attach_code(
        handlers.HONEST
        + COUNTED
        + """
whole = handler

def handler(event, context):
    if next(invocation) > 3:
        raise OSError(24, "Too many open files")
    whole(event, context)
""",
        "--retries",
        "0",
        "--batch-size",
        "1",
    )


@sabotage(
    "batches of more than three fail after their receipts, and are not split", UNPROVEN, "*", timeout="8s"
)
def long_batches_fail(ground: Ground) -> None:
    ground.attach_code(
        handlers.then('if len(event["Records"]) > 3: raise ValueError("payload too large")'),
        "--retries",
        "1",
        "--batching-window",
        "1",
    )
    ground.change_mapping(BisectBatchOnFunctionError=False)


@sabotage("keys that are cut off in the lines", "INCONCLUSIVE", "no-line-shows-a-key", options=("--match",))
def cut_keys(ground: Ground) -> None:
    shown = handlers.PRINTS_KEYS.replace("next(iter(record", "str(next(iter(record")
    ground.attach_code(shown.replace("values())))", "values())))[:20])"))


@sabotage(
    "numeric keys as floating-point numbers in the lines",
    UNPROVEN,
    "no-line-shows-a-key",
    options=("--match",),
)
def float_keys(ground: Ground) -> None:
    source = handlers.PRINTS_KEYS.replace(
        'next(iter(record["dynamodb"]["Keys"].values()))', 'float(record["dynamodb"]["Keys"]["pk"]["N"])'
    )
    ground.attach_code(source, key="pk:N")


for _name, _options in {
    "": (),
    ", many items": COUNT,
    ", by watching": WATCH,
    ", by Insights": INSIGHTS,
}.items():

    @sabotage(
        f"no filter, and code that says nothing of what it drops{_name}",
        UNPROVEN,
        "no-filter",
        options=_options,
        timeout="6s",
    )
    def silent_guard(ground: Ground, *, watched: bool = "--observe" in _options) -> None:
        ground.attach_code(
            handlers.leaving_receipts(
                '    if record["eventName"] == "INSERT":\n        receipt(record, request)'
            )
        )
        ground.filter_by()
        if watched:
            ground.write_on()


for _name, _options in {"": ("--match",), ", by watching": (*WATCH, "--match")}.items():

    @sabotage(
        f"no filter, and lines for inserts only{_name}", UNPROVEN, "no-filter", options=_options, timeout="6s"
    )
    def silent_guard_by_lines(ground: Ground, *, watched: bool = "--observe" in _options) -> None:
        ground.attach_code(
            handlers.PRINTS_KEYS.replace(
                '        print("new', '        if record["eventName"] == "INSERT":\n            print("new'
            )
        )
        ground.filter_by()
        if watched:
            ground.write_on()


# --- filters ------------------------------------------------------------------------------------------------

NEVER_MATCHING = {
    "a null old image": '{"eventName":["INSERT"],"dynamodb":{"OldImage":[null]}}',
    "a truth value in quotes": '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"active":{"BOOL":["true"]}}}}',
    "items of more than a megabyte": '{"eventName":["INSERT"],"dynamodb":{"SizeBytes":[{"numeric":[">",1000000]}]}}',
    "an old event version": '{"eventName":["INSERT"],"eventVersion":["1.0"]}',
    "another view type": '{"eventName":["INSERT"],"dynamodb":{"StreamViewType":["NEW_AND_OLD_IMAGES"]}}',
    "the key's name in capitals": '{"eventName":["INSERT"],"dynamodb":{"Keys":{"PK":{"S":[{"exists":true}]}}}}',
    "a user identity, which inserts lack": '{"eventName":["INSERT"],"userIdentity":{"type":["Service"]}}',
    "another service": '{"eventName":["INSERT"],"eventSource":["aws:kinesis"]}',
    "the wrong level of images": '{"eventName":["INSERT"],"NewImage":{"pk":{"S":[{"exists":true}]}}}',
}
for _name, _filter in NEVER_MATCHING.items():

    @sabotage(f"a filter that asks for {_name}", UNPROVEN, NEVER, timeout="4s")
    def never(ground: Ground, pattern: str = _filter) -> None:
        ground.attach()
        ground.filter_by(pattern)


LEAKING = {
    "names that do not begin with M": '{"eventName":[{"anything-but":{"prefix":"M"}}]}',
    "INSERT, or what begins with MOD": '{"eventName":["INSERT",{"prefix":"MOD"}]}',
    "a key that exists": '{"dynamodb":{"Keys":{"pk":{"S":[{"exists":true}]}}}}',
    "a size": '{"dynamodb":{"SizeBytes":[{"numeric":[">",0]}]}}',
    "names that end with T or Y": '{"eventName":[{"suffix":"T"},{"suffix":"Y"}]}',
}
for _name, _filter in LEAKING.items():

    @sabotage(f"a filter for {_name}", UNPROVEN, LEAKS, timeout="5s")
    def leaking(ground: Ground, pattern: str = _filter) -> None:
        ground.attach()
        ground.filter_by(pattern)

    @sabotage(f"a filter for {_name}, many items", UNPROVEN, LEAKS, options=COUNT, timeout="5s")
    def leaking_many(ground: Ground, pattern: str = _filter) -> None:
        ground.attach()
        ground.filter_by(pattern)


# --- meanwhile ----------------------------------------------------------------------------------------------

SETTINGS: dict[str, dict[str, object]] = {
    "the batch size": {"BatchSize": 7},
    "the number of lanes": {"ParallelizationFactor": 3},
    "the retries": {"MaximumRetryAttempts": 0},
    "the response types": {"FunctionResponseTypes": []},
}
for _name, _settings in SETTINGS.items():

    @sabotage(f"{_name} of the mapping changed meanwhile", UNPROVEN, f"{CHANGED}|partial-*", timeout="6s")
    def setting(ground: Ground, settings: dict[str, object] = _settings) -> None:
        ground.attach()
        ground.meanwhile(lambda: ground.change_mapping(**settings))


MODES = {
    "by lines": ("--match",),
    "by a tap": TAP,
    "many items": COUNT,
    "by Insights": INSIGHTS,
    "by watching": WATCH,
    "by lines, by watching": (*WATCH, "--match"),
}
for _name, _options in MODES.items():
    _source = handlers.PRINTS_KEYS if "--match" in _options else handlers.HONEST
    _watched = "--observe" in _options

    @sabotage(
        f"the filter is widened meanwhile, {_name}",
        UNPROVEN,
        f"{CHANGED}|{LEAKS}",
        options=_options,
        timeout="8s",
    )
    def widened(ground: Ground, source: str = _source, *, watched: bool = _watched) -> None:
        ground.attach_code(source)
        if watched:
            ground.write_on()
        ground.meanwhile(
            lambda: ground.filter_by(WIDE), after=1, since="" if watched else "dynamodb:[PUTBE]*"
        )

    @sabotage(
        f"the code is replaced meanwhile, {_name}",
        UNPROVEN,
        f"{CHANGED}|{FAILED}|{DROPS}",
        options=_options,
        timeout="8s",
    )
    def replaced(ground: Ground, source: str = _source, *, watched: bool = _watched) -> None:
        ground.attach_code(source)
        if watched:
            ground.write_on()
        ground.meanwhile(
            lambda: ground.replace_code(handlers.SILENT),
            after=1,
            since="" if watched else "dynamodb:[PUTBE]*",
        )


GONE = {
    "the stream is replaced": lambda ground: ground.replace_stream(),
    "the mapping is deleted": lambda ground: ground.aws.lambda_.delete_event_source_mapping(
        UUID=ground.mapping
    ),
    "the role loses its rights": lambda ground: ground.drop_policies(),
    "a second mapping without a filter comes": lambda ground: ground.map_to(ground.version()),
    "the log group is deleted": lambda ground: ground.aws.logs.delete_log_group(
        logGroupName=ground.log_group
    ),
}
for _name, _act in GONE.items():

    @sabotage(f"{_name} while inserts are watched", UNPROVEN, "*", options=WATCH, timeout="6s")
    def gone(ground: Ground, act: object = _act) -> None:
        ground.attach()
        ground.write_on()
        ground.meanwhile(lambda: act(ground), after=1, since="")  # type: ignore[operator]


@sabotage("an audit log is given another table meanwhile", UNPROVEN, f"{CHANGED}|*sink*", timeout="8s")
def another_sink(ground: Ground) -> None:
    ground.attach_audit_log()
    other = ground.sink()
    ground.meanwhile(lambda: ground.set_variables(SINK_ARN=other))


@sabotage(
    "an audit log's table is deleted meanwhile", UNPROVEN, "*sink*|function-errors|records-*", timeout="8s"
)
def sink_deleted(ground: Ground) -> None:
    sink = ground.attach_audit_log("--retries", "0").rpartition("/")[2]
    ground.meanwhile(lambda: ground.aws.upstream("dynamodb").delete_table(TableName=sink), after=1)


@sabotage(
    "an audit log that stores the first five records of a batch only, many items",
    "FAIL",
    "not-stored-in-sink",
    options=("--count", "80"),
    timeout="15s",
)
def stores_a_few(ground: Ground) -> None:
    """As a handler does that passes over UnprocessedItems, or over what one request can't hold."""
    ground.attach_audit_log("--batching-window", "1")
    entry = ground.aws.lambda_.get_function_configuration(FunctionName=ground.function)["Handler"]
    ground.replace_handler(
        entry,
        handlers.HONEST
        + """
import boto3, os
sink = boto3.resource("dynamodb").Table(os.environ["SINK_ARN"].rpartition("/")[2])
whole = handler

def handler(event, context):
    for record in event["Records"][:5]:
        sink.put_item(Item={"eventID": record["eventID"]})
    whole(event, context)
""",
    )


# --- clocks -------------------------------------------------------------------------------------------------


@sabotage("no filter, and a clock that is an hour behind", "FAIL", "no-filter", timeout="6s")
def late_clock(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.filter_by()
    ground.clock_ahead(-3600)


@sabotage("one item dropped, and a clock that is two minutes ahead", UNPROVEN, DROPS, timeout="6s")
def early_clock(ground: Ground) -> None:
    ground.attach_code(handlers.DROPS_ONE_ITEM)
    ground.clock_ahead(120)


@sabotage(
    "a failure after the receipt, and a clock that is two minutes behind, by watching",
    UNPROVEN,
    FAILED,
    options=WATCH,
    timeout="6s",
)
def late_clock_watched(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "0")
    ground.write_on()
    ground.clock_ahead(-120)
