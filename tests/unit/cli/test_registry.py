"""The table of commands and the modules that it names agree."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import ddbinsert.cli
from ddbinsert.cli.app import registered
from ddbinsert.cli.command_groups import CommandGroup
from ddbinsert.cli.help import summary
from ddbinsert.cli.registry import TABLE, below, commands

ROWS = [row for rows in TABLE.values() for row in rows]


@pytest.mark.parametrize("name", list(commands))
def test_a_row_says_what_the_commands_module_says(name: str) -> None:
    (row,) = [row for row in ROWS if row.name == name]
    spec = commands[name]
    assert spec.name == name
    assert spec.body.__module__ == f"ddbinsert.cli.{row.module}"
    assert summary(spec.body.__doc__ or "") == row.summary


def test_every_command_of_every_module_has_one_row() -> None:
    for module in pkgutil.iter_modules(ddbinsert.cli.__path__):
        importlib.import_module(f"ddbinsert.cli.{module.name}")
    assert sorted(registered) == sorted(commands)
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_every_group_has_commands_and_every_command_in_a_group_has_its_group() -> None:
    groups = {row.name for row in ROWS if row.module is None}
    assert all(below(group) for group in groups)
    assert {row.group for row in ROWS} == groups | {""}


def test_a_name_that_is_not_a_commands_is_not_in_the_registry() -> None:
    assert "filter" not in commands
    assert "filter lint" in commands
    for name in ("filter", "nonsense"):
        with pytest.raises(KeyError):
            commands[name]


def test_a_group_takes_a_further_command_and_lets_go_of_it() -> None:
    group = CommandGroup(group="config", name="config")
    schema = group.commands["schema"]
    assert group.commands["schema"] is schema
    group.add_command(schema, "again")
    assert group.commands["again"] is schema
    del group.commands["again"]
    assert dict(group.commands) == {"schema": schema, "check": group.commands["check"]}
