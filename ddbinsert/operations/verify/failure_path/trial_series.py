"""Trials under one mapping, as many as needed, and the cleanup of each."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ddbinsert.advice import Advice
from ddbinsert.aws.wait import pauses
from ddbinsert.core.model.record import KeyType
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.failure_path.outcome import FailingFunction, TrialOutcome, judge_outcome
from ddbinsert.core.proof.mapping_counts import DELIVERED_ON_FAILURE, DROPPED
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.dataclass import dataclass
from ddbinsert.operations.verify.failure_path.documents import Documents
from ddbinsert.operations.verify.failure_path.trial import ITEMS, Trial
from ddbinsert.operations.verify.prove import await_polling
from ddbinsert.operations.verify.recent_change import in_force_after
from ddbinsert.operations.verify.subject import delivers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.proof.failure_path.settings import Limits
    from ddbinsert.core.proof.probe_item import Sample
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
    from ddbinsert.operations.verify.subject import Subject

#: Maximum number of trials until one has the failing item and others in one batch and one shard.
TRIALS: Final = 3
#: Seconds within which CloudWatch shows a mapping's counts: on AWS minutes.
_COUNTED_WITHIN, _COUNTED_WITHIN_HERE = 240.0, 3.0
#: Seconds beyond the allowed time during which the function's template still fails on the item, as the delivery itself
#: takes time. After them the shard continues, regardless of the mapping's settings.
_SPARE, _SPARE_HERE = 120.0, 15.0
#: Seconds in which further documents about a user's own function may arrive after the first, and between two reads.
_COMING, _COMING_STEP = 20.0, 1.0
_AGAIN: Final = frozenset({Cause.POISON_WAS_ALONE, Cause.POISON_NOT_GIVEN})


@dataclass(frozen=True, kw_only=True)
class TrialsRun:
    """The result of the trials.

    Attributes:
        run_id: The last trial's; empty if none was made.
        findings: Findings besides those of the outcome.
    """

    outcome: TrialOutcome | None = None
    findings: tuple[Finding, ...] = ()
    run_id: str = ""


class Trials:
    """Trials under one mapping, as many as needed."""

    def __init__(
        self,
        context: VerifyContext,
        subject: Subject,
        options: VerifyOptions,
        limits: Limits,
        *,
        stand: FailingFunction,
        sample: Sample,
        runs: list[str] | None = None,
        barred: str = "",
        original: MappingState | None = None,
        made: list[str],
    ) -> None:
        self._context = context
        self._subject = subject
        self._options = options
        self._limits = limits
        self._stand = stand
        self._sample = sample
        self._runs = runs or [context.new_id() for _ in range(TRIALS)]
        self._barred = barred
        self._original = original
        self._made = made
        (self._mapping,) = subject.mappings
        self._left: list[str] = []
        self._fails_until = 0.0
        self._started = context.clock.now()

    def run_trials(self) -> TrialsRun:
        """Run the trials."""
        if self._stand is FailingFunction.OWN:
            self._await_settings()
            if self._mapping.starting_position == "LATEST":
                await_polling(self._context, self._subject, self._options)
        outcome: TrialOutcome | None = None
        run_id = ""
        for run_id in self._runs:
            outcome = self._trial(run_id)
            found = list(judge_outcome(outcome))
            if not any(one.code in _AGAIN for one in found):
                break
        return TrialsRun(outcome=outcome, findings=tuple(self._notes()), run_id=run_id)

    def _await_settings(self) -> None:
        """Wait until the mapping's last change is certainly in force: otherwise its old settings might be tested."""
        began = self._context.clock.monotonic()
        until = (self._mapping.modified or 0.0) + in_force_after(self._context)
        while (left := until - self._context.clock.now()) > 0:
            elapsed = self._context.clock.monotonic() - began
            self._context.reporter.waiting("the mapping's last change to be in force", elapsed)
            self._context.clock.sleep(min(left, 1.0))

    def _trial(self, run_id: str) -> TrialOutcome:
        context, subject = self._context, self._subject
        sample = _in_one_partition(self._sample, subject, self._mapping, run_id)
        trial = Trial(
            context,
            subject,
            sample,
            run_id,
            secret=subject.secret if self._stand is FailingFunction.OWN else "",
            fails_until=context.clock.now()
            + self._limits.hold_up
            + (_SPARE if context.aws.is_aws else _SPARE_HERE),
        )
        documents = Documents(context, self._mapping, subject.function.name, beside=self._original)
        documents.prepare()
        if self._barred:
            documents.unread = self._barred
        context.open_runs.open(
            run_id,
            table=subject.table.name,
            arn=subject.table.arn,
            items=ITEMS,
            sample=sample,
            where=context.aws.connection.endpoint_url or "",
        )
        try:
            trial.run(
                seconds=context.timeout,
                enough=self._limits.hold_up,
                is_kept=lambda one: documents.read_if_due(run_id, one.place, one.poison_id),
            )
            outcome = self._outcome(trial, documents)
            is_given_up = bool(outcome.kept) or not outcome.tries or outcome.fixed
            self._fails_until = trial.fails_until if trial.secret and not is_given_up else 0.0
            return outcome
        finally:
            self._clean_up(trial, documents)

    def _outcome(self, trial: Trial, documents: Documents) -> TrialOutcome:
        tries = trial.tries
        documents.read_if_due(trial.run_id, trial.place, trial.poison_id)
        counted = {} if documents.kept or not tries else self._counts(trial)
        return TrialOutcome(
            stand=self._stand,
            mapping=self._mapping,
            limits=self._limits,
            poison=trial.poison_id,
            tries=tries,
            fixed=trial.fixed,
            companions=trial.companions,
            kept=documents.kept,
            unread="" if documents.kept else documents.unread,
            barred=self._barred,
            dropped=counted.get(DROPPED),
            delivered=counted.get(DELIVERED_ON_FAILURE),
            is_aws=self._context.aws.is_aws,
            waited=self._context.clock.now() - tries[0].at if tries else 0.0,
        )

    def _counts(self, trial: Trial) -> dict[str, float]:
        """The mapping's counts of dropped and delivered records; waits for them, as they appear late."""
        from ddbinsert.aws.read.function_activity import read_metrics

        if not self._mapping.metrics:
            return {}
        clock, steps = self._context.clock, pauses(0.2, 15.0)
        began = clock.monotonic()
        until = began + (_COUNTED_WITHIN if self._context.aws.is_aws else _COUNTED_WITHIN_HERE)
        while True:
            counted = read_metrics(
                self._context.aws,
                self._subject.function.name,
                [self._mapping.uuid],
                since=trial.started,
                until=clock.now(),
            ).counts
            if counted.get(DROPPED) or counted.get(DELIVERED_ON_FAILURE) or clock.monotonic() >= until:
                return dict(counted)
            self._context.reporter.waiting("CloudWatch's counts of the mapping", clock.monotonic() - began)
            clock.sleep(next(steps))

    def _clean_up(self, trial: Trial, documents: Documents) -> None:
        """Delete the items and the documents, and report what is left of either."""
        table, again = trial.probe.table, ("verify", trial.probe.table, "--cleanup", trial.run_id)
        if trial.tries and not self._barred:
            with contextlib.suppress(Exception):
                self._left += self._removed(documents)
                if not documents.kept and not documents.unread:
                    self._left.append(
                        f"a document about a test item of {self._subject.function.name} may still arrive at "
                        f"{self._mapping.on_failure}"
                    )
        if self._options.keep:
            self._context.open_runs.end(trial.run_id)
            self._context.reporter.step("kept the test items", Advice("remove them with", again))
            return
        try:
            trial.remove()
        except BaseException:
            self._context.open_runs.end(trial.run_id)
            self._context.reporter.warn(
                f"test items may be left in {table}", Advice("remove them with", again)
            )
            raise
        self._context.open_runs.close(trial.run_id)

    def _removed(self, documents: Documents) -> tuple[str, ...]:
        """Delete documents about test items of this command until no more arrive; return what is left of them."""
        clock = self._context.clock
        until = clock.monotonic() + _COMING
        failed, quiet = False, 0
        while True:
            left = documents.remove(self._made, since=self._started)
            failed, quiet = failed or documents.others_come, 0 if documents.others_come else quiet + 1
            if not failed or quiet > 1 or clock.monotonic() >= until:
                break
            self._context.reporter.waiting(
                "documents about the test items", _COMING - (until - clock.monotonic())
            )
            clock.sleep(_COMING_STEP)
        if failed and self._original is not None:
            name = self._original.function_name
            where = f"documents about them may still arrive at {self._mapping.on_failure}"
            return (*left, f"{name} itself fails on test items: {where}")
        return left

    def _notes(self) -> Iterator[Finding]:
        """Findings about what the run leaves behind."""
        if self._left:
            yield Finding(
                code=Cause.FAILURE_DOCUMENT_LEFT,
                weight=Weight.NOTE,
                text="documents about test items were not removed from the on-failure destination, or may still arrive there",
                evidence=tuple(dict.fromkeys(self._left)),
            )
        if self._fails_until > self._context.clock.now():
            at = datetime.fromtimestamp(self._fails_until, UTC)
            yield Finding(
                code=Cause.POISON_STILL_FAILS,
                weight=Weight.NOTE,
                text=f"the function fails on the test item until {at:%H:%M:%S} UTC; then its shard continues",
                evidence=(f"mapping {self._mapping.uuid}",),
            )


def _in_one_partition(sample: Sample, subject: Subject, mapping: MappingState, run_id: str) -> Sample:
    """The sample with one partition key for all items, so that they share a shard; only for tables with a sort key."""
    partition, sort = subject.table.key.partition, subject.table.key.sort
    shaped = {*sample.prefixes, *sample.suffixes, *sample.fixed}
    if sort is None or partition.name in shaped or sort.name in sample.fixed:
        return sample
    value = f"9{int(run_id, 16):015d}" if partition.type is KeyType.N else f"ddbinsert:r{run_id}"
    if partition.type is KeyType.B:
        value = base64.b64encode(value.encode()).decode()
    together = replace(sample, fixed={**sample.fixed, partition.name: value})
    return together if delivers(mapping, together, subject) else sample
