"""filter lint: check patterns, the filters of mappings, and the filters in templates."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import command
from ddbinsert.cli.filters import KeyOption, MappingOption, TableOption, ViewOption, known_stream
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ddbinsert.core.filters.reach.answer import KnownStream
    from ddbinsert.documents.checked import CheckedFiles
    from ddbinsert.operations.filters import Linted
    from ddbinsert.render.terminal.screen import Screen


class Requirement(StrEnum):
    """Values of `--require`: what every mapping must be."""

    INSERT_ONLY = "insert-only"


class LintFailOn(StrEnum):
    """Values of `--fail-on`: the lowest severity that leads to exit code 1."""

    ERROR = "error"
    WARNING = "warning"


class FindingsFormat(StrEnum):
    """Formats of the findings in files, in addition to those of `--output`."""

    SARIF = "sarif"
    GITHUB = "github"
    JUNIT = "junit"


Subjects = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATTERN|FILE|DIR",
        help="Patterns (JSON text), files with patterns, templates, folders with templates, or - for standard input.",
        show_default=False,
    ),
]
RequireOption = Annotated[
    Requirement | None,
    typer.Option(
        "--require", help="Report a mapping that is not insert-only as an error.", show_default=False
    ),
]
FailOption = Annotated[
    LintFailOn, typer.Option("--fail-on", help="Lowest severity that leads to exit code 1.")
]
FormatOption = Annotated[
    FindingsFormat | None,
    typer.Option("--format", help="Format of the findings in files.", show_default=False),
]
FixOption = Annotated[
    bool, typer.Option("--fix", help="Correct files in place where the correction is unambiguous.")
]


TemplatesOption = Annotated[
    bool,
    typer.Option("--templates", help="Ignore files that are not templates or cannot be read."),
]


@command("filter lint")
def lint(
    run: Run,
    *,
    subjects: Subjects = None,
    table: TableOption = None,
    mapping: MappingOption = None,
    view_type: ViewOption = None,
    key: KeyOption = None,
    require: RequireOption = None,
    fail_on: FailOption = LintFailOn.ERROR,
    format_: FormatOption = None,
    fix: FixOption = False,
    templates: TemplatesOption = False,
) -> Outcome:
    """Check filters for errors that AWS rejects, and for mistakes that it accepts.

    Reports filters that never match or match too much, with the reason and the location, and whether they match only
    inserts, with a counterexample. Several patterns are checked as the filters of one mapping. With --table and no
    pattern, the filters of every mapping on the table's stream are checked. Files and folders may contain templates:
    SAM, CloudFormation, cdk.out, Terraform sources and plans, serverless.yml, Pulumi previews, ddbinsert.yaml. Exit
    code 1 if there is an error, 0 otherwise; with --require insert-only, 6 if a mapping, or a file that mentions one, cannot be
    checked.

    Example: ddbinsert filter lint '{"eventName":["insert"]}'
    """
    from ddbinsert.operations.filters import is_document

    if mapping is not None and (subjects or table):
        raise UsageError("--mapping cannot be combined with patterns, files or --table.")
    documents = [one for one in subjects or () if is_document(one, run.environment.cwd)]
    if subjects and documents:
        known = known_stream(run, table, view_type, key)
        checked = _checked(run, subjects, documents, known, require=require, fix=fix, lenient=templates)
        if checked is not None:
            for reason in checked.skipped if format_ is not None else ():
                run.reporter.warn(f"not checked: {reason}")  # these formats have findings alone
            return _files_outcome(checked, require, fail_on, format_)
    if format_ is not None or fix:
        raise UsageError(
            "--format and --fix are for templates.", hint="Give a file or a folder with templates."
        )
    linted = _linted(run, subjects, table, mapping, view_type, key)
    return _patterns_outcome(run, linted, require, fail_on)


def _checked(
    run: Run,
    subjects: Sequence[str],
    documents: Sequence[str],
    known: KnownStream,
    *,
    require: Requirement | None,
    fix: bool,
    lenient: bool,
) -> CheckedFiles | None:
    """The mappings in the files; None if the files contain patterns.

    Raises:
        UsageError: Some of the arguments are templates, others are not.
    """
    from ddbinsert.operations.document_files import check_files

    found = check_files(
        documents,
        cwd=run.environment.cwd,
        require_insert_only=require is not None,
        known=known,
        fix=fix,
        lenient=lenient,
    )
    patterns = [one for one in subjects if one not in documents or one in found.others]
    if lenient or all(_cannot_be_patterns(one, run.environment.cwd) for one in patterns):
        return found
    if len(patterns) < len(subjects):
        raise UsageError(
            f"Templates and patterns cannot be checked in one call: {', '.join(patterns[:3])}.",
            hint="Use one call for each, or --templates to ignore other files.",
        )
    return None


def _cannot_be_patterns(name: str, cwd: Path) -> bool:
    """Whether a file is no document with filters, in any format; answers of AWS may be saved as YAML."""
    from ddbinsert.operations.filters import as_json, read_file

    if name.lower().endswith((".yaml", ".yml")):
        text = read_file(name, cwd)
        return as_json(text) == text
    return name.lower().endswith(".tf")


def _files_outcome(
    checked: CheckedFiles, require: Requirement | None, fail_on: LintFailOn, form: FindingsFormat | None
) -> Outcome:
    from ddbinsert.core.filters.lint.report import LintSeverity
    from ddbinsert.render.filters import documents as shown
    from ddbinsert.render.filters import junit, sarif

    least = LintSeverity(fail_on.value)
    failing = any(finding.severity in junit.at_least(least) for finding in shown.findings_of(checked))
    undecided = require is not None and (
        bool(checked.undecided) or any(one.insert_only is None for one in checked.mappings)
    )
    code = ExitCode.NO if failing else ExitCode.INCONCLUSIVE if undecided else ExitCode.OK

    def written(screen: Screen) -> None:
        match form:
            case FindingsFormat.SARIF:
                screen.stream.write(sarif.document(checked))
            case FindingsFormat.GITHUB:
                screen.stream.write(shown.github(checked))
            case FindingsFormat.JUNIT:
                screen.stream.write(junit.document(checked, least))
            case None:
                shown.human(screen, checked)

    return Outcome(data=shown.data(checked), human=written, exit_code=code)


def _linted(  # noqa: PLR0917 - the options of the command
    run: Run,
    subjects: Sequence[str] | None,
    table: str | None,
    mapping: str | None,
    view_type: str | None,
    key: str | None,
) -> tuple[Linted, ...]:
    """The filters of patterns, of a mapping, or of a table's mappings, checked."""
    from ddbinsert.operations import filters as operation

    environment = run.environment
    if subjects:
        known = known_stream(run, table, view_type, key)
        saved = operation.saved_in(subjects, cwd=environment.cwd, stdin=environment.stdin)
        for note in dict.fromkeys(note for one in saved for note in one.notes):
            run.reporter.warn(note)
        return tuple(operation.lint_saved(one, known) for one in saved)
    if view_type or key:
        raise UsageError(
            "--view-type and --key are for patterns and files.", hint="Give a pattern or a file."
        )
    if mapping is not None:
        return (operation.lint_mapping(run.aws, mapping),)
    if table is not None:
        return operation.lint_table(run.aws, table)[1]
    raise UsageError("Nothing to check.", hint="Give a pattern, a file, --mapping UUID or --table TABLE.")


def _patterns_outcome(
    run: Run, linted: Sequence[Linted], require: Requirement | None, fail_on: LintFailOn
) -> Outcome:
    from ddbinsert.core.filters.lint.report import LintSeverity
    from ddbinsert.render.filters import report as shown

    _warn_of_emulator(run, linted)
    severities = [LintSeverity.ERROR, *([LintSeverity.WARNING] if fail_on is LintFailOn.WARNING else [])]
    failed = any(one.report.count(severity) for one in linted for severity in severities)
    answers = [one.report.insert_only for one in linted] if require is not None else []
    code = ExitCode.NO if failed or False in answers else ExitCode.OK
    if code is ExitCode.OK and None in answers:
        code = ExitCode.INCONCLUSIVE
    return Outcome(
        data={"reports": [shown.linted_data(one.mapping, one.function, one.report) for one in linted]},
        human=lambda screen: shown.reports(
            screen, [(one.mapping, one.function, one.report) for one in linted]
        ),
        exit_code=code,
    )


def _warn_of_emulator(run: Run, linted: Iterable[Linted]) -> None:
    """Warn about filter operators that the embedded emulator evaluates differently from AWS."""
    from ddbinsert.core.filters.emulator_gaps import emulator_gaps

    parsed = [judged.parsed for one in linted if one.mapping for judged in one.report.filters]
    if not any(parsed) or not run.connection.is_local:
        return
    gaps = dict.fromkeys(gap for pattern in parsed if pattern is not None for gap in emulator_gaps(pattern))
    if gaps:
        run.reporter.warn(
            f"The embedded emulator evaluates {', '.join(gaps)} differently from AWS: its deliveries prove "
            "nothing here."
        )
