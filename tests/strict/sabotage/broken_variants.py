"""Variants of every kind, so that no rule is made for one example only."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
FAILED = "function-errors|answer-names-failures|records-*|*-failed*|function-times-out"
DROPS = "handler-drops-records|inserts-not-processed|missing*"
WATCH = ("--observe", "--for", "1s")
WATCH_LINES = (*WATCH, "--match")
WATCH_TAP = (*WATCH, "--wiretap", "--yes")


# --- filters ------------------------------------------------------------------------------------------------


@sabotage("a second filter for what the time to live removes", "FAIL", "filter-too-wide", timeout="4s")
def expiry_too(ground: Ground) -> None:
    """No test item is removed by its time to live: the filter alone shows it."""
    ground.attach()
    ground.filter_by(INSERTS, '{"eventName":["REMOVE"],"userIdentity":{"type":["Service"]}}')


@sabotage("a second filter for modifications of one item", "FAIL", "filter-too-wide", timeout="4s")
def one_item_too(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(INSERTS, '{"eventName":["MODIFY"],"dynamodb":{"Keys":{"pk":{"S":["the-one"]}}}}')


@sabotage(
    "absence of the old image, where the stream has none",
    "FAIL",
    "filter-too-wide|filter-leaks",
    timeout="4s",
)
def no_old_image(ground: Ground) -> None:
    """Right for both images; under NEW_IMAGE every record lacks the old one."""
    ground.attach("--view-type", "NEW_IMAGE")
    ground.filter_by('{"dynamodb":{"OldImage":{"pk":{"S":[{"exists":false}]}}}}')


@sabotage("names without regard to case, of two events", "FAIL", "filter-too-wide|filter-leaks", timeout="4s")
def two_names(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":[{"equals-ignore-case":"insert"},{"equals-ignore-case":"Modify"}]}')


@sabotage(
    "INSERT beside a branch for removals, inside of $or", "FAIL", "filter-too-wide|filter-leaks", timeout="4s"
)
def removal_branch(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        '{"$or":[{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"exists":true}]}}}},{"eventName":["REMOVE"]}]}'
    )


@sabotage("a number in quotes that DynamoDB writes otherwise", UNPROVEN, "filter-*", timeout="4s")
def unusual_number(ground: Ground) -> None:
    """DynamoDB writes 100, never 1E2 or 100.0."""
    ground.attach()
    ground.filter_by('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"total":{"N":["100.0"]}}}}')


@sabotage("exists on a map, which is never there", UNPROVEN, "filter-*", timeout="4s")
def exists_on_a_map(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"address":{"M":[{"exists":true}]}}}}')


@sabotage("two clauses that exclude each other", UNPROVEN, "filter-*", timeout="4s")
def contradiction(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":["a"]}},"NewImage":{"pk":{"S":["b"]}}}}'
    )


@sabotage(
    "removals pass, by PartiQL", "FAIL", "filter-too-wide|filter-leaks", options=("--partiql",), timeout="4s"
)
def partiql_removals(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT","REMOVE"]}')


# --- functions ----------------------------------------------------------------------------------------------


@sabotage("receipts for the batch before", UNPROVEN, f"{DROPS}|receipts-*|{FAILED}", timeout="6s")
def one_behind(ground: Ground) -> None:
    ground.attach_code(handlers.ONE_BEHIND)


@sabotage("receipts that name another function", UNPROVEN, "function-*|receipts-*|log-group-*", timeout="6s")
def names_another(ground: Ground) -> None:
    ground.attach_code(handlers.NAMES_ANOTHER_FUNCTION)


@sabotage("receipts with a made-up request id, then an error", UNPROVEN, f"{FAILED}|receipts-*", timeout="6s")
def forged_requests(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES, handlers.FORGES_REQUESTS), "--retries", "0")


@sabotage("a guard that drops everything", UNPROVEN, f"{DROPS}|function-*|inserts-*", timeout="6s")
def guards_everything(ground: Ground) -> None:
    ground.attach_code(handlers.GUARDS_EVERYTHING)


@sabotage(
    "receipts, then an error; what comes again is passed over", UNPROVEN, f"{FAILED}|{DROPS}", timeout="6s"
)
def skips_the_retry(ground: Ground) -> None:
    """The attempt that ended well did nothing, and the one that did something failed."""
    ground.attach_code(handlers.FAILS_THEN_SKIPS, "--batch-size", "1")


@sabotage(
    "receipts, then an error, one record an invocation, on ten lanes at once", UNPROVEN, FAILED, timeout="6s"
)
def raises_in_parallel(ground: Ground) -> None:
    ground.attach_code(
        handlers.then(handlers.RAISES), "--retries", "0", "--batch-size", "1", "--parallelization", "10"
    )


@sabotage(
    "receipts, then an error, each batch delivered twice",
    UNPROVEN,
    FAILED,
    timeout="6s",
    profile=replace(FAST, name="twice", mappings=replace(QUICK, duplicate_every=1)),
)
def raises_twice(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "0")


@sabotage(
    "receipts, then an error, each attempt under a request id of its own",
    UNPROVEN,
    FAILED,
    timeout="6s",
    profile=replace(FAST, name="own ids", mappings=replace(QUICK, same_request_id=False)),
)
def raises_under_own_ids(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "2")


@sabotage("receipts in a JSON logger, then an error", UNPROVEN, FAILED, timeout="6s")
def json_then_raises(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES, handlers.JSON_MESSAGE), "--retries", "0")


@sabotage(
    "an alias without a filter whose receipts are the same function's",
    "FAIL",
    "no-filter|filter-leaks|intruders-processed",
    timeout="6s",
)
def alias_without_filter(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.map_to(ground.alias())


@sabotage(
    "the stale mapping alone delivers, as the live stream's is disabled",
    "FAIL",
    "mapping-disabled",
    timeout="6s",
)
def disabled_beside_stale(ground: Ground) -> None:
    ground.attach()
    ground.replace_stream()
    ground.attach()
    live = [
        one["UUID"]
        for one in ground.aws.lambda_.list_event_source_mappings(EventSourceArn=ground.stream)[
            "EventSourceMappings"
        ]
    ]
    ground.aws.lambda_.update_event_source_mapping(UUID=live[0], Enabled=False)


# --- lines and taps, while others' traffic is observed ------------------------------------------------------


@sabotage(
    "no filter, by lines, by watching",
    "FAIL",
    "no-filter|intruders-processed|filter-leaks",
    options=WATCH_LINES,
    timeout="4s",
)
def lines_without_filter(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    ground.filter_by()
    ground.write_on()


@sabotage(
    "every second insert dropped, by lines, by watching",
    UNPROVEN,
    f"{DROPS}",
    options=WATCH_LINES,
    timeout="4s",
)
def lines_dropped(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_ONCE_AN_ITEM)
    ground.write_on()


@sabotage("a line, then an error, by watching", UNPROVEN, FAILED, options=WATCH_LINES, timeout="4s")
def lines_then_error(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES, handlers.PRINTS_KEYS), "--retries", "0")
    ground.write_on()


@sabotage(
    "a silent function, by lines, by watching",
    "INCONCLUSIVE",
    "no-line-shows-a-key|inserts-*",
    options=WATCH_LINES,
    timeout="4s",
)
def silent_lines(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.write_on()


@sabotage(
    "no filter, by a tap, by watching", "FAIL", "no-filter|filter-leaks", options=WATCH_TAP, timeout="6s"
)
def tap_without_filter(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.filter_by()
    ground.write_on()


@sabotage("a function that fails, by a tap, by watching", UNPROVEN, FAILED, options=WATCH_TAP, timeout="6s")
def tap_failing(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ON_ALL, "--retries", "0")
    ground.write_on()


@sabotage(
    "a disabled mapping, by a tap, by watching", "FAIL", "mapping-disabled", options=WATCH_TAP, timeout="6s"
)
def tap_disabled(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.change_mapping(Enabled=False)
    ground.write_on()


@sabotage("a return inside the loop, by lines", UNPROVEN, DROPS, options=("--match",), timeout="6s")
def returns_by_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS.rstrip() + "\n        return\n")


@sabotage("a filter for two states, of which no insert ever has one", UNPROVEN, "filter-*", timeout="6s")
def one_value_of_two(ground: Ground) -> None:
    """Each filter is judged by itself: the second asks for an attribute in a type that the key has not."""
    ground.attach()
    ground.filter_by(
        json.dumps({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"state": {"S": ["NEW"]}}}}),
        json.dumps({"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"N": ["1"]}}}}),
    )


@sabotage(
    "a table that verify is told not to write to", "REFUSED", "*refuse*", options=("--refuse-tag", "env=prod")
)
def refused_tag(ground: Ground) -> None:
    ground.attach()
    ground.tag_table(env="prod")


@sabotage("no filter, with one kind of write", "FAIL", "no-filter", options=("--lanes", "transaction"))
def one_lane_without_filter(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.filter_by()
