"""Terraform: resources of the AWS provider in HCL, with `import` blocks for what exists.

The attributes are those of the documentation of the provider hashicorp/aws, versions 5 and 6. Pulumi's provider is
generated from the same schema, so `export.pulumi` uses the same values.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.dataclass import dataclass
from ddbinsert.export.formats import ARCHIVE
from ddbinsert.export.model import NAMES, Exported, Properties, Ref, Resource, ResourceType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class PolicyText:
    """A policy document, which the provider expects as text."""

    content: Any


@dataclass(frozen=True)
class Block:
    """One or several nested blocks with the same name.

    Attributes:
        content: The arguments of each block.
        repeats: Whether the provider accepts several blocks.
    """

    content: tuple[dict[str, Any], ...]
    repeats: bool = False


@dataclass(frozen=True, kw_only=True)
class Provided:
    """A resource of the provider.

    Attributes:
        type: The resource type, such as ``aws_lambda_function``.
        name: The resource's name in the file.
        depends_on: Addresses of resources that it depends on.
    """

    type: str
    name: str
    arguments: dict[str, Any]
    import_id: str
    depends_on: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


TYPES: Final = {
    ResourceType.ROLE: "aws_iam_role",
    ResourceType.LOG_GROUP: "aws_cloudwatch_log_group",
    ResourceType.QUEUE: "aws_sqs_queue",
    ResourceType.FUNCTION: "aws_lambda_function",
    ResourceType.VERSION: "aws_lambda_function",
    ResourceType.ALIAS: "aws_lambda_alias",
    ResourceType.MAPPING: "aws_lambda_event_source_mapping",
}
_LABEL: Final = "inserts"
_LOG_GROUP: Final = f"aws_cloudwatch_log_group.{_LABEL}"
_POLICY: Final = f"aws_iam_role_policy.{_LABEL}"


def terraform(exported: Exported) -> dict[str, str]:
    """The file by its name."""
    notes = [f"# {note}" for note in exported.notes]
    head = [
        "terraform {",
        '  required_version = ">= 1.5"',
        "  required_providers {",
        "    aws = {",
        '      source  = "hashicorp/aws"',
        '      version = ">= 5.50"',
        "    }",
        "  }",
        "}",
    ]
    parts = ["\n".join([*notes, *head])]
    for one in provided(exported):
        parts.append(_resource(one))
        if exported.exists:
            parts.append(_import(one))
    return {"main.tf": "\n\n".join(parts) + "\n"}


def provided(exported: Exported) -> Iterator[Provided]:
    """The resources in the provider's division: a role's policy is a separate resource."""
    names = {one.name for one in exported.resources}
    for resource in exported.resources:
        match resource.kind:
            case ResourceType.ROLE:
                yield from _role(resource)
            case ResourceType.LOG_GROUP:
                yield _of(resource, _log_group(resource.properties))
            case ResourceType.QUEUE:
                yield _of(resource, _queue(resource.properties))
            case ResourceType.FUNCTION:
                after = (_LOG_GROUP,) if NAMES[ResourceType.LOG_GROUP] in names else ()
                ignored = ("filename", "source_code_hash") if exported.exists else ()
                publish = NAMES[ResourceType.VERSION] in names
                function = _function(resource.properties, publish=publish)
                yield _of(resource, function, after=after, ignored=ignored)
            case ResourceType.VERSION:
                continue  # the function publishes it
            case ResourceType.ALIAS:
                yield _of(resource, _alias(resource.properties))
            case ResourceType.MAPPING:
                needed = (_POLICY,) if NAMES[ResourceType.ROLE] in names else ()
                yield _of(resource, _mapping(resource.properties), after=needed)


def _of(
    resource: Resource,
    arguments: dict[str, Any],
    *,
    after: tuple[str, ...] = (),
    ignored: tuple[str, ...] = (),
) -> Provided:
    return Provided(
        type=TYPES[resource.kind],
        name=_LABEL,
        arguments={key: value for key, value in arguments.items() if value not in (None, (), [], {})},
        import_id=resource.import_id,
        depends_on=after,
        ignored=ignored,
    )


def _role(resource: Resource) -> Iterator[Provided]:
    properties = resource.properties
    yield _of(
        resource,
        {
            "name": properties["RoleName"],
            "description": properties.get("Description"),
            "path": properties.get("Path"),
            "permissions_boundary": properties.get("PermissionsBoundary"),
            "assume_role_policy": PolicyText(properties["AssumeRolePolicyDocument"]),
            "tags": tags_of(properties),
        },
    )
    for policy in properties["Policies"]:
        yield Provided(
            type="aws_iam_role_policy",
            name=_LABEL,
            arguments={
                "name": policy["PolicyName"],
                "role": Ref(NAMES[ResourceType.ROLE], "Id"),
                "policy": PolicyText(policy["PolicyDocument"]),
            },
            import_id=f"{properties['RoleName']}:{policy['PolicyName']}",
        )


def _log_group(properties: Properties) -> dict[str, Any]:
    return {
        "name": properties["LogGroupName"],
        "log_group_class": properties.get("LogGroupClass"),
        "retention_in_days": properties.get("RetentionInDays"),
        "tags": tags_of(properties),
    }


def _queue(properties: Properties) -> dict[str, Any]:
    return {
        "name": properties["QueueName"],
        "message_retention_seconds": properties["MessageRetentionPeriod"],
        "tags": tags_of(properties),
    }


def _function(properties: Properties, *, publish: bool) -> dict[str, Any]:
    variables = properties.get("Environment", {}).get("Variables", {})
    own_group = f"/aws/lambda/{properties['FunctionName']}"
    logging = properties.get("LoggingConfig", {})
    group = logging.get("LogGroup", own_group)
    return {
        "function_name": properties["FunctionName"],
        "description": properties.get("Description"),
        "role": properties["Role"],
        "runtime": properties.get("Runtime"),
        "handler": properties.get("Handler"),
        "architectures": properties["Architectures"],
        "filename": ARCHIVE,
        "memory_size": properties["MemorySize"],
        "timeout": properties["Timeout"],
        "publish": publish or None,
        "layers": properties.get("Layers"),
        "kms_key_arn": properties.get("KMSKeyArn"),
        "environment": Block(({"variables": variables},)) if variables else None,
        **{
            _snake(name): _nested(properties[name])
            for name in ("EphemeralStorage", "VpcConfig", "TracingConfig", "DeadLetterConfig")
            if name in properties
        },
        "logging_config": None
        if group == own_group and logging.get("LogFormat", "Text") == "Text"
        else Block(({"log_format": "Text", **{_snake(key): value for key, value in logging.items()}},)),
        "tags": tags_of(properties),
    }


def _alias(properties: Properties) -> dict[str, Any]:
    return {
        "name": properties["Name"],
        "function_name": properties["FunctionName"],
        "function_version": properties["FunctionVersion"],
    }


#: Parts of a mapping that have another name in the provider than in AWS's API.
_RENAMED: Final = {"Destination": "destination_arn", "Filters": "filter"}


def _mapping(properties: Properties) -> dict[str, Any]:
    """Every setting, with AWS's name in the provider's spelling."""
    settings = {key: value for key, value in properties.items() if key != "Tags"}
    return {**{_snake(key): _nested(value) for key, value in settings.items()}, "tags": tags_of(properties)}


def _snake(name: str) -> str:
    return _RENAMED.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _nested(value: Any) -> Any:
    """An object as a block, a list of objects as several blocks."""
    match value:
        case dict():
            return Block(({_snake(key): _nested(inner) for key, inner in value.items()},))
        case [dict(), *_]:
            return Block(
                tuple({_snake(key): inner for key, inner in one.items()} for one in value), repeats=True
            )
        case _:
            return value


def tags_of(properties: Properties) -> dict[str, str]:
    """CloudFormation's list of tags as a mapping."""
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}


# --- HCL --------------------------------------------------------------------------------------------------


def _resource(one: Provided) -> str:
    lines = [f'resource "{one.type}" "{one.name}" {{', *_arguments(one.arguments, "  ")]
    if one.depends_on:
        lines += ["", f"  depends_on = [{', '.join(one.depends_on)}]"]
    if one.ignored:
        lines += ["", "  lifecycle {", f"    ignore_changes = [{', '.join(one.ignored)}]", "  }"]
    return "\n".join([*lines, "}"])


def _import(one: Provided) -> str:
    return "\n".join(["import {", f"  to = {one.type}.{one.name}", f"  id = {_text(one.import_id)}", "}"])


def _arguments(arguments: dict[str, Any], indent: str) -> Iterator[str]:
    plain = {key: value for key, value in arguments.items() if not isinstance(value, Block)}
    yield from _aligned([(key, _value(value, indent)) for key, value in plain.items()], indent)
    for key, value in arguments.items():
        if isinstance(value, Block):
            for content in value.content:
                yield f"{indent}{key} {{"
                yield from _arguments(content, indent + "  ")
                yield f"{indent}}}"


def _value(value: Any, indent: str) -> str:
    match value:
        case Ref():
            return address(value)
        case PolicyText():
            return f"jsonencode({_value(value.content, indent)})"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return _text(value)
        case list() | tuple():
            return _list(value, indent)
        case dict():
            deeper = indent + "  "
            entries = [(_text(key), _value(inner, deeper)) for key, inner in value.items()]
            return "\n".join(["{", *_aligned(entries, deeper), f"{indent}}}"]) if entries else "{}"
        case _:
            return "null"


def _aligned(entries: Sequence[tuple[str, str]], indent: str) -> Iterator[str]:
    """Assignments as `terraform fmt` writes them: those in consecutive single lines have their signs in one column."""
    together: list[tuple[str, str]] = []
    for key, value in (*entries, ("", "\n")):
        if "\n" not in value:
            together.append((key, value))
            continue
        width = max((len(one) for one, _ in together), default=0)
        yield from (f"{indent}{one:<{width}} = {text}" for one, text in together)
        together = []
        if key:
            yield f"{indent}{key} = {value}"


def _list(values: Sequence[Any], indent: str) -> str:
    """A list on one line, unless an element has several."""
    if not any(isinstance(one, dict) for one in values):
        return f"[{', '.join(_value(one, indent) for one in values)}]"
    deeper = indent + "  "
    return "\n".join(["[", *(f"{deeper}{_value(one, deeper)}," for one in values), f"{indent}]"])


def address(ref: Ref) -> str:
    """``aws_iam_role.inserts.arn``."""
    kind = next(kind for kind, name in NAMES.items() if name == ref.name)
    return f"{TYPES[kind]}.{_LABEL}.{attribute(ref)}"


def attribute(ref: Ref) -> str:
    """The attribute's name in the provider's spelling."""
    return "function_name" if ref.attribute == "Name" else ref.attribute.lower()


def _text(value: str) -> str:
    """An HCL string: a JSON string with escaped template marks."""
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
