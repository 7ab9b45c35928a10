"""The functions of a CloudFormation stack, and the tags of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import code_of, translated
from ddbinsert.core.arn import resource_name
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws

_FUNCTION, _STACK = "AWS::Lambda::Function", "AWS::CloudFormation::Stack"


def stack_functions(aws: Aws, stack: str) -> frozenset[str]:
    """The names of the functions of a stack, including its nested stacks.

    Raises:
        PrerequisiteError: The stack does not exist.
        AwsError: The stack may not be read.
    """
    functions: set[str] = set()
    seen: set[str] = set()
    stacks = [stack]
    while stacks:
        name = stacks.pop()
        if name in seen:
            continue
        seen.add(name)
        for resource in _resources(aws, name):
            physical = str(resource.get("PhysicalResourceId") or "")
            if physical and resource.get("ResourceType") == _FUNCTION:
                functions.add(resource_name(physical))
            elif physical and resource.get("ResourceType") == _STACK:
                stacks.append(physical)
    return frozenset(functions)


def _resources(aws: Aws, stack: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    request: dict[str, Any] = {"StackName": stack}
    with translated(f"read stack {stack}"):
        while True:
            try:
                page = aws.client("cloudformation").list_stack_resources(**request)
            except Exception as error:
                if code_of(error) == "ValidationError" and "does not exist" in str(error):
                    raise PrerequisiteError(
                        f"CloudFormation stack {stack} does not exist.",
                        hint="Check the name, --region and --profile.",
                        code="stack-not-found",
                    ) from error
                raise
            found += [dict(one) for one in page.get("StackResourceSummaries") or ()]
            if not page.get("NextToken"):
                return found
            request["NextToken"] = page["NextToken"]


def function_tags(aws: Aws, arn: str) -> dict[str, str]:
    """The tags of a function; empty if it does not exist."""
    from ddbinsert.aws.errors import is_not_found

    with translated(f"read the tags of {arn}"):
        try:
            return dict(aws.client("lambda").list_tags(Resource=arn).get("Tags") or {})
        except Exception as error:
            if is_not_found(error):
                return {}
            raise
