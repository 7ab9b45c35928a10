"""The options of verify."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

Count = Annotated[
    int,
    typer.Option(
        "--count",
        min=1,
        max=100_000_000,
        metavar="N",
        help="Number of test items; the first four use every kind of write.",
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(
        "--rate", min=0.1, metavar="N", help="Maximum number of items per second, after the first four."
    ),
]
Match = Annotated[
    bool,
    typer.Option(
        "--match", help="Accept any log line that shows an item's key: for functions that log no receipts."
    ),
]
AllowGuarded = Annotated[
    bool,
    typer.Option(
        "--allow-guarded",
        help="Records that only the handler's own guard dropped are a warning, not a failure.",
    ),
]
Keep = Annotated[bool, typer.Option("--keep", help="Keep the test items in the table.")]
Item = Annotated[
    str | None,
    typer.Option(
        "--item",
        metavar="FILE",
        help="Attributes of the test items: one item as JSON or YAML, without its key.",
    ),
]
Partiql = Annotated[bool, typer.Option("--partiql", help="Also write with PartiQL.")]
Ttl = Annotated[
    str | None,
    typer.Option(
        "--ttl-attribute", metavar="NAME", help="Also write an item whose time to live has expired."
    ),
]
LogGroup = Annotated[
    str | None,
    typer.Option(
        "--log-group", metavar="NAME", help="Log group, by name or ARN [default: the function's log group]."
    ),
]
Wiretap = Annotated[
    bool,
    typer.Option(
        "--wiretap",
        help="Prove the filter with a temporary function next to yours; it is deleted at the end.",
    ),
]
Observe = Annotated[
    bool,
    typer.Option(
        "--observe",
        help="Write nothing; observe the existing traffic. Read-only without --wiretap and --emit-metrics.",
    ),
]
Period = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="DURATION",
        help="Duration of --observe [default: 10m]; --timeout limits the wait for the last inserts after it.",
    ),
]
Repeat = Annotated[
    int | None,
    typer.Option(
        "--repeat",
        min=0,
        metavar="N",
        help="Number of runs; one JSON line per run. 0 = until interrupted [default: 1].",
    ),
]
Every = Annotated[
    str | None,
    typer.Option(
        "--every",
        metavar="DURATION",
        help="Time between the starts of two runs [default: 5m]. Without --repeat: until interrupted.",
    ),
]
Retries = Annotated[
    int,
    typer.Option(
        "--retry-inconclusive",
        min=0,
        max=100,
        metavar="N",
        help="Retry an inconclusive run up to N times if time may help; earlier attempts are listed.",
    ),
]
EmitMetrics = Annotated[
    bool,
    typer.Option("--emit-metrics", help="Publish the result as CloudWatch metrics (namespace ddbinsert)."),
]


Lanes = Annotated[
    str | None,
    typer.Option(
        "--lanes",
        metavar="NAMES",
        help="Kinds of writes to use, separated by commas: single, transaction, batch [default: all].",
    ),
]
RefuseTag = Annotated[
    list[str] | None,
    typer.Option(
        "--refuse-tag",
        metavar="NAME[=VALUE]",
        help="Do not write to a table with this tag. May be given several times.",
    ),
]


class ReadBy(StrEnum):
    """Values of `--via`: how the receipts in the log are read."""

    LOGS = "logs"
    INSIGHTS = "insights"


Via = Annotated[
    ReadBy,
    typer.Option(
        "--via",
        help="Read every log line, or count with CloudWatch Logs Insights (for millions of items; charged).",
    ),
]
Cleanup = Annotated[
    str | None,
    typer.Option(
        "--cleanup",
        metavar="RUN_ID",
        help="Only delete the items that this interrupted run left in the table.",
    ),
]
Everything = Annotated[
    bool,
    typer.Option(
        "--all",
        help="Verify every function on the stream; without TABLE, on every stream of the region.",
    ),
]
FailurePath = Annotated[
    bool,
    typer.Option(
        "--failure-path",
        help="Verify what happens to a failing record: retried, isolated, sent to the on-failure destination.",
    ),
]
MaxHoldUp = Annotated[
    str | None,
    typer.Option(
        "--max-hold-up",
        metavar="DURATION",
        help="With --failure-path: maximum time that a failing record may delay other records [default: 5m].",
    ),
]
MaxRetries = Annotated[
    int | None,
    typer.Option(
        "--max-retries",
        min=0,
        metavar="N",
        help="With --failure-path: maximum number of retries of a failing record [default: the mapping's setting].",
    ),
]
