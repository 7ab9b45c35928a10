"""The settings of a mapping's function, in CloudFormation's and Terraform's spelling; without environment values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.core.arn import parse_arn
from ddbinsert.core.trigger.function_settings import FUNCTION_SETTINGS
from ddbinsert.documents.declared import DeclaredSetting
from ddbinsert.documents.settings import argument_name
from ddbinsert.documents.source import Unknown, as_object, at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert.core.model.seen import FunctionState
    from ddbinsert.core.trigger.function_settings import FunctionSetting
    from ddbinsert.documents.source import Path

ENVIRONMENT: Final = "Environment"


class ComparedSetting(NamedTuple):
    """A setting of a function that documents declare.

    Attributes:
        key: The configuration key.
        aws: The parameter of the API.
        member: The part of the parameter, such as `LogFormat` of `LoggingConfig`; empty for all of it.
        read: Converts the declared value to that of a deployed function.
        present: Returns the value of a deployed function.
        usual: AWS's default; Unknown if there is none.
    """

    key: str
    aws: str
    member: str
    read: Callable[[Any], object]
    present: Callable[[FunctionState], object]
    usual: object = Unknown("there is no default")

    @property
    def name(self) -> str:
        """``MemorySize``, ``LoggingConfig.LogFormat``."""
        return f"{self.aws}.{self.member}" if self.member else self.aws


_DEFAULTS: Final[Mapping[str, object]] = {
    "MemorySize": 128,
    "Timeout": 3,
    "Layers": (),
    "Environment": (),
    "Architectures": "x86_64",
}


def _of_row(row: FunctionSetting) -> ComparedSetting:
    written = row.write(() if row.read is None else row.usual)
    member = "" if not isinstance(written, dict) or row.aws == ENVIRONMENT else next(iter(written))
    read = row.read
    usual = _DEFAULTS.get(row.aws, Unknown("there is no default")) if read is None else row.usual

    def value(declared: Any) -> object:
        if read is not None:
            return read({member: declared} if member else declared)
        return tuple(declared) if isinstance(declared, list) else declared

    def names(have: FunctionState) -> object:
        return tuple(sorted(have.environment))

    return ComparedSetting(
        row.key, row.aws, member, value, names if row.aws == ENVIRONMENT else row.present, usual
    )


#: By name: the settings that a configuration can have, and two that only a deployed function has.
COMPARED_SETTINGS: Final = {
    one.name: one
    for one in (
        *map(_of_row, FUNCTION_SETTINGS),
        ComparedSetting(
            "function.architecture",
            "Architectures",
            "",
            lambda value: value[0] if isinstance(value, list) and value else value,
            lambda live: live.architecture,
            _DEFAULTS["Architectures"],
        ),
        ComparedSetting(
            "function.reserved_concurrency",
            "ReservedConcurrentExecutions",
            "",
            # Terraform's value for no reservation is -1.
            lambda value: None if value == -1 else value,
            lambda live: live.reserved_concurrency,
            None,
        ),
    )
}
#: Properties that SAM's function has in another place than the API.
_SAM_PLACES: Final[Mapping[str, Path]] = {
    "TracingConfig.Mode": ("Tracing",),
    "DeadLetterConfig.TargetArn": ("DeadLetterQueue", "TargetArn"),
}

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


class Invoked(NamedTuple):
    """What a mapping invokes.

    Attributes:
        function: The logical name of the function; None if it is not in the template.
        alias: The name of its alias; empty for the function itself, None if it is not known.
    """

    function: str | None
    alias: str | None


def invoked(value: object, resources: Mapping[str, Any]) -> Invoked:
    """The function that a value refers to, directly or by a version or an alias."""
    logical = referred(value)
    alias: str | None = ""
    for _ in range(3):  # an alias of a version of a function
        resource = as_object(resources.get(logical or ""))
        properties = as_object(resource.get("Properties"))
        if resource.get("Type") in _FUNCTIONS:
            is_published = as_object(value).get("Ref") == f"{logical}.Alias"
            return Invoked(logical, published_alias(resource) if is_published else alias)
        name = properties.get("Name") if resource.get("Type") == "AWS::Lambda::Alias" else None
        alias = name if isinstance(name, str) else None
        logical = referred(properties.get("FunctionName"))
    return Invoked(None, qualifier_of(value) if isinstance(value, str) else None)


def published_alias(resource: object) -> str | None:
    """The alias that SAM publishes of a function, and that its events invoke; empty if there is none."""
    found = as_object(as_object(resource).get("Properties")).get("AutoPublishAlias", "")
    return found if isinstance(found, str) else None


def qualifier_of(name: str) -> str:
    """The alias or version in a FunctionName: ``NAME:QUALIFIER`` or an ARN."""
    arn = parse_arn(name)
    if arn is not None:
        return arn.qualifier
    return (name.partition(":function:")[2] or name).partition(":")[2]


def function_settings(
    logical: str | None, template: Template, resolve: Callable[[object], Any]
) -> tuple[DeclaredSetting, ...]:
    """The settings of a function in the template; none if it is not in the template."""
    resource = as_object(template.resources.get(logical or ""))
    if logical is None or resource.get("Type") not in _FUNCTIONS:
        return ()
    shared = template.shared if resource["Type"] == _SAM else None
    path = (*template.path, logical, "Properties")
    return tuple(_of_template(as_object(resource.get("Properties")), path, shared, resolve))


def _of_template(
    properties: Mapping[str, Any],
    path: Path,
    shared: Mapping[str, Any] | None,
    resolve: Callable[[object], Any],
) -> Iterator[DeclaredSetting]:
    """The settings in the properties of a function of CloudFormation or SAM; only the latter has shared ones."""
    is_sam = shared is not None
    for name, one in COMPARED_SETTINGS.items():
        place: Path = (one.aws.replace("KMS", "Kms"), *([one.member] if one.member else []))
        place = _SAM_PLACES.get(name, place) if is_sam else place
        for section, before in ((properties, path), (shared or {}, _SHARED)):
            found = at(section, place)
            if name != ENVIRONMENT and found is not None:
                yield _setting(one, resolve(found), (*before, *place))
                break
    own, common = _variables(properties), _variables(shared or {})
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
    for name, one in COMPARED_SETTINGS.items():
        argument = argument_name(one.aws)
        value = body.get(argument)
        place: Path = (argument,)
        if one.member:
            place = (argument, 0) if isinstance(value, list) else place
            value = as_object(at(body, place)).get(argument_name(one.member))
            place = (*place, argument_name(one.member))
        if name != ENVIRONMENT and value not in (None, []):
            yield _setting(one, resolve(value), (*path, *place))
    block = body.get("environment")
    inner: Path = ("environment", 0) if isinstance(block, list) else ("environment",)
    block = block[0] if isinstance(block, list) and block else block
    variables = as_object(block).get("variables")
    if variables is not None:
        yield _names([variables], (*path, *inner, "variables"))


def _setting(one: ComparedSetting, value: Any, path: Path) -> DeclaredSetting:
    if isinstance(value, Unknown):
        shown = f" ({value.text})" if value.text else ""
        return DeclaredSetting(aws=one.name, value=None, path=path, unknown=f"{value.reason}{shown}")
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        value = int(value)
    return DeclaredSetting(aws=one.name, value=one.read(value), path=path)
