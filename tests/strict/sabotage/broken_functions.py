"""Functions that fail, hang, drop records or lie about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import sabotage

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground


@sabotage("the function fails on every record", "FAIL", "function-errors")
def fails_on_all(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ON_ALL)


@sabotage(
    "somebody else writes what the function fails on",
    "INCONCLUSIVE",
    "function-errors|records-given-up",
    timeout="6s",
)
def failing_traffic(ground: Ground) -> None:
    """The test items are well; that the function fails on others' records, and drops them, is told all the same."""
    ground.attach_code(handlers.FAILS_ON_OTHERS, "--retries", "0", "--batch-size", "1")
    ground.write_on()


@sabotage("the function can't be loaded", "FAIL", "function-errors")
def cannot_be_loaded(ground: Ground) -> None:
    ground.attach_code(handlers.CANNOT_BE_LOADED)


@sabotage(
    "a poison record, tried again for ever", "INCONCLUSIVE", "function-errors", "poison-record-blocks-shard"
)
def poison(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ON_ONE_ITEM, "--retries", "-1", "--batch-size", "1", "--no-bisect")


@sabotage("a poison record, given up at once", "INCONCLUSIVE", "function-errors")
def given_up(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ON_ONE_ITEM, "--retries", "0", "--batch-size", "1")


@sabotage("the function names a record that fails", "FAIL", "function-errors")
def names_a_failure(ground: Ground) -> None:
    ground.attach_code(handlers.NAMES_ONE_FAILURE, "--retries", "-1")


@sabotage(
    "the function names a record that fails, and logs nothing of it", "INCONCLUSIVE", "records-given-up"
)
def names_a_failure_silently(ground: Ground) -> None:
    """After its retries the mapping drops the record, and counts it."""
    ground.attach_code(handlers.NAMES_ONE_FAILURE_SILENTLY, "--retries", "0", "--batch-size", "1")


@sabotage("the function runs out of time", "FAIL", "function-times-out", timeout="3s")
def times_out(ground: Ground) -> None:
    ground.attach_code(handlers.TOO_SLOW, "--function-timeout", "1")


@sabotage("the function drops each item's first insert", "FAIL", "handler-drops-records")
def drops_the_first(ground: Ground) -> None:
    ground.attach_code(handlers.DROPS_THE_FIRST)


@sabotage("the function drops each item's second insert", "INCONCLUSIVE", "handler-drops-records")
def drops_the_last(ground: Ground) -> None:
    """No later record shows that it was passed over: it could yet come."""
    ground.attach_code(handlers.DROPS_THE_LAST)


@sabotage("the function drops one item altogether", "INCONCLUSIVE", "handler-drops-records")
def drops_one_item(ground: Ground) -> None:
    ground.attach_code(handlers.DROPS_ONE_ITEM)


@sabotage("the function processes modifications", "FAIL", "intruders-processed", "filter-too-wide")
def processes_modifications(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.filter_by('{"eventName":["INSERT","MODIFY"]}')


@sabotage("the function calls every record an insert", "FAIL", "intruders-processed", "no-filter")
def lies_about_names(ground: Ground) -> None:
    ground.attach_code(handlers.CALLS_EVERYTHING_INSERT)
    ground.filter_by()


@sabotage("receipts with other items' keys", "INCONCLUSIVE", "function-leaves-no-receipt")
def forges_keys(ground: Ground) -> None:
    ground.attach_code(handlers.FORGES_OTHER_KEYS)


@sabotage("receipts for records that the stream doesn't hold", "INCONCLUSIVE", "receipts-without-record")
def forges_ids(ground: Ground) -> None:
    ground.attach_code(handlers.FORGES_IDS)


@sabotage(
    "a receipt twice, and one not at all", "INCONCLUSIVE", "handler-drops-records", "duplicate-deliveries"
)
def says_twice(ground: Ground) -> None:
    ground.attach_code(handlers.SAYS_TWICE_DROPS_ONE)


@sabotage("a function that says nothing", "INCONCLUSIVE", "function-leaves-no-receipt")
def silent(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)


@sabotage(
    "a function that says nothing, by its lines", "INCONCLUSIVE", "no-line-shows-a-key", options=("--match",)
)
def silent_by_lines(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)


@sabotage(
    "a silent function without a filter, by a tap",
    "FAIL",
    "no-filter",
    "filter-leaks",
    options=("--wiretap",),
)
def tapped_without_filter(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.filter_by()


@sabotage(
    "a silent function whose mapping is disabled, by a tap",
    "FAIL",
    "mapping-disabled",
    options=("--wiretap",),
)
def tapped_while_disabled(ground: Ground) -> None:
    """The tap itself would be given everything."""
    ground.attach_code(handlers.SILENT)
    ground.change_mapping(Enabled=False)


@sabotage(
    "a silent function with a second mapping, by a tap",
    "FAIL",
    "no-filter",
    "second-mapping",
    options=("--wiretap", "--yes"),
)
def tapped_with_a_second(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    version = ground.aws.lambda_.publish_version(FunctionName=ground.function)["Version"]
    ground.map_to(f"{ground.function}:{version}")


@sabotage("a hidden filter, by a tap", "REFUSED", "filter-hidden", options=("--wiretap",))
def tapped_hidden(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.change_mapping(KMSKeyArn="arn:aws:kms:eu-west-1:000000000000:key/1")


@sabotage("lines for modifications, too", "FAIL", "no-filter", "intruders-processed", options=("--match",))
def lines_of_everything(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    ground.filter_by()


@sabotage("whole events in a line, modifications among them", "FAIL", "filter-too-wide", options=("--match",))
def events_of_everything(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_THE_EVENT)
    ground.filter_by(INSERTS, '{"eventName":["REMOVE"]}')


@sabotage(
    "a function by its lines that drops first inserts",
    "INCONCLUSIVE",
    "handler-drops-records",
    options=("--match",),
)
def lines_dropped(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_ONCE_AN_ITEM)
