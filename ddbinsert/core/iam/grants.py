"""Operations of AWS as IAM actions, and the resources that they are allowed on."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from ddbinsert.core.arn import parse_arn
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


class ResourceScope(StrEnum):
    """What an action is allowed on."""

    TABLE = "table"
    INDEX = "index"
    STREAM = "stream"
    FUNCTION = "function"
    MAPPING = "mapping"
    LAYER = "layer"
    LOG_GROUP = "log group"
    ROLE = "role"
    SINK = "sink"
    FAILURES = "on-failure destination"
    KEY = "key"
    BUCKET = "bucket"
    IMAGE = "image"
    TAP = "temporary function"
    TAP_LOG_GROUP = "temporary log group"
    TAP_ROLE = "temporary role"
    ANY = "any"


class Grant(NamedTuple):
    """An IAM action, and what it is allowed on."""

    action: str
    scope: ResourceScope


S = ResourceScope
#: Service and scope to operations whose IAM action has their name.
_OWN_NAMES: Final = {
    ("dynamodb", S.TABLE): (
        *("BatchWriteItem", "CreateTable", "DeleteItem", "DeleteTable", "DescribeKinesisStreamingDestination"),
        *("DescribeTable", "DescribeTimeToLive", "GetItem", "ListTagsOfResource", "PutItem", "PutResourcePolicy", "Scan"),
        *("UpdateContinuousBackups", "UpdateItem", "UpdateTable", "UpdateTimeToLive", "UntagResource"),
    ),
    ("dynamodb", S.STREAM): ("DescribeStream", "GetRecords", "GetShardIterator"),
    ("dynamodb", S.ANY): ("ListStreams", "ListTables"),
    ("lambda", S.FUNCTION): (
        *("CreateAlias", "CreateFunction", "DeleteFunction", "GetAlias", "GetFunction"),
        *("PublishVersion", "UpdateAlias"),
        *("UpdateFunctionCode", "UpdateFunctionConfiguration"),
    ),
    ("lambda", S.MAPPING): (
        *("CreateEventSourceMapping", "DeleteEventSourceMapping", "GetEventSourceMapping"),
        "UpdateEventSourceMapping",
    ),
    ("lambda", S.LAYER): ("GetLayerVersion",),
    ("lambda", S.ANY): ("GetAccountSettings", "ListEventSourceMappings", "ListFunctions"),
    ("logs", S.LOG_GROUP): (
        *("CreateLogGroup", "DeleteLogGroup", "DeleteRetentionPolicy", "FilterLogEvents", "ListTagsForResource"),
        *("PutRetentionPolicy", "StartQuery"),
    ),
    ("logs", S.ANY): ("DescribeLogGroups", "GetQueryResults", "StopQuery"),
    ("iam", S.ROLE): (
        *("CreateRole", "DeleteRole", "DeleteRolePolicy", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies"),
        *("ListRolePolicies", "PassRole", "PutRolePolicy", "SimulatePrincipalPolicy", "TagRole", "UntagRole"),
        *("UpdateAssumeRolePolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
    ),
    ("cloudwatch", S.ANY): ("GetMetricData", "PutMetricData"),
    ("cloudtrail", S.ANY): ("LookupEvents",),
    ("cloudformation", S.ANY): ("ListStackResources",),
    ("ec2", S.ANY): ("DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"),
    ("ecr", S.IMAGE): ("DescribeImages", "GetRepositoryPolicy", "SetRepositoryPolicy"),
    ("kms", S.ANY): ("DescribeKey",),
    ("kms", S.KEY): ("CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey"),
    ("pipes", S.ANY): ("DescribePipe", "ListPipes"),
    ("s3", S.BUCKET): ("GetObject", "PutObject"),
    ("tag", S.ANY): ("GetResources",),
}  # fmt: skip
#: Of a temporary function, whose name begins with `ddbinsert-tap-`.
_OF_TAP: Final = {
    ("lambda", S.TAP): ("CreateFunction", "DeleteFunction", "GetFunction", "ListTags", "TagResource"),
    ("logs", S.TAP_LOG_GROUP): (
        *("CreateLogGroup", "DeleteLogGroup", "FilterLogEvents", "ListTagsForResource", "PutRetentionPolicy"),
        "TagResource",
    ),
    ("iam", S.TAP_ROLE): (
        *("CreateRole", "DeleteRole", "DeleteRolePolicy", "GetRole", "GetRolePolicy", "PassRole", "PutRolePolicy"),
        "TagRole",
    ),
}  # fmt: skip
#: What is asked of a place that is not the trigger's own, by its service.
_OF_PLACES: Final[Mapping[ResourceScope, Mapping[str, Mapping[str, tuple[str, ...]]]]] = {
    S.SINK: {
        "look": {
            "dynamodb": ("DescribeTable",),
            "events": ("DescribeEventBus",),
            "firehose": ("DescribeDeliveryStream",),
            "kinesis": ("DescribeStreamSummary",),
            "s3": ("ListBucket",),
            "sns": ("GetTopicAttributes",),
            "sqs": ("GetQueueUrl",),
        },
        "entries": {"dynamodb": ("DescribeTable", "BatchGetItem")},
        "entries removed": {"dynamodb": ("BatchWriteItem",)},
        "all entries": {"dynamodb": ("DescribeTable", "Query", "Scan")},
        "scanned": {"dynamodb": ("DescribeTable", "Scan")},
        "search": {"dynamodb": ("DescribeTable", "Query")},
    },
    S.FAILURES: {
        "look": {
            "sqs": ("GetQueueAttributes", "GetQueueUrl"),
            "sns": ("GetTopicAttributes",),
            "s3": ("GetBucketPolicy", "GetEncryptionConfiguration", "ListBucket"),
        },
        "records": {"sqs": ("GetQueueUrl", "ReceiveMessage"), "s3": ("GetObject", "ListBucket")},
        "removed": {"sqs": ("ChangeMessageVisibility", "DeleteMessage"), "s3": ("DeleteObject",)},
        "created": {"sqs": ("CreateQueue", "GetQueueUrl", "TagQueue")},
        "deleted": {"sqs": ("DeleteQueue",)},
        "described": {"sqs": ("GetQueueAttributes", "GetQueueUrl", "ListQueueTags")},
    },
}
#: Operation to what IAM asks for; an operation that is not listed needs no permission (GetCallerIdentity).
GRANTS: Final[Mapping[str, tuple[Grant, ...]]] = {
    **{name: (Grant(f"{service}:{name}", scope),) for (service, scope), names in _OWN_NAMES.items() for name in names},
    **{
        f"{scope.value} {name}": (Grant(f"{service}:{name}", scope),)
        for (service, scope), names in _OF_TAP.items()
        for name in names
    },
    **{
        f"{scope.value} {what} {service}": tuple(Grant(f"{service}:{name}", scope) for name in names)
        for scope, places in _OF_PLACES.items()
        for what, services in places.items()
        for service, names in services.items()
    },
    "Query": (Grant("dynamodb:Query", S.TABLE), Grant("dynamodb:Query", S.INDEX)),
    "TransactWriteItems": tuple(
        Grant(f"dynamodb:{action}", S.TABLE) for action in ("PutItem", "UpdateItem", "DeleteItem")
    ),
    "ExecuteStatement": tuple(Grant(f"dynamodb:PartiQL{action}", S.TABLE) for action in ("Insert", "Update", "Delete")),
    "ListRegions": (Grant("account:ListRegions", S.ANY),),
    "kinesis ListStreams": (Grant("kinesis:ListStreams", S.ANY),),
    "Invoke": (Grant("lambda:InvokeFunction", S.FUNCTION),),
    **{
        f"stream {name}": (Grant(f"dynamodb:{name}", S.STREAM),)
        for name in ("GetResourcePolicy", "PutResourcePolicy", "DeleteResourcePolicy")
    },
    "table TagResource": (Grant("dynamodb:TagResource", S.TABLE),),
    "function ListTags": (Grant("lambda:ListTags", S.FUNCTION),),
    "mapping ListTags": (Grant("lambda:ListTags", S.MAPPING),),
    "function UntagResource": (Grant("lambda:UntagResource", S.FUNCTION),),
    "mapping UntagResource": (Grant("lambda:UntagResource", S.MAPPING),),
    "log group UntagResource": (Grant("logs:UntagResource", S.LOG_GROUP),),
    "function TagResource": (Grant("lambda:TagResource", S.FUNCTION),),
    "mapping TagResource": (Grant("lambda:TagResource", S.MAPPING),),
    "log group TagResource": (Grant("logs:TagResource", S.LOG_GROUP),),
}  # fmt: skip


_TAP_NAME: Final = "ddbinsert-tap-*"
_RESOURCES: Final[Mapping[ResourceScope, tuple[str, ...]]] = {
    S.TABLE: ("{start}:dynamodb:{place}:table/{table}",),
    S.INDEX: ("{start}:dynamodb:{place}:table/{table}/index/*",),
    S.STREAM: ("{start}:dynamodb:{place}:table/{table}/stream/*",),
    S.FUNCTION: (
        "{start}:lambda:{place}:function:{function}",
        "{start}:lambda:{place}:function:{function}:*",
    ),
    S.MAPPING: ("{start}:lambda:{place}:event-source-mapping:*",),
    S.LAYER: ("{start}:lambda:*:*:layer:*:*",),
    S.LOG_GROUP: ("{start}:logs:{place}:log-group:{group}", "{start}:logs:{place}:log-group:{group}:*"),
    S.ROLE: ("{start}:iam::{account}:role/{role}",),
    S.SINK: ("{start}:dynamodb:{place}:table/*",),
    S.FAILURES: ("{start}:sqs:{place}:{queue}",),
    S.KEY: ("{start}:kms:{place}:key/*",),
    S.BUCKET: ("{start}:s3:::*",),
    S.IMAGE: ("{start}:ecr:{place}:repository/*",),
    S.TAP: (f"{{start}}:lambda:{{place}}:function:{_TAP_NAME}",),
    S.TAP_LOG_GROUP: (
        f"{{start}}:logs:{{place}}:log-group:/aws/lambda/{_TAP_NAME}",
        f"{{start}}:logs:{{place}}:log-group:/aws/lambda/{_TAP_NAME}:*",
    ),
    S.TAP_ROLE: (f"{{start}}:iam::{{account}}:role/{{path}}{_TAP_NAME}",),
    S.ANY: ("*",),
}


@dataclass(frozen=True, kw_only=True)
class PolicyTarget:
    """What a policy is for; ``*`` stands for any.

    Attributes:
        function: Its name.
        log_group: Its name.
        role: Its name, with the path before it.
        own_role: The name of the role that ddbinsert would create, likewise; empty if it is the same.
        sink: ARN of the function's sink; empty for none.
        failures: ARN of the mapping's on-failure destination; empty for the queue that ddbinsert would create.
    """

    table: str = "*"
    function: str = "*"
    log_group: str = "*"
    role: str = "*"
    own_role: str = ""
    sink: str = ""
    failures: str = ""
    partition: str = "aws"
    region: str = "*"
    account: str = "*"

    def service_of(self, scope: ResourceScope) -> str:
        """The service of the sink or the on-failure destination; empty where none is given."""
        parts = parse_arn({S.SINK: self.sink, S.FAILURES: self.failures}.get(scope, ""))
        return parts.service if parts else ""

    def resources(self, scope: ResourceScope) -> tuple[str, ...]:
        """The ARNs that an action with this scope is allowed on."""
        if scope is S.SINK and self.sink:
            return self._of_sink()
        if scope is S.FAILURES and self.failures:
            service = self.service_of(scope)
            return _with(self.failures, "/*") if service == "s3" else (self.failures,)
        path = self.role.rpartition("/")[0]
        if scope is S.ROLE and self.own_role:
            return tuple(
                replace(self, role=one, own_role="").resources(scope)[0] for one in (self.role, self.own_role)
            )
        return tuple(
            form.format(
                start=f"arn:{self.partition}",
                place=f"{self.region}:{self.account}",
                account=self.account,
                table=self.table,
                function=self.function,
                queue=self._own_queue,
                group=self.log_group,
                role=self.role,
                path=f"{path}/" if path else "",
            )
            for form in _RESOURCES[scope]
        )

    @property
    def _own_queue(self) -> str:
        return "*-failures" if self.function == "*" else f"{self.function}-failures"

    def _of_sink(self) -> tuple[str, ...]:
        return _with(self.sink, "/index/*") if self.service_of(S.SINK) == "dynamodb" else (self.sink,)


def _with(resource: str, parts: str) -> tuple[str, ...]:
    return (resource, f"{resource}{parts}")
