"""Values for shell completion, by the configuration key that an option sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

#: Current runtimes that ddbinsert has templates for (AWS Lambda developer guide, runtimes).
_RUNTIMES: Final = (
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.14",
    "nodejs22.x",
    "nodejs20.x",
    "nodejs24.x",
)
_VALUES: Final = {
    "view_type": ("NEW_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY", "OLD_IMAGE"),
    "function.template": ("print", "audit-log", "analytics", "notify"),
    "function.runtime": _RUNTIMES,
    "function.architecture": ("arm64", "x86_64"),
    "mapping.starting_position": ("auto", "TRIM_HORIZON", "LATEST"),
    "mapping.on_failure": ("create",),
}


def completer(key: str) -> Callable[[str], list[str]] | None:
    """The function that completes the values of an option; None if any value is possible."""
    values = _VALUES.get(key)
    if values is None:
        return None

    def complete(incomplete: str) -> list[str]:
        return [value for value in values if value.lower().startswith(incomplete.lower())]

    return complete
