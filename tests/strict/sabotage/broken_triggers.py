"""What stands between stream and function: the mapping, the role, the function's limits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.rig import Fault, FaultKind
from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground


@sabotage("the mapping is disabled", "FAIL", "mapping-disabled")
def disabled(ground: Ground) -> None:
    ground.attach()
    ground.change_mapping(Enabled=False)


@sabotage("the stream was enabled again, and the mapping left behind", "FAIL", "mapping-on-stale-stream")
def stale(ground: Ground) -> None:
    ground.attach()
    dynamodb = ground.aws.dynamodb
    dynamodb.update_table(TableName=ground.table, StreamSpecification={"StreamEnabled": False})
    dynamodb.update_table(
        TableName=ground.table,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


@sabotage("the mapping was deleted", "FAIL", "mapping-missing")
def no_mapping(ground: Ground) -> None:
    ground.attach()
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)


@sabotage("the stream is mapped to another function", "FAIL", "mapping-missing")
def other_function(ground: Ground) -> None:
    ground.attach()
    other = f"{ground.function}-other"
    done = ground.run("create-function", ground.table, "--function", other)
    assert done.code == 0, done.err
    ground.change_mapping(FunctionName=other)


@sabotage(
    "a second mapping without a filter, to a version", "FAIL", "no-filter", "filter-leaks", "second-mapping"
)
def version_without_filter(ground: Ground) -> None:
    ground.attach()
    version = ground.aws.lambda_.publish_version(FunctionName=ground.function)["Version"]
    ground.map_to(f"{ground.function}:{version}")


@sabotage("a second mapping with a wide filter, to an alias", "FAIL", "filter-too-wide", "second-mapping")
def alias_with_wide_filter(ground: Ground) -> None:
    ground.attach()
    lambda_ = ground.aws.lambda_
    version = lambda_.publish_version(FunctionName=ground.function)["Version"]
    lambda_.create_alias(FunctionName=ground.function, Name="live", FunctionVersion=version)
    wide = {"Filters": [{"Pattern": '{"eventName":["INSERT","REMOVE"]}'}]}
    ground.map_to(f"{ground.function}:live", FilterCriteria=wide)


@sabotage("the role's policy is gone", "FAIL", "permission-lost", timeout="800ms")
def no_policy(ground: Ground) -> None:
    ground.attach()
    iam = ground.aws.iam
    for name in iam.list_role_policies(RoleName=ground.role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=ground.role, PolicyName=name)
    ground.wait_until_denied()


@sabotage("the role doesn't trust Lambda any more", "FAIL", "permission-lost", timeout="800ms")
def no_trust(ground: Ground) -> None:
    ground.attach()
    ground.aws.iam.update_assume_role_policy(
        RoleName=ground.role, PolicyDocument='{"Version":"2012-10-17","Statement":[]}'
    )
    ground.wait_until_denied()


@sabotage("the role is gone", "FAIL", "role-missing", timeout="800ms")
def no_role(ground: Ground) -> None:
    ground.attach()
    iam = ground.aws.iam
    for name in iam.list_role_policies(RoleName=ground.role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=ground.role, PolicyName=name)
    iam.delete_role(RoleName=ground.role)
    ground.wait_until_denied()


@sabotage("the function may not run at all", "FAIL", "throttled-concurrency")
def no_concurrency(ground: Ground) -> None:
    ground.attach()
    ground.aws.lambda_.put_function_concurrency(FunctionName=ground.function, ReservedConcurrentExecutions=0)


@sabotage(
    "records are gathered for longer than one waits",
    "INCONCLUSIVE",
    "batching-window-longer-than-timeout",
    timeout="800ms",
)
def long_window(ground: Ground) -> None:
    ground.attach("--batching-window", "60")


@sabotage(
    "the mapping starts at LATEST and polls long after",
    "INCONCLUSIVE",
    "latest-missed-first-writes",
    profile=replace(FAST, name="slow to poll", mappings=replace(QUICK, polling_delay=600.0)),
    timeout="1s",
)
def latest(ground: Ground) -> None:
    ground.attach("--starting-position", "LATEST")


@sabotage(
    "a new mapping doesn't poll yet",
    "INCONCLUSIVE",
    "nothing-delivered",
    profile=replace(FAST, name="slow to poll", mappings=replace(QUICK, polling_delay=600.0)),
    timeout="1s",
)
def not_polling(ground: Ground) -> None:
    ground.attach()


@sabotage("the function was deleted", "REFUSED", "function-not-found")
def no_function(ground: Ground) -> None:
    ground.attach()
    ground.aws.lambda_.delete_function(FunctionName=ground.function)


@sabotage("the stream was disabled", "REFUSED", "no-stream")
def no_stream(ground: Ground) -> None:
    ground.attach()
    ground.aws.dynamodb.update_table(TableName=ground.table, StreamSpecification={"StreamEnabled": False})


@sabotage("the table is gone", "REFUSED", "table-not-found")
def no_table(ground: Ground) -> None:
    ground.attach()
    ground.aws.dynamodb.delete_table(TableName=ground.table)


@sabotage("the table is in another region", "REFUSED", "table-not-found", options=("--region", "us-west-2"))
def other_region(ground: Ground) -> None:
    ground.attach()


@sabotage("writing to the table is not allowed", "REFUSED", "access-denied")
def no_right_to_write(ground: Ground) -> None:
    ground.attach()
    ground.rig.inject(Fault(operation="dynamodb:PutItem", kind=FaultKind.ACCESS_DENIED))


@sabotage("the table takes no write, whatever one tries", "REFUSED", "access-denied")
def write_fails_half_way(ground: Ground) -> None:
    """The first writes go through: what they left must be taken away all the same."""
    ground.attach()
    ground.rig.inject(Fault(operation="dynamodb:UpdateItem", kind=FaultKind.ACCESS_DENIED))


@sabotage(
    "an own function on a role that can't read the stream any more",
    "INCONCLUSIVE",
    "permission-lost",
    timeout="800ms",
)
def given_role(ground: Ground) -> None:
    """A role of somebody else's isn't ours to judge; what the mapping says of it is told."""
    arn = ground.aws.role()
    ground.attach_code(handlers.HONEST, "--role", arn)
    ground.aws.iam.delete_role_policy(RoleName=arn.rsplit("/", 1)[-1], PolicyName="rights")
    ground.wait_until_denied()
