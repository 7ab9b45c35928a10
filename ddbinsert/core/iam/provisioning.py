"""What each command that creates, changes or deletes resources needs, and what the options of functions add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.iam.grants import ResourceScope
from ddbinsert.core.iam.modes import READING, Mode, needs

if TYPE_CHECKING:
    from collections.abc import Mapping

_FUNCTION: Final = ("GetFunction", "ListEventSourceMappings", "DescribeLogGroups")
_ROLE: Final = ("GetRole", "GetRolePolicy")
_SEEN: Final = needs(
    "DescribeTable",
    *_FUNCTION,
    *_ROLE,
    useful={"function ListTags": "anything where the function exists already"},
)
_OWNED: Final = _SEEN.combined_with(needs("function ListTags", "mapping ListTags"))
_LOG_OWNER: Final = {"ListTagsForResource": "who created the log group, where its settings are to be changed"}
_OWNERS: Final = {"mapping ListTags": "who created the mapping, where it is to be changed", **_LOG_OWNER}
_SINK: Final = Mode(places={(ResourceScope.SINK, "look"): "whether the sink exists"})
_STREAM_MARK: Final = {
    "table TagResource": "the note that ddbinsert enabled the stream, which lets `down` disable it"
}
_STREAM: Final = needs("DescribeTable", "UpdateTable", useful=_STREAM_MARK)
_NEW_FUNCTION: Final = needs(
    *("CreateRole", "TagRole", "PutRolePolicy", "PassRole", "CreateLogGroup", "PutRetentionPolicy"),
    *("log group TagResource", "CreateFunction", "function TagResource"),
    useful={
        "UpdateFunctionCode": "changes of an existing function's code",
        "UpdateFunctionConfiguration": "changes of an existing function's settings",
        "mapping TagResource": "tags of an existing mapping",
        **_OWNERS,
    },
)
_NEW_MAPPING: Final = needs(
    *("CreateEventSourceMapping", "GetEventSourceMapping", "mapping TagResource"),
    useful={"UpdateEventSourceMapping": "changes of an existing mapping", **_OWNERS},
)
_REPLACED: Final = _OWNED.combined_with(
    _STREAM,
    needs(
        *("DescribeStream", "GetRecords", "GetShardIterator", "PutRolePolicy", "CreateEventSourceMapping"),
        *("DeleteEventSourceMapping", "GetEventSourceMapping", "mapping TagResource"),
        useful={
            "DescribeKinesisStreamingDestination": "whether a Kinesis stream reads the table, too",
            "ListTagsOfResource": "whether ddbinsert enabled the replaced stream",
        },
    ),
)
_CREATE_TABLE: Final = needs("CreateTable", "table TagResource")
_QUEUE: Final = Mode(
    places={(ResourceScope.FAILURES, "created"): ""}, always=frozenset({ResourceScope.FAILURES})
)
_TRIGGER: Final = _SEEN.combined_with(_STREAM, _NEW_FUNCTION, _NEW_MAPPING, _SINK)
_BEFORE_DOWN: Final = _OWNED.combined_with(
    needs(
        "ListTagsForResource",
        useful={
            "ListFunctions": "whether other functions use the role or the log group",
            **dict.fromkeys(
                ("ListRolePolicies", "ListAttachedRolePolicies"), "policies that others added to the role"
            ),
        },
    ),
    Mode(
        places={(ResourceScope.FAILURES, "described"): "the queue"},
        always=frozenset({ResourceScope.FAILURES}),
    ),
)
_DOWN: Final = _BEFORE_DOWN.combined_with(
    needs(
        *("DeleteRole", "DeleteRolePolicy", "DeleteFunction", "DeleteLogGroup"),
        *("GetEventSourceMapping", "DeleteEventSourceMapping"),
    ),
    Mode(
        places={(ResourceScope.FAILURES, "deleted"): "the removal of the queue"},
        always=frozenset({ResourceScope.FAILURES}),
    ),
)
_PREVIEW: Final = _SEEN.combined_with(needs(useful=_OWNERS))
_ADOPT: Final = _OWNED.combined_with(needs("mapping TagResource", "GetEventSourceMapping"))
#: What an option of a function adds.
_OPTIONS: Final[Mapping[str, Mode]] = {
    "--code image": needs("DescribeImages", "GetRepositoryPolicy", "SetRepositoryPolicy"),
    "--code s3": needs("GetObject"),
    "--code-bucket": needs("GetObject", "PutObject"),
    "--kms-key": needs("CreateGrant", "Encrypt", "Decrypt"),
    "--layer": needs("GetLayerVersion"),
    "--alias": needs("PublishVersion", "GetAlias", "CreateAlias", "UpdateAlias"),
    "--role-boundary": needs("PutRolePermissionsBoundary"),
    "--unset": needs(
        *(
            "function ListTags",
            "mapping ListTags",
            "ListTagsForResource",
            "function UntagResource",
            "mapping UntagResource",
            "log group UntagResource",
            "UntagRole",
        ),
        *("DeleteRetentionPolicy", "DeleteRolePermissionsBoundary"),
    ),
    "--subnet": needs("DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"),
}
_COMMANDS: Final[Mapping[str, Mode]] = {
    "create-function": _SEEN.combined_with(_NEW_FUNCTION, _SINK),
    "attach-trigger": _TRIGGER,
    "up": _TRIGGER.combined_with(
        needs(useful={"UpdateAssumeRolePolicy": "the repair of a role that does not trust Lambda"})
    ),
}
_TABLE: Final = needs("DescribeTable", "CreateTable", "table TagResource")
_EXPORT_LIVE: Final = needs(
    "DescribeTable",
    *_FUNCTION,
    "ListTagsForResource",
    useful={
        "mapping ListTags": "the mapping's tags",
        **dict.fromkeys((*_ROLE, "ListRolePolicies", "ListAttachedRolePolicies"), "the role"),
        "function ListTags": "the function's tags",
    },
).combined_with(Mode(places={(ResourceScope.FAILURES, "described"): "the queue"}))
#: What a file is written from: it is compared as `plan` does.
_WRITTEN: Final = _PREVIEW.combined_with(
    needs("function ListTags", "mapping ListTags"), Mode(places={(ResourceScope.FAILURES, "described"): ""})
)
PROVISIONING: Final[Mapping[str, Mode]] = {
    **_COMMANDS,
    **{f"{name} {option}": mode.combined_with(more) for name, mode in _COMMANDS.items() for option, more in _OPTIONS.items()},
    **{
        f"{name} --on-failure create": mode.combined_with(_QUEUE) for name, mode in _COMMANDS.items() if name != "create-function"
    },
    **{
        f"{name} --filter-kms-key": mode.combined_with(needs("GenerateDataKey", "Decrypt"))
        for name, mode in _COMMANDS.items()
        if name != "create-function"
    },
    "adopt": _ADOPT,
    "adopt --write": _ADOPT.combined_with(_WRITTEN),
    "adopt --include-function": _ADOPT.combined_with(
        needs("function TagResource", "CreateLogGroup", "PutRetentionPolicy", "log group TagResource")
    ),
    "attach-trigger --adopt": _TRIGGER.combined_with(needs("mapping ListTags", "UpdateEventSourceMapping")),
    "attach-trigger --create-table": _TRIGGER.combined_with(_CREATE_TABLE),
    "attach-trigger --verify": _TRIGGER.combined_with(READING["verify"]),
    "audit create-table": _TABLE.combined_with(
        needs(
            useful={
                **dict.fromkeys(("DescribeTimeToLive", "UpdateTimeToLive"), "--retention"),
                "UpdateContinuousBackups": "point-in-time recovery",
                "PutResourcePolicy": "the policy that denies changes of entries",
            }
        ),
    ),
    "dedup create-table": _TABLE.combined_with(
        needs(useful=dict.fromkeys(("DescribeTimeToLive", "UpdateTimeToLive"), "the expiry of entries"))
    ),
    "doctor --fix": READING["doctor"].combined_with(
        Mode(
            useful={**dict.fromkeys(_TRIGGER.calls, "repairs that need it"), **_TRIGGER.useful},
            places=_TRIGGER.places,
        )
    ),
    "down": _DOWN,
    "down --dry-run": _BEFORE_DOWN,
    "down --stream": _DOWN.combined_with(needs(
            "UpdateTable",
            "ListTagsOfResource",
            useful={"UntagResource": "the removal of the note that ddbinsert enabled the stream"},
        )),
    "down --table": _DOWN.combined_with(needs("DeleteTable", "ListTagsOfResource")),
    "drift": _PREVIEW.combined_with(needs("function ListTags")),
    "enable-stream": _STREAM,
    "enable-stream --create-table": _STREAM.combined_with(_CREATE_TABLE),
    "enable-stream --replace": _REPLACED,
    "enable-stream --wait-drained": _REPLACED,
    "export": needs("DescribeTable"),
    "export --from-live": _EXPORT_LIVE,
    "init": READING["ls"].combined_with(_WRITTEN),
    "plan": _PREVIEW,
}  # fmt: skip
