"""The facts of a trigger that is well, and ways to change them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ddbinsert.core.doctor.facts import (
    AccountSeen,
    Facts,
    InsertSeen,
    LogSeen,
    Metrics,
    ReceiptSeen,
    Rights,
    RoleRight,
    SinkSeen,
    StreamSeen,
)
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.core.model.seen import (
    FunctionState,
    LogGroupState,
    MappingState,
    RoleState,
    TableState,
    World,
)
from ddbinsert.core.model.wanted import CODE_TAG, OWNER_TAG, Template, Trigger
from ddbinsert.core.trigger.policy import role_policy

NOW = 1_795_824_000.0
ACCOUNT = "arn:aws:{}:eu-west-1:123456789012:{}"
TABLE = ACCOUNT.format("dynamodb", "table/orders")
STREAM = f"{TABLE}/stream/2026-11-27T00:00:00.000"
OLD_STREAM = f"{TABLE}/stream/2026-11-01T00:00:00.000"
SINK = ACCOUNT.format("dynamodb", "table/orders-audit")
QUEUE = ACCOUNT.format("sqs", "failures")
KEY = ACCOUNT.format("kms", "key/1")
NAME = "orders-inserts"
FUNCTION = ACCOUNT.format("lambda", f"function:{NAME}")
ROLE = f"arn:aws:iam::123456789012:role/{NAME}-role"
GROUP = f"/aws/lambda/{NAME}"
OURS = {OWNER_TAG: "orders", CODE_TAG: "audit-log"}
TRIGGER = Trigger(table="orders")

table = TableState(
    name="orders",
    arn=TABLE,
    status="ACTIVE",
    key=KeySchema(partition=KeyAttribute(name="pk", type=KeyType.S)),
    view=StreamView.NEW_IMAGE,
    stream_arn=STREAM,
    latest_stream_arn=STREAM,
)
function = FunctionState(
    name=NAME,
    arn=FUNCTION,
    runtime="python3.13",
    handler="handler.handler",
    role_arn=ROLE,
    timeout=30,
    log_group=GROUP,
    environment={"SINK_ARN": SINK},
    modified="2026-11-20T00:00:00.000+0000",
    tags=OURS,
)
mapping = MappingState(
    uuid="11111111-1111-1111-1111-111111111111",
    stream_arn=STREAM,
    function_arn=FUNCTION,
    state="Enabled",
    filters=(INSERT_ONLY,),
    retries=5,
    record_age=3600,
    report_batch_item_failures=True,
    on_failure=QUEUE,
    modified=NOW - 3 * 86400,
    tags=OURS,
)
log_group = LogGroupState(name=GROUP, arn=ACCOUNT.format("logs", f"log-group:{GROUP}"), retention_days=14)
role = RoleState(name=f"{NAME}-role", arn=ROLE, policy=role_policy(TRIGGER, table, STREAM, []), tags=OURS)


def end(ago: float, *, ok: bool = True, error: str = "", request: str = "r1", **more: Any) -> InvocationEnd:
    return InvocationEnd(request=request, stream="s", at=NOW - ago, ok=ok, error=error, seconds=0.2, **more)


facts = Facts(
    trigger=TRIGGER,
    world=World(
        account="123456789012",
        region="eu-west-1",
        table=table,
        function=function,
        role=role,
        log_group=log_group,
        mappings=(mapping,),
    ),
    now=NOW,
    since=NOW - 86400,
    template=Template.AUDIT_LOG,
    metrics=Metrics(series={"Invocations": ((NOW - 600, 1.0),), "IteratorAge": ((NOW - 300, 900.0),)}),
    log=LogSeen(
        ends=(end(600),),
        receipts=(
            ReceiptSeen(at=NOW - 600, decision="processed", event_id="e1", event_name="INSERT", sequence="1"),
        ),
    ),
    stream=StreamSeen(inserts=(InsertSeen(at=NOW - 601, event_id="e1", sequence="1"),)),
    rights=Rights(allowed=frozenset(RoleRight) - {RoleRight.DELETE_TABLE}),
    sink=SinkSeen(arn=SINK, last_entry=NOW - 600),
    account=AccountSeen(concurrency=1000, unreserved=900, code_used=1, code_limit=100),
    open_shards=4,
)


def having(**changes: Any) -> Facts:
    """The facts with other parts: ``table``, ``function``, ``mapping``, ``role`` and ``log_group`` of the world, too."""
    names = ("table", "function", "role", "log_group", "mappings", "other_mappings")
    inner = {name: changes.pop(name) for name in names if name in changes}
    if "mapping" in changes:
        inner["mappings"] = (changes.pop("mapping"),)
    return replace(facts, world=replace(facts.world, **inner), **changes)
