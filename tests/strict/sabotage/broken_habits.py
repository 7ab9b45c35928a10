"""Habits of code that look like work: lines of loggers that report errors, shortened batches, answers of another shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import sabotage

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
DROPS = "handler-drops-records|inserts-*|function-*"
COMPLAINS = "lines-report-errors|handler-drops-records|no-line-shows-a-key|inserts-not-processed"
LEAKS = "no-filter|filter-too-wide|filter-leaks|intruders-processed"
CHANGED = "changed-meanwhile"
STORED = "not-stored-in-sink|sink-*"
WATCH = ("--observe", "--for", "2s")
FAILED = "function-errors|answer-names-failures|records-*|*-failed*|function-times-out|handler-drops-records|inserts-*"


def saying(line: str) -> str:
    """A handler that swallows an error of every record, and logs it with the record's ``key``."""
    return f"""
import json

def handler(event, context):
    for record in event["Records"]:
        key = next(iter(next(iter(record["dynamodb"]["Keys"].values())).values()))
        print({line})
"""


#: What loggers of several languages write at level ERROR.
ERROR_LINES = {
    "pino": 'json.dumps({"level": 50, "time": 1, "pid": 8, "msg": f"could not store {key}"})',
    "severity": 'json.dumps({"severity": "ERROR", "message": f"could not store {key}"})',
    "levelname": 'json.dumps({"asctime": "x", "levelname": "ERROR", "message": f"could not store {key}"})',
    "ECS": 'json.dumps({"@timestamp": "x", "log.level": "error", "message": f"could not store {key}"})',
    "ECS nested": 'json.dumps({"@timestamp": "x", "log": {"level": "error"}, "message": f"could not store {key}"})',
    "zap": 'json.dumps({"level": "error", "ts": 1.5, "caller": "main.go:7", "msg": "could not store", "key": key})',
    "dpanic": 'json.dumps({"level": "dpanic", "ts": 1.5, "msg": "could not store", "key": key})',
    "serilog": 'json.dumps({"@t": "2026-01-01T00:00:00Z", "@l": "Error", "@m": f"could not store {key}"})',
    "basicConfig": 'f"2026-01-01 00:00:00,123 ERROR app could not store {key}"',
    "dashes": 'f"2026-01-01 00:00:00,123 - app - ERROR - could not store {key}"',
    "log4j": 'f"12:00:00.123 [main] ERROR shop.Worker - could not store {key}"',
    "loguru": 'f"2026-01-01 00:00:00.123 | ERROR    | app:handler:7 - could not store {key}"',
    "logfmt": "f'time=2026-01-01T00:00:00Z level=error msg=\"could not store\" key={key}'",
    "bracketed": 'f"2026-01-01T00:00:00.000Z [ERROR] could not store {key}"',
    "root": 'f"ERROR:root:could not store {key}"',
    "small": 'f"error: could not store {key}"',
    "dotnet": 'f"fail: Shop.Worker[0] could not store {key}"',
}

for _name, _line in ERROR_LINES.items():

    @sabotage(f"errors by a logger's line, {_name}", UNPROVEN, COMPLAINS, options=("--match",), timeout="5s")
    def error_line(ground: Ground, line: str = _line) -> None:
        ground.attach_code(saying(line))


@sabotage(
    "errors by a logger's line, pino, by watching",
    UNPROVEN,
    COMPLAINS,
    options=("--observe", "--for", "2s", "--match"),
)
def error_line_watched(ground: Ground) -> None:
    ground.attach_code(saying(ERROR_LINES["pino"]))
    ground.insert_on("order-{:05}")


# --- shortened batches --------------------------------------------------------------------------------------

FIRST_FEW = """
whole = handler

def handler(event, context):
    whole({{"Records": event["Records"][:{0}]}}, context)
"""


@sabotage("the first two records of each batch only", UNPROVEN, DROPS, timeout="8s")
def first_two(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST + FIRST_FEW.format(2))


@sabotage(
    "the first five records of each batch only", UNPROVEN, DROPS, timeout="8s", options=("--count", "60")
)
def first_five(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST + FIRST_FEW.format(5))


@sabotage(
    "the first record of each batch only, by lines", UNPROVEN, DROPS, timeout="8s", options=("--match",)
)
def first_by_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS + FIRST_FEW.format(1))


@sabotage("one record of each kind of event only", UNPROVEN, DROPS, timeout="8s")
def by_event_name(ground: Ground) -> None:
    ground.attach_code(
        handlers.HONEST
        + """
whole = handler

def handler(event, context):
    whole({"Records": list({one["eventName"]: one for one in event["Records"]}.values())}, context)
"""
    )


@sabotage("the first batch of each environment is taken for a warm-up", UNPROVEN, DROPS, timeout="6s")
def warm_up(ground: Ground) -> None:
    ground.attach_code(
        handlers.HONEST
        + """
whole, warm = handler, []

def handler(event, context):
    if not warm:
        warm.append(True)
        return
    whole(event, context)
"""
    )


@sabotage("an asynchronous worker that nobody awaits", UNPROVEN, DROPS, timeout="5s")
def never_awaited(ground: Ground) -> None:
    ground.attach_code(
        handlers.HONEST
        + """
whole = handler

async def work(event, context):
    whole(event, context)

def handler(event, context):
    work(event, context)
"""
    )


@sabotage("every fifth record of an environment is dropped", UNPROVEN, DROPS, timeout="6s")
def every_fifth(ground: Ground) -> None:
    ground.attach_code(
        handlers.HONEST
        + """
import itertools

count = itertools.count(1)

def judge(record, request, times):
    if next(count) % 5:
        receipt(record, request)
"""
    )


@sabotage("a second for each record, and a second for all", UNPROVEN, "*", timeout="10s")
def too_slow_for_many(ground: Ground) -> None:
    """A batch of one is done in time; longer ones never are."""
    source = (
        handlers.HONEST
        + "\nimport time\n\ndef judge(record, request, times):\n    time.sleep(0.7)\n    receipt(record, request)\n"
    )
    ground.attach_code(source, "--function-timeout", "1", "--retries", "1")


@sabotage("real items are recognized by an attribute", UNPROVEN, "*", timeout="5s")
def by_attribute(ground: Ground) -> None:
    source = '    if record["dynamodb"].get("NewImage", {}).get("status"):\n        receipt(record, request)'
    ground.attach_code(handlers.leaving_receipts(source))


@sabotage("the old image is taken for the new one", UNPROVEN, DROPS, timeout="5s")
def wrong_image(ground: Ground) -> None:
    source = """    try:
        record["dynamodb"]["OldImage"]
    except KeyError:
        return
    receipt(record, request)"""
    ground.attach_code(handlers.leaving_receipts(source), "--view-type", "NEW_AND_OLD_IMAGES")


# --- answers ------------------------------------------------------------------------------------------------


@sabotage("failures are named in the wrong case", UNPROVEN, DROPS, timeout="6s")
def misspelt_answer(ground: Ground) -> None:
    source = handlers.NAMES_ONE_FAILURE_SILENTLY.replace('"batchItemFailures"', '"BatchItemFailures"')
    ground.attach_code(source)


@sabotage("failures are named by their event ids", UNPROVEN, "*", timeout="6s")
def named_by_event(ground: Ground) -> None:
    source = handlers.NAMES_ONE_FAILURE_SILENTLY.replace(
        'record["dynamodb"]["SequenceNumber"]}', 'record["eventID"]}'
    )
    ground.attach_code(source, "--retries", "2")


@sabotage("failures are named, and nobody asked for them", UNPROVEN, DROPS, timeout="6s")
def unasked_answer(ground: Ground) -> None:
    ground.attach_code(handlers.NAMES_ONE_FAILURE_SILENTLY, "--no-report-failures")


@sabotage("it fails at first, and nothing is tried again", UNPROVEN, "*", timeout="6s")
def never_again(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ONCE, "--retries", "0")


# --- the mapping --------------------------------------------------------------------------------------------


@sabotage("a second filter for any name", "FAIL", LEAKS, timeout="5s")
def any_name(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(INSERTS, '{"eventName":[{"exists":true}]}')


@sabotage("a second filter for what people change", "FAIL", LEAKS, timeout="5s")
def by_people(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(INSERTS, '{"userIdentity":{"type":[{"exists":false}]}}')


@sabotage(
    "a second filter for all but the removals, by lines", "FAIL", LEAKS, timeout="5s", options=("--match",)
)
def but_removals(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    ground.filter_by(INSERTS, '{"eventName":[{"anything-but":["REMOVE"]}]}')


@sabotage(
    "a filter for the table's source, many items", "FAIL", LEAKS, timeout="6s", options=("--count", "20")
)
def by_source(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventSource":["aws:dynamodb"]}')


@sabotage(
    "a filter for the table's source, by a tap", "FAIL", LEAKS, timeout="6s", options=("--wiretap", "--yes")
)
def by_source_tapped(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.filter_by('{"eventSource":["aws:dynamodb"]}')


@sabotage("a filter that names the event twice, the second time another", UNPROVEN, "*", timeout="5s")
def names_twice(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT"],"eventName":["MODIFY","INSERT"]}')


@sabotage("the mapping is disabled and enabled again meanwhile", UNPROVEN, CHANGED, timeout="8s")
def toggled(ground: Ground) -> None:
    ground.attach()

    def toggle() -> None:
        ground.change_mapping(Enabled=False)
        ground.change_mapping(Enabled=True)

    ground.meanwhile(toggle, after=1)


@sabotage("the mapping is deleted and made again meanwhile", UNPROVEN, f"{CHANGED}|mapping-*", timeout="8s")
def made_again(ground: Ground) -> None:
    def make() -> None:
        ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
        ground.map_to(ground.function, FilterCriteria={"Filters": [{"Pattern": INSERTS}]})

    ground.attach()
    ground.meanwhile(make, after=1)


@sabotage(
    "the mapping's filter is widened and narrowed again while inserts are watched",
    UNPROVEN,
    f"{CHANGED}|{LEAKS}",
    options=("--observe", "--for", "2s"),
)
def to_and_fro_watched(ground: Ground) -> None:
    ground.attach()
    ground.write_on()
    wide = '{"eventName":["INSERT","MODIFY"]}'
    ground.meanwhile(lambda: ground.filter_by(wide), after=1, since="")
    ground.meanwhile(lambda: ground.filter_by(INSERTS), after=3, since="")


@sabotage("the log group is deleted meanwhile", UNPROVEN, "*", timeout="6s")
def log_group_deleted(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(
        lambda: ground.aws.logs.delete_log_group(logGroupName=ground.log_group),
        on="logs:FilterLogEvents",
        after=0,
    )


@sabotage("the handler is another one of the same file", UNPROVEN, "*", timeout="5s")
def another_handler(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST + "\ndef old(event, context):\n    return None\n")
    ground.aws.lambda_.update_function_configuration(FunctionName=ground.function, Handler="app.old")
