"""Memory and time of a batch of 10,000 records and 6 MB, the most that Lambda gives to a function, in both languages.

    python -m pytest -m benchmark -s tests/benchmarks/bench_handlers.py

Each handler runs in a process of its own, and its sink is a scripted service on this machine that answers at once. Memory is
the process's peak; time is its processor time. A function with 128 MB has about a fourteenth of a processor (1,769 MB
are one), so that its time is estimated as fourteen times that.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core import receipt
from ddbinsert.core.model.wanted import FunctionSpec, Template
from ddbinsert.handlers import bundle
from ddbinsert.handlers.worker import Worker
from tests.benchmarks.figures import figure
from tests.functional.handlers.fake_aws import FakeAws
from tests.functional.handlers.handler_bench import ARNS, NODE, agreeable, record

if TYPE_CHECKING:
    from ddbinsert.core.logs.invocation import Invocation

RECORDS = int(os.environ.get("BENCH_RECORDS", "10000"))
PAYLOAD = 6 * 1024 * 1024
MEMORY = FunctionSpec().memory
#: Lambda's own options for Node.js in a function of 128 MB.
NODE_OPTIONS = f"--max-old-space-size={MEMORY * 9 // 10} --max-semi-space-size={MEMORY * 5 // 100}"
CASES = [
    (Template.PRINT, None),
    (Template.AUDIT_LOG, None),
    (Template.AUDIT_LOG, "table"),
    (Template.AUDIT_LOG, "bucket"),
    (Template.AUDIT_LOG, "logs"),
    (Template.ANALYTICS, "firehose"),
    (Template.ANALYTICS, "bus"),
    (Template.NOTIFY, "queue"),
]


def batch() -> list[dict[str, Any]]:
    """Records that are 6 MB of JSON together."""
    bare = [record(number) for number in range(1, RECORDS + 1)]
    fill = (PAYLOAD - len(json.dumps({"Records": bare}, separators=(",", ":")))) // RECORDS - 16
    return [record(number, v={"S": "x" * max(fill, 0)}) for number in range(1, RECORDS + 1)]


def peak_and_seconds(pid: int) -> tuple[float, float]:
    """MB at the peak, and processor seconds so far, of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return peak / 1024, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def done(outcome: Invocation) -> int:
    found = (receipt.parse(line) for line in outcome.log.splitlines())
    return sum(one is not None and one["decision"] == "processed" for one in found)


@pytest.mark.benchmark
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
@pytest.mark.parametrize("runtime", ["python3.13", NODE])
@pytest.mark.parametrize(("template", "sink"), CASES)
def test_a_full_batch_fits_the_default_memory(template: Template, sink: str | None, runtime: str) -> None:
    settings = {"SINK_ARN": ARNS[sink]} if sink else {}
    records = batch()
    with FakeAws(answer=agreeable) as aws:
        surroundings = {"PATH": os.environ["PATH"], **aws.variables()}
        package = bundle(template, runtime, settings)
        environment = {**settings, "NODE_OPTIONS": NODE_OPTIONS}
        with Worker(
            package, runtime=runtime, name="f", environment=environment, surroundings=surroundings
        ) as worker:
            first = worker.invoke({"Records": records[:1]}, request_id="r", seconds=60)
            assert done(first) == 1, first
            process = worker._process
            assert process is not None
            before, started = peak_and_seconds(process.pid)
            outcome = worker.invoke({"Records": records[1:]}, request_id="r", seconds=900)
            peak, ended = peak_and_seconds(process.pid)
            aws.calls.clear()
    assert done(outcome) == RECORDS - 1, outcome.error
    busy = ended - started
    figure(
        f"memory of `{template}`, {sink or 'no sink'}, {runtime}, {RECORDS:,} records of 6 MB in all",
        against="Lambda's default memory",
        measured=f"{peak:.0f} MB ({before:.0f} MB before) and {MEMORY} MB; {busy:.1f} s of processor time",
        ratio=peak / MEMORY,
        most=1.0,
    )
