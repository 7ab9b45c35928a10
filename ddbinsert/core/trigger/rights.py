"""The rights that the identity that runs a plan needs, by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, assert_never

from ddbinsert.core.trigger import steps as s
from ddbinsert.core.trigger.differences import TRUST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ddbinsert.core.arn import Arn
    from ddbinsert.core.trigger.steps import Step

    _OfLambda = (
        s.CreateMapping
        | s.UpdateMapping
        | s.DeleteMapping
        | s.AdoptMapping
        | s.UpdateMappingTags
        | s.CreateFunction
        | s.UpdateFunctionCode
        | s.UpdateFunctionSettings
        | s.DeleteFunction
        | s.AdoptFunction
        | s.UpdateTags
    )


class Right(NamedTuple):
    """An action on a resource, as IAM names them."""

    action: str
    resource: str


def rights_of(steps: Iterable[Step], beside: Arn, role_path: str = "/") -> tuple[Right, ...]:
    """Each right that the steps need, without duplicates.

    Rights on queues are left out, as a queue's policy may grant what the identity's policies do not; likewise, rights
    on the policy of a stream, which belongs to another account.

    Args:
        beside: Any ARN of the account and region.
        role_path: The path of the existing role.
    """
    listed = list(steps)
    path = next((step.path for step in listed if isinstance(step, s.CreateRole)), role_path)
    return tuple(dict.fromkeys(right for step in listed for right in _rights(step, beside, path)))


def _rights(step: Step, beside: Arn, path: str) -> Iterator[Right]:
    match step:
        case s.CreateTable() | s.EnableStream() | s.ReplaceStream() | s.DisableStream() | s.DeleteTable():
            return _on_table(step, beside)
        case s.CreateLogGroup() | s.SetRetention() | s.KeepLogGroup() | s.DeleteLogGroup():
            return _on_log_group(step, beside)
        case s.CreateRole() | s.UpdateRole() | s.PutRolePolicy() | s.NarrowRolePolicy() | s.DeleteRole():
            return _on_role(step, beside, path)
        case s.CreateQueue() | s.DeleteQueue() | s.PutStreamPolicy() | s.DeleteStreamPolicy():
            return iter(())
        case s.PublishVersion():
            return _on_alias(step, beside)
        case s.CreateFunction(in_vpc=True):
            return iter((_on_function_or_mapping(step, beside), *_LOOKING_AT_A_VPC))
        case s.UpdateFunctionSettings() if step.in_vpc:
            return iter((_on_function_or_mapping(step, beside), *_LOOKING_AT_A_VPC))
        case _:
            return iter((_on_function_or_mapping(step, beside),))


#: The actions that Lambda calls with the caller's rights to connect a function to a VPC:
#: docs/aws-facts.md#function-vpc-rights.
_LOOKING_AT_A_VPC = tuple(Right(f"ec2:Describe{what}", "*") for what in ("SecurityGroups", "Subnets", "Vpcs"))


def _on_alias(step: s.PublishVersion, beside: Arn) -> Iterator[Right]:
    function = _function(step.function, beside)
    yield Right("lambda:PublishVersion", function)
    yield Right(f"lambda:{'UpdateAlias' if step.have else 'CreateAlias'}", function)


def _on_function_or_mapping(step: _OfLambda, beside: Arn) -> Right:
    match step:
        case s.CreateMapping():
            return Right("lambda:CreateEventSourceMapping", _mapping("*", beside))
        case s.UpdateMapping():
            return Right("lambda:UpdateEventSourceMapping", _mapping(step.uuid, beside))
        case s.DeleteMapping():
            return Right("lambda:DeleteEventSourceMapping", _mapping(step.uuid, beside))
        case s.AdoptMapping() | s.UpdateMappingTags():
            return Right("lambda:TagResource", _mapping(step.uuid, beside))
        case s.CreateFunction():
            return Right("lambda:CreateFunction", _function(step.name, beside))
        case s.UpdateFunctionCode():
            return Right("lambda:UpdateFunctionCode", _function(step.name, beside))
        case s.UpdateFunctionSettings():
            return Right("lambda:UpdateFunctionConfiguration", _function(step.name, beside))
        case s.DeleteFunction():
            return Right("lambda:DeleteFunction", _function(step.name, beside))
        case s.AdoptFunction(name=name) | s.UpdateTags(function=name):
            return Right("lambda:TagResource", _function(name, beside))
        case _:
            assert_never(step)


def _on_table(
    step: s.CreateTable | s.EnableStream | s.ReplaceStream | s.DisableStream | s.DeleteTable, beside: Arn
) -> Iterator[Right]:
    resource = str(beside._replace(service="dynamodb", resource=f"table/{step.table}"))
    match step:
        case s.CreateTable():
            yield Right("dynamodb:CreateTable", resource)
            yield Right("dynamodb:TagResource", resource)
        case s.DeleteTable():
            yield Right("dynamodb:DeleteTable", resource)
        case _:
            yield Right("dynamodb:UpdateTable", resource)


def _on_log_group(
    step: s.CreateLogGroup | s.SetRetention | s.KeepLogGroup | s.DeleteLogGroup, beside: Arn
) -> Iterator[Right]:
    resource = str(beside._replace(service="logs", resource=f"log-group:{step.name}"))
    match step:
        case s.CreateLogGroup():
            yield Right("logs:CreateLogGroup", resource)
            if step.retention_days is not None:
                yield Right("logs:PutRetentionPolicy", resource)
        case s.SetRetention(retention_days=None):
            yield Right("logs:DeleteRetentionPolicy", resource)
        case s.SetRetention():
            yield Right("logs:PutRetentionPolicy", resource)
        case s.KeepLogGroup():
            yield Right("logs:TagResource", resource)
        case s.DeleteLogGroup():
            yield Right("logs:DeleteLogGroup", resource)


def _on_role(
    step: s.CreateRole | s.UpdateRole | s.PutRolePolicy | s.NarrowRolePolicy | s.DeleteRole,
    beside: Arn,
    path: str,
) -> Iterator[Right]:
    name = step.role if isinstance(step, s.PutRolePolicy | s.NarrowRolePolicy) else step.name
    resource = str(beside._replace(service="iam", region="", resource=f"role{path}{name}"))
    match step:
        case s.UpdateRole():
            yield from (Right(action, resource) for action in dict.fromkeys(map(_on_change, step.changes)))
        case s.CreateRole():
            yield Right("iam:CreateRole", resource)
            yield Right("iam:TagRole", resource)
            yield Right("iam:PassRole", resource)
        case s.DeleteRole():
            yield Right("iam:DeleteRolePolicy", resource)
            yield Right("iam:DeleteRole", resource)
        case _:
            yield Right("iam:PutRolePolicy", resource)


def _on_change(change: s.Change) -> str:
    taken = change.want == "none"
    if change.field == TRUST:
        return "iam:UpdateAssumeRolePolicy"
    if change.field == "role.boundary":
        return f"iam:{'Delete' if taken else 'Put'}RolePermissionsBoundary"
    return "iam:UntagRole" if taken else "iam:TagRole"


def _function(name: str, beside: Arn) -> str:
    return str(beside._replace(service="lambda", resource=f"function:{name}"))


def _mapping(uuid: str, beside: Arn) -> str:
    return str(beside._replace(service="lambda", resource=f"event-source-mapping:{uuid}"))
