"""The one place that knows AWS's formats: it converts API answers to the model, and the model to API requests.

Reading is tolerant (AWS's documented defaults replace fields that an emulator omits); writing is exact.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.core.model.seen import FunctionState, LogGroupState, MappingState, RoleState, TableState
from ddbinsert.core.trigger.alias import ALIAS, mapped_function
from ddbinsert.core.trigger.function_settings import function_fields, function_parameters
from ddbinsert.core.trigger.settings import mapping_fields, mapping_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Change

Answer = dict[str, Any]


def table(answer: Mapping[str, Any]) -> TableState:
    """The table in the answer of DescribeTable, CreateTable or UpdateTable."""
    description = answer.get("Table") or answer["TableDescription"]
    stream = description.get("StreamSpecification") or {}
    live = bool(stream.get("StreamEnabled"))
    latest = description.get("LatestStreamArn")
    here = arn_parts(description["TableArn"]).region
    regions = (replica.get("RegionName", "") for replica in description.get("Replicas") or ())
    return TableState(
        name=description["TableName"],
        arn=description["TableArn"],
        status=description.get("TableStatus", "ACTIVE"),
        key=key_schema(description),
        item_count=int(description.get("ItemCount") or 0),
        view=StreamView(stream["StreamViewType"]) if live and stream.get("StreamViewType") else None,
        stream_arn=latest if live else None,
        latest_stream_arn=latest,
        replicas=tuple(region for region in regions if region != here),
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
    """The role in the answer of GetRole or CreateRole; ``policy`` is our inline policy's document, if it was read."""
    found = answer["Role"]
    return RoleState(
        name=found["RoleName"],
        arn=found["Arn"],
        policy=policy,
        boundary=(found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        path=found.get("Path") or "/",
        description=found.get("Description") or "",
        trusts_lambda=_trusts_lambda(found.get("AssumeRolePolicyDocument")),
        tags={tag["Key"]: tag["Value"] for tag in found.get("Tags") or ()},
    )


def policy_document(answer: Mapping[str, Any]) -> str:
    """GetRolePolicy's document as canonical JSON; botocore usually returns it parsed."""
    document = answer.get("PolicyDocument")
    if isinstance(document, str):
        document = json.loads(unquote(document))
    return canonical(document)


def canonical(document: object) -> str:
    """JSON text that is equal if the content is equal."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _trusts_lambda(document: object) -> bool:
    """Whether a trust policy lets Lambda assume the role; True if it cannot be read."""
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
    """The group with exactly this name in DescribeLogGroups' answer."""
    for group in answer.get("logGroups", ()):
        if group.get("logGroupName") == name:
            created = group.get("creationTime")
            return LogGroupState(
                name=name,
                arn=group.get("arn", ""),
                retention_days=group.get("retentionInDays"),
                created=created / 1000 if isinstance(created, (int, float)) else None,
                retention_policy=group.get("retentionPolicyName") or "",
                log_class=group.get("logGroupClass") or "",
                deletion_protected=bool(group.get("deletionProtectionEnabled")),
            )
    return None


def function(answer: Mapping[str, Any]) -> FunctionState:
    """The function in GetFunction's answer, or in the configuration that create and update return."""
    configuration = answer.get("Configuration") or answer
    name = configuration["FunctionName"]
    logging = configuration.get("LoggingConfig") or {}
    hidden = answer.get("TagsError") or {}  # docs/aws-facts.md#function-tags-hidden
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
        system_log_level=logging.get("SystemLogLevel") or "INFO",
        application_log_level=logging.get("ApplicationLogLevel") or "",
        state=configuration.get("State") or "Active",
        state_reason=configuration.get("StateReason") or "",
        update_status=configuration.get("LastUpdateStatus") or "Successful",
        update_reason=configuration.get("LastUpdateStatusReason") or "",
        reserved_concurrency=(answer.get("Concurrency") or {}).get("ReservedConcurrentExecutions"),
        version=configuration.get("Version") or "",
        modified=configuration.get("LastModified") or "",
        durable_timeout=(configuration.get("DurableConfig") or {}).get("ExecutionTimeout"),
        tags=dict(answer.get("Tags") or {}),
        tags_unread=str(hidden.get("Message") or hidden.get("ErrorCode") or ""),
        **function_fields(configuration),
    )


def mapping(answer: Mapping[str, Any]) -> MappingState:
    """The event source mapping in the answer of any call that returns one."""
    criteria = answer.get("FilterCriteria")
    return MappingState(
        uuid=answer["UUID"],
        stream_arn=answer.get("EventSourceArn", ""),
        function_arn=answer.get("FunctionArn", ""),
        state=answer.get("State", ""),
        starting_position=answer.get("StartingPosition"),
        tumbling_window=int(answer.get("TumblingWindowInSeconds") or 0),
        filters_hidden=criteria is None and bool(answer.get("KMSKeyArn")),
        filter_error=_joined(answer.get("FilterCriteriaError"), "ErrorCode", "Message"),
        last_result=answer.get("LastProcessingResult") or "",
        state_reason=answer.get("StateTransitionReason") or "",
        modified=_moment(answer.get("LastModified")),
        **mapping_fields(answer),
    )


def _joined(answer: Mapping[str, Any] | None, *members: str) -> str:
    return ": ".join(str(answer[one]) for one in members if answer.get(one)) if answer else ""


def _moment(value: Any) -> float | None:
    """Epoch seconds of a time, given as botocore returns it or as a number."""
    timestamp = getattr(value, "timestamp", None)
    if callable(timestamp):
        return float(timestamp())
    return float(value) if isinstance(value, (int, float)) else None


# --- model → requests -----------------------------------------------------------------------------------


def create_table_request(
    name: str, key: KeySchema, view: StreamView | None, tags: Mapping[str, str]
) -> Answer:
    """The request of CreateTable, with on-demand capacity and the stream if one is wanted."""
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


#: Seconds for which the queue for discarded records keeps a message: SQS's maximum.
QUEUE_RETENTION = 14 * 24 * 3600
TRUST = canonical(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def trusting(document: object) -> str:
    """A role's trust policy with Lambda added to its principals; one that cannot be read is replaced."""
    if isinstance(document, str):
        try:
            document = json.loads(unquote(document))
        except ValueError:
            document = None
    own = json.loads(TRUST)
    if not isinstance(document, dict):
        return TRUST
    there = document.get("Statement") or []
    listed = there if isinstance(there, list) else [there]
    return canonical({**own, **document, "Statement": [*listed, *own["Statement"]]})


def create_log_group_request(trigger: Trigger, log_class: str) -> Answer:
    """The request of CreateLogGroup."""
    request: Answer = {"logGroupName": trigger.log_group, "tags": trigger.log_group_tags}
    return request if log_class == "STANDARD" else {**request, "logGroupClass": log_class}


def create_role_request(trigger: Trigger) -> Answer:
    """The request of CreateRole."""
    request: Answer = {
        "RoleName": trigger.role_name,
        "AssumeRolePolicyDocument": TRUST,
        "Description": f"Execution role of {trigger.function_name}, made by ddbinsert",
        "Tags": [{"Key": key, "Value": value} for key, value in trigger.role_tags.items()],
    }
    if trigger.role.path != "/":
        request["Path"] = trigger.role.path
    if trigger.role.boundary is not None:
        request["PermissionsBoundary"] = trigger.role.boundary
    return request


def create_function_request(trigger: Trigger, role_arn: str, package: Package) -> Answer:
    """The request of CreateFunction."""
    settings = function_parameters(trigger, package)
    if trigger.function.log_group is None:
        del settings["LoggingConfig"]["LogGroup"]  # Lambda's default; endpoints may lack the setting
        if not settings["LoggingConfig"]:
            del settings["LoggingConfig"]
    return {
        "FunctionName": trigger.function_name,
        "Role": role_arn,
        "Code": code_source(package),
        "PackageType": "Zip" if package.image is None else "Image",
        "Architectures": [trigger.function.architecture],
        "Tags": trigger.function_tags,
        "Description": f"Insert trigger of DynamoDB table {trigger.table}, made by ddbinsert",
        **settings,
    }


def code_source(package: Package) -> Answer:
    """The source of the code: CreateFunction's Code, and UpdateFunctionCode's parameters."""
    if package.image is not None:
        return {"ImageUri": package.image}
    if package.stored is None:
        return {"ZipFile": package.zip_bytes}
    version = {"S3ObjectVersion": package.stored.version} if package.stored.version else {}
    return {"S3Bucket": package.stored.bucket, "S3Key": package.stored.key, **version}


def create_mapping_request(trigger: Trigger, stream_arn: str, starting_position: str) -> Answer:
    """The request of CreateEventSourceMapping with every setting, so that nothing depends on AWS's defaults."""
    request = {
        "EventSourceArn": stream_arn,
        "FunctionName": mapped_function(trigger),
        "StartingPosition": starting_position,
        "Tags": trigger.all_tags,
        "TumblingWindowInSeconds": 0,
        **mapping_parameters(trigger),
    }
    clearing = ("DestinationConfig", "KMSKeyArn")  # a value that clears is for updates only
    return {name: value for name, value in request.items() if value or name not in clearing}


def update_mapping_request(trigger: Trigger, changes: Iterable[Change]) -> Answer:
    """The request of UpdateEventSourceMapping, with only the settings that change."""
    keys = frozenset(change.field for change in changes)
    target = {"FunctionName": mapped_function(trigger)} if ALIAS in keys else {}
    window = {"TumblingWindowInSeconds": 0} if "mapping.tumbling_window" in keys else {}
    return mapping_parameters(trigger, keys) | target | window


def update_function_request(
    trigger: Trigger, have: FunctionState, changes: Iterable[Change], package: Package | None
) -> Answer:
    """The request of UpdateFunctionConfiguration without the role, with only the settings that change."""
    keys = frozenset(change.field for change in changes)
    request = function_parameters(trigger, package, keys)
    if "LoggingConfig" in request:
        request["LoggingConfig"] = {**kept_levels(have), **request["LoggingConfig"]}
        if request["LoggingConfig"]["LogFormat"] != "JSON":
            request["LoggingConfig"] = {
                name: value for name, value in request["LoggingConfig"].items() if name not in LEVELS
            }
    return request


#: Members of LoggingConfig that Lambda accepts only with JSON.
LEVELS = ("ApplicationLogLevel", "SystemLogLevel")


def kept_levels(have: FunctionState) -> dict[str, str]:
    """The log levels of a function that logs JSON, for a request that must contain the whole LoggingConfig."""
    levels = (have.application_log_level, have.system_log_level) if have.log_format == "JSON" else ()
    return {name: level for name, level in zip(LEVELS, levels, strict=False) if level}
