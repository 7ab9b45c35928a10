"""Tables, functions and roles through the rig: nothing is ready at once, and much is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.strict.bench import RECORDING, TRUST, ManualClock, fresh, package
from tests.strict.rig import Functions, Profile, Roles, Tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.bench import Bench

TABLES = Profile(tables=Tables(creating=5, updating=5, deleting=5))
FUNCTIONS = Profile(
    functions=Functions(pending=5, updating=5), roles=Roles(propagation=10, policy_propagation=10)
)


def create_table(bench: Bench, name: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = bench.dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )["TableDescription"]
    return answer


def described(bench: Bench, table: str) -> dict[str, Any]:
    answer: dict[str, Any] = bench.dynamodb.describe_table(TableName=table)["Table"]
    return answer


def set_stream(bench: Bench, table: str, view: str | None) -> dict[str, Any]:
    wanted = {"StreamEnabled": True, "StreamViewType": view} if view else {"StreamEnabled": False}
    answer: dict[str, Any] = bench.dynamodb.update_table(TableName=table, StreamSpecification=wanted)
    return answer["TableDescription"]  # type: ignore[no-any-return]


def test_a_new_table_is_creating_before_it_is_active(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(TABLES, clock=clock)
    name = fresh("table")
    assert create_table(bench, name)["TableStatus"] == "CREATING"
    assert described(bench, name)["TableStatus"] == "CREATING"
    with pytest.raises(bench.dynamodb.exceptions.ResourceNotFoundException):
        bench.put(name, "a")
    with pytest.raises(bench.dynamodb.exceptions.ResourceInUseException, match="being created"):
        set_stream(bench, name, "KEYS_ONLY")
    with pytest.raises(bench.dynamodb.exceptions.ResourceInUseException, match="already exists"):
        create_table(bench, name)
    clock.advance(5)
    assert described(bench, name)["TableStatus"] == "ACTIVE"
    bench.put(name, "a")


def test_enabling_a_stream_updates_the_table_for_a_while(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(TABLES, clock=clock)
    table = bench.table(view=None)
    changed = set_stream(bench, table, "NEW_IMAGE")
    assert changed["TableStatus"] == "UPDATING"
    stream = bench.streams.describe_stream(StreamArn=changed["LatestStreamArn"])["StreamDescription"]
    assert stream["StreamStatus"] == "ENABLING"
    with pytest.raises(bench.dynamodb.exceptions.ResourceInUseException, match="being updated"):
        set_stream(bench, table, None)
    clock.advance(5)
    assert described(bench, table)["TableStatus"] == "ACTIVE"
    stream = bench.streams.describe_stream(StreamArn=changed["LatestStreamArn"])["StreamDescription"]
    assert stream["StreamStatus"] == "ENABLED"


@pytest.mark.parametrize("view", ["NEW_IMAGE", "KEYS_ONLY"])
def test_an_enabled_stream_is_not_enabled_again_with_whatever_view(
    bench_of: Callable[..., Bench], clock: ManualClock, view: str
) -> None:
    bench = bench_of(TABLES, clock=clock)
    table = bench.table(view="NEW_IMAGE")
    with pytest.raises(ClientError) as error:
        set_stream(bench, table, view)
    assert error.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"Table already has an enabled stream: TableName: {table}",
    }
    assert described(bench, table)["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"


def test_a_disabled_streams_arn_lingers_and_the_next_one_is_another(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(TABLES, clock=clock)
    table = bench.table(view="NEW_IMAGE")
    old = bench.stream_arn(table)
    bench.put(table, "before")
    set_stream(bench, table, None)
    assert bench.streams.describe_stream(StreamArn=old)["StreamDescription"]["StreamStatus"] == "DISABLING"
    clock.advance(5)
    after = described(bench, table)
    assert "StreamSpecification" not in after
    assert after["LatestStreamArn"] == old
    with pytest.raises(ClientError, match="no stream to disable"):
        set_stream(bench, table, None)
    new = set_stream(bench, table, "KEYS_ONLY")["LatestStreamArn"]
    assert new != old
    clock.advance(5)
    assert bench.streams.describe_stream(StreamArn=old)["StreamDescription"]["StreamStatus"] == "DISABLED"


def test_a_table_is_deleting_before_it_is_gone(bench_of: Callable[..., Bench], clock: ManualClock) -> None:
    bench = bench_of(TABLES, clock=clock)
    table = bench.table()
    assert bench.dynamodb.delete_table(TableName=table)["TableDescription"]["TableStatus"] == "DELETING"
    assert described(bench, table)["TableStatus"] == "DELETING"
    with pytest.raises(bench.dynamodb.exceptions.ResourceInUseException):
        create_table(bench, table)
    with pytest.raises(bench.dynamodb.exceptions.ResourceInUseException, match="being deleted"):
        bench.dynamodb.delete_table(TableName=table)
    clock.advance(5)
    with pytest.raises(bench.dynamodb.exceptions.ResourceNotFoundException):
        described(bench, table)
    create_table(bench, table)


def create_function(bench: Bench, name: str, role: str) -> dict[str, Any]:
    answer: dict[str, Any] = bench.lambda_.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="main.handler",
        Code={"ZipFile": package(RECORDING)},
    )
    return answer


def test_a_new_function_is_pending_and_refuses_to_be_used(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(FUNCTIONS, clock=clock)
    name = fresh("function")
    created = create_function(bench, name, bench.role())
    assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
    attempts: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (bench.lambda_.invoke, {}),
        (bench.lambda_.update_function_code, {"ZipFile": package(RECORDING)}),
        (bench.lambda_.update_function_configuration, {"Timeout": 9}),
        (bench.lambda_.publish_version, {}),
    ]
    for attempt, arguments in attempts:
        with pytest.raises(
            bench.lambda_.exceptions.ResourceConflictException, match="state: Pending"
        ) as error:
            attempt(FunctionName=name, **arguments)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    clock.advance(5)
    settled = bench.lambda_.get_function_configuration(FunctionName=name)
    assert (settled["State"], settled["LastUpdateStatus"]) == ("Active", "Successful")
    assert bench.lambda_.invoke(FunctionName=name, Payload=b"{}")["StatusCode"] == 200


def test_an_updating_function_can_be_invoked_but_not_updated(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(FUNCTIONS, clock=clock)
    name = bench.function()
    changed = bench.lambda_.update_function_configuration(FunctionName=name, Timeout=9)
    assert changed["LastUpdateStatus"] == "InProgress"
    with pytest.raises(bench.lambda_.exceptions.ResourceConflictException, match="An update is in progress"):
        bench.lambda_.update_function_code(FunctionName=name, ZipFile=package(RECORDING))
    assert bench.lambda_.invoke(FunctionName=name, Payload=b"{}")["StatusCode"] == 200
    clock.advance(5)
    assert bench.lambda_.get_function(FunctionName=name)["Configuration"]["LastUpdateStatus"] == "Successful"
    bench.lambda_.update_function_code(FunctionName=name, ZipFile=package(RECORDING))


def test_listing_functions_shows_no_states(bench_of: Callable[..., Bench], clock: ManualClock) -> None:
    bench = bench_of(FUNCTIONS, clock=clock)
    name = bench.function()
    pages = bench.lambda_.get_paginator("list_functions").paginate()
    listed = [each for page in pages for each in page["Functions"] if each["FunctionName"] == name]
    assert len(listed) == 1
    assert "State" not in listed[0]


def test_a_new_role_can_be_assumed_only_after_a_while(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(FUNCTIONS, clock=clock)
    role = bench.iam.create_role(RoleName=fresh("role"), AssumeRolePolicyDocument=json.dumps(TRUST))["Role"][
        "Arn"
    ]
    name = fresh("function")
    with pytest.raises(ClientError) as error:
        create_function(bench, name, role)
    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert error.value.response["Error"]["Message"] == (
        "The role defined for the function cannot be assumed by Lambda."
    )
    clock.advance(10)
    assert create_function(bench, name, role)["FunctionName"] == name


@pytest.mark.parametrize("why", ["unknown", "no trust", "trusts another", "never"])
def test_some_roles_can_never_be_assumed(
    bench_of: Callable[..., Bench], clock: ManualClock, why: str
) -> None:
    stranger = {**TRUST["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}  # type: ignore[dict-item]
    bench = bench_of(
        Profile(roles=Roles(never_assumable=frozenset({"cursed"})), functions=Functions()), clock=clock
    )
    roles: dict[str, Callable[[], str]] = {
        "unknown": lambda: "arn:aws:iam::000000000000:role/unknown",
        "no trust": lambda: bench.role(trust={"Version": "2012-10-17", "Statement": []}),
        "trusts another": lambda: bench.role(trust={"Version": "2012-10-17", "Statement": [stranger]}),
        "never": lambda: "arn:aws:iam::000000000000:role/path/cursed",
    }
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        create_function(bench, fresh("function"), roles[why]())
    function = bench.function()
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        bench.lambda_.update_function_configuration(FunctionName=function, Role=roles[why]())
