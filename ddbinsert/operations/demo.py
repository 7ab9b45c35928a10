"""The demo on its own emulator: attach a trigger, prove it, break it, detect the fault, and remove everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType
from ddbinsert.core.model.wanted import Trigger
from ddbinsert.core.proof.verdict import Result
from ddbinsert.core.trigger.removal import removal
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import Refused
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
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import StartingPosition
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.trigger.reporter import Reporter

TABLE = "orders"
_TRIGGER = Trigger(table=TABLE)
_KEY = KeySchema(partition=KeyAttribute(name="pk", type=KeyType.S))
_TIMEOUT = 30.0


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A completed part of the demo.

    Attributes:
        command: The command that does it.
        text: Its result.
        proof: The proof, if the command verifies.
    """

    command: str
    text: str
    proof: Proof | None = None


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

    def converge(self, scope: Scope, *, create: bool = False) -> World:
        return converge(
            self.context,
            _TRIGGER,
            scope,
            ConvergeOptions(create_table=_KEY if create else None),
            package=lambda wanted: code.build(wanted, self.folder),
            confirm=_nobody_asks,
            choose_position=_nobody_chooses,
        ).world

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


def demo(
    aws: Aws,
    folder: Path,
    *,
    clock: Clock,
    new_id: Callable[[], str],
    reporter: Reporter,
    tell: Callable[[Chapter], None],
) -> tuple[Proof, Proof]:
    """Run the demo; return the proof of the healthy trigger and that of the broken one.

    Args:
        folder: Where the runs are recorded.
        tell: Called with each part when it is completed.

    Raises:
        DdbInsertError: A part failed.
    """
    from ddbinsert.aws.change.mappings import remove_filters

    stage = _Stage(aws=aws, folder=folder, clock=clock, new_id=new_id, reporter=reporter)
    world = stage.converge(Scope.STREAM, create=True)
    view = f"{world.table.view.value}" if world.table and world.table.view else ""
    made = f"table created, stream enabled ({view})"
    tell(Chapter(command=f"enable-stream {TABLE} --create-table pk:S", text=made))
    world = stage.converge(Scope.TRIGGER)
    mapping = world.live_mapping
    if mapping is None:
        raise Refused("The mapping disappeared right after its creation.", code="demo-failed")
    filters = " or ".join(mapping.filters)
    made = f"role, log group, function {_TRIGGER.function_name} and mapping created, filtered by {filters}"
    tell(Chapter(command=f"attach-trigger {TABLE}", text=made))
    healthy = stage.verify()
    done = "writes inserts, updates and deletes, reads the log"
    tell(Chapter(command=f"verify {TABLE}", text=done, proof=healthy))
    remove_filters(aws, mapping.uuid)
    broken = stage.verify()
    done = "the filter was removed by hand; the same verification again"
    tell(Chapter(command=f"verify {TABLE}", text=done, proof=broken))
    world = stage.converge(Scope.TRIGGER)
    carry_out(stage.context, _TRIGGER, removal(world, TABLE, delete_table=True).steps, world)
    return healthy, broken


def is_as_told(healthy: Proof, broken: Proof) -> bool:
    """Whether the healthy trigger passed and the broken one failed."""
    return healthy.verdict.result is Result.PASS and broken.verdict.result is Result.FAIL


def _nobody_asks(question: str) -> None:
    raise AssertionError(f"a table that was just made needs no question: {question}")


def _nobody_chooses(inserts: int, *, at_least: bool) -> StartingPosition:
    raise AssertionError(f"a stream that was just enabled holds nothing: {inserts}, {at_least}")
