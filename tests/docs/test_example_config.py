"""config.example.yaml is true: it loads, shows every key once, and what it calls a default is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ddbinsert import config

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.yaml"
LINES = EXAMPLE.read_text(encoding="utf-8").splitlines()
#: A key, or behind a "#" another value of it.
_KEY = re.compile(r"(?P<indent> *)(?P<off>#?)(?P<name>\w+):(?P<value> .*)?")
#: What a key can't stand beside.
_RIVALS = {"function.code": "function.template"}
#: What is only valid together.
_PAIRS = ("function.vpc.subnets", "function.vpc.security_groups")


class Line:
    """One line that shows a key."""

    def __init__(self, number: int, path: str, *, is_off: bool) -> None:
        self.number = number
        self.path = path
        self.is_off = is_off

    def __repr__(self) -> str:
        return f"{self.path}, line {self.number + 1}"


def _shown() -> list[Line]:
    found: list[Line] = []
    sections: list[str] = []
    for number, line in enumerate(LINES):
        match = _KEY.fullmatch(line)
        if match is None:
            continue
        path = ".".join((*sections[: len(match["indent"]) // 2], match["name"]))
        if match["value"] is None:
            sections = path.split(".")
        else:
            found.append(Line(number, path, is_off=bool(match["off"])))
    return found


SHOWN = _shown()


def _load(lines: list[str], folder: Path) -> config.Configuration:
    file = folder / "ddbinsert.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return config.load(None, cwd=folder, variables={}, flags={})


def _values(loaded: config.Configuration) -> dict[str, object]:
    return {value.path: value.value for value in config.values(loaded)}


def test_the_example_gives_every_key_once_and_no_other() -> None:
    given = [line.path for line in SHOWN if not line.is_off]
    assert sorted(given) == sorted(key.path for key in config.reference())


def test_what_the_example_gives_is_the_default_but_for_the_table(tmp_path: Path) -> None:
    example = _values(_load(LINES, tmp_path))
    assert example.pop("table") == "orders"
    defaults = {key.path: key.default for key in config.reference() if key.path != "table"}
    assert example == defaults


def test_a_trigger_from_the_example_is_the_one_from_nothing_but_the_table(tmp_path: Path) -> None:
    assert _load(LINES, tmp_path).trigger == _load(["table: orders"], tmp_path).trigger


@pytest.mark.parametrize("line", [line for line in SHOWN if line.is_off], ids=repr)
def test_every_other_value_that_the_example_shows_is_taken_and_is_another_one(
    line: Line, tmp_path: Path
) -> None:
    lines = list(LINES)
    together = _PAIRS if line.path in _PAIRS else (line.path,)
    for other in SHOWN:
        if not other.is_off and other.path in (*together, _RIVALS.get(line.path)):
            lines[other.number] = ""
        if other is line or (other.is_off and other.path in together and other.path != line.path):
            lines[other.number] = lines[other.number].replace("#", "", 1)
    loaded = _load(lines, tmp_path)
    default = next(key.default for key in config.reference() if key.path == line.path)
    assert line.path in loaded.sources
    assert _values(loaded)[line.path] != default
    assert loaded.warnings == ()


@pytest.mark.parametrize("line", [line for line in SHOWN if not line.is_off], ids=repr)
def test_every_key_of_the_example_has_a_comment_directly_above(line: Line) -> None:
    assert LINES[line.number - 1].lstrip().startswith("# ")


def test_the_example_fits_its_own_schema() -> None:
    document: Any = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    jsonschema.validate(document, config.schema(), cls=jsonschema.Draft202012Validator)
