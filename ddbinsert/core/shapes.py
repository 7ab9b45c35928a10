"""The one place that knows AWS's spelling: from API answers to the model, and from the model to API requests.

Reading is tolerant (an emulator leaves fields out: AWS's documented default stands in); writing is exact.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ddbinsert.core.insert_filter import insert_patterns
from ddbinsert.core.model import (
    FunctionState,
    KeyAttribute,
    KeySchema,
    KeyType,
    LogGroupState,
    MappingState,
    RoleState,
    StreamView,
    TableState,
    Trigger,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model import FunctionSpec
    from ddbinsert.core.package import Package

Answer = dict[str, Any]


# --- answers → model ------------------------------------------------------------------------------------


def table(answer: Mapping[str, Any]) -> TableState:
    """DescribeTable's, CreateTable's or UpdateTable's description."""
    description = answer.get("Table") or answer["TableDescription"]
    stream = description.get("StreamSpecification") or {}
    live = bool(stream.get("StreamEnabled"))
    latest = description.get("LatestStreamArn")
    return TableState(
        name=description["TableName"],
        arn=description["TableArn"],
        status=description.get("TableStatus", "ACTIVE"),
        key=key_schema(description),
        item_count=int(description.get("ItemCount") or 0),
        view=StreamView(stream["StreamViewType"]) if live and stream.get("StreamViewType") else None,
        stream_arn=latest if live else None,
        latest_stream_arn=latest,
        replicas=tuple(replica.get("RegionName", "") for replica in description.get("Replicas") or ()),
        kms_key_arn=(description.get("SSEDescription") or {}).get("KMSMasterKeyArn"),
        deletion_protected=bool(description.get("DeletionProtectionEnabled")),
    )


def key_schema(description: Mapping[str, Any]) -> KeySchema:
    types = {
        a["AttributeName"]: KeyType(a["AttributeType"]) for a in description.get("AttributeDefinitions", ())
    }
    by_role = {k["KeyType"]: k["AttributeName"] for k in description["KeySchema"]}
    sort = by_role.get("RANGE")
    return KeySchema(
        partition=KeyAttribute(name=by_role["HASH"], type=types[by_role["HASH"]]),
        sort=KeyAttribute(name=sort, type=types[sort]) if sort else None,
    )


def role(answer: Mapping[str, Any], policy: str | None = None) -> RoleState:
    """GetRole's or CreateRole's answer; ``policy`` is our inline policy's document, where one was read."""
    found = answer["Role"]
    return RoleState(
        name=found["RoleName"],
        arn=found["Arn"],
        policy=policy,
        trusts_lambda=_trusts_lambda(found.get("AssumeRolePolicyDocument")),
        tags={tag["Key"]: tag["Value"] for tag in found.get("Tags") or ()},
    )


def policy_document(answer: Mapping[str, Any]) -> str:
    """GetRolePolicy's document as canonical JSON; botocore has mostly parsed it already."""
    document = answer.get("PolicyDocument")
    if isinstance(document, str):
        document = json.loads(unquote(document))
    return canonical(document)


def canonical(document: object) -> str:
    """JSON that compares equal when the content is equal."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _trusts_lambda(document: object) -> bool:
    """Whether a trust policy lets Lambda assume the role; True where that can't be read."""
    if isinstance(document, str):
        try:
            document = json.loads(unquote(document))
        except ValueError:
            return True
    if not isinstance(document, dict):
        return True
    statements = document.get("Statement") or []
    return any(_admits_lambda(s) for s in (statements if isinstance(statements, list) else [statements]))


def _admits_lambda(statement: object) -> bool:
    if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal")
    services = principal.get("Service") if isinstance(principal, dict) else principal
    named = [services] if isinstance(services, str) else list(services or ())
    return "lambda.amazonaws.com" in named or "*" in named


def log_group(answer: Mapping[str, Any], name: str) -> LogGroupState | None:
    """The group of exactly this name in DescribeLogGroups' answer."""
    for group in answer.get("logGroups", ()):
        if group.get("logGroupName") == name:
            return LogGroupState(
                name=name, arn=group.get("arn", ""), retention_days=group.get("retentionInDays")
            )
    return None


def function(answer: Mapping[str, Any]) -> FunctionState:
    """GetFunction's answer, or the configuration that create and update return."""
    configuration = answer.get("Configuration") or answer
    name = configuration["FunctionName"]
    logging = configuration.get("LoggingConfig") or {}
    return FunctionState(
        name=name,
        arn=configuration["FunctionArn"],
        runtime=configuration.get("Runtime", ""),
        handler=configuration.get("Handler", ""),
        role_arn=configuration.get("Role", ""),
        code_sha256=configuration.get("CodeSha256", ""),
        memory=int(configuration.get("MemorySize") or 128),
        timeout=int(configuration.get("Timeout") or 3),
        architecture=(configuration.get("Architectures") or ["x86_64"])[0],
        package_type=configuration.get("PackageType") or "Zip",
        layers=tuple(layer["Arn"] for layer in configuration.get("Layers") or ()),
        environment=dict((configuration.get("Environment") or {}).get("Variables") or {}),
        log_group=logging.get("LogGroup") or f"/aws/lambda/{name}",
        log_format=logging.get("LogFormat") or "Text",
        state=configuration.get("State") or "Active",
        state_reason=configuration.get("StateReason") or "",
        update_status=configuration.get("LastUpdateStatus") or "Successful",
        reserved_concurrency=(answer.get("Concurrency") or {}).get("ReservedConcurrentExecutions"),
        tags=dict(answer.get("Tags") or {}),
    )


def mapping(answer: Mapping[str, Any]) -> MappingState:
    """An event source mapping, from any call that returns one."""
    criteria = answer.get("FilterCriteria")
    destination = ((answer.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    return MappingState(
        uuid=answer["UUID"],
        stream_arn=answer.get("EventSourceArn", ""),
        function_arn=answer.get("FunctionArn", ""),
        state=answer.get("State", ""),
        batch_size=_number(answer, "BatchSize", 100),
        batching_window=_number(answer, "MaximumBatchingWindowInSeconds", 0),
        starting_position=answer.get("StartingPosition"),
        parallelization=_number(answer, "ParallelizationFactor", 1),
        retries=_number(answer, "MaximumRetryAttempts", -1),
        record_age=_number(answer, "MaximumRecordAgeInSeconds", -1),
        bisect=bool(answer.get("BisectBatchOnFunctionError")),
        report_batch_item_failures="ReportBatchItemFailures" in (answer.get("FunctionResponseTypes") or ()),
        tumbling_window=_number(answer, "TumblingWindowInSeconds", 0),
        on_failure=destination or None,
        filters=tuple(f.get("Pattern", "") for f in (criteria or {}).get("Filters") or ()),
        filters_hidden=criteria is None and bool(answer.get("KMSKeyArn")),
        metrics="EventCount" in (answer["MetricsConfig"] or {}).get("Metrics", ())
        if "MetricsConfig" in answer
        else None,
        last_result=answer.get("LastProcessingResult") or "",
        state_reason=answer.get("StateTransitionReason") or "",
        modified=_moment(answer.get("LastModified")),
    )


def _moment(value: Any) -> float | None:
    """Epoch seconds of a time as botocore gives it, or as a number."""
    timestamp = getattr(value, "timestamp", None)
    if callable(timestamp):
        return float(timestamp())
    return float(value) if isinstance(value, (int, float)) else None


def _number(answer: Mapping[str, Any], key: str, default: int) -> int:
    value = answer.get(key)
    return default if value is None else int(value)


# --- model → requests -----------------------------------------------------------------------------------


def create_table_request(
    name: str, key: KeySchema, view: StreamView | None, tags: Mapping[str, str]
) -> Answer:
    """CreateTable, on demand; with the stream at once where one is wanted."""
    roles = ("HASH", "RANGE")
    request: Answer = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": a.name, "AttributeType": a.type.value} for a in key.attributes
        ],
        "KeySchema": [
            {"AttributeName": a.name, "KeyType": part} for a, part in zip(key.attributes, roles, strict=False)
        ],
        "Tags": [{"Key": tag, "Value": value} for tag, value in tags.items()],
    }
    if view is not None:
        request["StreamSpecification"] = stream_specification(view)
    return request


def stream_specification(view: StreamView | None) -> Answer:
    """UpdateTable's StreamSpecification; None disables the stream."""
    if view is None:
        return {"StreamEnabled": False}
    return {"StreamEnabled": True, "StreamViewType": view.value}


TRUST = canonical(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def create_function_request(trigger: Trigger, role_arn: str, package: Package) -> Answer:
    return {
        "FunctionName": trigger.function_name,
        "Role": role_arn,
        "Code": code_source(package),
        "PackageType": "Zip" if package.image is None else "Image",
        "Architectures": [trigger.function.architecture],
        "Tags": trigger.all_tags,
        **function_settings(trigger, package),
    }


def function_settings(trigger: Trigger, package: Package) -> Answer:
    """The part of a function that UpdateFunctionConfiguration can change; each field always given."""
    wanted = trigger.function
    settings: Answer = {
        **_entry_point(wanted, package),
        "Description": f"Insert trigger of DynamoDB table {trigger.table}, made by ddbinsert",
        "MemorySize": wanted.memory,
        "Timeout": wanted.timeout,
        "Environment": {"Variables": dict(wanted.environment)},
    }
    if wanted.log_group is not None:
        settings["LoggingConfig"] = {"LogGroup": wanted.log_group}
    return settings


def _entry_point(wanted: FunctionSpec, package: Package) -> Answer:
    """What runs the code; an image brings its own runtime, and takes no layers."""
    if package.image is not None:
        return {"ImageConfig": {"Command": [wanted.handler]} if wanted.handler else {}}
    return {
        "Runtime": wanted.runtime,
        "Handler": wanted.handler or package.handler,
        "Layers": list(wanted.layers),
    }


def code_source(package: Package) -> Answer:
    """Where Lambda takes the code from: CreateFunction's Code, and UpdateFunctionCode's parameters."""
    if package.image is not None:
        return {"ImageUri": package.image}
    if package.stored is None:
        return {"ZipFile": package.zip_bytes}
    version = {"S3ObjectVersion": package.stored.version} if package.stored.version else {}
    return {"S3Bucket": package.stored.bucket, "S3Key": package.stored.key, **version}


def mapping_settings(trigger: Trigger) -> Answer:
    """Every setting of a mapping that can be changed; what isn't wanted is cleared explicitly.

    An update that omits a field leaves it as it is, so nothing is omitted.
    """
    wanted = trigger.mapping
    return {
        "BatchSize": wanted.batch_size,
        "MaximumBatchingWindowInSeconds": wanted.batching_window,
        "ParallelizationFactor": wanted.parallelization,
        "MaximumRetryAttempts": wanted.retries,
        "MaximumRecordAgeInSeconds": wanted.record_age,
        "BisectBatchOnFunctionError": wanted.bisect,
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if wanted.report_batch_item_failures else [],
        "FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in insert_patterns(wanted.filters)]},
        # An empty OnFailure is refused ("The Destination field is required"); an empty whole clears it.
        "DestinationConfig": {"OnFailure": {"Destination": wanted.on_failure}} if wanted.on_failure else {},
        "MetricsConfig": {"Metrics": ["EventCount"] if wanted.metrics else []},
        "TumblingWindowInSeconds": 0,
        "Enabled": wanted.enabled,
    }


def create_mapping_request(trigger: Trigger, stream_arn: str, starting_position: str) -> Answer:
    request = {
        "EventSourceArn": stream_arn,
        "FunctionName": trigger.function_name,
        "StartingPosition": starting_position,
        "Tags": trigger.all_tags,
        **mapping_settings(trigger),
    }
    if trigger.mapping.on_failure is None:
        del request["DestinationConfig"]
    return request
