"""The report files of a run of verify: checked before the first write, written after the verdict.

A report never changes a verdict: a report that cannot be written after the run is a warning. A run that ends without
a verdict writes reports, too, so that a CI system does not show those of an earlier run.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Annotated, Literal, Self

import typer

from ddbinsert.cli.run import Outcome
from ddbinsert.errors import DdbInsertError, ExitCode, UsageError
from ddbinsert.files import fresh_beside, replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import ModuleType, TracebackType

    from ddbinsert.cli.bundle import Bundle
    from ddbinsert.cli.run import Run
    from ddbinsert.core.proof.proof import JudgedProof, Proof
    from ddbinsert.render.verdict.common import NoVerdict

HtmlFile = Annotated[
    str | None,
    typer.Option("--report", metavar="FILE", help="Write an HTML report: one self-contained file."),
]
JunitFile = Annotated[
    str | None,
    typer.Option("--junit", metavar="FILE", help="Write a JUnit XML report, for CI systems."),
]
BundleFile = Annotated[
    str | None,
    typer.Option(
        "--bundle",
        metavar="FILE",
        help="Write an evidence bundle (zip): the verdict and its evidence, for `evidence check`.",
    ),
]
Annotate = Annotated[
    bool,
    typer.Option("--annotations", help="Write findings as annotations of GitHub Actions to stderr."),
]
SchemaOnly = Annotated[
    bool, typer.Option("--schema", help="Print the JSON Schema of the output of --output json, and exit.")
]

#: Set by GitHub Actions: the path of the file to which a step appends its job summary.
SUMMARY = "GITHUB_STEP_SUMMARY"


def schema_of_answers() -> Outcome:
    """The published JSON Schema of `verify --output json`."""
    from ddbinsert.render import machine
    from ddbinsert.render.verdict import schema as verdict_schema

    document = verdict_schema.schema()
    return Outcome(data=document, human=lambda screen: screen.line(machine.dumps(document)))


class ReportFiles:
    """The report files of one run; a context manager around the run.

    Args:
        run: Provides the clock, the current directory, the variables, and the reporter for warnings.
        report: Path of the HTML file; None for none.
        junit: Path of the JUnit XML file; None for none.
        bundle: Path of the evidence bundle; None for none.
        options: The options of the run, for the bundle.
        annotations: Write workflow commands of GitHub Actions to stderr.
        table: The table as named on the command line, for a run that ends before more is known.

    Raises:
        UsageError: A file cannot be written (code ``report-file``), or two paths are the same file.
    """

    def __init__(
        self,
        run: Run,
        *,
        report: str | None,
        junit: str | None,
        table: str | None,
        bundle: str | None = None,
        options: Mapping[str, object] | None = None,
        annotations: bool = False,
    ) -> None:
        self._run = run
        self._table = table or ""
        cwd = run.environment.cwd
        self._html = None if report is None else checked_path(cwd / report, f"--report {report}")
        self._junit = None if junit is None else checked_path(cwd / junit, f"--junit {junit}")
        path = None if bundle is None else checked_path(cwd / bundle, f"--bundle {bundle}")
        named = [one for one in (self._html, self._junit, path) if one is not None]
        if len(set(named)) < len(named):
            raise UsageError(
                "Two of --report, --junit and --bundle name the same file.", hint="Use different files."
            )
        self._bundle = None
        if path is not None:
            from ddbinsert.cli.bundle import Bundle

            self._bundle = Bundle(run, path, options or {})
        summary = run.environment.variables.get(SUMMARY)
        self._summary = cwd / summary if summary else None
        self._annotations = annotations
        self._written = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        # An error after the verdict does not change the reports.
        if error is not None and not self._written:
            self._write_failure(error)
        if self._bundle is not None:
            self._bundle.close()
        return False

    def attempt(self, proof: Proof) -> None:
        """Keep an attempt that is retried, for the bundle."""
        if self._bundle is not None:
            self._bundle.attempt(proof)

    def prove_and_write(self, prove: Callable[[], Proof]) -> Proof:
        """Call ``prove``, write every report on its result, and return it."""
        self._begin()
        try:
            proof = prove()
        except BaseException as error:
            self._write_failure(error)
            raise
        self._keep(self._html, lambda: _html().page(proof))
        self._keep(self._junit, lambda: _junit().document(proof))
        self._append(lambda: _github().summary(proof))
        self._annotate([proof])
        if self._bundle is not None:
            self._write_bundle(self._bundle, lambda one: one.write(proof))
        return proof

    def of_every(self, prove: Callable[[], Sequence[JudgedProof]]) -> Sequence[JudgedProof]:
        """Call ``prove``, write every report on all of its results, and return them."""
        self._begin()
        try:
            judged = prove()
        except BaseException as error:
            self._write_failure(error)
            raise
        results = [one.proof or self._without_verdict_of(one) for one in judged]
        self._keep(self._html, lambda: _html().every_page(results))
        self._keep(self._junit, lambda: _junit().documents(results))
        for result in results:
            self._append(lambda one=result: _github().summary_of(one))  # type: ignore[misc]
        self._annotate(results)
        if self._bundle is not None:
            self._write_bundle(self._bundle, lambda one: one.of_every(judged, results))
        return judged

    def _begin(self) -> None:
        """Begin another run, and discard what was recorded of the one before."""
        if self._written and self._bundle is not None:
            self._bundle.restart()
        self._written = True

    def _write_bundle(self, bundle: Bundle, write: Callable[[Bundle], None]) -> None:
        self._warned(bundle.path, lambda: write(bundle))

    def _without_verdict_of(self, judged: JudgedProof) -> NoVerdict:
        """The result of one of several consumers whose run ended with an error."""
        from dataclasses import replace

        failed = self._without_verdict(judged.error or AssertionError("neither a proof nor an error"))
        return replace(failed, table=judged.trigger.table, function=judged.trigger.function_name)

    def _write_failure(self, error: BaseException) -> None:
        run = self._without_verdict(error)
        self._keep(self._html, lambda: _html().error_page(run))
        self._keep(self._junit, lambda: _junit().error_document(run))
        self._append(lambda: _github().error_summary(run))
        self._annotate([run])
        if self._bundle is not None:
            self._write_bundle(self._bundle, lambda one: one.write_without_verdict(run, error))

    def _without_verdict(self, error: BaseException) -> NoVerdict:
        from ddbinsert.render.verdict.common import NoVerdict

        at, table = self._run.clock.now(), self._table
        match error:
            case DdbInsertError():
                return NoVerdict(
                    table=table,
                    at=at,
                    exit_code=int(error.exit_code),
                    code=error.code,
                    message=error.message,
                    hint=None if error.hint is None else str(self._run.addressed(error.hint)),
                )
            case KeyboardInterrupt():
                code = int(ExitCode.INTERRUPTED)
                return NoVerdict(
                    table=table, at=at, exit_code=code, code="interrupted", message="Interrupted."
                )
            case _:
                message = f"{type(error).__name__}: {error}"
                return NoVerdict(table=table, at=at, exit_code=70, code="bug", message=message)

    # --- writing ----------------------------------------------------------------------------------------

    def _keep(self, path: Path | None, render: Callable[[], str]) -> None:
        if path is not None:
            self._warned(path, lambda: replace_file(path, render()))

    def _annotate(self, results: Sequence[Proof | NoVerdict]) -> None:
        if self._annotations:
            from ddbinsert.render.verdict.annotations import annotated

            self._run.reporter.finish()
            self._run.environment.err.write("".join(annotated(one) for one in results))
            self._run.environment.err.flush()

    def _append(self, render: Callable[[], str]) -> None:
        path = self._summary
        if path is not None:
            self._warned(path, lambda: _append(path, render()))

    def _warned(self, path: Path, write: Callable[[], None]) -> None:
        try:
            write()
        except (OSError, NotKept) as error:
            reason = getattr(error, "strerror", None) or error
            self._run.reporter.warn(f"{_on_one_line(path)} was not written: {_on_one_line(str(reason))}")
        except Exception as error:  # noqa: BLE001 - a bug in a report must not change the verdict
            problem = _on_one_line(f"{type(error).__name__}: {error}")
            self._run.reporter.warn(
                f"{_on_one_line(path)} was not written because of a bug in ddbinsert: {problem}"
            )
        else:
            self._run.reporter.step(f"wrote {_on_one_line(path)}")


class NotKept(Exception):
    """A report cannot be written for another reason than an OSError; the message has the reason."""


def _on_one_line(what: Path | str) -> str:
    """A path or an error's text in a message, on one line."""
    from ddbinsert.render.terminal.screen import one_line

    return one_line(str(what))


def checked_path(path: Path, option: str) -> Path:
    """The path at which a report will be written, with links resolved; missing folders are created.

    Raises:
        UsageError: No file can be written there.
    """
    try:
        path = path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if not stat.S_ISREG(path.stat().st_mode):
                raise UsageError(
                    f"{option}: this is not a regular file.", hint="Use a regular file.", code="report-file"
                )
            if not os.access(path, os.W_OK):
                raise PermissionError(0, "the file is write-protected")
        fresh = fresh_beside(path)
        fresh.touch(exist_ok=False)
        fresh.unlink()
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{option}: this file can't be written: {reason}.",
            hint="Use another file. The run has not started.",
            code="report-file",
        ) from None
    return path


def _append(path: Path, text: str) -> None:
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                text = f"\n{text}"
        file.write(text.encode())


#: Most runs write no report, so each of these modules (one of them imports Jinja2) is imported only for its report.


def _html() -> ModuleType:
    from ddbinsert.render.verdict import html as report_html

    return report_html


def _junit() -> ModuleType:
    from ddbinsert.render.verdict import junit

    return junit


def _github() -> ModuleType:
    from ddbinsert.render.verdict import github

    return github
