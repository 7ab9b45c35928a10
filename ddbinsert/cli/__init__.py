"""The command line: signatures, help texts, and the one error boundary, `main`."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import typer

from ddbinsert.environment import Environment
from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

#: A fault of ddbinsert's own: sysexits.h's EX_SOFTWARE, apart from every answer that a script relies on.
BUG = 70

# typer carries its own copy of click or imports it, by version: its usage errors are known by this ancestor.
_ParserError: type[Exception] = typer.BadParameter.__mro__[2]


def main(argv: Sequence[str] | None = None, env: Environment | None = None) -> int:
    """Run one command line; the exit code. Never raises for anything that a user can cause."""
    environment = env or Environment()
    arguments = list(sys.argv[1:] if argv is None else argv)
    with _redirected(environment), _ended_by_sigterm():
        try:
            return _dispatch(arguments, environment)
        except BrokenPipeError:
            return _closed_pipe(environment)
        except KeyboardInterrupt:
            environment.err.write("Interrupted.\n")
            return ExitCode.INTERRUPTED
        except Exception as error:  # noqa: BLE001 - the boundary: a bug is reported whole, with its traceback
            return _unexpected(error, arguments, environment)


def _dispatch(arguments: list[str], environment: Environment) -> int:
    from ddbinsert.cli.app import finish
    from ddbinsert.cli.registry import app
    from ddbinsert.cli.values import lighten

    # Shell completion asks in a variable, and may ask for any command's options.
    finish(None if "_DDBINSERT_COMPLETE" in os.environ else arguments)
    try:
        command = typer.main.get_command(app)
        lighten(command)
        code = command(args=arguments, prog_name="ddbinsert", standalone_mode=False, obj=environment)
    except _ParserError as error:
        return _unparsable(error, arguments, environment)
    except typer.Abort:
        return ExitCode.INTERRUPTED
    except typer.Exit as leaving:
        return leaving.exit_code
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else ExitCode.USAGE
    return code if isinstance(code, int) else ExitCode.OK


def _unparsable(error: Exception, arguments: list[str], environment: Environment) -> int:
    """The parser's complaint, in our form: the envelope on stdout if JSON was asked for, words on stderr."""
    from ddbinsert.errors import UsageError
    from ddbinsert.render import machine

    if type(error).__name__ == "NoArgsIsHelpError":
        environment.out.write(f"{error.format_message()}\n")  # type: ignore[attr-defined]
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    command = str(getattr(context, "command_path", "ddbinsert")) if context is not None else "ddbinsert"
    message = str(getattr(error, "format_message", lambda: str(error))())
    ours = UsageError(message, hint=f"`{command} --help` shows what it takes.")
    if _asks_for_json(arguments, environment):
        document = machine.envelope(
            command.removeprefix("ddbinsert").strip(), ours.exit_code, errors=[machine.failure(ours)]
        )
        environment.out.write(machine.dumps(document) + "\n")
    from ddbinsert.cli.run import explain
    from ddbinsert.render.screen import Screen, wants_colour

    explain(ours, Screen(environment.err, colour=wants_colour(environment.err, environment.variables)))
    return ours.exit_code


def _asks_for_json(arguments: list[str], environment: Environment) -> bool:
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return environment.variables.get("DDBINSERT_OUTPUT") == "json" or any(
        word in ("--output=json", "-ojson") or (word in ("--output", "-o") and after == "json")
        for word, after in pairs
    )


def _unexpected(error: Exception, arguments: list[str], environment: Environment) -> int:
    """What no part below translated: an answer of AWS's that nobody expected, or a bug of ours."""
    from ddbinsert.cli.run import explain
    from ddbinsert.errors import DdbInsertError
    from ddbinsert.render import machine
    from ddbinsert.render.screen import Screen, clean

    ours: DdbInsertError | None = error if isinstance(error, DdbInsertError) else None
    if ours is None and "botocore" in sys.modules:
        from ddbinsert.aws.errors import translate

        ours = translate(error, "finish this command")
    if ours is not None:
        explain(ours, Screen(environment.err))
        code, failure = int(ours.exit_code), machine.failure(ours)
    else:
        import traceback

        environment.err.write(clean("".join(traceback.format_exception(error))))
        environment.err.write("error: This is a bug in ddbinsert; please report it with the lines above.\n")
        code = BUG
        failure = {"code": "bug", "message": f"{type(error).__name__}: {error}", "hint": "Please report it."}
    if _asks_for_json(arguments, environment):
        command = next((word for word in arguments if not word.startswith("-")), "")
        environment.out.write(machine.dumps(machine.envelope(command, code, errors=[failure])) + "\n")
    return code


def _closed_pipe(environment: Environment) -> int:
    """Whoever read our output has enough: end quietly, and let the interpreter's last flush go nowhere."""
    if environment.out is sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
    return ExitCode.OK


@contextlib.contextmanager
def _redirected(environment: Environment) -> Iterator[None]:
    """The parser prints help by itself, to the process's streams; send it where the environment says."""
    if environment.out is sys.stdout and environment.err is sys.stderr:
        yield
        return
    with contextlib.redirect_stdout(environment.out), contextlib.redirect_stderr(environment.err):
        yield


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does, so that what a run made for itself is cleaned up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
