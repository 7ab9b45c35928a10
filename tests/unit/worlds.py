"""What plans are tested with: triggers and worlds of every sort, and a model of what each step brings about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never

from hypothesis import strategies as st

from ddbinsert.core import shapes
from ddbinsert.core import steps as s
from ddbinsert.core.model import (
    OWNER_TAG,
    FunctionSpec,
    FunctionState,
    KeyAttribute,
    KeySchema,
    KeyType,
    LogGroupState,
    MappingSpec,
    MappingState,
    RoleState,
    StartingPosition,
    StreamView,
    TableState,
    Template,
    Trigger,
    World,
)
from ddbinsert.core.package import Package, Statement
from ddbinsert.core.plan import left_behind, spec_of
from ddbinsert.core.policy import role_policy

if TYPE_CHECKING:
    from collections.abc import Iterable

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

FUNCTION_SPECS = st.builds(
    FunctionSpec,
    name=st.sampled_from([None, "x", "Own_name-" + "x" * 55]),
    runtime=st.sampled_from(["python3.11", "python3.13", "nodejs22.x"]),
    handler=st.none() | st.just("own.handle"),
    template=st.sampled_from(Template),
    architecture=st.sampled_from(["arm64", "x86_64"]),
    memory=st.integers(128, 10240),
    timeout=st.integers(1, 900),
    environment=_VARIABLES,
    log_group=st.sampled_from([None, "/own/group.of#them"]),
    log_retention_days=st.sampled_from([None, 1, 14, 3653]),
    role=st.none() | st.just(GIVEN_ROLE),
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
    """Triggers that the configuration could describe; of table ``orders`` unless names are given."""
    return st.builds(
        Trigger,
        table=st.just("orders") if names is None else names,
        view=st.sampled_from(StreamView),
        function=FUNCTION_SPECS,
        mapping=MAPPING_SPECS,
        tags=_TAGS,
    )


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
)


def _roles(tags: st.SearchStrategy[dict[str, str]]) -> st.SearchStrategy[RoleState]:
    return st.builds(
        RoleState,
        name=st.just("orders-inserts-role"),
        arn=st.just(ROLE_ARN),
        policy=st.none() | st.just("{}") | st.just(f'{{"Resource":"{LIVE}"}}'),
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
        tags=tags,
    )


def mappings(stream: str, number: int) -> st.SearchStrategy[MappingState]:
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
        mappings=tuple(draw(mappings(arn, n)) for n, arn in enumerate(streams) if draw(st.booleans())),
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
    if group is not None:
        group = replace(group, name=want.log_group)
    return want, replace(world, role=role, function=function, log_group=group)


# --- what a step brings about ---------------------------------------------------------------------------


def after(steps: Iterable[s.Step], world: World, want: Trigger, package: Package = PACKAGE) -> World:
    """The world once the steps are done; requests are written and answers read by ``shapes``, as in reality."""
    for step in steps:
        world = _after_one(step, world, want, package)
    return world


def as_it_stands(want: Trigger, world: World) -> Trigger:
    """The trigger that a stream's replacement makes its mapping with."""
    old = left_behind(world)
    if old is None:
        return want
    return replace(want, mapping=spec_of(old), function=replace(want.function, name=old.function_name))


def _after_one(step: s.Step, world: World, want: Trigger, package: Package) -> World:  # noqa: C901, PLR0912
    match step:
        case s.CreateTable():
            return replace(
                world, table=table(key=step.key, view=None, stream_arn=None, latest_stream_arn=None)
            )
        case s.EnableStream() | s.ReplaceStream():
            assert world.table
            fresh = f"{LIVE}+{len(world.table.stream_arn or '')}"
            changed = replace(world.table, view=step.view, stream_arn=fresh, latest_stream_arn=fresh)
            return replace(world, table=changed)
        case s.DisableStream():
            assert world.table
            return replace(world, table=replace(world.table, view=None, stream_arn=None))
        case s.DeleteTable():
            return replace(world, table=None)
        case s.CreateLogGroup() | s.SetRetention():
            return replace(
                world, log_group=LogGroupState(name=step.name, arn="", retention_days=step.retention_days)
            )
        case s.DeleteLogGroup():
            return replace(world, log_group=None)
        case s.CreateQueue():
            return replace(world, failure_queue_missing=False)
        case s.DeleteQueue():
            return world
        case s.CreateRole():
            arn = f"arn:aws:iam::{ACCOUNT}:role/{step.name}"
            return replace(world, role=RoleState(name=step.name, arn=arn, tags=want.all_tags))
        case s.PutRolePolicy():
            assert world.table
            assert world.role
            policy = role_policy(want, world.table, world.table.stream_arn, package.rights)
            return replace(world, role=replace(world.role, policy=policy))
        case s.RebindRolePolicy():
            assert world.table
            assert world.role
            policy = (world.role.policy or "").replace(step.old_stream_arn, world.table.stream_arn or "")
            return replace(world, role=replace(world.role, policy=policy))
        case s.DeleteRole():
            return replace(world, role=None)
        case s.UpdateTags():
            function = world.function and replace(world.function, tags={**world.function.tags, **want.tags})
            role = world.role and replace(world.role, tags={**world.role.tags, **want.tags})
            return replace(world, function=function, role=role)
        case s.CreateFunction() | s.UpdateFunctionCode() | s.UpdateFunctionSettings():
            return replace(world, function=_function_after(step, world, want, package))
        case s.DeleteFunction():
            return replace(world, function=None)
        case s.CreateMapping():
            assert world.table
            request = shapes.create_mapping_request(want, world.table.stream_arn or "", "TRIM_HORIZON")
            return world.with_mapping(_mapping(UUID.format(99), request))
        case s.UpdateMapping():
            old = next(m for m in world.mappings if m.uuid == step.uuid)
            request = {"EventSourceArn": old.stream_arn, **shapes.mapping_settings(want)}
            return world.with_mapping(_mapping(old.uuid, request))
        case s.DeleteMapping():
            return world.without_mapping(step.uuid)
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
            "Tags": want.all_tags,
        }
    )
    old = world.function
    match step:
        case s.CreateFunction():
            return made
        case s.UpdateFunctionCode():
            assert old
            return replace(old, code_sha256=made.code_sha256, architecture=made.architecture)
        case s.UpdateFunctionSettings():
            assert old
            return replace(made, code_sha256=old.code_sha256, architecture=old.architecture, tags=old.tags)


def _mapping(uuid: str, request: dict[str, Any]) -> MappingState:
    state = "Enabled" if request["Enabled"] else "Disabled"
    return shapes.mapping({**request, "UUID": uuid, "FunctionArn": FUNCTION_ARN, "State": state})
