"""Watches a run's calls: each that changes or deletes something is compared with the tags of what it names.

With ``TEST_WATCH=1`` every command that a test runs in this process is watched (`tests.functional.command.ran`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from ddbinsert.aws.session.session import Aws

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.aws.session.session import Connection

_OWNER = "ddbinsert:table"
_READS = ("Describe", "Get", "Head", "List", "Filter", "Simulate", "Batch", "Query", "Scan")
#: Operations that make something new, or handle items, records and messages, which nobody's tag is on.
_NOT_OF_PARTS = frozenset(
    (
        *("CreateFunction", "CreateRole", "CreateLogGroup", "CreateQueue", "CreateTable", "Invoke"),
        *("CreateEventSourceMapping", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"),
        *("ExecuteStatement", "PutMetricData", "StartQuery", "StopQuery", "ReceiveMessage", "DeleteMessage"),
        *("DeleteMessageBatch", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "SendMessage"),
        *("Publish", "PutObject", "DeleteObject", "AssumeRole"),
        # What a table is asked for by its name: its stream, and the settings of a table of ddbinsert's own.
        *("UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups", "PutResourcePolicy"),
    )
)


class Change(NamedTuple):
    """A call that changes something that was there before, and whether that carried ddbinsert's tag."""

    operation: str
    target: str
    is_ours: bool


class Watch:
    """A way to connect: ``ran(..., connect=watch.connect)``.

    Args:
        way: The way to connect that is watched, where a test has one of its own.

    Attributes:
        changes: Every change of something that was there before.
    """

    def __init__(self, way: Callable[[Connection], Aws] = Aws) -> None:
        self._way = way
        self.changes: list[Change] = []
        self._listening: set[int] = set()
        self._lock = threading.Lock()

    @property
    def trespasses(self) -> list[Change]:
        """Changes of what did not carry ddbinsert's tag."""
        return [change for change in self.changes if not change.is_ours]

    def connect(self, connection: Connection) -> Aws:
        watched, looking = self._way(connection), Aws(connection)
        make = watched.client
        # What a test's own way refuses or counts is about the command, not about these look-ups.
        watched.client = lambda name: self._listen(looking, make(name))  # type: ignore[method-assign]
        return watched

    def _listen(self, aws: Aws, client: Any) -> Any:
        with self._lock:
            if id(client) in self._listening:
                return client
            self._listening.add(id(client))
        client.meta.events.register(
            "before-parameter-build.*.*", lambda params, model, **_more: self._note(aws, model.name, params)
        )
        return client

    def _note(self, aws: Aws, operation: str, params: Mapping[str, Any]) -> None:
        if operation.startswith(_READS) or operation in _NOT_OF_PARTS:
            return
        try:
            tags = _tags_before(aws, operation, params)
        except Exception as error:  # noqa: BLE001 - the command may tolerate it, and hide it from the test
            self.changes.append(
                Change(operation, f"{dict(params)}: not looked up: {error!r}"[:400], is_ours=False)
            )
            return
        if tags is None:
            return  # there is no such thing
        # Taking something over is the one deliberate change: it adds the tag.
        adopts = operation == "TagResource" and _OWNER in str(params.get("Tags"))
        # A table that is not ours is told which of its streams ddbinsert enabled.
        notes = operation in ("TagResource", "UntagResource") and "ddbinsert:stream" in str(params)
        self.changes.append(Change(operation, str(dict(params))[:200], _OWNER in tags or adopts or notes))


def _tags_before(aws: Aws, operation: str, params: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The tags of what a call names; None where it does not exist.

    Raises:
        AssertionError: Nobody has said yet how the thing is looked up that this operation changes.
    """
    for key, look in _LOOKS.items():
        if key in params:
            try:
                return look(aws, str(params[key]))
            except Exception as error:
                if any(
                    word in str(error) for word in ("NotFound", "NoSuch", "NonExistent", "does not exist")
                ):
                    return None
                raise
    raise AssertionError(f"{operation} {dict(params)}: which part does it change?")


def _mapping(aws: Aws, uuid: str) -> Mapping[str, str]:
    client = aws.client("lambda")
    arn = client.get_event_source_mapping(UUID=uuid).get("EventSourceMappingArn")
    return _resource(aws, arn) if arn else {_OWNER: "?"}


def _function(aws: Aws, name: str) -> Mapping[str, str]:
    return dict(aws.client("lambda").get_function(FunctionName=name).get("Tags") or {})


def _role(aws: Aws, name: str) -> Mapping[str, str]:
    return _pairs(aws.client("iam").get_role(RoleName=name)["Role"].get("Tags"))


def _table(aws: Aws, name: str) -> Mapping[str, str]:
    client = aws.client("dynamodb")
    arn = client.describe_table(TableName=name)["Table"]["TableArn"]
    return _pairs(client.list_tags_of_resource(ResourceArn=arn).get("Tags"))


def _log_group(aws: Aws, name: str) -> Mapping[str, str] | None:
    client = aws.client("logs")
    groups = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    arn = next((group["arn"] for group in groups if group["logGroupName"] == name), None)
    if arn is None:
        return None
    return dict(client.list_tags_for_resource(resourceArn=arn.removesuffix(":*")).get("tags") or {})


def _queue(aws: Aws, url: str) -> Mapping[str, str]:
    return dict(aws.client("sqs").list_queue_tags(QueueUrl=url).get("Tags") or {})


def _resource(aws: Aws, arn: str) -> Mapping[str, str]:
    if arn.startswith("arn:aws:dynamodb:"):
        return _pairs(aws.client("dynamodb").list_tags_of_resource(ResourceArn=arn).get("Tags"))
    if arn.startswith("arn:aws:logs:"):
        return dict(aws.client("logs").list_tags_for_resource(resourceArn=arn).get("tags") or {})
    return dict(aws.client("lambda").list_tags(Resource=arn).get("Tags") or {})


def _pairs(tags: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


_LOOKS: dict[str, Callable[[Aws, str], Mapping[str, str] | None]] = {
    "UUID": _mapping,
    "FunctionName": _function,
    "RoleName": _role,
    "logGroupName": _log_group,
    "QueueUrl": _queue,
    "TableName": _table,
    "Resource": _resource,
    "ResourceArn": _resource,
    "resourceArn": _resource,
}
