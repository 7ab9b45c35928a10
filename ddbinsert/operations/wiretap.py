"""Proving a filter with a function of our own beside the user's: for functions that log nothing.

The tap has the very filters of the user's mapping on the same stream. It shows what the filter delivers; what
the user's function makes of it stays unseen, and the verdict says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.filter_checks import judge_filters
from ddbinsert.core.model import FunctionSpec, MappingSpec, Trigger
from ddbinsert.core.plan import Scope, plan, teardown
from ddbinsert.core.verdict import Evidence, Finding, Weight, also
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations import code
from ddbinsert.operations.converge import carry_out
from ddbinsert.operations.subject import find_subject
from ddbinsert.operations.verify import prove

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ddbinsert.aws.hands import Hands
    from ddbinsert.core.model import MappingState, World
    from ddbinsert.core.proof import Proof
    from ddbinsert.operations.converge import Confirm
    from ddbinsert.operations.means import Means, Wishes
    from ddbinsert.operations.subject import Subject


def wiretap(means: Means, trigger: Trigger, wishes: Wishes, *, base: Path, confirm: Confirm) -> Proof:
    """Prove the filters of a trigger's mapping by a temporary function; it is removed in any case.

    Args:
        base: Where relative paths begin. confirm: Asked where the tap would be a third reader.

    Raises:
        PrerequisiteError: There is no mapping to take the filters from.
    """
    subject = find_subject(means.aws, trigger, log_group=None, reporter=means.reporter)
    if not subject.mappings:
        raise PrerequisiteError(
            f"No mapping delivers the live stream of {trigger.table} to {subject.function.name}.",
            hint=f"`ddbinsert attach-trigger {trigger.table}` attaches it.",
            code="no-mapping",
        )
    if subject.is_crowded:
        confirm(
            f"{subject.readers} functions read this stream already; a shard serves two readers, and the tap, as "
            "one more, may slow them down. Go on?"
        )
    if subject.certain_failures():
        return prove(means, subject, wishes)  # a tap would be given what the user's own function never gets
    original, *others = subject.mappings
    if original.filters_hidden:
        raise PrerequisiteError(
            f"The filter of {original.uuid} is encrypted with a customer key, so a tap can't have the same.",
            hint="Let the function log the keys that it is given, and use --match.",
            code="filter-hidden",
        )
    tap = _trigger(trigger, subject, means.new_id())
    world = replace(subject.world, role=None, log_group=None, function=None, mappings=(), other_mappings=())
    try:
        world = _set_up(means, tap, world, original, base)
        proof = prove(means, _tapped(subject, tap, world), wishes)
    finally:
        _remove(means, tap)
    return _told(proof, subject, _of_others(subject, others, allow_guarded=wishes.allow_guarded))


def _trigger(trigger: Trigger, subject: Subject, run_id: str) -> Trigger:
    return Trigger(
        table=trigger.table,
        view=subject.view,
        function=FunctionSpec(name=f"ddbinsert-tap-{run_id}", log_retention_days=1),
        mapping=MappingSpec(),
        tags=trigger.tags,
    )


def _hands(means: Means, tap: Trigger) -> Hands:
    from ddbinsert.aws.hands import Hands

    return Hands(
        aws=means.aws,
        trigger=tap,
        package=None,
        clock=means.clock,
        reporter=means.reporter,
        timeout=means.timeout,
    )


def _set_up(means: Means, tap: Trigger, world: World, original: MappingState, base: Path) -> World:
    from ddbinsert.aws.change_mappings import create_like

    package = code.build(tap, base)
    steps = plan(tap, world, Scope.FUNCTION, package)
    world = carry_out(
        means.aws,
        tap,
        steps,
        world,
        package,
        clock=means.clock,
        reporter=means.reporter,
        timeout=means.timeout,
    )
    stream = world.table.stream_arn if world.table else None
    mapping = create_like(
        _hands(means, tap),
        stream or original.stream_arn,
        original,
        role_arn=world.function.role_arn if world.function else "",
    )
    means.reporter.step(
        f"attached {tap.function_name} with the filters of {original.uuid}, for this run alone"
    )
    return world.with_mapping(mapping)


def _tapped(subject: Subject, tap: Trigger, world: World) -> Subject:
    if world.function is None:
        raise AssertionError("the tap was just made")
    return replace(
        subject,
        trigger=tap,
        world=world,
        function=world.function,
        mappings=world.mappings,
        log_group=tap.log_group,
    )


def _remove(means: Means, tap: Trigger) -> None:
    """Remove whatever there is of the tap, however far it came."""
    from ddbinsert.aws.observe import observe

    try:
        world = observe(means.aws, tap)
        carry_out(
            means.aws,
            tap,
            teardown(world),
            world,
            None,
            clock=means.clock,
            reporter=means.reporter,
            timeout=means.timeout,
        )
    except BaseException:
        means.reporter.warn(
            f"{tap.function_name} may be left: `ddbinsert down {tap.table} --function {tap.function_name}` removes it"
        )
        raise


def _of_others(subject: Subject, others: Sequence[MappingState], *, allow_guarded: bool) -> Iterator[Finding]:
    """What further mappings deliver to the function, as far as their filters tell: the tap has but the first's."""
    for mapping in others:
        yield from judge_filters(mapping, subject.table, allow_guarded=allow_guarded)
        yield Finding(
            code="second-mapping",
            weight=Weight.HOLE if mapping.filters_hidden else Weight.NOTE,
            text=f"mapping {mapping.uuid} delivers the stream to the function, too; its filter was judged, not tapped",
            evidence=(f"{mapping.uuid} ({mapping.state}) → {mapping.function_arn}",),
            mend="Delete the one that is not wanted.",
        )


def _told(proof: Proof, subject: Subject, more: Iterator[Finding]) -> Proof:
    """The proof under the user's own trigger, with what the tap can't see."""
    unseen = Evidence(
        side="function",
        seen=False,
        text=f"{subject.function.name} itself: the filter was proven on a function of ddbinsert's own",
    )
    verdict = also(replace(proof.verdict, evidence=(*proof.verdict.evidence, unseen)), [*more])
    return replace(proof, verdict=verdict, trigger=subject.trigger, function=subject.function.name)
