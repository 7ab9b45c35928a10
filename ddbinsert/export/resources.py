"""The resources of a trigger, from the deployed resources or from the configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.model.wanted import ALIAS_TAG, OWNER_TAG, StartingPosition
from ddbinsert.core.trigger.alias import alias_of
from ddbinsert.core.trigger.function_settings import function_parameters, present_parameters
from ddbinsert.core.trigger.policy import POLICY_NAME, failure_destination, role_policy
from ddbinsert.core.trigger.settings import MAPPING_SETTINGS, mapping_parameters
from ddbinsert.core.trigger.shapes import QUEUE_RETENTION, TRUST, kept_levels
from ddbinsert.export.model import NAMES, Exported, Properties, Ref, Resource, ResourceType
from ddbinsert.export.notes import live_notes, wanted_notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import FunctionState, MappingState, TableState, World
    from ddbinsert.core.model.wanted import Trigger


def from_live(
    trigger: Trigger,
    world: World,
    archive: bytes | None,
    *,
    description: str = "",
    unexported: Sequence[str] = (),
) -> Exported:
    """The deployed trigger, whether or not ddbinsert created it.

    Args:
        description: The function's description.
        unexported: Settings of the function that an export cannot contain.
        world: The world with the role, the log group and its tags, the mapping's tags and, if there is one, the queue.
    """
    table, function, mapping = world.table, world.function, world.live_mapping
    if table is None or function is None or mapping is None:
        raise ValueError("an export needs a table, a function and a mapping")
    resources = [*_live_role(world), *_live_log_group(world), *_live_queue(world, mapping)]
    names = {one.kind for one in resources}
    properties = {
        **present_parameters(function),
        "FunctionName": function.name,
        **_described(description),
        "Role": Ref(NAMES[ResourceType.ROLE]) if ResourceType.ROLE in names else function.role_arn,
        "Architectures": [function.architecture],
        "PackageType": function.package_type,
        "Tags": _tags(function.tags),
    }
    properties["LoggingConfig"].update(kept_levels(function))
    resources.append(_function(function.name, properties))
    resources += _live_alias(world, function, mapping)
    written = {
        each.aws: each.write(each.present(mapping)) for each in MAPPING_SETTINGS if each.name != "filters"
    }
    written["FilterCriteria"] = {"Filters": [{"Pattern": pattern} for pattern in mapping.filters]}
    if mapping.metrics is None:
        del written["MetricsConfig"]
    if mapping.tumbling_window:
        written["TumblingWindowInSeconds"] = mapping.tumbling_window
    resources.append(
        _mapping(
            {
                **written,
                "FunctionName": _function_reference(mapping, world),
                "StartingPosition": mapping.starting_position or StartingPosition.TRIM_HORIZON.value,
                "EventSourceArn": mapping.stream_arn,
                "Tags": _tags(mapping.tags or {}),
            },
            mapping.uuid,
        )
    )
    return Exported(
        table=trigger.table,
        resources=tuple(resources),
        region=world.region or "",
        archive=archive,
        notes=tuple(live_notes(table, function, mapping, world, unexported, has_code=archive is not None)),
    )


def from_wanted(trigger: Trigger, table: TableState, package: Package, region: str) -> Exported:
    """The trigger as configured, on an existing table.

    Args:
        trigger: The trigger, with the filters restricted to inserts.
    """
    name, role, alias = trigger.function_name, trigger.function.role, trigger.function.alias
    tags = _tags(trigger.all_tags)
    resources = [] if role else [_wanted_role(trigger, table, package)]
    resources.append(_wanted_log_group(trigger, tags))
    written = mapping_parameters(trigger)
    destination = failure_destination(trigger, table.function_place)
    if trigger.mapping.on_failure == "create":
        resources.append(
            _queue(trigger.failure_queue, QUEUE_RETENTION, trigger.all_tags, table.function_place)
        )
    written["DestinationConfig"] = {"OnFailure": {"Destination": destination}} if destination else {}
    properties = {
        **function_parameters(trigger, package),
        "FunctionName": name,
        "Role": role or Ref(NAMES[ResourceType.ROLE]),
        "Architectures": [trigger.function.architecture],
        "PackageType": "Zip",
        "Tags": _tags({**trigger.function_tags, **({ALIAS_TAG: alias} if alias else {})}),
    }
    resources.append(_function(name, properties))
    if alias:
        resources += _wanted_alias(trigger, alias, table)
    position = trigger.mapping.starting_position
    resources.append(
        _mapping(
            {
                **written,
                "FunctionName": _mapped(alias),
                "StartingPosition": (
                    StartingPosition.TRIM_HORIZON if position is StartingPosition.AUTO else position
                ).value,
                "EventSourceArn": table.stream_arn or f"{table.arn}/stream/LABEL",
                "Tags": tags,
            },
            "",
        )
    )
    return Exported(
        table=trigger.table,
        resources=tuple(resources),
        region=region,
        exists=False,
        archive=package.zip_bytes or None,
        notes=tuple(wanted_notes(table, trigger)),
    )


def _wanted_role(trigger: Trigger, table: TableState, package: Package) -> Resource:
    return _role(
        trigger.role_name,
        _wanted_policy(trigger, table, package),
        trigger.role_tags,
        path=trigger.role.path,
        boundary=trigger.role.boundary,
    )


def _wanted_log_group(trigger: Trigger, tags: list[dict[str, str]]) -> Resource:
    group: Properties = {"LogGroupName": trigger.log_group, "Tags": tags}
    if trigger.function.log_class != "STANDARD":
        group["LogGroupClass"] = trigger.function.log_class
    if trigger.function.log_retention_days is not None and trigger.function.log_class != "DELIVERY":
        group["RetentionInDays"] = trigger.function.log_retention_days
    return _log_group(trigger.log_group, group)


def _wanted_policy(trigger: Trigger, table: TableState, package: Package) -> str:
    return role_policy(trigger, table, table.stream_arn, package.rights)


#: The name of the exported function, in the resources that belong to it.
_FUNCTION_NAME: Final = Ref(NAMES[ResourceType.FUNCTION], "Name")


# --- single resources -------------------------------------------------------------------------------------


def _role(
    name: str,
    policy: str | None,
    tags: Mapping[str, str],
    *,
    path: str,
    boundary: str | None,
    description: str = "",
) -> Resource:
    policies = [{"PolicyName": POLICY_NAME, "PolicyDocument": json.loads(policy)}] if policy else []
    return Resource(
        kind=ResourceType.ROLE,
        name=NAMES[ResourceType.ROLE],
        properties={
            "RoleName": name,
            **_described(description),
            **({"Path": path} if path != "/" else {}),
            **({"PermissionsBoundary": boundary} if boundary else {}),
            "AssumeRolePolicyDocument": json.loads(TRUST),
            "Policies": policies,
            "Tags": _tags(tags),
        },
        identity=("RoleName", name),
        import_id=name,
    )


def _log_group(name: str, properties: Properties) -> Resource:
    return Resource(
        kind=ResourceType.LOG_GROUP,
        name=NAMES[ResourceType.LOG_GROUP],
        properties=properties,
        identity=("LogGroupName", name),
        import_id=name,
    )


def _queue(name: str, retention: int, tags: Mapping[str, str], beside: str) -> Resource:
    where = arn_parts(beside)
    suffix = "amazonaws.com.cn" if where.partition == "aws-cn" else "amazonaws.com"
    url = f"https://sqs.{where.region}.{suffix}/{where.account}/{name}"
    return Resource(
        kind=ResourceType.QUEUE,
        name=NAMES[ResourceType.QUEUE],
        properties={"QueueName": name, "MessageRetentionPeriod": retention, "Tags": _tags(tags)},
        identity=("QueueUrl", url),
        import_id=url,
    )


def _function(name: str, properties: Properties) -> Resource:
    kept = {key: value for key, value in properties.items() if value not in ([], {"Variables": {}})}
    return Resource(
        kind=ResourceType.FUNCTION,
        name=NAMES[ResourceType.FUNCTION],
        properties=kept,
        identity=("FunctionName", name),
        import_id=name,
        after=(NAMES[ResourceType.LOG_GROUP],),
    )


def _mapping(properties: Properties, uuid: str) -> Resource:
    kept = {
        key: value
        for key, value in properties.items()
        if value not in ({}, [], "", {"Metrics": []}, {"Filters": []})
    }
    return Resource(
        kind=ResourceType.MAPPING,
        name=NAMES[ResourceType.MAPPING],
        properties=kept,
        identity=("Id", uuid),
        import_id=uuid,
        after=(NAMES[ResourceType.ROLE],),
    )


def _described(description: str) -> Properties:
    return {"Description": description} if description else {}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in CloudFormation's form, without AWS's own (``aws:``)."""
    return [
        {"Key": name, "Value": value} for name, value in sorted(tags.items()) if not name.startswith("aws:")
    ]


# --- deployed resources -----------------------------------------------------------------------------------


def _live_role(world: World) -> Iterator[Resource]:
    if world.role is not None and world.function is not None and world.role.is_ours:
        role = world.role
        yield _role(
            role.name,
            role.policy,
            role.tags,
            path=role.path,
            boundary=role.boundary,
            description=role.description,
        )


def _live_log_group(world: World) -> Iterator[Resource]:
    group = world.log_group
    if group is None:
        return
    properties: Properties = {"LogGroupName": group.name, "Tags": _tags(group.tags or {})}
    if group.log_class not in ("", "STANDARD"):
        properties["LogGroupClass"] = group.log_class
    if group.retention_days is not None and not group.keeps_retention:
        properties["RetentionInDays"] = group.retention_days
    yield _log_group(group.name, properties)


def _live_queue(world: World, mapping: MappingState) -> Iterator[Resource]:
    queue = world.queue
    if queue is None or world.table is None or OWNER_TAG not in queue.tags:
        return
    if resource_name(mapping.on_failure or "") == queue.name:
        yield _queue(queue.name, QUEUE_RETENTION, queue.tags, world.table.function_place)


def _live_alias(world: World, function: FunctionState, mapping: MappingState) -> Iterator[Resource]:
    """The alias of ddbinsert's that the mapping invokes, with the version that it points to now."""
    alias = world.alias
    if alias is not None and alias_of(mapping) == alias.name:
        yield _alias(alias.name, function.arn, alias.version)


def _alias(name: str, function_arn: str, version: str | Ref) -> Resource:
    return Resource(
        kind=ResourceType.ALIAS,
        name=NAMES[ResourceType.ALIAS],
        properties={"Name": name, "FunctionName": _FUNCTION_NAME, "FunctionVersion": version},
        identity=("AliasArn", f"{function_arn}:{name}"),
        import_id=f"{resource_name(function_arn)}/{name}",
    )


def _wanted_alias(trigger: Trigger, name: str, table: TableState) -> Iterator[Resource]:
    """The alias, and the version that is published for it."""
    function = str(
        arn_parts(table.function_place)._replace(
            service="lambda", resource=f"function:{trigger.function_name}"
        )
    )
    version = NAMES[ResourceType.VERSION]
    yield Resource(
        kind=ResourceType.VERSION,
        name=version,
        properties={"FunctionName": _FUNCTION_NAME},
        identity=("FunctionArn", f"{function}:1"),
        import_id="",
    )
    yield _alias(name, function, Ref(version, "Version"))


def _function_reference(mapping: MappingState, world: World) -> Any:
    """A reference to the exported function or alias, or the ARN of an alias or version that is not exported."""
    if not arn_parts(mapping.function_arn).qualifier:
        return _mapped(None)
    exported = world.alias is not None and world.alias.name == alias_of(mapping)
    return _mapped(alias_of(mapping)) if exported else mapping.function_arn


def _mapped(alias: str | None) -> Ref:
    """A reference to what a mapping invokes: the function, or its exported alias."""
    return Ref(NAMES[ResourceType.FUNCTION if alias is None else ResourceType.ALIAS])
