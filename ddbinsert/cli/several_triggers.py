"""Commands for one or several triggers: run in parallel, with one summary and one exit code."""

from __future__ import annotations

import threading
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ddbinsert.cli.advice import named_function
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import DdbInsertError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ddbinsert.config import Configuration, Configurations
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Step
    from ddbinsert.operations.connection import Context, SharedCalls
    from ddbinsert.operations.side_by_side import Ended, Stop
    from ddbinsert.render.terminal.screen import Screen

T = TypeVar("T")
#: Maximum number of triggers in parallel: each waits for AWS most of its time.
AT_ONCE: Final = 16
#: Exit codes from the worst on, of which the worst is returned; otherwise, the highest code.
_WORST: Final = (ExitCode.NO, ExitCode.INCONCLUSIVE)


@dataclass(kw_only=True)
class TriggerRun:
    """The part of a run for one trigger.

    Attributes:
        run: The run; if there are several triggers, one with its own reports and advice.
        trigger: The trigger; a command that finds the function by itself replaces it.
        title: The trigger's name in reports and on a command line.
    """

    run: Run
    loaded: Configuration
    trigger: Trigger
    title: str

    @property
    def heading(self) -> str:
        """The trigger's heading in a list of several: its name, its table and its function."""
        where = f"{self.trigger.table} → {self.trigger.function_name}"
        return f"{self.loaded.name} ({where})" if self.loaded.name else where


class _PartOfRun(Run):
    """A run for one of several triggers."""

    def __init__(self, run: Run, title: str, shared: _Shared, *, table: str, function: str | None) -> None:
        from ddbinsert.operations.side_by_side import Named

        environment = replace(run.environment, clock=shared.stop.clock(run.clock))
        super().__init__(environment, run.command, run.options)
        self._table = table
        self._function = function
        self._aws = run.aws.branch()
        self._once = shared.once
        # Both classes have the methods of a reporter that a part calls.
        self.__dict__["reporter"] = Named(
            run.reporter, title, shared.lock, addressed=self.addressed, told=shared.told
        )

    @property
    def can_ask(self) -> bool:
        """False: questions are asked by the run, not by one of its threads."""
        return False

    def context(self, default_timeout: float) -> Context:
        return replace(super().context(default_timeout), shared=self._once)


@dataclass(frozen=True, kw_only=True)
class _Shared:
    """The state that the parts of one run share.

    Attributes:
        once: Calls whose results the parts share.
        told: Steps that were reported already.
    """

    stop: Stop
    lock: threading.RLock
    once: SharedCalls
    told: set[Step] = field(default_factory=set)


def _shared() -> _Shared:
    from ddbinsert.operations.connection import new_once
    from ddbinsert.operations.side_by_side import Stop

    return _Shared(stop=Stop(), lock=threading.RLock(), once=new_once())


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The triggers of a run.

    Attributes:
        is_one: Whether the run has one trigger, whose outcome and error are those of the run.
    """

    run: Run
    every: tuple[TriggerRun, ...]
    stop: Stop
    is_one: bool = False

    @classmethod
    def of(cls, run: Run, loaded: Configurations) -> Parts:
        """A part for each selected trigger; for a single one, the run itself."""
        shared = _shared()
        parts: list[TriggerRun] = []
        for one in loaded.chosen:
            trigger = run.trigger_of(one)
            title = one.name or trigger.table
            its_run = run
            if len(loaded.chosen) > 1:
                its_run = _PartOfRun(run, title, shared, table=title, function=named_function(one))
            parts.append(TriggerRun(run=its_run, loaded=one, trigger=trigger, title=title))
        return cls(run=run, every=tuple(parts), stop=shared.stop, is_one=len(parts) == 1)

    @classmethod
    def of_consumers(cls, run: Run, triggers: Iterable[Trigger]) -> Parts:
        """A part for each function that was found on a stream."""
        from ddbinsert.config import Configuration

        shared = _shared()
        parts = [
            TriggerRun(
                run=_PartOfRun(run, one.function_name, shared, table=one.table, function=one.function_name),
                loaded=Configuration(trigger=one),
                trigger=one,
                title=one.function_name,
            )
            for one in triggers
        ]
        return cls(run=run, every=tuple(parts), stop=shared.stop)

    def side_by_side(
        self,
        body: Callable[[TriggerRun], T],
        *,
        of: Sequence[TriggerRun] | None = None,
        at_once: int = AT_ONCE,
    ) -> tuple[Ended[T], ...]:
        """Call the body for each part, concurrently; an error ends only its own part.

        Args:
            of: The parts for which it is called; by default all.
            at_once: Maximum number of parts in parallel.

        Raises:
            DdbInsertError: There is one part, and it failed.
            KeyboardInterrupt: The run was interrupted; every part has ended by then.
        """
        from ddbinsert.operations.side_by_side import Ended, side_by_side

        if self.is_one:
            return tuple(Ended(value=body(part)) for part in (self.every if of is None else of))
        calls = [partial(_addressing, body, part) for part in (self.every if of is None else of)]
        return side_by_side(calls, self.stop, at_once=at_once, name=self.run.command)

    def outcome(self, ended: Iterable[Ended[Outcome]], summary: str = "") -> Outcome:
        """The parts' outcomes as one, in their order: each in full, then one line for each.

        Args:
            summary: The last line.
        """
        pairs = list(zip(self.every, ended, strict=True))
        if self.is_one and pairs[0][1].value is not None:
            return pairs[0][1].value
        errors = [error for part, one in pairs for error in _errors(part, one)]
        return Outcome(
            data={"triggers": [_entry(part, one) for part, one in pairs]},
            human=lambda screen: _human(screen, pairs, summary),
            exit_code=worst(_code(one) for _, one in pairs),
            errors=tuple(errors),
        )


def _addressing(body: Callable[[TriggerRun], T], part: TriggerRun) -> T:
    """Call the body for a part, and complete the command in the hint of its error."""
    try:
        return body(part)
    except DdbInsertError as error:
        error.hint = part.run.addressed(error.hint)
        raise


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """One exit code for all: 1 if there is a 1, else 6 if there is a 6, else the highest."""
    found = set(codes)
    return next((code for code in _WORST if code in found), max(found, default=ExitCode.OK))


def _code(ended: Ended[Outcome]) -> ExitCode:
    if ended.error is not None:
        return ended.error.exit_code
    return ExitCode.OK if ended.value is None else ended.value.exit_code


def _errors(part: TriggerRun, ended: Ended[Outcome]) -> tuple[DdbInsertError, ...]:
    """The errors of a part, with the trigger's name in each message."""
    found = ended.value.errors if ended.value is not None else ()
    every = (*found, *(() if ended.error is None else (ended.error,)))
    for error in every:
        if not error.message.startswith(f"{part.title}: "):
            error.message = f"{part.title}: {error.message}"
    return every


def _entry(part: TriggerRun, ended: Ended[Outcome]) -> Mapping[str, Any]:
    from ddbinsert.render import machine

    return {
        "name": part.loaded.name,
        "table": part.trigger.table,
        "function": part.trigger.function_name,
        "exit_code": int(_code(ended)),
        "data": None if ended.value is None else ended.value.data,
        "error": None if ended.error is None else machine.failure(ended.error),
    }


def _human(screen: Screen, ended: Sequence[tuple[TriggerRun, Ended[Outcome]]], summary: str) -> None:
    for part, one in ended:
        screen.line(part.heading, "bold")
        if one.value is not None:
            one.value.human(screen)
        elif one.error is not None:
            message = one.error.message.removeprefix(f"{part.title}: ")
            screen.line(message.splitlines()[0], "bold red")
        screen.line()
    width = max((len(part.title) for part, _ in ended), default=0)
    for part, one in ended:
        style = "" if _code(one) is ExitCode.OK else "bold red"
        screen.line(f"{part.title.ljust(width)}  {_word(one)}", style)
    if summary:
        screen.line(summary)


def _word(ended: Ended[Outcome]) -> str:
    if ended.error is not None:
        return f"error: {ended.error.code}"
    return "" if ended.value is None else ended.value.word
