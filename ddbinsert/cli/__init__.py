"""The command line: signatures, help texts, and the error boundary, `main`."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO, cast

import typer

from ddbinsert.environment import Environment
from ddbinsert.errors import ExitCode
from ddbinsert.interrupts import Interruptible
from ddbinsert.render.terminal.streams import CheckedStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.errors import PrerequisiteError

#: Exit code of a bug in ddbinsert: EX_SOFTWARE of sysexits.h, different from every code that a script relies on.
BUG = 70
#: Exit code if the output of a command that only prints could not be written: EX_IOERR of sysexits.h.
LOST = 74

#: Commands with a connection whose result is what they print, and nothing besides.
_PRINTING = frozenset(
    (
        *("audit query", "export", "failures list", "failures show", "filter build", "function sample-event"),
        *("init", "ls", "records", "tail"),
    )
)

#: Words of pydantic, with which typer converts values, and what they mean to a user.
_PLAIN = (
    (": Value error, ", ": "),
    ("Input should be a valid integer, unable to parse string as an integer", "not a whole number"),
    ("Input should be a valid number, unable to parse string as a number", "not a number"),
    ("Input should be greater than or equal to", "must be at least"),
    ("Input should be less than or equal to", "must be at most"),
    ("Input should be greater than", "must be more than"),
    ("Input should be less than", "must be less than"),
)
#: Disks that are full (also for this user, or for files of this size), or read-only.
_DISK = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS))
#: Base class of the parser's usage errors: depending on its version, typer contains click or imports it.
_ParserError: type[Exception] = typer.BadParameter.__mro__[2]


def main(argv: Sequence[str] | None = None, env: Environment | None = None) -> int:
    """Run one command line; return the exit code. Never raises for anything that a user can cause."""
    given = env or Environment()
    out, err = CheckedStream(given.out), CheckedStream(given.err)
    stdin = given.stdin or io.StringIO()  # None: closed when the process was started
    environment = replace(given, out=cast("TextIO", out), err=cast("TextIO", err), stdin=stdin)
    arguments = list(sys.argv[1:] if argv is None else argv)
    with _redirected(environment), Interruptible() as interrupts:
        try:
            code = _dispatch(arguments, environment)
        except BrokenPipeError:  # the reader of a following command's output has exited
            code = ExitCode.OK
        except KeyboardInterrupt:
            code = _interrupted(environment)
        except Exception as error:  # noqa: BLE001 - the error boundary: a bug is reported with its traceback
            code = (
                _interrupted(environment)
                if interrupts.received
                else _unexpected(error, arguments, environment)
            )
        lost = _report_lost(out, err)
    return LOST if lost and code == ExitCode.OK and _only_prints(arguments) else code


def _interrupted(environment: Environment) -> int:
    environment.err.write("Interrupted.\n")
    return ExitCode.INTERRUPTED


def _report_lost(out: CheckedStream, err: CheckedStream) -> bool:
    """Report it if the result could not be written; return whether that is so.

    A stream that was closed on purpose, or whose reader has exited, is not a failure.
    """
    out.flush()
    lost = isinstance(out.failure, OSError) and out.failure.errno not in (errno.EPIPE, errno.EBADF, None)
    if lost:
        err.write(f"error: The result could not be written to stdout: {out.reason}.\n")
    err.flush()
    for output, stream, number in ((out, sys.__stdout__, 1), (err, sys.__stderr__, 2)):
        if output.failure is not None and output.is_on(stream):
            # Discard the rest of its buffer, so that the interpreter's last flush does not fail.
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    return lost


def _only_prints(arguments: list[str]) -> bool:
    """Whether a command only prints, so that exit code 0 without its output would be wrong."""
    from ddbinsert.cli.registry import commands

    if {"-h", "--help", "--schema"} & set(arguments):
        return True
    words = [word for word in arguments if not word.startswith("-")]
    names = (" ".join(words[:2]), " ".join(words[:1]))
    found = next((commands[name] for name in names if name in commands), None)
    return found is None or "local" not in found.accepts or any(name in _PRINTING for name in names)


def _dispatch(arguments: list[str], environment: Environment) -> int:
    from ddbinsert.cli.program import program

    try:
        code = program()(args=arguments, prog_name="ddbinsert", standalone_mode=False, obj=environment)
    except _ParserError as error:
        return _unparsable(error, arguments, environment)
    except typer.Abort as end:
        # The parser takes every EOFError for Ctrl-D at a prompt of its own; ddbinsert uses none of these.
        raise end.__cause__ or end from None
    except typer.Exit as leaving:
        return leaving.exit_code
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else ExitCode.USAGE
    return code if isinstance(code, int) else ExitCode.OK


def _unparsable(error: Exception, arguments: list[str], environment: Environment) -> int:
    """Report an error of the parser: as the envelope on stdout if JSON is requested, and as text on stderr."""
    from ddbinsert.errors import UsageError
    from ddbinsert.render import machine

    if type(error).__name__ == "NoArgsIsHelpError":
        environment.out.write(f"{error.format_message()}\n")  # type: ignore[attr-defined]
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    command = str(getattr(context, "command_path", "ddbinsert")) if context is not None else "ddbinsert"
    message = str(getattr(error, "format_message", lambda: str(error))())
    for theirs, plain in _PLAIN:
        message = message.replace(theirs, plain)
    ours = UsageError(message, hint=f"`{command} --help` lists the arguments and options.")
    if _asks_for_json(arguments, environment):
        document = machine.envelope(
            command.removeprefix("ddbinsert").strip(), ours.exit_code, errors=[machine.failure(ours)]
        )
        environment.out.write(machine.dumps(document) + "\n")
    from ddbinsert.cli.error_output import explain
    from ddbinsert.render.terminal.screen import Screen, wants_colour

    explain(ours, Screen(environment.err, colour=wants_colour(environment.err, environment.variables)))
    return ours.exit_code


def _asks_for_json(arguments: list[str], environment: Environment) -> bool:
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return environment.variables.get("DDBINSERT_OUTPUT") == "json" or any(
        word in ("--output=json", "-ojson") or (word in ("--output", "-o") and after == "json")
        for word, after in pairs
    )


def _not_written(error: Exception) -> PrerequisiteError | None:
    """The error for a disk that is full or read-only; None for any other exception."""
    from ddbinsert.errors import PrerequisiteError

    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error):
        reason = "there is no temporary folder that is writable"
    elif isinstance(error, OSError) and error.errno in _DISK:
        reason = str(error.strerror)
    else:
        return None
    return PrerequisiteError(
        f"A file could not be written: {reason}.",
        hint="Free space, or set TMPDIR to a folder in which files can be written.",
        code="disk",
    )


def _unexpected(error: Exception, arguments: list[str], environment: Environment) -> int:
    """Report an unhandled exception: an unexpected answer of AWS, or a bug."""
    from ddbinsert.cli.error_output import explain
    from ddbinsert.errors import DdbInsertError
    from ddbinsert.render import machine
    from ddbinsert.render.terminal.screen import Screen, clean

    ours: DdbInsertError | None = error if isinstance(error, DdbInsertError) else _not_written(error)
    if ours is None and "botocore" in sys.modules:
        from ddbinsert.operations.connection import explained

        ours = explained(error, "finish this command")
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


@contextlib.contextmanager
def _redirected(environment: Environment) -> Iterator[None]:
    """Redirect the help, which the parser prints to the process's streams, to those of the environment."""
    with contextlib.redirect_stdout(environment.out), contextlib.redirect_stderr(environment.err):
        yield
