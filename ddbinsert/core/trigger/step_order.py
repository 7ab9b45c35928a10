"""The order of a plan's steps: what must be done before what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.trigger.steps import (
    AdoptFunction,
    AdoptMapping,
    CreateFunction,
    CreateLogGroup,
    CreateMapping,
    CreateQueue,
    CreateRole,
    CreateTable,
    DeleteFunction,
    DeleteLogGroup,
    DeleteMapping,
    DeleteQueue,
    DeleteRole,
    DeleteStreamPolicy,
    DeleteTable,
    DisableStream,
    EnableStream,
    KeepLogGroup,
    NarrowRolePolicy,
    PublishVersion,
    PutRolePolicy,
    PutStreamPolicy,
    ReplaceStream,
    UpdateFunctionCode,
    UpdateFunctionSettings,
    UpdateMapping,
    UpdateRole,
)

if TYPE_CHECKING:
    from ddbinsert.core.trigger.steps import Step

#: The kinds of steps that must be done before a step of a kind; other steps run concurrently.
AFTER: dict[type, tuple[type, ...]] = {
    EnableStream: (CreateTable,),
    # Some accounts only allow writing a policy to a role that has its boundary.
    PutRolePolicy: (CreateTable, EnableStream, ReplaceStream, CreateRole, UpdateRole),
    # DynamoDB accepts only principals that exist.
    PutStreamPolicy: (CreateTable, EnableStream, ReplaceStream, CreateRole),
    NarrowRolePolicy: (DeleteMapping, PutRolePolicy, UpdateFunctionSettings, PublishVersion),
    # Which function wrote a log group's lines is known only before the function changes.
    CreateFunction: (CreateRole, KeepLogGroup),
    UpdateFunctionCode: (AdoptFunction, KeepLogGroup),
    UpdateFunctionSettings: (CreateRole, UpdateFunctionCode, AdoptFunction, KeepLogGroup),
    PublishVersion: (CreateFunction, UpdateFunctionCode, UpdateFunctionSettings, AdoptFunction),
    CreateMapping: (
        CreateTable,
        EnableStream,
        ReplaceStream,
        PutRolePolicy,
        PutStreamPolicy,
        # A function that is invoked without its log group would create one, without retention.
        CreateLogGroup,
        CreateQueue,
        CreateFunction,
        UpdateFunctionCode,
        UpdateFunctionSettings,
        PublishVersion,
    ),
    UpdateMapping: (
        AdoptMapping,
        PutRolePolicy,
        PutStreamPolicy,
        CreateLogGroup,
        CreateQueue,
        CreateFunction,
        UpdateFunctionCode,
        UpdateFunctionSettings,
        PublishVersion,
    ),
    DeleteMapping: (CreateMapping,),
    # Deletion: mappings first, because they outlive function and table; logs last, because a running
    # function would create its group again, without retention.
    DeleteFunction: (DeleteMapping, KeepLogGroup),
    DeleteRole: (DeleteMapping, DeleteFunction),
    DeleteLogGroup: (DeleteMapping, DeleteFunction),
    DeleteQueue: (DeleteMapping,),
    DeleteStreamPolicy: (DeleteMapping,),
    DisableStream: (DeleteMapping, DeleteStreamPolicy),
    DeleteTable: (DeleteMapping, DeleteStreamPolicy),
}


def precedes(other: Step, step: Step) -> bool:
    """Whether ``other`` must be done before ``step``."""
    match other, step:
        case DeleteLogGroup(before_function=True), DeleteFunction():
            return True
        case DeleteFunction(), DeleteLogGroup(before_function=True):
            return False
        case PutRolePolicy(), CreateFunction() | UpdateFunctionSettings():
            return step.needs_rights
        case _:
            return type(other) in AFTER.get(type(step), ())
