"""Builds and verifies every case, and prints the confusion matrix: ``python -m tests.strict.sabotage [PART ...]``.

With words, only the cases whose names, or whose modules' names, contain one of them. Exits with 1 where a verdict or a cause is wrong.
"""

from __future__ import annotations

import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert import local
from ddbinsert.environment import SystemClock
from tests.strict.sabotage.cases import HEALTHY, SABOTAGE
from tests.strict.sabotage.matrix import BROKEN, WELL, compared, table
from tests.strict.sabotage.matrix import carried_out as carry_out

if TYPE_CHECKING:
    from tests.strict.sabotage.case import Case

#: Cases side by side; most of their time is waiting.
_AT_ONCE = 2


def main(words: list[str]) -> int:
    out, progress = sys.stdout, sys.stderr  # commands that run meanwhile send these elsewhere
    cases = [(WELL, case) for case in HEALTHY] + [(BROKEN, case) for case in SABOTAGE]
    chosen = [(kind, case) for kind, case in cases if _is_chosen(case, words)]
    with (
        local.ephemeral(environ=os.environ, clock=SystemClock()) as emulator,
        tempfile.TemporaryDirectory(prefix="ddbinsert-sabotage-") as folder,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        homes = [Path(tempfile.mkdtemp(dir=folder)) for _ in chosen]
        futures = [
            pool.submit(carry_out, case, emulator, home)
            for (_, case), home in zip(chosen, homes, strict=True)
        ]
        outcomes = []
        for (kind, case), future in zip(chosen, futures, strict=True):
            outcomes.append(compared(case, kind, future.result()))
            progress.write(f"{len(outcomes)} of {len(chosen)}: {case.name}\n")
    out.write(table(outcomes) + "\n")
    return int(any(one.news for one in outcomes))


def _is_chosen(case: Case, words: list[str]) -> bool:
    return not words or any(word in f"{case.build.__module__}: {case.name}" for word in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
