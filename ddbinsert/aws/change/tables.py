"""Changes to tables and their streams; each waits until AWS reports it as done."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ddbinsert.advice import TABLE, Advice
from ddbinsert.aws.errors import code_of, is_not_found, message_of, translated
from ddbinsert.aws.read.resources import read_table, read_table_tags, table_state
from ddbinsert.core.model.wanted import STREAM_TAG
from ddbinsert.core.trigger import shapes
from ddbinsert.errors import AwsError, DdbInsertError, PrerequisiteError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.change.context import Provisioning
    from ddbinsert.core.model.record import StreamView
    from ddbinsert.core.model.seen import TableState
    from ddbinsert.core.trigger.steps import CreateTable, DeleteTable, ReplaceStream


def create_table(context: Provisioning, step: CreateTable) -> TableState:
    request = shapes.create_table_request(step.table, step.key, None, context.trigger.all_tags)
    client = context.aws.of_table.client("dynamodb")
    with translated(f"create table {step.table}"):
        try:
            made = table_state(context.aws, client.create_table(**request))
        except client.exceptions.ResourceInUseException:
            made = None  # another process created it first: use it; the next plan compares its key
    if made is not None and made.status == "ACTIVE":
        return made
    return _table_once(context, step.table, lambda table: table.status == "ACTIVE", "be active")


def enable_stream(context: Provisioning, table: str, view: StreamView, *, is_ours: bool = True) -> TableState:
    """Enable the stream and wait until it is live; a stream that is already live with this view type is used.

    Args:
        is_ours: Mark the stream as ddbinsert's if this call enables it: only then `down` may disable it.
    """
    answer = _update_stream(context, table, view)
    state = answer if answer is not None and _is_live(answer, view) else _live(context, table, view)
    if answer is not None and is_ours:
        context.beside.append(context.aws.start(lambda: _mark(context, state)))
    return state


def _mark(context: Provisioning, table: TableState) -> None:
    """Tag the table with the stream that ddbinsert enabled.

    Without permission to tag, only a warning is reported: `down` will not disable the stream.
    """
    tag: Any = {"Key": STREAM_TAG, "Value": table.stream_label}
    try:
        with translated(f"tag table {table.name}"):
            context.aws.of_table.client("dynamodb").tag_resource(ResourceArn=table.arn, Tags=[tag])
    except AwsError as error:
        context.reporter.warn(
            f"the stream of {table.name} could not be marked as enabled by ddbinsert, so down --stream will "
            f"not disable it: {error.message}"
        )


def _unmark(context: Provisioning, table: TableState) -> None:
    """Remove that tag; a tag that cannot be removed names a stream that no longer exists, which is harmless."""
    with contextlib.suppress(AwsError), translated(f"tag table {table.name}"):
        context.aws.of_table.client("dynamodb").untag_resource(ResourceArn=table.arn, TagKeys=[STREAM_TAG])


def _live(context: Provisioning, table: str, view: StreamView) -> TableState:
    state = _table_once(
        context,
        table,
        lambda seen: seen.status == "ACTIVE" and seen.stream_arn is not None,
        f"have a live stream ({view.value})",
    )
    if state.view is not view:
        raise Refused(
            f"The stream of {table} was enabled with {state.view} by someone else at the same time.",
            hint=Advice("Show the current state", ("status", TABLE)),
            code="view-type-differs",
        )
    return state


def _is_live(table: TableState, view: StreamView) -> bool:
    return table.status == "ACTIVE" and table.stream_arn is not None and table.view is view


def disable_stream(context: Provisioning, table: str) -> TableState:
    """Disable the stream that ddbinsert enabled."""
    state = _disabled(context, table)
    _unmark(context, state)
    return state


def _disabled(context: Provisioning, table: str) -> TableState:
    answer = _update_stream(context, table, None)
    if answer is not None and answer.status == "ACTIVE" and not answer.stream_enabled:
        return answer
    return _table_once(
        context,
        table,
        lambda seen: seen.status == "ACTIVE" and not seen.stream_enabled,
        "have its stream disabled",
    )


def replace_stream(
    context: Provisioning, step: ReplaceStream, table: TableState | None
) -> tuple[TableState, tuple[float, float]]:
    """Disable, then enable with the other view type: the new stream has a new ARN.

    If ddbinsert had not enabled the old stream, `down` leaves the new one enabled, too.

    Args:
        table: Its state before the change.

    Returns:
        The table, and the epoch seconds between which the stream may have been off.

    Raises:
        AwsError: The stream could not be enabled again; the message says whether it is off now.
    """
    clock = context.clock
    is_ours = table is not None and _is_marked(context, table)
    off_from = clock.now()
    _disabled(context, step.table)
    context.reporter.step(f"stream of {step.table} is disabled; enabling it with {step.view.value}")
    try:
        new = enable_stream(context, step.table, step.view, is_ours=is_ours)
    except DdbInsertError as error:
        raise _not_enabled_again(context, step, error, is_ours=is_ours) from error
    off = (off_from, clock.now())
    context.reporter.step(f"the stream of {step.table} was disabled from {_time(off[0])} to {_time(off[1])}")
    return new, off


def _is_marked(context: Provisioning, table: TableState) -> bool:
    with contextlib.suppress(AwsError):
        return table.stream_is_ours(read_table_tags(context.aws, table.arn))
    return False


def _time(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"


def _not_enabled_again(
    context: Provisioning, step: ReplaceStream, error: DdbInsertError, *, is_ours: bool
) -> AwsError:
    """Restore the former view type, so that writes are recorded; return an error that states the result."""
    try:
        enable_stream(context, step.table, step.have, is_ours=is_ours)
    except DdbInsertError:
        state = f"The stream of {step.table} is DISABLED: writes are not recorded."
        hint = Advice("Enable it again", ("enable-stream", step.table, "--view-type", step.have.value))
    else:
        state = (
            f"The stream of {step.table} is enabled again with {step.have.value}, with a new ARN; mappings "
            "still read the old one."
        )
        hint = Advice("Attach the trigger to the new stream", ("attach-trigger", step.table))
    return AwsError(
        f"The stream of {step.table} could not be enabled with {step.view.value}: {error.message}\n{state}",
        hint=hint,
        code="stream-not-enabled",
    )


#: Seconds for which a refused change of the stream is retried: DescribeTable lags behind UpdateTable.
_LAG = 15.0


def _update_stream(context: Provisioning, table: str, view: StreamView | None) -> TableState | None:
    """Call UpdateTable; None if the stream has, or is getting, the wanted state already.

    Raises:
        AwsError: AWS refuses, and the stream has another state; the message is AWS's.
    """
    client, clock = context.aws.of_table.client("dynamodb"), context.clock
    specification: Any = shapes.stream_specification(view)
    doing = f"{'enable' if view else 'disable'} the stream of {table}"
    started, said = clock.monotonic(), [""]

    def attempt() -> tuple[TableState | None] | None:
        try:
            return (
                table_state(
                    context.aws, client.update_table(TableName=table, StreamSpecification=specification)
                ),
            )
        except client.exceptions.ResourceInUseException as error:
            # Either another change is in progress, or the stream has the wanted state: read it to find out.
            said[0] = message_of(error)
            return (None,) if _settled(context, table, view) else None
        except client.exceptions.ClientError as error:
            said[0] = message_of(error)
            if code_of(error) != "ValidationException" or "stream" not in said[0]:
                raise
            if _is_settling(context, table, view):
                return (None,)
            if clock.monotonic() - started >= min(_LAG, context.timeout):
                raise
            return None

    with translated(doing):
        (answer,) = context.until(
            attempt,
            what=f"table {table} to accept a change",
            seen=lambda: said[0],
        )
    return answer


def _is_settling(context: Provisioning, table: str, view: StreamView | None) -> bool:
    """Whether the stream is enabled already, if it is wanted, or disabled, if not."""
    seen = read_table(context.aws, table)
    return seen is not None and (seen.view is not None) == (view is not None)


def _settled(context: Provisioning, table: str, view: StreamView | None) -> bool:
    seen = read_table(context.aws, table)
    return seen is not None and seen.status == "ACTIVE" and seen.view is view


def wait_until_enabled(context: Provisioning, stream_arn: str) -> None:
    """Wait for a stream that another run has just enabled; the table's state is not enough (it may be updating)."""
    client = context.aws.of_table.client("dynamodbstreams")
    last = ["does not exist"]

    def is_readable() -> bool | None:
        with translated(f"read stream {stream_arn}"):
            try:
                answer = client.describe_stream(StreamArn=stream_arn, Limit=1)
            except client.exceptions.ResourceNotFoundException:
                return None
        last[0] = answer["StreamDescription"]["StreamStatus"]
        return True if last[0] == "ENABLED" else None

    context.until(
        is_readable,
        what=f"stream {stream_arn} to be enabled",
        seen=lambda: last[0],
    )


def delete_table(context: Provisioning, step: DeleteTable) -> None:
    client = context.aws.of_table.client("dynamodb")
    with translated(f"delete table {step.table}"):
        try:
            client.delete_table(TableName=step.table)
        except client.exceptions.ClientError as error:
            if not is_not_found(error):
                raise
    context.until(
        lambda: True if read_table(context.aws, step.table) is None else None,
        what=f"table {step.table} to be deleted",
    )


def _table_once(
    context: Provisioning, name: str, ready: Callable[[TableState], bool], what: str
) -> TableState:
    last: list[str] = ["nothing"]

    def read_if_satisfied() -> TableState | None:
        table = read_table(context.aws, name)
        if table is None:
            last[0] = "does not exist"
            return None
        stream = f"stream {table.view.value}" if table.view else "no stream"
        last[0] = f"{table.status}, {stream}"
        if table.status == "DELETING":
            raise PrerequisiteError(f"Table {name} is being deleted.", code="table-deleting")
        return table if ready(table) else None

    return context.until(
        read_if_satisfied,
        what=f"table {name} to {what}",
        seen=lambda: last[0],
    )
