"""Broken triggers whose cause is plain to see: a verdict that names another, or none, is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.strict.rig import Fault, FaultKind
from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
WATCH = ("--observe", "--for", "1s")
FAILING_ALWAYS = handlers.FAILS_ON_ALL
OF_SILENCE = ("no-inserts-seen",)


@sabotage(
    "nineteen errors in nineteen invocations",
    "FAIL",
    "function-errors",
    says=("no such column: total",),
    timeout="6s",
)
def always_fails(ground: Ground) -> None:
    """A proof, and the evidence is the last line of the traceback."""
    ground.attach_code(FAILING_ALWAYS, "--batch-size", "1", "--retries", "4")


@sabotage(
    "an error deep inside a library",
    "FAIL",
    "function-errors",
    says=("KeyError: 'total'",),
    timeout="6s",
)
def deep_error(ground: Ground) -> None:
    ground.attach_code(
        """
def price(item):
    return item["total"]

def handler(event, context):
    return [price(record["dynamodb"]["NewImage"]) for record in event["Records"]]
"""
    )


@sabotage(
    "an error, told in the JSON log format",
    "FAIL",
    "function-errors",
    says=("no such column: total",),
    timeout="6s",
)
def error_in_json(ground: Ground) -> None:
    ground.attach_code(FAILING_ALWAYS)
    ground.log_in_json()


@sabotage(
    "an error, told in the JSON log format at level WARN",
    "FAIL",
    "function-errors",
    timeout="6s",
)
def error_in_json_warn(ground: Ground) -> None:
    ground.attach_code(FAILING_ALWAYS)
    ground.log_in_json(SystemLogLevel="WARN")


@sabotage(
    "receipts, then an error, in the JSON log format at level WARN",
    UNPROVEN,
    "function-errors|records-*",
    timeout="6s",
)
def raises_in_json_warn(ground: Ground) -> None:
    ground.attach_code(handlers.then(handlers.RAISES), "--retries", "0")
    ground.log_in_json(SystemLogLevel="WARN")


@sabotage(
    "receipts, then the timeout, in the JSON log format at level WARN",
    UNPROVEN,
    "function-times-out|function-errors|records-*",
    timeout="8s",
)
def times_out_in_json_warn(ground: Ground) -> None:
    ground.attach_code(handlers.then("time.sleep(30)"), "--function-timeout", "1", "--retries", "0")
    ground.log_in_json(SystemLogLevel="WARN")


@sabotage(
    "every record named as failed, without a word of Lambda's own",
    UNPROVEN,
    "function-errors|answer-names-failures|records-*|*-failed*",
    timeout="6s",
)
def named_in_json_warn(ground: Ground) -> None:
    """Only what the mapping counts shows it."""
    ground.attach_code(handlers.then(handlers.NAMES_EVERY_RECORD), "--retries", "0", "--no-bisect")
    ground.log_in_json(SystemLogLevel="WARN")


def _state(ground: Ground, **fields: Any) -> None:
    def shown(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, **fields}

    ground.rig.amend("lambda:GetFunctionConfiguration", shown)
    ground.rig.amend(
        "lambda:GetFunction", lambda answer: {**answer, "Configuration": shown(answer["Configuration"])}
    )


@sabotage("a function that is deactivated", "FAIL", "function-not-active", timeout="6s")
def deactivated(ground: Ground) -> None:
    ground.attach()
    _no_invocations(ground)
    _state(ground, State="Deactivated", StateReason="The function was deactivated.")


@sabotage("a function that can no longer be invoked", "FAIL", "function-not-active", timeout="6s")
def not_invocable(ground: Ground) -> None:
    ground.attach()
    _no_invocations(ground)
    _state(ground, State="ActiveNonInvocable", StateReason="Its account is suspended.")


@sabotage(
    "a function that failed to be made",
    "FAIL",
    "function-not-active",
    says=("The image was deleted",),
    timeout="6s",
)
def failed(ground: Ground) -> None:
    ground.attach()
    _no_invocations(ground)
    _state(ground, State="Failed", StateReason="The image was deleted", StateReasonCode="InvalidImage")


@sabotage(
    "a function whose last update failed",
    UNPROVEN,
    "function-*",
    says=("The KMS key is disabled",),
    timeout="6s",
)
def update_failed(ground: Ground) -> None:
    ground.attach()
    _no_invocations(ground)
    _state(
        ground,
        LastUpdateStatus="Failed",
        LastUpdateStatusReason="The KMS key is disabled",
        LastUpdateStatusReasonCode="DisabledKMSKey",
    )


def _no_invocations(ground: Ground) -> None:
    """Nothing reaches it: the emulator knows no such state."""
    ground.aws.upstream("lambda").put_function_concurrency(
        FunctionName=ground.function, ReservedConcurrentExecutions=0
    )
    ground.rig.amend("lambda:GetFunctionConcurrency", lambda _shown: {})
    ground.rig.amend(
        "lambda:GetFunction",
        lambda answer: {name: part for name, part in answer.items() if name != "Concurrency"},
    )


@sabotage(
    "a filter that Lambda can't decrypt",
    UNPROVEN,
    "filter-*",
    says=("The key is disabled",),
    timeout="6s",
)
def filter_error(ground: Ground) -> None:
    ground.attach()
    ground.amend_mappings(
        {
            "FilterCriteria": None,
            "KMSKeyArn": "arn:aws:kms:eu-west-1:000000000000:key/1",
            "FilterCriteriaError": {"ErrorCode": "KMSDisabledException", "Message": "The key is disabled"},
        }
    )


@sabotage(
    "a mapping that reports a problem, though lines show",
    UNPROVEN,
    "mapping-reports-problem|function-errors|records-*|poison-*",
    timeout="6s",
)
def problem(ground: Ground) -> None:
    ground.attach()
    ground.amend_mappings({"LastProcessingResult": "PROBLEM: Function call failed"})


@sabotage(
    "no mapping at all, by watching", "FAIL", "mapping-missing", never=OF_SILENCE, options=WATCH, timeout="3s"
)
def watched_without_mapping(ground: Ground) -> None:
    ground.attach()
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.write_on()


@sabotage(
    "a mapping on a stale stream, by watching",
    "FAIL",
    "mapping-on-stale-stream",
    never=OF_SILENCE,
    options=WATCH,
    timeout="3s",
)
def watched_on_stale_stream(ground: Ground) -> None:
    ground.attach()
    ground.replace_stream()
    ground.write_on()


@sabotage(
    "a mapping to another function, by watching",
    "FAIL",
    "mapping-missing",
    never=OF_SILENCE,
    options=WATCH,
    timeout="3s",
)
def watched_other_function(ground: Ground) -> None:
    ground.attach()
    ground.change_mapping(FunctionName=ground.another_function())
    ground.write_on()


@sabotage(
    "a filter that never matches, by watching",
    "FAIL",
    "filter-never-matches",
    never=OF_SILENCE,
    options=WATCH,
    timeout="3s",
)
def watched_never_matching(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["insert"]}')
    ground.write_on()


@sabotage(
    "a role without rights, by watching",
    UNPROVEN,
    "permission-lost",
    never=OF_SILENCE,
    options=WATCH,
    timeout="3s",
)
def watched_without_rights(ground: Ground) -> None:
    ground.attach()
    ground.drop_policies()
    ground.wait_until_denied()
    ground.write_on()


@sabotage(
    "a deleted mapping in a quiet hour, by watching",
    "FAIL",
    "mapping-missing",
    options=WATCH,
    timeout="3s",
)
def watched_without_mapping_or_traffic(ground: Ground) -> None:
    ground.attach()
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)


@sabotage(
    "an unfiltered second mapping, by watching", "FAIL", "no-filter|filter-leaks", options=WATCH, timeout="3s"
)
def watched_second(ground: Ground) -> None:
    ground.attach()
    ground.map_to(ground.version())
    ground.write_on()


@sabotage(
    "a function that may not run, by watching", UNPROVEN, "throttled-concurrency", options=WATCH, timeout="3s"
)
def watched_throttled(ground: Ground) -> None:
    ground.attach()
    ground.aws.lambda_.put_function_concurrency(FunctionName=ground.function, ReservedConcurrentExecutions=0)
    ground.write_on()


@sabotage(
    "a wide filter without traffic that shows it, by watching",
    UNPROVEN,
    "filter-too-wide",
    options=WATCH,
    timeout="4s",
)
def watched_wide(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT","REMOVE"]}')
    ground.meanwhile(lambda: ground.put(4), after=0, since="", on="dynamodbstreams:GetRecords")


@sabotage(
    "invocations that are throttled all the time",
    UNPROVEN,
    "throttled-concurrency|mapping-reports-problem|function-*",
    timeout="4s",
)
def throttled(ground: Ground) -> None:
    ground.attach()
    ground.aws.lambda_.put_function_concurrency(FunctionName=ground.function, ReservedConcurrentExecutions=0)
    ground.rig.inject(Fault(operation="lambda:GetFunctionConcurrency", kind=FaultKind.ACCESS_DENIED))


@sabotage(
    "records that are too old when they are delivered",
    UNPROVEN,
    "records-*|function-errors",
    timeout="6s",
    profile=replace(FAST, name="aging", mappings=replace(QUICK, age_scale=100_000.0)),
)
def too_old(ground: Ground) -> None:
    """The record age that the mapping allows is over at the first failure, for want of a better clock."""
    ground.attach_code(handlers.then(handlers.RAISES), "--record-age", "60", "--retries", "-1")


@sabotage(
    "discarded into a bucket, after the receipt",
    UNPROVEN,
    "function-errors|answer-names-failures|records-*|*-failed*",
    timeout="6s",
)
def into_a_bucket(ground: Ground) -> None:
    bucket = f"{ground.table}-failures"
    ground.aws.upstream("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    ground.attach_code(
        handlers.then(handlers.RAISES), "--retries", "0", "--on-failure", f"arn:aws:s3:::{bucket}"
    )


@sabotage(
    "discarded to a topic, after the receipt",
    UNPROVEN,
    "function-errors|answer-names-failures|records-*|*-failed*",
    timeout="6s",
)
def to_a_topic(ground: Ground) -> None:
    topic = ground.aws.upstream("sns").create_topic(Name=f"{ground.table}-failures")["TopicArn"]
    ground.attach_code(
        handlers.then(handlers.NAMES_EVERY_RECORD), "--retries", "0", "--on-failure", str(topic)
    )


@sabotage(
    "one item's record discarded, others processed, with a receipt for each",
    UNPROVEN,
    "function-errors|answer-names-failures|records-*|*-failed*",
    timeout="6s",
)
def one_discarded(ground: Ground) -> None:
    ground.attach_code(
        handlers.then(
            'failed = [one["dynamodb"]["SequenceNumber"] for one in event["Records"] if number(one) == 2]; '
            'return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}'
        ),
        "--retries",
        "1",
        "--on-failure",
        "create",
    )


@sabotage(
    "a mapping to an alias alone, whose version fails", "FAIL|INCONCLUSIVE", "function-errors", timeout="6s"
)
def alias_alone_fails(ground: Ground) -> None:
    """The function's newest code is fine, and nobody calls it."""
    ground.attach_code(handlers.FAILS_ON_ALL)
    alias = ground.alias()
    ground.replace_code(handlers.HONEST)
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.map_to(alias, FilterCriteria={"Filters": [{"Pattern": INSERTS}]})
