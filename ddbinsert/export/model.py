"""The model of an export: resources with CloudFormation's properties, and references between them."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

Properties = dict[str, Any]


class ResourceType(StrEnum):
    """The CloudFormation type of a resource."""

    ROLE = "AWS::IAM::Role"
    LOG_GROUP = "AWS::Logs::LogGroup"
    QUEUE = "AWS::SQS::Queue"
    FUNCTION = "AWS::Lambda::Function"
    VERSION = "AWS::Lambda::Version"
    ALIAS = "AWS::Lambda::Alias"
    MAPPING = "AWS::Lambda::EventSourceMapping"


#: The logical name of the resource of each type: an export has at most one of each.
NAMES: Final = {
    ResourceType.ROLE: "Role",
    ResourceType.LOG_GROUP: "LogGroup",
    ResourceType.QUEUE: "FailureQueue",
    ResourceType.FUNCTION: "Function",
    ResourceType.VERSION: "Version",
    ResourceType.ALIAS: "Alias",
    ResourceType.MAPPING: "Mapping",
}


@dataclass(frozen=True)
class Ref:
    """An attribute of another resource of the export.

    Attributes:
        name: The logical name of the resource.
        attribute: ``Arn``, ``Name``, ``Version`` (the number of a published version), or ``Id`` (Terraform).
    """

    name: str
    attribute: str = "Arn"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource.

    Attributes:
        name: The logical name, in CamelCase.
        properties: Properties by CloudFormation's names; a value may contain a `Ref` at any depth.
        identity: The property, with its value, that identifies it for an import by CloudFormation.
        import_id: The ID for an import by Terraform and Pulumi.
        after: Logical names of resources that must be created first, besides those that it refers to.
    """

    kind: ResourceType
    name: str
    properties: Properties
    identity: tuple[str, str]
    import_id: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Exported:
    """One trigger.

    Attributes:
        exists: The resources exist already, so that they must be imported instead of created.
        archive: The function's code, written to a separate file; None if it is not known.
        notes: What the format or the export cannot express.
    """

    table: str
    resources: tuple[Resource, ...]
    region: str
    exists: bool = True
    archive: bytes | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()


def with_refs(value: Any, render: Callable[[Ref], Any]) -> Any:
    """The value, with each `Ref` in it rendered."""
    match value:
        case Ref():
            return render(value)
        case dict():
            return {name: with_refs(inner, render) for name, inner in value.items()}
        case list() | tuple():
            return [with_refs(inner, render) for inner in value]
        case _:
            return value
