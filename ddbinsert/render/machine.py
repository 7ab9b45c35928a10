"""Values as JSON: the versioned envelope that every command answers in with ``--output json``."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.errors import DdbInsertError

SCHEMA = "ddbinsert/1"


def jsonable(value: object) -> Any:
    """``value`` in JSON's types: dataclasses by field, enums by value, bytes as base64, times as ISO 8601.

    Raises:
        TypeError: A value that no rule covers: a mistake of ours, never passed on as text.
    """
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(bytes(value)).decode("ascii")
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(jsonable(key)): jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [jsonable(item) for item in value]
        case AbstractSet():
            return sorted((jsonable(item) for item in value), key=str)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            raise TypeError(f"no JSON form for {type(value).__name__}")


def failure(error: DdbInsertError) -> dict[str, Any]:
    """An error as the envelope lists it."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def envelope(
    command: str,
    exit_code: int,
    *,
    data: object = None,
    errors: Sequence[Mapping[str, Any]] = (),
    warnings: Sequence[str] = (),
) -> dict[str, Any]:
    """The one shape of every answer; ``ok`` is true for exit code 0 alone."""
    return {
        "schema": SCHEMA,
        "command": command,
        "ok": exit_code == ExitCode.OK,
        "exit_code": int(exit_code),
        "data": jsonable(data),
        "errors": list(errors),
        "warnings": list(warnings),
    }


def dumps(document: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """JSON text; printable ASCII only, so that no terminal or log acts on it."""
    # DEL is the one control character that json leaves as it is.
    return json.dumps(document, indent=indent, allow_nan=False).replace("\x7f", "\\u007f")
