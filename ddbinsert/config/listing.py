"""Every key as a row, for documentation, or with its value in a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ddbinsert.config import keys
from ddbinsert.config.json_schema import as_written, default_as_written
from ddbinsert.config.value_types import allowed, is_secret
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.config.keys import Key
    from ddbinsert.config.loading import Configuration


@dataclass(frozen=True, kw_only=True)
class KeyReference:
    """One key of ddbinsert.yaml.

    Attributes:
        path: The dotted path.
        variable: The DDBINSERT_* variable that sets it.
        default: The default in the form of the file; None if it is null or derived.
        allowed: The valid values, in words.
    """

    path: str
    variable: str
    default: object
    allowed: str
    description: str


def reference() -> tuple[KeyReference, ...]:
    """Every key, in the order of definition."""
    return tuple(
        KeyReference(
            path=key.path,
            variable=key.variable,
            default=default_as_written(key),
            allowed=allowed(key.kind),
            description=key.description,
        )
        for key in keys.by_path().values()
    )


#: Replaces a value that is not shown.
HIDDEN = "(hidden)"


@dataclass(frozen=True, kw_only=True)
class KeyValue:
    """The value of one key in a configuration.

    Attributes:
        value: The value in the form of the file; secrets are `HIDDEN`.
        source: The place where it was written; None for a default.
    """

    path: str
    value: object
    source: str | None


def values(configuration: Configuration) -> tuple[KeyValue, ...]:
    """Every key, in the order of definition."""
    return tuple(
        KeyValue(
            path=key.path,
            value=_displayed_value(key, configuration.values.get(key.path, key.default)),
            source=str(configuration.sources[key.path]) if key.path in configuration.sources else None,
        )
        for key in keys.by_path().values()
    )


def _displayed_value(key: Key, value: object) -> object:
    written = as_written(value, key.kind)
    if not is_secret(key.kind):
        return written
    return dict.fromkeys(written, HIDDEN) if isinstance(written, Mapping) else HIDDEN
