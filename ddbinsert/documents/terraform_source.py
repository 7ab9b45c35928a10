"""Terraform sources: `.tf` files read by `hcl_document`, and `.tf.json` files."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.core.arn import parse_arn
from ddbinsert.core.filters.reach.answer import KnownStream
from ddbinsert.documents.criteria import Criteria, FoundFilters, pattern_at
from ddbinsert.documents.declared import (
    DeclaredFilter,
    DeclaredMapping,
    DeclaredSetting,
    Details,
    Mistake,
    with_unknown_source,
)
from ddbinsert.documents.functions import qualifier_of, terraform_function
from ddbinsert.documents.hcl_document import PlainText, has_expression, without_escapes
from ddbinsert.documents.settings import terraform_settings
from ddbinsert.documents.source import GetAttribute, Unknown, as_object
from ddbinsert.documents.terraform_plan import MAPPING, TABLE, table_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.documents.source import Document, Path

_PATTERN: Final = Criteria(steps=(), pattern="pattern")
_REFERENCE: Final = re.compile(r"\$\{\s*([\w.\[\]\"-]+)\s*\}")


def is_source(root: object) -> bool:
    """Whether this is a `.tf.json` file, or an HCL file read by `hcl_document`."""
    return isinstance(root, dict) and any(
        key in root for key in ("resource", "module", "terraform", "provider")
    )


def source_mappings(document: Document, tables: Mapping[str, Any] | None = None) -> Iterator[DeclaredMapping]:
    """The mappings on DynamoDB streams that a source file declares.

    Args:
        tables: The aws_dynamodb_table resources of the module by name, including those in other files.
    """
    known = {**(tables or {}), **tables_of(document)}
    for name, path, body in _bodies(document.root, "resource", MAPPING):
        given = body.get("event_source_arn")
        source = source_stream(given, known)
        if source is None and not ("starting_position" in body and _is_unknown(given)):
            continue
        found = _source_filters(body, path)
        mapping = DeclaredMapping(
            name=f"{MAPPING}.{name}",
            path=path,
            filters=found.filters,
            stream=source or KnownStream(),
            unknown=found.unknown,
            mistakes=found.mistakes,
            details=partial(_details, document, body, path, known),
        )
        yield mapping if source is not None else with_unknown_source(mapping)
    yield from _module_mappings(document, known)


def _details(document: Document, body: Mapping[str, Any], path: Path, tables: Mapping[str, Any]) -> Details:
    found, unread = _function_settings(document, body.get("function_name"))
    return Details(
        settings=tuple(terraform_settings(body, path, resolve)),
        table=_table_name(body.get("event_source_arn"), tables),
        function=_constant(body.get("function_name")) or found.name,
        function_settings=found.settings,
        function_unread=unread,
        alias=found.alias,
    )


class _Function(NamedTuple):
    name: str = ""
    settings: tuple[DeclaredSetting, ...] = ()
    alias: str | None = None


def _function_settings(document: Document, given: object) -> tuple[_Function, str]:
    """The function that a mapping refers to, directly or by an alias; and why it could not be read, if so."""
    alias: str | None = ""
    for _ in range(2):  # an alias refers to its function
        if isinstance(given, str) and (found := _REFERENCE.fullmatch(given)):
            given = GetAttribute(*found[1].rpartition(".")[::2])
        if not isinstance(given, GetAttribute):
            break
        kind, _, name = re.sub(r"\[.*", "", given.resource).partition(".")
        path, body = next(
            ((path, body) for one, path, body in _bodies(document.root, "resource", kind) if one == name),
            ((), None),
        )
        if body is None:
            return _Function(), f"{given.resource} is not declared in this file"
        if kind == "aws_lambda_function":
            settings = tuple(terraform_function(body, path, resolve))
            return _Function(_constant(body.get("function_name")), settings, alias), ""
        alias = _constant(body.get("name")) or None
        given = body.get("function_name")
    constant = _constant(given)
    for _, path, body in _bodies(document.root, "resource", "aws_lambda_function"):
        if constant and _constant(body.get("function_name")) == constant:
            settings = tuple(terraform_function(body, path, resolve))
            return _Function(constant, settings, qualifier_of(constant) or alias), ""
    return _Function(alias=qualifier_of(constant) or alias if constant else None), ""


def _is_unknown(source: object) -> bool:
    """Whether a source is a variable or an expression; a reference to a resource shows what it is."""
    return isinstance(source, Unknown) or (isinstance(source, str) and source.startswith("${var."))


def tables_of(document: Document) -> dict[str, Any]:
    """The tables of a source file by name."""
    return {name: body for name, _, body in _bodies(document.root, "resource", TABLE)}


def _bodies(root: object, *labels: str) -> Iterator[tuple[str, Path, dict[str, Any]]]:
    """The blocks with these labels, by name. At each level, `.tf.json` has an object or a list of objects."""
    levels: list[tuple[Path, Any]] = [((), root)]
    for label in labels:
        levels = [
            (where, one)
            for path, node in levels
            if isinstance(node, dict)
            for where, one in _listed(node.get(label), (*path, label))
        ]
    for path, node in levels:
        for name in node if isinstance(node, dict) else ():
            for where, body in _listed(node[name], (*path, name)):
                if isinstance(body, dict):
                    yield name, where, body


def source_stream(value: object, tables: Mapping[str, Any]) -> KnownStream | None:
    """What is known about a source; None if it is not, or not known to be, a DynamoDB stream."""
    if isinstance(value, str) and (found := _REFERENCE.fullmatch(value)):
        resource, _, attribute = found[1].rpartition(".")
        value = GetAttribute(resource, attribute)
    if isinstance(value, GetAttribute):
        kind, _, name = value.resource.partition(".")
        if kind in ("data", "module"):
            kind, _, name = name.partition(".")
        is_stream = value.attribute in ("stream_arn", "dynamodb_table_stream_arn")
        if not is_stream:
            return None
        table = tables.get(re.sub(r"\[.*", "", name)) if kind == TABLE else None
        return table_stream(table) if table is not None else KnownStream()
    if isinstance(value, str):
        arn = parse_arn(value)
        return KnownStream(arn=value) if arn is not None and arn.service == "dynamodb" else None
    return None


def _constant(value: object) -> str:
    resolved = resolve(value)
    return resolved if isinstance(resolved, str) else ""


def _table_name(source: object, tables: Mapping[str, Any]) -> str:
    """The name of the table that a source refers to, or of the one in its ARN."""
    resolved = resolve(source)
    arn = parse_arn(resolved) if isinstance(resolved, str) else None
    if arn is not None:
        return arn.name
    if isinstance(source, str) and (found := _REFERENCE.fullmatch(source)):
        source = GetAttribute(*found[1].rpartition(".")[::2])
    if not isinstance(source, GetAttribute):
        return ""
    _, _, name = source.resource.partition(".")
    return _constant(as_object(tables.get(re.sub(r"\[.*", "", name))).get("name"))


def _source_filters(body: Mapping[str, Any], path: Path) -> FoundFilters:
    mistakes: list[Mistake] = []
    filters: list[DeclaredFilter] = []
    for outer_path, criteria in _blocks(body, "filter_criteria", path):
        if isinstance(criteria, Unknown):
            return FoundFilters(unknown=criteria.reason)
        for inner_path, one in _blocks(as_object(criteria), "filter", outer_path):
            found = _filter_block(one, inner_path, mistakes)
            filters += [found] if found is not None else []
    return FoundFilters(filters=tuple(filters), mistakes=tuple(mistakes))


def _filter_block(block: object, path: Path, mistakes: list[Mistake]) -> DeclaredFilter | None:
    if isinstance(block, Unknown):
        return DeclaredFilter(path=path, pattern=None, unknown=block.reason)
    if isinstance(block, _Element):
        return pattern_at(block.value, block.path, _PATTERN, resolve, mistakes)
    if isinstance(block, dict) and "pattern" in block:
        return pattern_at(block["pattern"], (*path, "pattern"), _PATTERN, resolve, mistakes)
    message = "A `filter` block needs the argument `pattern`."
    mistakes.append(Mistake(rule="no-pattern", message=message, hint=None, path=path))
    return None


class _Element(NamedTuple):
    """The pattern that a dynamic block takes from an element of its list, with its path there."""

    path: Path
    value: Any


_DYNAMIC: Final = "a dynamic block is expanded by Terraform"


def _blocks(body: Mapping[str, Any], name: str, path: Path) -> Iterator[tuple[Path, Any]]:
    """The blocks with a name: written once, several times, or as a dynamic block over a literal list."""
    yield from _listed(body.get(name), (*path, name))
    # A body may be a list in .tf.json.
    for _, labelled in _listed(body.get("dynamic"), ()):
        here = (*path, "dynamic", name)
        for dynamic_path, dynamic in _listed(as_object(labelled).get(name), here):
            yield from _expanded(as_object(dynamic), name, dynamic_path)


def _expanded(dynamic: Mapping[str, Any], name: str, path: Path) -> Iterator[tuple[Path, Any]]:
    elements = dynamic.get("for_each")
    content = next(iter(_listed(dynamic.get("content"), (*path, "content"))), None)
    if not isinstance(elements, list) or content is None:
        yield path, Unknown(_DYNAMIC)
        return
    content_path, block = content
    iterator = dynamic.get("iterator")
    iterator = iterator.text if isinstance(iterator, Unknown) else iterator or name
    for index, element in enumerate(elements):
        pattern = as_object(block).get("pattern")
        match _of_element(pattern, str(iterator)):
            case None:
                yield content_path, block
            case () if not isinstance(element, dict) or set(element) == {"jsonencode"}:
                yield path, _Element((*path, "for_each", index), element)
            case (key,) if isinstance(element, dict) and key in element:
                yield path, _Element((*path, "for_each", index, key), element[key])
            case _:
                yield path, Unknown(_DYNAMIC)


def _of_element(pattern: object, iterator: str) -> tuple[str, ...] | None:
    """The path of a pattern in the element: () for the whole element; None if it does not refer to the element."""
    if isinstance(pattern, str) and (found := _REFERENCE.fullmatch(pattern)):
        resource, _, attribute = found[1].rpartition(".")
        pattern = GetAttribute(resource, attribute)
    if not isinstance(pattern, GetAttribute):
        return None
    steps = f"{pattern.resource}.{pattern.attribute}".split(".")
    return tuple(steps[2:]) if steps[:2] == [iterator, "value"] else None


def _listed(value: object, path: Path) -> Iterator[tuple[Path, Any]]:
    """The blocks of a value that may be a single block or a list."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield (*path, index), one
    elif value is not None:
        yield path, value


def resolve(value: object) -> Any:
    """The value; Unknown if it contains an expression."""
    if isinstance(value, GetAttribute):
        return Unknown("it is a reference", f"{value.resource}.{value.attribute}")
    if isinstance(value, str) and not isinstance(value, PlainText):
        if has_expression(value):
            return Unknown("the expression is evaluated by Terraform", value)
        return without_escapes(value)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, dict) and set(value) == {"jsonencode"}:
        inner = resolve(value["jsonencode"])
        return (
            inner
            if isinstance(inner, Unknown)
            else json.dumps(inner, separators=(",", ":"), ensure_ascii=False)
        )
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    unknown = next((one for child in children if isinstance(one := resolve(child), Unknown)), None)
    return unknown or value


def _module_mappings(document: Document, tables: Mapping[str, Any]) -> Iterator[DeclaredMapping]:
    """`event_source_mapping` of the community's lambda module: entries with `filter_criteria` of patterns."""
    for name, path, body in _bodies(document.root, "module"):
        entries = body.get("event_source_mapping")
        for key, entry in (entries if isinstance(entries, dict) else {}).items():
            if not isinstance(entry, dict):
                continue
            source = source_stream(entry.get("event_source_arn"), tables)
            if source is None:
                continue
            here = (*path, "event_source_mapping", key)
            mistakes: list[Any] = []
            criteria = entry.get("filter_criteria")
            filters = [
                found
                for where, one in _listed(criteria, (*here, "filter_criteria"))
                if isinstance(one, dict)
                and "pattern" in one
                and (found := pattern_at(one["pattern"], (*where, "pattern"), _PATTERN, resolve, mistakes))
            ]
            unknown = criteria.reason if isinstance(criteria, Unknown) else ""
            yield DeclaredMapping(
                name=f"module.{name}/{key}",
                path=here,
                filters=tuple(filters),
                stream=source,
                unknown=unknown,
                mistakes=tuple(mistakes),
            )
