"""What is there around one trigger, for people and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.core.insert_filter import is_insert_only
from ddbinsert.core.keys import describe_key

if TYPE_CHECKING:
    from ddbinsert.core.model import FunctionState, MappingState, TableState, Trigger, World
    from ddbinsert.render.screen import Screen


def data(trigger: Trigger, world: World) -> dict[str, Any]:
    """The world for the envelope; the function's environment by name alone."""
    function = world.function
    return {
        "account": world.account,
        "region": world.region,
        "table": world.table,
        "function": None if function is None else _function_data(function),
        "role": world.role,
        "log_group": world.log_group,
        "wanted_log_group": trigger.log_group,
        "mapping": None if world.live_mapping is None else _mapping_data(world.live_mapping),
        "stale_mappings": [_mapping_data(mapping) for mapping in world.stale_mappings],
        "other_mappings": [_mapping_data(mapping) for mapping in world.other_mappings],
    }


def _function_data(function: FunctionState) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        **asdict(function),
        "environment": sorted(function.environment),
        "made_by_ddbinsert": function.is_ours,
    }


def _mapping_data(mapping: MappingState) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(mapping), "function_name": mapping.function_name, "insert_only": _insert_only(mapping)}


def _insert_only(mapping: MappingState) -> bool | None:
    """None where the filters can't be read."""
    if mapping.filters_hidden:
        return None
    return bool(mapping.filters) and all(is_insert_only(pattern) for pattern in mapping.filters)


def human(screen: Screen, trigger: Trigger, world: World, *, attach: str) -> None:
    table = world.table
    if table is None:
        return
    rows = [("table", _table(table)), ("stream", _stream(table)), ("function", _function(trigger, world))]
    group = world.log_group
    kept = "no retention: kept for ever" if group and group.retention_days is None else ""
    rows.append(
        (
            "logs",
            f"{group.name} ({kept or f'kept {group.retention_days} days'})" if group else "no log group yet",
        )
    )
    live = world.live_mapping
    rows.append(("mapping", _mapping(live) if live else "none on the live stream"))
    if live:
        rows.append(("filter", _filter(live)))
        rows.append(("last result", live.last_result))
    rows.extend(
        ("stale", f"{m.uuid} reads a stream that is no longer live: {m.stream_arn}")
        for m in world.stale_mappings
    )
    rows.extend(("also reads", f"{m.function_name} ({m.state}, {m.uuid})") for m in world.other_mappings)
    screen.pairs(rows)
    if live is None:
        screen.line(f"Attach it: {attach}", "bold")


def _table(table: TableState) -> str:
    return f"{table.name} ({table.status}, key {describe_key(table.key)}, about {table.item_count} items)"


def _stream(table: TableState) -> str:
    if table.view is None:
        return "not enabled"
    return f"{table.view.value}, {table.stream_arn}"


def _function(trigger: Trigger, world: World) -> str:
    function = world.function
    if function is None:
        return f"{trigger.function_name} does not exist"
    origin = "made by ddbinsert" if function.is_ours else "not made by ddbinsert"
    words = [function.state, function.runtime, f"{function.memory} MB", f"{function.timeout} s", origin]
    if function.reserved_concurrency is not None:
        words.append(f"reserved concurrency {function.reserved_concurrency}")
    return f"{function.name} ({', '.join(words)})"


def _mapping(mapping: MappingState) -> str:
    return f"{mapping.uuid} ({mapping.state}, batches of {mapping.batch_size})"


def _filter(mapping: MappingState) -> str:
    match _insert_only(mapping):
        case None:
            return "hidden: the criteria are encrypted with a customer key"
        case True:
            return f"{' or '.join(mapping.filters)} (insert-only)"
        case False if not mapping.filters:
            return "none: every change is delivered"
        case _:
            return f"{' or '.join(mapping.filters)} (NOT insert-only)"
