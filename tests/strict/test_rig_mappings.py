"""Event source mappings on the rig: refused, slow, filtered, retried, doubled and denied as AWS does it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.strict.bench import fresh, until
from tests.strict.rig import Mappings, Profile, Roles, Streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.bench import Bench, ManualClock

QUICK = Mappings(
    creating=0.0, updating=0.0, deleting=0.0, polling_delay=0.0, update_lag=0.0, retry_delay=0.01
)
ROLES = Roles(propagation=0.0, policy_propagation=0.0)
AT_ONCE = Profile(mappings=QUICK, roles=ROLES)
INSERTS = {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]}
#: Fails on the partition key "poison", and says of everything what it was given.
FRAGILE = """
def handler(event, context):
    keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
    print("GIVEN", ",".join(keys))
    if "poison" in keys:
        raise ValueError("poison")
"""
NAMING = """
def handler(event, context):
    failed = []
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        print("GIVEN", key)
        if key == "poison":
            failed.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
    return {"batchItemFailures": failed}
"""


def attached(bench: Bench, table: str, function: str, **more: Any) -> str:
    made = bench.lambda_.create_event_source_mapping(
        EventSourceArn=bench.stream_arn(table),
        FunctionName=function,
        **{"StartingPosition": "TRIM_HORIZON", **more},
    )
    return str(made["UUID"])


def given(bench: Bench, function: str) -> list[str]:
    """What the function said that it was given, invocation by invocation."""
    lines = bench.messages(f"/aws/lambda/{function}")
    return [line.split(" ", 1)[1] for line in lines if line.startswith(("GIVEN ", "REC "))]


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


# --- states -------------------------------------------------------------------------------------------------


def test_a_mapping_takes_its_time_and_takes_no_change_meanwhile(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(Profile(mappings=Mappings()), clock=clock)
    uuid = attached(bench, bench.table(), bench.function())
    look = bench.lambda_.get_event_source_mapping
    assert look(UUID=uuid)["State"] == "Creating"
    for change in (bench.lambda_.update_event_source_mapping, bench.lambda_.delete_event_source_mapping):
        with pytest.raises(ClientError, match="because it is in use") as error:
            change(UUID=uuid)
        assert code_of(error) == "ResourceInUseException"
    clock.advance(1)
    assert look(UUID=uuid)["State"] == "Enabled"
    changed = bench.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    assert changed["State"] == "Disabling"
    clock.advance(1)
    assert look(UUID=uuid)["State"] == "Disabled"
    assert bench.lambda_.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    clock.advance(1)
    with pytest.raises(bench.lambda_.exceptions.ResourceNotFoundException):
        look(UUID=uuid)
    assert bench.lambda_.list_event_source_mappings()["EventSourceMappings"] == []


def test_an_answer_has_awss_defaults_and_no_empty_filter(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    uuid = attached(bench, bench.table(), bench.function(), FilterCriteria={"Filters": []})
    shown = bench.lambda_.get_event_source_mapping(UUID=uuid)
    assert (shown["BatchSize"], shown["MaximumRetryAttempts"], shown["BisectBatchOnFunctionError"]) == (
        100,
        -1,
        False,
    )
    assert "FilterCriteria" not in shown
    bench.lambda_.update_event_source_mapping(UUID=uuid, FilterCriteria=INSERTS)
    bench.lambda_.update_event_source_mapping(UUID=uuid, BatchSize=7)
    shown = bench.lambda_.get_event_source_mapping(UUID=uuid)
    assert (shown["FilterCriteria"], shown["BatchSize"]) == (INSERTS, 7)
    bench.lambda_.update_event_source_mapping(UUID=uuid, FilterCriteria={})
    assert "FilterCriteria" not in bench.lambda_.get_event_source_mapping(UUID=uuid)


def test_a_list_leaves_aliases_out_where_the_bare_name_is_asked_for(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table, name = bench.table(), bench.function()
    version = until(lambda: bench.lambda_.publish_version(FunctionName=name)["Version"])
    plain = attached(bench, table, name)
    attached(bench, table, f"{name}:{version}")
    by_name = bench.lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    assert [one["UUID"] for one in by_name] == [plain]
    by_stream = bench.lambda_.list_event_source_mappings(EventSourceArn=bench.stream_arn(table))
    assert len(by_stream["EventSourceMappings"]) == 2
    first = bench.lambda_.list_event_source_mappings(MaxItems=1)
    rest = bench.lambda_.list_event_source_mappings(MaxItems=1, Marker=first["NextMarker"])
    assert len({one["UUID"] for page in (first, rest) for one in page["EventSourceMappings"]}) == 2


# --- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"a":"b"}',
        '{"a":[]}',
        '{"a":{}}',
        '{"a":null}',
        '{"$or":[{"a":["x"]}]}',
        '{"a":[{}]}',
    ],
)
def test_a_filter_that_is_none_is_refused_without_detail(
    bench_of: Callable[..., Bench], pattern: str
) -> None:
    bench = bench_of(AT_ONCE)
    criteria = {"Filters": [{"Pattern": pattern}]}
    with pytest.raises(ClientError) as error:
        attached(bench, bench.table(), bench.function(), FilterCriteria=criteria)
    assert error.value.response["Error"]["Message"] == "Invalid filter pattern definition."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"StartingPosition": None}, "startingPosition"),
        ({"StartingPosition": "AT_TIMESTAMP"}, "Unsupported starting position for arn type"),
        ({"FunctionName": "nobody"}, "Function does not exist"),
        ({"BatchSize": 10_001}, "BatchSize"),
        ({"MaximumBatchingWindowInSeconds": 301}, "MaximumBatchingWindowInSeconds"),
        ({"MaximumRecordAgeInSeconds": 59}, "MaximumRecordAgeInSeconds"),
        ({"FilterCriteria": {"Filters": INSERTS["Filters"] * 6}}, "limit of 5"),
    ],
)
def test_settings_beyond_the_limits_are_refused(
    bench_of: Callable[..., Bench], changes: dict[str, Any], words: str
) -> None:
    bench = bench_of(AT_ONCE)
    request = {
        "EventSourceArn": bench.stream_arn(bench.table()),
        "FunctionName": bench.function(),
        "StartingPosition": "LATEST",
        **changes,
    }
    wanted = {name: value for name, value in request.items() if value is not None}
    with pytest.raises(ClientError, match=words):
        bench.lambda_.create_event_source_mapping(**wanted)


def test_a_second_mapping_of_the_same_two_is_refused_with_the_firsts_id(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(AT_ONCE)
    table, function = bench.table(), bench.function()
    uuid = attached(bench, table, function)
    with pytest.raises(bench.lambda_.exceptions.ResourceConflictException, match=uuid):
        attached(bench, table, function)
    bench.lambda_.delete_event_source_mapping(UUID=uuid)
    assert attached(bench, table, function) != uuid


def test_a_stream_that_does_not_exist_and_a_role_without_rights_are_refused(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(AT_ONCE)
    table = bench.table()
    with pytest.raises(ClientError, match="Stream not found: arn"):
        bench.lambda_.create_event_source_mapping(
            EventSourceArn=bench.stream_arn(table) + "9",
            FunctionName=bench.function(),
            StartingPosition="LATEST",
        )
    with pytest.raises(ClientError, match="Cannot access stream arn"):
        attached(bench, table, bench.function(role=bench.role(statements=[])))


# --- deliveries ---------------------------------------------------------------------------------------------


def test_what_passes_the_filter_is_delivered_and_nothing_else(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table, function = bench.table(), bench.function()
    bench.put(table, "before")
    attached(bench, table, function, FilterCriteria=INSERTS)
    bench.put(table, "a")
    bench.put(table, "a", changed="yes")
    bench.put(table, "end")
    assert until(lambda: "INSERT end" in given(bench, function))
    assert given(bench, function) == ["INSERT before", "INSERT a", "INSERT end"]


def test_latest_misses_what_is_written_before_it_polls(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(Profile(mappings=Mappings(creating=0.0, polling_delay=60.0)), clock=clock)
    table, function = bench.table(), bench.function()
    uuid = attached(bench, table, function, StartingPosition="LATEST")
    assert bench.lambda_.get_event_source_mapping(UUID=uuid)["State"] == "Enabled"
    bench.put(table, "missed")
    clock.advance(61)

    def delivered() -> list[str]:
        bench.put(table, fresh("later"))  # the first ones may be missed, too
        return given(bench, function)

    assert until(delivered)
    assert "INSERT missed" not in given(bench, function)


def test_an_update_counts_only_after_a_while(bench_of: Callable[..., Bench], clock: ManualClock) -> None:
    slow = Mappings(creating=0.0, updating=0.0, polling_delay=0.0, update_lag=90.0)
    bench = bench_of(Profile(mappings=slow), clock=clock)
    table, function = bench.table(), bench.function()
    uuid = attached(bench, table, function)
    bench.lambda_.update_event_source_mapping(UUID=uuid, FilterCriteria=INSERTS)
    bench.put(table, "a")
    bench.put(table, "a", changed="yes")
    assert until(lambda: "MODIFY a" in given(bench, function))
    clock.advance(91)
    bench.put(table, "a", changed="again")
    bench.put(table, "end")
    assert until(lambda: "INSERT end" in given(bench, function))
    assert given(bench, function).count("MODIFY a") == 1


def test_a_window_gathers_records_until_it_is_over(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(AT_ONCE, clock=clock)
    table, function = bench.table(), bench.function(FRAGILE)
    attached(bench, table, function, MaximumBatchingWindowInSeconds=60, BatchSize=3)
    for key in "abcd":
        bench.put(table, key)
    assert until(lambda: given(bench, function))
    assert given(bench, function) == ["a,b,c"]

    def waited() -> bool:
        clock.advance(61)  # the last record's window may begin just now
        return len(given(bench, function)) == 2

    assert until(waited)
    assert given(bench, function) == ["a,b,c", "d"]


def test_a_failing_batch_is_tried_again_split_and_given_up(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(AT_ONCE, clock=clock)
    table, function = bench.table(), bench.function(FRAGILE)
    for key in ("a", "poison", "b", "c"):
        bench.put(table, key)
    attached(bench, table, function, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    bench.put(table, "end")

    def went_through() -> set[str]:
        return {key for batch in given(bench, function) if "poison" not in batch for key in batch.split(",")}

    assert until(lambda: went_through() == {"a", "b", "c", "end"})
    batches = given(bench, function)
    assert batches[0].startswith("a,poison,b,c")
    assert batches.count("poison") == 1


def test_without_an_end_of_retries_a_poison_record_blocks_its_shard(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table, function = bench.table(), bench.function(FRAGILE)
    uuid = attached(bench, table, function, BatchSize=1)
    for key in ("poison", "behind"):
        bench.put(table, key)
    assert until(lambda: given(bench, function).count("poison") >= 4)
    assert "behind" not in given(bench, function)
    shown = bench.lambda_.get_event_source_mapping(UUID=uuid)
    assert shown["LastProcessingResult"] == "PROBLEM: Function call failed"


def test_a_failure_that_is_named_is_where_it_goes_on(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table, function = bench.table(), bench.function(NAMING)
    for key in ("a", "poison", "b"):
        bench.put(table, key)
    attached(
        bench,
        table,
        function,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=1,
    )
    # With the batch, and from itself on: each counts as an attempt (docs/aws-facts.md#esm-partial-retries).
    assert until(lambda: given(bench, function).count("poison") >= 2)
    bench.put(table, "end")
    assert until(lambda: "end" in given(bench, function))
    assert Counter(given(bench, function)) == {"a": 1, "poison": 2, "b": 2, "end": 1}


def test_batches_are_doubled_on_demand(bench_of: Callable[..., Bench]) -> None:
    doubling = Mappings(creating=0.0, polling_delay=0.0, duplicate_every=1)
    bench = bench_of(Profile(mappings=doubling))
    table, function = bench.table(), bench.function(FRAGILE)
    attached(bench, table, function)
    bench.put(table, "a")
    assert until(lambda: len(given(bench, function)) >= 2)
    assert given(bench, function) == ["a", "a"]


def test_a_role_that_loses_its_rights_stops_everything_and_the_mapping_says_so(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(AT_ONCE)
    role = bench.role()
    table, function = bench.table(), bench.function(role=role)
    uuid = attached(bench, table, function)
    name = role.rsplit("/", 1)[-1]
    bench.iam.delete_role_policy(RoleName=name, PolicyName="rights")
    look = bench.lambda_.get_event_source_mapping
    assert until(lambda: "Cannot access stream" in look(UUID=uuid)["LastProcessingResult"])
    bench.put(table, "unseen")
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    assert given(bench, function) == []
    bench.iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=json.dumps(allowed))
    assert until(lambda: given(bench, function)) == ["INSERT unseen"]


def test_a_disabled_mapping_goes_on_where_it_stopped(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table, function = bench.table(), bench.function()
    uuid = attached(bench, table, function)
    bench.put(table, "a")
    assert until(lambda: given(bench, function)) == ["INSERT a"]
    bench.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    bench.put(table, "b")
    bench.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert until(lambda: len(given(bench, function)) > 1)
    assert given(bench, function) == ["INSERT a", "INSERT b"]


def test_every_shard_keeps_the_order_of_its_items(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile(mappings=QUICK, streams=Streams(shards=4)))
    table, function = bench.table(), bench.function()
    attached(bench, table, function, BatchSize=3)
    keys = [f"item-{number}" for number in range(8)]
    for change in ("one", "two", "three"):
        for key in keys:
            bench.put(table, key, change=change)
    assert until(lambda: len(given(bench, function)) == 24)
    told = given(bench, function)
    for key in keys:
        assert [line for line in told if line.endswith(key)] == [
            f"INSERT {key}",
            f"MODIFY {key}",
            f"MODIFY {key}",
        ]
