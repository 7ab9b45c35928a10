"""Making a run's writes: each lane in order; all lanes and the bulk items in parallel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import PermissionDenied
from ddbinsert.aws.write.items import ItemWriter
from ddbinsert.core.proof.script import Method

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.aws.write.probe import ProbeTable
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.proof.script import Lane, Script, Write
    from ddbinsert.core.proof.tally import Tally


#: A permission that these need is not optional: every run uses the one, and the other is used only on request.
_REQUIRED = (Method.SINGLE, Method.PARTIQL)


class Writing:
    """The writes of one run.

    Attributes:
        left_out: (method, reason) of lanes that could not be written.
    """

    def __init__(
        self,
        aws: Aws,
        clock: Clock,
        *,
        script: Script,
        probe: ProbeTable,
        tally: Tally,
        rate: float | None,
    ) -> None:
        self._aws = aws
        self._script = script
        self._probe = probe
        self._tally = tally
        self._bulk = ItemWriter(aws, probe.table, clock, rate=rate)
        self._lanes: list[tuple[Lane, Future[None]]] = []
        self._bulk_future: Future[None] | None = None
        self._collected = False
        self.left_out: list[tuple[Method, str]] = []

    def begin(self) -> None:
        """Start all writes; ``is_done`` returns whether they are completed."""
        self._lanes = [(lane, self._aws.start(self._maker(lane))) for lane in self._script.lanes]
        if self._script.bulk:
            self._bulk_future = self._aws.start(self._write_bulk)

    def _maker(self, lane: Lane) -> Any:
        return lambda: self._probe.make(lane, self._add_write)

    def _add_write(self, write: Write, at: float) -> None:
        self._tally.add_write(write, at)

    def _write_bulk(self) -> None:
        before = 0
        for count in self._bulk.put_all(self._probe.bulk_items(self._script.bulk_numbers)):
            self._tally.wrote_bulk(count - before)
            before = count

    @property
    def bulk_attempted(self) -> int:
        """Number of bulk items that may be in the table."""
        return self._bulk.attempted

    def is_done(self) -> bool:
        """Whether all writes are completed.

        Raises:
            AwsError: A write was refused; a batch or transaction that the user has no permission for is left out instead.
        """
        if self._collected:
            return True
        bulk = self._bulk_future
        if not all(future.done() for _, future in self._lanes) or (bulk and not bulk.done()):
            return False
        for lane, future in self._lanes:
            try:
                future.result()
            except PermissionDenied as error:
                if lane.method in _REQUIRED or len(self.left_out) + 1 == len(self._lanes):
                    raise
                self.left_out.append((lane.method, error.message))
                self._tally.leave_out(lane.number)
        if bulk:
            bulk.result()
        self._collected = True
        return True

    def wait(self, seconds: float) -> bool:
        """Wait for the lanes' writes for at most this long; return whether all of them have ended."""
        from concurrent.futures import wait

        return not wait([future for _, future in self._lanes], timeout=seconds).not_done

    def join(self) -> None:
        """Wait for writes in progress, however the run ended, so that the cleanup finds their items."""
        futures = [future for _, future in self._lanes]
        for future in (*futures, *([self._bulk_future] if self._bulk_future else [])):
            if not future.cancel():
                future.exception()

    def seconds_left(self, elapsed: float) -> float:
        """Seconds for writing the remaining bulk items at the rate so far; infinite if the rate is zero."""
        written = self._tally.bulk_written
        return (self._script.bulk - written) * elapsed / written if written else math.inf
