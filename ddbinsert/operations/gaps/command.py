"""The gaps command: from a trigger to its audit and its repair."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.arn import qualified_name
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.gaps.audit import audit
from ddbinsert.operations.gaps.backfill import backfill, settle_unanswered
from ddbinsert.operations.gaps.from_table import ItemSource, compare, estimate, readable_sink, unfiltered
from ddbinsert.operations.gaps.insert_store import opened
from ddbinsert.operations.gaps.item_store import opened as opened_pairs
from ddbinsert.operations.gaps.ledger import RepairLedger, ledger_path
from ddbinsert.operations.gaps.progress import audit_path
from ddbinsert.operations.gaps.repair import await_answers, refuse_disabled, repair
from ddbinsert.operations.gaps.scope import Options, all_mappings, settle_of
from ddbinsert.operations.verify.subject import find_subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ddbinsert.aws.context import Context
    from ddbinsert.aws.read.export_places import ExportPlace
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.gaps.model import Backfill, Compared, Repair
    from ddbinsert.core.proof.gaps.sql import SqlStatements
    from ddbinsert.operations.gaps.audit import Audited
    from ddbinsert.operations.gaps.backfill import BackfillOptions
    from ddbinsert.operations.gaps.insert_store import Store
    from ddbinsert.operations.gaps.item_store import Pairs
    from ddbinsert.operations.verify.subject import Subject


@dataclass(frozen=True, kw_only=True)
class AuditedGaps:
    """The result of an audit, and what its repair needs.

    Attributes:
        context: Connection, clock and reporter of the run.
        subject: Table, function and mappings.
        audited: The result of the audit.
        ledger: The inserts that earlier repairs delivered.
    """

    context: Context
    subject: Subject
    audited: Audited
    ledger: RepairLedger

    def check(self) -> None:
        """Refuse a repair that would process inserts twice.

        Raises:
            PrerequisiteError: The mapping is disabled, and resumes where it stopped once it is enabled.
        """
        refuse_disabled(self.audited.gaps)

    def repair(self, *, batch_size: int, attempts: int) -> Repair:
        """Send the missed inserts to the function."""
        return repair(
            self.context, self.subject, self.audited, self.ledger, batch_size=batch_size, attempts=attempts
        )


@contextmanager
def audit_gaps(
    context: Context,
    trigger: Trigger,
    options_now: Callable[[], Options],
    *,
    repairs: Path,
    log_group: str | None = None,
    qualifier: str = "",
    to_repair: bool = False,
) -> Iterator[AuditedGaps]:
    """Audit the inserts of a trigger's table.

    Args:
        options_now: Returns the options; called when the clock follows AWS's, as times may be relative to now.
        repairs: The folder with the records of repairs.
        qualifier: Leave out the function's mappings to other aliases and versions.
        to_repair: A repair follows: lock out other repairs of the function until the block ends.

    Raises:
        PrerequisiteError: The table, the stream or the function does not exist, or another repair is running.
        AwsError: A read was denied or failed.
    """
    subject = find_subject(
        context.aws, trigger, log_group=log_group, reporter=context.reporter, qualifier=qualifier
    )
    _refuse_unmapped(subject)
    options = options_now()
    ledger = _ledger(context, _path(context, subject, repairs), alone=to_repair)
    try:
        if to_repair:
            patience = settle_of(context, subject, options) + subject.function.timeout
            await_answers(context, ledger, patience)
        with opened(_kept_audit(context, subject, options, repairs.with_name("audits"))) as store:
            audited = _audited(context, subject, options, store, ledger)
            yield AuditedGaps(context=context, subject=subject, audited=audited, ledger=ledger)
    finally:
        ledger.close()


def _audited(
    context: Context, subject: Subject, options: Options, store: Store, ledger: RepairLedger
) -> Audited:
    """The audit; if it is interrupted or fails, what it read is kept for the same command."""
    if store.progress:
        context.reporter.warn("continuing the audit that was interrupted, from the start that it had")
    try:
        audited = audit(context, subject, options, store, given=ledger.find)
    except BaseException:
        if not store.progress:
            store.finish()
        elif store.is_kept:
            context.reporter.warn(
                "what was read of the stream is kept: run the same command again to continue"
            )
        raise
    store.finish()
    return audited


def _kept_audit(context: Context, subject: Subject, options: Options, folder: Path) -> Path:
    """The file in which an interrupted audit is kept; one of other options, filters or streams has another."""
    mappings = sorted(
        (one.uuid, one.stream_arn, str(one.is_enabled), *one.filters) for one in all_mappings(subject)
    )
    return audit_path(
        folder,
        context.clock,
        (
            context.aws.endpoint or "AWS",
            subject.table.arn,
            subject.table.stream_arn or "",
            subject.function.arn,
            str(options.by_lines),
            *options.words,
            *(word for one in mappings for word in one),
        ),
    )


@contextmanager
def backfilling(
    context: Context, trigger: Trigger, options: BackfillOptions, *, repairs: Path
) -> Iterator[Filling]:
    """A prepared backfill.

    Raises:
        PrerequisiteError: The table, the stream or the function does not exist, or another repair is running.
    """
    subject = find_subject(context.aws, trigger, log_group=None, reporter=context.reporter)
    ledger = _ledger(context, _path(context, subject, repairs), alone=not options.dry_run)
    try:
        if not options.dry_run:
            await_answers(context, ledger, settle_of(context, subject, Options()) + subject.function.timeout)
            settle_unanswered(context, subject, ledger)
        yield Filling(context=context, subject=subject, ledger=ledger, options=options)
    finally:
        ledger.close()


@dataclass(frozen=True, kw_only=True)
class Filling:
    """A backfill, and what it needs.

    Attributes:
        context: Connection, clock and reporter of the run.
        subject: Table, function and mappings.
        ledger: The items that earlier backfills delivered.
        options: The command's options.
    """

    context: Context
    subject: Subject
    ledger: RepairLedger
    options: BackfillOptions

    @property
    def items(self) -> int:
        """Approximate number of items in the table: DynamoDB counts them every six hours."""
        return self.subject.table.item_count

    @property
    def function(self) -> str:
        return self.subject.function.name

    def carry_out(self) -> Backfill:
        context, subject = self.context, self.subject
        if not self.options.missing:
            return backfill(context, subject, self.ledger, self.options)
        sink = readable_sink(context, subject)
        source = ItemSource(rate=self.options.rate, settle=settle_of(context, subject, Options()))
        with opened_pairs() as pairs:
            compare(context, subject, sink, pairs, source)
            return backfill(context, subject, self.ledger, self.options, lacks=pairs.lacks)


def _refuse_unmapped(subject: Subject) -> None:
    """Refuse an alias or a version to which no mapping delivers.

    Raises:
        PrerequisiteError: There is no such mapping.
    """
    if not subject.qualifier or all_mappings(subject):
        return
    name, targets = subject.function.name, sorted(map(qualified_name, _invoked(subject)))
    raise PrerequisiteError(
        f"No mapping delivers the streams of {subject.table.name} to {name}:{subject.qualifier}.",
        hint=f"They are delivered to {', '.join(targets)}." if targets else f"Use --function {name}.",
        code="no-mapping",
    )


def _invoked(subject: Subject) -> set[str]:
    """ARNs of the function, its aliases and versions to which mappings deliver, also of those that are left out."""
    known = (*all_mappings(replace(subject, qualifier="")), *subject.world.feeding(subject.function.name))
    return {one.function_arn for one in known}


def _path(context: Context, subject: Subject, repairs: Path) -> Path:
    """The path of the record of the function's calls; of several aliases and versions, each has its own."""
    apart = subject.qualifier and len(_invoked(subject)) > 1
    return ledger_path(
        repairs,
        endpoint=context.aws.endpoint or "AWS",
        table_arn=subject.table.arn,
        function_arn=f"{subject.function.arn}:{subject.qualifier}" if apart else subject.function.arn,
    )


def _ledger(context: Context, path: Path, *, alone: bool) -> RepairLedger:
    """The record of repairs; an audit continues without one that cannot be read, and reports that."""
    try:
        return RepairLedger(path, context.clock, alone=alone)
    except PrerequisiteError as error:
        if alone:
            raise
        context.reporter.warn(f"earlier repairs are unknown: {error.message}")
        return RepairLedger(path.with_name("none"), context.clock, alone=False)


def export_at(text: str, base: Path) -> Callable[[Aws], ExportPlace]:
    """A function from a connection to the location of an export.

    Args:
        text: A folder, relative to ``base``, or ``s3://BUCKET/PREFIX``.
    """
    from ddbinsert.aws.read.export_places import place_of

    return lambda aws: place_of(aws, text, base)


def comparison_in_sql(
    context: Context, trigger: Trigger, *, items: str | None, entries: str | None, qualifier: str = ""
) -> SqlStatements:
    """The comparison of items with entries as SQL for Athena; the comparison itself is not made.

    Args:
        items: Location of the table's export in S3.
        entries: Location of the export of its audit table in S3.
        qualifier: Leave out the mappings to other aliases and versions.

    Raises:
        PrerequisiteError: There is no table, no function, or no sink that can be compared.
        UsageError: A location is not in S3.
    """
    from ddbinsert.core.proof.gaps.sql import NOWHERE, athena

    subject = find_subject(
        context.aws, trigger, log_group=None, reporter=context.reporter, qualifier=qualifier
    )
    _refuse_unmapped(subject)
    readable_sink(context, subject)
    note = "" if unfiltered(subject) else "Items that the mapping's filter excludes are listed, too."
    return athena(
        subject.table.name, subject.table.key, items=items or NOWHERE, entries=entries or NOWHERE, note=note
    )


@contextmanager
def comparing(
    context: Context, trigger: Trigger, source: ItemSource, *, qualifier: str = ""
) -> Iterator[Comparing]:
    """A prepared comparison of items with the sink.

    Args:
        qualifier: Leave out the mappings to other aliases and versions.

    Raises:
        PrerequisiteError: There is no table, no function, or no sink that can be compared.
    """
    subject = find_subject(
        context.aws, trigger, log_group=None, reporter=context.reporter, qualifier=qualifier
    )
    _refuse_unmapped(subject)
    sink = readable_sink(context, subject)
    with opened_pairs() as pairs:
        yield Comparing(context=context, subject=subject, sink=sink, pairs=pairs, source=source)


@dataclass(frozen=True, kw_only=True)
class Comparing:
    """A comparison of all items with the sink, and what it needs.

    Attributes:
        context: Connection, clock and reporter of the run.
        subject: Table, function and mappings.
        sink: ARN of the audit table.
        pairs: Items and entries, on disk.
        source: Where the items are read from.
    """

    context: Context
    subject: Subject
    sink: str
    pairs: Pairs
    source: ItemSource

    @property
    def read_units(self) -> float:
        """Approximate number of read request units that the comparison takes."""
        return estimate(self.context, self.subject, self.sink, self.source)

    def carry_out(self) -> Compared:
        settle = self.source.settle if self.source.settle >= 0 else self._settle
        return compare(self.context, self.subject, self.sink, self.pairs, replace(self.source, settle=settle))

    @property
    def _settle(self) -> float:
        return settle_of(self.context, self.subject, Options())
