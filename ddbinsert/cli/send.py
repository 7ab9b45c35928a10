"""send: test inserts into a table, cleaned up afterwards."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.core.duration import seconds
from ddbinsert.errors import ExitCode, PrerequisiteError, Refused, UsageError

if TYPE_CHECKING:
    from ddbinsert.core.model import TableState
    from ddbinsert.core.samples import Samples, Sent

_DEFAULT_COUNT = 10
_DEFAULT_HOLD = 2.0
#: Seconds of throttling without any progress.
_PATIENCE = 120.0
_RUN_ID = re.compile(r"[0-9a-f]{12}")

Count = Annotated[
    int | None,
    typer.Option("--count", "-n", metavar="N", help="How many [default: 10, or every item of --item]."),
]
ItemFile = Annotated[
    str | None,
    typer.Option(
        "--item",
        metavar="FILE",
        help="Items of your own, - for standard input: JSON or YAML, plain or DynamoDB JSON, one or many. "
        "Missing key attributes are made up; an existing item is never overwritten.",
    ),
]
Rate = Annotated[
    float | None, typer.Option("--rate", metavar="N", help="Writes a second at most [default: no limit].")
]
Modify = Annotated[bool, typer.Option("--modify", help="Then change each item once.")]
Remove = Annotated[bool, typer.Option("--remove", help="Then remove each item at once.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the items in the table.")]
Hold = Annotated[
    str | None,
    typer.Option(
        "--hold", metavar="DURATION", help="Leave the items so long before they are cleaned up [default: 2s]."
    ),
]
Clean = Annotated[
    str | None,
    typer.Option("--clean", metavar="RUN", help="Write nothing; remove what this run left (with --count)."),
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
    """Insert test items, and remove them again.

    The keys fit the table's key whatever its types are, and carry the run's id. Cleaning up, also after
    Ctrl-C, leaves REMOVE records in the stream, which an insert-only trigger never sees.

    Example: ddbinsert send orders --count 100 --modify
    """
    _check(count=count, rate=rate, keep=keep, remove=remove, hold=hold, clean=clean, item=item)
    trigger = run.trigger(table)
    run_id = clean or run.environment.new_id()
    state = _table(run, trigger.table)
    samples = _samples(run, state, run_id, item, count)
    whole = any(True for _ in samples.made())
    if clean and not whole:
        raise UsageError(f"Every item of {item} brings its own key, and nothing shows whose it is.")
    if clean:
        return _cleaned(run, state, samples, rate)
    undo = f"send {shlex.quote(state.name)}{_item_words(item)} --clean {run_id} --count {samples.count}"
    return _sent(
        run,
        state,
        samples,
        undo=undo if whole else None,
        modify=modify,
        remove=remove,
        keep=keep,
        hold=_DEFAULT_HOLD if hold is None else seconds(hold, name="--hold"),
        rate=rate,
    )


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
    """Refuse what contradicts itself.

    Raises:
        UsageError: The first contradiction.
    """
    from ddbinsert.core.probe_key import NUMBERS

    if count is not None and not 1 <= count <= NUMBERS:
        raise UsageError(f"--count {count}: at least 1, and at most {NUMBERS}.")
    if rate is not None and not 0 < rate < float("inf"):
        raise UsageError(f"--rate {rate:g}: more than 0.")
    if keep and (remove or hold):
        other = "--remove" if remove else "--hold"
        raise UsageError(f"--keep and {other} contradict each other.", hint="Leave one out.")
    if clean is not None and not _RUN_ID.fullmatch(clean):
        raise UsageError(f"--clean {clean!r}: a run's id is 12 hexadecimal digits; `send --keep` prints it.")
    if clean is not None and count is None and item is None:
        raise UsageError("--clean needs --count: as many items as that run wrote.")


def _table(run: Run, name: str) -> TableState:
    from ddbinsert.aws.observe import read_table
    from ddbinsert.core.policy import account_of, region_of

    state = read_table(run.aws, name)
    if state is None:
        raise PrerequisiteError(
            f"Table {name} does not exist{f' in {run.aws.region}' if run.aws.region else ''}.",
            hint="Check the name, --region and --profile.",
            code="table-not-found",
        )
    run.reporter.header(account=account_of(state.arn), region=region_of(state.arn), table=state.name)
    return state


def _samples(run: Run, state: TableState, run_id: str, item: str | None, count: int | None) -> Samples:
    from ddbinsert.core.samples import Samples

    if item is None:
        return Samples(schema=state.key, run_id=run_id, count=count or _DEFAULT_COUNT)
    from ddbinsert.operations.item_files import read_items
    from ddbinsert.operations.send import templates_of

    environment = run.environment
    drafts = read_items(item, cwd=environment.cwd, stdin=environment.stdin)
    name = "standard input" if item == "-" else item
    templates = templates_of(drafts, state.key, name=name, count=count)
    return Samples(schema=state.key, run_id=run_id, count=count or len(templates), templates=templates)


def _item_words(item: str | None) -> str:
    return "" if item is None else f" --item {shlex.quote(item)}"


def _cleaned(run: Run, state: TableState, samples: Samples, rate: float | None) -> Outcome:
    from ddbinsert.operations.send import clean

    removed = clean(run.aws, state.name, samples, rate=rate, clock=run.clock, reporter=run.reporter)
    return Outcome(
        data={"table": state.name, "run_id": samples.run_id, "cleaned": removed},
        human=lambda screen: screen.line(f"Nothing is left of {removed} items of run {samples.run_id}."),
    )


def _sent(
    run: Run,
    state: TableState,
    samples: Samples,
    *,
    undo: str | None,
    modify: bool,
    remove: bool,
    keep: bool,
    hold: float,
    rate: float | None,
) -> Outcome:
    from ddbinsert.operations.send import Wishes
    from ddbinsert.operations.send import send as carry_out
    from ddbinsert.render import send as shown

    if state.view is None:
        run.reporter.warn(f"table {state.name} has no stream, so nothing hears of these items")
    sent = carry_out(
        run.aws,
        state.name,
        samples,
        Wishes(
            modify=modify,
            remove=remove,
            keep=keep,
            hold=hold,
            rate=rate,
            patience=run.timeout(_PATIENCE),
        ),
        undo=undo,
        clock=run.clock,
        reporter=run.reporter,
    )
    again = None if undo is None else run.again(undo)
    errors = _overlooked(sent)
    return Outcome(
        data=shown.data(sent, again),
        human=lambda screen: shown.human(screen, sent, again),
        exit_code=ExitCode.NO if errors else ExitCode.OK,
        errors=errors,
    )


def _overlooked(sent: Sent) -> tuple[Refused, ...]:
    from ddbinsert.render.send import keys_line

    if not sent.existing:
        return ()
    return (
        Refused(
            f"{len(sent.existing)} of these items exist already, and were left as they are: "
            f"{keys_line(sent.existing)}",
            hint="Give them other keys, or leave the key out and let ddbinsert make one.",
            code="item-exists",
        ),
    )
