"""The questions of `init`: the tables, the functions of others on their streams, and the handler of a new trigger."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.core.model.wanted import Template, Trigger
from ddbinsert.core.trigger.described import Described, new_trigger
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.cli.run import Run
    from ddbinsert.operations.account import Account, AccountTable


class ChosenTrigger(NamedTuple):
    """A trigger for the file.

    Attributes:
        origin: Whether it exists and who created it.
        heading: Comments before it.
    """

    described: Described
    origin: str
    heading: tuple[str, ...] = ()


def choose(
    run: Run, account: Account, *, named: bool, function: str | None, template: str | None
) -> tuple[ChosenTrigger, ...]:
    """The triggers for the file; without a terminal, the default of every question.

    Args:
        named: The user named the tables, so that all of them are included.
        function: The function that the user named.
        template: The template that the user named for new triggers.

    Raises:
        UsageError: A question has no default, or the answer is not valid.
    """
    tables = account.tables if named else _tables(run, account)
    return tuple(one for table in tables for one in _of_table(run, table, function, template))


def _asks(run: Run) -> bool:
    return run.can_ask and not run.options.yes


def _tables(run: Run, account: Account) -> Sequence[AccountTable]:
    """The tables that the user chooses by number; by default those with a trigger of ddbinsert, or the only one."""
    usual = [one for one in account.tables if one.ours] or list(account.tables[: len(account.tables) == 1])
    if not _asks(run):
        if not usual:
            names = ", ".join(one.name for one in account.tables)
            raise UsageError(
                f"None of the {len(account.tables)} tables has a trigger of ddbinsert: {names}.",
                hint="Name the tables of the new triggers: init TABLE …",
                code="tables-needed",
            )
        return usual
    width = max(len(one.name) for one in account.tables)
    for number, one in enumerate(account.tables, 1):
        run.reporter.screen.line(f"{number:4}  {one.name.ljust(width)}  {_state(one)}")
    numbers = " ".join(str(account.tables.index(one) + 1) for one in usual)
    answer = run.ask(f"Tables for the file, by number{f' [{numbers}]' if numbers else ''}:") or numbers
    chosen = [int(word) for word in re.findall(r"[0-9]+", answer)]
    if (
        not chosen
        or re.search(r"[^0-9, ]", answer)
        or not all(1 <= one <= len(account.tables) for one in chosen)
    ):
        raise UsageError("No table was chosen; nothing was written.", code="not-confirmed")
    return [account.tables[number - 1] for number in dict.fromkeys(chosen)]


def _state(table: AccountTable) -> str:
    readers = [one.words for one in table.consumers] + list(table.others)
    stream = "stream off" if table.view is None else f"stream {table.view.value}"
    return f"{stream}; {', '.join(readers)}" if readers else stream


def _of_table(
    run: Run, table: AccountTable, function: str | None, template: str | None
) -> Iterator[ChosenTrigger]:
    """The triggers of one table: those of ddbinsert, the one of the named function, or a new one."""
    names = [one.function for one in table.consumers]
    described = [one.function for one in table.ours]
    usual = Trigger(table=table.name).function_name
    if function is not None:
        described = [function] if function in names else []
    elif not described and usual in names:
        described = [usual]  # of others, or its tags could not be read: a new one cannot have this name
    elif not described and names and _asks(run):
        described = _of_others(run, table)
    for name in described:
        yield _existing(run, table, name)
    if not described:
        yield _new(run, table, function, template)


def _of_others(run: Run, table: AccountTable) -> list[str]:
    """The function of others to describe; empty for a new one."""
    usual = Trigger(table=table.name).function_name
    count = len(table.consumers) + 1
    run.reporter.screen.line(f"Functions on the stream of {table.name}:")
    for number, one in enumerate(table.consumers, 1):
        run.reporter.screen.line(f"{number:4}  {one.words}")
    run.reporter.screen.line(f"{count:4}  a new function, {usual}")
    answer = run.ask(f"Function for the file, by number [{count}]:") or str(count)
    if not answer.isdecimal() or not 1 <= int(answer) <= count:
        raise UsageError("No function was chosen; nothing was written.", code="not-confirmed")
    return [one.function for one in table.consumers[int(answer) - 1 : int(answer)]]


def _existing(run: Run, table: AccountTable, name: str) -> ChosenTrigger:
    from ddbinsert.operations.provision.describe import describe_trigger

    described = describe_trigger(run.aws, table.name, name)
    for text in described.outside:
        run.reporter.warn(f"{name}: {text}; the file does not say that")
    owner = next(one for one in table.consumers if one.function == name)
    if owner.is_ours:
        return ChosenTrigger(described, "exists")
    whose = owner.owner or "others"
    heading = f"Created by {whose}. To let ddbinsert manage it: `adopt {table.name} --function {name}`"
    return ChosenTrigger(described, f"exists, of {whose}", (heading,))


def _new(run: Run, table: AccountTable, function: str | None, template: str | None) -> ChosenTrigger:
    chosen = template
    if chosen is None and _asks(run):
        words = ", ".join(Template)
        chosen = run.ask(f"Handler for inserts into {table.name} ({words}) [{Template.PRINT}]:")
    if chosen and chosen not in list(Template):
        raise UsageError(f"{chosen!r:.80} is not one of {', '.join(Template)}.", code="unknown-template")
    kind = Template(chosen or Template.PRINT)
    heading = []
    if table.consumers or table.others:
        readers = [*(one.words for one in table.consumers), *table.others]
        heading.append(f"Also on the stream of {table.name}: {', '.join(readers)}.")
    described = new_trigger(table.name, table.view, function=function, template=kind)
    return ChosenTrigger(described, "new", tuple(heading))
