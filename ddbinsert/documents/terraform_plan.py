"""Terraform plans as JSON (`terraform show -json`)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.arn import parse_arn
from ddbinsert.core.filters.reach.answer import KnownStream
from ddbinsert.documents.criteria import FoundFilters
from ddbinsert.documents.declared import (
    DeclaredFilter,
    DeclaredMapping,
    DeclaredSetting,
    Details,
    stream_of,
    with_unknown_source,
)
from ddbinsert.documents.functions import terraform_function
from ddbinsert.documents.settings import TERRAFORM_NAMES, terraform_settings
from ddbinsert.documents.source import Unknown, as_object, as_objects, at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.documents.source import Document, Path

MAPPING: Final = "aws_lambda_event_source_mapping"
TABLE: Final = "aws_dynamodb_table"


def is_plan(root: object) -> bool:
    return isinstance(root, dict) and "planned_values" in root and "terraform_version" in root


def plan_mappings(document: Document) -> Iterator[DeclaredMapping]:
    """The mappings on DynamoDB streams that a plan creates, changes or keeps."""
    root = document.root
    tables = {
        str(one.get("address")): as_object(one.get("values"))
        for _, one in _resources(root)
        if one.get("type") == TABLE
    }
    after_unknown = _after_unknown(root)
    for path, resource in _resources(root):
        if resource.get("type") != MAPPING:
            continue
        address, values = str(resource.get("address")), as_object(resource.get("values"))
        source = _source(values, address, root, tables)
        if source is None and (values.get("event_source_arn") or not values.get("starting_position")):
            continue
        if source is None and any(
            "." in one and not one.startswith("var.") for one in _references(root, address)
        ):
            continue  # the source is not a DynamoDB table
        found = _plan_filters(values, (*path, "values"), after_unknown.get(address) or {})
        mapping = DeclaredMapping(
            name=address,
            path=path,
            filters=found.filters,
            stream=source or KnownStream(),
            unknown=found.unknown,
            mistakes=found.mistakes,
            details=partial(
                _details, root, (*path, "values"), resource, tables, after_unknown.get(address) or {}
            ),
        )
        yield mapping if source is not None else with_unknown_source(mapping)


def _resources(root: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    todo: list[tuple[Path, Any]] = [
        (("planned_values", "root_module"), at(root, ("planned_values", "root_module")))
    ]
    while todo:
        path, module = todo.pop()
        for index, resource in enumerate(_listed(module, "resources")):
            if isinstance(resource, dict):
                yield (*path, "resources", index), resource
        todo += [
            ((*path, "child_modules", index), child)
            for index, child in enumerate(_listed(module, "child_modules"))
        ]


def _listed(node: object, key: str) -> list[Any]:
    value = as_object(node).get(key)
    return value if isinstance(value, list) else []


def _source(
    values: Mapping[str, Any], address: str, root: Mapping[str, Any], tables: Mapping[str, Any]
) -> KnownStream | None:
    """What the plan says about the stream: by its ARN, or by the expression that refers to a table."""
    arn = parse_arn(str(values.get("event_source_arn") or ""))
    if arn is not None and arn.service != "dynamodb":
        return None
    table = _table_of(values, address, root, tables)
    known = table_stream(table) if table else KnownStream()
    if arn is not None:
        return KnownStream(view=known.view, key=known.key, arn=str(values["event_source_arn"]))
    return None if table is None else known


def _table_of(
    values: Mapping[str, Any], address: str, root: Mapping[str, Any], tables: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The planned values of the mapping's table: empty if it is not in the plan, None if it is not a table."""
    arn = parse_arn(str(values.get("event_source_arn") or ""))
    if arn is not None:
        planned = next((one for one in tables.values() if one.get("name") == arn.name), None)
        return planned or {"name": arn.name}
    references = _references(root, address)
    referred = next((one for one in references if f"{TABLE}." in one and one.endswith("stream_arn")), None)
    if referred is None:
        return None
    name = referred.removesuffix(".stream_arn")
    return next(
        (values for known, values in tables.items() if known == name or known.endswith(f".{name}")), {}
    )


def _details(
    root: Mapping[str, Any],
    path: Path,
    resource: Mapping[str, Any],
    tables: Mapping[str, Any],
    unknown: Mapping[str, Any],
) -> Details:
    address, values = str(resource.get("address")), as_object(resource.get("values"))
    name = str(values.get("function_name") or values.get("function_arn") or "")
    return Details(
        settings=tuple(_settings(values, path, unknown)),
        table=str(as_object(_table_of(values, address, root, tables)).get("name") or ""),
        function=name,
        function_settings=tuple(_function_settings(root, address, name)),
    )


def _function_settings(root: Mapping[str, Any], address: str, name: str) -> Iterator[DeclaredSetting]:
    """The settings of the planned function that a mapping's name or expression refers to."""
    arn = parse_arn(name)
    plain = arn.name if arn is not None else name.partition(":")[0]
    references = _references(root, address, "function_name")
    for path, resource in _resources(root):
        if resource.get("type") != "aws_lambda_function":
            continue
        values = as_object(resource.get("values"))
        referred = any(one.startswith(f"{resource.get('address')}.") for one in references)
        if referred or (plain and values.get("function_name") == plain):
            planned = _with_unknown(values, _after_unknown(root).get(str(resource.get("address"))))
            yield from terraform_function(as_object(planned), (*path, "values"), lambda value: value)
            return


def _after_unknown(root: Mapping[str, Any]) -> dict[str, Any]:
    """What is known after apply of each changed resource, by its address: true at the places that are not known yet."""
    return {
        str(one.get("address")): as_object(at(one, ("change", "after_unknown")))
        for one in as_objects(root.get("resource_changes"))
    }


def _with_unknown(value: Any, unknown: Any) -> Any:
    """Planned values with Unknown where a plan leaves out what is known after apply only."""
    match unknown:
        case True:
            return Unknown("it is known after apply")
        case dict():
            given = as_object(value)
            return {
                name: _with_unknown(given.get(name), unknown.get(name))
                for name in (*given, *(unknown.keys() - given))
            }
        case list() if isinstance(value, list):
            rest = [None] * (len(value) - len(unknown))
            return [_with_unknown(*pair) for pair in zip(value, [*unknown, *rest], strict=False)]
        case _:
            return value


def _settings(values: Mapping[str, Any], path: Path, unknown: Mapping[str, Any]) -> Iterator[DeclaredSetting]:
    def resolve(value: object) -> Any:
        return value

    yield from terraform_settings(values, path, resolve)
    for name, aws in TERRAFORM_NAMES.items():
        if unknown.get(name) is True:
            yield DeclaredSetting(aws=aws, value=None, path=path, unknown="it is known after apply")


def _references(root: Mapping[str, Any], address: str, argument: str = "event_source_arn") -> list[str]:
    """The references in the expression of an argument of a mapping, at any depth of modules."""
    found: list[str] = []
    todo = [at(root, ("configuration", "root_module"))]
    plain = re.sub(r"\[[^\]]*\]", "", address)
    while todo:
        module = todo.pop()
        for resource in as_objects(as_object(module).get("resources")):
            if plain.endswith(str(resource.get("address"))) and resource.get("type") == MAPPING:
                found += _listed(at(resource, ("expressions", argument)), "references")
        calls = as_object(as_object(module).get("module_calls"))
        todo += [as_object(call).get("module") for call in calls.values()]
    return [str(one) for one in found]


def _plan_filters(values: Mapping[str, Any], path: Path, unknown: Mapping[str, Any]) -> FoundFilters:
    criteria = _with_unknown(values.get("filter_criteria"), unknown.get("filter_criteria"))
    blocks = criteria if isinstance(criteria, list) else [criteria]
    listed = [one.get("filter") for one in blocks if isinstance(one, dict)]
    if any(isinstance(one, Unknown) for one in (*blocks, *listed)):
        return FoundFilters(unknown="filter_criteria is known after apply")
    filters: list[DeclaredFilter] = []
    for outer, block in enumerate(blocks):
        for index, one in enumerate(_listed(block, "filter")):
            where = (*path, "filter_criteria", outer, "filter", index)
            pattern = as_object(one).get("pattern")
            if isinstance(pattern, str):
                filters.append(DeclaredFilter(path=(*where, "pattern"), pattern=pattern))
            else:
                filters.append(DeclaredFilter(path=where, pattern=None, unknown="it is known after apply"))
    return FoundFilters(filters=tuple(filters))


def table_stream(values: Mapping[str, Any]) -> KnownStream:
    """The key and the view type of an aws_dynamodb_table."""
    types = {
        one["name"]: one.get("type")
        for one in as_objects(values.get("attribute"))
        if isinstance(one.get("name"), str)
    }
    keys = [values[name] for name in ("hash_key", "range_key") if values.get(name) is not None]
    return stream_of(types, keys, values.get("stream_view_type"))
