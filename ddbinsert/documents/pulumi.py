"""Documents of Pulumi, and of SST, which is built on it.

Supported are previews (`pulumi preview --json`), exported stacks (`pulumi stack export`), and state files (checkpoints),
which SST also writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.arn import parse_arn
from ddbinsert.core.filters.reach.answer import KnownStream
from ddbinsert.documents.criteria import Criteria, declared_filters
from ddbinsert.documents.declared import DeclaredMapping, stream_of, with_unknown_source
from ddbinsert.documents.source import Unknown, as_object, as_objects, at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.documents.source import Document, Path

#: The types of the AWS provider and of AWS Cloud Control; both spell the filters in the same way.
_MAPPINGS: Final = (
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "aws-native:lambda:EventSourceMapping",
)
_TABLE: Final = "aws:dynamodb/table:Table"
#: Paths of the resource lists in exported stacks and state files.
_RESOURCES: Final = (
    ("deployment", "resources"),
    ("checkpoint", "latest", "resources"),
    ("latest", "resources"),
)
#: Pulumi's placeholder for a value that is known after the deployment.
_LATER: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

#: The key of a special object, and its value for a secret. A preview has `[secret]` instead.
_SPECIAL: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a kind of object

_CRITERIA: Final = Criteria(steps=("filterCriteria", "filters"), pattern="pattern")


def is_pulumi(root: object) -> bool:
    if not isinstance(root, dict):
        return False
    steps = root.get("steps")
    if isinstance(steps, list):
        return any(isinstance(one, dict) and "urn" in one for one in steps)
    return any(
        isinstance(one, dict) and "urn" in one
        for path in _RESOURCES
        if isinstance(listed := at(root, path), list)
        for one in listed
    )


def pulumi_mappings(document: Document) -> Iterator[DeclaredMapping]:
    """The mappings on DynamoDB streams in a preview or an exported stack."""
    states = list(_states(document.root))
    tables = {str(state.get("urn")): state for _, state in states if state.get("type") == _TABLE}
    for path, state in states:
        if state.get("type") not in _MAPPINGS:
            continue
        inputs = as_object(state.get("inputs"))
        source = _source(state, inputs, tables)
        is_open = isinstance(resolve(inputs.get("eventSourceArn")), Unknown) and "startingPosition" in inputs
        if source is None and not is_open:
            continue
        found = declared_filters(_opened(inputs), (*path, "inputs"), _CRITERIA, resolve)
        mapping = DeclaredMapping(
            name=str(state.get("urn")).rpartition("::")[2],
            path=path,
            filters=found.filters,
            stream=source or KnownStream(),
            unknown=found.unknown,
            mistakes=found.mistakes,
        )
        yield mapping if source is not None else with_unknown_source(mapping)


def _states(root: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each resource once, although a preview lists a replaced one in several steps."""
    steps = root.get("steps")
    seen: set[str] = set()
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        state, urn = as_object(step).get("newState"), str(as_object(step).get("urn"))
        if isinstance(state, dict) and urn not in seen:
            seen.add(urn)
            yield ("steps", index, "newState"), {"urn": urn, **state}
    for path in _RESOURCES:
        resources = at(root, path)
        for index, state in enumerate(resources if isinstance(resources, list) else ()):
            if isinstance(state, dict) and not state.get("delete"):
                yield (*path, index), state


def _source(
    state: Mapping[str, Any], inputs: Mapping[str, Any], tables: Mapping[str, Any]
) -> KnownStream | None:
    given = str(inputs.get("eventSourceArn") or "")
    arn = parse_arn(given)
    if arn is not None and arn.service != "dynamodb":
        return None
    urns = at(state, ("propertyDependencies", "eventSourceArn"))
    table = (
        next((tables[str(urn)] for urn in urns if str(urn) in tables), None)
        if isinstance(urns, list)
        else None
    )
    if arn is None and table is None:
        return None
    if table is None:
        return KnownStream(arn=given)
    values = as_object(table.get("inputs"))
    types = {str(one.get("name")): one.get("type") for one in as_objects(values.get("attributes"))}
    keys = [values[name] for name in ("hashKey", "rangeKey") if values.get(name) is not None]
    known = stream_of(types, keys, values.get("streamViewType"))
    return KnownStream(view=known.view, key=known.key, arn=given if arn is not None else None)


def _opened(value: Any) -> Any:
    """A value with Unknown for what is secret or known after the deployment, at any depth."""
    match value:
        case dict() if value.get(_SPECIAL) == _SECRET:
            return Unknown("it is a secret")
        case dict():
            return {name: _opened(one) for name, one in value.items()}
        case list():
            return [_opened(one) for one in value]
        case _:
            return resolve(value)


def resolve(value: object) -> Any:
    if value == "[secret]":
        return Unknown("it is a secret")
    if value == _LATER or (isinstance(value, str) and _LATER in value):
        return Unknown("it is known after the deployment")
    return value
