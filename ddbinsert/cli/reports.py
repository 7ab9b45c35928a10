"""The reports that a run of verify leaves behind: checked before the first write, written after the verdict.

A report never costs a verdict: what goes wrong with one after the run is a warning. A run that ends without a
verdict leaves reports, too, so that a CI system shows that and not what an earlier run left in their place.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import uuid
from typing import TYPE_CHECKING, Annotated, Literal, Self

import typer

from ddbinsert.cli.run import Outcome
from ddbinsert.errors import DdbInsertError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType, TracebackType

    from ddbinsert.cli.run import Run
    from ddbinsert.core.proof import Proof
    from ddbinsert.render.report import NoVerdict

Report = Annotated[
    str | None,
    typer.Option("--report", metavar="FILE", help="Write a report to hand on: one HTML file."),
]
Junit = Annotated[
    str | None,
    typer.Option("--junit", metavar="FILE", help="Write JUnit XML, for CI systems."),
]
Schema = Annotated[
    bool, typer.Option("--schema", help="Only print the JSON Schema of what --output json answers.")
]

#: What GitHub Actions sets: the file to which a step appends its Markdown.
SUMMARY = "GITHUB_STEP_SUMMARY"


def schema_of_answers() -> Outcome:
    """The published JSON Schema of verify's answers."""
    from ddbinsert.render import machine, verdict_schema

    document = verdict_schema.schema()
    return Outcome(data=document, human=lambda screen: screen.line(machine.dumps(document)))


class Reports:
    """The reports of one run, a context in which the run is made.

    Args:
        report: Where the HTML goes. junit: Where the XML goes. None for none.
        table: The table as it was named on the command line, for a run that ends before more is known.

    Raises:
        UsageError: A file can't be written there.
    """

    def __init__(self, run: Run, *, report: str | None, junit: str | None, table: str | None) -> None:
        self._run = run
        self._table = table or ""
        cwd = run.environment.cwd
        self._html = None if report is None else _checked(cwd / report, f"--report {report}")
        self._junit = None if junit is None else _checked(cwd / junit, f"--junit {junit}")
        if self._html is not None and self._html == self._junit:
            raise UsageError("--report and --junit name the same file.", hint="Give each its own.")
        summary = run.environment.variables.get(SUMMARY)
        self._summary = cwd / summary if summary else None
        self._written = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        # What ends a command after a verdict takes nothing from it.
        if error is not None and not self._written:
            self._write_failure(error)
        return False

    def of(self, prove: Callable[[], Proof]) -> Proof:
        """The proof that ``prove`` gives, with every report on it written."""
        self._written = True
        try:
            proof = prove()
        except BaseException as error:
            self._write_failure(error)
            raise
        self._keep(self._html, lambda: _html().page(proof))
        self._keep(self._junit, lambda: _junit().document(proof))
        self._append(lambda: _github().summary(proof))
        return proof

    def _write_failure(self, error: BaseException) -> None:
        run = self._without_verdict(error)
        self._keep(self._html, lambda: _html().error_page(run))
        self._keep(self._junit, lambda: _junit().error_document(run))
        self._append(lambda: _github().error_summary(run))

    def _without_verdict(self, error: BaseException) -> NoVerdict:
        from ddbinsert.render.report import NoVerdict

        at, table = self._run.clock.now(), self._table
        match error:
            case DdbInsertError():
                return NoVerdict(
                    table=table,
                    at=at,
                    exit_code=int(error.exit_code),
                    code=error.code,
                    message=error.message,
                    hint=error.hint and self._run.addressed(error.hint),
                )
            case KeyboardInterrupt():
                code = int(ExitCode.INTERRUPTED)
                return NoVerdict(
                    table=table, at=at, exit_code=code, code="interrupted", message="Interrupted."
                )
            case _:
                message = f"{type(error).__name__}: {error}"
                return NoVerdict(table=table, at=at, exit_code=70, code="bug", message=message)

    # --- onto the disk ----------------------------------------------------------------------------------

    def _keep(self, path: Path | None, render: Callable[[], str]) -> None:
        if path is not None:
            self._warned(path, lambda: _replace(path, render()))

    def _append(self, render: Callable[[], str]) -> None:
        path = self._summary
        if path is not None:
            self._warned(path, lambda: _append(path, render()))

    def _warned(self, path: Path, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self._run.reporter.warn(f"{path} was not written: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - a fault in a drawing must not cost the verdict
            self._run.reporter.warn(
                f"{path} was not written, by a fault of ddbinsert's: {type(error).__name__}: {error}"
            )
        else:
            self._run.reporter.step(f"wrote {path}")


def _checked(path: Path, option: str) -> Path:
    """Where a report will be written, links followed; folders on the way are made.

    Raises:
        UsageError: Nothing can be written there.
    """
    try:
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if not stat.S_ISREG(path.stat().st_mode):
                raise UsageError(
                    f"{option}: this is no ordinary file.", hint="Name a file.", code="report-file"
                )
            if not os.access(path, os.W_OK):
                raise PermissionError(0, "it is write-protected")
        fresh = _fresh(path)
        fresh.touch(exist_ok=False)
        fresh.unlink()
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{option}: nothing can be written there: {reason}.",
            hint="Name another file; nothing was tried yet.",
            code="report-file",
        ) from None
    return path


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that was there keeps its rights."""
    fresh = _fresh(path)
    try:
        with fresh.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        if path.exists():
            shutil.copymode(path, fresh)
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def _fresh(path: Path) -> Path:
    # Its length must not depend on the file's own, which may be as long as the file system takes.
    return path.with_name(f".ddbinsert-{uuid.uuid4().hex[:12]}")


def _append(path: Path, text: str) -> None:
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                text = f"\n{text}"
        file.write(text.encode())


# Most runs write no report, so none of these is read unless one is wanted.


def _html() -> ModuleType:
    from ddbinsert.render import report_html

    return report_html


def _junit() -> ModuleType:
    from ddbinsert.render import junit

    return junit


def _github() -> ModuleType:
    from ddbinsert.render import github

    return github
