"""What plans are tested with: triggers and worlds of every sort, and a model of what each step brings about."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, assert_never

from hypothesis import strategies as st

from ddbinsert.core.model.alias import AliasState
from ddbinsert.core.model.package import Package, Statement
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.core.model.seen import (
    FunctionState,
    LogGroupState,
    MappingState,
    RoleState,
    TableState,
    World,
)
from ddbinsert.core.model.stream_policy import StreamPolicy
from ddbinsert.core.model.wanted import (
    AUDIT_ENTRIES,
    CODE_TAG,
    LOG_TAG,
    OWN_CODE,
    OWNER_TAG,
    FunctionSpec,
    MappingSpec,
    RoleSpec,
    StartingPosition,
    Template,
    Trigger,
    VpcSpec,
)
from ddbinsert.core.trigger import shapes
from ddbinsert.core.trigger import steps as s
from ddbinsert.core.trigger.alias import with_alias
from ddbinsert.core.trigger.effective_settings import effective
from ddbinsert.core.trigger.function_settings import with_values
from ddbinsert.core.trigger.plan_function import wanted_policy
from ddbinsert.core.trigger.settings import COMPARED, MAPPING_SETTINGS
from ddbinsert.core.trigger.stream_policy import statement, with_statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REGION, ACCOUNT = "eu-west-1", "123456789012"
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
LIVE = f"{TABLE_ARN}/stream/2026-05-01T00:00:00.000"
DEAD = f"{TABLE_ARN}/stream/2026-04-01T00:00:00.000"
DEADER = f"{TABLE_ARN}/stream/2026-03-01T00:00:00.000"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders-inserts"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/orders-inserts-role"
GIVEN_ROLE = f"arn:aws:iam::{ACCOUNT}:role/theirs"
OURS = {OWNER_TAG: "orders"}
KEY = KeySchema(partition=KeyAttribute(name="pk", type=KeyType.S))
PACKAGE = Package(
    zip_bytes=b"zip",
    handler="handler.handler",
    rights=(
        Statement(
            actions=("dynamodb:PutItem",),
            resources=("arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/audit",),
        ),
    ),
)
UUID = "00000000-0000-4000-8000-{:012d}"


def table(**more: Any) -> TableState:
    """The table ``orders``: live with NEW_IMAGE unless said otherwise."""
    given: dict[str, Any] = {
        "name": "orders",
        "arn": TABLE_ARN,
        "status": "ACTIVE",
        "key": KEY,
        "view": StreamView.NEW_IMAGE,
        "stream_arn": LIVE,
        "latest_stream_arn": LIVE,
    }
    return TableState(**{**given, **more})


def bare_table() -> TableState:
    """A table whose stream was disabled: the ARN of the latest one lingers."""
    return table(view=None, stream_arn=None, latest_stream_arn=DEAD)


# --- triggers and worlds of every sort ------------------------------------------------------------------

_PATTERNS = (
    '{"dynamodb":{"NewImage":{"kind":{"S":["order"]}}}}',
    '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"n":{"N":["1"]}}}}',
    '{"eventName":["INSERT"]}',
)
_DESTINATIONS = st.sampled_from(
    [
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures",
        f"arn:aws:sns:{REGION}:{ACCOUNT}:failures",
        "arn:aws:s3:::failures",
    ]
)
_VARIABLES = st.sampled_from([{}, {"A1": ""}, {"A1": "x"}, {"A1": "x", "PFAD": "\u00fc\n\u2028 \U0001f600"}])
_TAGS = st.sampled_from([{}, {"team": "blue"}, {"a:b/c=d+e@f": ""}])

_KEYS = st.none() | st.just(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/2")
_VPCS = st.just(VpcSpec()) | st.builds(
    VpcSpec,
    subnets=st.sampled_from([("subnet-b", "subnet-a"), ("subnet-c",)]),
    security_groups=st.sampled_from([("sg-1",), ("sg-2", "sg-1")]),
)
#: Settings that `FunctionSpec` and `FunctionState` share.
_FUNCTION_SETTINGS: dict[str, Any] = {
    "ephemeral_storage": st.sampled_from([512, 1024]),
    "vpc": _VPCS,
    "kms_key": _KEYS,
    "tracing": st.sampled_from(["PassThrough", "Active"]),
    "dead_letter": st.none() | st.just(f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"),
    "log_format": st.sampled_from(["Text", "JSON"]),
}
FUNCTION_SPECS = st.builds(
    FunctionSpec,
    **_FUNCTION_SETTINGS,
    name=st.sampled_from([None, "x", "Own_name-" + "x" * 55]),
    alias=st.sampled_from([None, None, "live", "other"]),
    runtime=st.sampled_from(["python3.11", "python3.13", "nodejs22.x"]),
    handler=st.none() | st.just("own.handle"),
    template=st.sampled_from(Template),
    architecture=st.sampled_from(["arm64", "x86_64"]),
    memory=st.integers(128, 32768),
    timeout=st.integers(1, 1800),
    environment=_VARIABLES,
    log_group=st.sampled_from([None, "/own/group.of#them"]),
    log_class=st.sampled_from(["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]),
    log_retention_days=st.sampled_from([None, 1, 14, 3653]),
    role=st.none() | st.just(GIVEN_ROLE),
)
_BOUNDARIES = st.none() | st.sampled_from([f"arn:aws:iam::{ACCOUNT}:policy/{name}" for name in "ab"])
ROLE_SPECS = st.builds(
    RoleSpec, boundary=_BOUNDARIES, path=st.sampled_from(["/", "/teams/"]), tags=_TAGS | st.just({"own": "x"})
)
MAPPING_SPECS = st.builds(
    MappingSpec,
    batch_size=st.integers(1, 10000),
    batching_window=st.integers(0, 300),
    starting_position=st.sampled_from(StartingPosition),
    parallelization=st.integers(1, 10),
    retries=st.integers(-1, 10000),
    record_age=st.just(-1) | st.integers(60, 604800),
    bisect=st.booleans(),
    report_batch_item_failures=st.booleans(),
    on_failure=st.none() | _DESTINATIONS,
    filters=st.lists(st.sampled_from(_PATTERNS), max_size=3).map(tuple),
    metrics=st.booleans(),
    enabled=st.booleans(),
)


def triggers(names: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Trigger]:
    """Triggers that the configuration could describe, with some settings given and the others not.

    Of table ``orders`` unless names are given.
    """
    return st.builds(
        Trigger,
        table=st.just("orders") if names is None else names,
        view=st.sampled_from(StreamView),
        function=FUNCTION_SPECS,
        role=ROLE_SPECS,
        mapping=MAPPING_SPECS,
        tags=_TAGS,
        explicit=st.sets(st.sampled_from(sorted(COMPARED))).map(frozenset) | st.just(COMPARED),
        cleared=st.sets(
            st.sampled_from(["function.environment.A1", "function.environment", "tags.team", "role.tags.own"])
        ).map(frozenset),
    ).map(_consistent)


def _consistent(want: Trigger) -> Trigger:
    """What is given is not cleared, too; and only own code has an entry point of its own."""
    given = {
        *(f"function.environment.{name}" for name in want.function.environment),
        *(f"tags.{name}" for name in want.tags),
        *(f"role.tags.{name}" for name in want.role.tags),
    }
    function = want.function if want.function.handler is None else replace(want.function, code="app.py")
    variables = {"function.environment"} if want.function.environment else set()
    return replace(want, function=function, cleared=want.cleared - given, explicit=want.explicit | variables)


def strict(want: Trigger) -> Trigger:
    """The trigger with every setting given."""
    return replace(want, explicit=COMPARED)


_TABLES = st.builds(
    table,
    view=st.sampled_from(StreamView),
    kms_key_arn=st.none() | st.just(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"),
) | st.just(bare_table())
_LOG_GROUPS = st.builds(
    LogGroupState,
    name=st.just("/aws/lambda/orders-inserts"),
    arn=st.just(""),
    retention_days=st.none() | st.just(7),
    retention_policy=st.sampled_from(["", "", "baseline"]),
)


def _roles(tags: st.SearchStrategy[dict[str, str]]) -> st.SearchStrategy[RoleState]:
    return st.builds(
        RoleState,
        name=st.just("orders-inserts-role"),
        arn=st.just(ROLE_ARN),
        boundary=_BOUNDARIES,
        trusts_lambda=st.sampled_from([True, True, False]),
        policy=st.none()
        | st.just("{}")
        | st.just(f'{{"Resource":"{LIVE}"}}')
        | st.just(
            '{"Statement":[{"Sid":"DeadLetter","Effect":"Allow","Action":"sns:Publish","Resource":"t"}]}'
        ),
        tags=tags,
    )


def _functions(tags: st.SearchStrategy[dict[str, str]]) -> st.SearchStrategy[FunctionState]:
    return st.builds(
        FunctionState,
        name=st.just("orders-inserts"),
        arn=st.just(FUNCTION_ARN),
        runtime=st.sampled_from(["python3.9", "python3.13"]),
        handler=st.sampled_from(["handler.handler", "old.handler"]),
        role_arn=st.sampled_from([ROLE_ARN, GIVEN_ROLE]),
        code_sha256=st.sampled_from([PACKAGE.sha256, "old"]),
        memory=st.sampled_from([128, 256]),
        architecture=st.sampled_from(["arm64", "x86_64"]),
        environment=_VARIABLES,
        **_FUNCTION_SETTINGS,
        tags=tags.flatmap(lambda own: _CODES.map(lambda code: {**own, **code})),
    )


_CODES = st.sampled_from([{}, {CODE_TAG: "print"}, {CODE_TAG: "audit-log"}, {CODE_TAG: OWN_CODE}])


def mappings(
    stream: str, number: int, tags: st.SearchStrategy[dict[str, str]]
) -> st.SearchStrategy[MappingState]:
    """Mappings of our function on one stream, set up by anybody."""
    return st.builds(
        MappingState,
        uuid=st.just(UUID.format(number)),
        stream_arn=st.just(stream),
        function_arn=st.just(FUNCTION_ARN),
        state=st.sampled_from(
            ["Enabled", "Disabled", "Creating", "Enabling", "Disabling", "Updating", "Deleting"]
        ),
        batch_size=st.sampled_from([10, 100]),
        retries=st.sampled_from([-1, 5]),
        tumbling_window=st.sampled_from([0, 30]),
        on_failure=st.none() | _DESTINATIONS,
        filters=st.sampled_from([(), (_PATTERNS[2],), _PATTERNS[:2], ('{"eventName": ["INSERT"]}',)]),
        filters_hidden=st.booleans(),
        metrics=st.none() | st.booleans(),
        tags=tags,
    )


@st.composite
def worlds(draw: st.DrawFn, *, foreign: bool = True) -> World:
    """Worlds around table ``orders``; with ``foreign``, function and role may be somebody else's."""
    tags = st.just(OURS) | st.just({"team": "theirs"}) if foreign else st.just(OURS)
    found = draw(st.none() | _TABLES)
    streams = [LIVE] if found and found.stream_arn else []
    streams += draw(st.lists(st.sampled_from([DEAD, DEADER]), unique=True)) if found else []
    return World(
        account=ACCOUNT,
        region=REGION,
        table=found,
        role=draw(st.none() | _roles(tags)),
        log_group=draw(st.none() | _LOG_GROUPS),
        function=draw(st.none() | _functions(tags)),
        mappings=tuple(draw(mappings(arn, n, tags)) for n, arn in enumerate(streams) if draw(st.booleans())),
        failure_queue_missing=draw(st.booleans()),
    )


@st.composite
def situations(draw: st.DrawFn, *, foreign: bool = True) -> tuple[Trigger, World]:
    """A trigger, and a world whose things bear the names that the trigger looks for."""
    want, world = draw(triggers()), draw(worlds(foreign=foreign))
    role, function, group = world.role, world.function, world.log_group
    own_arn = f"arn:aws:iam::{ACCOUNT}:role/{want.role_name}"
    if role is not None:
        role = replace(role, name=want.role_name, arn=own_arn)
    if function is not None:
        role_arn = own_arn if function.role_arn == ROLE_ARN else function.role_arn
        function = replace(function, name=want.function_name, role_arn=role_arn)
    if function is not None and draw(st.booleans()):
        function = replace(function, log_group=want.log_group)
    named = want.log_group
    if function is not None and "function.log_group" not in want.explicit:
        named = function.log_group
    if group is not None:
        group = replace(group, name=named)
    return want, replace(world, role=role, function=function, log_group=group)


# --- what a step brings about ---------------------------------------------------------------------------


def after(steps: Iterable[s.Step], world: World, want: Trigger, package: Package = PACKAGE) -> World:
    """The world once the steps are done; requests are written and answers read by ``shapes``, as in reality."""
    want = effective(want, world)
    for step in steps:
        world = _after_one(step, world, want, package)
    return world


def _keeps(step: s.Step) -> bool:
    return isinstance(step, s.PutRolePolicy) and step.keeps


def _all_retagged(world: World, want: Trigger) -> World:
    function = world.function and replace(world.function, tags=_retagged(world.function.tags, want))
    own = {} if world.role is None else {**_retagged(world.role.tags, want), **want.role.tags}
    live, group = world.live_mapping, world.log_group
    if live is not None and live.is_ours:
        world = world.with_mapping(replace(live, tags=_retagged(live.tags or {}, want)))
    if group is not None and (group.tags or {}).get(OWNER_TAG) == want.table:
        group = replace(group, tags=_retagged(group.tags or {}, want))
    role = world.role and replace(world.role, tags=own)
    return replace(world, function=function, role=role, log_group=group)


def _after_one(step: s.Step, world: World, want: Trigger, package: Package) -> World:  # noqa: C901, PLR0912, PLR0915
    match step:
        case s.CreateTable():
            return replace(
                world, table=table(key=step.key, view=None, stream_arn=None, latest_stream_arn=None)
            )
        case s.EnableStream() | s.ReplaceStream():
            assert world.table
            fresh = f"{LIVE}+{len(world.table.stream_arn or '')}"
            changed = replace(world.table, view=step.view, stream_arn=fresh, latest_stream_arn=fresh)
            return replace(world, table=changed, stream_policy=None)
        case s.DisableStream():
            assert world.table
            return replace(world, table=replace(world.table, view=None, stream_arn=None))
        case s.DeleteTable():
            return replace(world, table=None)
        case s.CreateLogGroup() | s.SetRetention():
            log_class = step.log_class if isinstance(step, s.CreateLogGroup) else ""
            return replace(
                world,
                log_group=LogGroupState(
                    name=step.name, arn="", retention_days=step.retention_days, log_class=log_class
                ),
            )
        case s.KeepLogGroup():
            kept = {**want.all_tags, LOG_TAG: AUDIT_ENTRIES}
            return replace(world, log_group=world.log_group and replace(world.log_group, tags=kept))
        case s.DeleteLogGroup():
            return replace(world, log_group=None)
        case s.CreateQueue():
            return replace(world, failure_queue_missing=False)
        case s.DeleteQueue():
            return world
        case s.CreateRole():
            arn = f"arn:aws:iam::{ACCOUNT}:role/{step.name}"
            found = {"Role": {**shapes.create_role_request(want), "Arn": arn}}
            boundary = {"PermissionsBoundary": {"PermissionsBoundaryArn": want.role.boundary}}
            return replace(world, role=shapes.role({"Role": {**found["Role"], **boundary}}))
        case s.UpdateRole():
            assert world.role
            kept = {**world.role.tags, **want.role.tags}
            gone = {key.removeprefix("role.tags.") for key in want.cleared}
            tags = {name: value for name, value in kept.items() if name not in gone}
            trusts = world.role.trusts_lambda or any(change.field == "role.trust" for change in step.changes)
            role = replace(world.role, boundary=want.role.boundary, tags=tags, trusts_lambda=trusts)
            return replace(world, role=role)
        case s.PutRolePolicy() | s.NarrowRolePolicy():
            assert world.role
            return replace(
                world,
                role=replace(world.role, policy=wanted_policy(want, world, package, keeps=_keeps(step))),
            )
        case s.DeleteRole():
            return replace(world, role=None)
        case s.UpdateTags():
            return _all_retagged(world, want)
        case s.UpdateMappingTags():
            ours = next(m for m in world.mappings if m.uuid == step.uuid)
            return world.with_mapping(replace(ours, tags=_retagged(ours.tags or {}, want)))
        case s.AdoptFunction():
            assert world.function
            return replace(
                world, function=replace(world.function, tags={**world.function.tags, **want.all_tags})
            )
        case s.AdoptMapping():
            old = next(m for m in world.mappings if m.uuid == step.uuid)
            return world.with_mapping(replace(old, tags={**(old.tags or {}), **want.all_tags}))
        case s.CreateFunction() | s.UpdateFunctionCode() | s.UpdateFunctionSettings():
            return replace(world, function=_function_after(step, world, want, package))
        case s.DeleteFunction():
            return replace(world, function=None)
        case s.PublishVersion():
            number = int(step.have or 0) + 1
            return with_alias(
                world, AliasState(name=step.alias, version=str(number), function=world.function)
            )
        case s.CreateMapping():
            assert world.table
            request = shapes.create_mapping_request(want, world.table.stream_arn or "", "TRIM_HORIZON")
            return world.with_mapping(
                replace(_mapping(UUID.format(99 + len(world.mappings)), request), tags=request["Tags"])
            )
        case s.UpdateMapping():
            old = next(m for m in world.mappings if m.uuid == step.uuid)
            return world.with_mapping(_updated(old, shapes.update_mapping_request(want, step.changes)))
        case s.DeleteMapping():
            return world.without_mapping(step.uuid)
        case s.PutStreamPolicy():
            assert world.table
            stream = world.table.stream_arn or ""
            have = world.stream_policy.document if world.stream_policy else None
            document = with_statement(
                have,
                statement(stream, step.role_arn, step.sid),
            )
            return replace(world, stream_policy=StreamPolicy(stream_arn=stream, document=document))
        case s.DeleteStreamPolicy():
            return replace(world, stream_policy=None)
        case _:
            assert_never(step)


def _function_after(
    step: s.CreateFunction | s.UpdateFunctionCode | s.UpdateFunctionSettings,
    world: World,
    want: Trigger,
    package: Package,
) -> FunctionState:
    role_arn = want.function.role or (world.role.arn if world.role else "")
    made = shapes.function(
        {
            "Configuration": {
                **shapes.create_function_request(want, role_arn, package),
                "FunctionArn": FUNCTION_ARN,
                "CodeSha256": package.sha256,
            },
            "Tags": want.function_tags,
        }
    )
    old = world.function
    match step:
        case s.CreateFunction():
            return made
        case s.UpdateFunctionCode():
            assert old
            tags = {**old.tags, CODE_TAG: want.code_label}
            return replace(old, code_sha256=made.code_sha256, architecture=made.architecture, tags=tags)
        case s.UpdateFunctionSettings():
            assert old
            changed = {change.field.removeprefix("function.") for change in step.changes}
            renamed = {"role": "role_arn"}
            names = {renamed.get(name, name) for name in changed}
            return with_values(old, {name: attrgetter(name)(made) for name in names})


def _retagged(have: Mapping[str, str], want: Trigger) -> dict[str, str]:
    gone = {key.removeprefix("tags.") for key in want.cleared}
    return {name: value for name, value in {**have, **want.tags}.items() if name not in gone}


def _updated(old: MappingState, request: dict[str, Any]) -> MappingState:
    """The mapping after an update that carries these parameters and no others."""
    fields: dict[str, Any] = {
        each.name: each.read(request[each.aws])
        for each in MAPPING_SETTINGS
        if each.read is not None and each.aws in request
    }
    if old.metrics is None:
        fields.pop("metrics", None)
    if "Enabled" in request:
        fields["state"] = "Enabled" if request["Enabled"] else "Disabled"
    if "FunctionName" in request:
        fields["function_arn"] = _invoked(request["FunctionName"])
    if "TumblingWindowInSeconds" in request:
        fields["tumbling_window"] = request["TumblingWindowInSeconds"]
    return replace(old, **fields)


def _mapping(uuid: str, request: dict[str, Any]) -> MappingState:
    state = "Enabled" if request["Enabled"] else "Disabled"
    arn = _invoked(request["FunctionName"])
    return shapes.mapping({**request, "UUID": uuid, "FunctionArn": arn, "State": state})


def _invoked(name: str) -> str:
    """The ARN of what a mapping invokes: the function, or its alias."""
    _, colon, alias = name.partition(":")
    return f"{FUNCTION_ARN}{colon}{alias}"
