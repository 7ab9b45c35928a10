"""Aliases and versions that are not what $LATEST is, and changes of them and of the function while verify is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.broken_meanwhile import OLD, SLOW, SLOWER
from tests.strict.sabotage.case import sabotage

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
CHANGED = "changed-meanwhile"
INSERTS_ONLY = {"Filters": [{"Pattern": INSERTS}]}


def through_alias(ground: Ground, first: str, second: str = "", **settings: Any) -> str:
    """Only an alias gets the stream; it stands for ``first``, and the version after it, if any, is returned."""
    ground.attach_code(first)
    alias = ground.alias()
    if second:
        ground.replace_code(second)
    later = ground.version().rpartition(":")[2] if second else ""
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.map_to(alias, **{"FilterCriteria": INSERTS_ONLY, "MaximumRetryAttempts": 2, **settings})
    return later


@sabotage("an alias is given another version meanwhile", UNPROVEN, CHANGED, timeout="8s", profile=SLOW)
def alias_moved(ground: Ground) -> None:
    later = through_alias(ground, handlers.HONEST, handlers.SILENT)
    ground.meanwhile(
        lambda: ground.aws.lambda_.update_alias(
            FunctionName=ground.function, Name="live", FunctionVersion=later
        )
    )


@sabotage("an alias begins to divide invocations meanwhile", UNPROVEN, CHANGED, timeout="8s", profile=SLOW)
def alias_divided_meanwhile(ground: Ground) -> None:
    later = through_alias(ground, handlers.HONEST, handlers.FAILS_ON_ALL)
    ground.meanwhile(lambda: divide(ground, later, 0.5))


@sabotage(
    "an alias is deleted meanwhile", UNPROVEN, f"{CHANGED}|function-missing", timeout="8s", profile=SLOW
)
def alias_deleted(ground: Ground) -> None:
    through_alias(ground, handlers.HONEST)
    ground.meanwhile(lambda: ground.aws.lambda_.delete_alias(FunctionName=ground.function, Name="live"))


@sabotage("an alias that was deleted before", UNPROVEN, "function-missing", timeout="6s")
def alias_gone(ground: Ground) -> None:
    through_alias(ground, handlers.HONEST)
    ground.aws.lambda_.delete_alias(FunctionName=ground.function, Name="live")


@sabotage(
    "an alias that was deleted before, by watching",
    UNPROVEN,
    "function-missing",
    options=("--observe", "--for", "1s"),
    timeout="4s",
)
def alias_gone_watched(ground: Ground) -> None:
    through_alias(ground, handlers.HONEST)
    ground.aws.lambda_.delete_alias(FunctionName=ground.function, Name="live")
    ground.write_on()


@sabotage(
    "an alias that gives every twentieth invocation to a version that fails",
    UNPROVEN,
    "alias-divides-invocations",
    timeout="8s",
    says=("5%",),
)
def alias_divided(ground: Ground) -> None:
    later = through_alias(ground, handlers.HONEST, handlers.FAILS_ON_ALL)
    divide(ground, later, 0.05)


@sabotage(
    "an alias that gives every second invocation to a version that fails, by watching",
    UNPROVEN,
    "alias-divides-invocations|function-errors",
    options=("--observe", "--for", "2s"),
    timeout="6s",
)
def alias_divided_watched(ground: Ground) -> None:
    later = through_alias(ground, handlers.HONEST, handlers.FAILS_ON_ALL)
    divide(ground, later, 0.5)
    ground.write_on()


@sabotage(
    "an alias that divides invocations, many items",
    UNPROVEN,
    "alias-divides-invocations|function-errors",
    options=("--count", "30"),
    timeout="8s",
)
def alias_divided_many(ground: Ground) -> None:
    later = through_alias(ground, handlers.HONEST, handlers.FAILS_ON_ALL)
    divide(ground, later, 0.1)


@sabotage(
    "an alias that divides invocations, by lines",
    UNPROVEN,
    "alias-divides-invocations|function-errors",
    options=("--match",),
    timeout="8s",
)
def alias_divided_lines(ground: Ground) -> None:
    later = through_alias(ground, handlers.PRINTS_KEYS, handlers.FAILS_ON_ALL)
    divide(ground, later, 0.1)


@sabotage(
    "an alias that divides invocations, by a tap",
    UNPROVEN,
    "alias-divides-invocations|function-errors",
    options=("--wiretap", "--yes"),
    timeout="12s",
)
def alias_divided_tap(ground: Ground) -> None:
    later = through_alias(ground, handlers.SILENT, handlers.FAILS_ON_ALL)
    divide(ground, later, 0.1)


@sabotage(
    "an alias that gives half of the invocations to a version that fails, so that retries find the other",
    UNPROVEN,
    "alias-divides-invocations|function-errors|records-given-up",
    timeout="8s",
)
def alias_halved_failing(ground: Ground) -> None:
    divided(ground, handlers.HONEST, handlers.FAILS_ON_ALL)


@sabotage(
    "an alias that gives half of the invocations to a version that drops its records",
    UNPROVEN,
    "alias-divides-invocations|handler-drops-records",
    timeout="4s",
)
def alias_halved_dropping(ground: Ground) -> None:
    divided(ground, handlers.HONEST, handlers.SILENT)


@sabotage(
    "an alias that gives every tenth invocation to a version that drops its records",
    UNPROVEN,
    "alias-divides-invocations|handler-drops-records",
    timeout="4s",
)
def alias_tenth_dropping(ground: Ground) -> None:
    divided(ground, handlers.HONEST, handlers.SILENT, share=0.1)


@sabotage(
    "an alias whose main version is hardly invoked, and fails",
    UNPROVEN,
    "alias-divides-invocations|function-errors",
    timeout="6s",
)
def alias_main_failing(ground: Ground) -> None:
    divided(ground, handlers.FAILS_ON_ALL, handlers.HONEST, share=0.97)


@sabotage(
    "an alias that gives half of the invocations to a version that fails after its receipts",
    UNPROVEN,
    "alias-divides-invocations|function-errors",
    timeout="8s",
)
def alias_halved_failing_late(ground: Ground) -> None:
    divided(ground, handlers.HONEST, handlers.then('raise ValueError("late")'))


@sabotage(
    "an alias that gives half of the invocations to a version that names every record, many items",
    UNPROVEN,
    "alias-divides-invocations|answer-names-failures|handler-drops-records",
    options=("--count", "30"),
    timeout="8s",
)
def alias_halved_handing_back(ground: Ground) -> None:
    names_all = handlers.leaving_receipts('    receipt(record, request, "failed")') + (
        """
work = handler

def handler(event, context):
    work(event, context)
    ids = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}
"""
    )
    divided(ground, handlers.HONEST, names_all, FunctionResponseTypes=["ReportBatchItemFailures"])


@sabotage(
    "an alias that gives half of the invocations to a version that drops its records, by lines",
    UNPROVEN,
    "alias-divides-invocations|handler-drops-records",
    options=("--match",),
    timeout="4s",
)
def alias_halved_by_lines(ground: Ground) -> None:
    divided(ground, handlers.PRINTS_KEYS, handlers.SILENT)


@sabotage(
    "an alias is given another version while inserts are watched",
    UNPROVEN,
    CHANGED,
    options=("--observe", "--for", "2s"),
    timeout="8s",
    profile=OLD,
)
def alias_moved_watched(ground: Ground) -> None:
    later = through_alias(ground, handlers.HONEST, handlers.SILENT)
    ground.meanwhile(lambda: ground.put(3), after=1, since="")
    ground.meanwhile(
        lambda: ground.aws.lambda_.update_alias(
            FunctionName=ground.function, Name="live", FunctionVersion=later
        ),
        after=5,
    )


@sabotage(
    "an audit log's alias has no sink, while $LATEST has one",
    UNPROVEN,
    "sink-missing|function-errors|*stored*",
    timeout="8s",
)
def alias_without_sink(ground: Ground) -> None:
    sink = ground.attach_audit_log()
    ground.set_variables()
    alias = ground.alias()
    ground.set_variables(SINK_ARN=sink)
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.map_to(alias, FilterCriteria=INSERTS_ONLY)


@sabotage(
    "the function's code is replaced and put back meanwhile", UNPROVEN, CHANGED, timeout="8s", profile=SLOWER
)
def code_to_and_fro(ground: Ground) -> None:
    """Both looks show the same code; when it was last changed they do not."""
    ground.attach_code(handlers.HONEST)

    def replace_and_restore() -> None:
        code = ground.aws.lambda_.get_function_configuration(FunctionName=ground.function)["CodeSha256"]
        ground.replace_code(handlers.FAILS_ON_ALL)
        ground.replace_code(handlers.HONEST)
        assert code

    ground.meanwhile(replace_and_restore)


@sabotage("the function's log level is changed meanwhile", UNPROVEN, CHANGED, timeout="8s", profile=SLOW)
def level_changed(ground: Ground) -> None:
    """Lambda's own lines about failures are not written any more."""
    ground.attach_code(handlers.HONEST)
    ground.log_in_json()
    ground.meanwhile(lambda: ground.log_in_json(SystemLogLevel="WARN"))


@sabotage("the function logs to another group meanwhile", UNPROVEN, CHANGED, timeout="8s", profile=SLOW)
def group_changed(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.meanwhile(lambda: ground.log_to("/somewhere/else", function=ground.function))


@sabotage("the function's time is cut meanwhile", UNPROVEN, CHANGED, timeout="8s", profile=SLOW)
def time_cut(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST, "--function-timeout", "30")
    ground.meanwhile(
        lambda: ground.aws.lambda_.update_function_configuration(FunctionName=ground.function, Timeout=1)
    )


def divided(ground: Ground, first: str, second: str, *, share: float = 0.5, **settings: Any) -> None:
    """Only an alias gets the stream; it gives a share of the invocations to a second version."""
    divide(ground, through_alias(ground, first, second, MaximumRetryAttempts=10, **settings), share)


def divide(ground: Ground, version: str, share: float) -> None:
    ground.aws.lambda_.update_alias(
        FunctionName=ground.function,
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {version: share}},
    )
