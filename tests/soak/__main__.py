"""Runs commands at random under random faults, and prints what was tried and what went wrong.

    python -m tests.soak [--seconds 600] [--seed N] [--write]

After each command that wrote items, the faults end, what the command printed for cleaning up is run, and the table must
hold what it held before. Exit code 1 if a verdict was false, an item or a temporary function was left, a traceback was
printed, or an exit code is not documented.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shlex
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert.errors import ExitCode
from tests.docs.generated import write_part
from tests.functional.command import Ran
from tests.soak.events import Event, Streams, draw
from tests.soak.ground import VERDICTS, Ground

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE = Path(__file__).parents[2] / "docs" / "robustness.md"
_PATIENCE = 120.0
#: The exit code of a result that could not be written.
_NOT_WRITTEN = 74
#: Exit codes of a command that nothing disturbs; 6 if its time-out is short, 5 if the trigger has no destination.
_USUAL = frozenset({ExitCode.OK, ExitCode.NO, ExitCode.INCONCLUSIVE})
_WRITERS = ("verify", "send")
#: The command that removes what a killed run left, as messages show it.
_REMEDY = re.compile(
    r"`(ddbinsert (?:(?:send|verify) [^`\n]*--clean|down [^`\n]*--function ddbinsert-tap-)[^`\n]*)`"
)


def _program(event: Event) -> str:
    """The Python program of an event: its circumstances inside the process, then the command."""
    lines = []
    match event.streams:
        case Streams.OUT_CLOSED:
            lines.append("import os; os.close(1)")
        case Streams.ERR_CLOSED:
            lines.append("import os; os.close(2)")
        case Streams.OUT_FULL | Streams.ERR_FULL | Streams.READ:
            pass
    if event.skew:
        lines.append(f"import time; right = time.time; time.time = lambda: right() + {event.skew}")
    if event.largest is not None:
        # Python 3.11 leaves half of a compiled module on a full disk, with which later commands would end.
        lines += ["import resource as r, sys; sys.dont_write_bytecode = True"]
        lines += [f"r.setrlimit(r.RLIMIT_FSIZE, ({event.largest}, r.getrlimit(r.RLIMIT_FSIZE)[1]))"]
    return "\n".join([*lines, "from ddbinsert.__main__ import run; run()"])


def _begun(ground: Ground, event: Event) -> subprocess.Popen[str]:
    with Path("/dev/full").open("wb") as full:
        return subprocess.Popen(
            [sys.executable, "-c", _program(event), *event.arguments],
            env=ground.variables,
            cwd=ground.home,
            stdin=subprocess.DEVNULL,
            stdout=full if event.streams is Streams.OUT_FULL else subprocess.PIPE,
            stderr=full if event.streams is Streams.ERR_FULL else subprocess.PIPE,
            text=True,
        )


def carry_out(ground: Ground, event: Event) -> Ran:
    """Run the command of an event, as a process."""
    ground.rig.inject(*event.faults)
    process = _begun(ground, event)
    if event.kill:
        timer = threading.Timer(event.kill[1], process.send_signal, (event.kill[0],))
        timer.start()
    try:
        said, told = process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        said, told = process.communicate()
        told = (told or "") + "\nSOAK: did not end"
    finally:
        ground.rig.heal()
        if event.kill:
            timer.cancel()
    return Ran(process.returncode, said or "", told or "")


def faults_of(event: Event, done: Ran) -> Iterator[str]:
    """What is wrong with a command's result."""
    began = "ddbinsert/" in done.err or "ddbinsert/" in done.out  # Python's own start is not ours
    if "Traceback" in done.err and began:
        yield "traceback"
    if "SOAK: did not end" in done.err:
        yield "did not end"
    if event.kill is not None and done.code == -event.kill[0]:
        return  # before Python's own start, or SIGKILL
    if done.code not in {*ExitCode, _NOT_WRITTEN}:
        yield f"exit code {done.code}"
    usual = _USUAL | ({ExitCode.PREREQUISITE} if event.arguments[0] == "failures" else set())
    if event.kinds == {"undisturbed"} and done.code not in usual:
        yield f"exit code {done.code} though nothing was in the way"
    if not event.kill and done.code in (0, 1) and done.code not in _verdicts(event):
        yield f"false verdict: exit code {done.code} of {event.arguments[0]} for the {event.table} trigger"
    wants_json = "json" in event.arguments and event.arguments[0] not in ("ls", "records", "tail")
    if wants_json and event.streams is Streams.READ and done.code != ExitCode.INTERRUPTED:
        try:
            json.loads(done.out)
        except ValueError:
            yield "stdout is not one JSON document"


def _verdicts(event: Event) -> set[int]:
    """The exit codes that a verdict of an event's command may have, if it has one."""
    match event.arguments[0]:
        case "verify" if "--wiretap" in event.arguments and event.table == "failing":
            return {0, 1, 6}  # it proves the filter
        case "verify" if "--observe" not in event.arguments:
            return VERDICTS[event.table]
        case "gaps" if event.table == "healthy":
            return {0, 6}
        case _:
            return {0, 1}


def left_over(ground: Ground, event: Event, done: Ran) -> Iterator[str]:
    """What a command left, after what was printed for its removal was run."""
    if event.arguments[0] not in _WRITERS:
        return
    told = done.err + done.out
    for _ in range(3):
        if ground.items(event.table) == ground.kept[event.table] and not ground.taps():
            break
        remedies = dict.fromkeys(_REMEDY.findall(told))
        for remedy in remedies:
            told += ground.run(*shlex.split(remedy)[1:]).err
        told += ground.run("status", event.table).err  # it lists what a killed run may have left
    left = ground.items(event.table) - ground.kept[event.table]
    if left:
        yield f"{len(left)} items left: {sorted(left)[:2]}"
        for key in left:
            ground.client("dynamodb").delete_item(TableName=event.table, Key={"pk": {"S": key}})
    for name in ground.taps():
        yield f"temporary function left: {name}"
        ground.client("lambda").delete_function(FunctionName=name)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--write", action="store_true", help="write the table to docs/robustness.md, too")
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311 - not a secret
    tried: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    commands = bad = 0
    sys.stderr.write(f"seed {given.seed}\n")
    with Ground() as ground:
        end = time.monotonic() + given.seconds
        while time.monotonic() < end:
            event = draw(chance)
            done = carry_out(ground, event)
            problems = [*faults_of(event, done), *left_over(ground, event, done)]
            commands, bad = commands + 1, bad + bool(problems)
            for kind in event.kinds:
                tried[kind] += 1
                wrong[kind] += bool(problems)
            if problems:
                sys.stderr.write(
                    f"{problems}\n  {event}\n  exit code {done.code}\n{done.out[-600:]}\n{done.err[-900:]}\n"
                )
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {given.seconds:g} seconds, seed {given.seed}: {commands} commands, {bad} of them wrong.",
        "",
        "| disturbed by | commands | wrong |",
        "|---|---:|---:|",
        *(f"| {kind} | {tried[kind]} | {wrong[kind]} |" for kind in sorted(tried)),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    if given.write:
        write_part(_PAGE, "<!-- soak -->", lines)
    return min(1, bad)


if __name__ == "__main__":
    raise SystemExit(main())
