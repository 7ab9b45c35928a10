"""The whole story on an emulator of its own: attach, prove, break, see it found out, take down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddbinsert.core.model import KeyAttribute, KeySchema, KeyType, Trigger
from ddbinsert.core.plan import Scope, teardown
from ddbinsert.core.verdict import Result
from ddbinsert.errors import Refused
from ddbinsert.operations import code
from ddbinsert.operations.converge import Wishes, carry_out, converge
from ddbinsert.operations.means import Means
from ddbinsert.operations.means import Wishes as ProofWishes
from ddbinsert.operations.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model import StartingPosition, World
    from ddbinsert.core.proof import Proof
    from ddbinsert.core.reporter import Reporter

TABLE = "orders"
_KEY = KeySchema(partition=KeyAttribute(name="pk", type=KeyType.S))
_TIMEOUT = 30.0


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A part of the story that has just been done: the command that does it, and what came of it."""

    command: str
    text: str
    proof: Proof | None = None


def demo(
    aws: Aws,
    folder: Path,
    *,
    clock: Clock,
    new_id: Callable[[], str],
    reporter: Reporter,
    tell: Callable[[Chapter], None],
) -> tuple[Proof, Proof]:
    """Tell the story; the proof of the healthy trigger and that of the broken one.

    Args:
        folder: Where the runs are written down.
        tell: Told each chapter as it is done.

    Raises:
        DdbInsertError: A part went otherwise than it should.
    """
    from ddbinsert.aws.change_mappings import remove_filters
    from ddbinsert.operations.ledger import Ledger

    trigger = Trigger(table=TABLE)

    def bring(scope: Scope, *, create: bool = False) -> World:
        return converge(
            aws,
            trigger,
            scope,
            Wishes(create_table=_KEY if create else None),
            clock=clock,
            reporter=reporter,
            timeout=_TIMEOUT,
            package=lambda wanted: code.build(wanted, folder),
            confirm=_nobody_asks,
            choose_position=_nobody_chooses,
        ).world

    def prove() -> Proof:
        means = Means(
            aws=aws,
            clock=clock,
            new_id=new_id,
            reporter=reporter,
            timeout=_TIMEOUT,
            ledger=Ledger(folder / "runs"),
        )
        return verify(means, trigger, ProofWishes())

    world = bring(Scope.STREAM, create=True)
    view = f"{world.table.view.value}" if world.table and world.table.view else ""
    tell(
        Chapter(
            command=f"enable-stream {TABLE} --create-table pk:S", text=f"table made, stream live ({view})"
        )
    )
    world = bring(Scope.TRIGGER)
    mapping = world.live_mapping
    if mapping is None:
        raise Refused("The mapping is gone as soon as it was made.", code="demo-failed")
    tell(
        Chapter(
            command=f"attach-trigger {TABLE}",
            text=f"role, log group, function {trigger.function_name} and mapping made, filtered by "
            + " or ".join(mapping.filters),
        )
    )
    healthy = prove()
    tell(
        Chapter(
            command=f"verify {TABLE}",
            text="writes inserts, updates and deletes, reads the log",
            proof=healthy,
        )
    )
    remove_filters(aws, mapping.uuid)
    broken = prove()
    tell(
        Chapter(
            command=f"verify {TABLE}", text="the filter was taken away by hand; the same again", proof=broken
        )
    )
    world = bring(Scope.TRIGGER)
    carry_out(
        aws,
        trigger,
        teardown(world, table=True),
        world,
        None,
        clock=clock,
        reporter=reporter,
        timeout=_TIMEOUT,
    )
    return healthy, broken


def is_as_told(healthy: Proof, broken: Proof) -> bool:
    """Whether the healthy trigger passed and the broken one failed."""
    return healthy.verdict.result is Result.PASS and broken.verdict.result is Result.FAIL


def _nobody_asks(question: str) -> None:
    raise AssertionError(f"a table that was just made needs no question: {question}")


def _nobody_chooses(inserts: int, *, at_least: bool) -> StartingPosition:
    raise AssertionError(f"a stream that was just enabled holds nothing: {inserts}, {at_least}")
