"""An identity with an IAM policy: which actions each call asks for, and what is refused.

Written on its own, from AWS's reference of actions, and not taken from ddbinsert.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .arns import function_arn, role_name, split_function, table_name
from .policies import allows
from .wire import Answer, Call, Protocol, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Asked = tuple[str, str]

_STATEMENTS = {
    "SELECT": "PartiQLSelect",
    "INSERT": "PartiQLInsert",
    "UPDATE": "PartiQLUpdate",
    "DELETE": "PartiQLDelete",
}
_PREFIXES = {"dynamodbstreams": "dynamodb", "tagging": "tag", "monitoring": "cloudwatch"}
_OTHER_NAMES = {
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "lambda:InvokeWithResponseStream": ("lambda:InvokeFunction",),
    "lambda:GetLayerVersionByArn": ("lambda:GetLayerVersion",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sqs:ChangeMessageVisibilityBatch": ("sqs:ChangeMessageVisibility",),
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
    "logs:ListTagsLogGroup": ("logs:ListTagsLogGroup",),
}
_NEEDS_NOTHING = frozenset({"sts:GetCallerIdentity"})
#: On everything, as IAM knows no narrower resource for them.
_ON_ANYTHING = frozenset(
    (
        *("dynamodb:ListTables", "dynamodbstreams:ListStreams", "lambda:ListFunctions", "lambda:ListEventSourceMappings"),
        *("lambda:GetAccountSettings", "logs:DescribeLogGroups", "logs:GetQueryResults", "logs:StopQuery"),
    )
)  # fmt: skip


class Identity:
    """Who calls, and what they may do.

    Args:
        policy: Its only policy.
        without: Actions that are refused whatever the policy says.

    Attributes:
        used: Actions that were asked for and allowed. denied: Those that were refused.
    """

    def __init__(self, policy: Any, *, without: Iterable[str] = ()) -> None:
        self._policy = policy
        self._without = frozenset(without)
        self._streams: dict[str, str] = {}
        self._lock = threading.Lock()
        self.used: set[str] = set()
        self.denied: set[str] = set()

    def check(self, call: Call) -> None:
        """Let a call pass.

        Raises:
            Refusal: An action is not allowed.
        """
        if call.name in _NEEDS_NOTHING:
            return
        for action, resource in self._asked(call):
            if self._is_allowed(action, resource):
                continue
            code = (
                "AccessDenied"
                if call.protocol in (Protocol.QUERY, Protocol.OTHER)
                else "AccessDeniedException"
            )
            raise Refusal(
                code, self._message(call, action, resource), status=403 if call.service == "s3" else None
            )

    def answered(self, call: Call, answer: Answer) -> Answer:
        """The answer as this identity may see it: docs/aws-facts.md#function-tags-hidden."""
        self._note(call, answer)
        if call.service == "s3" and call.method == "HEAD" and answer.status == 404:
            return self._head_of_missing(call, answer)
        if call.name != "lambda:GetFunction" or not answer.ok or not answer.document.get("Tags"):
            return answer
        name, _ = split_function(unquote(str(call.params["FunctionName"])))
        arn = function_arn(call.access, name)
        if self._is_allowed("lambda:ListTags", arn):
            return answer
        shown = {key: value for key, value in answer.document.items() if key != "Tags"}
        error = {"ErrorCode": "AccessDeniedException", "Message": self._message(call, "lambda:ListTags", arn)}
        return answer.with_document({**shown, "TagsError": error})

    def _head_of_missing(self, call: Call, answer: Answer) -> Answer:
        """docs/aws-facts.md#s3-head-forbidden."""
        bucket = unquote(urlsplit(call.target).path).lstrip("/").partition("/")[0]
        may_list = allows([self._policy], "s3:ListBucket", f"arn:aws:s3:::{bucket}")
        return answer if may_list else Answer(status=403)

    def _is_allowed(self, action: str, resource: str) -> bool:
        allowed = action not in self._without and allows([self._policy], action, resource)
        (self.used if allowed else self.denied).add(action)
        return allowed

    @staticmethod
    def _message(call: Call, action: str, resource: str) -> str:
        user = f"arn:aws:iam::{call.access.account}:user/limited"
        why = "because no identity-based policy allows the action"
        return f"User: {user} is not authorized to perform: {action} on resource: {resource} {why}"

    def _note(self, call: Call, answer: Answer) -> None:
        """Remember which stream an iterator reads."""
        if call.service != "dynamodbstreams" or not answer.ok:
            return
        arn = call.payload.get("StreamArn") or self._streams.get(str(call.payload.get("ShardIterator")))
        for key in ("ShardIterator", "NextShardIterator"):
            if arn and answer.document.get(key):
                with self._lock:
                    self._streams[answer.document[key]] = arn

    def _asked(self, call: Call) -> Iterator[Asked]:
        if call.name in _ON_ANYTHING:
            prefix = _PREFIXES.get(call.service, call.service)
            yield f"{prefix}:{call.operation}", "*"
        elif call.service == "dynamodbstreams":
            iterator = str(call.payload.get("ShardIterator"))
            yield f"dynamodb:{call.operation}", call.payload.get("StreamArn") or self._streams[iterator]
        else:
            yield from _BY_SERVICE.get(call.service, _of_others)(call)


def _of_topics(call: Call) -> Iterator[Asked]:
    yield f"sns:{call.operation}", call.payload.get("TopicArn") or "*"


def _of_pipes(call: Call) -> Iterator[Asked]:
    found = re.fullmatch(r"/v1/pipes(/.+)?", urlsplit(call.target).path)
    yield f"pipes:{'DescribePipe' if found and found[1] else 'ListPipes'}", "*"


def _of_others(call: Call) -> Iterator[Asked]:
    prefix = _PREFIXES.get(call.service, call.service)
    payload = call.payload if call.protocol is not Protocol.OTHER else {}
    yield f"{prefix}:{call.operation or _smithy(call)}", _anywhere(call, payload)


def _smithy(call: Call) -> str:
    return call.target.rpartition("/")[2] or call.method


def _anywhere(call: Call, payload: dict[str, Any]) -> str:
    where = f"{call.access.region}:{call.access.account}"
    match call.service:
        case "kms" if payload.get("KeyId"):
            key = str(payload["KeyId"])
            return key if key.startswith("arn:") else f"arn:aws:kms:{where}:key/{key}"
        case "kinesis" if payload.get("StreamARN"):
            return str(payload["StreamARN"])
        case "firehose":
            return f"arn:aws:firehose:{where}:deliverystream/{payload.get('DeliveryStreamName')}"
        case "events":
            return f"arn:aws:events:{where}:event-bus/{payload.get('Name')}"
        case "ecr":
            return f"arn:aws:ecr:{where}:repository/{payload.get('repositoryName')}"
        case "cloudformation":
            return f"arn:aws:cloudformation:{where}:stack/{payload.get('StackName')}/id"
        case _:
            return "*"


def _where(call: Call) -> str:
    return f"{call.access.region}:{call.access.account}"


def _of_tables(call: Call) -> Iterator[Asked]:
    def arn(name: str) -> str:
        return (
            name if name.startswith("arn:") else f"arn:aws:dynamodb:{_where(call)}:table/{table_name(name)}"
        )

    match call.operation:
        case "TransactWriteItems":
            for item in call.payload["TransactItems"]:
                ((kind, content),) = item.items()
                action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
                yield f"dynamodb:{action}", arn(content["TableName"])
        case "BatchWriteItem" | "BatchGetItem" as operation:
            for name in call.payload["RequestItems"]:
                yield f"dynamodb:{operation}", arn(name)
        case "ExecuteStatement":
            verb, name = re.findall(r"^\s*(\w+)[^\"]*\"([^\"]+)\"", call.payload["Statement"])[0]
            yield f"dynamodb:{_STATEMENTS[verb.upper()]}", arn(name)
        case operation:
            name = str(call.payload.get("TableName") or call.payload.get("ResourceArn") or "")
            index = call.payload.get("IndexName")
            yield f"dynamodb:{operation}", arn(name) + (f"/index/{index}" if index else "")
            if operation == "CreateTable" and call.payload.get("Tags"):
                yield "dynamodb:TagResource", arn(name)


def _of_lambda(call: Call) -> Iterator[Asked]:
    match call.operation:
        case "TagResource" | "UntagResource" | "ListTags" as operation:
            yield f"lambda:{operation}", unquote(str(call.params["Resource"]))
        case "GetLayerVersionByArn":
            yield "lambda:GetLayerVersion", unquote(str(call.params["Arn"]))
        case "CreateEventSourceMapping":
            mapping = f"arn:aws:lambda:{_where(call)}:event-source-mapping:*"
            yield "lambda:CreateEventSourceMapping", mapping
            if call.payload.get("Tags"):
                yield "lambda:TagResource", mapping
            yield from _of_filter_key(call)
        case operation if call.params.get("UUID"):
            yield (
                f"lambda:{operation}",
                f"arn:aws:lambda:{_where(call)}:event-source-mapping:{call.params['UUID']}",
            )
            yield from _of_filter_key(call)
        case _:
            yield from _of_functions(call)


def _of_filter_key(call: Call) -> Iterator[Asked]:
    """What Lambda asks of a key in the caller's name: docs/aws-facts.md#esm-filter-key."""
    key = call.payload.get("KMSKeyArn") if isinstance(call.payload, dict) else None
    if key:
        yield from ((f"kms:{action}", str(key)) for action in ("GenerateDataKey", "Decrypt"))


def _of_functions(call: Call) -> Iterator[Asked]:
    payload, operation = call.payload, call.operation
    reference = unquote(str(call.params.get("FunctionName") or payload.get("FunctionName") or "*"))
    bare = function_arn(call.access, split_function(reference)[0])
    resource = function_arn(call.access, reference) if operation in ("Invoke", "GetFunction") else bare
    for action in _OTHER_NAMES.get(call.name, (f"lambda:{operation}",)):
        yield action, resource
    if payload.get("Tags"):
        yield "lambda:TagResource", bare
    if payload.get("Role") and operation in ("CreateFunction", "UpdateFunctionConfiguration"):
        yield "iam:PassRole", str(payload["Role"])
    for layer in payload.get("Layers") or ():
        yield "lambda:GetLayerVersion", str(layer)
    if (payload.get("VpcConfig") or {}).get("SubnetIds"):
        yield from ((f"ec2:Describe{what}", "*") for what in ("SecurityGroups", "Subnets", "Vpcs"))
    code = payload.get("Code") or payload
    if code.get("S3Bucket"):
        yield "s3:GetObject", f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}"


def _of_roles(call: Call) -> Iterator[Asked]:
    form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
    resource = form.get("PolicySourceArn") or (
        f"arn:aws:iam::{call.access.account}:role{form.get('Path', '/')}{role_name(form.get('RoleName', '*'))}"
    )
    yield f"iam:{call.operation}", resource
    if call.operation == "CreateRole" and any(key.startswith("Tags.") for key in form):
        yield "iam:TagRole", resource


def _of_logs(call: Call) -> Iterator[Asked]:
    group = str(call.payload.get("logGroupName") or call.payload.get("logGroupIdentifier") or "")
    found = (
        call.payload.get("resourceArn")
        or f"arn:aws:logs:{_where(call)}:log-group:{group.rpartition('log-group:')[2]}"
    )
    # What is about the streams in it, or about the group with them, has the colon in its ARN.
    yield f"logs:{call.operation}", f"{str(found).removesuffix(':*')}:*" if group else str(found)
    if call.operation == "CreateLogGroup" and call.payload.get("tags"):
        yield "logs:TagResource", f"{found}:*"


def _of_queues(call: Call) -> Iterator[Asked]:
    url = str(call.payload.get("QueueUrl") or "")
    name = call.payload.get("QueueName") or url.rpartition("/")[2]
    resource = f"arn:aws:sqs:{_where(call)}:{name}"
    for action in _OTHER_NAMES.get(call.name, (call.name,)):
        yield action, resource
    if call.operation == "CreateQueue" and call.payload.get("tags"):
        yield "sqs:TagQueue", resource


def _of_buckets(call: Call) -> Iterator[Asked]:
    parts = urlsplit(call.target)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    query = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if key:
        action = {"PUT": "PutObject", "DELETE": "DeleteObject"}.get(call.method, "GetObject")
        yield f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}"
    elif "policy" in query:
        yield "s3:GetBucketPolicy", f"arn:aws:s3:::{bucket}"
    elif "encryption" in query:
        yield "s3:GetEncryptionConfiguration", f"arn:aws:s3:::{bucket}"
    else:
        yield "s3:ListBucket", f"arn:aws:s3:::{bucket}"


_BY_SERVICE = {
    "dynamodb": _of_tables,
    "lambda": _of_lambda,
    "iam": _of_roles,
    "logs": _of_logs,
    "sqs": _of_queues,
    "s3": _of_buckets,
    "sns": _of_topics,
    "pipes": _of_pipes,
}
