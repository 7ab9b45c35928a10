"""Groups of commands: their lists come from the registry; a command is created when it is called."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from typer.core import TyperCommand, TyperGroup

from ddbinsert.cli.help import summary, write_options, write_rows, write_text
from ddbinsert.cli.option_types import use_fast_types
from ddbinsert.cli.registry import TABLE, below, commands


class CommandGroup(TyperGroup):
    """A group whose commands are those of the registry.

    Args:
        group: Its name in the registry; "" is the program itself.
    """

    def __init__(self, *, group: str = "", **attributes: Any) -> None:
        super().__init__(**attributes)
        self._group = group
        self._only_lists = False
        self.commands = _Below(group)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if self._only_lists:
            return TyperCommand(cmd_name, help=below(self._group)[cmd_name].summary)
        return super().get_command(ctx, cmd_name)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """The names with their summaries, without creating the commands."""
        self._only_lists = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._only_lists = False

    def format_help_text(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's signature
        write_text(self.help or "", formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.format_commands(ctx, formatter)
        write_options(self.get_params(ctx), ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's signature
        for heading, rows in (
            {"Commands": tuple(below(self._group).values())} if self._group else TABLE
        ).items():
            with formatter.section(heading):
                listed = [(row.short_name, summary(row.summary)) for row in rows if row.group == self._group]
                write_rows(listed, formatter)


class _Below(MutableMapping[str, Any]):
    """The commands of a group, each created at its first use."""

    def __init__(self, group: str) -> None:
        self._rows = below(group)
        self._made: dict[str, Any] = {}

    def __getitem__(self, word: str) -> Any:
        if word not in self._made:
            row = self._rows[word]
            self._made[word] = use_fast_types(
                CommandGroup(
                    group=row.name, name=word, help=row.summary, no_args_is_help=True, rich_markup_mode=None
                )
                if row.module is None
                else commands[row.name].make()
            )
        return self._made[word]

    def __setitem__(self, word: str, command: Any) -> None:
        self._made[word] = command

    def __delitem__(self, word: str) -> None:
        del self._made[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
