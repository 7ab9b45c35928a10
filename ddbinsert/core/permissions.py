"""The API calls of each command, and the IAM policy that allows exactly these.

A test runs the commands and compares: every call must be granted, and every grant must be used.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class ResourceScope(StrEnum):
    """The resource on which an action is allowed."""

    TABLE = "table"
    STREAM = "stream"
    FUNCTION = "function"
    MAPPING = "mapping"
    LOG_GROUP = "log group"
    ROLE = "role"
    QUEUE = "queue"
    ANY = "any"


class Grant(NamedTuple):
    """An IAM action, and the resource on which it is allowed."""

    action: str
    scope: ResourceScope


_OWN_NAME: Final = {
    ResourceScope.TABLE: ("DescribeTable", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "ListTagsOfResource",
                  "DescribeKinesisStreamingDestination"),
    ResourceScope.STREAM: ("DescribeStream", "GetRecords", "GetShardIterator"),
}  # fmt: skip
#: The IAM rights by operation; an operation that is not listed needs no right (GetCallerIdentity).
GRANTS: Final[Mapping[str, tuple[Grant, ...]]] = {
    **{name: (Grant(f"dynamodb:{name}", scope),) for scope, names in _OWN_NAME.items() for name in names},
    "TransactWriteItems": tuple(
        Grant(f"dynamodb:{action}", ResourceScope.TABLE) for action in ("PutItem", "UpdateItem", "DeleteItem")
    ),
    "ExecuteStatement": tuple(
        Grant(f"dynamodb:PartiQL{action}", ResourceScope.TABLE) for action in ("Insert", "Update", "Delete")
    ),
    "ListStreams": (Grant("dynamodb:ListStreams", ResourceScope.ANY),),
    "ListTables": (Grant("dynamodb:ListTables", ResourceScope.ANY),),
    "GetFunction": (Grant("lambda:GetFunction", ResourceScope.FUNCTION),),
    "ListFunctions": (Grant("lambda:ListFunctions", ResourceScope.ANY),),
    "ListEventSourceMappings": (Grant("lambda:ListEventSourceMappings", ResourceScope.ANY),),
    "GetEventSourceMapping": (Grant("lambda:GetEventSourceMapping", ResourceScope.MAPPING),),
    "ListTags": (Grant("lambda:ListTags", ResourceScope.MAPPING),),
    "Invoke": (Grant("lambda:InvokeFunction", ResourceScope.FUNCTION),),
    "DescribeLogGroups": (Grant("logs:DescribeLogGroups", ResourceScope.ANY),),
    "ListTagsForResource": (Grant("logs:ListTagsForResource", ResourceScope.LOG_GROUP),),
    "FilterLogEvents": (Grant("logs:FilterLogEvents", ResourceScope.LOG_GROUP),),
    "StartQuery": (Grant("logs:StartQuery", ResourceScope.LOG_GROUP),),
    "GetQueryResults": (Grant("logs:GetQueryResults", ResourceScope.ANY),),
    "StopQuery": (Grant("logs:StopQuery", ResourceScope.ANY),),
    "GetRole": (Grant("iam:GetRole", ResourceScope.ROLE),),
    "GetRolePolicy": (Grant("iam:GetRolePolicy", ResourceScope.ROLE),),
    "SimulatePrincipalPolicy": (Grant("iam:SimulatePrincipalPolicy", ResourceScope.ROLE),),
    "GetAccountSettings": (Grant("lambda:GetAccountSettings", ResourceScope.ANY),),
    "DescribeTimeToLive": (Grant("dynamodb:DescribeTimeToLive", ResourceScope.TABLE),),
    "DescribeKey": (Grant("kms:DescribeKey", ResourceScope.ANY),),
    "LookupEvents": (Grant("cloudtrail:LookupEvents", ResourceScope.ANY),),
    "GetMetricData": (Grant("cloudwatch:GetMetricData", ResourceScope.ANY),),
    "PutMetricData": (Grant("cloudwatch:PutMetricData", ResourceScope.ANY),),
    "GetResources": (Grant("tag:GetResources", ResourceScope.ANY),),
    "ListPipes": (Grant("pipes:ListPipes", ResourceScope.ANY),),
    "DescribePipe": (Grant("pipes:DescribePipe", ResourceScope.ANY),),
    "GetQueueUrl": (Grant("sqs:GetQueueUrl", ResourceScope.QUEUE),),
    "ReceiveMessage": (Grant("sqs:ReceiveMessage", ResourceScope.QUEUE),),
    "ChangeMessageVisibilityBatch": (Grant("sqs:ChangeMessageVisibility", ResourceScope.QUEUE),),
}


@dataclass(frozen=True, kw_only=True)
class Mode:
    """The operations that one mode of a command needs.

    Attributes:
        calls: Operations that it requires; it fails without them.
        useful: Optional operations, each with what is missing without it.
    """

    calls: tuple[str, ...]
    useful: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def and_also(self, *calls: str, useful: Mapping[str, str] | None = None) -> Mode:
        """This mode with additional calls."""
        return Mode(calls=(*self.calls, *calls), useful={**self.useful, **(useful or {})})


_FIND: Final = ("DescribeTable", "GetFunction", "ListEventSourceMappings", "DescribeLogGroups")
_READ_STREAM: Final = ("DescribeStream", "GetShardIterator", "GetRecords")
_METRICS: Final = {"GetMetricData": "CloudWatch's counts, which explain what the log does not show"}
_ROLE: Final = {
    "GetRole": "whether the function's role is ddbinsert's own",
    "GetRolePolicy": "what the role of the function lacks",
}
_MAPPING: Final = {"GetEventSourceMapping": "filters that are encrypted with a customer key"}
_VERIFY: Final = Mode(
    calls=(*_FIND, "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems", "FilterLogEvents"),
    useful={
        **dict.fromkeys(_READ_STREAM, "the comparison with the stream itself: the verdict claims less"),
        "DescribeKinesisStreamingDestination": "whether a Kinesis stream also receives the test items",
        **_METRICS,
        **_ROLE,
        **_MAPPING,
    },
)  # fmt: skip
_OBSERVE: Final = Mode(
    calls=(*_FIND, *_READ_STREAM, "FilterLogEvents"), useful={**_METRICS, **_ROLE, **_MAPPING}
)
#: The modes by command and options, in the form in which users type them.
MODES: Final[Mapping[str, Mode]] = {
    "doctor": Mode(
        calls=_FIND,
        useful={
            **_ROLE,
            **_METRICS,
            **_MAPPING,
            **dict.fromkeys(_READ_STREAM, "the inserts in the stream, and which of them wait"),
            "ListTags": "who made the mapping",
            "ListTagsForResource": "who made the log group",
            "FilterLogEvents": "how invocations ended, and receipts",
            "SimulatePrincipalPolicy": "what the role may do",
            "GetAccountSettings": "the account's concurrency and storage",
            "DescribeTimeToLive": "whether items expire",
            "DescribeKey": "the state of the table's key",
            "LookupEvents": "who changed what",
        },
    ),
    "invoke --deployed": Mode(
        calls=("DescribeTable", "Invoke"),
        useful=dict.fromkeys(
            ("GetFunction", "ListEventSourceMappings", "DescribeLogGroups"), "finding the function on the stream"
        ),
    ),
    "ls": Mode(
        calls=(),
        useful={
            "ListTables": "tables without an event source mapping",
            "DescribeTable": "streams and view types",
            "ListEventSourceMappings": "the functions on the streams",
            "ListFunctions": "functions that do not exist any more",
            "GetResources": "owners",
            "ListPipes": "EventBridge Pipes",
            "DescribePipe": "EventBridge Pipes",
            "DescribeKinesisStreamingDestination": "Kinesis destinations",
        },
    ),
    "records": Mode(calls=("DescribeTable", *_READ_STREAM)),
    "send": Mode(calls=("DescribeTable", "BatchWriteItem")),
    "status": Mode(
        calls=_FIND,
        useful={**_ROLE, "ListTags": "who made the mapping", **_METRICS},
    ),
    "tail": Mode(calls=("FilterLogEvents",), useful={"GetFunction": "a log group of another name"}),
    "verify": _VERIFY,
    "verify --all": _VERIFY,
    "verify --emit-metrics": _VERIFY.and_also("PutMetricData"),
    "verify --match": _VERIFY,
    "verify --observe": _OBSERVE,
    "verify --partiql": _VERIFY.and_also("ExecuteStatement"),
    "verify --refuse-tag": _VERIFY.and_also("ListTagsOfResource"),
    "verify --via insights": _VERIFY.and_also("StartQuery", "GetQueryResults", "StopQuery"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PolicyTarget:
    """The resources that a policy is for; ``*`` matches any.

    Attributes:
        function: The function's name.
        log_group: The log group's name.
        role: The role's name, with its path.
    """

    table: str = "*"
    function: str = "*"
    log_group: str = "*"
    role: str = "*"
    partition: str = "aws"
    region: str = "*"
    account: str = "*"

    def resources(self, scope: ResourceScope) -> tuple[str, ...]:
        """The ARNs that an action with this scope is allowed on."""
        place = f"{self.region}:{self.account}"
        start = f"arn:{self.partition}"
        match scope:
            case ResourceScope.TABLE:
                return (f"{start}:dynamodb:{place}:table/{self.table}",)
            case ResourceScope.STREAM:
                return (f"{start}:dynamodb:{place}:table/{self.table}/stream/*",)
            case ResourceScope.FUNCTION:
                function = f"{start}:lambda:{place}:function:{self.function}"
                return (function, f"{function}:*")
            case ResourceScope.MAPPING:
                return (f"{start}:lambda:{place}:event-source-mapping:*",)
            case ResourceScope.LOG_GROUP:
                group = f"{start}:logs:{place}:log-group:{self.log_group}"
                return (group, f"{group}:*")
            case ResourceScope.ROLE:
                return (f"{start}:iam::{self.account}:role/{self.role}",)
            case ResourceScope.QUEUE:
                return (f"{start}:sqs:{place}:*",)
            case ResourceScope.ANY:
                return ("*",)


def policy(modes: Iterable[Mode], target: PolicyTarget) -> dict[str, Any]:
    """The policy document that allows only these modes."""
    wanted = list(modes)
    operations = [
        *(call for one in wanted for call in one.calls),
        *(call for one in wanted for call in one.useful),
    ]
    grants = {grant for operation in operations for grant in GRANTS[operation]}
    statements = []
    for scope in ResourceScope:
        actions = sorted({grant.action for grant in grants if grant.scope is scope})
        if actions:
            resources = target.resources(scope)
            statements.append(
                {
                    "Sid": "".join(word.capitalize() for word in scope.value.split()),
                    "Effect": "Allow",
                    "Action": actions,
                    "Resource": list(resources) if len(resources) > 1 else resources[0],
                }
            )
    return {"Version": "2012-10-17", "Statement": statements}


def losses(modes: Iterable[Mode]) -> dict[str, str]:
    """Optional actions, each with what is missing without it, except those that another mode requires."""
    wanted = list(modes)
    needed = {grant.action for one in wanted for call in one.calls for grant in GRANTS[call]}
    return {
        grant.action: loss
        for one in wanted
        for call, loss in one.useful.items()
        for grant in GRANTS[call]
        if grant.action not in needed
    }


def modes_of(words: Sequence[str]) -> tuple[str, ...]:
    """The modes of a list of commands with options: ``verify --match status`` are two.

    Raises:
        UsageError: A command or one of its options is unknown.
    """
    left = [part for word in words for part in word.split()]
    commands = {name.partition(" ")[0] for name in MODES}
    found: list[str] = []
    while left:
        command = left.pop(0)
        options: list[str] = []
        while left and left[0].startswith("--"):
            options.append(_option(command, left))
        names = [f"{command} {option}" for option in options] or [command]
        unknown = next((name for name in names if name not in MODES), None)
        if unknown is not None:
            fitting = [name for name in MODES if name.partition(" ")[0] == command] or sorted(commands)
            raise UsageError(
                f"The permissions of {unknown!r:.80} are not known.",
                hint=f"Known are: {', '.join(fitting)}.",
                code="unknown-command",
            )
        found += names
    return tuple(dict.fromkeys(found))


def _option(command: str, left: list[str]) -> str:
    """The next option, with its value if modes depend on it."""
    option = left.pop(0)
    if left and f"{command} {option} {left[0]}" in MODES:
        return f"{option} {left.pop(0)}"
    return option
