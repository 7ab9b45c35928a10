"""Functions that print their receipt, or their line, and fail afterwards: delivered, but not processed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.rig import Logs, Streams
from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import FAST

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
FAILED = "function-errors|answer-names-failures|records-given-up|records-discarded|*-failed*"
BLOCKED = f"{FAILED}|poison-record-blocks-shard|mapping-reports-problem|function-times-out"


@sabotage(
    "receipts, then an error; no retries", UNPROVEN, FAILED, timeout="6s", says=("the ledger is closed",)
)
def raises(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "0", "--no-bisect")


@sabotage("receipts, then an error; five retries and bisection", UNPROVEN, FAILED, timeout="6s")
def raises_with_retries(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES))


@sabotage("receipts, then an error; retries without end", UNPROVEN, BLOCKED, timeout="6s")
def raises_for_ever(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "-1", "--no-bisect")


@sabotage("receipts, then an error; records end in a queue", UNPROVEN, FAILED, timeout="6s")
def raises_into_a_queue(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "0", "--on-failure", "create")


@sabotage("receipts, then an error; nothing is counted of the mapping", UNPROVEN, FAILED, timeout="6s")
def raises_uncounted(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "0", "--no-metrics")


@sabotage(
    "receipts, then an error; metrics are late",
    UNPROVEN,
    FAILED,
    timeout="6s",
    profile=replace(FAST, name="late metrics", metrics=None),
)
def raises_without_metrics(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "1")


@sabotage("receipts, then an error in one batch of three", UNPROVEN, FAILED, timeout="6s")
def raises_now_and_then(ground: Ground) -> None:
    ground.attach_code(
        handlers.then(f'if number(event["Records"][0]) == 2:\n        {handlers.RAISES}'),
        "--retries",
        "0",
        "--batch-size",
        "1",
    )


@sabotage(
    "receipts, then the timeout",
    UNPROVEN,
    f"function-times-out|{FAILED}",
    timeout="8s",
)
def times_out(ground: Ground) -> None:
    ground.attach_code(handlers.then("time.sleep(30)"), "--function-timeout", "1", "--retries", "0")


@sabotage("receipts, then the process is killed", UNPROVEN, BLOCKED, timeout="6s")
def killed(ground: Ground) -> None:
    """Out of memory: the runtime can't say a word."""
    ground.attach_code(handlers.then("os.kill(os.getpid(), signal.SIGKILL)"), "--retries", "0")


@sabotage("receipts, then the process ends", UNPROVEN, BLOCKED, timeout="6s")
def exits(ground: Ground) -> None:
    ground.attach_code(handlers.then("os._exit(3)"), "--retries", "0")


@sabotage("receipts, then an answer that JSON has no form for", UNPROVEN, FAILED, timeout="6s")
def unserializable(ground: Ground) -> None:
    ground.attach_code(handlers.then("return {1, 2, 3}"), "--retries", "0")


@sabotage("receipts, then every record named as failed; no retries", UNPROVEN, FAILED, timeout="6s")
def names_all(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.NAMES_EVERY_RECORD), "--retries", "0", "--no-bisect")


@sabotage(
    "receipts, then every record named as failed; records end in a queue", UNPROVEN, FAILED, timeout="6s"
)
def names_all_into_a_queue(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.NAMES_EVERY_RECORD), "--retries", "1", "--on-failure", "create")


@sabotage("receipts, then every record named as failed; retries without end", UNPROVEN, BLOCKED, timeout="6s")
def names_all_for_ever(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.NAMES_EVERY_RECORD), "--retries", "-1", "--no-bisect")


@sabotage("receipts, then a failure without a name: the whole batch", UNPROVEN, FAILED, timeout="6s")
def names_none(ground: Ground) -> None:
    ground.attach_code(
        handlers.then('return {"batchItemFailures": [{"itemIdentifier": ""}]}'), "--retries", "0"
    )


@sabotage("receipts, then a failure of an unknown record: the whole batch", UNPROVEN, FAILED, timeout="6s")
def names_a_stranger(ground: Ground) -> None:
    ground.attach_code(
        handlers.then('return {"batchItemFailures": [{"itemIdentifier": "1"}]}'), "--retries", "0"
    )


@sabotage(
    "processed in one line, failed in the next", UNPROVEN, f"{FAILED}|handler-drops-records", timeout="6s"
)
def last_decision(ground: Ground) -> None:
    """The last decision on a record counts."""
    ground.attach_code(handlers.FAILS_LATER_DECISION)


@sabotage("a line with the key, then an error", UNPROVEN, FAILED, options=("--match",), timeout="6s")
def line_then_raises(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES, handlers.PRINTS_KEYS), "--retries", "0")


@sabotage("an error whose text holds the key", UNPROVEN, FAILED, options=("--match",), timeout="6s")
def error_shows_the_key(ground: Ground) -> None:
    """The runtime's own line about an error is no sign of work."""
    ground.attach_code(
        """
def handler(event, context):
    for record in event["Records"]:
        raise ValueError("cannot store " + str(record["dynamodb"]["Keys"]))
""",
        "--retries",
        "0",
        "--batch-size",
        "1",
    )


@sabotage(
    "the whole event in a line, then the timeout", UNPROVEN, BLOCKED, options=("--match",), timeout="8s"
)
def event_then_times_out(ground: Ground) -> None:
    ground.attach_code(
        handlers.then("time.sleep(30)", handlers.PRINTS_THE_EVENT),
        "--function-timeout",
        "1",
        "--retries",
        "0",
    )


@sabotage(
    "the whole event in a line, then every record named as failed",
    UNPROVEN,
    FAILED,
    options=("--match",),
    timeout="6s",
)
def event_then_named(ground: Ground) -> None:
    ground.attach_code(
        handlers.then(handlers.NAMES_EVERY_RECORD, handlers.PRINTS_THE_EVENT), "--retries", "0"
    )


@sabotage("receipts, then an error, of many items", UNPROVEN, FAILED, options=("--count", "40"), timeout="8s")
def raises_on_many(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "0", "--no-bisect")


@sabotage(
    "receipts, then an error, counted by Insights",
    UNPROVEN,
    FAILED,
    options=("--via", "insights", "--count", "20"),
    timeout="8s",
)
def raises_by_insights(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "0", "--no-bisect")


@sabotage("a Node.js function: receipts, then a rejected promise", UNPROVEN, FAILED, timeout="8s")
def node_rejects(ground: Ground) -> None:
    path = ground.home / "app.mjs"
    path.write_text(handlers.NODE_REJECTS, encoding="utf-8")
    ground.attach(
        "--code", str(path), "--handler", "app.handler", "--runtime", "nodejs22.x", "--retries", "0"
    )


@sabotage(
    "receipts, then an error, while others' inserts are watched",
    UNPROVEN,
    FAILED,
    options=("--observe", "--for", "1s"),
    timeout="4s",
)
def watched_raising(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "0")
    ground.write_on()


@sabotage(
    "every record named as failed, while others' inserts are watched",
    UNPROVEN,
    FAILED,
    options=("--observe", "--for", "1s"),
    timeout="4s",
)
def watched_naming(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.NAMES_EVERY_RECORD), "--retries", "0", "--no-bisect")
    ground.write_on()


@sabotage(
    "a shard is blocked by somebody else's record, and the test items are in others",
    UNPROVEN,
    BLOCKED,
    timeout="6s",
    profile=replace(FAST, name="poison apart", streams=Streams(shards=3, apart="theirs-")),
)
def poison_elsewhere(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ON_OTHERS, "--retries", "-1", "--no-bisect")
    ground.put()
    ground.wait_for_result("PROBLEM")


@sabotage(
    "an error after the receipt, in a log that shows late",
    UNPROVEN,
    FAILED,
    timeout="8s",
    profile=replace(FAST, name="slow logs", logs=Logs(lag=1.5)),
)
def raises_late(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "2", "--batch-size", "1")
