"""The quick way of reading options gives what typer's own way gives, errors included."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
import typer

from ddbinsert.cli.option_types import use_fast_types


class Form(StrEnum):
    HUMAN = "human"
    JSON = "json"


_TYPES: dict[str, tuple[Any, Any]] = {
    "text": (str | None, None),
    "texts": (list[str] | None, None),
    "whole": (int | None, None),
    "whole with a default": (int, 4),
    "number": (float | None, None),
    "switch": (bool | None, None),
    "flag": (bool, False),
    "word": (Form | None, None),
    "word with a default": (Form, Form.HUMAN),
    "literal": (Literal["logs", "insights"], "logs"),
}
_VALUES = (
    *("", " ", "a", "human", "HUMAN", "json", "logs", "insights", "true", "no", "-", "a=b", "é", "\x1b[31m"),
    *("0", "1", "-1", "007", "1_000", "1e3", "1.0", "1.5", "-0.5", ".5", "5.", "inf", "nan", "0x10", "+5", " 5", "5 "),
    *("10", "11", "9" * 15, "9" * 18, "9" * 30, "0." + "3" * 15, "٣"),
)  # fmt: skip


def _outcome(command: Any, arguments: list[str]) -> tuple[str, str]:
    got: list[object] = []
    try:
        command(args=arguments, standalone_mode=False, obj=got)
    except Exception as error:  # noqa: BLE001 - typer's errors have no public ancestor
        return type(error).__name__, str(error)
    return type(got[0]).__name__, repr(got)  # nan equals nothing, itself included


def _command(kind: Any, default: Any, **limits: Any) -> Any:
    app = typer.Typer(rich_markup_mode=None)

    def body(context: typer.Context, value: Any) -> None:
        context.obj.append(value)

    flags = ("--value/--no-value",) if bool in (kind, *getattr(kind, "__args__", ())) else ("--value",)
    body.__annotations__ = {
        "context": typer.Context,
        "value": Annotated[kind, typer.Option(*flags, **limits)],
    }
    body.__defaults__ = (default,)
    app.command()(body)
    return typer.main.get_command(app)


def _both(kind: Any, default: Any, **limits: Any) -> tuple[Any, Any]:
    quick, own = _command(kind, default, **limits), _command(kind, default, **limits)
    use_fast_types(quick)
    return quick, own


@pytest.mark.parametrize("name", _TYPES)
def test_every_value_is_read_alike(name: str) -> None:
    kind, default = _TYPES[name]
    lines = [[], ["--value"], ["--no-value"], ["--value", "a", "--value", "b"], ["--help-me"]]
    lines += [["--value", value] for value in _VALUES] + [[f"--value={value}"] for value in _VALUES]
    quick, own = _both(kind, default)
    for arguments in lines:
        assert _outcome(quick, arguments) == _outcome(own, arguments), arguments


@pytest.mark.parametrize(
    "limits", [{"min": 1}, {"max": 10}, {"min": 1, "max": 10}, {"min": 1, "max": 10, "clamp": True}], ids=str
)
@pytest.mark.parametrize("name", ["whole", "whole with a default", "number"])
def test_limits_hold_alike(name: str, limits: dict[str, Any]) -> None:
    quick, own = _both(*_TYPES[name], **limits)
    for value in _VALUES:
        assert _outcome(quick, [f"--value={value}"]) == _outcome(own, [f"--value={value}"]), value


def test_an_option_with_a_parser_of_its_own_is_left_to_it() -> None:
    quick, own = _both(str, "x", parser=lambda text: text.upper())
    assert _outcome(quick, ["--value=ab"]) == _outcome(own, ["--value=ab"]) == ("str", "['AB']")
