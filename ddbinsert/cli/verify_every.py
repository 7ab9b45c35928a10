"""verify --all: a verdict for each consumer, one exit code, one report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.cli.consumers import consumer_of, selector_of
from ddbinsert.cli.leftovers import mention_leftovers
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.cli.several_triggers import Parts, worst
from ddbinsert.core.words import plural
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddbinsert.cli.reports import ReportFiles
    from ddbinsert.cli.several_triggers import TriggerRun
    from ddbinsert.cli.verify_way import Way
    from ddbinsert.config import Configurations
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.proof import JudgedProof, Proof
    from ddbinsert.errors import ExitCode
    from ddbinsert.operations.discovery import Selector
    from ddbinsert.operations.verify.context import VerifyContext


class Chosen(NamedTuple):
    """The selection of consumers.

    Attributes:
        everything: Every consumer; if no table is specified, of every stream of the region.
        function: The value of --function.
    """

    everything: bool
    function: object
    stack: str | None
    tags: list[str] | None


def verify_every(
    run: Run, kept: ReportFiles, way: Way, loaded: Configurations, chosen: Chosen, *, emit: bool
) -> Outcome:
    """Prove each of several triggers, or every consumer of the streams of their tables."""
    everything, function, stack, tags = chosen
    if everything and function is not None:
        raise UsageError("--all and --function cannot be combined.", code="options-contradict")
    if everything:
        found = _consumers(run, loaded, selector_of(stack, tags), writes=way.watch_for is None)
        return _proven(run, kept, way, Parts.of_consumers(run, found), lambda part: part.trigger, emit=emit)

    def consumer(part: TriggerRun) -> Trigger:
        part.trigger = consumer_of(part.run, part.trigger, stack=stack, tags=tags, every="--all").trigger
        return part.trigger

    parts = Parts.of(run, loaded)
    for table in dict.fromkeys(part.trigger.table for part in parts.every):
        mention_leftovers(run, table)
    return _proven(run, kept, way, parts, consumer, emit=emit)


def _proven(
    run: Run, kept: ReportFiles, way: Way, parts: Parts, found: Callable[[TriggerRun], Trigger], *, emit: bool
) -> Outcome:
    from ddbinsert.cli.verify import addressed, verify_context
    from ddbinsert.core.proof.proof import JudgedProof
    from ddbinsert.operations.verify.every import AT_ONCE
    from ddbinsert.render.verdict import every as shown

    def prove(part: TriggerRun) -> Proof:
        trigger = found(part)
        context = verify_context(part.run)
        return addressed(part.run, _fitting(context, way, trigger).prove(run, context, trigger))

    def every() -> tuple[JudgedProof, ...]:
        ended = parts.side_by_side(prove, at_once=AT_ONCE)
        return tuple(
            JudgedProof(trigger=part.trigger, name=part.loaded.name, proof=one.value, error=one.error)
            for part, one in zip(parts.every, ended, strict=True)
        )

    judged = kept.of_every(every)
    code = exit_code_of(judged)
    if emit:
        from ddbinsert.operations.verify.publish import publish

        for one in judged:
            if one.proof is not None:
                publish(run.aws, one.proof)
    return Outcome(
        data=shown.data(judged),
        human=lambda screen: shown.human(screen, judged),
        exit_code=code,
        errors=tuple(one.error for one in judged if one.error is not None),
    )


def exit_code_of(judged: Sequence[JudgedProof]) -> ExitCode:
    """One exit code for all: 1 if a consumer failed, else 6 if one is inconclusive, else that of an error."""
    from ddbinsert.cli.verify import exit_code_of as code_of

    codes = [code_of(one.proof) for one in judged if one.proof is not None]
    return worst([*codes, *(one.error.exit_code for one in judged if one.error is not None)])


def _consumers(run: Run, loaded: Configurations, selector: Selector, *, writes: bool) -> tuple[Trigger, ...]:
    """The selected consumers; if no table is specified, the user confirms writing to all tables."""
    from ddbinsert.operations.verify.every import of_region, of_table

    by_table = {one.trigger.table: one.trigger for one in loaded.chosen if one.trigger is not None}
    if by_table:
        for name in by_table:
            mention_leftovers(run, name)
        found = [one for trigger in by_table.values() for one in of_table(run.aws, trigger, selector)]
        return tuple({(one.table, one.function_name): one for one in found}.values())
    everywhere = of_region(run.aws, selector, warn=run.reporter.warn)
    tables = tuple(dict.fromkeys(one.table for one in everywhere))
    if writes:
        run.confirm(
            f"Test items will be written to {plural(len(tables), 'table')} in {run.aws.region} "
            f"({', '.join(tables)}), and delivered to "
            f"{plural(len(everywhere), 'function')}. Continue?"
        )
    for name in tables:
        mention_leftovers(run, name)
    return everywhere


def _fitting(context: VerifyContext, way: Way, trigger: Trigger) -> Way:
    """How this consumer is proven: --match and --wiretap apply only to code that logs no receipts."""
    from ddbinsert.operations.existing_resources import deployed_function
    from ddbinsert.operations.verify.own_code import template_of

    if not (way.wiretap or way.options.by_lines):
        return way
    function = deployed_function(context.aws, trigger.function_name)
    template = None if function is None else template_of(function)
    if template is not None:
        context.reporter.step(f"it runs the template {template.value}, so its receipts are used")
        return replace(way, wiretap=False, options=replace(way.options, by_lines=False))
    means = (
        "a temporary function proves the filter (--wiretap)"
        if way.wiretap
        else "log lines that show a key are accepted (--match)"
    )
    context.reporter.step(f"it runs its own code, so {means}")
    return way
