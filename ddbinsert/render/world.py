"""The resources of one trigger, as text and as data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import arn_parts, qualified_name
from ddbinsert.core.filters.insert_only import INSERT_ONLY, is_insert_only
from ddbinsert.core.model.key_text import describe_key
from ddbinsert.core.model.wanted import ALIAS_TAG
from ddbinsert.core.trigger.alias import alias_of, is_current
from ddbinsert.core.trigger.stream_policy import lacks
from ddbinsert.core.words import plural
from ddbinsert.render import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddbinsert.advice import Advice
    from ddbinsert.core.model.seen import FunctionState, MappingState, TableState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.results import Status
    from ddbinsert.render.terminal.screen import Screen


def data(trigger: Trigger, seen: Status, advice: Advice | None) -> dict[str, Any]:
    """The world for the envelope; the function's environment variables without their values."""
    world = seen.world
    function = world.function
    return {
        "account": world.account,
        "region": world.region,
        "table": world.table,
        "function": None if function is None else _function_data(function),
        "stream_policy": None if world.stream_policy is None else _policy_data(world),
        "role": world.role,
        "log_group": world.log_group,
        "wanted_log_group": trigger.log_group,
        "alias": _alias_data(world),
        "mapping": None if world.live_mapping is None else _mapping_data(world.live_mapping, world),
        "stale_mappings": [_mapping_data(mapping, world) for mapping in world.stale_mappings],
        "second_mappings": [_mapping_data(mapping, world) for mapping in world.second_mappings],
        "other_mappings": [_mapping_data(mapping, world) for mapping in world.other_mappings],
        "draining": [
            {"mapping_uuid": each.mapping.uuid, "records_left": each.left, "text": each.text}
            for each in seen.draining
        ],
        "next": None if advice is None else machine.advised(advice),
    }


def _policy_data(world: World) -> dict[str, Any]:
    policy = world.stream_policy
    return {
        "policy": None if policy is None or policy.document is None else json.loads(policy.document),
        "lacking_actions": list(lacks(world)),
        "unread": policy.unread or None if policy is not None else None,
    }


def _function_data(function: FunctionState) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        **asdict(function),
        "environment": sorted(function.environment),
        "made_by_ddbinsert": None if function.tags_unread else function.is_ours,
    }


def _mapping_data(mapping: MappingState, world: World) -> dict[str, Any]:
    from dataclasses import asdict

    known = mapping.tags is not None
    return {
        **asdict(mapping),
        "function_name": mapping.function_name,
        "insert_only": _insert_only(mapping),
        "takes_inserts": None if mapping.filters_hidden else _takes_inserts(mapping, world),
        "made_by_ddbinsert": mapping.is_ours if known else None,
    }


def _alias_data(world: World) -> dict[str, Any] | None:
    """The alias that the mapping invokes; None if it invokes the function itself, or a version by its number."""
    name = alias_of(world.live_mapping) if world.live_mapping is not None else None
    known = world.alias is not None and world.alias.name == name
    if name is None:
        return None
    version = world.alias.version if world.alias is not None and known else None
    return {"name": name, "version": version, "is_current": is_current(world) if known else None}


def _insert_only(mapping: MappingState) -> bool | None:
    """Whether the mapping is insert-only; None if the filters cannot be read."""
    if mapping.filters_hidden:
        return None
    return bool(mapping.filters) and all(is_insert_only(pattern) for pattern in mapping.filters)


def _takes_inserts(mapping: MappingState, world: World) -> bool:
    """Whether some insert of this table can pass the filter."""
    if not mapping.filters or INSERT_ONLY in mapping.filters:
        return True
    from ddbinsert.core.filters.lint.lint import lint
    from ddbinsert.core.filters.lint.report import KnownStream, LintSeverity

    table = KnownStream(
        view=world.table.view if world.table else None, key=world.table.key if world.table else None
    )
    report = lint(mapping.filters, table)
    never = {finding.filter for finding in report.findings if finding.severity is LintSeverity.ERROR}
    return any(number not in never for number in range(1, len(mapping.filters) + 1))


def human(
    screen: Screen,
    trigger: Trigger,
    seen: Status,
    advice: Advice | None,
    *,
    more: Sequence[tuple[str, str]] = (),
    marks: Callable[[], None] = lambda: None,
) -> None:
    """The world as rows, and the next action.

    Args:
        more: Further rows.
        marks: Prints the faults.
    """
    table, world = seen.world.table, seen.world
    if table is None:
        return
    rows = [("table", _table(table)), ("stream", _stream(table)), ("function", _function(trigger, world))]
    if world.stream_policy is not None and table.stream_enabled:
        rows.insert(2, ("stream policy", _stream_policy(world)))
    if table.replicas:
        rows.append(
            (
                "global table",
                f"also in {', '.join(table.replicas)}; a trigger fires in each region that has one",
            )
        )
    rows.append(("logs", _logs(world)))
    live = world.live_mapping
    rows.append(("mapping", _mapping(live) if live else "none on the live stream"))
    if live and arn_parts(live.function_arn).qualifier:
        rows.append(("invokes", _invoked(live, world)))
    if live:
        rows.append(("filter", _filter(live, world)))
        rows.append(("last result", live.last_result))
    left = {each.mapping.uuid: each.text for each in seen.draining}
    rows.extend(
        (
            "stale",
            f"{m.uuid} reads a stream that is no longer live: {m.stream_arn}"
            + (f" ({left[m.uuid]})" if m.uuid in left else ""),
        )
        for m in world.stale_mappings
    )
    second = {m.uuid for m in world.second_mappings}
    rows.extend(_second(m, world) for m in world.second_mappings)
    rows.extend(
        ("also reads", f"{qualified_name(m.function_arn)} ({m.state}, {m.uuid})")
        for m in world.other_mappings
        if m.uuid not in second
    )
    screen.pairs((*rows, *more))
    marks()
    if advice is not None:
        screen.line(f"{advice.text}: {advice.line}", "bold")


def _second(mapping: MappingState, world: World) -> tuple[str, str]:
    """A second mapping to the same function, which delivers every record twice."""
    target = qualified_name(mapping.function_arn)
    says = f"the function receives every record twice; filter {_filter(mapping, world)}"
    return "second mapping", f"{mapping.uuid} to {target} ({mapping.state}): {says}"


def _invoked(mapping: MappingState, world: World) -> str:
    """The alias or version that the mapping invokes instead of the function itself."""
    invoked = qualified_name(mapping.function_arn)
    found = _alias_data(world)
    if found is None:
        return f"{invoked}, a version by its number"
    if found["version"] is None:
        is_gone = world.function is not None and world.function.tags.get(ALIAS_TAG) == found["name"]
        return f"{invoked}, an alias{' that does not exist' if is_gone else ''}"
    differs = "" if found["is_current"] else ", which differs from the function as it is now"
    return f"{invoked}, an alias of version {found['version']}{differs}"


def _logs(world: World) -> str:
    group = world.log_group
    if group is None:
        return "no log group yet"
    by = f" by the account's policy {group.retention_policy}" if group.retention_policy else ""
    if group.retention_days is None:
        return f"{group.name} ({f'kept forever{by}' if by else 'no retention: kept forever'})"
    return f"{group.name} (kept {plural(group.retention_days, 'day')}{by})"


def _table(table: TableState) -> str:
    return f"{table.name} ({table.status}, key {describe_key(table.key)}, about {table.item_count} items)"


def _stream(table: TableState) -> str:
    if table.view is None:
        return "not enabled"
    return f"{table.view.value}, {table.stream_arn}"


def _stream_policy(world: World) -> str:
    policy, lacking = world.stream_policy, lacks(world)
    if policy is None or policy.unread:
        return f"not readable ({policy.unread if policy else ''})"
    if world.function is None:
        return "none" if policy.document is None else "there is one"
    return (
        f"does NOT allow the function's role: {', '.join(lacking)}"
        if lacking
        else "allows the function's role to read"
    )


def _function(trigger: Trigger, world: World) -> str:
    function = world.function
    if function is None:
        return f"{trigger.function_name} does not exist"
    origin = "created by ddbinsert" if function.is_ours else "not created by ddbinsert"
    if function.tags_unread:
        origin = "owner not readable (lambda:ListTags)"
    words = [function.state, function.runtime, f"{function.memory} MB", f"{function.timeout} s", origin]
    if function.reserved_concurrency is not None:
        words.append(f"reserved concurrency {function.reserved_concurrency}")
    return f"{function.name} ({', '.join(words)})"


def _mapping(mapping: MappingState) -> str:
    origin = ", not created by ddbinsert" if mapping.tags is not None and not mapping.is_ours else ""
    if mapping.tags is None:
        origin = ", owner not readable (lambda:ListTags)"
    return f"{mapping.uuid} ({mapping.state}, batches of {mapping.batch_size}{origin})"


def _filter(mapping: MappingState, world: World) -> str:
    match _insert_only(mapping):
        case None:
            return "hidden: the criteria are encrypted with a customer key"
        case _ if not _takes_inserts(mapping, world):
            return f"{' or '.join(mapping.filters)} (NO insert can pass it: filter lint shows why)"
        case True:
            return f"{' or '.join(mapping.filters)} (insert-only)"
        case False if not mapping.filters:
            return "none: every change is delivered"
        case _:
            return f"{' or '.join(mapping.filters)} (NOT insert-only)"
