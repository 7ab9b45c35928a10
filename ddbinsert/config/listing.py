"""Every key as a row: for documentation, and with the value that one configuration gives it."""

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
        path: Dotted.
        variable: The DDBINSERT_* variable that gives it.
        default: As the file would write it; None where the key is null or derived by default.
        allowed: What may be written, in words.
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


#: What stands for a value that is never shown.
HIDDEN = "(hidden)"


@dataclass(frozen=True, kw_only=True)
class KeyValue:
    """One key, as one configuration has it.

    Attributes:
        value: As the file would write it; secrets are `HIDDEN`.
        source: Where it was written; None for a default.
    """

    path: str
    value: object
    source: str | None


def values(configuration: Configuration) -> tuple[KeyValue, ...]:
    """Every key, in the order of definition."""
    return tuple(
        KeyValue(
            path=key.path,
            value=_shown(key, configuration.values.get(key.path, key.default)),
            source=str(configuration.sources[key.path]) if key.path in configuration.sources else None,
        )
        for key in keys.by_path().values()
    )


def _shown(key: Key, value: object) -> object:
    written = as_written(value, key.kind)
    if not is_secret(key.kind):
        return written
    return dict.fromkeys(written, HIDDEN) if isinstance(written, Mapping) else HIDDEN
