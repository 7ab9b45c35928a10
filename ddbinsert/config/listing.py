"""Every key as a row, for documentation and help."""

from __future__ import annotations

from dataclasses import dataclass

from ddbinsert.config import keys
from ddbinsert.config.json_schema import default_as_written
from ddbinsert.config.kinds import allowed


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
