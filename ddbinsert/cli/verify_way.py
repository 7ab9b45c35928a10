"""How verify proves a consumer: with test items, a temporary function, existing traffic, or a failing record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.cli.run import Run
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.failure_path.settings import Limits
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.operations.provision.declared import DeclaredMappings
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions

#: Seconds that a run with --failure-path takes in addition to the maximum delay by a failing record.
_BESIDES = 240.0
#: Maximum seconds to wait for any answer of --against.
_LOOK = 60.0


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a consumer is proven.

    Attributes:
        wiretap: Use a temporary function.
        watch_for: Seconds to observe the existing traffic instead of writing; None to write.
        failure_path: Make a record fail, and check these limits; None to make none fail.
        retries: Maximum number of further attempts after an inconclusive one.
        keep: Called with each attempt that is retried.
        declared: The declarations to compare the trigger with; None if no file was given.
    """

    options: VerifyOptions
    declared: DeclaredMappings | None = None
    wiretap: bool = False
    watch_for: float | None = None
    failure_path: Limits | None = None
    retries: int = 0
    keep: Callable[[Proof], None] = lambda _proof: None

    def prove(
        self, run: Run, context: VerifyContext, trigger: Trigger, *, known: World | None = None
    ) -> Proof:
        """Prove one consumer.

        Args:
            known: Its state that was just observed.
        """
        if self.declared is None:
            return self._tried(run, context, trigger, known)
        from ddbinsert.operations.provision.declared import declaration_finding

        # Before anything is written: a declaration that is not found ends the run.
        finding = declaration_finding(run.context(_LOOK), trigger, self.declared, known=known)
        proof = self._tried(run, context, trigger, known)
        findings = (*proof.verdict.findings, *([finding] if finding is not None else []))
        return replace(proof, verdict=replace(proof.verdict, findings=findings))

    def _tried(self, run: Run, context: VerifyContext, trigger: Trigger, known: World | None) -> Proof:
        if not self.retries:
            return self._once(run, context, trigger, known=known)
        from ddbinsert.cli.retry_inconclusive import prove_with_retries

        looked = [known]
        return prove_with_retries(
            lambda: self._once(run, context, trigger, known=looked.pop() if looked else None),
            retries=self.retries,
            reporter=context.reporter,
            keep=self.keep,
        )

    def _once(self, run: Run, context: VerifyContext, trigger: Trigger, *, known: World | None) -> Proof:
        if self.failure_path is not None:
            from ddbinsert.operations.verify.failure_path.command import prove_failure_path

            limits = self.failure_path
            patient = replace(context, timeout=run.timeout(limits.hold_up + _BESIDES))
            return prove_failure_path(
                patient, trigger, self.options, limits, base=run.environment.cwd, confirm=run.confirm
            )
        if self.wiretap:
            from ddbinsert.operations.verify.wiretap import wiretap

            return wiretap(
                context,
                trigger,
                self.options,
                base=run.environment.cwd,
                confirm=run.confirm,
                watch_for=self.watch_for,
            )
        if self.watch_for is not None:
            from ddbinsert.operations.verify.observe import watch_live

            return watch_live(context, trigger, self.options, seconds=self.watch_for)
        from ddbinsert.operations.verify.prove import verify as write_and_watch

        return write_and_watch(context, trigger, self.options, known=known)
