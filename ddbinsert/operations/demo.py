"""The demo on its own emulator: a trigger is proven; a leak is found and repaired; a missed insert is found and delivered."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE as PLACEHOLDER
from ddbinsert.advice import Advice
from ddbinsert.core.items.samples import Samples
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType
from ddbinsert.core.model.wanted import Trigger
from ddbinsert.core.proof.verdict import Result
from ddbinsert.core.trigger.removal import removal
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.core.words import plural
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import Refused
from ddbinsert.operations.existing_resources import trigger_world
from ddbinsert.operations.gaps.command import audit_gaps
from ddbinsert.operations.gaps.scope import Options
from ddbinsert.operations.items.send import SendOptions, send
from ddbinsert.operations.provision import code
from ddbinsert.operations.provision.carry_out import carry_out
from ddbinsert.operations.provision.converge import converge
from ddbinsert.operations.provision.converge_options import ConvergeOptions
from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
from ddbinsert.operations.verify.prove import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert.aws.context import Context
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model.seen import MappingState, World
    from ddbinsert.core.model.wanted import StartingPosition
    from ddbinsert.core.proof.gaps.model import Gaps
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.trigger.reporter import Reporter

TABLE = "orders"
_TRIGGER = Trigger(table=TABLE)
_KEY = KeySchema(partition=KeyAttribute(name="pk", type=KeyType.S))
_TIMEOUT = 30.0
#: Maximum number of items that are inserted until one is missed.
_TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A completed command of the demo.

    Attributes:
        command: The arguments after ``ddbinsert``.
        lines: Its result.
        proof: The proof, if the command verifies.
        advice: The command that the proof advises.
        accident: What went wrong before; starts a new part.
    """

    command: str
    lines: tuple[str, ...] = ()
    proof: Proof | None = None
    advice: str = ""
    accident: str = ""


@dataclass(frozen=True, kw_only=True)
class Story:
    """The results of the demo.

    Attributes:
        healthy, broken, repaired: The proofs of the new trigger, of the one without a filter, and after its repair.
        missed, delivered: The audit after the mapping was deleted, and the one after the repair.
    """

    healthy: Proof
    broken: Proof
    repaired: Proof
    missed: Gaps
    delivered: Gaps

    @property
    def is_as_expected(self) -> bool:
        """Whether the faults were found and repaired, and nothing else was reported."""
        return (
            [one.verdict.result for one in (self.healthy, self.broken, self.repaired)]
            == [Result.PASS, Result.FAIL, Result.PASS]
            and (self.missed.missed, self.missed.unjudged) == (1, 0)
            and (self.delivered.missed, self.delivered.unjudged, self.delivered.waiting) == (0, 0, 0)
        )


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """What every part of the demo works with."""

    aws: Aws
    folder: Path
    clock: Clock
    new_id: Callable[[], str]
    reporter: Reporter

    @property
    def context(self) -> Context:
        from ddbinsert.aws.context import Context

        return Context(
            aws=self.aws, clock=self.clock, reporter=self.reporter, new_id=self.new_id, timeout=_TIMEOUT
        )

    def converge(self, trigger: Trigger, *, create: bool = False) -> World:
        return converge(
            self.context,
            trigger,
            Scope.TRIGGER,
            ConvergeOptions(create_table=_KEY if create else None),
            package=lambda wanted: code.build(wanted, self.folder),
            confirm=_agree,
            choose_position=_nobody_chooses,
        ).world

    def world(self) -> World:
        return trigger_world(self.aws, _TRIGGER)

    def verify(self) -> Proof:
        from ddbinsert.operations.verify.open_runs import OpenRuns

        context = VerifyContext(
            aws=self.aws,
            clock=self.clock,
            new_id=self.new_id,
            reporter=self.reporter,
            timeout=_TIMEOUT,
            open_runs=OpenRuns(self.folder / "runs"),
        )
        return verify(context, _TRIGGER, VerifyOptions())

    def delete_mapping(self, mapping: MappingState) -> None:
        from ddbinsert.aws.change.context import Provisioning
        from ddbinsert.aws.change.mappings import delete_mapping

        delete_mapping(Provisioning.of(self.context, _TRIGGER), mapping.uuid)

    def insert(self) -> None:
        """Insert one item that stays, in a second after that in which the log group was created.

        A record's time is in whole seconds, so inserts of that second may be older than the log, and are not judged.
        """
        self.clock.sleep(1.0 - self.clock.now() % 1.0)
        samples = Samples(schema=_KEY, run_id=self.new_id(), count=1)
        options = SendOptions(keep=True)
        send(self.aws, TABLE, samples, options, undo=None, clock=self.clock, reporter=self.reporter)

    def gaps(self, *, repair: bool = False) -> Gaps:
        """Audit the inserts so far; deliver the missed ones if asked to."""
        options = Options(settle=0.0)
        with audit_gaps(
            self.context, _TRIGGER, lambda: options, repairs=self.folder / "repairs", to_repair=repair
        ) as found:
            if repair:
                found.check()
                found.repair(batch_size=1, attempts=1)
            return found.audited.gaps


def demo(
    aws: Aws,
    folder: Path,
    *,
    clock: Clock,
    new_id: Callable[[], str],
    reporter: Reporter,
    tell: Callable[[Chapter], None],
) -> Story:
    """Run the demo.

    Args:
        folder: Where the runs are recorded.
        tell: Called with each command when it is completed.

    Raises:
        DdbInsertError: A part failed.
    """
    stage = _Stage(aws=aws, folder=folder, clock=clock, new_id=new_id, reporter=reporter)
    healthy = _prove(stage, tell)
    broken, repaired = _leak(stage, tell)
    missed, delivered = _miss(stage, tell)
    world = stage.world()
    carry_out(stage.context, _TRIGGER, removal(world, TABLE, delete_table=True).steps, world)
    return Story(healthy=healthy, broken=broken, repaired=repaired, missed=missed, delivered=delivered)


def _prove(stage: _Stage, tell: Callable[[Chapter], None]) -> Proof:
    """Attach a trigger, and prove it."""
    world = stage.converge(_TRIGGER, create=True)
    view = world.table.view.value if world.table and world.table.view else ""
    filters = " or ".join(_mapping(world).filters)
    made = f"created table, stream ({view}), role, log group, function {_TRIGGER.function_name} and mapping,"
    done = (made, f"which is filtered by {filters}")
    tell(Chapter(command=f"attach-trigger {TABLE} --create-table pk:S", lines=done))
    healthy = stage.verify()
    tell(Chapter(command=f"verify {TABLE}", proof=healthy))
    return healthy


def _leak(stage: _Stage, tell: Callable[[Chapter], None]) -> tuple[Proof, Proof]:
    """Remove the filter, find that out, and repair it as the proof advises."""
    from ddbinsert.aws.change.mappings import remove_filters

    remove_filters(stage.aws, _mapping(stage.world()).uuid)
    broken = stage.verify()
    advice = _advised(broken)
    accident = "Somebody removes the filter of the mapping:"
    tell(Chapter(command=f"verify {TABLE}", proof=broken, advice=advice.line, accident=accident))
    filters = tuple(after for word, after in pairwise(advice.command) if word == "--filter")
    wanted = replace(_TRIGGER, mapping=replace(_TRIGGER.mapping, filters=filters))
    stage.converge(replace(wanted, explicit=frozenset({"mapping.filters"})))
    tell(Chapter(command=advice.line.removeprefix("ddbinsert ")))
    repaired = stage.verify()
    tell(Chapter(command=f"verify {TABLE}", proof=repaired))
    return broken, repaired


def _miss(stage: _Stage, tell: Callable[[Chapter], None]) -> tuple[Gaps, Gaps]:
    """Delete the mapping, insert an item, find it among the inserts of the past, and deliver it."""
    stage.delete_mapping(_mapping(stage.world()))
    for _ in range(_TRIES):  # what the mapping was reading when it was deleted is still delivered
        stage.insert()
        missed = stage.gaps()
        if missed.missed:
            break
    found = [f"{missed.missed} of {plural(missed.inserts, 'insert')} was missed"]
    found += [f"  {group.evidence[0]} [{group.cause}]" for group in missed.groups if group.evidence]
    accident = "Somebody deletes the mapping, and an item is inserted:"
    tell(Chapter(command=f"gaps {TABLE} --settle 0s", lines=tuple(found), accident=accident))
    stage.gaps(repair=True)
    delivered = stage.gaps()
    done = f"delivered; now {delivered.missed or 'none'} of {plural(delivered.inserts, 'insert')} is missed"
    tell(Chapter(command=f"gaps {TABLE} --settle 0s --repair --yes", lines=(done,)))
    return missed, delivered


def _mapping(world: World) -> MappingState:
    mapping = world.live_mapping
    if mapping is None:
        raise Refused("The mapping disappeared right after its creation.", code="demo-failed")
    return mapping


def _advised(proof: Proof) -> Advice:
    """The command that a proof advises, about the demo's table."""
    for finding in proof.verdict.findings:
        if isinstance(finding.mend, Advice) and finding.mend.command[:1] == ("attach-trigger",):
            words = (TABLE if word == PLACEHOLDER else word for word in finding.mend.command)
            return Advice(finding.mend.text, tuple(words))
    raise Refused("The verdict about the missing filter advises no command.", code="demo-failed")


def _agree(_question: str) -> None:
    """The advised command has --yes; nothing else asks about a table that was just made."""


def _nobody_chooses(inserts: int, *, at_least: bool) -> StartingPosition:
    raise AssertionError(f"a stream that was just enabled holds nothing: {inserts}, {at_least}")
