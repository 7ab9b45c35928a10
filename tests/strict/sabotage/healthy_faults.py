"""Healthy triggers on a bad day of AWS's: late, double, out of order, throttled, reset."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.rig import Fault, FaultKind, Logs, Profile, Streams
from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import healthy
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground


@healthy(
    "every batch is delivered twice",
    note="duplicate-deliveries",
    profile=replace(FAST, name="twice", mappings=replace(QUICK, duplicate_every=1)),
)
def duplicates(ground: Ground) -> None:
    ground.attach()


@healthy("slow logs", profile=replace(FAST, name="slow logs", logs=Logs(lag=1.0)))
def slow_logs(ground: Ground) -> None:
    ground.attach()


@healthy(
    "log streams that overtake one another, in small and empty pages",
    profile=replace(
        FAST,
        name="interleaved logs",
        mappings=replace(QUICK, jitter=0.1),
        streams=Streams(shards=4),
        logs=Logs(lag=0.6, page=5, empty_page_every=2),
    ),
)
def interleaved(ground: Ground) -> None:
    ground.attach("--batch-size", "1")


@healthy(
    "shards that split, and children that show late",
    options=("--count", "40"),
    profile=replace(FAST, name="splitting", streams=Streams(shards=3, split_every=18, child_hidden=0.2)),
)
def splitting(ground: Ground) -> None:
    ground.attach()


@healthy(
    "a shard that answers few reads",
    profile=replace(FAST, name="few reads", streams=Streams(shards=1, reads_per_second=5)),
)
def few_reads(ground: Ground) -> None:
    ground.attach()


@healthy(
    "invocations that are throttled now and then",
    profile=replace(FAST, name="throttled", mappings=replace(QUICK, throttle_every=2, retry_delay=0.2)),
)
def throttled_invocations(ground: Ground) -> None:
    ground.attach()


@healthy("reads and writes are throttled now and then")
def throttles(ground: Ground) -> None:
    """Few: each makes the SDK slower for all calls that follow."""
    ground.attach()
    ground.rig.inject(
        *(
            Fault(operation=operation, kind=FaultKind.THROTTLE, after=2, times=1)
            for operation in (
                "dynamodb:UpdateItem",
                "dynamodb:TransactWriteItems",
                "dynamodbstreams:GetRecords",
                "logs:FilterLogEvents",
                "lambda:List*",
            )
        )
    )


@healthy("calls fail with 500 now and then")
def server_errors(ground: Ground) -> None:
    ground.attach()
    ground.rig.inject(
        *(
            Fault(operation=operation, kind=FaultKind.SERVER_ERROR, every=5, times=1)
            for operation in ("dynamodb:*", "dynamodbstreams:*", "logs:*", "lambda:*")
        )
    )


@healthy("connections are reset, before and after the deed")
def resets(ground: Ground) -> None:
    ground.attach()
    ground.rig.inject(
        Fault(operation="dynamodb:*Item", kind=FaultKind.LOST_ANSWER, every=3, times=2),
        Fault(operation="dynamodb:*Write*", kind=FaultKind.LOST_ANSWER, every=3, times=2),
        Fault(operation="dynamodb:*", kind=FaultKind.RESET, every=7, times=1),
        Fault(operation="dynamodbstreams:*", kind=FaultKind.LOST_ANSWER, every=3, times=2),
        Fault(operation="logs:*", kind=FaultKind.RESET, every=3, times=2),
    )


@healthy("PartiQL's answers are lost", options=("--partiql",))
def lost_statements(ground: Ground) -> None:
    ground.attach()
    ground.rig.inject(
        Fault(operation="dynamodb:ExecuteStatement", kind=FaultKind.LOST_ANSWER, every=2, times=2)
    )


@healthy("batches are handed back unprocessed", options=("--count", "60"))
def unprocessed(ground: Ground) -> None:
    ground.attach()
    ground.rig.inject(
        Fault(operation="dynamodb:BatchWriteItem", kind=FaultKind.UNPROCESSED, every=2, times=6)
    )


@healthy("our own reading of the stream is not allowed")
def no_right_to_read_the_stream(ground: Ground) -> None:
    """The receipts prove it all the same; the evidence says what could not be seen."""
    ground.attach()
    ground.rig.inject(Fault(operation="dynamodbstreams:GetRecords", kind=FaultKind.ACCESS_DENIED))


@healthy("transactions are not allowed")
def no_right_to_transactions(ground: Ground) -> None:
    ground.attach()
    ground.rig.inject(Fault(operation="dynamodb:TransactWriteItems", kind=FaultKind.ACCESS_DENIED))


@healthy("AWS's every day", profile=Profile.aws())
def every_day(ground: Ground) -> None:
    ground.attach()


@healthy("AWS's worst day", options=("--count", "30"), profile=Profile.hostile())
def worst_day(ground: Ground) -> None:
    ground.attach()


@healthy(
    "a function by its lines, on slow logs", options=("--match",), profile=replace(FAST, logs=Logs(lag=0.8))
)
def slow_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_THREE_LINES, "--batch-size", "1")


@healthy("the local clock is two minutes ahead of AWS's")
def clock_ahead(ground: Ground) -> None:
    ground.attach()
    ground.clock_ahead(120.0)


@healthy(
    "the local clock is two minutes behind AWS's, and traffic is watched",
    options=("--observe", "--for", "1s"),
)
def clock_behind(ground: Ground) -> None:
    ground.attach()
    ground.clock_ahead(-120.0)
    ground.write_on()
