"""Removing a run's test items, however the run ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddbinsert.advice import Advice
from ddbinsert.aws.write.items import ItemWriter
from ddbinsert.core.proof.probe_item import Sample
from ddbinsert.errors import Refused, UsageError
from ddbinsert.operations.existing_resources import existing_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.aws.write.probe import ProbeTable
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.trigger.reporter import Reporter
    from ddbinsert.operations.verify.context import VerifyContext
    from ddbinsert.operations.verify.writing import Writing


class Cleanup:
    """Deletes every test item that may be in the table."""

    def __init__(
        self, aws: Aws, clock: Clock, reporter: Reporter, *, probe: ProbeTable, lanes: int, writing: Writing
    ) -> None:
        self._aws = aws
        self._clock = clock
        self._reporter = reporter
        self._probe = probe
        self._lanes = lanes
        self._writing = writing
        self._begun: Future[None] | None = None

    def begin(self) -> None:
        """Start in the background; ``finish`` waits for it."""
        if self._begun is not None:
            return
        self._begun = self._aws.start(self._remove)

    def finish(self) -> None:
        """Delete the remaining items.

        Raises:
            AwsError: DynamoDB refused a call.
        """
        if self._begun is None:
            self._remove()
        else:
            self._begun.result()

    def _remove(self) -> None:
        attempted = self._writing.bulk_attempted
        numbers = range(self._lanes + attempted)
        started = self._clock.monotonic()
        for done in ItemWriter(self._aws, self._probe.table, self._clock).delete_all(
            self._probe.keys(numbers)
        ):
            if attempted:
                self._reporter.waiting(
                    "the cleanup", self._clock.monotonic() - started, f"{done:,} of {len(numbers):,}"
                )


def _sample(note: Mapping[str, Any]) -> Sample:
    """The recorded parts of the keys of a run's test items."""
    return Sample(
        prefixes=note.get("prefixes") or {},
        suffixes=note.get("suffixes") or {},
        fixed=note.get("fixed") or {},
    )


def clean_up(context: VerifyContext, run_id: str, *, table: str) -> int:
    """Remove the items that an earlier run left; return the number of keys.

    Args:
        table: The table's name: a run that wrote to another table is refused.

    Raises:
        UsageError: The run is not recorded, or wrote to another table.
        Refused: It is still in progress.
        PrerequisiteError: Its table no longer exists.
    """
    aws, clock, runs = context.aws, context.clock, context.open_runs
    note = runs.read(run_id)
    if runs.is_in_progress(run_id):
        raise Refused(
            f"Run {run_id} is still in progress.",
            hint="It removes its items at its end, also after Ctrl-C.",
            code="run-in-progress",
        )
    name = str(note["table"])
    if name != table:
        raise UsageError(
            f"Run {run_id} wrote to table {name}, not to {table}.",
            hint=Advice("Use that table", ("verify", name, "--cleanup", run_id)),
            code="other-table",
        )
    found = existing_table(aws, name)
    where = context.aws.connection.endpoint_url or ""
    if (note.get("arn") or found.arn) != found.arn or (note.get("where") or "") != where:
        raise UsageError(
            f"Run {run_id} wrote to {note.get('arn') or name}"
            + (f" at {note['where']}" if note.get("where") else "")
            + f"; this connection finds {found.arn}"
            + (f" at {where}" if where else "")
            + ".",
            hint="Use the region, profile and endpoint of that run.",
            code="other-table",
        )
    variants = {int(number): _sample(one) for number, one in (note.get("variants") or {}).items()}
    sample = replace(_sample(note), variants=variants)
    numbers = range(int(note["items"]))
    started = clock.monotonic()
    done = 0
    keys = (sample.key(found.key, run_id, number) for number in numbers)
    for done in ItemWriter(aws, name, clock).delete_all(keys):
        context.reporter.waiting("the cleanup", clock.monotonic() - started, f"{done:,} of {len(numbers):,}")
    runs.close(run_id)
    return done
