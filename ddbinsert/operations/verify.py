"""The proof: write, watch the stream and the log, judge, clean up.

Writes and looks overlap. The looks go on until every insert was processed and every lane's fence was reached,
or the time is up; then a settle time, measured by how late this run's own log lines showed, lets stragglers
come in before anybody says PASS.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ddbinsert.core.probe import script as script_of
from ddbinsert.core.probe_item import Sample, Unsatisfiable, sample_for
from ddbinsert.core.proof import Proof
from ddbinsert.core.tally import Tally
from ddbinsert.core.verdict import Finding, Weight
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.subject import Subject, find_subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model import Trigger
    from ddbinsert.core.probe import Script
    from ddbinsert.core.probe_item import Attributes
    from ddbinsert.core.reporter import Reporter
    from ddbinsert.core.verdict import Verdict
    from ddbinsert.operations.ledger import Ledger
    from ddbinsert.operations.watch import Watch


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How a run is to be made.

    Attributes:
        count: Test items. rate: Items a second at most, beyond the scripted ones.
        by_lines: Go by any log line that shows a key, for functions that leave no receipts.
        attributes: What test items shall carry, in DynamoDB JSON.
        allow_guarded: What the handler's own guard drops is a warning, no failure.
        partiql: Write by PartiQL, too. ttl_attribute: Write an item whose time to live is over, too.
        log_group: Where to look; the function's own otherwise.
    """

    count: int = 4
    rate: float | None = None
    by_lines: bool = False
    attributes: Attributes | None = None
    allow_guarded: bool = False
    partiql: bool = False
    ttl_attribute: str | None = None
    log_group: str | None = None
    keep: bool = False


def verify(
    aws: Aws,
    trigger: Trigger,
    wishes: Wishes,
    *,
    clock: Clock,
    new_id: Callable[[], str],
    reporter: Reporter,
    timeout: float,
    ledger: Ledger,
) -> Proof:
    """Prove a trigger.

    Args:
        timeout: Seconds to wait after the last write.

    Raises:
        PrerequisiteError: There is nothing to prove: no table, no stream, no function.
        AwsError: AWS refused a write or a read that the proof can't do without.
    """
    subject = find_subject(aws, trigger, log_group=wishes.log_group, reporter=reporter)
    proof = _prove(
        aws,
        subject,
        wishes,
        clock=clock,
        run_id=new_id(),
        reporter=reporter,
        timeout=timeout,
        ledger=ledger,
    )
    if any(finding.code == "latest-missed-first-writes" for finding in proof.verdict.findings):
        reporter.step("the mapping starts at LATEST and missed the first writes; it polls now: once more")
        again = _prove(
            aws,
            subject,
            wishes,
            clock=clock,
            run_id=new_id(),
            reporter=reporter,
            timeout=timeout,
            ledger=ledger,
        )
        return replace(
            again, verdict=replace(again.verdict, findings=(*again.verdict.findings, *_missed(proof)))
        )
    return proof


def _missed(first: Proof) -> tuple[Finding, ...]:
    """What a first round missed, as a note on the second."""
    return tuple(
        replace(finding, weight=Weight.NOTE)
        for finding in first.verdict.findings
        if finding.code == "latest-missed-first-writes"
    )


def _prove(
    aws: Aws,
    subject: Subject,
    wishes: Wishes,
    *,
    clock: Clock,
    run_id: str,
    reporter: Reporter,
    timeout: float,
    ledger: Ledger,
) -> Proof:
    from ddbinsert.operations.judging import conclude, refuse
    from ddbinsert.operations.watch import Watch

    script = script_of(
        run_id,
        wishes.count,
        partiql=wishes.partiql,
        expired=wishes.ttl_attribute is not None,
        gauged=wishes.by_lines,
    )
    tally = Tally(script)
    started = clock.now()
    certain = subject.certain_failures()
    sample = Sample() if certain else _sample(subject, wishes)
    if certain or isinstance(sample, Finding):
        found = (sample,) if isinstance(sample, Finding) else certain
        verdict = refuse(tally, found, subject)
        return _proof(aws, subject, wishes, verdict, tally, started=started, finished=clock.now())
    ledger.open(
        run_id,
        table=subject.table.name,
        items=script.items,
        sample=sample,
        where=aws.connection.endpoint_url or "",
    )
    watch = Watch(
        aws=aws,
        subject=subject,
        script=script,
        sample=sample,
        tally=tally,
        wishes=wishes,
        clock=clock,
        reporter=reporter,
        timeout=timeout,
    )
    try:
        watch.run()
        verdict = conclude(aws, subject, watch, wishes, clock=clock, timeout=timeout)
    finally:
        _clean_up(watch, script, wishes, reporter, ledger)
    return _proof(aws, subject, wishes, verdict, tally, started=started, finished=clock.now())


def _proof(
    aws: Aws,
    subject: Subject,
    wishes: Wishes,
    verdict: Verdict,
    tally: Tally,
    *,
    started: float,
    finished: float,
) -> Proof:
    return Proof(
        verdict=verdict,
        trigger=subject.trigger,
        world=subject.world,
        started=started,
        finished=finished,
        function=subject.function.name,
        endpoint=aws.connection.endpoint_url or "AWS",
        tally=tally,
        kept=wishes.keep,
    )


def _sample(subject: Subject, wishes: Wishes) -> Sample | Finding:
    """What test items carry so that a filter's own clauses let their inserts through."""
    filters = tuple(text for mapping in subject.mappings for text in mapping.filters)
    try:
        return sample_for(filters, subject.table.key, subject.view, given=wishes.attributes)
    except Unsatisfiable as error:
        return Finding(
            code="filter-excludes-test-items",
            weight=Weight.HOLE,
            text=f"no test item was found that the filter lets through: {error}",
            mend="Give one that does: `ddbinsert verify TABLE --item FILE` (its attributes without the key).",
        )


def _clean_up(watch: Watch, script: Script, wishes: Wishes, reporter: Reporter, ledger: Ledger) -> None:
    if wishes.keep:
        reporter.step(
            f"kept the test items; `ddbinsert verify {watch.probe.table} --cleanup {script.run_id}` removes them"
        )
        return
    try:
        watch.remove_items()
    except BaseException:
        reporter.warn(
            f"test items may be left in {watch.probe.table}: `ddbinsert verify {watch.probe.table} --cleanup "
            f"{script.run_id}` removes them"
        )
        raise
    ledger.close(script.run_id)


def clean_up(aws: Aws, run_id: str, *, clock: Clock, reporter: Reporter, ledger: Ledger) -> int:
    """Remove what an earlier run left; the number of keys that were looked after.

    Raises:
        UsageError: The run isn't known. PrerequisiteError: Its table is gone.
    """
    from ddbinsert.aws.items import ItemWriter
    from ddbinsert.aws.observe import read_table

    note = ledger.read(run_id)
    name = str(note["table"])
    table = read_table(aws, name)
    if table is None:
        raise PrerequisiteError(f"Table {name} does not exist.", code="table-not-found")
    sample = Sample(prefixes=note.get("prefixes") or {}, fixed=note.get("fixed") or {})
    numbers = range(int(note["items"]))
    started = clock.monotonic()
    done = 0
    keys = (sample.key(table.key, run_id, number) for number in numbers)
    for done in ItemWriter(aws, name, clock).delete_all(keys):
        reporter.waiting("the cleanup", clock.monotonic() - started, f"{done:,} of {len(numbers):,}")
    ledger.close(run_id)
    return done
