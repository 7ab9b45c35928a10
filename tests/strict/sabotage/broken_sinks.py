"""Templates that hand records on: to a sink that isn't there, is another, or takes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.strict.sabotage.case import sabotage

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
SINK = "sink*|*-sink*|template-*"
FAILED = f"{SINK}|function-errors|answer-names-failures|records-given-up|records-discarded|*-failed*"


def _without_table(ground: Ground, sink: str) -> None:
    ground.aws.upstream("dynamodb").delete_table(TableName=sink.rpartition("/")[2])


@sabotage("an audit log whose SINK_ARN was removed", "FAIL", SINK, timeout="6s")
def unset(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.set_variables()


@sabotage("an audit log whose SINK_ARN is empty", "FAIL", SINK, timeout="6s")
def empty(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.set_variables(SINK_ARN="")


@sabotage(
    "an audit log without SINK_ARN, by watching",
    UNPROVEN,
    SINK,
    options=("--observe", "--for", "1s"),
    timeout="4s",
)
def unset_watched(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.set_variables()
    ground.write_on()


@sabotage("an audit log whose table was deleted", UNPROVEN, FAILED, timeout="8s")
def deleted(ground: Ground) -> None:
    _without_table(ground, ground.attach_audit_log("--retries", "0"))


@sabotage(
    "an audit log whose table was deleted, retried without end", UNPROVEN, f"{FAILED}|poison-*", timeout="8s"
)
def deleted_for_ever(ground: Ground) -> None:
    _without_table(ground, ground.attach_audit_log("--retries", "-1"))


@sabotage("an audit log whose table has another key", UNPROVEN, FAILED, timeout="8s")
def another_key(ground: Ground) -> None:
    ground.attach_audit_log("--retries", "0")
    name = ground.aws.table()
    ground.set_variables(SINK_ARN=f"arn:aws:dynamodb:eu-west-1:000000000000:table/{name}")


@sabotage("an audit log in a table of another region, which isn't there", UNPROVEN, FAILED, timeout="8s")
def another_region(ground: Ground) -> None:
    sink = ground.attach_audit_log("--retries", "0")
    ground.set_variables(SINK_ARN=sink.replace("eu-west-1", "us-east-2"))


@sabotage("an audit log in a queue that isn't there", UNPROVEN, FAILED, timeout="8s")
def no_queue(ground: Ground) -> None:
    ground.attach_audit_log("--retries", "0")
    ground.set_variables(SINK_ARN="arn:aws:sqs:eu-west-1:000000000000:nobody-made-this")


@sabotage("an audit log in a bucket that isn't there", UNPROVEN, FAILED, timeout="8s")
def no_bucket(ground: Ground) -> None:
    ground.attach_audit_log("--retries", "0")
    ground.set_variables(SINK_ARN="arn:aws:s3:::nobody-made-this-bucket")


@sabotage("an audit log whose entries vanish", UNPROVEN, f"{SINK}|*stored*", timeout="8s")
def vanishing(ground: Ground) -> None:
    """The handler says that it wrote, and nothing is there: a copy of the template that forgets to write."""
    from tests.strict.sabotage import handlers

    ground.attach_audit_log()
    entry = ground.aws.lambda_.get_function_configuration(FunctionName=ground.function)["Handler"]
    ground.replace_handler(entry, handlers.HONEST)


@sabotage("a notifier whose SINK_ARN was removed", "FAIL", f"{SINK}|function-errors", timeout="6s")
def notify_unset(ground: Ground) -> None:
    ground.attach("--template", "notify", "--env", f"SINK_ARN={topic_of(ground)}")
    ground.set_variables()


@sabotage("a notifier whose topic was deleted", UNPROVEN, FAILED, timeout="8s")
def notify_deleted(ground: Ground) -> None:
    topic = topic_of(ground)
    ground.attach("--template", "notify", "--env", f"SINK_ARN={topic}", "--retries", "0")
    ground.aws.upstream("sns").delete_topic(TopicArn=topic)


@sabotage("analytics whose SINK_ARN was removed", "FAIL", f"{SINK}|function-errors", timeout="6s")
def analytics_unset(ground: Ground) -> None:
    ground.attach("--template", "analytics", "--env", f"SINK_ARN={_feed(ground)}")
    ground.set_variables()


@sabotage("analytics whose stream was deleted", UNPROVEN, FAILED, timeout="8s")
def analytics_deleted(ground: Ground) -> None:
    feed = _feed(ground)
    ground.attach("--template", "analytics", "--env", f"SINK_ARN={feed}", "--retries", "0")
    ground.aws.upstream("kinesis").delete_stream(StreamName=feed.rpartition("/")[2])


def topic_of(ground: Ground) -> str:
    return str(ground.aws.upstream("sns").create_topic(Name=f"{ground.table}-news")["TopicArn"])


def _feed(ground: Ground) -> str:
    name = f"{ground.table}-feed"
    ground.aws.upstream("kinesis").create_stream(StreamName=name, ShardCount=1)
    return f"arn:aws:kinesis:eu-west-1:000000000000:stream/{name}"
