"""filter: explain, test and build filter patterns; common options of the filter commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from ddbinsert.core.filters.reach.answer import KnownStream
    from ddbinsert.core.filters.trace import Trace


Patterns = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATTERN|FILE",
        help="Patterns (JSON text), files with patterns, or - for standard input.",
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
        "--mapping", metavar="UUID", help="Use the filters of this event source mapping.", show_default=False
    ),
]
ViewOption = Annotated[
    str | None,
    typer.Option(
        "--view-type",
        metavar="TYPE",
        help="The stream's view type, if --table is not given.",
        show_default=False,
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="The table's key, if --table is not given: pk:S or pk:S,sk:N.",
        show_default=False,
    ),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Condition, such as 'NewImage.status = \"NEW\"'. May be given several times; all must be met.",
        show_default=False,
    ),
]
TypeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="NAME=TYPE",
        help="An attribute's type, such as total=N; may be repeated.",
        show_default=False,
    ),
]
InsertOnlyOption = Annotated[
    bool, typer.Option("--insert-only", help="Restrict the pattern to inserts, as attach-trigger does.")
]
LimitOption = Annotated[
    int,
    typer.Option(
        "--limit", min=0, metavar="N", help="Number of matched and of unmatched records to show in detail."
    ),
]
RecordOption = Annotated[
    str,
    typer.Option("--record", metavar="FILE", help="A file with one or more records, - for standard input."),
]


def known_stream(run: Run, table: str | None, view_type: str | None, key: str | None) -> KnownStream:
    """The view type and key from the command line; with --table, from the table."""
    from ddbinsert.core.filters.reach.answer import KnownStream
    from ddbinsert.core.model.key_text import parse_key
    from ddbinsert.core.model.record import StreamView
    from ddbinsert.operations import filters as operation
    from ddbinsert.operations.existing_resources import existing_table

    found = operation.stream_properties(existing_table(run.aws, table)) if table else KnownStream()
    return KnownStream(
        view=StreamView(view_type) if view_type else found.view,
        key=parse_key(key) if key else found.key,
        arn=found.arn,
    )


@command("filter explain")
def explain(run: Run, *, patterns: Patterns = None, mapping: MappingOption = None) -> Outcome:
    """Explain in English which records filters match.

    Example: ddbinsert filter explain '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}}}}'
    """
    from ddbinsert.core.filters.explain import explain as explained
    from ddbinsert.core.pattern.matcher import parse
    from ddbinsert.render.filters import report as shown

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
            "No filter is specified.",
            hint="Give a pattern, a file, or --mapping UUID of a mapping with filters.",
        )
    return texts


@command("filter test")
def apply(
    run: Run,
    *,
    record: RecordOption,
    patterns: Patterns = None,
    mapping: MappingOption = None,
    limit: LimitOption = 1000,
) -> Outcome:
    """Apply filters to records: matched, or the first clause that failed.

    A record is an entry of Records in a Lambda event; the file may contain such an event, an array, JSON lines, or
    one record. Every record is counted; the first ones, matched and not matched, are shown clause by clause. Exit
    code 1 if a record matches none of the filters, 6 if there are no records.

    Example: ddbinsert filter test '{"eventName":["INSERT"]}' --record event.json
    """
    from ddbinsert.core.filters.trace import trace
    from ddbinsert.core.pattern.compiled import compile_nodes
    from ddbinsert.core.pattern.matcher import parse
    from ddbinsert.operations import filters as operation
    from ddbinsert.render.filters import report as shown

    if record == "-" and patterns and "-" in patterns:
        raise UsageError("Standard input cannot be both the filters and the record.")
    texts = _texts(run, patterns, mapping)
    parsed = [(text, parse(text)) for text in texts]
    matchers = [compile_nodes(pattern.nodes) for _, pattern in parsed]
    environment = run.environment
    counts = {True: 0, False: 0}
    detailed: list[tuple[int, bool, list[Trace]]] = []
    records = operation.read_records(record, cwd=environment.cwd, stdin=environment.stdin)
    for number, one in enumerate(records, 1):
        matched = any(matches(one) for matches in matchers)
        counts[matched] += 1
        if counts[matched] <= limit:
            detailed.append((number, matched, [trace(text, pattern, one) for text, pattern in parsed]))
    total = sum(counts.values())
    if not total:
        run.reporter.warn("There are no records, so the filters could not be tested.")
    return Outcome(
        data={
            "matched": bool(total) and not counts[False],
            "counts": {"records": total, "matched": counts[True], "not_matched": counts[False]},
            "records": [
                {"number": number, "matched": matched, "filters": traces}
                for number, matched, traces in detailed
            ],
        },
        human=lambda screen: shown.all_traces(screen, detailed, total, counts[True]),
        exit_code=ExitCode.INCONCLUSIVE if not total else ExitCode.NO if counts[False] else ExitCode.OK,
    )


@command("filter build")
def build(
    run: Run,
    *,
    where: WhereOption = None,
    types: TypeOption = None,
    table: TableOption = None,
    key: KeyOption = None,
    insert_only: InsertOnlyOption = False,
) -> Outcome:
    """Convert readable conditions to a filter pattern, in compact JSON.

    Conditions support and, or, not and parentheses; = != < <= > >= in between exists begins_with ends_with contains
    like equals_ignore_case cidr. Fields are NewImage.NAME, OldImage.NAME, Keys.NAME (with the type after the name
    if no literal determines it: NewImage.total.N), eventName and the record's other fields. Conditions that a
    pattern cannot express are rejected with the reason.

    Example: ddbinsert filter build --where 'NewImage.status = "NEW"' --where 'not Keys.pk begins_with "TEST#"'
    """
    from ddbinsert.core.filters.explain import explain as explained
    from ddbinsert.core.filters.insert_only import insert_patterns
    from ddbinsert.core.filters.lint.lint import lint as judged
    from ddbinsert.core.filters.lint.report import LintSeverity
    from ddbinsert.core.filters.where.build import pattern_from_conditions
    from ddbinsert.core.pattern.matcher import parse

    known = known_stream(run, table, None, key)
    pattern = pattern_from_conditions(where or (), known.key, _types(types))
    if insert_only:
        (pattern,) = insert_patterns((pattern,))
    findings = [
        finding for finding in judged((pattern,), known).findings if finding.rule != "not-insert-only"
    ]
    for finding in findings:
        if finding.severity is not LintSeverity.NOTE:
            run.reporter.warn(f"{finding.message}")
    return Outcome(
        data={"pattern": pattern, "sentence": explained(parse(pattern)).sentence},
        human=lambda screen: screen.line(pattern),
    )


def _types(given: list[str] | None) -> dict[str, str]:
    """`--type` as a mapping.

    Raises:
        UsageError: It is not NAME=TYPE, or the type is unknown.
    """
    from ddbinsert.core.filters.record.kinds import TYPE_KEYS

    types = {}
    for entry in given or ():
        name, sign, letter = entry.rpartition("=")
        if not sign or not name or letter not in TYPE_KEYS:
            raise UsageError(
                f"--type {entry!r} is not NAME=TYPE.",
                hint=f"Use a form such as total=N; types are {', '.join(TYPE_KEYS)}.",
            )
        types[name] = letter
    return types
