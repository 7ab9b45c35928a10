"""What a soak draws at random: commands, faults, signals, and what happens to the two streams."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.soak.ground import VERDICTS
from tests.strict.rig.faults import Fault, FaultKind

if TYPE_CHECKING:
    import random

#: Commands about one trigger, without the table; those that write items are tried more often.
COMMANDS = (
    *((("verify",),) * 4),
    ("verify", "--wiretap"),
    ("verify", "--match"),
    ("verify", "--count", "40"),
    ("verify", "--observe", "--for", "2s"),
    *((("send", "--count", "15", "--hold", "0s"),) * 2),
    ("send", "--count", "60", "--modify", "--hold", "0s"),
    ("status",),
    ("doctor",),
    ("records",),
    ("gaps", "--settle", "5s"),
    ("tail", "--last", "20"),
    ("attach-trigger", "--dry-run"),
    ("failures", "list"),
    ("export", "terraform", "--from-live"),
    ("drift",),
    ("down", "--dry-run"),
    ("filter", "backtest", "--pattern", '{"eventName":["INSERT"]}'),
    ("backfill", "--limit", "1", "--yes"),
    ("ls",),
)
_OPERATIONS = ("*", "dynamodb:*", "lambda:*", "logs:*", "dynamodbstreams:*", "iam:*", "FilterLogEvents", "PutItem", "DeleteItem", "BatchWriteItem", "GetRecords")  # fmt: skip


#: Seconds by which the client's clock is ahead of the endpoint's: AWS accepts up to five minutes.
SKEWS = (-280.0, -45.0, 45.0, 280.0)
#: Bytes that a file may have on a full disk.
FULL = (0, 200, 4096)


class Streams(StrEnum):
    """What happens to stdout and stderr."""

    READ = "read"
    OUT_CLOSED = "stdout closed"
    OUT_FULL = "stdout full"
    ERR_CLOSED = "stderr closed"
    ERR_FULL = "stderr full"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One command under its circumstances.

    Attributes:
        table: The trigger's table.
        arguments: The whole command line.
        kill: A signal, and the seconds after which it is sent.
        skew: Seconds by which the client's clock is ahead.
        largest: Bytes that a file may have; None without a limit.
    """

    table: str
    arguments: tuple[str, ...]
    faults: tuple[Fault, ...] = ()
    kill: tuple[signal.Signals, float] | None = None
    streams: Streams = Streams.READ
    skew: float = 0.0
    largest: int | None = None

    @property
    def kinds(self) -> set[str]:
        """The classes of the table that is printed."""
        found = {f"fault: {fault.kind.value.replace('_', ' ')}" for fault in self.faults}
        if self.kill:
            found.add(f"signal: {self.kill[0].name}")
        if self.streams is not Streams.READ:
            found.add(f"stream: {self.streams}")
        if self.skew:
            found.add(f"clock: {'ahead' if self.skew > 0 else 'behind'}")
        if self.largest is not None:
            found.add("disk full")
        return found or {"undisturbed"}


def _faults(chance: random.Random) -> tuple[Fault, ...]:
    number = chance.choice((0, 0, 1, 1, 2, 3))
    return tuple(
        Fault(
            operation=chance.choice(_OPERATIONS),
            kind=chance.choice(list(FaultKind)),
            times=chance.choice((1, 2, 5, 20, None)),
            every=chance.choice((1, 2, 3, 7)),
            after=chance.choice((0, 1, 4, 12)),
            seconds=chance.choice((0.2, 1.0, 3.0)),
        )
        for _ in range(number)
    )


def draw(chance: random.Random) -> Event:
    """A random command, most of the time with something in its way."""
    table = chance.choice(list(VERDICTS))
    name, *options = chance.choice(COMMANDS)
    if name == "export":
        words = [name, options[0], table, *options[1:]]
    elif name == "failures":
        words = [name, options[0], table]
    elif name == "filter":
        words = [name, *options, "--table", table]
    elif name == "ls":
        words = [name]
    else:
        words = [name, table, *options]
    if name == "verify" and chance.random() < 0.2:
        words += ["--report", "report.html"]
    words += ["--timeout", chance.choice(("2s", "8s", "15s"))]
    if chance.random() < 0.5:
        words += ["--output", "json"]
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
    kill = (chance.choice(signals), chance.uniform(0.0, 4.0)) if chance.random() < 0.25 else None
    # What a SIGKILL leaves is in a record, which cannot be written if the disk is full (docs/robustness.md).
    is_killed = kill is not None and kill[0] is signal.SIGKILL
    return Event(
        table=table,
        arguments=tuple(words),
        faults=_faults(chance),
        kill=kill,
        skew=chance.choice(SKEWS) if chance.random() < 0.2 else 0.0,
        largest=chance.choice(FULL) if chance.random() < 0.15 and not is_killed else None,
        streams=chance.choice(list(Streams)) if chance.random() < 0.15 else Streams.READ,
    )
