"""verify --repeat and --every: one JSON line per run, metrics for alarms, one exit code."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import DdbInsertError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.core.proof.proof import Proof

#: Exit codes from the worst on: the worst of several runs is returned.
_WORST = (ExitCode.NO, ExitCode.INCONCLUSIVE)


def repeat(
    run: Run,
    once: Callable[[], Proof],
    *,
    times: int,
    every: float,
    code_of: Callable[[Proof], ExitCode],
    emit: bool,
) -> Outcome:
    """Run ``once`` every ``every`` seconds.

    Args:
        times: Number of runs; 0 for no limit.
        every: Seconds between the starts of two runs.
        emit: Publish each run's result as CloudWatch metrics.
    """
    seen: set[int] = set()
    for number in itertools.count(1):
        began = run.clock.monotonic()
        code = _one(run, once, number, code_of=code_of, emit=emit)
        seen.add(int(code))
        if number == times:
            break
        left = every - (run.clock.monotonic() - began)
        if left > 0:
            run.reporter.waiting("the next run", 0.0, f"in {left:.0f} s")
            run.clock.sleep(left)
    worst = next((code for code in _WORST if code in seen), ExitCode(max(seen)))
    return Outcome(exit_code=worst, printed=True)


def _one(
    run: Run,
    once: Callable[[], Proof],
    number: int,
    *,
    code_of: Callable[[Proof], ExitCode],
    emit: bool,
) -> ExitCode:
    """Make one run and print its line. An error of AWS ends this run, not the following ones."""
    from ddbinsert.render import machine
    from ddbinsert.render.verdict import text as verdict

    try:
        proof = once()
    except DdbInsertError as error:
        _print(run, machine.envelope(run.command, error.exit_code, errors=[machine.failure(error)]))
        if number == 1:
            raise  # the first run failed, so the later ones would fail, too
        return error.exit_code
    code = code_of(proof)
    _print(run, machine.envelope(run.command, code, data=verdict.data(proof), warnings=run.reporter.warnings))
    if emit:
        from ddbinsert.operations.verify.publish import publish

        publish(run.aws, proof)
    return code


def _print(run: Run, document: dict[str, object]) -> None:
    from ddbinsert.render import machine

    run.reporter.finish()
    run.environment.out.write(machine.dumps(document, indent=None) + "\n")
    run.environment.out.flush()
