"""The options of gaps."""

from __future__ import annotations

from typing import Annotated

import typer

from ddbinsert.cli.gaps_compare import Dialect
from ddbinsert.cli.verify_options import ReadBy

__all__ = ["ReadBy"]

Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="WHEN",
        help="Inserts from this time on: 6h (ago), or a time in ISO 8601 [default: all that the stream holds].",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        "--until", metavar="WHEN", help="Inserts up to this time, in the same formats [default: now]."
    ),
]
Settle = Annotated[
    str | None,
    typer.Option(
        "--settle",
        metavar="DURATION",
        help="Inserts younger than this count as pending [default: 5m plus the maximum duration of an invocation; "
        "10s if the endpoint is not AWS].",
    ),
]
Match = Annotated[
    bool,
    typer.Option(
        "--match", help="Accept any log line that shows an item's key: for functions that log no receipts."
    ),
]
CompareSink = Annotated[
    bool,
    typer.Option(
        "--compare-sink",
        help="Also look up the entry of each processed insert in the function's sink (a table).",
    ),
]
Documents = Annotated[
    bool,
    typer.Option(
        "--failures/--no-failures",
        help="Whether to read the on-failure destination if inserts were missed.",
    ),
]
LogGroup = Annotated[
    str | None,
    typer.Option(
        "--log-group", metavar="NAME", help="Log group, by name or ARN [default: the function's log group]."
    ),
]
Via = Annotated[
    ReadBy,
    typer.Option(
        "--via",
        help="Read every log line, or search with CloudWatch Logs Insights (for large logs with few receipts; charged).",
    ),
]
RepairThem = Annotated[
    bool,
    typer.Option("--repair", help="Deliver the missed inserts to the function. Asks first."),
]
BatchSize = Annotated[
    int,
    typer.Option(
        "--batch-size",
        metavar="N",
        help="With --repair: records per invocation. Above 1, a failing record can cause others to be delivered twice.",
    ),
]
Attempts = Annotated[
    int,
    typer.Option(
        "--attempts", metavar="N", help="With --repair: maximum number of invocations per failing record."
    ),
]
FromTable = Annotated[
    bool,
    typer.Option(
        "--from-table",
        help="List the table's items that have no entry in the function's sink (a table), regardless of age.",
    ),
]
FromExport = Annotated[
    str | None,
    typer.Option(
        "--from-export",
        metavar="PLACE",
        help="Like --from-table, with the items of a DynamoDB export (full or incremental): a folder or s3://BUCKET/PREFIX.",
    ),
]
Index = Annotated[
    str | None,
    typer.Option(
        "--index",
        metavar="NAME",
        help="With --partition: the index whose sort key is a time [default: the table's own sort key].",
    ),
]
Partitions = Annotated[
    list[str] | None,
    typer.Option(
        "--partition",
        metavar="VALUE",
        help="With --from-table: read only the items from --since to --until that have this value of the partition key, "
        "by a query on the sort key, which must be a time (epoch or ISO 8601 in UTC). Repeatable.",
    ),
]
Rate = Annotated[
    float | None,
    typer.Option(
        "--rate",
        min=0.1,
        metavar="N",
        help="With --from-table: maximum number of items to read per second.",
    ),
]
Save = Annotated[
    str | None,
    typer.Option(
        "--save", metavar="FILE", help="Write every missed insert to this file, one JSON line each."
    ),
]
PrintSql = Annotated[
    Dialect | None,
    typer.Option(
        "--print-sql",
        help="Print the comparison of --from-export as SQL for this engine, for large exports.",
    ),
]
SinkExport = Annotated[
    str | None,
    typer.Option(
        "--sink-export",
        metavar="s3://BUCKET/PREFIX",
        help="With --print-sql: the export of the audit table.",
    ),
]
