"""Compiled patterns on parsed records, one core, against other engines in the same run.

    python -m pytest -m benchmark -s tests/benchmarks/bench_pattern.py

Against a bare hand-written comparison, the matcher of the embedded emulator, and the Python peers that can be
imported: moto's EventPattern (pip install moto) and event-ruler (pip install event-ruler: a Go engine; it gets
the records as JSON text, made beforehand). BENCH_PEERS names a folder to look for the peers in, so that they
need not be installed beside ddbinsert. Engines take turns; the fastest round of each counts, in processor time.
A peer that judges a case differently is told, and does not count as the fastest there.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ddbinsert.core.pattern.matcher import compile_pattern
from tests.benchmarks.figures import figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
#: Few enough to stay in the processor's cache, where a record is that was just parsed; far more than that, and
#: every engine waits for memory.
COUNT = int(os.environ.get("BENCH_RECORDS", "2000"))
PASSES = 50
#: At least so many times the fastest peer.
TIMES = 1.5

ONE = {"eventName": ["INSERT"]}
THREE = {
    "eventName": ["INSERT"],
    "dynamodb": {
        "Keys": {"pk": {"S": [{"prefix": "ORDER#"}]}},
        "NewImage": {"status": {"S": [{"anything-but": ["TEST"]}]}},
    },
}


def records() -> list[dict[str, Any]]:
    """Inserts, changes and removals; of the inserts two thirds pass either further clause."""
    made = []
    for number in range(COUNT):
        event = ("INSERT", "MODIFY", "REMOVE")[number % 3]
        key = {"pk": {"S": f"{('ORDER', 'ORDER', 'USER')[number // 3 % 3]}#{number}"}}
        image = {**key, "status": {"S": ("NEW", "OPEN", "TEST")[number // 9 % 3]}, "n": {"N": str(number)}}
        change: dict[str, Any] = {"Keys": key, "SequenceNumber": str(10**20 + number), "SizeBytes": 40}
        change |= {"REMOVE": {"OldImage": image}}.get(event, {"NewImage": image})
        made.append(
            {
                "eventID": f"{number:032x}",
                "eventName": event,
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "eu-central-1",
                "dynamodb": change,
            }
        )
    return made


class Engine(NamedTuple):
    """A matcher: called with a record (or its JSON text), and with `pattern` where that isn't None."""

    matches: Callable[..., object]
    pattern: object = None
    takes_text: bool = False
    is_slow: bool = False

    def seconds(self, over: Sequence[Any], passes: int) -> float:
        matches, pattern = self.matches, self.pattern
        started = time.process_time()
        if pattern is None:
            for _ in range(passes):
                for record in over:
                    matches(record)
        else:
            for _ in range(passes):
                for record in over:
                    matches(record, pattern)
        return time.process_time() - started

    def rate(self, over: Sequence[Any]) -> float:
        """Records a second in the fastest round."""
        passes = 1 if self.is_slow else PASSES  # a rate is a rate
        return passes * len(over) / min(self.seconds(over, passes) for _ in range(ROUNDS))

    def judge(self, record: Any) -> bool:
        answer = self.matches(record) if self.pattern is None else self.matches(record, self.pattern)
        return bool(answer[0] if isinstance(answer, tuple) else answer)


def engines(pattern: dict[str, Any]) -> dict[str, Engine]:
    """ddbinsert's, the emulator's, and the peers that are here."""
    text = json.dumps(pattern)
    emulator = importlib.import_module("ministack.services.lambda_svc")
    found = {
        "ddbinsert": Engine(compile_pattern(pattern).matches),
        "emulator": Engine(emulator._match_esm_filter, pattern),
    }
    if os.environ.get("BENCH_PEERS"):
        sys.path.append(os.environ["BENCH_PEERS"])
    try:
        events = importlib.import_module("moto.events.models")
    except ImportError:
        print("moto is not here: pip install moto")
    else:
        found["moto"] = Engine(events.EventPattern.load(text).matches_event, is_slow=True)
    try:
        ruler = importlib.import_module("event_ruler")
    except Exception as error:  # noqa: BLE001 - its Go library may not load
        print(f"event-ruler is not here ({type(error).__name__}): pip install event-ruler")
    else:
        found["event-ruler"] = Engine(ruler.test_event_pattern, text, takes_text=True, is_slow=True)
    return found


def bare(record: dict[str, Any]) -> bool:
    """What one would write by hand for eventName alone."""
    return record.get("eventName") == "INSERT"


@pytest.mark.benchmark
@pytest.mark.parametrize("pattern", [ONE, THREE], ids=["one clause", "three clauses"])
def test_the_engine_is_at_least_one_and_a_half_times_as_fast_as_any_peer(pattern: dict[str, Any]) -> None:
    made = records()
    texts = list(map(json.dumps, made))
    found = engines(pattern)
    expected = list(map(found["ddbinsert"].judge, made))
    rates: dict[str, float] = {}
    print(f"\n{json.dumps(pattern)}\n  {sum(expected)} of {len(made)} records match")
    for name, engine in found.items():
        over: Sequence[Any] = texts if engine.takes_text else made
        try:
            wrong = sum(engine.judge(one) is not want for one, want in zip(over, expected, strict=True))
        except RuntimeError as error:
            print(f"  {name:12} refuses the pattern: {error}")
            continue
        rate = engine.rate(over)
        print(
            f"  {name:12} {rate:12,.0f} records/s" + (f", wrong on {wrong} of {len(over)}" if wrong else "")
        )
        if not wrong:
            rates[name] = rate
    print(f"  {'by hand':12} {Engine(bare).rate(made):12,.0f} records/s, of eventName alone")
    ours = rates.pop("ddbinsert")
    peer = max(rates, key=lambda name: rates[name])
    figure(
        f"filter engine, {'one clause' if len(pattern) == 1 else 'three clauses'}",
        against=f"the fastest peer, {peer}'s",
        measured=f"{ours:,.0f} and {rates[peer]:,.0f} records/s",
        ratio=ours / rates[peer],
        least=TIMES,
    )
