"""Changes to tables and their streams; each waits until AWS shows it done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import code_of, is_not_found, message_of, translated
from ddbinsert.aws.observe import read_table
from ddbinsert.aws.wait import until
from ddbinsert.core import shapes
from ddbinsert.errors import PrerequisiteError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.hands import Hands
    from ddbinsert.core.model import StreamView, TableState
    from ddbinsert.core.steps import CreateTable, DeleteTable, ReplaceStream


def create_table(hands: Hands, step: CreateTable) -> TableState:
    request = shapes.create_table_request(step.table, step.key, None, hands.trigger.all_tags)
    client = hands.aws.client("dynamodb")
    with translated(f"create table {step.table}"):
        try:
            made = shapes.table(client.create_table(**request))
        except client.exceptions.ResourceInUseException:
            made = None  # somebody was faster: theirs will do, its key is compared by the next plan
    if made is not None and made.status == "ACTIVE":
        return made
    return _table_once(hands, step.table, lambda table: table.status == "ACTIVE", "be active")


def enable_stream(hands: Hands, table: str, view: StreamView) -> TableState:
    """Enable the stream and wait until it is live; a stream that is live with this view already is fine."""
    answer = _update_stream(hands, table, view)
    if answer is not None and _is_live(answer, view):
        return answer
    state = _table_once(
        hands,
        table,
        lambda seen: seen.status == "ACTIVE" and seen.stream_arn is not None,
        f"have a live stream ({view.value})",
    )
    if state.view is not view:
        raise Refused(
            f"Somebody enabled the stream of {table} with {state.view} at the same time.",
            hint="Look at `ddbinsert status`, then decide.",
            code="view-type-differs",
        )
    return state


def _is_live(table: TableState, view: StreamView) -> bool:
    return table.status == "ACTIVE" and table.stream_arn is not None and table.view is view


def disable_stream(hands: Hands, table: str) -> TableState:
    answer = _update_stream(hands, table, None)
    if answer is not None and answer.status == "ACTIVE" and not answer.stream_enabled:
        return answer
    return _table_once(
        hands,
        table,
        lambda seen: seen.status == "ACTIVE" and not seen.stream_enabled,
        "have its stream disabled",
    )


def replace_stream(hands: Hands, step: ReplaceStream) -> TableState:
    """Disable, then enable with the other view type: the new stream has a new ARN."""
    disable_stream(hands, step.table)
    hands.reporter.step(f"stream of {step.table} is off; enabling it with {step.view.value}")
    return enable_stream(hands, step.table, step.view)


def _update_stream(hands: Hands, table: str, view: StreamView | None) -> TableState | None:
    """UpdateTable; None where the table is as wanted, or on its way there, already."""
    client = hands.aws.client("dynamodb")
    specification: Any = shapes.stream_specification(view)
    doing = f"{'enable' if view else 'disable'} the stream of {table}"

    def attempt() -> tuple[TableState | None] | None:
        try:
            return (shapes.table(client.update_table(TableName=table, StreamSpecification=specification)),)
        except client.exceptions.ResourceInUseException:
            # Either another change is under way, or the stream is as wanted: only a look can tell.
            return (None,) if _settled(hands, table, view) else None
        except client.exceptions.ClientError as error:
            if code_of(error) == "ValidationException" and "stream" in message_of(error):
                return (None,)
            raise

    with translated(doing):
        (answer,) = until(
            attempt,
            clock=hands.clock,
            timeout=hands.timeout,
            what=f"table {table} to take a change",
            progress=hands.reporter.waiting,
        )
    return answer


def _settled(hands: Hands, table: str, view: StreamView | None) -> bool:
    seen = read_table(hands.aws, table)
    return seen is not None and seen.status == "ACTIVE" and seen.view is view


def wait_until_enabled(hands: Hands, stream_arn: str) -> None:
    """Wait for a stream that another run has just enabled; the table alone doesn't tell (it may be updating)."""
    client = hands.aws.client("dynamodbstreams")
    last = ["not there"]

    def look() -> bool | None:
        with translated(f"read stream {stream_arn}"):
            try:
                answer = client.describe_stream(StreamArn=stream_arn, Limit=1)
            except client.exceptions.ResourceNotFoundException:
                return None
        last[0] = answer["StreamDescription"]["StreamStatus"]
        return True if last[0] == "ENABLED" else None

    until(
        look,
        clock=hands.clock,
        timeout=hands.timeout,
        what=f"stream {stream_arn} to be enabled",
        seen=lambda: last[0],
        progress=hands.reporter.waiting,
    )


def delete_table(hands: Hands, step: DeleteTable) -> None:
    client = hands.aws.client("dynamodb")
    with translated(f"delete table {step.table}"):
        try:
            client.delete_table(TableName=step.table)
        except client.exceptions.ClientError as error:
            if not is_not_found(error):
                raise
    until(
        lambda: True if read_table(hands.aws, step.table) is None else None,
        clock=hands.clock,
        timeout=hands.timeout,
        what=f"table {step.table} to be gone",
        progress=hands.reporter.waiting,
    )


def _table_once(hands: Hands, name: str, ready: Callable[[TableState], bool], what: str) -> TableState:
    last: list[str] = ["nothing"]

    def look() -> TableState | None:
        table = read_table(hands.aws, name)
        if table is None:
            last[0] = "no such table"
            return None
        stream = f"stream {table.view.value}" if table.view else "no stream"
        last[0] = f"{table.status}, {stream}"
        if table.status == "DELETING":
            raise PrerequisiteError(f"Table {name} is being deleted.", code="table-deleting")
        return table if ready(table) else None

    return until(
        look,
        clock=hands.clock,
        timeout=hands.timeout,
        what=f"table {name} to {what}",
        seen=lambda: last[0],
        progress=hands.reporter.waiting,
    )
