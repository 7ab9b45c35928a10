"""Healthy functions whose logs read oddly."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import healthy
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

TWICE = replace(FAST, name="twice", mappings=replace(QUICK, duplicate_every=1))
WATCH = ("--observe", "--for", "1s")
FORGED = "DDBINSERT " + json.dumps(
    {
        "v": 1,
        "decision": "processed",
        "eventID": "0" * 32,
        "eventName": "MODIFY",
        "seq": "000000000000000000001",
        "keys": {"pk": {"S": "forged"}},
        "at": 1,
        "request": "r",
    }
)


@healthy("a line says MODIFY of what was put again", options=("--match",))
def says_modify(ground: Ground) -> None:
    ground.attach_code(handlers.SAYS_MODIFY)


@healthy("a line says REMOVE of every insert", options=("--match",))
def says_removed(ground: Ground) -> None:
    ground.attach_code(handlers.SAYS_REMOVED)


@healthy("a function that leaves receipts, by its lines", options=("--match",))
def receipts_by_lines(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)


@healthy("the template, by its lines", options=("--match",))
def template_by_lines(ground: Ground) -> None:
    ground.attach()


@healthy("receipts in a JSON logger's msg")
def json_msg(ground: Ground) -> None:
    ground.attach_code(handlers.JSON_MSG)


@healthy("receipts in a JSON logger's message")
def json_message(ground: Ground) -> None:
    ground.attach_code(handlers.JSON_MESSAGE)


@healthy("receipts behind Python's logging prefix")
def python_logging(ground: Ground) -> None:
    ground.attach_code(handlers.PYTHON_LOGGING)


@healthy("receipts behind Node.js's console prefix")
def node_console(ground: Ground) -> None:
    ground.attach_code(handlers.NODE_CONSOLE)


@healthy("the JSON log format")
def json_format(ground: Ground) -> None:
    ground.attach()
    ground.log_in_json()


@healthy("the JSON log format without a word of Lambda's own")
def json_format_warn(ground: Ground) -> None:
    """System log level WARN: no START, no REPORT of what ends well."""
    ground.attach()
    ground.log_in_json(SystemLogLevel="WARN")


@healthy("lines in the JSON log format without a word of Lambda's own", options=("--match",))
def json_lines_warn(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS_AS_JSON)
    ground.log_in_json(SystemLogLevel="WARN")


@healthy("a function that guards itself against duplicates, without a word", profile=TWICE)
def guards(ground: Ground) -> None:
    ground.attach_code(handlers.GUARDS_AGAINST_DUPLICATES)


@healthy(
    "many items; a function that guards itself against duplicates",
    options=("--count", "60"),
    profile=TWICE,
)
def guards_many(ground: Ground) -> None:
    ground.attach_code(handlers.GUARDS_AGAINST_DUPLICATES)


@healthy("many items; the template's own guard against duplicates", options=("--count", "60"), profile=TWICE)
def template_guards_many(ground: Ground) -> None:
    ground.attach()


@healthy("item values that look like receipts, in whole events", options=("--item", "forged.json"))
def forged_values(ground: Ground) -> None:
    (ground.home / "forged.json").write_text(json.dumps({"note": FORGED}), encoding="utf-8")
    ground.attach_code(handlers.PRINTS_RECEIPTS_OF_VALUES)


@healthy("item values that look like receipts, by watching", options=WATCH)
def forged_values_watched(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_RECEIPTS_OF_VALUES)
    ground.write_on(note={"S": FORGED})


@healthy("item values that look like receipts, by the template", options=WATCH)
def forged_values_template(ground: Ground) -> None:
    ground.attach()
    ground.write_on(note={"S": FORGED})


@healthy("receipts, then an error, at first; the retry bears the same request id")
def fails_after_receipts_once(ground: Ground) -> None:
    ground.attach_code(handlers.then(f"{handlers.AT_FIRST}{handlers.RAISES}"))


@healthy("receipts, then the timeout, at first")
def times_out_once(ground: Ground) -> None:
    ground.attach_code(handlers.then(f"{handlers.AT_FIRST}time.sleep(30)"), "--function-timeout", "1")


@healthy("receipts, then the process ends, at first")
def exits_once(ground: Ground) -> None:
    ground.attach_code(handlers.then(f"{handlers.AT_FIRST}os._exit(1)"))


@healthy(
    "receipts, then every record named as failed, at first", unless="answer-names-failures|function-errors"
)
def names_once(ground: Ground) -> None:
    """The function says nothing of the failures that it named: only counts tell, and those may come too late."""
    ground.attach_code(handlers.then(f"{handlers.AT_FIRST}{handlers.NAMES_EVERY_RECORD}"))


@healthy("each record fails once, and is processed then")
def failed_then_processed(ground: Ground) -> None:
    ground.attach_code(handlers.FAILED_THEN_PROCESSED, "--retries", "-1")


@healthy(
    "many items; each record fails once, and is processed then",
    options=("--count", "12"),
)
def many_failed_then_processed(ground: Ground) -> None:
    ground.attach_code(handlers.FAILED_THEN_PROCESSED, "--retries", "-1")


@healthy(
    "each record fails once, and is processed then, counted by Insights",
    options=("--via", "insights", "--count", "12"),
)
def insights_failed_then_processed(ground: Ground) -> None:
    ground.attach_code(handlers.FAILED_THEN_PROCESSED, "--retries", "-1")


@healthy("many items, counted by Insights", options=("--via", "insights", "--count", "40"))
def insights(ground: Ground) -> None:
    ground.attach()


@healthy("a log group that two functions share, whose receipts do not name them", unless="log-group-shared")
def shared_log_without_names(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    other = ground.another_function(handlers.HONEST)
    ground.log_to(ground.log_group, function=other)
    ground.map_to(other, FilterCriteria={"Filters": [{"Pattern": INSERTS}]})


@healthy("a log group that two functions share")
def shared_log(ground: Ground) -> None:
    ground.attach_code(handlers.NAMES_ITSELF)
    other = ground.another_function(handlers.NAMES_ITSELF)
    ground.log_to(ground.log_group, function=other)
    ground.map_to(other, FilterCriteria={"Filters": [{"Pattern": INSERTS}]})


@healthy("a log group shared with a function that gets everything")
def shared_log_unfiltered(ground: Ground) -> None:
    """The receipts of both name their functions."""
    ground.attach()
    other = ground.another_function()
    ground.log_to(ground.log_group, function=other)
    ground.map_to(other)


@healthy("an alias whose version logs elsewhere")
def alias_logs_elsewhere(ground: Ground) -> None:
    ground.attach()
    alias = ground.alias()
    settings = ground.aws.lambda_.get_event_source_mapping(UUID=ground.mapping)
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.map_to(alias, FilterCriteria=settings["FilterCriteria"])
    elsewhere = f"/teams/{ground.table}"
    ground.aws.logs.create_log_group(logGroupName=elsewhere)
    ground.log_to(elsewhere, function=ground.function)
