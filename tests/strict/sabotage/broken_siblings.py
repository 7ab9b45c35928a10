"""One dead filter, branch or mapping among several that work, and what proves another function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import sabotage

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
DEAD = "filter-never-matches|filter-branch-never-matches|filter-*"
INSERTS_ONLY = {"Filters": [{"Pattern": INSERTS}]}


def _new(image: object) -> str:
    return json.dumps({"eventName": ["INSERT"], "dynamodb": {"NewImage": image}})


@sabotage("one filter of two has numeric on a number", UNPROVEN, DEAD, timeout="6s")
def numeric_beside(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(_new({"kind": {"S": ["order"]}}), _new({"total": {"N": [{"numeric": [">", 100]}]}}))


@sabotage("one filter of two has the event's name in small letters", UNPROVEN, DEAD, timeout="6s")
def wrong_case_beside(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        _new({"kind": {"S": ["order"]}}),
        json.dumps({"eventName": ["insert"], "dynamodb": {"NewImage": {"kind": {"S": ["refund"]}}}}),
    )


@sabotage("one filter of three lacks the attribute's type", UNPROVEN, DEAD, timeout="6s")
def missing_type_beside(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        _new({"kind": {"S": ["order"]}}), _new({"kind": {"S": ["refund"]}}), _new({"kind": ["credit"]})
    )


@sabotage("one filter of two asks for an image that the stream lacks", UNPROVEN, DEAD, timeout="6s")
def old_image_beside(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        _new({"kind": {"S": ["order"]}}),
        '{"eventName":["INSERT"],"dynamodb":{"OldImage":{"kind":{"S":["order"]}}}}',
    )


@sabotage("one branch of $or can't match", UNPROVEN, DEAD, timeout="6s")
def dead_branch(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        json.dumps(
            {
                "eventName": ["INSERT"],
                "dynamodb": {
                    "NewImage": {
                        "$or": [{"kind": {"S": ["order"]}}, {"total": {"N": [{"numeric": [">", 5]}]}}]
                    }
                },
            }
        )
    )


@sabotage("one branch of an outer $or has the wrong case", UNPROVEN, DEAD, timeout="6s")
def dead_outer_branch(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(json.dumps({"$or": [{"eventName": ["INSERT"]}, {"eventName": ["Insert"]}]}))


@sabotage(
    "a second mapping, to an alias, is disabled",
    UNPROVEN,
    "mapping-disabled",
    never=("filter-leaks", "no-filter"),
    timeout="6s",
)
def disabled_alias(ground: Ground) -> None:
    ground.attach()
    ground.map_to(ground.alias(), FilterCriteria=INSERTS_ONLY, Enabled=False)


@sabotage(
    "an alias whose version fails on all",
    UNPROVEN,
    "function-errors|second-mapping|mapping-*|handler-drops-records",
    timeout="6s",
)
def failing_alias(ground: Ground) -> None:
    """Each mapping is judged by itself: the one to $LATEST does its work."""
    ground.attach_code(handlers.FAILS_ON_ALL)
    alias = ground.alias()
    ground.replace_code(handlers.HONEST)
    ground.map_to(alias, FilterCriteria=INSERTS_ONLY)


@sabotage(
    "an alias whose version says nothing",
    UNPROVEN,
    "function-leaves-no-receipt|handler-drops-records|inserts-*|second-mapping|mapping-*",
    timeout="6s",
)
def silent_alias(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    alias = ground.alias()
    ground.replace_code(handlers.HONEST)
    ground.map_to(alias, FilterCriteria=INSERTS_ONLY)


@sabotage("an alias whose mapping's filter never matches", UNPROVEN, f"{DEAD}|second-mapping", timeout="6s")
def dead_alias(ground: Ground) -> None:
    ground.attach()
    ground.map_to(ground.alias(), FilterCriteria={"Filters": [{"Pattern": '{"eventName":["insert"]}'}]})


@sabotage(
    "a version without a filter, beside an alias with one", UNPROVEN, "no-filter|filter-leaks", timeout="6s"
)
def version_beside_alias(ground: Ground) -> None:
    ground.attach()
    ground.map_to(ground.alias(), FilterCriteria=INSERTS_ONLY)
    ground.map_to(ground.version())


@sabotage(
    "the log group of another function, which works",
    UNPROVEN,
    "log-group-elsewhere|function-*|receipts-*",
    timeout="6s",
)
def log_of_another(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ON_ALL)
    other = ground.another_function()
    ground.map_to(other, FilterCriteria=INSERTS_ONLY)
    ground.verify_with("--log-group", f"/aws/lambda/{other}")


@sabotage(
    "the log group of another function, by its lines",
    UNPROVEN,
    "log-group-elsewhere|function-*",
    options=("--match",),
    timeout="6s",
)
def lines_of_another(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    other = ground.another_function(handlers.PRINTS_KEYS)
    ground.map_to(other, FilterCriteria=INSERTS_ONLY)
    ground.verify_with("--log-group", f"/aws/lambda/{other}")


@sabotage(
    "a log group that two functions share, of which only the other works",
    UNPROVEN,
    "function-*|receipts-*|inserts-*|handler-*|log-group-*",
    timeout="6s",
)
def shared_log(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    other = ground.another_function(handlers.HONEST)
    ground.log_to(f"/aws/lambda/{ground.function}", function=other)
    ground.map_to(other, FilterCriteria=INSERTS_ONLY)


@sabotage(
    "a log group that two functions share, of which only the other works, by its lines",
    UNPROVEN,
    "function-*|receipts-*|inserts-*|handler-*|log-group-*|no-line-*",
    options=("--match",),
    timeout="6s",
)
def shared_lines(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    other = ground.another_function(handlers.PRINTS_KEYS)
    ground.log_to(f"/aws/lambda/{ground.function}", function=other)
    ground.map_to(other, FilterCriteria=INSERTS_ONLY)


@sabotage(
    "a silent function that fails, by a tap",
    UNPROVEN,
    "function-errors|records-*|mapping-*",
    options=("--wiretap", "--yes"),
    timeout="8s",
)
def tapped_failing(ground: Ground) -> None:
    """The tap proves the filter; the function is in ruins."""
    ground.attach_code(handlers.FAILS_ON_ALL, "--retries", "0")


@sabotage(
    "a function that can't be loaded, by a tap",
    UNPROVEN,
    "function-errors|records-*|mapping-*",
    options=("--wiretap", "--yes"),
    timeout="8s",
)
def tapped_unloadable(ground: Ground) -> None:
    ground.attach_code(handlers.CANNOT_BE_LOADED)


@sabotage(
    "a function that names every record as failed, by a tap",
    UNPROVEN,
    "function-errors|answer-names-failures|records-*|mapping-*|*-failed*|poison-*",
    options=("--wiretap", "--yes"),
    timeout="8s",
)
def tapped_naming(ground: Ground) -> None:
    ground.attach_code(
        handlers.then(handlers.NAMES_EVERY_RECORD, handlers.SILENT), "--retries", "-1", "--no-bisect"
    )


@sabotage(
    "a function that runs out of time, by a tap",
    UNPROVEN,
    "function-times-out|function-errors|records-*|mapping-*",
    options=("--wiretap", "--yes"),
    timeout="8s",
)
def tapped_timing_out(ground: Ground) -> None:
    ground.attach_code(handlers.TOO_SLOW, "--function-timeout", "1", "--retries", "0")


@sabotage(
    "a function without its role's rights, by a tap",
    UNPROVEN,
    "permission-lost|role-*|mapping-reports-problem",
    options=("--wiretap", "--yes"),
    timeout="8s",
)
def tapped_without_rights(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.drop_policies()
    ground.wait_until_denied()


@sabotage(
    "a shard that a poison record blocks, by a tap",
    UNPROVEN,
    "poison-record-blocks-shard|function-errors|mapping-reports-problem|records-*",
    options=("--wiretap", "--yes"),
    timeout="8s",
)
def tapped_blocked(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ON_OTHERS, "--retries", "-1", "--no-bisect")
    ground.put(4)
    ground.wait_for_result("PROBLEM")


@sabotage(
    "a function that may not run, by a tap",
    UNPROVEN,
    "throttled-concurrency|function-*|mapping-*",
    options=("--wiretap", "--yes"),
    timeout="8s",
)
def tapped_throttled(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.aws.lambda_.put_function_concurrency(FunctionName=ground.function, ReservedConcurrentExecutions=0)
