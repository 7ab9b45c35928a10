"""Looks for inputs that crash ddbinsert, or that two readers of it see differently.

    python -m tests.fuzz --seconds 60                each target for a minute, with hypothesis
    python -m tests.fuzz --only pattern --seed 7     one target; the same inputs again
    python -m tests.fuzz --engine atheris            guided by coverage: pip install -r tests/fuzz/requirements.txt

A finding is shrunk and kept in tests/fuzz/seeds, which every test run replays. Exit codes: 0 nothing found, 1 findings,
2 usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from tests.fuzz.model import Target

_ROUND = 400
#: One input that takes longer is a finding.
_LONGEST = 60
_TOP = Path(__file__).parents[2]


class TooSlow(Exception):
    """An input took longer than any should."""


@dataclass
class Hunt:
    """What was tried on a target, and the inputs that were found."""

    target: Target
    tried: int = 0
    last: bytes = b""

    def check(self, data: bytes) -> None:
        self.tried += 1
        self.last = data
        signal.alarm(_LONGEST)
        try:
            self.target.check(data)
        finally:
            signal.alarm(0)

    def run(self, seconds: float, seed: int) -> list[Path]:
        """Try inputs for some seconds; the files of the findings."""
        found: dict[str, Path] = {}
        end, number = time.monotonic() + seconds, seed
        while time.monotonic() < end:
            number += 1
            try:
                _properties(self.check, self.target, number)()
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                place = _place(error)
                if place not in found:
                    found[place] = self.target.keep(self.last)
                    sys.stdout.write(
                        f"\n{self.target.name}: {self.last!r}\n{traceback.format_exc()[-3000:]}\n"
                    )
        return list(found.values())


def _properties(check: Callable[[bytes], None], target: Target, seed: int) -> Callable[[], None]:
    @hypothesis.seed(seed)
    @settings(
        max_examples=_ROUND,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
    )
    @given(target.inputs())
    def tried(data: bytes) -> None:
        check(data)

    return tried


def _place(error: BaseException) -> str:
    """Where an error was raised: another input that fails there is no other finding."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} {last.filename}:{last.lineno}"


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    raise TooSlow


def _guided(target: Target, seconds: float) -> tuple[str, list[Path]]:
    """Try inputs with atheris, in a process of its own; how many, and the files of the findings."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        corpus = folder / "corpus"
        corpus.mkdir()
        for seed, data in target.seeds.items():
            (corpus / seed).write_bytes(data)
        words = "\n".join(map(_dictionary_entry, target.tokens))
        (folder / "words").write_text(words + "\n", encoding="ascii")
        options = (
            f"-max_total_time={int(seconds)}",
            f"-artifact_prefix={folder}/",
            f"-dict={folder / 'words'}",
            f"-timeout={_LONGEST}",
            "-print_final_stats=1",
        )
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.guided", target.name, str(corpus), *options],
            cwd=_TOP,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
        )
        said = done.stdout + done.stderr
        kept = [
            target.keep(path.read_bytes())
            for pattern in ("crash-*", "timeout-*")
            for path in folder.glob(pattern)
        ]
        count = next(
            (line.split()[-1] for line in said.splitlines() if "number_of_executed_units" in line), ""
        )
        if kept or not count:
            sys.stdout.write(f"\n{target.name}:\n{said[-4000:]}\n")
        return count or "failed", kept


def _dictionary_entry(token: str) -> str:
    """A token as libFuzzer's dictionaries have it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in token.encode()) + '"'


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target [default: 60]")
    parser.add_argument(
        "--only", metavar="NAME", action="append", choices=list(TARGETS), help=", ".join(TARGETS)
    )
    parser.add_argument("--engine", choices=("hypothesis", "atheris"), default="hypothesis")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args(arguments)
    sys.stderr.write(f"seed {given.seed}\n")
    signal.signal(signal.SIGALRM, _too_slow)
    rows, findings = [], 0
    try:
        for target in (TARGETS[name] for name in given.only or TARGETS):
            if given.engine == "atheris":
                tried, found = _guided(target, given.seconds)
            else:
                hunt = Hunt(target)
                found = hunt.run(given.seconds, given.seed)
                tried = str(hunt.tried)
            failed = tried == "failed"
            findings += len(found) + failed
            rows.append(f"| {target.name} | {tried} | {len(found)} |")
            sys.stderr.write(f"{target.name}: {tried} inputs, {len(found)} findings\n")
    except KeyboardInterrupt:
        return 130
    sys.stdout.write("\n".join(["| target | inputs | findings |", "|---|---:|---:|", *rows]) + "\n")
    return min(findings, 1)


if __name__ == "__main__":
    raise SystemExit(main())
