"""What changes while verify is at work: the start was right, the end is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.rig import Logs
from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
CHANGED = "changed-meanwhile"
#: Long enough that verify is still waiting for lines when the change comes.
SLOW = replace(FAST, name="slow logs", logs=Logs(lag=1.5), mappings=replace(QUICK, age=3600.0))
SLOWER = replace(SLOW, name="slower logs", logs=Logs(lag=2.5))
OLD = replace(FAST, name="an old mapping", mappings=replace(QUICK, age=3600.0))


@sabotage("the filter is removed meanwhile", UNPROVEN, f"{CHANGED}|no-filter", timeout="8s", profile=SLOW)
def filter_removed(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(ground.filter_by)


@sabotage(
    "the filter is widened meanwhile", UNPROVEN, f"{CHANGED}|filter-too-wide", timeout="8s", profile=SLOW
)
def filter_widened(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(lambda: ground.filter_by(INSERTS, '{"eventName":["MODIFY"]}'))


@sabotage(
    "the filter is widened meanwhile, and narrowed again", UNPROVEN, CHANGED, timeout="8s", profile=SLOWER
)
def filter_to_and_fro(ground: Ground) -> None:
    """Both looks show the same filter; the mapping's LastModified does not."""
    ground.attach()
    ground.meanwhile(lambda: ground.filter_by('{"eventName":["INSERT","MODIFY"]}'), after=1)
    ground.meanwhile(lambda: ground.filter_by(INSERTS), after=2)


@sabotage(
    "the filter is encrypted meanwhile", UNPROVEN, f"{CHANGED}|filter-hidden", timeout="8s", profile=SLOW
)
def filter_hidden(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(lambda: ground.change_mapping(KMSKeyArn="arn:aws:kms:eu-west-1:000000000000:key/1"))


@sabotage(
    "the mapping is disabled meanwhile", UNPROVEN, f"{CHANGED}|mapping-disabled", timeout="8s", profile=SLOW
)
def mapping_disabled(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(lambda: ground.change_mapping(Enabled=False))


@sabotage(
    "the mapping is deleted meanwhile", UNPROVEN, f"{CHANGED}|mapping-missing", timeout="8s", profile=SLOW
)
def mapping_deleted(ground: Ground) -> None:
    ground.attach()
    mapping = ground.mapping
    ground.meanwhile(lambda: ground.aws.lambda_.delete_event_source_mapping(UUID=mapping))


@sabotage(
    "the mapping is deleted and made anew meanwhile",
    UNPROVEN,
    f"{CHANGED}|no-filter",
    timeout="8s",
    profile=SLOW,
)
def mapping_replaced(ground: Ground) -> None:
    ground.attach()
    mapping = ground.mapping

    def replace_it() -> None:
        ground.aws.lambda_.delete_event_source_mapping(UUID=mapping)
        ground.map_to(ground.function)

    ground.meanwhile(replace_it)


@sabotage(
    "the mapping is given to another function meanwhile",
    UNPROVEN,
    f"{CHANGED}|mapping-missing",
    timeout="8s",
    profile=SLOW,
)
def mapping_moved(ground: Ground) -> None:
    ground.attach()
    other = ground.another_function()
    ground.meanwhile(lambda: ground.change_mapping(FunctionName=other))


@sabotage(
    "a second mapping without a filter comes meanwhile",
    UNPROVEN,
    f"{CHANGED}|second-mapping|no-filter",
    timeout="8s",
    profile=SLOW,
)
def second_mapping(ground: Ground) -> None:
    ground.attach()
    version = ground.version()
    ground.meanwhile(lambda: ground.map_to(version))


@sabotage(
    "the stream is replaced meanwhile",
    UNPROVEN,
    f"{CHANGED}|mapping-on-stale-stream|stream-*",
    timeout="8s",
    profile=SLOW,
)
def stream_replaced(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(ground.replace_stream)


@sabotage(
    "the stream is disabled meanwhile",
    "FAIL|INCONCLUSIVE|REFUSED",
    f"{CHANGED}|no-stream|mapping-*|stream-*",
    timeout="8s",
    profile=SLOW,
)
def stream_disabled(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(
        lambda: ground.aws.dynamodb.update_table(
            TableName=ground.table, StreamSpecification={"StreamEnabled": False}
        )
    )


@sabotage(
    "the function is deleted meanwhile",
    "FAIL|INCONCLUSIVE|REFUSED",
    f"{CHANGED}|function-missing|function-not-found",
    timeout="8s",
    profile=SLOW,
)
def function_deleted(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(lambda: ground.aws.lambda_.delete_function(FunctionName=ground.function))


@sabotage(
    "the function's code is replaced meanwhile",
    UNPROVEN,
    f"{CHANGED}|function-errors",
    timeout="8s",
    profile=SLOW,
)
def code_replaced(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.meanwhile(lambda: ground.replace_code(handlers.FAILS_ON_ALL))


@sabotage(
    "the function's environment is emptied meanwhile",
    UNPROVEN,
    f"{CHANGED}|sink*",
    timeout="8s",
    profile=SLOW,
)
def variables_emptied(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.meanwhile(ground.set_variables)


@sabotage(
    "the function loses its concurrency meanwhile",
    UNPROVEN,
    f"{CHANGED}|throttled-concurrency",
    timeout="8s",
    profile=SLOW,
)
def concurrency_lost(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(
        lambda: ground.aws.lambda_.put_function_concurrency(
            FunctionName=ground.function, ReservedConcurrentExecutions=0
        )
    )


@sabotage(
    "the role loses its rights meanwhile",
    UNPROVEN,
    f"{CHANGED}|permission-lost|role-*",
    timeout="8s",
    profile=SLOW,
)
def rights_lost(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(ground.drop_policies)


@sabotage(
    "an unfiltered mapping delivers modifications, and is deleted meanwhile",
    UNPROVEN,
    f"{CHANGED}|filter-leaks|intruders-processed|no-filter",
    timeout="12s",
    profile=SLOW,
)
def leak_deleted(ground: Ground) -> None:
    """What was seen once is not dropped because it is over."""
    ground.attach()
    version = ground.version()
    ground.map_to(version)
    (second,) = [
        one["UUID"]
        for one in ground.aws.lambda_.list_event_source_mappings(EventSourceArn=ground.stream)[
            "EventSourceMappings"
        ]
        if one["UUID"] != ground.mapping
    ]
    ground.meanwhile(lambda: ground.aws.lambda_.delete_event_source_mapping(UUID=second))


@sabotage(
    "a filter put back a moment ago, and modifications that still came through",
    UNPROVEN,
    "mapping-changed-lately|filter-leaks|intruders-processed|changed-meanwhile",
    timeout="12s",
    profile=replace(FAST, name="slow to change", mappings=replace(QUICK, update_lag=600.0)),
)
def restored_a_moment_ago(ground: Ground) -> None:
    """The old settings count for a while: what was seen is not forgotten because a later round is clean."""
    ground.attach_code(handlers.HONEST)
    ground.filter_by()
    ground.rig.settle(ground.mapping)
    ground.filter_by(INSERTS)
    ground.settle_meanwhile()


@sabotage(
    "a filter that nobody can read, changed a moment ago, and modifications that came through",
    UNPROVEN,
    "filter-hidden|filter-leaks|intruders-processed",
    timeout="12s",
    profile=replace(FAST, name="slow to change", mappings=replace(QUICK, update_lag=600.0)),
)
def hidden_and_changed(ground: Ground) -> None:
    ground.attach()
    ground.filter_by()
    ground.rig.settle(ground.mapping)
    ground.change_mapping(
        KMSKeyArn="arn:aws:kms:eu-west-1:000000000000:key/1",
        FilterCriteria={"Filters": [{"Pattern": INSERTS}]},
    )
    ground.settle_meanwhile()


@sabotage(
    "the filter is removed while others' traffic is watched",
    UNPROVEN,
    f"{CHANGED}|no-filter|filter-leaks|intruders-processed",
    options=("--observe", "--for", "3s"),
    timeout="8s",
)
def watched_filter_removed(ground: Ground) -> None:
    ground.attach()
    for number in range(6):
        ground.put_one(f"early-{number}")
    ground.write_on()
    ground.meanwhile(ground.filter_by, after=3, since="")


@sabotage(
    "the function's code is replaced while inserts are watched",
    UNPROVEN,
    f"{CHANGED}|function-errors",
    options=("--observe", "--for", "2s"),
    timeout="8s",
    profile=OLD,
)
def watched_code_replaced(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.meanwhile(lambda: ground.put(3), after=1, since="")
    ground.meanwhile(lambda: ground.replace_code(handlers.SILENT), after=4)


@sabotage(
    "the mapping is disabled while inserts are watched",
    UNPROVEN,
    f"{CHANGED}|mapping-disabled",
    options=("--observe", "--for", "2s"),
    timeout="8s",
    profile=OLD,
)
def watched_disabled(ground: Ground) -> None:
    ground.attach()
    ground.meanwhile(lambda: ground.put(3), after=1, since="")
    ground.meanwhile(lambda: ground.change_mapping(Enabled=False), after=5)
