"""Runs commands at random under random faults, and prints what was tried and what went wrong.

    python -m tests.soak [--seconds 600] [--seed N]

After each command that wrote items, the faults end, what the command printed for cleaning up is run, and the table must
hold what it held before. Exit code 1 if a verdict was false, an item or a temporary function was left, a traceback was
printed, or an exit code is not documented.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shlex
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from ddbinsert.errors import ExitCode
from tests.functional.command import Ran
from tests.soak.events import Event, Streams, draw
from tests.soak.ground import VERDICTS, Ground

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 120.0
#: The exit code of a result that could not be written.
_NOT_WRITTEN = 74
_WRITERS = ("verify", "send")
#: The command that removes what a killed run left, as messages show it.
_REMEDY = re.compile(
    r"`(ddbinsert (?:(?:send|verify) [^`\n]*--clean|down [^`\n]*--function ddbinsert-tap-)[^`\n]*)`"
)


def carry_out(ground: Ground, event: Event) -> Ran:
    """Run the command of an event, as a process."""
    ground.rig.inject(*event.faults)
    opened = []
    out: int = subprocess.PIPE
    err: int = subprocess.PIPE
    before = ""
    match event.streams:
        case Streams.OUT_FULL | Streams.ERR_FULL:
            opened.append(os.open("/dev/full", os.O_WRONLY))
            out, err = (opened[0], err) if event.streams is Streams.OUT_FULL else (out, opened[0])
        case Streams.OUT_CLOSED:
            before = "import os; os.close(1)"
        case Streams.ERR_CLOSED:
            before = "import os; os.close(2)"
        case Streams.READ:
            pass
    program = f"{before}\nfrom ddbinsert.__main__ import run; run()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *event.arguments],
        env=ground.variables,
        cwd=ground.home,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        text=True,
    )
    for number in opened:
        os.close(number)
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
    is_verdict = event.arguments[0] == "verify" and not event.kill
    if is_verdict and "--observe" not in event.arguments:
        allowed = VERDICTS[event.table]
        if "--wiretap" in event.arguments:
            allowed = {"failing": {0, 1, 6}}.get(event.table, allowed)  # it proves the filter
        if done.code in (0, 1) and done.code not in allowed:
            yield f"false verdict: exit code {done.code} for the {event.table} trigger"
    wants_json = "json" in event.arguments and event.arguments[0] not in ("ls", "records", "tail")
    if wants_json and event.streams is Streams.READ and done.code != ExitCode.INTERRUPTED:
        try:
            json.loads(done.out)
        except ValueError:
            yield "stdout is not one JSON document"


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
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311 - not a secret
    tried: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    sys.stderr.write(f"seed {given.seed}\n")
    with Ground() as ground:
        end = time.monotonic() + given.seconds
        while time.monotonic() < end:
            event = draw(chance)
            done = carry_out(ground, event)
            problems = [*faults_of(event, done), *left_over(ground, event, done)]
            for kind in event.kinds:
                tried[kind] += 1
                wrong[kind] += bool(problems)
            if problems:
                sys.stderr.write(
                    f"{problems}\n  {event}\n  exit code {done.code}\n{done.out[-600:]}\n{done.err[-900:]}\n"
                )
    sys.stdout.write("| disturbed by | commands | wrong |\n|---|---:|---:|\n")
    for kind in sorted(tried):
        sys.stdout.write(f"| {kind} | {tried[kind]} | {wrong[kind]} |\n")
    return min(1, sum(wrong.values()))


if __name__ == "__main__":
    raise SystemExit(main())
