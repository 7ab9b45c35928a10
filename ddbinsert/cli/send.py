"""send: insert test items into a table, and clean them up afterwards."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.core.times import seconds
from ddbinsert.errors import DdbInsertError, ExitCode, InconclusiveError, Refused, UsageError

if TYPE_CHECKING:
    from ddbinsert.core.items.samples import Samples, Sent
    from ddbinsert.core.model.seen import TableState

_DEFAULT_COUNT = 10
#: Seconds before items are cleaned up; the embedded emulator delivers them in about 20 ms.
_DEFAULT_HOLD, _LOCAL_HOLD = 2.0, 0.2
#: Seconds of throttling without any progress after which writing stops.
_PATIENCE = 120.0
_RUN_ID = re.compile(r"[0-9a-f]{12}")

Count = Annotated[
    int | None,
    typer.Option("--count", "-n", metavar="N", help="Number of items [default: 10, or all items of --item]."),
]
ItemFile = Annotated[
    str | None,
    typer.Option(
        "--item",
        metavar="FILE",
        help="Your own items (- for standard input): JSON or YAML, plain or DynamoDB JSON, as used by the AWS CLI. "
        "Missing key attributes are generated; existing items are never overwritten.",
    ),
]
Rate = Annotated[
    float | None,
    typer.Option("--rate", metavar="N", help="Maximum number of writes per second [default: no limit]."),
]
Modify = Annotated[bool, typer.Option("--modify", help="Also modify each item once.")]
Remove = Annotated[bool, typer.Option("--remove", help="Also remove each item, as part of the test.")]
Keep = Annotated[bool, typer.Option("--keep", help="Keep the items in the table.")]
Hold = Annotated[
    str | None,
    typer.Option(
        "--hold",
        metavar="DURATION",
        help="Time before the items are cleaned up [default: 2s; 200ms with --local].",
    ),
]
Clean = Annotated[
    str | None,
    typer.Option("--clean", metavar="RUN", help="Only remove the items that this run left (with --count)."),
]


@command("send")
def send(
    run: Run,
    *,
    table: Table = None,
    count: Count = None,
    item: ItemFile = None,
    rate: Rate = None,
    modify: Modify = False,
    remove: Remove = False,
    keep: Keep = False,
    hold: Hold = None,
    clean: Clean = None,
) -> Outcome:
    """Insert test items and delete them afterwards.

    Generated keys match the types of the table's key and contain the run's id. The items are removed at the end,
    also after Ctrl-C. The removal adds REMOVE records to the stream, which an insert-only trigger does not process.

    Example: ddbinsert send orders --count 100 --modify
    """
    _check(count=count, rate=rate, keep=keep, remove=remove, hold=hold, clean=clean, item=item)
    trigger = run.table(table)
    run_id = clean or run.environment.new_id()
    state = _table(run, trigger.table)
    samples = _samples(run, state, run_id, item, count)
    whole = any(True for _ in samples.generated_numbers())
    if clean:
        _refuse_in_progress(run, run_id)
    if clean and not whole:
        return _looked_up(run, state, samples, item)
    if clean:
        return _cleaned(run, state, samples, rate)
    end = f" --clean {run_id} --count {samples.count}"
    undo = f"send {shlex.quote(state.name)}{_item_words(item)}{end}"
    anywhere = item if item in (None, "-") else str(run.environment.cwd / item)
    return _sent(
        run,
        state,
        samples,
        undo=undo if whole else None,
        afterwards=f"send {shlex.quote(state.name)}{_item_words(anywhere)}{end}",
        modify=modify,
        remove=remove,
        keep=keep,
        hold=_hold(run, hold),
        rate=rate,
    )


def _hold(run: Run, given: str | None) -> float:
    if given is not None:
        return seconds(given, name="--hold")
    return _LOCAL_HOLD if run.aws.connection.is_local else _DEFAULT_HOLD


def _check(
    *,
    count: int | None,
    rate: float | None,
    keep: bool,
    remove: bool,
    hold: str | None,
    clean: str | None,
    item: str | None,
) -> None:
    """Refuse options that cannot be combined.

    Raises:
        UsageError: For the first contradiction.
    """
    from ddbinsert.core.items.run_key import NUMBERS

    if count is not None and not 1 <= count <= NUMBERS:
        raise UsageError(f"--count must be from 1 to {NUMBERS}, not {count}.")
    if rate is not None and not 0 < rate < float("inf"):
        raise UsageError(f"--rate must be more than 0, not {rate:g}.")
    if keep and (remove or hold):
        other = "--remove" if remove else "--hold"
        raise UsageError(f"--keep and {other} cannot be combined.", hint="Leave one out.")
    if clean is not None and not _RUN_ID.fullmatch(clean):
        raise UsageError(
            f"--clean: {clean!r:.80} is not a valid run ID: it has 12 hexadecimal digits.",
            hint="Use the id that send --keep printed.",
        )
    if clean is not None and count is None and item is None:
        raise UsageError("--clean requires --count: the number of items that the run wrote.")


def _refuse_in_progress(run: Run, run_id: str) -> None:
    from ddbinsert.cli.leftovers import open_sends

    if open_sends(run).is_in_progress(run_id):
        raise Refused(
            f"Run {run_id} is still in progress.",
            hint="It removes its items at its end, also after Ctrl-C.",
            code="run-in-progress",
        )


def _table(run: Run, name: str) -> TableState:
    from ddbinsert.core.arn import arn_parts
    from ddbinsert.operations.existing_resources import existing_table

    state = existing_table(run.aws, name)
    where = arn_parts(state.arn)
    run.reporter.header(account=where.account, region=where.region, table=state.name)
    return state


def _samples(run: Run, state: TableState, run_id: str, item: str | None, count: int | None) -> Samples:
    from ddbinsert.core.items.samples import Samples

    if item is None:
        return Samples(schema=state.key, run_id=run_id, count=count or _DEFAULT_COUNT)
    from ddbinsert.operations.items.files import read_items
    from ddbinsert.operations.items.send import templates_of

    environment = run.environment
    drafts = read_items(item, cwd=environment.cwd, stdin=environment.stdin)
    name = "standard input" if item == "-" else item
    templates = templates_of(drafts, state.key, name=name, count=count)
    return Samples(schema=state.key, run_id=run_id, count=count or len(templates), templates=templates)


def _item_words(item: str | None) -> str:
    return "" if item is None else f" --item {shlex.quote(item)}"


def _cleaned(run: Run, state: TableState, samples: Samples, rate: float | None) -> Outcome:
    from ddbinsert.cli.leftovers import open_sends
    from ddbinsert.operations.items.left_items import clean

    removed = clean(run.aws, state.name, samples, rate=rate, clock=run.clock, reporter=run.reporter)
    open_sends(run).close(samples.run_id)
    return Outcome(
        data={"table": state.name, "run_id": samples.run_id, "cleaned": removed},
        human=lambda screen: screen.line(
            f"Removed what was left of the {removed} items of run {samples.run_id}."
        ),
    )


def _looked_up(run: Run, state: TableState, samples: Samples, item: str | None) -> Outcome:
    """End the record of a run whose items have the user's keys, unless some of them are in the table."""
    from ddbinsert.cli.leftovers import open_sends
    from ddbinsert.operations.items.left_items import still_there
    from ddbinsert.render.send import keys_line

    there = still_there(run.aws, state.name, samples, clock=run.clock)
    if there:
        raise InconclusiveError(
            f"{len(there)} items of {item} are in the table, and it cannot be proven that the run wrote them: "
            f"{keys_line(there)}",
            hint="Remove them by their keys if they are not needed.",
            code="item-uncertain",
        )
    open_sends(run).close(samples.run_id)
    return Outcome(
        data={"table": state.name, "run_id": samples.run_id, "cleaned": 0},
        human=lambda screen: screen.line(f"None of the items of run {samples.run_id} is in the table."),
    )


def _sent(
    run: Run,
    state: TableState,
    samples: Samples,
    *,
    undo: str | None,
    afterwards: str,
    modify: bool,
    remove: bool,
    keep: bool,
    hold: float,
    rate: float | None,
) -> Outcome:
    from ddbinsert.cli.leftovers import open_sends
    from ddbinsert.operations.items.send import SendOptions
    from ddbinsert.operations.items.send import send as carry_out
    from ddbinsert.render import send as shown

    if state.view is None:
        run.reporter.warn(f"table {state.name} has no stream, so no function receives these items")
    sent = carry_out(
        run.aws,
        state.name,
        samples,
        SendOptions(
            modify=modify,
            remove=remove,
            keep=keep,
            hold=hold,
            rate=rate,
            patience=run.timeout(_PATIENCE),
        ),
        undo=undo,
        afterwards=afterwards,
        clock=run.clock,
        reporter=run.reporter,
        opened=open_sends(run),
    )
    again = None if undo is None else run.command_line(undo)
    errors = _overlooked(sent)
    return Outcome(
        data=shown.data(sent, again),
        human=lambda screen: shown.human(screen, sent, again),
        exit_code=errors[0].exit_code if errors else ExitCode.OK,
        errors=errors,
    )


def _overlooked(sent: Sent) -> tuple[DdbInsertError, ...]:
    from ddbinsert.render.send import keys_line

    errors: list[DdbInsertError] = []
    if sent.existing:
        errors.append(
            Refused(
                f"{len(sent.existing)} of these items already exist and were left as they are: "
                f"{keys_line(sent.existing)}",
                hint="Use other keys, or leave the key out and let ddbinsert create one.",
                code="item-exists",
            )
        )
    if sent.changed:
        errors.append(
            Refused(
                f"{len(sent.changed)} of these items were replaced or changed by another writer since this run wrote "
                f"them, and were left as they are: {keys_line(sent.changed)}",
                hint="Check them, and remove them by their keys if they are not needed.",
                code="item-changed",
            )
        )
    if sent.uncertain:
        errors.append(
            InconclusiveError(
                f"{len(sent.uncertain)} items are in the table, but it cannot be proven that this run wrote "
                f"them, so they were left: {keys_line(sent.uncertain)}",
                hint="Check them, and remove them by their keys if they are not needed.",
                code="item-uncertain",
            )
        )
    return tuple(errors)
