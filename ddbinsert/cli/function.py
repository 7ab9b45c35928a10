"""function: handler templates and sample events; invoke: run a handler locally or deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ddbinsert.advice import TABLE, Advice
from ddbinsert.cli.app import Table, command
from ddbinsert.cli.consumers import Stack, Tag, consumer_of
from ddbinsert.cli.options import FUNCTION, Settings
from ddbinsert.cli.path_checks import refuse_stream
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from ddbinsert.core.logs.invocation import Invocation
    from ddbinsert.core.model.record import EventName, KeySchema, StreamView
    from ddbinsert.core.model.seen import TableState
    from ddbinsert.core.model.wanted import Trigger


_MOST_RECORDS = 10_000

TemplateName = Annotated[
    str, typer.Argument(metavar="TEMPLATE", help="print, audit-log, analytics or notify.", show_default=False)
]
Folder = Annotated[str, typer.Argument(metavar="DIR", help="A new or empty folder.", show_default=False)]
Runtime = Annotated[
    str | None, typer.Option("--runtime", metavar="NAME", help="Lambda runtime [default: python3.13].")
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="The table's key, such as pk:S,sk:N, instead of reading it from the table.",
    ),
]
View = Annotated[
    str | None,
    typer.Option("--view-type", metavar="TYPE", help="View type [default: the table's, or NEW_IMAGE]."),
]
Count = Annotated[
    int, typer.Option("--count", "-n", min=1, max=_MOST_RECORDS, metavar="N", help="Number of items.")
]
Mixed = Annotated[bool, typer.Option("--mixed", help="Also modify and remove each item.")]
ItemFile = Annotated[
    str | None,
    typer.Option("--item", metavar="FILE", help="Your own items, in the formats of `ddbinsert send --item`."),
]
EventFile = Annotated[
    str | None,
    typer.Option("--event", metavar="FILE", help="Your own event or records; - for standard input."),
]
Captured = Annotated[
    int | None,
    typer.Option(
        "--captured",
        min=1,
        max=_MOST_RECORDS,
        metavar="N",
        help="Use the newest N inserts of the table's stream.",
    ),
]
Deployed = Annotated[
    bool,
    typer.Option(
        "--deployed", help="Invoke the deployed function instead of running its code on this machine."
    ),
]
Times = Annotated[
    int, typer.Option("--times", min=1, metavar="N", help="Deliver the same event N times, as Lambda may do.")
]


@command("function scaffold", offline=True)
def scaffold(run: Run, template: TemplateName, folder: Folder, *, runtime: Runtime = None) -> Outcome:
    """Copy a handler template and its IAM permissions into a folder, to edit it there.

    Example: ddbinsert function scaffold audit-log ./audit --runtime nodejs22.x
    """
    from ddbinsert.core.model.wanted import Template
    from ddbinsert.operations.handlers.scaffold import scaffold as copy
    from ddbinsert.render import machine

    known = [one.value for one in Template]
    if template not in known:
        raise UsageError(f"Unknown template {template!r}.", hint=f"It is one of {', '.join(known)}.")
    refuse_stream("DIR", "DIR", folder)
    made = copy(Template(template), run.environment.cwd / folder, runtime or "python3.13")

    advice = run.addressed(
        Advice("attach it", ("attach-trigger", TABLE, "--code", folder, "--runtime", made.runtime))
    )

    def human(screen: Any) -> None:
        screen.line(f"Copied template {template} to {folder}: {', '.join(made.files)}")
        screen.line(f"Edit {made.entry}, then {advice.text}: {advice.line}")
        if made.variables:
            screen.line(
                f"Environment variables that its rights depend on (--env NAME=ARN): {', '.join(made.variables)}"
            )

    return Outcome(
        data={
            "template": template,
            "runtime": made.runtime,
            "folder": str(made.folder),
            "files": made.files,
            "handler": made.handler,
            "variables": made.variables,
            "next": machine.advised(advice),
        },
        human=human,
    )


@command("function sample-event")
def sample_event(
    run: Run,
    *,
    table: Table = None,
    key: Key = None,
    view_type: View = None,
    count: Count = 1,
    mixed: Mixed = False,
    item: ItemFile = None,
) -> Outcome:
    """Print an event as Lambda passes it to the function, with records that fit the table's key.

    Example: ddbinsert function sample-event orders --count 3 > event.json
    """
    trigger, schema, state = _schema(run, table, key)
    event = _generate_event(
        run, trigger, schema, state, view_type=view_type, count=count, mixed=mixed, item=item
    )

    def human(screen: Any) -> None:
        from ddbinsert.render.machine import dumps

        screen.line(dumps(event))

    return Outcome(data=event, human=human)


#: `invoke` creates nothing: its --tag chooses a function.
_INVOKED = tuple(setting for setting in FUNCTION if setting.key != "tags")


@command("function invoke", settings=_INVOKED)
@command("invoke", settings=_INVOKED)
def invoke(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    event: EventFile = None,
    captured: Captured = None,
    key: Key = None,
    count: Count = 1,
    mixed: Mixed = False,
    item: ItemFile = None,
    deployed: Deployed = False,
    times: Times = 1,
    stack: Stack = None,
    tag: Tag = None,
) -> Outcome:
    """Run the handler with sample records or your own.

    Runs the handler's files in a separate process on this machine, with the function's environment variables. Its
    calls to AWS are real. With --deployed, invokes the function on Lambda: --function, TABLE-inserts, or else the
    only function that reads the stream.

    Example: ddbinsert invoke orders --template print --count 3
    """
    from ddbinsert.operations.handlers import invoke as carry_out
    from ddbinsert.render import invoke as shown

    trigger = run.trigger(table, settings)
    if deployed:
        trigger = consumer_of(run, trigger, stack=stack, tags=tag, lenient=True).trigger
    elif stack or tag:
        raise UsageError("--stack and --tag choose a deployed function.", hint="Add --deployed.")
    given = _event(run, trigger, event=event, captured=captured, key=key, count=count, mixed=mixed, item=item)
    if deployed:
        invocations = carry_out.deployed(run.aws, trigger, given, times=times)
    else:
        invocations = carry_out.run_locally(
            trigger,
            given,
            base=run.environment.cwd,
            connect=lambda: run.aws,
            variables=run.environment.variables,
            request_id=run.environment.new_id(),
            times=times,
        )
    where = "deployed" if deployed else "on this machine"
    name = trigger.function_name
    return Outcome(
        data=shown.data(name, where, given, invocations),
        human=lambda screen: shown.human(screen, name, where, invocations),
        exit_code=_code(invocations),
    )


def _code(invocations: list[Invocation]) -> ExitCode:
    return ExitCode.OK if all(one.ok for one in invocations) else ExitCode.NO


def _event(
    run: Run,
    trigger: Trigger,
    *,
    event: str | None,
    captured: int | None,
    key: str | None,
    count: int,
    mixed: bool,
    item: str | None,
) -> dict[str, Any]:
    from ddbinsert.operations.handlers.events import captured as newest
    from ddbinsert.operations.handlers.events import read_event

    if event is not None and captured is not None:
        raise UsageError("--event and --captured cannot be combined.", hint="Leave one out.")
    if event is not None:
        return read_event(event, cwd=run.environment.cwd, stdin=run.environment.stdin)
    if captured is not None:
        return newest(run.aws, _read_table(run, trigger.table), captured, clock=run.clock)
    _, schema, state = _schema(run, trigger.table, key)
    return _generate_event(run, trigger, schema, state, view_type=None, count=count, mixed=mixed, item=item)


def _schema(run: Run, table: str | None, key: str | None) -> tuple[Trigger, KeySchema, TableState | None]:
    from ddbinsert.core.model.key_text import parse_key

    trigger = run.table(table)
    if key is not None:
        return trigger, parse_key(key), None
    state = _read_table(run, trigger.table)
    return trigger, state.key, state


def _read_table(run: Run, name: str) -> TableState:
    from ddbinsert.operations.existing_resources import existing_table

    return existing_table(run.aws, name, hint="; or give the key: --key pk:S")


def _generate_event(
    run: Run,
    trigger: Trigger,
    schema: KeySchema,
    state: TableState | None,
    *,
    view_type: str | None,
    count: int,
    mixed: bool,
    item: str | None,
) -> dict[str, Any]:
    from ddbinsert.operations.handlers.events import generate_event

    drafts = _items(run, item)
    return generate_event(
        schema,
        state,
        name=trigger.table,
        view=_view(view_type),
        run_id=run.environment.new_id(),
        at=run.clock.now(),
        count=max(count, len(drafts)),
        events=_events(mixed=mixed),
        items=drafts,
    )


def _items(run: Run, item: str | None) -> list[dict[str, dict[str, Any]]]:
    from ddbinsert.operations.items.files import read_items

    if item is None:
        return []
    return [draft.item for draft in read_items(item, cwd=run.environment.cwd, stdin=run.environment.stdin)]


def _view(name: str | None) -> StreamView | None:
    from ddbinsert.core.model.record import StreamView

    return None if name is None else StreamView(name)


def _events(*, mixed: bool) -> tuple[EventName, ...]:
    from ddbinsert.core.model.record import EventName

    return tuple(EventName) if mixed else (EventName.INSERT,)
