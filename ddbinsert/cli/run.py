"""One run of a command: its options, its connection, and the output of its result."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from ddbinsert.advice import Advice
from ddbinsert.cli.advice import AdviceTarget, complete, complete_text, named_function
from ddbinsert.cli.clock import finish, server_clock
from ddbinsert.cli.envelope import write_envelope
from ddbinsert.cli.error_output import Interrupted, explain
from ddbinsert.core.times import seconds
from ddbinsert.errors import DdbInsertError, ExitCode, UsageError
from ddbinsert.render.terminal.progress import ScreenReporter
from ddbinsert.render.terminal.screen import Screen, wants_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ddbinsert.config import Configuration, Configurations
    from ddbinsert.core.arn import Arn
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.environment import Environment
    from ddbinsert.operations.connection import Aws, Connection, Context, Listener


class Common(NamedTuple):
    """The options that every command has; None if an option was not given."""

    config: str | None = None
    profile: str | None = None
    table_profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local: bool | None = None
    output: str | None = None
    quiet: bool = False
    timeout: str | None = None
    yes: bool = False


class Outcome(NamedTuple):
    """The result of a command.

    Attributes:
        data: The result in the JSON envelope.
        human: Writes the same result as text.
        printed: Whether the command has written its output itself, line by line (with --follow).
        errors: Errors in addition to the data, such as a failed verdict.
        word: The result in a few words, for a list of several triggers.
    """

    data: object = None
    human: Callable[[Screen], None] = lambda _screen: None
    exit_code: ExitCode = ExitCode.OK
    errors: tuple[DdbInsertError, ...] = ()
    printed: bool = False
    word: str = "done"


class Run:
    """The run of a command, which its body receives: options, configuration, connection and output."""

    def __init__(
        self, environment: Environment, command: str, options: Common, *, may_start_emulator: bool = False
    ) -> None:
        self.environment = environment
        self.command = command
        self.options = options
        self._may_start_emulator = may_start_emulator
        #: Whether JSON output is one document per line, also for an error that ends the command.
        self.json_lines = False
        #: Called with every answer of AWS; set it before the first call.
        self.listener: Listener | None = None
        #: The configurations that were read last, one for each trigger; empty before that.
        self.loaded: tuple[Configuration, ...] = ()
        self._aws: Aws | None = None
        self._arns: tuple[Arn, ...] = ()
        self._table: str | None = None
        self._function: str | None = None

    # --- used by the body -------------------------------------------------------------------------------

    @property
    def wants_json(self) -> bool:
        wanted = self.options.output or self.environment.variables.get("DDBINSERT_OUTPUT") or "human"
        if wanted not in ("human", "json"):
            raise UsageError(f"DDBINSERT_OUTPUT is {wanted!r}.", hint="Set it to human or json.")
        return wanted == "json"

    @cached_property
    def clock(self) -> Any:
        return server_clock(self.environment.clock)

    def timeout(self, default: float) -> float:
        """Maximum seconds that the run may wait."""
        given = self.options.timeout
        return default if given is None else seconds(given, name="--timeout")

    def configuration(
        self,
        table: str | None = None,
        settings: Mapping[str, object] | None = None,
        *,
        unset: Sequence[str] = (),
    ) -> Configuration:
        """The configuration from defaults, file, variables and flags, validated.

        Args:
            table: The table, or the name of a trigger of a file with several.
            settings: Values of flags by dotted key; None for flags that were not given.
            unset: Dotted keys of settings to clear.
        """
        from ddbinsert.cli.load_configuration import load_one

        loaded, self._arns, self._spec = load_one(self, table, settings or {}, unset)
        self.loaded = (loaded,)
        self._is_about(loaded)
        return loaded

    def configurations(self, words: Sequence[str], settings: Mapping[str, object]) -> Configurations:
        """The configuration of each selected trigger: all triggers of the file if no word is given.

        Args:
            words: Tables, and names of triggers of a file with several.
        """
        from ddbinsert.cli.load_configuration import load_each

        loaded, self._arns, self._spec = load_each(self, words, settings)
        self.loaded = loaded.chosen
        if len(loaded.chosen) == 1:
            self._is_about(loaded.chosen[0])
        return loaded

    def _is_about(self, loaded: Configuration) -> None:
        trigger = loaded.trigger
        self._table = loaded.name or (None if trigger is None else trigger.table)
        self._function = named_function(loaded)

    def trigger(self, table: str | None, settings: Mapping[str, object] | None = None) -> Trigger:
        """The trigger that the configuration and the flags describe.

        Raises:
            UsageError: No table is specified, or one of several triggers must be chosen.
        """
        return self.trigger_of(self.configuration(table, settings))

    def table(self, table: str | None) -> Trigger:
        """The trigger for a command that needs only the table: none of several triggers has to be chosen."""
        loaded = self.configuration(table)
        return loaded.trigger or self.trigger_of(loaded)

    def trigger_of(self, configuration: Configuration) -> Trigger:
        """The trigger of a configuration that must describe one.

        Raises:
            UsageError: No table is specified, or one of several triggers must be chosen.
        """
        from ddbinsert.cli.load_configuration import require_trigger

        return require_trigger(configuration, self.command)

    def takes(self, function: str) -> None:
        """Use a function that was found for this run; advice names it from now on."""
        self._function = function

    @property
    def connection(self) -> Connection:
        """The resolved connection; with --local, the embedded emulator's."""
        from ddbinsert.operations.connection import resolve

        if not hasattr(self, "_spec"):
            self.configuration()
        here, limit = self.environment, self.timeout(0.0)
        found = resolve(
            self._spec,
            variables=here.variables,
            clock=here.clock,
            may_prompt=here.is_interactive,
            may_start=self._may_start_emulator,
            step=self.reporter.step,
        )
        if self.options.timeout is None:
            return found
        return replace(found, process_timeout=min(found.process_timeout, limit), call_timeout=limit)

    @property
    def aws(self) -> Aws:
        if self._aws is None:
            from ddbinsert.operations.connection import describe, settle_accounts

            aws = self._aws = self.environment.connect(self.connection)
            aws.listener, aws.on_date = self.listener, self.clock.answered
            self.reporter.endpoint = lambda: describe(aws)
            aws.report_waits(self.reporter.waiting)
            self.reporter.table_account, by_arn = settle_accounts(aws, self._arns)
            self._table = by_arn or self._table
        return self._aws

    def context(self, default_timeout: float) -> Context:
        """The context of an operation: connection, clock, progress reports, identifiers, time limit."""
        from ddbinsert.operations.connection import new_context

        return new_context(
            aws=self.aws,
            clock=self.clock,
            reporter=self.reporter,
            new_id=self.environment.new_id,
            timeout=self.timeout(default_timeout),
        )

    @cached_property
    def reporter(self) -> ScreenReporter:
        environment = self.environment
        colour = wants_colour(environment.err, environment.variables)
        return ScreenReporter(
            Screen(environment.err, colour=colour),
            endpoint=lambda: "AWS",
            quiet=self.options.quiet,
            live=environment.err.isatty() and environment.variables.get("TERM") != "dumb",
            addressed=self.addressed,
        )

    @cached_property
    def screen(self) -> Screen:
        """stdout."""
        return Screen(
            self.environment.out, colour=wants_colour(self.environment.out, self.environment.variables)
        )

    def confirm(self, question: str) -> None:
        """Ask before a change that cannot be undone.

        Raises:
            UsageError: There is no terminal and no --yes, or the answer was no.
        """
        if self.options.yes:
            return
        answer = self.ask(f"{question} [y/N]")
        if answer is None:
            raise UsageError(
                f"Confirmation is needed. {question}",
                hint="Run it again with --yes to agree.",
                code="confirmation-needed",
            )
        if answer not in ("y", "yes"):
            raise UsageError("Not confirmed; nothing was changed.", code="not-confirmed")

    @property
    def can_ask(self) -> bool:
        """Whether the user can be asked."""
        return self.environment.is_interactive and not self.wants_json

    def ask(self, question: str) -> str | None:
        """The user's answer in lower case; None if the user cannot be asked."""
        if not self.can_ask:
            return None
        self.reporter.finish()
        self.environment.err.write(f"{question} ")
        self.environment.err.flush()
        return self.environment.stdin.readline().strip().lower()

    def command_line(self, words: str) -> str:
        """A command line of ddbinsert with the connection options of this run: ``ddbinsert WORDS --local``."""
        return self.addressed(Advice("", tuple(shlex.split(words)))).line

    @property
    def destination(self) -> AdviceTarget:
        """The arguments that a command needs to act on the same trigger and connection as this run."""
        target = AdviceTarget(self.options, self._table, self._function)
        return target._replace(connection=self._spec) if hasattr(self, "_spec") else target

    @overload
    def addressed(self, advice: Advice, *, to: AdviceTarget | None = None) -> Advice: ...

    @overload
    def addressed(self, advice: str, *, to: AdviceTarget | None = None) -> str: ...

    @overload
    def addressed(self, advice: None, *, to: AdviceTarget | None = None) -> None: ...

    def addressed(
        self, advice: str | Advice | None, *, to: AdviceTarget | None = None
    ) -> str | Advice | None:
        """The advice with its command completed; a text is advice without a command.

        Args:
            to: The arguments to add; by default those of this run.
        """
        if advice is None:
            return None
        target = to or self.destination
        return complete(advice, target) if isinstance(advice, Advice) else complete_text(advice, target)

    def _addressed(self, error: DdbInsertError) -> DdbInsertError:
        """The error, with the command in its hint completed."""
        error.hint = self.addressed(error.hint)
        return error

    # --- running the body -------------------------------------------------------------------------------

    def carry_out(self, body: Callable[[Run], Outcome]) -> int:
        """Run the body and print its result; return the exit code."""
        try:
            # Refuse invalid values of --output and --timeout first, even if the body does not use them.
            _ = self.wants_json, self.timeout(0.0)
            outcome = body(self)
            code = self.show(outcome)
        except DdbInsertError as error:
            code = self._print_failure(error)
        except KeyboardInterrupt:
            code = self._print_failure(Interrupted())
        except BrokenPipeError:
            # The parser ends the process for an error with EPIPE; this one has none, and reaches `main`.
            raise BrokenPipeError from None
        finally:
            self.reporter.finish()
            if self._aws is not None:
                self._aws.close()
        return code

    def show(self, outcome: Outcome) -> int:
        """Print the result of a command; return the exit code."""
        finish(self)
        if outcome.printed:
            return int(outcome.exit_code)
        errors = [self._addressed(error) for error in outcome.errors]
        if self.wants_json:
            write_envelope(self, outcome.exit_code, data=outcome.data, errors=errors)
            return int(outcome.exit_code)
        outcome.human(self.screen)
        for error in errors:
            explain(error, self.reporter.screen)
        self.environment.out.flush()
        return int(outcome.exit_code)

    def _print_failure(self, error: DdbInsertError) -> int:
        finish(self, error.code)
        self._addressed(error)
        as_json = False
        with contextlib.suppress(UsageError):
            as_json = self.wants_json
        if as_json:
            write_envelope(self, error.exit_code, data=getattr(error, "data", None), errors=[error])
        explain(error, self.reporter.screen)
        return int(error.exit_code)
