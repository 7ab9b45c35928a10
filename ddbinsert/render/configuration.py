"""The content of a configuration, as text and as data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert import config
from ddbinsert.core.filters.insert_only import insert_patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.config import Configuration
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.render.terminal.screen import Screen


def data(every: Sequence[Configuration]) -> dict[str, Any]:
    """Every key with its value and the source of it; and the names and filters that are derived from them.

    Args:
        every: One entry for each trigger in the file.
    """
    path = str(every[0].path)
    if every[0].name is None:
        return {"path": path, **_of_one(every[0])}
    return {"path": path, "triggers": [{"name": one.name, **_of_one(one)} for one in every]}


def _of_one(loaded: Configuration) -> dict[str, Any]:
    return {
        "keys": config.values(loaded),
        "trigger": None if loaded.trigger is None else _derived(loaded.trigger),
    }


def _derived(trigger: Trigger) -> dict[str, Any]:
    return {
        "table": trigger.table,
        "function": trigger.function_name,
        "role": trigger.function.role or trigger.role_name,
        "log_group": trigger.log_group,
        "filters": insert_patterns(trigger.mapping.filters),
    }


def human(screen: Screen, every: Sequence[Configuration]) -> None:
    screen.line(f"{every[0].path} is valid.", "bold green")
    for loaded in every:
        if loaded.name is not None:
            screen.line()
            screen.line(loaded.name, "bold")
        _human(screen, loaded)


def _human(screen: Screen, loaded: Configuration) -> None:
    screen.pairs(_description(loaded.trigger), indent=2)
    keys = config.values(loaded)
    given = [value for value in keys if value.source is not None]
    if given:
        screen.line()
        screen.table(
            ("key", "value", "from"), [(v.path, _format_value(v.value), v.source or "") for v in given]
        )
    if len(given) < len(keys):
        screen.line("Every other key has its default." if given else "Every key has its default.")


def _description(trigger: Trigger | None) -> list[tuple[str, str]]:
    if trigger is None:
        return [("table", "not in the file; to be given on the command line")]
    function = trigger.function
    code = function.code or f"template {function.template.value}"
    return [
        ("table", trigger.table),
        ("stream", trigger.view.value),
        ("function", f"{trigger.function_name} ({function.runtime}, {code})"),
        ("role", function.role or f"{trigger.role_name}, created by ddbinsert"),
        ("logs", trigger.log_group),
        ("filter", " or ".join(insert_patterns(trigger.mapping.filters))),
    ]


def _format_value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
