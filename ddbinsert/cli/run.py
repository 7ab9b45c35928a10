"""One run of one command: its options, its connection, its result on the way out."""

from __future__ import annotations

import contextlib
import re
import shlex
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ddbinsert.core.duration import seconds
from ddbinsert.errors import DdbInsertError, ExitCode, UsageError
from ddbinsert.render.reporter import ScreenReporter
from ddbinsert.render.screen import Screen, wants_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ddbinsert.aws.session import Aws, Connection
    from ddbinsert.config import Configuration
    from ddbinsert.core.model import Trigger
    from ddbinsert.environment import Environment


#: A command line in a hint that connects; `ddbinsert local …` and `ddbinsert config …` don't.
_COMMAND_LINE = re.compile(r"`(ddbinsert (?!local |config |demo|[a-z-]+ --help)[^`]+)`")


class Common(NamedTuple):
    """The options that every command has; None where one was not given."""

    config: str | None = None
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local: bool | None = None
    output: str | None = None
    quiet: bool = False
    timeout: str | None = None
    yes: bool = False


class Outcome(NamedTuple):
    """What a command answers.

    Attributes:
        data: The result, as the JSON envelope carries it.
        human: Writes the same result for a person.
        printed: The command has written its output itself, line by line (followers).
        errors: Failures that belong to an answer with data (a verdict that is no, say).
    """

    data: object = None
    human: Callable[[Screen], None] = lambda _screen: None
    exit_code: ExitCode = ExitCode.OK
    errors: tuple[DdbInsertError, ...] = ()
    printed: bool = False


class Run:
    """What a command's body works with."""

    def __init__(
        self, environment: Environment, command: str, options: Common, *, may_start_emulator: bool = False
    ) -> None:
        self.environment = environment
        self.command = command
        self.options = options
        self._may_start_emulator = may_start_emulator
        #: Followers write one JSON document a line; so does whatever ends them.
        self.json_lines = False
        self._aws: Aws | None = None

    # --- what the body asks for -------------------------------------------------------------------------

    @property
    def wants_json(self) -> bool:
        wanted = self.options.output or self.environment.variables.get("DDBINSERT_OUTPUT") or "human"
        if wanted not in ("human", "json"):
            raise UsageError(f"DDBINSERT_OUTPUT is {wanted!r}.", hint="Set it to human or json.")
        return wanted == "json"

    @property
    def clock(self) -> Any:
        return self.environment.clock

    def timeout(self, default: float) -> float:
        """Seconds that the run may wait."""
        given = self.options.timeout
        return default if given is None else seconds(given, name="--timeout")

    def configuration(
        self, table: str | None = None, settings: Mapping[str, object] | None = None
    ) -> Configuration:
        """Defaults, file, variables and flags, in one validated value.

        Args:
            settings: Dotted keys of the configuration that flags gave; None is not given.
        """
        from ddbinsert import config
        from ddbinsert.cli.options import FLAG_NAMES

        options = self.options
        connection = {
            "connection.profile": options.profile,
            "connection.region": options.region,
            "connection.endpoint_url": options.endpoint_url,
            "connection.local": options.local,
        }
        loaded = config.load(
            Path(options.config) if options.config else None,
            cwd=self.environment.cwd,
            variables=self.environment.variables,
            flags={**connection, "table": table, **(settings or {})},
            flag_names=FLAG_NAMES,
        )
        self._spec = loaded.connection
        for problem in loaded.warnings:
            self.reporter.warn(str(problem))
        return loaded

    def trigger(self, table: str | None, settings: Mapping[str, object] | None = None) -> Trigger:
        """The trigger that the configuration and the flags describe.

        Raises:
            UsageError: No table is named anywhere.
        """
        return self.trigger_of(self.configuration(table, settings))

    def trigger_of(self, configuration: Configuration) -> Trigger:
        """The trigger of a configuration that must describe one.

        Raises:
            UsageError: No table is named anywhere.
        """
        trigger = configuration.trigger
        if trigger is None:
            raise UsageError(
                "No table is given.",
                hint=f"Name it: `ddbinsert {self.command} TABLE`, or set `table:` in ddbinsert.yaml.",
                code="no-table",
            )
        return trigger

    @property
    def connection(self) -> Connection:
        """The resolved connection; with --local, the embedded emulator's."""
        from ddbinsert.cli.connect import resolve

        if not hasattr(self, "_spec"):
            self.configuration()
        return resolve(
            self._spec,
            self.environment,
            may_start=self._may_start_emulator,
            step=self.reporter.step,
        )

    @property
    def aws(self) -> Aws:
        if self._aws is None:
            aws = self._aws = self.environment.connect(self.connection)
            self.reporter.endpoint = lambda: describe(aws)
        return self._aws

    @cached_property
    def reporter(self) -> ScreenReporter:
        environment = self.environment
        colour = wants_colour(environment.err, environment.variables)
        return ScreenReporter(
            Screen(environment.err, colour=colour),
            endpoint=lambda: "AWS",
            quiet=self.options.quiet,
            live=environment.err.isatty() and environment.variables.get("TERM") != "dumb",
        )

    @cached_property
    def screen(self) -> Screen:
        """stdout."""
        return Screen(
            self.environment.out, colour=wants_colour(self.environment.out, self.environment.variables)
        )

    def confirm(self, question: str) -> None:
        """Ask before something that can't be taken back.

        Raises:
            UsageError: There is nobody to ask, and no --yes; or the answer was no.
        """
        if self.options.yes:
            return
        answer = self.ask(f"{question} [y/N]")
        if answer is None:
            raise UsageError(
                f"This needs a yes: {question}",
                hint="Run it again with --yes to agree.",
                code="confirmation-needed",
            )
        if answer not in ("y", "yes"):
            raise UsageError("Not confirmed; nothing was changed.", code="not-confirmed")

    def ask(self, question: str) -> str | None:
        """What the user answers, in small letters; None where there is nobody to ask."""
        if not self.environment.is_interactive or self.wants_json:
            return None
        self.reporter.finish()
        self.environment.err.write(f"{question} ")
        self.environment.err.flush()
        return self.environment.stdin.readline().strip().lower()

    def again(self, words: str) -> str:
        """A command line of ddbinsert's that goes where this one went: ``ddbinsert WORDS --local``."""
        return f"ddbinsert {words}{self._destination}"

    @property
    def _destination(self) -> str:
        """The options of this run that say where it goes, as they would be typed again."""
        options = self.options
        given = [
            ("--config", options.config),
            ("--profile", options.profile),
            ("--region", options.region),
            ("--endpoint-url", options.endpoint_url),
        ]
        words = [f" {flag} {shlex.quote(value)}" for flag, value in given if value]
        if options.local is not None:
            words.append(" --local" if options.local else " --no-local")
        return "".join(words)

    def _addressed(self, error: DdbInsertError) -> DdbInsertError:
        """The error, with the command lines in its hint going where this run went."""
        if error.hint:
            error.hint = self.addressed(error.hint)
        return error

    def addressed(self, text: str) -> str:
        """The text, with each command line of ddbinsert's in it going where this run went."""
        return _COMMAND_LINE.sub(lambda m: f"`{m[1]}{self._destination}`", text)

    # --- carrying out -----------------------------------------------------------------------------------

    def carry_out(self, body: Callable[[Run], Outcome]) -> int:
        """Run the body and print what it answers; the exit code."""
        try:
            _ = self.wants_json  # a form that does not exist is refused before anything is done
            outcome = body(self)
            code = self._print(outcome)
        except DdbInsertError as error:
            code = self._print_failure(error)
        except KeyboardInterrupt:
            code = self._print_failure(_Interrupted())
        except BrokenPipeError:
            # The parser ends the process for one that bears EPIPE; this one reaches `main`.
            raise BrokenPipeError from None
        finally:
            self.reporter.finish()
            if self._aws is not None:
                self._aws.close()
        return code

    def _print(self, outcome: Outcome) -> int:
        self.reporter.finish()
        if outcome.printed:
            return int(outcome.exit_code)
        if self.wants_json:
            self._write_envelope(
                outcome.exit_code,
                data=outcome.data,
                errors=[self._addressed(error) for error in outcome.errors],
            )
            return int(outcome.exit_code)
        outcome.human(self.screen)
        for error in outcome.errors:
            explain(self._addressed(error), self.reporter_screen)
        self.environment.out.flush()
        return int(outcome.exit_code)

    @property
    def reporter_screen(self) -> Screen:
        return self.reporter.screen

    def _print_failure(self, error: DdbInsertError) -> int:
        self.reporter.finish()
        self._addressed(error)
        as_json = False
        with contextlib.suppress(UsageError):
            as_json = self.wants_json
        if as_json:
            self._write_envelope(error.exit_code, data=getattr(error, "data", None), errors=[error])
        explain(error, self.reporter_screen)
        return int(error.exit_code)

    def _write_envelope(self, exit_code: int, *, data: object, errors: Sequence[DdbInsertError]) -> None:
        from ddbinsert.render import machine

        document = machine.envelope(
            self.command,
            exit_code,
            data=data,
            errors=[machine.failure(error) for error in errors],
            warnings=self.reporter.warnings,
        )
        self.environment.out.write(machine.dumps(document, indent=None if self.json_lines else 2) + "\n")
        self.environment.out.flush()


class _Interrupted(DdbInsertError):
    exit_code = ExitCode.INTERRUPTED
    default_code = "interrupted"

    def __init__(self) -> None:
        super().__init__("Interrupted.")


def explain(error: DdbInsertError, screen: Screen) -> None:
    """An error for a person, on stderr: what happened, then what to do."""
    screen.line(f"error: {error.message}", "bold red")
    if error.hint:
        screen.line(f"  try: {error.hint}")
    screen.stream.flush()


def describe(aws: Aws) -> str:
    """Where a connection leads, in words."""
    if aws.connection.is_local:
        return f"embedded emulator ({aws.connection.endpoint_url})"
    return aws.endpoint or "AWS"
