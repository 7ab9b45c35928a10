"""The proof: write, watch the stream and the log, judge, clean up.

Writes and looks overlap. The looks go on until every insert was processed and every lane's fence was reached,
or the time is up; then a settle time, measured by how late this run's own log lines showed, lets stragglers
come in before anybody says PASS.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.aws.wait import pauses
from ddbinsert.core.probe import canaries
from ddbinsert.core.probe import script as script_of
from ddbinsert.core.probe_item import Sample, Unsatisfiable, sample_for
from ddbinsert.core.proof import Proof
from ddbinsert.core.reporter import Silent
from ddbinsert.core.tally import Tally
from ddbinsert.core.verdict import Finding, Weight
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.place import Place
from ddbinsert.operations.subject import Subject, find_subject

if TYPE_CHECKING:
    from ddbinsert.core.model import Trigger
    from ddbinsert.core.probe import Script
    from ddbinsert.operations.means import Means, Wishes
    from ddbinsert.operations.watch import Watch

#: What a leak is called; seconds after which a mapping's change surely counts.
_LEAKS = frozenset({"filter-leaks", "intruders-processed"})
_IN_FORCE_AFTER = 120.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
#: Canaries written together; seconds that a flock is given before the next one is sent.
_FLOCK = 8
_CANARY_ROUND = 1.0
_CANARY_ROUND_ON_AWS = 10.0


def verify(means: Means, trigger: Trigger, wishes: Wishes) -> Proof:
    """Prove a trigger.

    Raises:
        PrerequisiteError: There is nothing to prove: no table, no stream, no function.
        AwsError: AWS refused a write or a read that the proof can't do without.
    """
    subject = find_subject(
        means.aws,
        trigger,
        log_group=wishes.log_group,
        reporter=means.reporter,
        place=Place(means.aws, means.clock),
    )
    return prove(means, subject, wishes)


def prove(means: Means, subject: Subject, wishes: Wishes) -> Proof:
    """Prove what was found; where the mapping starts at LATEST, once it polls."""
    starts_late = any(mapping.starting_position == "LATEST" for mapping in subject.mappings)
    if starts_late and not subject.certain_failures():
        _await_polling(means, subject, wishes)
    return _in_force(means, subject, wishes)


def _in_force(means: Means, subject: Subject, wishes: Wishes) -> Proof:
    """A round; again while what leaks may be the settings from before a change that is not in force yet.

    State Enabled comes before a change counts: updates take up to 90 s (facts). So a leak through filters that
    let inserts through alone is believed only when the mapping has been as it is for a while.
    """
    started = means.clock.monotonic()
    steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
    while True:
        proof = _round(means, subject, wishes, _script(means, wishes))
        changed = _changed_lately(subject, proof)
        if changed is None:
            return proof
        elapsed = means.clock.monotonic() - started
        if elapsed >= means.timeout:
            return _with_note(proof, changed)
        means.reporter.waiting(f"the mapping's change of {changed:.0f} s ago to count", elapsed)
        means.clock.sleep(next(steps))


def _changed_lately(subject: Subject, proof: Proof) -> float | None:
    """Seconds since the change that may explain what leaked; None where there is no such excuse."""
    proofs = {one.code for one in proof.verdict.findings if one.weight is Weight.PROOF}
    if not proofs or not proofs <= _LEAKS or not subject.circumstances().insert_only:
        return None
    newest = max((mapping.modified or 0.0 for mapping in subject.mappings), default=0.0)
    age = max(0.0, proof.started - newest)
    return age if age < _IN_FORCE_AFTER else None


def _with_note(proof: Proof, changed: float) -> Proof:
    note = Finding(
        code="mapping-changed-lately",
        weight=Weight.NOTE,
        text=f"the mapping was changed {changed:.0f} s before: its old settings may still have counted",
        mend="Verify again in two minutes.",
    )
    return replace(proof, verdict=replace(proof.verdict, findings=(*proof.verdict.findings, note)))


def _script(means: Means, wishes: Wishes) -> Script:
    return script_of(
        means.new_id(),
        wishes.count,
        partiql=wishes.partiql,
        expired=wishes.ttl_attribute is not None,
        gauged=wishes.by_lines,
    )


def _await_polling(means: Means, subject: Subject, wishes: Wishes) -> None:
    """Insert canaries until a whole flock of them is processed.

    State Enabled does not mean polling: with LATEST, what is written in the first minute or two may be missed,
    which is no fault of the filter's. One flock spreads over the stream's shards.
    """
    started = means.clock.monotonic()
    limit = min(means.timeout, _CANARY_ROUND_ON_AWS if means.aws.is_aws else _CANARY_ROUND)
    missed = 0
    while (elapsed := means.clock.monotonic() - started) < means.timeout:
        means.reporter.waiting("the mapping to poll (it starts at LATEST)", elapsed)
        round_of = replace(means, timeout=limit, reporter=Silent())
        proof = _round(round_of, subject, replace(wishes, keep=False), canaries(means.new_id(), _FLOCK))
        if proof.tally is None or proof.tally.is_complete or proof.verdict.counts.get("log_lines"):
            break
        missed += proof.verdict.counts.get("missing", 0)
    if missed:
        means.reporter.step(f"the mapping starts at LATEST and missed {missed} canaries before it polled")


def _round(means: Means, subject: Subject, wishes: Wishes, script: Script) -> Proof:
    """One script, written, watched, judged and cleaned up."""
    from ddbinsert.operations.judging import conclude, refuse
    from ddbinsert.operations.watch import Watch

    tally = Tally(script)
    started = means.clock.now()
    certain = subject.certain_failures()
    sample = Sample() if certain else _sample(subject, wishes)
    if certain or isinstance(sample, Finding):
        verdict = refuse(tally, (sample,) if isinstance(sample, Finding) else certain, subject)
    else:
        _write_down(means, subject, script, sample)
        watch = Watch(means=means, subject=subject, script=script, sample=sample, tally=tally, wishes=wishes)
        try:
            watch.run()
            if watch.looks_well and not wishes.keep:
                watch.begin_removing()
            verdict = conclude(means, subject, watch, wishes)
        finally:
            _clean_up(means, watch, script, wishes)
    return Proof(
        verdict=verdict,
        trigger=subject.trigger,
        world=subject.world,
        started=started,
        finished=means.clock.now(),
        function=subject.function.name,
        endpoint=means.aws.endpoint or "AWS",
        tally=tally,
        kept=wishes.keep,
    )


def _write_down(means: Means, subject: Subject, script: Script, sample: Sample) -> None:
    means.ledger.open(
        script.run_id,
        table=subject.table.name,
        items=script.items,
        sample=sample,
        where=means.aws.connection.endpoint_url or "",
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


def _clean_up(means: Means, watch: Watch, script: Script, wishes: Wishes) -> None:
    again = f"`ddbinsert verify {watch.probe.table} --cleanup {script.run_id}` removes them"
    if wishes.keep:
        means.reporter.step(f"kept the test items; {again}")
        return
    try:
        watch.remove_items()
    except BaseException:
        means.reporter.warn(f"test items may be left in {watch.probe.table}: {again}")
        raise
    means.ledger.close(script.run_id)


def clean_up(means: Means, run_id: str) -> int:
    """Remove what an earlier run left; the number of keys that were looked after.

    Raises:
        UsageError: The run isn't known. PrerequisiteError: Its table is gone.
    """
    from ddbinsert.aws.items import ItemWriter
    from ddbinsert.aws.observe import read_table

    aws, clock, ledger = means.aws, means.clock, means.ledger
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
        means.reporter.waiting("the cleanup", clock.monotonic() - started, f"{done:,} of {len(numbers):,}")
    ledger.close(run_id)
    return done
