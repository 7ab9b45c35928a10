"""Values as JSON, and the versioned envelope that every command prints with ``--output json``."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from ddbinsert.advice import Advice
from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.errors import DdbInsertError

SCHEMA = "ddbinsert/1"


def iso_utc(epoch: float) -> str:
    """Epoch seconds as ISO 8601 in UTC, whole seconds: ``2026-01-31T12:00:00Z``."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


_WORDS = {None: "null", True: "true", False: "false"}
_quoted = json.encoder.encode_basestring_ascii

#: Types whose values are already JSON; without subclasses, such as enums.
_PLAIN = frozenset({str, int, float, bool})


def jsonable(value: object) -> Any:
    """``value`` in JSON's types: dataclasses by field, enums by value, bytes as base64, times as ISO 8601.

    Raises:
        TypeError: No rule covers a value's type; this is a bug.
    """
    kind = type(value)
    if value is None or kind in _PLAIN:  # most values by far, in documents of thousands
        return value
    if kind is dict:
        return {
            name if type(name) is str else str(jsonable(name)): jsonable(item)
            for name, item in cast("dict[object, object]", value).items()
        }
    if kind is list or kind is tuple:
        return [jsonable(item) for item in cast("list[object]", value)]
    return _other(value)


def _other(value: object) -> Any:
    match value:
        case Enum():
            return value.value
        case int() | float() | str():
            return value
        case Decimal():
            return _number(value)
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


def _number(value: Decimal) -> int | float | None:
    if not value.is_finite():
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def advised(given: Advice) -> dict[str, Any]:
    """An advice as text and as a list of arguments; ``command`` is null if it has no command."""
    return {"text": given.text, "command": ["ddbinsert", *given.command] if given.command else None}


def failure(error: DdbInsertError) -> dict[str, Any]:
    """An error for the envelope; the command of a hint, if any, is also included as a list of arguments."""
    listed = {
        "code": error.code,
        "message": error.message,
        "hint": None if error.hint is None else str(error.hint),
    }
    if isinstance(error.hint, Advice) and error.hint.command:
        return {**listed, "command": ["ddbinsert", *error.hint.command]}
    return listed


def envelope(
    command: str,
    exit_code: int,
    *,
    data: object = None,
    errors: Sequence[Mapping[str, Any]] = (),
    warnings: Sequence[str] = (),
    advice: Sequence[Advice] = (),
) -> dict[str, Any]:
    """The envelope of every result; ``ok`` is true for exit code 0 only.

    Args:
        advice: The advice of the warnings; without any, the key ``advice`` is left out.
    """
    document = {
        "schema": SCHEMA,
        "command": command,
        "ok": exit_code == ExitCode.OK,
        "exit_code": int(exit_code),
        "data": jsonable(data),
        "errors": list(errors),
        "warnings": list(warnings),
    }
    return {**document, "advice": [advised(each) for each in advice]} if advice else document


def dumps(document: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """JSON text in printable ASCII only, so that no terminal, log or CI system interprets it.

    A number that JSON cannot represent (NaN, Infinity) becomes null.
    """
    try:
        text = _text(document, indent)
    except ValueError:
        text = _text(_finite(document), indent)
    # DEL is the only control character that json does not escape; "##[" begins a command of GitHub's runner.
    return text.replace("\x7f", "\\u007f").replace("##[", "#\\u0023[")


def _text(document: Mapping[str, Any], indent: int | None) -> str:
    if indent is None:
        return json.dumps(document, allow_nan=False)
    return _indented(document, "\n", " " * indent)


def _indented(value: Any, line: str, step: str) -> str:
    """`json.dumps(value, indent=…)` in half the time, as json's fast encoder does not indent.

    Args:
        line: The line break and the indentation of the value's line.
    """
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if value is None or kind is bool:
        return _WORDS[value]
    if kind is int:
        return repr(value)
    inner = line + step
    if kind is dict and value and all(type(name) is str for name in value):
        items = [f"{_quoted(name)}: {_indented(item, inner, step)}" for name, item in value.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{line}}}"
    if kind in (list, tuple) and value:
        return f"[{inner}{f',{inner}'.join([_indented(item, inner, step) for item in value])}{line}]"
    return json.dumps(value, indent=len(step), allow_nan=False).replace("\n", line)


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case _:
            return value
