"""A reader of the manual: somebody with a fresh clone, a terminal and the embedded emulator, who types what pages show."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from ddbinsert import local
from ddbinsert.environment import SystemClock
from ddbinsert.errors import ExitCode
from tests.docs.pages import ROOT, Shown, lines_of, programs, sessions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.pages import Block

#: Runs of a block until it is not inconclusive any more: a reader is slower, and what is seconds old cannot be judged.
_ATTEMPTS = 30
#: Options with which a command runs until Ctrl-C.
_ENDLESS = re.compile(r" --(?:follow|watch)\b")


class Reader:
    """One person in one folder.

    ``python3 -m venv`` makes an environment in which ddbinsert is installed already; what pip and pytest are called with
    is written to the file ``called`` instead.
    """

    def __init__(self, folder: Path, *, excused: frozenset[str] = frozenset(), is_local: bool = True) -> None:
        """Prepare the folder.

        Args:
            excused: Lines that are not run.
            is_local: The commands go to the embedded emulator without ``--local``.
        """
        self.folder = folder / "clone"
        self.folder.mkdir()
        self.called = folder / "called"
        self._excused = excused
        self._exported: list[str] = []
        tools = folder / "tools"
        (tools / "venv").mkdir(parents=True)
        note = f'echo "$(basename "$0") $*" >> {self.called}'
        python = f'case "$*" in *pytest*) {note} ;; *) exec {sys.executable} "$@" ;; esac'
        bin_folder = self.folder / ".venv" / "bin"
        programs_of_the_reader = {
            "python3": f'[ "$1 $2" = "-m venv" ] || exec {sys.executable} "$@"\n'
            f'mkdir -p "$3/bin"\ncp {tools}/venv/* "$3/bin/"',
            "venv/pip": note,
            "venv/python": python,
            "venv/ddbinsert": f'exec {sys.executable} -m ddbinsert "$@"',
            "venv/pytest": note,
            "venv/activate": f"PATH={bin_folder}:$PATH",
            "pytest": f'exec {sys.executable} -m pytest "$@"',
        }
        for name, content in programs_of_the_reader.items():
            (tools / name).write_text(f"#!/bin/sh\n{content}\n")
            (tools / name).chmod(0o755)
        self.variables = {
            "PATH": f"{tools}:{bin_folder}:/usr/bin:/bin",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "DDBINSERT_STATE_DIR": str(folder / "state"),
            "NO_COLOR": "1",
            **({"DDBINSERT_LOCAL": "true"} if is_local else {}),
        }

    def close(self) -> None:
        local.stop(local.state_directory(self.variables), clock=SystemClock())

    def installs(self) -> None:
        """Have ddbinsert, as after the installation."""
        self.types("python3 -m venv .venv")

    def prepares(self, script: str) -> None:
        """Run what a page assumes; what it exports holds from then on."""
        self.types(script)
        self._exported += [line for line in lines_of(script) if line.startswith("export ")]

    def types(self, script: str, exit_code: int = 0) -> str:
        """Run a script as it stands; what it printed to stdout.

        Args:
            exit_code: What its last line must end with.
        """
        done = self._run(script)
        if done.returncode == ExitCode.USAGE and "Confirmation is needed" in done.stdout + done.stderr:
            done = self._run(f"{script.rstrip()} --yes")  # what somebody at a terminal answers
        for _ in range(_ATTEMPTS):
            if done.returncode == exit_code or done.returncode != ExitCode.INCONCLUSIVE:
                break
            done = self._run(script)
        assert done.returncode == exit_code, f"{script}\n→ {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout

    def follows(self, block: Block) -> None:
        """Do what a block of a page says: save it as a file, or type its commands and compare their output."""
        if block.file:
            (self.folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / block.file).write_text(block.text)
        elif block.language == "console":
            for shown in sessions(block.text):
                self.sees(shown, block.exit_code)
        elif block.language == "sh":
            kept = [line for line in lines_of(block.text) if line not in self._excused]
            endless = [line for line in kept if _ENDLESS.search(line)]
            if plain := [line for line in kept if line not in endless]:
                self.types("\n".join(plain), block.exit_code)
            for line in endless:
                self.watches(line)
            self._exported += [line for line in kept if "export" in programs(line)]

    def sees(self, shown: Shown, exit_code: int) -> None:
        """Run a command whose output is shown: the page must show what it prints."""
        printed = self.types(f"exec 2>&1\n{shown.command}", exit_code)
        assert has_lines(printed, shown.output), f"{shown.command}\n{printed}\nthe page shows\n{shown.output}"

    def watches(self, line: str) -> None:
        """Run a command that does not end until it printed something, then press Ctrl-C."""
        process = subprocess.Popen(
            ["/bin/bash", "-c", f"exec {line}"],
            env=self.variables,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate()
        assert first, line
        assert process.returncode == ExitCode.INTERRUPTED, f"{line}\n→ {process.returncode}\n{first}{rest}"

    def _run(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/bash", "-c", "\n".join(["set -e", *self._exported, script])],
            env=self.variables,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


# --- what a page shows of an output -----------------------------------------------------------------------

#: What differs from run to run.
_VARYING = (
    (r"arn:aws:[^\s,)\"']+", "ARN"),
    (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)?", "TIME"),
    (r"\b\d{4}-\d\d-\d\d\b", "DATE"),
    (r"\b[0-9.]+ (?:ms|s|min|h)\b", "DURATION"),
    (r"\b\d+ checks passed", "CHECKS passed"),
    (r" {2,}", "  "),
)


def has_lines(printed: str, shown: str) -> bool:
    """Whether what a page shows is in the output, in order.

    A line ``…`` stands for any lines, ``…`` in a line for any text; between two other lines, there is nothing but the line
    with which each command names the account.
    """
    rest = [_plain(line) for line in printed.splitlines() if not line.startswith("ddbinsert: account ")]
    for part in re.split(r"^\s*…\s*$", shown, flags=re.MULTILINE):
        wanted = [_plain(line) for line in part.strip("\n").splitlines()]
        starts = range(len(rest) - len(wanted) + 1)
        place = next((one for one in starts if _fits(rest[one : one + len(wanted)], wanted)), None)
        if place is None:
            return False
        rest = rest[place + len(wanted) :]
    return True


def _fits(lines: list[str], wanted: list[str]) -> bool:
    return all(_pattern(shown).fullmatch(line) for line, shown in zip(lines, wanted, strict=True))


def _pattern(shown: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, shown.split("…"))))


def _plain(line: str) -> str:
    for pattern, name in _VARYING:
        line = re.sub(pattern, name, line)
    return line.strip()
