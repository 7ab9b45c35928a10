"""filter: judge, explain, try and build filter patterns, before AWS gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import app, command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.core.filter_findings import Table
    from ddbinsert.operations.filters import Linted

group = typer.Typer(
    no_args_is_help=True, help="Filter patterns: judge, explain, test, build, try on what the stream holds."
)
app.add_typer(group, name="filter")

Patterns = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATTERN|FILE",
        help="Patterns (JSON), files that hold some, or - for standard input.",
        show_default=False,
    ),
]
TableOption = Annotated[
    str | None,
    typer.Option("--table", metavar="TABLE", help="The table whose stream is filtered.", show_default=False),
]
MappingOption = Annotated[
    str | None,
    typer.Option(
        "--mapping", metavar="UUID", help="Take the filters of this event source mapping.", show_default=False
    ),
]
ViewOption = Annotated[
    str | None,
    typer.Option(
        "--view-type",
        metavar="TYPE",
        help="The stream's view type, where no --table tells it.",
        show_default=False,
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="The table's key, where no --table tells it: pk:S or pk:S,sk:N.",
        show_default=False,
    ),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Such as 'NewImage.status = \"NEW\"'; given several times, all must hold.",
        show_default=False,
    ),
]
TypeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="NAME=TYPE",
        help="An attribute's type, such as total=N; may be given several times.",
        show_default=False,
    ),
]
InsertOnlyOption = Annotated[
    bool, typer.Option("--insert-only", help="Restrict the pattern to inserts, as attach-trigger does.")
]
RecordOption = Annotated[
    str, typer.Option("--record", metavar="FILE", help="The record (or several), - for standard input.")
]


@command("lint", group=group, prefix="filter")
def lint(
    run: Run,
    *,
    patterns: Patterns = None,
    table: TableOption = None,
    mapping: MappingOption = None,
    view_type: ViewOption = None,
    key: KeyOption = None,
) -> Outcome:
    """Judge filters: what AWS would refuse, with its place, and what AWS takes and shouldn't.

    Filters that never match, or match too much, with the reason; whether they let only inserts through, with a
    counterexample. Several patterns are judged as the filters of one mapping. With --table and no pattern, the
    filters of every mapping on the table's stream. Exit code 1 if there is an error, 0 if there are warnings only.

    Example: ddbinsert filter lint '{"eventName":["insert"]}'
    """
    from ddbinsert.core.filter_findings import Severity
    from ddbinsert.operations import filters as operation
    from ddbinsert.render import filters as shown

    if mapping is not None and (patterns or table):
        raise UsageError("--mapping stands alone: it brings its filters and its table.")
    if patterns:
        known = _known(run, table, view_type, key)
        environment = run.environment
        texts = operation.given_patterns(patterns, cwd=environment.cwd, stdin=environment.stdin)
        linted: tuple[Linted, ...] = (operation.lint_given(texts, known),)
    elif view_type or key:
        raise UsageError("--view-type and --key go with patterns.", hint="Give a pattern or a file.")
    elif mapping is not None:
        linted = (operation.lint_mapping(run.aws, mapping),)
    elif table is not None:
        linted = operation.lint_table(run.aws, table)[1]
    else:
        raise UsageError(
            "There is nothing to judge.", hint="Give a pattern, a file, --mapping UUID or --table TABLE."
        )
    _warn_of_emulator(run, linted)
    failed = any(one.report.count(Severity.ERROR) for one in linted)
    return Outcome(
        data={"reports": [shown.linted_data(one.mapping, one.function, one.report) for one in linted]},
        human=lambda screen: shown.reports(
            screen, [(one.mapping, one.function, one.report) for one in linted]
        ),
        exit_code=ExitCode.NO if failed else ExitCode.OK,
    )


def _warn_of_emulator(run: Run, linted: Iterable[Linted]) -> None:
    """Filters that a mapping on the embedded emulator has and that it judges otherwise than AWS."""
    from ddbinsert.core.filter_emulator import emulator_gaps
    from ddbinsert.core.pattern import parse

    texts = [judged.pattern for one in linted if one.mapping for judged in one.report.filters if judged.valid]
    if not texts or not run.connection.is_local:
        return
    gaps = dict.fromkeys(gap for text in texts for gap in emulator_gaps(parse(text)))
    if gaps:
        run.reporter.warn(
            f"The embedded emulator judges {', '.join(gaps)} otherwise than AWS: what it delivers proves nothing here."
        )


def _known(run: Run, table: str | None, view_type: str | None, key: str | None) -> Table:
    """What the command line says of the stream, and the table itself where it is named."""
    from ddbinsert.core.filter_findings import Table
    from ddbinsert.core.keys import parse_key
    from ddbinsert.core.model import StreamView
    from ddbinsert.operations import filters as operation

    if view_type is not None and view_type not in list(StreamView):
        raise UsageError(f"{view_type!r} is no view type.", hint=f"Allowed: {', '.join(StreamView)}.")
    found = operation.known(operation.table_state(run.aws, table)) if table else Table()
    return Table(
        view=StreamView(view_type) if view_type else found.view,
        key=parse_key(key) if key else found.key,
    )


@command("explain", group=group, prefix="filter")
def explain(run: Run, *, patterns: Patterns = None, mapping: MappingOption = None) -> Outcome:
    """Say in plain English what filters let through.

    Example: ddbinsert filter explain '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}}}}'
    """
    from ddbinsert.core.filter_explain import explain as explained
    from ddbinsert.core.pattern import parse
    from ddbinsert.render import filters as shown

    texts = _texts(run, patterns, mapping)
    explanations = [(text, explained(parse(text))) for text in texts]
    return Outcome(
        data={
            "filters": [
                {"pattern": text, "sentence": one.sentence, "clauses": one.clauses}
                for text, one in explanations
            ]
        },
        human=lambda screen: shown.explanations(screen, explanations),
    )


def _texts(run: Run, patterns: list[str] | None, mapping: str | None) -> tuple[str, ...]:
    """Patterns from the command line or from a mapping; at least one."""
    from ddbinsert.operations import filters as operation

    environment = run.environment
    texts = operation.given_patterns(patterns or (), cwd=environment.cwd, stdin=environment.stdin)
    if mapping is not None:
        texts += operation.mapping_state(run.aws, mapping).filters
    if not texts:
        raise UsageError(
            "There is no filter.", hint="Give a pattern, a file, or --mapping UUID of one with filters."
        )
    return texts


@command("test", group=group, prefix="filter")
def hold(
    run: Run, *, record: RecordOption, patterns: Patterns = None, mapping: MappingOption = None
) -> Outcome:
    """Hold filters against records: matched, or the first clause that failed.

    A record is what Lambda's event holds in Records; the file may be such an event, an array, JSON lines, or one
    record. Exit code 1 if a record matches none of the filters.

    Example: ddbinsert filter test '{"eventName":["INSERT"]}' --record event.json
    """
    from ddbinsert.core.filter_trace import trace
    from ddbinsert.core.pattern import parse
    from ddbinsert.operations import filters as operation
    from ddbinsert.render import filters as shown

    if record == "-" and patterns and "-" in patterns:
        raise UsageError("Standard input can't be both the filters and the record.")
    texts = _texts(run, patterns, mapping)
    parsed = [(text, parse(text)) for text in texts]
    environment = run.environment
    found = [
        [trace(text, pattern, one) for text, pattern in parsed]
        for one in operation.read_records(record, cwd=environment.cwd, stdin=environment.stdin)
    ]
    passed = [any(one.matched for one in traces) for traces in found]
    return Outcome(
        data={
            "matched": all(passed),
            "records": [
                {"matched": matched, "filters": traces} for matched, traces in zip(passed, found, strict=True)
            ],
        },
        human=lambda screen: shown.all_traces(screen, found),
        exit_code=ExitCode.OK if all(passed) else ExitCode.NO,
    )


@command("build", group=group, prefix="filter")
def build(
    run: Run,
    *,
    where: WhereOption = None,
    types: TypeOption = None,
    table: TableOption = None,
    key: KeyOption = None,
    insert_only: InsertOnlyOption = False,
) -> Outcome:
    """Make a pattern of readable conditions, and print it as compact JSON.

    Conditions know and, or, not and parentheses; = != < <= > >= in between exists begins_with ends_with contains
    like equals_ignore_case cidr. Fields are NewImage.NAME, OldImage.NAME, Keys.NAME (with the type behind the name
    where no literal tells it: NewImage.total.N), eventName and the record's other fields. What no pattern can say
    is refused with the reason.

    Example: ddbinsert filter build --where 'NewImage.status = "NEW"' --where 'not Keys.pk begins_with "TEST#"'
    """
    from ddbinsert.core.filter_build import pattern_from_conditions
    from ddbinsert.core.filter_explain import explain as explained
    from ddbinsert.core.filter_findings import Severity
    from ddbinsert.core.filter_lint import lint as judged
    from ddbinsert.core.insert_filter import insert_patterns
    from ddbinsert.core.pattern import parse

    known = _known(run, table, None, key)
    pattern = pattern_from_conditions(where or (), known.key, _types(types))
    if insert_only:
        (pattern,) = insert_patterns((pattern,))
    findings = [
        finding for finding in judged((pattern,), known).findings if finding.rule != "not-insert-only"
    ]
    for finding in findings:
        if finding.severity is not Severity.NOTE:
            run.reporter.warn(f"{finding.message}")
    return Outcome(
        data={"pattern": pattern, "sentence": explained(parse(pattern)).sentence},
        human=lambda screen: screen.line(pattern),
    )


def _types(given: list[str] | None) -> dict[str, str]:
    """`--type` as a mapping.

    Raises:
        UsageError: It is no NAME=TYPE, or there is no such type.
    """
    from ddbinsert.core.filter_kinds import TYPE_KEYS

    types = {}
    for entry in given or ():
        name, sign, letter = entry.rpartition("=")
        if not sign or not name or letter not in TYPE_KEYS:
            raise UsageError(
                f"--type {entry!r} is no NAME=TYPE.",
                hint=f"Such as total=N; types are {', '.join(TYPE_KEYS)}.",
            )
        types[name] = letter
    return types
