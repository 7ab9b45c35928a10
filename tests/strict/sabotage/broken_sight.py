"""Where nothing may be wrong, but nothing can be seen either."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.rig import Fault, FaultKind, Logs, Streams
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import FAST

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground


@sabotage(
    "the log group is gone, and the role may not make it",
    "INCONCLUSIVE",
    "log-group-missing",
    timeout="800ms",
)
def no_log_group(ground: Ground) -> None:
    ground.attach()
    ground.aws.logs.delete_log_group(logGroupName=ground.log_group)


@sabotage(
    "one looks into another log group",
    "INCONCLUSIVE",
    "log-group-elsewhere",
    timeout="800ms",
)
def elsewhere(ground: Ground) -> None:
    ground.attach()
    group = f"/elsewhere/{ground.table}"
    ground.aws.logs.create_log_group(logGroupName=group)
    ground.verify_with("--log-group", group)


@sabotage("the role may not write logs", "INCONCLUSIVE", "role-cannot-write-logs", timeout="800ms")
def no_right_to_log(ground: Ground) -> None:
    ground.attach()
    ground.narrow_policy(keep="dynamodb:")


@sabotage(
    "the log shows everything too late",
    "INCONCLUSIVE",
    "log-late",
    profile=replace(FAST, name="late logs", logs=Logs(lag=600.0)),
)
def late_log(ground: Ground) -> None:
    ground.attach()


@sabotage("the log may not be read", "REFUSED", "access-denied")
def no_right_to_read_logs(ground: Ground) -> None:
    ground.attach()
    ground.rig.inject(Fault(operation="logs:FilterLogEvents", kind=FaultKind.ACCESS_DENIED))


@sabotage(
    "the stream shows less than was written",
    "INCONCLUSIVE",
    "stream-differs-from-writes",
    profile=replace(FAST, name="forgetful stream", streams=Streams(hidden=frozenset({"REMOVE"}))),
)
def stream_lacks_records(ground: Ground) -> None:
    """Our own reading sees fewer records than the writes must leave: then the receipts prove less, too."""
    ground.attach()


@sabotage(
    "PartiQL's writes leave nothing in the stream",
    "INCONCLUSIVE",
    "stream-differs-from-writes",
    options=("--partiql",),
    profile=replace(FAST, name="forgetful of PartiQL", streams=Streams(partiql=False)),
)
def partiql_unrecorded(ground: Ground) -> None:
    """The emulator's own shortcoming; on AWS they are writes like any other."""
    ground.attach()
