"""The rig's plainest parts: it passes calls on, counts them, and puts faults in their way."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from tests.strict.bench import fresh, until
from tests.strict.rig import Fault, FaultKind, Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.bench import Bench

PLAIN = Profile.plain(latency=0.0)


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_call_passes_through_unchanged_and_is_recorded(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(PLAIN)
    table = bench.table()
    bench.put(table, "a", text="ä\u0000\u202e")
    item = bench.dynamodb.get_item(TableName=table, Key={"pk": {"S": "a"}})["Item"]
    assert item == {"pk": {"S": "a"}, "text": {"S": "ä\u0000\u202e"}}
    assert [call.operation for call in bench.rig.calls] == ["PutItem", "GetItem"]
    assert bench.rig.counts() == {"PutItem": 1, "GetItem": 1}


def test_every_protocol_is_recognized(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(PLAIN)
    bench.sts.get_caller_identity()
    bench.iam.list_roles()
    bench.lambda_.list_functions()
    bench.lambda_.list_event_source_mappings()
    bench.logs.describe_log_groups()
    bench.streams.list_streams()
    bench.cloudwatch.list_metrics()
    bench.sqs.list_queues()
    assert [call.operation for call in bench.rig.calls] == [
        "GetCallerIdentity",
        "ListRoles",
        "ListFunctions",
        "ListEventSourceMappings",
        "DescribeLogGroups",
        "ListStreams",
        "ListMetrics",
        "ListQueues",
    ]


def test_latency_is_added_to_each_answer(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile.plain(latency=0.05))
    started = time.monotonic()
    for _ in range(4):
        bench.dynamodb.list_tables()
    assert time.monotonic() - started >= 4 * 0.05


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("dynamodb", "list_tables", "ProvisionedThroughputExceededException", 400),
        ("streams", "list_streams", "ThrottlingException", 400),
        ("logs", "describe_log_groups", "ThrottlingException", 400),
        ("lambda_", "list_functions", "TooManyRequestsException", 429),
        ("iam", "list_roles", "Throttling", 400),
        ("sts", "get_caller_identity", "Throttling", 400),
    ],
)
def test_each_service_throttles_in_its_own_words(
    bench_of: Callable[..., Bench], service: str, operation: str, code: str, status: int
) -> None:
    bench = bench_of(PLAIN, faults=[Fault(operation="*", kind=FaultKind.THROTTLE, times=1)])
    with pytest.raises(ClientError) as error:
        getattr(getattr(bench, service), operation)()
    assert code_of(error) == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    getattr(getattr(bench, service), operation)()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FaultKind.SERVER_ERROR, "InternalServerError"),
        (FaultKind.UNAVAILABLE, "503"),
        (FaultKind.EXPIRED_TOKEN, "ExpiredTokenException"),
        (FaultKind.UNRECOGNIZED_CLIENT, "UnrecognizedClientException"),
        (FaultKind.CLOCK_SKEW, "InvalidSignatureException"),
    ],
)
def test_an_error_fault_is_the_services_error(
    bench_of: Callable[..., Bench], kind: FaultKind, code: str
) -> None:
    bench = bench_of(PLAIN, faults=[Fault(operation="dynamodb:ListTables", kind=kind)])
    with pytest.raises(ClientError) as error:
        bench.dynamodb.list_tables()
    assert code_of(error) == code


def test_a_denial_names_user_action_and_resource_as_aws_does(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(PLAIN)
    bench.rig.inject(
        Fault(operation="FilterLogEvents", kind=FaultKind.ACCESS_DENIED),
        Fault(operation="GetFunctionConfiguration", kind=FaultKind.ACCESS_DENIED),
        Fault(operation="iam:*", kind=FaultKind.ACCESS_DENIED),
        Fault(operation="Invoke", kind=FaultKind.ACCESS_DENIED),
    )
    with pytest.raises(ClientError) as error:
        bench.logs.filter_log_events(logGroupName="/aws/lambda/f")
    assert error.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::000000000000:user/tester is not authorized to perform: logs:FilterLogEvents "
        "on resource: arn:aws:logs:eu-west-1:000000000000:log-group:/aws/lambda/f:log-stream: "
        "because no identity-based policy allows the logs:FilterLogEvents action"
    )
    with pytest.raises(ClientError, match="function:f because") as error:
        bench.lambda_.get_function_configuration(FunctionName="f")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(ClientError, match="role/r because") as error:
        bench.iam.get_role(RoleName="r")
    assert code_of(error) == "AccessDenied"
    with pytest.raises(ClientError, match="lambda:InvokeFunction on resource"):
        bench.lambda_.invoke(FunctionName="f")


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.LOST_ANSWER])
def test_a_reset_leaves_no_words_on_stderr(
    bench_of: Callable[..., Bench], capfd: pytest.CaptureFixture[str], kind: FaultKind
) -> None:
    bench = bench_of(PLAIN, faults=[Fault(operation="PutItem", kind=kind, times=1)])
    table = bench.table()
    serving = set(threading.enumerate())
    with pytest.raises(ConnectionClosedError):
        bench.put(table, "a")
    assert until(lambda: set(threading.enumerate()) <= serving)
    assert capfd.readouterr().err == ""


def test_a_reset_ends_the_connection_before_the_call_takes_effect(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(PLAIN, faults=[Fault(operation="PutItem", kind=FaultKind.RESET, times=1)])
    table = bench.table()
    with pytest.raises(ConnectionClosedError):
        bench.put(table, "a")
    assert bench.dynamodb.scan(TableName=table)["Count"] == 0
    bench.put(table, "a")


def test_a_lost_answer_ends_the_connection_after_the_call_took_effect(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(PLAIN, faults=[Fault(operation="PutItem", kind=FaultKind.LOST_ANSWER, times=1)])
    table = bench.table()
    with pytest.raises(ConnectionClosedError):
        bench.put(table, "a")
    assert bench.dynamodb.scan(TableName=table)["Count"] == 1


def test_a_slow_answer_still_comes(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(PLAIN, faults=[Fault(operation="ListTables", kind=FaultKind.SLOW, seconds=0.1)])
    started = time.monotonic()
    assert "TableNames" in bench.dynamodb.list_tables()
    assert time.monotonic() - started >= 0.1


def test_an_answer_slower_than_the_clients_patience_times_out(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(PLAIN, faults=[Fault(operation="ListTables", kind=FaultKind.SLOW, seconds=0.4)])
    with pytest.raises(ReadTimeoutError):
        bench.impatient("dynamodb", seconds=0.1).list_tables()


def test_unprocessed_items_come_back_and_the_rest_is_written(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(PLAIN, faults=[Fault(operation="BatchWriteItem", kind=FaultKind.UNPROCESSED, times=1)])
    table = bench.table()
    requests = [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(5)]
    left = bench.dynamodb.batch_write_item(RequestItems={table: requests})["UnprocessedItems"]
    assert left == {table: requests[2:]}
    assert bench.dynamodb.scan(TableName=table)["Count"] == 2
    assert bench.dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"] == {}
    assert bench.dynamodb.scan(TableName=table)["Count"] == 5


def test_a_single_unprocessed_item_is_not_written(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(PLAIN, faults=[Fault(operation="BatchWriteItem", kind=FaultKind.UNPROCESSED)])
    table = bench.table()
    one = {table: [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}]}
    assert bench.dynamodb.batch_write_item(RequestItems=one)["UnprocessedItems"] == one
    assert bench.dynamodb.scan(TableName=table)["Count"] == 0


def test_faults_count_only_the_calls_they_concern(bench_of: Callable[..., Bench]) -> None:
    table = fresh("table")
    fault = Fault(operation="PutItem", kind=FaultKind.THROTTLE, every=2, after=1, times=1, resource=table)
    bench = bench_of(PLAIN, faults=[fault])
    name = bench.table()
    for _ in range(5):
        bench.put(name, "a")
    assert bench.rig.faults_struck() == 0
    bench.rig.heal()
    bench.rig.inject(
        Fault(operation="PutItem", kind=FaultKind.THROTTLE, every=2, after=1, times=1, resource=name)
    )
    outcomes = []
    for _ in range(6):
        try:
            bench.put(name, "a")
        except ClientError:
            outcomes.append("throttled")
        else:
            outcomes.append("written")
    assert outcomes == ["written", "written", "throttled", "written", "written", "written"]
    assert bench.rig.faults_struck() == 1


def test_an_upstream_that_is_gone_shows_as_a_closed_connection(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(PLAIN, upstream="http://127.0.0.1:9")
    with pytest.raises(ConnectionClosedError):
        bench.dynamodb.list_tables()
