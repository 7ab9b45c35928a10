"""What earlier runs left, found by their names: after a run was killed, or to make sure that nothing is left."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.conformance.lab import PREFIX, Lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KINDS = ("mapping", "function", "table", "queue", "log group", "role")


def left(lab: Lab, prefix: str = PREFIX) -> list[tuple[str, Callable[[], object]]]:
    """What carries the prefix, and how each is removed, in an order in which that works."""
    return [(f"{kind} {name}", undo) for kind in _KINDS for name, undo in _FINDERS[kind](lab, prefix)]


Found = tuple[str, "Callable[[], object]"]


def _mappings(lab: Lab, prefix: str) -> Iterator[Found]:
    for page in lab.lambda_.get_paginator("list_event_source_mappings").paginate():
        for one in page["EventSourceMappings"]:
            if f":function:{prefix}" in one.get("FunctionArn", "") and one.get("State") != "Deleting":
                yield (
                    one["UUID"],
                    partial(lab.gone, lab.lambda_.delete_event_source_mapping, UUID=one["UUID"]),
                )


def _functions(lab: Lab, prefix: str) -> Iterator[Found]:
    for page in lab.lambda_.get_paginator("list_functions").paginate():
        for one in page["Functions"]:
            name = one["FunctionName"]
            if name.startswith(prefix):
                yield name, partial(lab.gone, lab.lambda_.delete_function, FunctionName=name)


def _tables(lab: Lab, prefix: str) -> Iterator[Found]:
    for page in lab.dynamodb.get_paginator("list_tables").paginate():
        for name in page["TableNames"]:
            if name.startswith(prefix) and lab.status(name) != "DELETING":
                yield name, partial(lab.gone, lab.dynamodb.delete_table, TableName=name)


def _queues(lab: Lab, prefix: str) -> Iterator[Found]:
    for url in lab.sqs.list_queues(QueueNamePrefix=prefix).get("QueueUrls", ()):
        yield url.rpartition("/")[2], partial(lab.gone, lab.sqs.delete_queue, QueueUrl=url)


def _log_groups(lab: Lab, prefix: str) -> Iterator[Found]:
    pages = lab.logs.get_paginator("describe_log_groups")
    for page in pages.paginate(logGroupNamePrefix=f"/aws/lambda/{prefix}"):
        for one in page.get("logGroups", ()):
            name = one["logGroupName"]
            yield name, partial(lab.gone, lab.logs.delete_log_group, logGroupName=name)


def _roles(lab: Lab, prefix: str) -> Iterator[Found]:
    for page in lab.iam.get_paginator("list_roles").paginate():
        for one in page["Roles"]:
            if one["RoleName"].startswith(prefix):
                yield one["RoleName"], partial(_remove_role, lab, one["RoleName"])


def _remove_role(lab: Lab, name: str) -> None:
    for policy in lab.iam.list_role_policies(RoleName=name)["PolicyNames"]:
        lab.gone(lab.iam.delete_role_policy, RoleName=name, PolicyName=policy)
    lab.gone(lab.iam.delete_role, RoleName=name)


_FINDERS = {
    "mapping": _mappings,
    "function": _functions,
    "table": _tables,
    "queue": _queues,
    "log group": _log_groups,
    "role": _roles,
}
