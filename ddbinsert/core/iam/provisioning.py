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
_OWNED: Final = _SEEN.and_also(needs("function ListTags", "mapping ListTags"))
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
_REPLACED: Final = _OWNED.and_also(
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
_TRIGGER: Final = _SEEN.and_also(_STREAM, _NEW_FUNCTION, _NEW_MAPPING, _SINK)
_BEFORE_DOWN: Final = _OWNED.and_also(
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
_DOWN: Final = _BEFORE_DOWN.and_also(
    needs(
        *("DeleteRole", "DeleteRolePolicy", "DeleteFunction", "DeleteLogGroup"),
        *("GetEventSourceMapping", "DeleteEventSourceMapping"),
    ),
    Mode(
        places={(ResourceScope.FAILURES, "deleted"): "the removal of the queue"},
        always=frozenset({ResourceScope.FAILURES}),
    ),
)
_PREVIEW: Final = _SEEN.and_also(needs(useful=_OWNERS))
_ADOPT: Final = _OWNED.and_also(needs("mapping TagResource", "GetEventSourceMapping"))
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
    "create-function": _SEEN.and_also(_NEW_FUNCTION, _SINK),
    "attach-trigger": _TRIGGER,
    "up": _TRIGGER.and_also(
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
).and_also(Mode(places={(ResourceScope.FAILURES, "described"): "the queue"}))
#: What a file is written from: it is compared as `plan` does.
_WRITTEN: Final = _PREVIEW.and_also(
    needs("function ListTags", "mapping ListTags"), Mode(places={(ResourceScope.FAILURES, "described"): ""})
)
PROVISIONING: Final[Mapping[str, Mode]] = {
    **_COMMANDS,
    **{f"{name} {option}": mode.and_also(more) for name, mode in _COMMANDS.items() for option, more in _OPTIONS.items()},
    **{
        f"{name} --on-failure create": mode.and_also(_QUEUE) for name, mode in _COMMANDS.items() if name != "create-function"
    },
    **{
        f"{name} --filter-kms-key": mode.and_also(needs("GenerateDataKey", "Decrypt"))
        for name, mode in _COMMANDS.items()
        if name != "create-function"
    },
    "adopt": _ADOPT,
    "adopt --write": _ADOPT.and_also(_WRITTEN),
    "adopt --include-function": _ADOPT.and_also(
        needs("function TagResource", "CreateLogGroup", "PutRetentionPolicy", "log group TagResource")
    ),
    "attach-trigger --adopt": _TRIGGER.and_also(needs("mapping ListTags", "UpdateEventSourceMapping")),
    "attach-trigger --create-table": _TRIGGER.and_also(_CREATE_TABLE),
    "attach-trigger --verify": _TRIGGER.and_also(READING["verify"]),
    "audit create-table": _TABLE.and_also(
        needs(
            useful={
                **dict.fromkeys(("DescribeTimeToLive", "UpdateTimeToLive"), "--retention"),
                "UpdateContinuousBackups": "point-in-time recovery",
                "PutResourcePolicy": "the policy that denies changes of entries",
            }
        ),
    ),
    "dedup create-table": _TABLE.and_also(
        needs(useful=dict.fromkeys(("DescribeTimeToLive", "UpdateTimeToLive"), "the expiry of entries"))
    ),
    "doctor --fix": READING["doctor"].and_also(
        Mode(
            useful={**dict.fromkeys(_TRIGGER.calls, "repairs that need it"), **_TRIGGER.useful},
            places=_TRIGGER.places,
        )
    ),
    "down": _DOWN,
    "down --dry-run": _BEFORE_DOWN,
    "down --stream": _DOWN.and_also(needs(
            "UpdateTable",
            "ListTagsOfResource",
            useful={"UntagResource": "the removal of the note that ddbinsert enabled the stream"},
        )),
    "down --table": _DOWN.and_also(needs("DeleteTable", "ListTagsOfResource")),
    "drift": _PREVIEW.and_also(needs("function ListTags")),
    "enable-stream": _STREAM,
    "enable-stream --create-table": _STREAM.and_also(_CREATE_TABLE),
    "enable-stream --replace": _REPLACED,
    "enable-stream --wait-drained": _REPLACED,
    "export": needs("DescribeTable"),
    "export --from-live": _EXPORT_LIVE,
    "init": READING["ls"].and_also(_WRITTEN),
    "plan": _PREVIEW,
}  # fmt: skip
