"""Events to invoke a handler with: from a file, generated from a table's key, or read back from its stream."""

from __future__ import annotations

import heapq
import json
from typing import TYPE_CHECKING, Any, TextIO

from ddbinsert.advice import Advice
from ddbinsert.core.items.records import sample_event
from ddbinsert.core.model.record import StreamView
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model.record import EventName, KeySchema
    from ddbinsert.core.model.seen import TableState

#: Bytes: Lambda's limit for a synchronous invocation.
LARGEST_EVENT = 6 * 1024 * 1024
#: ARN of the stream in generated events if the table has none.
NO_STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/{table}/stream/2026-01-01T00:00:00.000"


def read_event(source: str, *, cwd: Path, stdin: TextIO) -> dict[str, Any]:
    """The event in a file, or on standard input if ``source`` is ``-``: an event, records, or one record.

    Raises:
        UsageError: It cannot be read, or contains no stream records.
    """
    name = "standard input" if source == "-" else source
    try:
        text = stdin.read() if source == "-" else (cwd / source).read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise UsageError(
            f"{name} can't be read: {error.strerror or error}.", code="event-not-readable"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{name} is not JSON: {error}.",
            hint="Create an event with function sample-event.",
            code="event-not-readable",
        ) from error
    return _event(document, name)


def _event(document: Any, name: str) -> dict[str, Any]:
    match document:
        case {"Records": list()}:
            event = document
        case {"data": {"Records": list()} as inner}:
            event = inner  # the envelope that --output json writes
        case list():
            event = {"Records": document}
        case {"dynamodb": dict()}:
            event = {"Records": [document]}
        case _:
            raise UsageError(
                f"{name} contains no stream records.",
                hint='It is {"Records": […]}, a list of records, or one record; see function sample-event.',
                code="event-not-readable",
            )
    return dict(event)


def generate_event(
    key: KeySchema,
    table: TableState | None,
    *,
    name: str,
    view: StreamView | None,
    run_id: str,
    at: float,
    count: int,
    events: Sequence[EventName],
    items: Sequence[Mapping[str, dict[str, Any]]] = (),
) -> dict[str, Any]:
    """An event of generated records.

    Args:
        table: The table with the stream ARN and view type to use; None if it was not read.
        view: Overrides the table's.
    """
    own = table.view if table is not None else None
    stream = table.stream_arn if table is not None else None
    return sample_event(
        key,
        view=view or own or StreamView.NEW_IMAGE,
        stream_arn=stream or (f"{table.arn}/stream/none" if table else NO_STREAM.format(table=name)),
        run_id=run_id,
        at=at,
        count=count,
        events=events,
        items=items,
    )


def captured(aws: Aws, table: TableState, count: int, *, clock: Clock) -> dict[str, Any]:
    """The newest inserts in the table's stream, oldest first.

    Shards are read in parallel, so records do not arrive in order of their time.

    Raises:
        PrerequisiteError: The table has no live stream, or the stream contains no insert.
    """
    from ddbinsert.aws.read.streams import read_stream

    if table.stream_arn is None:
        raise PrerequisiteError(
            f"Table {table.name} has no live stream.",
            hint=Advice(
                "Use a sample record (without --captured), or enable it", ("enable-stream", table.name)
            ),
            code="no-stream",
        )
    inserts = (one for one in read_stream(aws, table.stream_arn, clock=clock) if one["eventName"] == "INSERT")
    newest = sorted(heapq.nlargest(count, inserts, key=_age_rank), key=_age_rank)
    if not newest:
        raise PrerequisiteError(
            f"The stream of {table.name} holds no insert (it keeps records for 24 hours).",
            hint=Advice("Write some", ("send", table.name, "--keep")),
            code="no-records",
        )
    return {"Records": newest}


def _age_rank(record: Mapping[str, Any]) -> tuple[float, int]:
    """A sort key that is greater for a newer record: its time in whole seconds, then its sequence number."""
    change = record["dynamodb"]
    return float(change.get("ApproximateCreationDateTime") or 0), int(change["SequenceNumber"])
