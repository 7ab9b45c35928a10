"""AWS's spelling: answers are read tolerantly, requests are written so that AWS's own models accept each."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import assume, given
from hypothesis import strategies as st

from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.core.model.seen import LogGroupState
from ddbinsert.core.model.wanted import OWNER_TAG, Trigger
from ddbinsert.core.trigger import shapes
from ddbinsert.core.trigger.function_settings import function_parameters
from ddbinsert.core.trigger.policy import POLICY_NAME, role_policy
from ddbinsert.core.trigger.settings import MAPPING_SETTINGS, mapping_parameters
from ddbinsert.core.trigger.steps import Change
from tests.examples import examples
from tests.unit.worlds import GIVEN_ROLE, LIVE, PACKAGE, ROLE_ARN, TABLE_ARN, UUID, table, triggers

if TYPE_CHECKING:
    from collections.abc import Iterator

# --- requests: AWS's own service models judge them ------------------------------------------------------

enough = examples(80)
TABLE_NAMES = st.from_regex(r"[a-zA-Z0-9_.-]{3,255}", fullmatch=True)


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def problems(service: str, operation: str, request: dict[str, Any]) -> list[str]:
    """What AWS's service model has against a request; its limits and patterns, too, which botocore doesn't check."""
    shape = _model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        return [report.generate_report()]
    return list(_beyond(shape, request, operation))


def _beyond(shape: Any, value: Any, place: str) -> Iterator[str]:  # noqa: C901 - an arm a type
    limits = shape.metadata
    match shape.type_name:
        case "structure":
            for name, content in value.items():
                if name in shape.members:
                    yield from _beyond(shape.members[name], content, f"{place}.{name}")
        case "list":
            yield from _size(limits, len(value), place)
            for content in value:
                yield from _beyond(shape.member, content, f"{place}[]")
        case "map":
            yield from _size(limits, len(value), place)
            for key, content in value.items():
                yield from _beyond(shape.key, key, f"{place} key")
                yield from _beyond(shape.value, content, f"{place}.{key}")
        case "string":
            yield from _size(limits, len(value), place)
            if limits.get("enum") and value not in limits["enum"]:
                yield f"{place}: {value!r} is none of {limits['enum']}"
            if limits.get("pattern") and not re.fullmatch(_java(limits["pattern"]), value, re.DOTALL):
                yield f"{place}: {value!r} does not match {limits['pattern']}"
        case "integer" | "long":
            yield from _size(limits, value, place)
        case _:
            pass


def _java(pattern: str) -> str:
    """Java's property classes and code points, which Python spells otherwise."""
    return re.sub(r"\\u([0-9A-F]{4})", lambda m: f"\\u{m[1].lower()}", pattern).replace(
        r"\p{L}\p{Z}\p{N}", r"\w\s"
    )


def _size(limits: Any, size: int, place: str) -> Iterator[str]:
    if not limits.get("min", size) <= size <= limits.get("max", size):
        yield f"{place}: {size} is not within {limits.get('min')} and {limits.get('max')}"


def test_the_judge_finds_what_aws_would_refuse() -> None:
    request = shapes.create_mapping_request(Trigger(table="orders"), LIVE, "TRIM_HORIZON")
    assert problems("lambda", "CreateEventSourceMapping", request) == []
    for wrong in (
        {"BatchSize": 10001},
        {"BatchSize": "1"},
        {"StartingPosition": "auto"},
        {"FunctionName": "no/name"},
        {"Unknown": 1},
        {"FunctionResponseTypes": ["None"]},
        {"FilterCriteria": {"Filters": [{"Pattern": "x" * 4097}]}},
    ):
        assert problems("lambda", "CreateEventSourceMapping", {**request, **wrong}), wrong


@enough
@given(triggers(TABLE_NAMES), st.sampled_from(["TRIM_HORIZON", "LATEST"]))
def test_aws_accepts_every_mapping_that_we_make(want: Trigger, position: str) -> None:
    request = shapes.create_mapping_request(want, LIVE, position)
    assert problems("lambda", "CreateEventSourceMapping", request) == []


@enough
@given(triggers(TABLE_NAMES))
def test_aws_accepts_every_change_of_a_mapping(want: Trigger) -> None:
    request = {
        "UUID": UUID.format(1),
        "FunctionName": want.function_name,
        **mapping_parameters(want),
        "TumblingWindowInSeconds": 0,
    }
    assert problems("lambda", "UpdateEventSourceMapping", request) == []


def _most_memory() -> int:
    """The largest function that the installed SDK knows of; older ones know of less than AWS accepts today."""
    members = _model("lambda").operation_model("CreateFunction").input_shape.members
    return int(members["MemorySize"].metadata["max"])


@enough
@given(triggers(TABLE_NAMES))
def test_aws_accepts_every_function_that_we_make_and_change(want: Trigger) -> None:
    assume(want.function.memory <= _most_memory())
    made = shapes.create_function_request(want, want.function.role or ROLE_ARN, PACKAGE)
    assert problems("lambda", "CreateFunction", made) == []
    changed = {
        "FunctionName": want.function_name,
        "Role": GIVEN_ROLE,
        **function_parameters(want, PACKAGE),
    }
    assert problems("lambda", "UpdateFunctionConfiguration", changed) == []


@enough
@given(triggers(TABLE_NAMES))
def test_aws_accepts_every_role_policy_and_log_group(want: Trigger) -> None:
    tags = [{"Key": key, "Value": value} for key, value in want.all_tags.items()]
    role = {"RoleName": want.role_name, "AssumeRolePolicyDocument": shapes.TRUST, "Tags": tags}
    assert problems("iam", "CreateRole", role) == []
    policy = {
        "RoleName": want.role_name,
        "PolicyName": POLICY_NAME,
        "PolicyDocument": role_policy(want, table(), LIVE, PACKAGE.rights),
    }
    assert problems("iam", "PutRolePolicy", policy) == []
    assert len(policy["PolicyDocument"]) < 10240  # IAM's limit for a role's inline policies together
    group = {"logGroupName": want.log_group, "tags": want.all_tags}
    assert problems("logs", "CreateLogGroup", group) == []


KEYS = st.builds(
    KeySchema,
    partition=st.builds(KeyAttribute, name=st.text(min_size=1, max_size=255), type=st.sampled_from(KeyType)),
    sort=st.none() | st.builds(KeyAttribute, name=st.just("sort"), type=st.sampled_from(KeyType)),
).filter(lambda key: key.partition.name != "sort")


@enough
@given(TABLE_NAMES, KEYS, st.none() | st.sampled_from(StreamView))
def test_aws_accepts_every_table_that_we_make_and_its_key_is_read_back(
    name: str, key: KeySchema, view: StreamView | None
) -> None:
    request = shapes.create_table_request(name, key, view, {OWNER_TAG: name})
    assert problems("dynamodb", "CreateTable", request) == []
    answer = {**request, "TableArn": TABLE_ARN, "LatestStreamArn": LIVE}
    read = shapes.table({"TableDescription": answer})
    assert (read.name, read.key, read.view) == (name, key, view)
    assert read.stream_enabled == (view is not None)


@pytest.mark.parametrize("view", [None, *StreamView])
def test_aws_accepts_every_change_of_the_stream(view: StreamView | None) -> None:
    request = {"TableName": "orders", "StreamSpecification": shapes.stream_specification(view)}
    assert problems("dynamodb", "UpdateTable", request) == []
    assert ("StreamViewType" in request["StreamSpecification"]) == (view is not None)


@enough
@given(triggers())
def test_a_mapping_reads_back_as_it_was_written(want: Trigger) -> None:
    request = shapes.create_mapping_request(want, LIVE, "LATEST")
    answer = {**request, "UUID": UUID.format(1), "FunctionArn": "arn:f", "State": "Enabled"}
    read, wanted = shapes.mapping(answer), want.mapping
    assert read.stream_arn == LIVE
    assert read.starting_position == "LATEST"
    for name in (
        "batch_size",
        "batching_window",
        "parallelization",
        "retries",
        "record_age",
        "bisect",
        "report_batch_item_failures",
        "on_failure",
        "metrics",
    ):
        assert getattr(read, name) == getattr(wanted, name), name


@enough
@given(triggers())
def test_a_function_reads_back_as_it_was_written(want: Trigger) -> None:
    request = shapes.create_function_request(want, ROLE_ARN, PACKAGE)
    answer = {"Configuration": {**request, "FunctionArn": "arn:f"}, "Tags": request["Tags"]}
    read, wanted = shapes.function(answer), want.function
    assert read.is_ours
    assert (read.name, read.role_arn, read.log_group) == (want.function_name, ROLE_ARN, want.log_group)
    for name in ("runtime", "memory", "timeout", "architecture"):
        assert getattr(read, name) == getattr(wanted, name), name
    assert read.environment == wanted.environment


def test_a_change_clears_explicitly_what_is_not_wanted() -> None:
    """An update that leaves a field out leaves it as it is, but a destination without an address is refused."""
    settings_ = {**mapping_parameters(Trigger(table="orders")), "TumblingWindowInSeconds": 0}
    assert settings_["DestinationConfig"] == {}
    assert settings_["FilterCriteria"] == {"Filters": [{"Pattern": INSERT_ONLY}]}
    assert "DestinationConfig" not in shapes.create_mapping_request(Trigger(table="orders"), LIVE, "LATEST")
    every = _model("lambda").operation_model("UpdateEventSourceMapping").input_shape.members
    for_streams = set(settings_) | {"UUID", "FunctionName"}
    assert set(every) - for_streams == {
        # Of queues, brokers and databases; the log level is the user's own affair.
        *("SourceAccessConfigurations", "ScalingConfig", "DocumentDBEventSourceConfig"),
        *("AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig"),
        *("ProvisionedPollerConfig", "LoggingConfig"),
    } & set(every)


@enough
@given(triggers(TABLE_NAMES), st.sampled_from([each.key for each in MAPPING_SETTINGS]))
def test_an_update_carries_the_settings_that_change_and_no_other(want: Trigger, key: str) -> None:
    request = shapes.update_mapping_request(want, [Change(field=key, have="a", want="b")])
    assert list(request) == [each.aws for each in MAPPING_SETTINGS if each.key == key]
    window = Change(field="mapping.tumbling_window", have="30", want="0")
    assert shapes.update_mapping_request(want, [window]) == {"TumblingWindowInSeconds": 0}


# --- answers of AWS's -----------------------------------------------------------------------------------

DESCRIBE_TABLE: dict[str, Any] = {
    "Table": {
        "AttributeDefinitions": [
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "status", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
        ],
        "TableName": "orders",
        "KeySchema": [
            {"AttributeName": "customer", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        "TableStatus": "ACTIVE",
        "ProvisionedThroughput": {
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": 0,
            "WriteCapacityUnits": 0,
        },
        "TableSizeBytes": 812,
        "ItemCount": 11,
        "TableArn": TABLE_ARN,
        "TableId": "3f4d2c3b-0000-4000-8000-000000000000",
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "GlobalSecondaryIndexes": [
            {"IndexName": "by-status", "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}]}
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "LatestStreamLabel": "2026-05-01T00:00:00.000",
        "LatestStreamArn": LIVE,
        "SSEDescription": {
            "Status": "ENABLED",
            "SSEType": "KMS",
            "KMSMasterKeyArn": "arn:aws:kms:eu-west-1:1:key/k",
        },
        "Replicas": [{"RegionName": each, "ReplicaStatus": "ACTIVE"} for each in ("eu-west-1", "us-east-1")],
        "DeletionProtectionEnabled": True,
    }
}


def test_a_table_is_read_with_its_key_among_other_attributes() -> None:
    read = shapes.table(DESCRIBE_TABLE)
    assert read.key == KeySchema(
        partition=KeyAttribute(name="customer", type=KeyType.S), sort=KeyAttribute(name="at", type=KeyType.N)
    )
    assert read.view is StreamView.NEW_AND_OLD_IMAGES
    assert read.stream_arn == read.latest_stream_arn == LIVE
    assert read.item_count == 11
    assert read.replicas == ("us-east-1",)
    assert read.kms_key_arn == "arn:aws:kms:eu-west-1:1:key/k"
    assert read.deletion_protected


@pytest.mark.parametrize("specification", [None, {"StreamEnabled": False}])
def test_a_lingering_arn_makes_no_stream(specification: dict[str, Any] | None) -> None:
    description = dict(DESCRIBE_TABLE["Table"])
    del description["StreamSpecification"]
    if specification is not None:
        description["StreamSpecification"] = specification
    read = shapes.table({"Table": description})
    assert not read.stream_enabled
    assert read.view is None
    assert read.latest_stream_arn == LIVE


def test_a_table_needs_no_more_than_name_arn_and_key() -> None:
    read = shapes.table(
        {
            "Table": {
                "TableName": "orders",
                "TableArn": TABLE_ARN,
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "B"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            }
        }
    )
    assert read == table(
        view=None,
        stream_arn=None,
        latest_stream_arn=None,
        key=KeySchema(partition=KeyAttribute(name="pk", type=KeyType.B)),
    )


GET_FUNCTION: dict[str, Any] = {
    "ResponseMetadata": {"HTTPStatusCode": 200},
    "Configuration": {
        "FunctionName": "orders-inserts",
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders-inserts",
        "Runtime": "python3.13",
        "Role": ROLE_ARN,
        "Handler": "handler.handler",
        "CodeSize": 4321,
        "Description": "",
        "Timeout": 30,
        "MemorySize": 128,
        "LastModified": "2026-05-01T00:00:00.000+0000",
        "CodeSha256": "c2hh",
        "Version": "$LATEST",
        "Environment": {"Variables": {"A": "1"}},
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": "00000000-0000-4000-8000-000000000000",
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
        "LastUpdateStatus": "InProgress",
        "PackageType": "Zip",
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/own", "ApplicationLogLevel": "INFO"},
    },
    "Code": {"RepositoryType": "S3", "Location": "https://example.com/x"},
    "Tags": {OWNER_TAG: "orders"},
    "Concurrency": {"ReservedConcurrentExecutions": 0},
}


def test_a_function_is_read_with_its_state() -> None:
    read = shapes.function(GET_FUNCTION)
    assert (read.state, read.update_status, read.is_settled) == ("Pending", "InProgress", False)
    assert (read.log_group, read.log_format, read.architecture) == ("/own", "JSON", "arm64")
    assert read.reserved_concurrency == 0
    assert read.is_ours


def test_a_function_that_says_little_is_settled_and_has_the_documented_defaults() -> None:
    bare = {"FunctionName": "f", "FunctionArn": "arn:f"}
    read = shapes.function(bare)
    assert read.is_settled
    assert (read.memory, read.timeout, read.architecture) == (128, 3, "x86_64")
    assert read.log_group == "/aws/lambda/f"
    assert read.reserved_concurrency is None
    assert not read.is_ours
    nothing: dict[str, Any] = {"Environment": None, "LoggingConfig": None, "Architectures": [], "State": None}
    assert shapes.function({"Configuration": {**bare, **nothing}, "Tags": None}) == read


def test_variables_that_cannot_be_decrypted_are_none() -> None:
    configuration = {**GET_FUNCTION["Configuration"], "Environment": {"Error": {"ErrorCode": "AccessDenied"}}}
    assert shapes.function(configuration).environment == {}


LISTED_MAPPING: dict[str, Any] = {
    "UUID": UUID.format(1),
    "StartingPosition": "TRIM_HORIZON",
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "EventSourceArn": LIVE,
    "FilterCriteria": {"Filters": [{"Pattern": INSERT_ONLY}]},
    "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders-inserts",
    "LastModified": "2026-05-01T00:00:00Z",
    "LastProcessingResult": "No records processed",
    "State": "Creating",
    "StateTransitionReason": "User action",
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
    "EventSourceMappingArn": "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:x",
}


def test_a_mapping_is_read_as_aws_tells_it() -> None:
    read = shapes.mapping(LISTED_MAPPING)
    assert read.filters == (INSERT_ONLY,)
    assert read.function_name == "orders-inserts"
    assert (read.retries, read.record_age, read.on_failure) == (-1, -1, None)
    assert read.is_enabled
    assert read.last_result == "No records processed"
    assert read.metrics is None


def test_a_mapping_that_says_little_has_the_documented_defaults() -> None:
    read = shapes.mapping({"UUID": UUID.format(1)})
    assert (read.batch_size, read.batching_window, read.parallelization) == (100, 0, 1)
    assert (read.retries, read.record_age, read.bisect, read.tumbling_window) == (-1, -1, False, 0)
    assert read.filters == ()
    assert not read.filters_hidden
    assert not read.is_enabled
    nulls = dict.fromkeys(LISTED_MAPPING) | {"UUID": UUID.format(1)}
    assert shapes.mapping({**nulls, "EventSourceArn": "", "FunctionArn": "", "State": ""}) == read


@pytest.mark.parametrize(
    ("answer", "filters", "hidden"),
    [
        ({"FilterCriteria": {}}, (), False),
        ({"FilterCriteria": {"Filters": []}}, (), False),
        ({"FilterCriteria": None, "KMSKeyArn": "arn:aws:kms:::key"}, (), True),
        (
            {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}, "KMSKeyArn": "arn:aws:kms:::key"},
            ("{}",),
            False,
        ),
        ({"FilterCriteria": {"Filters": [{}]}}, ("",), False),
    ],
)
def test_filters_are_none_shown_or_hidden(
    answer: dict[str, Any], filters: tuple[str, ...], hidden: bool
) -> None:
    read = shapes.mapping({"UUID": "u", **answer})
    assert (read.filters, read.filters_hidden) == (filters, hidden)


@pytest.mark.parametrize(
    ("answer", "metrics"),
    [
        ({}, None),
        ({"MetricsConfig": None}, False),
        ({"MetricsConfig": {}}, False),
        ({"MetricsConfig": {"Metrics": []}}, False),
        ({"MetricsConfig": {"Metrics": ["EventCount"]}}, True),
    ],
)
def test_metrics_are_on_off_or_not_told(answer: dict[str, Any], metrics: bool | None) -> None:
    assert shapes.mapping({"UUID": "u", **answer}).metrics is metrics


@pytest.mark.parametrize(
    "destination", [None, {}, {"OnFailure": None}, {"OnFailure": {}}, {"OnFailure": {"Destination": ""}}]
)
def test_an_empty_destination_is_none(destination: object) -> None:
    assert shapes.mapping({"UUID": "u", "DestinationConfig": destination}).on_failure is None


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:lambda:eu-west-1:1:function:f", "f"),
        ("arn:aws:lambda:eu-west-1:1:function:f:prod", "f"),
        ("f", "f"),
        ("", ""),
    ],
)
def test_the_function_of_a_mapping_is_named_without_its_alias(arn: str, name: str) -> None:
    assert shapes.mapping({"UUID": "u", "FunctionArn": arn}).function_name == name


# --- roles and log groups -------------------------------------------------------------------------------


def trust(principal: object, effect: str = "Allow") -> dict[str, Any]:
    statement = {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("document", "trusts"),
    [
        (json.loads(shapes.TRUST), True),
        (shapes.TRUST, True),
        (quote(shapes.TRUST), True),
        (trust({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}), True),
        ({"Statement": trust({"Service": "lambda.amazonaws.com"})["Statement"][0]}, True),
        (trust("*"), True),
        (trust({"Service": "edgelambda.amazonaws.com"}), False),
        (trust({"Service": "lambda.amazonaws.com"}, "Deny"), False),
        (trust({"AWS": "arn:aws:iam::123456789012:root"}), False),
        ({"Statement": []}, False),
        (None, True),  # not told
        ("not JSON", True),  # can't be read
    ],
)
def test_whether_a_role_trusts_lambda(document: object, trusts: bool) -> None:
    role = {"RoleName": "r", "Arn": ROLE_ARN, "AssumeRolePolicyDocument": document}
    assert shapes.role({"Role": role}).trusts_lambda is trusts


def test_a_role_is_ours_by_its_tag_alone() -> None:
    role: dict[str, Any] = {"RoleName": "r", "Arn": ROLE_ARN}
    assert not shapes.role({"Role": role}).is_ours
    assert not shapes.role({"Role": {**role, "Tags": [{"Key": "team", "Value": OWNER_TAG}]}}).is_ours
    assert shapes.role({"Role": {**role, "Tags": [{"Key": OWNER_TAG, "Value": "orders"}]}}).is_ours


def test_a_policy_compares_equal_however_it_was_sent() -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a", "Resource": "ü*"}]}
    spelled = [document, json.dumps(document, indent=3), quote(json.dumps(document))]
    assert len({shapes.policy_document({"PolicyDocument": one}) for one in spelled}) == 1


def test_a_log_group_is_found_among_those_that_begin_alike() -> None:
    answer = {
        "logGroups": [
            {"logGroupName": "/aws/lambda/orders-inserts-2", "arn": "arn:2:*", "retentionInDays": 1},
            {"logGroupName": "/aws/lambda/orders-inserts", "arn": "arn:1:*"},
        ]
    }
    name = "/aws/lambda/orders-inserts"
    assert shapes.log_group(answer, name) == LogGroupState(name=name, arn="arn:1:*", retention_days=None)
    assert shapes.log_group(answer, "/aws/lambda/orders") is None
    assert shapes.log_group({}, name) is None
