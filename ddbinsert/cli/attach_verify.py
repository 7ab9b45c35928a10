"""attach-trigger --verify: verify the attached trigger in the same process, with the state that was just read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.cli.run import Outcome

if TYPE_CHECKING:
    from ddbinsert.cli.run import Run
    from ddbinsert.core.trigger.results import Converged
    from ddbinsert.operations.verify.context import VerifyContext
    from ddbinsert.operations.verify.prefetch import Prefetch
    from ddbinsert.render.terminal.screen import Screen


def start_prefetch(run: Run) -> Prefetch:
    """Start reading what verify needs while the trigger is being attached."""
    from ddbinsert.operations.verify.prefetch import Prefetch

    def context() -> VerifyContext:
        from ddbinsert.cli.verify import verify_context

        return verify_context(run)

    return Prefetch(context)


def proven(run: Run, done: Converged, early: Prefetch) -> Outcome:
    """Verify the attached trigger; the exit code is that of the verdict."""
    from ddbinsert.cli.verify import addressed, exit_code_of
    from ddbinsert.operations.verify.context import VerifyOptions
    from ddbinsert.operations.verify.prove import verify
    from ddbinsert.render import converged
    from ddbinsert.render.verdict import text as shown

    proof = addressed(
        run, verify(early.context, done.trigger, VerifyOptions(), known=done.world, early=early)
    )

    def human(screen: Screen) -> None:
        converged.trigger(screen, done, None)
        shown.human(screen, proof)

    data = {**converged.data(done, None), "verify": shown.data(proof)}
    return Outcome(data=data, human=human, exit_code=exit_code_of(proof))
