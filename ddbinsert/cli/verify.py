"""verify: prove a trigger, print the result, return the exit code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.cli.app import Tables, command
from ddbinsert.cli.consumers import Stack, Tag, consumer_of
from ddbinsert.cli.declared import Against, Resource, declarations
from ddbinsert.cli.leftovers import mention_leftovers
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.reports import (
    Annotate,
    BundleFile,
    HtmlFile,
    JunitFile,
    ReportFiles,
    SchemaOnly,
    schema_of_answers,
)
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.cli.verify_inputs import (
    attributes_of,
    check,
    given_options,
    limits_of,
    methods_of,
    only_one,
    refuse_repeats,
    tags_of,
)
from ddbinsert.cli.verify_options import (
    AllowGuarded,
    Cleanup,
    Count,
    EmitMetrics,
    Every,
    Everything,
    FailurePath,
    Item,
    Keep,
    Lanes,
    LogGroup,
    Match,
    MaxHoldUp,
    MaxRetries,
    Observe,
    Partiql,
    Period,
    Rate,
    ReadBy,
    RefuseTag,
    Repeat,
    Retries,
    Ttl,
    Via,
    Wiretap,
)
from ddbinsert.cli.verify_way import Way
from ddbinsert.core.times import seconds
from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.operations.verify.context import VerifyContext

#: Maximum seconds to wait after the last write; a first delivery took 94 s (docs/aws-facts.md#esm-first-delivery).
TIMEOUT = 180.0
LOCAL_TIMEOUT = 20.0


@command("verify", settings=NAME)
def verify(
    run: Run,
    settings: Settings,
    *,
    tables: Tables = None,
    count: Count = 4,
    rate: Rate = None,
    match: Match = False,
    allow_guarded: AllowGuarded = False,
    item: Item = None,
    partiql: Partiql = False,
    ttl_attribute: Ttl = None,
    log_group: LogGroup = None,
    keep: Keep = False,
    via: Via = ReadBy.LOGS,
    wiretap: Wiretap = False,
    observe: Observe = False,
    period: Period = None,
    repeat: Repeat = None,
    every: Every = None,
    retry_inconclusive: Retries = 0,
    emit_metrics: EmitMetrics = False,
    report: HtmlFile = None,
    junit: JunitFile = None,
    bundle: BundleFile = None,
    annotations: Annotate = False,
    lanes: Lanes = None,
    refuse_tag: RefuseTag = None,
    cleanup: Cleanup = None,
    stack: Stack = None,
    tag: Tag = None,
    against: Against = None,
    resource: Resource = None,
    everything: Everything = False,
    failure_path: FailurePath = False,
    max_hold_up: MaxHoldUp = None,
    max_retries: MaxRetries = None,
    schema: SchemaOnly = False,
) -> Outcome:
    """Prove that the trigger processes every insert and nothing else.

    Writes test items (insert, modify, remove, insert again), reads the stream and the function's log, and reports
    PASS (exit code 0), FAIL (1) or INCONCLUSIVE (6). Deletes the test items at the end.

    Example: ddbinsert verify orders
    """
    asked = given_options(locals())
    from ddbinsert.operations.verify.cleanup import clean_up
    from ddbinsert.operations.verify.context import VerifyOptions

    if schema:
        return schema_of_answers()
    if cleanup is not None:
        trigger = run.table(only_one(tables, "--cleanup"))
        removed = clean_up(verify_context(run), cleanup, table=trigger.table)
        return Outcome(
            data={"run_id": cleanup, "keys": removed},
            human=lambda screen: screen.line(f"Deleted the items of run {cleanup} ({removed:,} keys)."),
        )
    words = tables or []
    files = {"report": report, "junit": junit, "bundle": bundle}
    with ReportFiles(run, **files, options=asked, annotations=annotations, table=", ".join(words)) as kept:
        check(match=match, count=count, wiretap=wiretap, observe=observe, period=period)
        options = VerifyOptions(
            methods=methods_of(lanes),
            refuse_tags=tags_of(refuse_tag),
            count=count,
            rate=rate,
            by_lines=match,
            attributes=attributes_of(run, item),
            allow_guarded=allow_guarded,
            partiql=partiql,
            ttl_attribute=ttl_attribute,
            log_group=log_group,
            keep=keep,
            via_insights=via is ReadBy.INSIGHTS,
        )
        watched = seconds(period, name="--for") if period else _PERIOD
        limits = limits_of(
            max_hold_up, max_retries, wanted=failure_path, others=match or wiretap or observe, count=count
        )
        way = Way(
            options=options,
            declared=declarations(run, against, resource),
            wiretap=wiretap,
            watch_for=watched if observe else None,
            failure_path=limits,
            retries=retry_inconclusive,
            keep=kept.attempt,
        )
        repeats = repeat is not None or every is not None
        # --all verifies every function; a named function would select among the triggers.
        loaded = run.configurations(words, {} if everything else settings)
        if everything or len(loaded.chosen) > 1:
            from ddbinsert.cli.verify_every import Chosen, verify_every

            refuse_repeats("--all" if everything else "Several triggers", repeats=repeats)
            chosen = Chosen(everything, settings.get("function.name"), stack, tag)
            return verify_every(run, kept, way, loaded, chosen, emit=emit_metrics)
        trigger, known, _ = consumer_of(
            run, run.trigger_of(loaded.chosen[0]), stack=stack, tags=tag, every="--all"
        )
        mention_leftovers(run, trigger.table)
        again = (repeat, every) if repeats else None
        return _prove_one(run, kept, way, trigger, known, again=again, emit=emit_metrics)


def _prove_one(
    run: Run,
    kept: ReportFiles,
    way: Way,
    trigger: Trigger,
    known: World | None,
    *,
    again: tuple[int | None, str | None] | None,
    emit: bool,
) -> Outcome:
    """Prove one consumer, once or repeatedly.

    Args:
        again: --repeat and --every, if one was given.
    """
    from ddbinsert.render.verdict import text as shown

    context = verify_context(run)
    looked = [] if known is None else [known]

    def once() -> Proof:
        seen, looked[:] = looked[-1] if looked else None, []  # a later run observes again
        return kept.prove_and_write(lambda: addressed(run, way.prove(run, context, trigger, known=seen)))

    if again is not None:
        from ddbinsert.cli import repeated_runs

        times, every = again
        pause = seconds(every, name="--every") if every else _EVERY
        return repeated_runs.repeat(run, once, times=times or 0, every=pause, code_of=exit_code_of, emit=emit)
    proof = once()
    if emit:
        from ddbinsert.operations.verify.publish import publish

        publish(run.aws, proof)
    return Outcome(
        data=shown.data(proof),
        human=lambda screen: shown.human(screen, proof),
        exit_code=exit_code_of(proof),
    )


_PERIOD = 600.0
_EVERY = 300.0


def addressed(run: Run, proof: Proof) -> Proof:
    """The proof, with every command in its findings completed."""

    def ready(mend: str | Advice | None) -> str | Advice | None:
        if isinstance(mend, Advice) and proof.world.is_theirs:
            return run.addressed(mend.adopting())
        return run.addressed(mend)

    findings = tuple(replace(finding, mend=ready(finding.mend)) for finding in proof.verdict.findings)
    return replace(proof, verdict=replace(proof.verdict, findings=findings))


def exit_code_of(proof: Proof) -> ExitCode:
    """The exit code of a verdict: 0, 1 or 6."""
    from ddbinsert.core.proof.verdict import Result

    match proof.verdict.result:
        case Result.PASS:
            return ExitCode.OK
        case Result.FAIL:
            return ExitCode.NO
        case Result.INCONCLUSIVE:
            return ExitCode.INCONCLUSIVE


def verify_context(run: Run, *, clock: Clock | None = None) -> VerifyContext:
    """The context of a run of verify.

    Args:
        clock: The clock; by default the run's.
    """
    from ddbinsert.local import state_directory
    from ddbinsert.operations.verify.context import VerifyContext
    from ddbinsert.operations.verify.open_runs import OpenRuns

    return VerifyContext(
        aws=run.aws,
        clock=clock or run.clock,
        new_id=run.environment.new_id,
        reporter=run.reporter,
        timeout=run.timeout(LOCAL_TIMEOUT if run.aws.connection.is_local else TIMEOUT),
        open_runs=OpenRuns(state_directory(run.environment.variables).parent / "runs"),
    )
