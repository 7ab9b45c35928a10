"""Aliases and versions that are not what $LATEST is, and changes of them and of the function while verify is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.broken_meanwhile import OLD, SLOW, SLOWER
from tests.strict.sabotage.case import sabotage

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
CHANGED = "changed-meanwhile"
INSERTS_ONLY = {"Filters": [{"Pattern": INSERTS}]}


def through_alias(ground: Ground, first: str, second: str = "") -> str:
    """Only an alias gets the stream; it stands for ``first``, and the version after it, if any, is returned."""
    ground.attach_code(first)
    alias = ground.alias()
    if second:
        ground.replace_code(second)
    later = ground.version().rpartition(":")[2] if second else ""
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.map_to(alias, FilterCriteria=INSERTS_ONLY, MaximumRetryAttempts=2)
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
    ground.meanwhile(lambda: _divide(ground, later, 0.5))


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
    _divide(ground, later, 0.05)


@sabotage(
    "an alias that gives every second invocation to a version that fails, by watching",
    UNPROVEN,
    "alias-divides-invocations|function-errors",
    options=("--observe", "--for", "2s"),
    timeout="6s",
)
def alias_divided_watched(ground: Ground) -> None:
    later = through_alias(ground, handlers.HONEST, handlers.FAILS_ON_ALL)
    _divide(ground, later, 0.5)
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
    _divide(ground, later, 0.1)


@sabotage(
    "an alias that divides invocations, by lines",
    UNPROVEN,
    "alias-divides-invocations|function-errors",
    options=("--match",),
    timeout="8s",
)
def alias_divided_lines(ground: Ground) -> None:
    later = through_alias(ground, handlers.PRINTS_KEYS, handlers.FAILS_ON_ALL)
    _divide(ground, later, 0.1)


@sabotage(
    "an alias that divides invocations, by a tap",
    UNPROVEN,
    "alias-divides-invocations|function-errors",
    options=("--wiretap", "--yes"),
    timeout="12s",
)
def alias_divided_tap(ground: Ground) -> None:
    later = through_alias(ground, handlers.SILENT, handlers.FAILS_ON_ALL)
    _divide(ground, later, 0.1)


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


def _divide(ground: Ground, version: str, share: float) -> None:
    ground.aws.lambda_.update_alias(
        FunctionName=ground.function,
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {version: share}},
    )
