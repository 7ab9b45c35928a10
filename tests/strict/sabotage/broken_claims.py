"""Where a PASS would claim more than was seen: hidden filters, filters against real inserts, forged identities."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.rig import Fault, FaultKind
from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
KEY = "arn:aws:kms:eu-west-1:000000000000:key/1"
KEPT_OUT = "filter-excludes-*|filter-keeps-*|*-inserts*|filter-*"
DROPS = "handler-drops-records|inserts-not-processed|missing*"
WATCH = ("--observe", "--for", "1s")


@sabotage("a filter that nobody can read", "INCONCLUSIVE", "filter-hidden", timeout="6s")
def hidden(ground: Ground) -> None:
    """It may let in what the test items are not."""
    ground.attach()
    ground.change_mapping(KMSKeyArn=KEY)


@sabotage(
    "a filter that nobody can read, by watching", "INCONCLUSIVE", "filter-hidden", options=WATCH, timeout="4s"
)
def hidden_watched(ground: Ground) -> None:
    ground.attach()
    ground.change_mapping(KMSKeyArn=KEY)
    for number in range(5):
        ground.put_one(f"theirs-{number}")
    ground.meanwhile(lambda: ground.put(4), after=0, since="", on="dynamodbstreams:GetRecords")


@sabotage(
    "a filter that nobody can read, of many items",
    "INCONCLUSIVE",
    "filter-hidden",
    options=("--count", "30"),
    timeout="8s",
)
def hidden_many(ground: Ground) -> None:
    ground.attach()
    ground.change_mapping(KMSKeyArn=KEY)


@sabotage(
    "a filter that nobody can read beside one that is open",
    "INCONCLUSIVE|FAIL",
    "filter-hidden",
    timeout="6s",
)
def hidden_second(ground: Ground) -> None:
    ground.attach()
    ground.map_to(ground.version(), KMSKeyArn=KEY, FilterCriteria={"Filters": [{"Pattern": INSERTS}]})


def _filter(**image: object) -> str:
    return json.dumps({"dynamodb": {"NewImage": image}})


@sabotage("a filter with a misspelt attribute, which no real insert has", UNPROVEN, KEPT_OUT, timeout="6s")
def misspelt(ground: Ground) -> None:
    ground.attach("--filter", _filter(stauts={"S": ["NEW"]}))
    ground.put(12, status={"S": "NEW"})


@sabotage("a filter with a value in another case than real inserts have", UNPROVEN, KEPT_OUT, timeout="6s")
def wrong_value(ground: Ground) -> None:
    ground.attach("--filter", _filter(status={"S": ["new"]}))
    ground.put(12, status={"S": "NEW"})


@sabotage("a filter with another type than real inserts have", UNPROVEN, KEPT_OUT, timeout="6s")
def wrong_type(ground: Ground) -> None:
    ground.attach("--filter", _filter(total={"S": ["100"]}))
    ground.put(12, total={"N": "100"})


@sabotage("a filter for a key that no real insert begins with", UNPROVEN, KEPT_OUT, timeout="6s")
def wrong_key(ground: Ground) -> None:
    ground.attach("--filter", json.dumps({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "ORDER-"}]}}}}))
    ground.put(12)


@sabotage("a filter for the absence of what every real insert has", UNPROVEN, KEPT_OUT, timeout="6s")
def wrong_absence(ground: Ground) -> None:
    ground.attach("--filter", _filter(version={"N": [{"exists": False}]}))
    ground.put(12, version={"N": "1"})


@sabotage(
    "a filter that keeps out every insert that is watched", UNPROVEN, KEPT_OUT, options=WATCH, timeout="4s"
)
def misspelt_watched(ground: Ground) -> None:
    ground.attach("--filter", _filter(stauts={"S": ["NEW"]}))
    ground.meanwhile(
        lambda: ground.put(6, status={"S": "NEW"}), after=0, since="", on="dynamodbstreams:GetRecords"
    )


@sabotage("a filter that verify can't parse, as Lambda shows it", UNPROVEN, "filter-*", timeout="6s")
def unparseable(ground: Ground) -> None:
    ground.attach()
    broken = {
        "FilterCriteria": {"Filters": [{"Pattern": INSERTS}, {"Pattern": '{"eventName":[{"newer":1}]}'}]}
    }
    ground.amend_mappings(broken)


@sabotage(
    "many items; modifications are told as failed",
    UNPROVEN,
    "filter-leaks|intruders-*|no-filter|function-errors",
    options=("--count", "40"),
    timeout="8s",
)
def failed_modifications(ground: Ground) -> None:
    ground.attach_code(
        handlers.leaving_receipts(
            '    receipt(record, request, "processed" if record["eventName"] == "INSERT" else "failed")'
        )
    )
    ground.filter_by()


@sabotage(
    "many items; every receipt bears an id of its own making",
    UNPROVEN,
    "receipts-without-record|inserts-*|handler-*",
    options=("--count", "40"),
    timeout="8s",
)
def forged_ids_of_many(ground: Ground) -> None:
    ground.attach_code(handlers.FORGES_IDS)


@sabotage(
    "many items; every receipt says INSERT",
    UNPROVEN,
    "filter-leaks|intruders-*|no-filter",
    options=("--count", "40"),
    timeout="8s",
)
def forged_names_of_many(ground: Ground) -> None:
    ground.attach_code(handlers.CALLS_EVERYTHING_INSERT)
    ground.filter_by()


@sabotage("many items; one is dropped", UNPROVEN, DROPS, options=("--count", "40"), timeout="6s")
def one_of_many(ground: Ground) -> None:
    ground.attach_code(
        handlers.leaving_receipts("    if number(record) != 17:\n        receipt(record, request)")
    )


@sabotage("many items; every second is dropped", UNPROVEN, DROPS, options=("--count", "40"), timeout="6s")
def half_of_many(ground: Ground) -> None:
    ground.attach_code(
        handlers.leaving_receipts("    if number(record) % 2:\n        receipt(record, request)")
    )


@sabotage(
    "the stream can't be read, and the handler makes up ids and names",
    UNPROVEN,
    "stream-*|receipts-*|handler-*",
    timeout="6s",
)
def unread_stream(ground: Ground) -> None:
    ground.attach_code(handlers.MAKES_UP_ITS_NAMES)
    ground.rig.inject(Fault(operation="dynamodbstreams:*", kind=FaultKind.ACCESS_DENIED))


@sabotage(
    "the stream can't be read, and the handler calls every record an insert",
    UNPROVEN,
    "stream-*|receipts-*|handler-*|no-filter|filter-*|intruders-*",
    timeout="6s",
)
def unread_stream_without_filter(ground: Ground) -> None:
    ground.attach_code(handlers.CALLS_EVERYTHING_INSERT)
    ground.filter_by()
    ground.rig.inject(Fault(operation="dynamodbstreams:GetRecords", kind=FaultKind.ACCESS_DENIED))


for _run in range(3):

    @sabotage(
        f"a return inside the loop: the first record of a batch only ({_run + 1})",
        UNPROVEN,
        DROPS,
        timeout="6s",
        profile=replace(FAST, name=f"shards {_run + 1}", mappings=QUICK),
    )
    def returns_in_the_loop(ground: Ground) -> None:
        ground.attach_code(handlers.RETURNS_IN_THE_LOOP, "--batching-window", "0")


@sabotage("exceptions swallowed for every other item", UNPROVEN, DROPS, timeout="6s")
def swallows(ground: Ground) -> None:
    ground.attach_code(handlers.SWALLOWS)


@sabotage("every other record dropped", UNPROVEN, DROPS, timeout="6s")
def every_other(ground: Ground) -> None:
    ground.attach_code(
        handlers.leaving_receipts("    if times % 2:\n        receipt(record, request)").replace(
            "judge(record, context.aws_request_id, times(record, context))",
            'judge(record, context.aws_request_id, event["Records"].index(record) + 1)',
        )
    )


@sabotage("the last record of every batch dropped", UNPROVEN, DROPS, timeout="6s")
def last_of_the_batch(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST.replace('event["Records"]', 'event["Records"][:-1]'))
