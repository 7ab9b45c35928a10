"""Healthy triggers next to what broken_versions and broken_work break: aliases, alternatives, lines, sinks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_sinks import topic_of
from tests.strict.sabotage.broken_versions import INSERTS_ONLY, divided, through_alias
from tests.strict.sabotage.broken_work import complaining, two_kinds
from tests.strict.sabotage.case import healthy

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

SECRET = ("--env", "TEST_ITEMS_KEY=a-secret-of-more-than-16-characters")
WATCH = ("--observe", "--for", "2s")


@healthy("an alias without routing, whose successor is made already")
def alias_with_successor(ground: Ground) -> None:
    through_alias(ground, handlers.HONEST, handlers.FAILS_ON_ALL)


@healthy("an alias, by watching", options=WATCH)
def alias_watched(ground: Ground) -> None:
    through_alias(ground, handlers.HONEST, handlers.FAILS_ON_ALL)
    ground.write_on()


@healthy("an alias, by a tap", options=("--wiretap", "--yes"))
def alias_tapped(ground: Ground) -> None:
    through_alias(ground, handlers.SILENT)


@healthy("an alias that divides invocations between two versions that work")
def alias_divided_well(ground: Ground) -> None:
    divided(ground, handlers.HONEST, handlers.HONEST + "\n")


@healthy(
    "an alias that gives every tenth invocation to a version that works", unless="alias-divides-invocations"
)
def alias_tenth_well(ground: Ground) -> None:
    divided(ground, handlers.HONEST, handlers.HONEST + "\n", share=0.1)


@healthy("an alias that divides invocations between two versions that work, by lines", options=("--match",))
def alias_divided_well_by_lines(ground: Ground) -> None:
    divided(ground, handlers.PRINTS_KEYS, handlers.PRINTS_KEYS + "\n")


@healthy(
    "an alias that divides invocations between two versions that work, many items",
    options=("--count", "30"),
)
def alias_divided_well_many(ground: Ground) -> None:
    divided(ground, handlers.HONEST, handlers.HONEST + "\n")


@healthy(
    "an alias that divides invocations between two versions that work, by watching",
    options=WATCH,
    unless="alias-divides-invocations",
)
def alias_divided_well_watched(ground: Ground) -> None:
    divided(ground, handlers.HONEST, handlers.HONEST + "\n")
    ground.write_on()


@healthy("an alias of an audit log with its sink")
def alias_of_audit_log(ground: Ground) -> None:
    ground.attach_audit_log()
    alias = ground.alias()
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.map_to(alias, FilterCriteria=INSERTS_ONLY, FunctionResponseTypes=["ReportBatchItemFailures"])


@healthy("the function is tagged meanwhile")
def tagged_meanwhile(ground: Ground) -> None:
    ground.attach()
    arn = f"arn:aws:lambda:eu-west-1:000000000000:function:{ground.function}"
    ground.meanwhile(lambda: ground.aws.lambda_.tag_resource(Resource=arn, Tags={"team": "shop"}), after=1)


@healthy("reserved concurrency that suffices")
def reserved(ground: Ground) -> None:
    ground.attach()
    ground.aws.lambda_.put_function_concurrency(FunctionName=ground.function, ReservedConcurrentExecutions=5)


@healthy("two filters for two kinds of items")
def two_filters(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(*two_kinds())


@healthy("two filters for two kinds of items, many items", options=("--count", "20"))
def two_filters_many(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(*two_kinds())


@healthy("two filters for two kinds of items, by lines", options=("--match",))
def two_filters_by_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    ground.filter_by(*two_kinds())


@healthy("two filters for two kinds of items, by a tap", options=("--wiretap", "--yes"))
def two_filters_tapped(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
    ground.filter_by(*two_kinds())


@healthy("an $or of two kinds of items, with one kind of write", options=("--lanes", "batch"))
def or_of_two(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(*two_kinds(inside=True))


@healthy("two mappings, each for a kind of items")
def two_mappings(ground: Ground) -> None:
    orders, refunds = two_kinds()
    ground.attach_code(handlers.HONEST)
    ground.filter_by(orders)
    ground.map_to(ground.alias(), FilterCriteria={"Filters": [{"Pattern": refunds}]})


@healthy("two filters for two kinds of items, of which one is inserted, by watching", options=WATCH)
def two_filters_watched(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(*two_kinds())
    ground.write_on(kind={"S": "order"})


@healthy("a filter for a key that no test item can have, beside one for a kind")
def one_key_alone(ground: Ground) -> None:
    ground.attach()
    orders, _ = two_kinds()
    ground.filter_by(orders, '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":["settings"]}}}}')


@healthy("an error line that a good one follows", options=("--match",))
def recovers(ground: Ground) -> None:
    ground.attach_code(complaining('print("saved", key)', before='print("[ERROR] trying again:", key)'))


@healthy("lines of level WARN", options=("--match",))
def warns(ground: Ground) -> None:
    ground.attach_code(complaining('print("[WARN] slow:", key)'))


@healthy("code of one's own, and a mapping that takes no failures", options=("--wiretap", "--yes"))
def no_report_by_tap(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT, "--no-report-failures")


@healthy("a template that raises, and a mapping that takes no failures")
def template_raises(ground: Ground) -> None:
    ground.attach("--no-report-failures")


@healthy("a template without a sink, and a mapping by hand", note="partial-batch-contradiction")
def mapping_by_hand(ground: Ground) -> None:
    ground.attach()
    ground.change_mapping(FunctionResponseTypes=[])


@healthy("a queue that holds old failures")
def old_failures(ground: Ground) -> None:
    ground.attach("--on-failure", "create")
    sqs = ground.aws.upstream("sqs")
    (queue,) = [url for url in sqs.list_queues().get("QueueUrls", ()) if f"/{ground.table}-" in url]
    for number in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=f"an old failure {number}")


@healthy("an audit log in its own log group")
def audit_log_without_sink(ground: Ground) -> None:
    ground.attach("--template", "audit-log")


@healthy("an audit log in its own log group, of many items", options=("--count", "20"))
def audit_log_without_sink_many(ground: Ground) -> None:
    ground.attach("--template", "audit-log")


@healthy("an audit log that is told to skip test items, with its secret")
def audit_log_with_secret(ground: Ground) -> None:
    ground.attach_audit_log("--env", "TEST_ITEMS=skip", *SECRET, "--view-type", "NEW_AND_OLD_IMAGES")


@healthy("a notifier that skips test items", note="sink-not-checked")
def notifier_skipping(ground: Ground) -> None:
    topic = topic_of(ground)
    options = ("--env", f"SINK_ARN={topic}", "--env", "TEST_ITEMS=skip", *SECRET, "--view-type", "NEW_IMAGE")
    ground.attach("--template", "notify", *options)


@healthy("receipts with digests in place of keys")
def digests(ground: Ground) -> None:
    ground.attach("--env", "RECEIPT_KEYS=digest")


@healthy("receipts without keys")
def no_keys(ground: Ground) -> None:
    ground.attach("--env", "RECEIPT_KEYS=none")


@healthy("an audit log with attributes and the key redacted")
def redacted(ground: Ground) -> None:
    ground.attach_audit_log("--env", "REDACT=pk,card")
