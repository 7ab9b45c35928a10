"""Broken triggers that are only watched: no test items, the traffic that there is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.rig import Fault, FaultKind, Logs
from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import FAST

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

WATCH = ("--observe", "--for", "1s")


@sabotage(
    "others' modifications are processed, by watching",
    "FAIL",
    "no-filter",
    options=WATCH,
)
def watched_without_filter(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.filter_by()
    ground.write_on()


@sabotage(
    "others' inserts are dropped now and then, by watching",
    "INCONCLUSIVE",
    "inserts-not-processed",
    options=WATCH,
    timeout="1s",
)
def watched_dropping(ground: Ground) -> None:
    ground.attach_code(handlers.DROPS_EVERY_SECOND)
    ground.write_on()


@sabotage("nobody writes, by watching", "INCONCLUSIVE", "no-inserts-seen", options=WATCH)
def watched_in_silence(ground: Ground) -> None:
    ground.attach()


@sabotage("a disabled mapping, by watching", "FAIL", "mapping-disabled", options=WATCH, timeout="1s")
def watched_disabled(ground: Ground) -> None:
    ground.attach()
    ground.change_mapping(Enabled=False)
    ground.write_on()


@sabotage("a function that fails on all, by watching", "FAIL", "function-errors", options=WATCH, timeout="1s")
def watched_failing(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ON_ALL)
    ground.write_on()


@sabotage(
    "a filter that nobody can read, and that takes everything out, by watching",
    "INCONCLUSIVE",
    "everything-filtered-out",
    options=WATCH,
    timeout="1s",
)
def watched_filtered_out(ground: Ground) -> None:
    ground.attach()
    ground.change_mapping(
        KMSKeyArn="arn:aws:kms:eu-west-1:000000000000:key/1",
        FilterCriteria={"Filters": [{"Pattern": '{"eventName":["insert"]}'}]},
    )
    ground.write_on()


@sabotage(
    "a log that shows everything too late, by watching",
    "INCONCLUSIVE",
    "log-late",
    options=WATCH,
    profile=replace(FAST, name="late logs", logs=Logs(lag=600.0)),
    timeout="1s",
)
def watched_late(ground: Ground) -> None:
    ground.attach()
    ground.write_on()


@sabotage("a stream that may not be read, by watching", "REFUSED", "access-denied", options=WATCH)
def watched_without_right(ground: Ground) -> None:
    ground.attach()
    ground.rig.inject(Fault(operation="dynamodbstreams:GetRecords", kind=FaultKind.ACCESS_DENIED))
    ground.write_on()


@sabotage(
    "a function by its lines that says nothing, by watching",
    "INCONCLUSIVE",
    "inserts-not-processed",
    options=("--observe", "--match", "--for", "1s"),
    timeout="2s",
)
def watched_without_lines(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.write_on()


@sabotage(
    "a silent function that fails, by a tap that watches",
    "INCONCLUSIVE|FAIL",
    "function-errors|mapping-*|records-*",
    options=("--observe", "--wiretap", "--for", "1s", "--yes"),
    timeout="4s",
)
def watched_tap_of_failing(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ON_ALL)
    ground.write_on()


@sabotage(
    "every second insert of one item is dropped, by lines, by watching",
    "FAIL|INCONCLUSIVE",
    "inserts-not-processed",
    options=("--observe", "--match", "--for", "6s"),
    timeout="4s",
)
def drops_one_items_inserts(ground: Ground) -> None:
    """The line of the next insert shows the same key."""
    ground.attach_code(
        handlers.leaving_receipts(
            '    if times % 2:\n        print("new order", next(iter(record["dynamodb"]["Keys"].values())))'
        )
    )
    dynamodb = ground.aws.dynamodb

    def write() -> None:
        ground.put_one("order-0001")
        ground.pause(1.1)
        dynamodb.delete_item(TableName=ground.table, Key={"pk": {"S": "order-0001"}})

    ground._write_beside(write)
