"""One request id for all attempts at a batch, as Lambda has it; and nobody who reads by it is misled."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.bench import until
from tests.strict.rig import Logs, Profile
from tests.strict.sabotage import handlers
from tests.strict.sabotage.ground import FAST, Ground
from tests.strict.test_rig_mappings import QUICK, attached

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench

SAME = Profile(
    mappings=replace(QUICK, same_request_id=True), logs=Logs(lag=0.0, page=1000, empty_page_every=0)
)
#: Says which record it was given by which request; fails on the key "poison", and on "late" at first.
TELLING = """
import os, tempfile

def handler(event, context):
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["pk"]["S"]
        print("GIVEN", key, context.aws_request_id)
        with open(os.path.join(tempfile.gettempdir(), context.function_name + key), "a") as seen:
            seen.write("x")
        if key == "poison" or (key == "late" and os.path.getsize(seen.name) < 4):
            raise ValueError(key)
"""


def ids(lines: list[str], pattern: str) -> list[str]:
    return [found[1] for line in lines if (found := re.match(pattern, line))]


def test_every_attempt_at_a_batch_bears_the_first_ones_id(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(SAME)
    table, function = bench.table(), bench.function(TELLING)
    attached(bench, table, function, BatchSize=1)
    for key in ("before", "poison"):
        bench.put(table, key)
    seen: list[list[str]] = []

    def retried() -> bool:
        seen.append(bench.messages(f"/aws/lambda/{function}"))
        return len(ids(seen[-1], "GIVEN poison (.+)")) >= 4

    assert until(retried)
    # Whenever one looks: no other id was ever shown.
    assert len({one for lines in seen for one in ids(lines, "GIVEN poison (.+)")}) == 1
    (poison,) = set(ids(seen[-1], "GIVEN poison (.+)"))
    (before,) = ids(seen[-1], "GIVEN before (.+)")
    assert before != poison
    for pattern in (r"START RequestId: (\S+) ", r"END RequestId: (\S+)", r"REPORT RequestId: (\S+)\t"):
        told = ids(seen[-1], pattern)
        assert set(told) == {before, poison}
        assert (told.count(before), told.count(poison) >= 4) == (1, True)


def test_the_attempt_that_succeeds_bears_it_and_the_next_batch_another(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(SAME)
    table, function = bench.table(), bench.function(TELLING)
    attached(bench, table, function, BatchSize=1)
    for key in ("late", "after"):
        bench.put(table, key)
    lines: list[str] = []

    def done() -> bool:
        lines[:] = bench.messages(f"/aws/lambda/{function}")
        return bool(ids(lines, "GIVEN after (.+)"))

    assert until(done)
    late, after = ids(lines, "GIVEN late (.+)"), ids(lines, "GIVEN after (.+)")
    assert (len(late), len(set(late)), len(after)) == (4, 1, 1)
    assert set(late).isdisjoint(after)


def test_halves_of_a_batch_are_requests_of_their_own(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(SAME)
    table, function = bench.table(), bench.function(TELLING)
    bench.put(table, "poison")
    bench.put(table, "b")
    attached(bench, table, function, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    lines: list[str] = []

    def done() -> bool:
        lines[:] = bench.messages(f"/aws/lambda/{function}")
        return bool(ids(lines, "GIVEN b (.+)"))

    assert until(done)
    whole, half = ids(lines, "GIVEN poison (.+)")
    assert len({whole, half, *ids(lines, "GIVEN b (.+)")}) == 3


def test_verify_counts_invocations_and_records_not_request_ids(
    emulator: local.Emulator, tmp_path: Path
) -> None:
    """Each item's first record fails twice, and its receipts of three attempts would bear one id."""
    with Ground(emulator, tmp_path, FAST) as ground:
        ground.attach_code(handlers.FAILS_AT_FIRST_ON_EACH, "--batch-size", "1", "--retries", "5")
        judged = ground.verify("--timeout", "30s")
        lines = ground.aws.messages(ground.log_group)
    assert judged.result == "PASS", judged.summary
    reports = ids(lines, r"REPORT RequestId: (\S+)\t")
    assert len(set(reports)) < len(reports)
    (told,) = [one["text"] for one in judged.answer.json["data"]["evidence"] if one["side"] == "invocations"]
    assert len(set(reports)) < int(told.split()[0]) <= len(reports), told
    assert not judged.notes  # what failed before it left a receipt is no second delivery
