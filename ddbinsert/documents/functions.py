"""The settings of a mapping's function, in CloudFormation's and Terraform's spelling; without environment values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.documents.declared import DeclaredSetting
from ddbinsert.documents.source import Unknown, as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert.documents.source import Path

#: Terraform's argument for each of CloudFormation's properties, which have the names of the API's parameters.
_ARGUMENTS: Final = {
    "Runtime": "runtime",
    "Handler": "handler",
    "Timeout": "timeout",
    "MemorySize": "memory_size",
    "ReservedConcurrentExecutions": "reserved_concurrent_executions",
}
ENVIRONMENT: Final = "Environment"


_SAM: Final = "AWS::Serverless::Function"
_SHARED: Final = ("Globals", "Function")


class Template(NamedTuple):
    """The resources of a template.

    Attributes:
        path: Path of the resources in the document.
        shared: SAM's `Globals.Function`.
    """

    resources: dict[str, Any]
    path: Path
    shared: Mapping[str, Any]


_FUNCTIONS: Final = ("AWS::Lambda::Function", _SAM)


def referred(value: object) -> str | None:
    """The logical name in a `Ref` or an `Fn::GetAtt`; SAM refers to the alias of a function as `Function.Alias`."""
    given = as_object(value)
    attribute = given.get("Fn::GetAtt")
    found = attribute[0] if isinstance(attribute, list) and attribute else attribute or given.get("Ref")
    return found.partition(".")[0] if isinstance(found, str) else None


def declared_function(value: object, resources: Mapping[str, Any]) -> str | None:
    """The logical name of the function that a value refers to, directly or by a version or an alias."""
    logical = referred(value)
    for _ in range(3):  # an alias of a version of a function
        resource = as_object(resources.get(logical or ""))
        if resource.get("Type") in _FUNCTIONS:
            return logical
        logical = referred(as_object(resource.get("Properties")).get("FunctionName"))
    return None


def function_settings(
    logical: str | None, template: Template, resolve: Callable[[object], Any]
) -> tuple[DeclaredSetting, ...]:
    """The settings of a function in the template; none if it is not in the template."""
    resource = as_object(template.resources.get(logical or ""))
    if logical is None or resource.get("Type") not in _FUNCTIONS:
        return ()
    shared = template.shared if resource["Type"] == _SAM else {}
    path = (*template.path, logical, "Properties")
    return tuple(_of_template(as_object(resource.get("Properties")), path, shared, resolve))


def _of_template(
    properties: Mapping[str, Any],
    path: Path,
    shared: Mapping[str, Any],
    resolve: Callable[[object], Any],
) -> Iterator[DeclaredSetting]:
    """The settings in the properties of a function of CloudFormation or SAM."""
    for name in _ARGUMENTS:
        if name in properties:
            yield _setting(name, resolve(properties[name]), (*path, name))
        elif name in shared:
            yield _setting(name, resolve(shared[name]), (*_SHARED, name))
    own, common = _variables(properties), _variables(shared)
    if own is None and common is None:
        return
    here: Path = path if own is not None else _SHARED
    yield _names([own, common], (*here, "Environment", "Variables"))


def _variables(properties: Mapping[str, Any]) -> Any:
    return as_object(properties.get("Environment")).get("Variables")


def _names(sections: list[Any], path: Path) -> DeclaredSetting:
    """The names of the variables in all sections; Unknown if a section is or contains an expression."""
    names: set[str] = set()
    for section in sections:
        if section is None:
            continue
        if not isinstance(section, dict) or any(
            str(name).startswith("Fn::") or name == "Ref" for name in section
        ):
            reason = section.reason if isinstance(section, Unknown) else "the variables are an expression"
            return DeclaredSetting(aws=ENVIRONMENT, value=None, path=path, unknown=reason)
        names |= {str(name) for name in section}
    return DeclaredSetting(aws=ENVIRONMENT, value=tuple(sorted(names)), path=path)


def terraform_function(
    body: Mapping[str, Any], path: Path, resolve: Callable[[object], Any]
) -> Iterator[DeclaredSetting]:
    """The settings in the arguments of an aws_lambda_function; a plan has null for arguments that are not given."""
    for aws, name in _ARGUMENTS.items():
        if body.get(name) is not None:
            yield _setting(aws, resolve(body[name]), (*path, name))
    block = body.get("environment")
    inner: Path = ("environment", 0) if isinstance(block, list) else ("environment",)
    block = block[0] if isinstance(block, list) and block else block
    variables = as_object(block).get("variables")
    if variables is not None:
        yield _names([variables], (*path, *inner, "variables"))


def _setting(aws: str, value: Any, path: Path) -> DeclaredSetting:
    if isinstance(value, Unknown):
        shown = f" ({value.text})" if value.text else ""
        return DeclaredSetting(aws=aws, value=None, path=path, unknown=f"{value.reason}{shown}")
    if isinstance(value, str) and aws not in ("Runtime", "Handler") and value.lstrip("-").isdecimal():
        value = int(value)
    if aws == "ReservedConcurrentExecutions" and value == -1:
        value = None  # Terraform's value for no reservation
    return DeclaredSetting(aws=aws, value=value, path=path)
