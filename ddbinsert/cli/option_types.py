"""Values of options, read without pydantic if that makes no difference.

Typer 0.29 builds a pydantic adapter for every option of a command, given or not, at every start. This takes 65 ms,
longer than the rest of the start. Nearly all values are absent, texts, whole numbers or words of a list; these are
read here. All other values, and every error, are left to typer. If a version of typer stores its adapters in another
way, nothing is changed.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final, Literal, get_args, get_origin

_HOLDER: Final = "_runtime_param"
_UNREAD: Final = object()
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII)


def use_fast_types(command: Any) -> Any:
    """Make a typer command read its values in the fast way; return the command."""
    listed = command.get_params

    def get_params(ctx: Any) -> Any:
        # The list is created for every parse, and includes the help option.
        params = listed(ctx)
        for param in params:
            if getattr(param, _HOLDER, _UNREAD) is None:
                setattr(param, _HOLDER, _Quick())
        return params

    command.get_params = get_params
    return command


class _Quick:
    """Replaces typer's adapter in a parameter until the adapter is needed."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        quick = _read(value, param)
        if quick is not _UNREAD:
            return quick
        setattr(param, _HOLDER, None)
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _read(value: Any, param: Any) -> Any:
    described = param.type_descriptor
    if value is None:
        return () if param.multiple or param.nargs == -1 else None
    if getattr(described.parameter_info, "parser", None) is not None:
        return _UNREAD
    annotation = described.annotation
    if annotation == list[str] and isinstance(value, list | tuple):
        return list(value) if all(isinstance(item, str) for item in value) else _UNREAD
    return _one(value, annotation, described.parameter_info)


def _one(value: Any, annotation: Any, info: Any) -> Any:
    if type(value) is annotation:  # a default
        return value
    if annotation is str:
        return value if isinstance(value, str) else _UNREAD
    if annotation is bool:
        return value if isinstance(value, bool) else _UNREAD
    if annotation in (int, float) and isinstance(value, str):
        pattern = _WHOLE if annotation is int else _NUMBER
        number = annotation(value) if pattern.fullmatch(value) else None
        return number if number is not None and _within(number, info) else _UNREAD
    if isinstance(annotation, type) and issubclass(annotation, Enum) and isinstance(value, str):
        return next((member for member in annotation if member.value == value), _UNREAD)
    if get_origin(annotation) is Literal:
        return value if value in get_args(annotation) else _UNREAD
    return _UNREAD


def _within(number: float, info: Any) -> bool:
    lowest, highest = getattr(info, "min", None), getattr(info, "max", None)
    return (lowest is None or number >= lowest) and (highest is None or number <= highest)
