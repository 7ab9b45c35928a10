"""CloudFormation and SAM templates, including those that the CDK synthesizes."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.arn import parse_arn
from ddbinsert.core.filters.reach.answer import KnownStream
from ddbinsert.documents.criteria import Criteria, declared_filters
from ddbinsert.documents.declared import DeclaredMapping, Details, Mistake, stream_of, with_unknown_source
from ddbinsert.documents.functions import Template, function_settings, invoked, published_alias, referred
from ddbinsert.documents.settings import template_settings
from ddbinsert.documents.source import Unknown, as_object, at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert.documents.source import Document, Path

_TABLES: Final = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
_MAPPING: Final = "AWS::Lambda::EventSourceMapping"
_FUNCTION: Final = "AWS::Serverless::Function"

#: The key of a loop over resources: identifier, values, and the repeated resources.
_LOOP: Final = "Fn::ForEach::"

Resources = dict[str, Any]


def is_template(root: object) -> bool:
    """Whether this is a template: it has resources with AWS types."""
    resources = root.get("Resources") if isinstance(root, dict) else None
    return isinstance(resources, dict) and any(
        str(name).startswith("Fn::")
        or (isinstance(one, dict) and isinstance(one.get("Type"), str) and "::" in one["Type"])
        for name, one in resources.items()
    )


def template_mappings(document: Document) -> Iterator[DeclaredMapping]:
    """The mappings on DynamoDB streams that a template declares."""
    shared = at(document.root, ("Globals", "Function"))
    yield from resource_mappings(document.root["Resources"], ("Resources",), as_object(shared))


def resource_mappings(
    found: object, path: Path, shared: Mapping[str, Any] | None = None
) -> Iterator[DeclaredMapping]:
    """The same for a section of resources at a path.

    Args:
        shared: SAM's `Globals.Function`.
    """
    yield from _mappings(found, path, Template(as_object(found), path, shared or {}))


def _mappings(found: object, path: Path, template: Template) -> Iterator[DeclaredMapping]:
    """The mappings in a section of resources."""
    if not isinstance(found, dict):
        return
    for name, resource in found.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind in (_MAPPING, _FUNCTION):
            for here, properties in _branches(resource.get("Properties"), (*path, name, "Properties")):
                if kind == _MAPPING:
                    yield from _mapping(name, here, properties, template)
                else:
                    yield from _events(name, (*here, "Events"), properties.get("Events"), template)
        elif kind is None and isinstance(name, str) and name.startswith("Fn::"):
            if name.startswith(_LOOP) and isinstance(resource, list) and len(resource) == 3:
                yield from _mappings(resource[2], (*path, name, 2), template)
            elif name == "Fn::Transform":
                unknown = "a macro adds resources during the deployment"
                yield DeclaredMapping(name=name, path=(*path, name), unknown=unknown)


def _branches(value: object, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The object at a path; of an `Fn::If` both, with their own paths."""
    operands = value.get("Fn::If") if isinstance(value, dict) and len(value) == 1 else None
    if isinstance(operands, list) and len(operands) == 3:
        for index in (1, 2):
            yield from _branches(operands[index], (*path, "Fn::If", index))
    elif isinstance(value, dict):
        yield path, value


def _mapping(
    name: str, path: Path, properties: Mapping[str, Any], template: Template
) -> Iterator[DeclaredMapping]:
    given = properties.get("EventSourceArn")
    source = stream_source(given, template.resources)

    def details() -> Details:
        given_function = properties.get("FunctionName")
        logical, alias = invoked(given_function, template.resources)
        function = _function_name(given_function, logical, template.resources)
        other = referred(given_function) if logical is None else None
        logical = logical or _find_by_name(function, template.resources)
        return Details(
            settings=tuple(template_settings(properties, path, resolve)),
            table=_table_name(given, template.resources),
            function=function,
            function_settings=function_settings(logical, template, resolve),
            function_unread=f"{other} is not a function of this file" if other else "",
            alias=alias,
        )

    if source is not None:
        yield _declared(name, path, properties, source, details)
    elif _may_be_a_stream(given, properties):
        yield with_unknown_source(_declared(name, path, properties, KnownStream(), details))


def _may_be_a_stream(source: object, properties: Mapping[str, Any]) -> bool:
    """Whether a source that is not known yet can be a stream: queues have no starting position."""
    attribute = get_attribute(source)
    is_known = attribute is not None and not attribute[1].startswith("Outputs.")  # of a nested stack
    return "StartingPosition" in properties and not is_known and isinstance(resolve(source), Unknown)


def _events(function: str, path: Path, given: object, template: Template) -> Iterator[DeclaredMapping]:
    for events_path, events in _branches(given, path):
        for name, one in events.items():
            if name == "Fn::Transform":
                unknown = "a macro adds events during the deployment"
                yield DeclaredMapping(name=f"{function}/{name}", path=(*events_path, name), unknown=unknown)
                continue
            for event_path, event in _branches(one, (*events_path, name)):
                properties, here = event.get("Properties"), (*event_path, "Properties")
                if event.get("Type") == "DynamoDB" and isinstance(properties, dict):
                    stream = stream_source(properties.get("Stream"), template.resources) or KnownStream()
                    details = partial(_event_details, function, here, properties, template)
                    yield _declared(f"{function}/{name}", here, properties, stream, details)


def _event_details(function: str, path: Path, properties: Mapping[str, Any], template: Template) -> Details:
    return Details(
        settings=tuple(template_settings(properties, path, resolve)),
        table=_table_name(properties.get("Stream"), template.resources),
        function=_literal(template.resources.get(function), "FunctionName"),
        function_settings=function_settings(function, template, resolve),
        alias=published_alias(template.resources.get(function)),
    )


def _declared(
    name: str,
    path: Path,
    properties: Mapping[str, Any],
    stream: KnownStream,
    details: Callable[[], Details],
) -> DeclaredMapping:
    criteria = declared_filters(properties, path, CRITERIA, resolve)
    unknown = criteria.unknown
    if "Fn::Transform" in properties and not criteria.filters:
        unknown = unknown or "Fn::Transform adds properties during the deployment"
    return DeclaredMapping(
        name=name,
        path=path,
        filters=criteria.filters,
        stream=stream,
        unknown=unknown,
        mistakes=criteria.mistakes,
        details=details,
    )


def _literal(resource: object, name: str) -> str:
    """A property of a resource if it is a constant; otherwise empty."""
    value = resolve(as_object(as_object(resource).get("Properties")).get(name))
    return value if isinstance(value, str) else ""


def _table_name(source: object, resources: Resources) -> str:
    resolved = resolve(source)
    arn = parse_arn(resolved) if isinstance(resolved, str) else None
    if arn is not None:
        return arn.name
    target = get_attribute(source)
    return _literal(resources.get(target[0]), "TableName") if target is not None else ""


def _function_name(given: object, logical: str | None, resources: Resources) -> str:
    """The name or ARN of a mapping's function, if it is constant or refers to a function of the template."""
    resolved = resolve(given)
    return resolved if isinstance(resolved, str) else _literal(resources.get(logical or ""), "FunctionName")


def _find_by_name(function: str, resources: Resources) -> str | None:
    """The logical name of the function that has this name."""
    return next(
        (name for name, one in resources.items() if function and _literal(one, "FunctionName") == function),
        None,
    )


CRITERIA: Final = Criteria(steps=("FilterCriteria", "Filters"), pattern="Pattern")


# --- the stream -------------------------------------------------------------------------------------------


def stream_source(value: object, resources: Resources) -> KnownStream | None:
    """What the template says about the source; None if it is not, or not known to be, a DynamoDB stream."""
    target = get_attribute(value)
    if target is not None:
        return table_stream(resources.get(target[0])) if target[1] == "StreamArn" else None
    resolved = resolve(value)
    arn = parse_arn(resolved) if isinstance(resolved, str) else None
    return KnownStream(arn=resolved) if arn is not None and arn.service == "dynamodb" else None


def get_attribute(value: object) -> tuple[str, str] | None:
    """The resource and the attribute of an Fn::GetAtt."""
    given = value.get("Fn::GetAtt") if isinstance(value, dict) and len(value) == 1 else None
    parts = given.split(".", 1) if isinstance(given, str) else given
    if isinstance(parts, list) and len(parts) == 2 and all(isinstance(part, str) for part in parts):
        return parts[0], parts[1]
    return None


def table_stream(resource: object) -> KnownStream:
    """The key and the view type of a table in the template."""
    properties = resource.get("Properties") if isinstance(resource, dict) else None
    if (
        not isinstance(resource, dict)
        or resource.get("Type") not in _TABLES
        or not isinstance(properties, dict)
    ):
        return KnownStream()
    definitions = _listed(properties.get("AttributeDefinitions"))
    types = {
        one["AttributeName"]: one.get("AttributeType")
        for one in definitions
        if isinstance(one.get("AttributeName"), str)
    }
    schema = _listed(properties.get("KeySchema"))
    if len(schema) > 1:
        schema.sort(key=lambda one: one.get("KeyType") != "HASH")
    stream = properties.get("StreamSpecification")
    view = stream.get("StreamViewType") if isinstance(stream, dict) else None
    return stream_of(types, [one.get("AttributeName") for one in schema], view)


def _listed(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


# --- intrinsic functions ----------------------------------------------------------------------------------


def resolve(value: object) -> Any:
    """A value with its constant intrinsic functions evaluated; Unknown if one is not constant."""
    if isinstance(value, dict) and len(value) == 1:
        ((name, operand),) = value.items()
        if name == "Fn::Sub":
            return _substituted(operand)
        if name == "Fn::Join":
            return _joined(operand)
        if name == "Fn::ToJsonString":
            inner = resolve(operand)
            return (
                inner
                if isinstance(inner, Unknown)
                else json.dumps(inner, separators=(",", ":"), ensure_ascii=False)
            )
        if name.startswith("Fn::") or name in ("Ref", "Condition"):
            return Unknown(f"{name} is resolved during the deployment", _describe_operand(name, operand))
    if isinstance(value, dict):
        return _first_unknown(value.values()) or value
    if isinstance(value, list):
        return _first_unknown(value) or value
    return value


def _describe_operand(name: str, operand: object) -> str:
    """The operand of an intrinsic function for messages: a name, an attribute, a condition."""
    if name == "Fn::If" and isinstance(operand, list):
        return str(operand[0]) if operand else ""
    if isinstance(operand, list) and all(isinstance(one, str) for one in operand):
        return ".".join(operand)
    return operand if isinstance(operand, str) else ""


def _first_unknown(values: Any) -> Unknown | None:
    return next((found for one in values if isinstance(found := resolve(one), Unknown)), None)


def _substituted(operand: object) -> Any:
    text, given = (operand, {}) if isinstance(operand, str) else _pair(operand)
    if not isinstance(text, str) or not isinstance(given, dict):
        return Unknown("Fn::Sub has an unexpected form")
    out, rest = "", text
    while "${" in rest:
        before, _, after = rest.partition("${")
        name, closed, rest = after.partition("}")
        if not closed:
            return Unknown("Fn::Sub is not closed")
        if name.startswith("!"):
            out += f"{before}${{{name[1:]}}}"
            continue
        value = resolve(given.get(name.strip())) if name.strip() in given else None
        if not isinstance(value, str | int):
            return Unknown("Fn::Sub is resolved during the deployment", f"${{{name}}}")
        out += before + str(value)
    return out + rest


def _joined(operand: object) -> Any:
    separator, parts = _pair(operand)
    if not isinstance(separator, str) or not isinstance(parts, list):
        return Unknown("Fn::Join has an unexpected form")
    resolved = [resolve(part) for part in parts]
    unknown = next((one for one in resolved if isinstance(one, Unknown)), None)
    return unknown or separator.join(map(str, resolved))


def _pair(value: object) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, None)


__all__ = ["Mistake", "is_template", "resource_mappings", "template_mappings"]
