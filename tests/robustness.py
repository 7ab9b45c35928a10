"""The table of docs/robustness.md: what was tried in each class, and what survived.

    python -m tests.robustness

A case is a parametrized test; it survives if it passes. Takes some minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

#: Class to what pytest runs for it.
CLASSES = {
    "credentials": ("tests/functional/test_credentials.py", "tests/functional/test_connection_errors.py"),
    "endpoints": ("tests/functional/test_odd_endpoints.py", "tests/unit/aws/test_errors.py"),
    "streams": ("tests/functional/test_lost_streams.py", "-k", "exit_code or prints"),
    "signals": ("tests/functional/test_lost_streams.py", "-k", "signal or killed"),
    "environments": ("tests/functional/test_state_safety.py",),
    "clocks": ("tests/functional/test_clock_skew.py", "tests/unit/core/test_clock.py"),
    "documents": (
        "tests/unit/core/items",
        "tests/unit/operations/items/test_files.py",
        "tests/functional/test_filter_commands.py",
    ),
    "archives": (
        "tests/functional/test_function_code.py",
        "tests/unit/handlers/test_code.py",
        "tests/unit/handlers/test_requirements.py",
    ),
    "terminals": (
        "tests/unit/render/terminal",
        "tests/functional/test_command_contract.py",
        "-k",
        "not completion",
    ),
}
TOP = Path(__file__).parents[1]


class Tried(NamedTuple):
    """Cases of a class that were run, and those that failed."""

    cases: int
    failed: int


def tried(selection: tuple[str, ...]) -> Tried:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                f"--junitxml={report}",
                *selection,
            ],
            cwd=TOP,
            check=False,
            stdout=subprocess.DEVNULL,
        )
        suite = ET.parse(report).getroot().find("testsuite")  # noqa: S314 - pytest wrote it
    if suite is None:
        raise SystemExit(f"pytest ran nothing for {selection}")
    count = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
    return Tried(count["tests"] - count["skipped"], count["failures"] + count["errors"])


def main() -> int:
    sys.stdout.write("| class | tried | survived |\n|---|---:|---:|\n")
    lost = 0
    for name, selection in CLASSES.items():
        result = tried(selection)
        lost += result.failed
        sys.stdout.write(f"| {name} | {result.cases} | {result.cases - result.failed} |\n")
        sys.stdout.flush()
    return min(lost, 1)


if __name__ == "__main__":
    sys.exit(main())
