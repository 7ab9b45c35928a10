"""enable-stream, create-function, attach-trigger, adopt: one operation with different scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.config_file import OutputFile, Overwrite  # noqa: TC001 - read at run time
from ddbinsert.cli.options import FUNCTION, MAPPING, NAME, VIEW, DryRun, ExitCodeOption, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.advice import Advice
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.trigger.results import Converged
    from ddbinsert.core.trigger.scope import Scope
    from ddbinsert.operations.provision.converge_options import ConvergeOptions
    from ddbinsert.render.terminal.screen import Screen

CreateTable = Annotated[
    str | None,
    typer.Option(
        "--create-table", metavar="KEY", help="Create a missing table with this key: pk:S or pk:S,sk:N."
    ),
]
Replace = Annotated[
    bool,
    typer.Option(
        "--replace", help="Replace an enabled stream that has another view type (new ARN; asks first)."
    ),
]
Verify = Annotated[
    bool,
    typer.Option("--verify", help="Run verify afterwards; the exit code is that of verify."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only inserts that meet this condition, such as 'NewImage.status = \"NEW\"'. May be given several times; "
        "all must be met.",
    ),
]
Sink = Annotated[
    str | None,
    typer.Option("--sink", metavar="NAME|ARN", help="Where the template sends records: sets its SINK_ARN."),
]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune", help="Delete ddbinsert's mappings on replaced streams, drained or not (asks first)."
    ),
]
Unset = Annotated[
    list[str] | None,
    typer.Option(
        "--unset",
        metavar="KEY",
        help="Clear a setting, such as mapping.on_failure or function.environment.NAME. May be given several times.",
    ),
]
Adopt = Annotated[
    bool,
    typer.Option("--adopt", help="Manage a function or mapping that ddbinsert did not create (asks first)."),
]
Force = Annotated[bool, typer.Option("--force", help="Attach a filter even if no insert can match it.")]
WaitDrained = Annotated[
    bool, typer.Option("--wait-drained", help="Wait until a replaced stream has been read to its end.")
]


class _Request(NamedTuple):
    """The request of one of the commands."""

    scope: Scope
    settings: Settings
    options: ConvergeOptions
    unset: tuple[str, ...] = ()


@command("enable-stream", makes=True, settings=(*VIEW, *NAME))
def enable_stream(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    create_table: CreateTable = None,
    replace: Replace = False,
    wait_drained: WaitDrained = False,
    dry_run: DryRun = False,
    exit_code: ExitCodeOption = False,
) -> Outcome:
    """Enable a table's stream and print its ARN.

    Does nothing if the stream is enabled with this view type. With --replace, ddbinsert's mapping is created again
    on the new stream with the same settings; the old mapping stays until the old stream is read to its end.

    Example: ddbinsert enable-stream orders --view-type NEW_IMAGE
    """
    from ddbinsert.core.trigger.scope import Scope
    from ddbinsert.operations.provision.converge_options import ConvergeOptions
    from ddbinsert.render import converged

    options = ConvergeOptions(
        create_table=_key(create_table), replace=replace, wait_drained=wait_drained, dry_run=dry_run
    )
    done = _converge(run, table, _Request(Scope.STREAM, settings, options))
    return _outcome(run, done, converged.stream, exit_code=exit_code)


@command("create-function", makes=True, settings=FUNCTION)
def create_function(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    unset: Unset = None,
    adopt: Adopt = False,
    dry_run: DryRun = False,
    exit_code: ExitCodeOption = False,
) -> Outcome:
    """Create the function with its role and log group; print its ARN.

    If the function exists, changes only the settings that are given; everything else stays as it is.

    Example: ddbinsert create-function orders --template print --runtime nodejs22.x
    """
    from ddbinsert.core.trigger.scope import Scope
    from ddbinsert.operations.provision.converge_options import ConvergeOptions
    from ddbinsert.render import converged

    options = ConvergeOptions(adopt=adopt, dry_run=dry_run)
    done = _converge(run, table, _Request(Scope.FUNCTION, settings, options, tuple(unset or ())))
    return _outcome(run, done, converged.function, exit_code=exit_code)


@command("attach-trigger", makes=True, settings=(*VIEW, *FUNCTION, *MAPPING))
def attach_trigger(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    sink: Sink = None,
    where: Where = None,
    unset: Unset = None,
    create_table: CreateTable = None,
    replace: Replace = False,
    wait_drained: WaitDrained = False,
    prune: Prune = False,
    verify: Verify = False,
    adopt: Adopt = False,
    force: Force = False,
    dry_run: DryRun = False,
    exit_code: ExitCodeOption = False,
) -> Outcome:
    """Attach a function to a table's inserts.

    Creates what is missing: stream, role, log group, function, mapping. Of existing resources, only the settings
    that are given (option, variable or configuration file) are changed. Asks before a change that removes or
    replaces something.

    Example: ddbinsert attach-trigger orders
    """
    from ddbinsert.core.trigger.scope import Scope
    from ddbinsert.operations.provision.converge_options import ConvergeOptions
    from ddbinsert.render import converged

    options = ConvergeOptions(
        create_table=_key(create_table),
        replace=replace,
        prune=prune,
        dry_run=dry_run,
        where=tuple(where or ()),
        adopt=adopt,
        force=force,
        wait_drained=wait_drained,
    )
    settings = _with_sink(run, table, settings, sink)
    request = _Request(Scope.TRIGGER, settings, options, tuple(unset or ()))
    if verify and not dry_run:
        from ddbinsert.cli.attach_verify import proven, start_prefetch

        early = start_prefetch(run)
        return proven(run, _converge(run, table, request, watch=early.saw), early)
    done = _converge(run, table, request)
    return _outcome(run, done, converged.trigger, exit_code=exit_code, following=True)


def _with_sink(run: Run, table: str | None, settings: Settings, sink: str | None) -> Settings:
    """The settings with the sink among the function's environment variables."""
    if sink is None:
        return settings
    from ddbinsert.operations.handlers.sinks import SINK, sink_arn

    trigger = run.trigger_of(run.configuration(table, settings))
    given = settings.get("function.environment")
    environment = dict(given) if isinstance(given, dict) else {}
    return {**settings, "function.environment": {**environment, SINK: sink_arn(run.aws, trigger, sink)}}


@command("adopt", settings=(*FUNCTION, *MAPPING))
def adopt_(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    unset: Unset = None,
    include_function: Annotated[
        bool, typer.Option("--include-function", help="Manage the function, too, not only its mapping.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Afterwards, write the trigger to a configuration file.")
    ] = False,
    output_file: OutputFile = None,
    force: Overwrite = False,
    dry_run: DryRun = False,
    exit_code: ExitCodeOption = False,
) -> Outcome:
    """Manage an event source mapping that ddbinsert did not create.

    Adds ddbinsert's tag, restricts the filter to inserts, and changes the settings that are given. Everything else
    stays as it is. Asks first. Afterwards, `ddbinsert down` deletes the mapping. With --write, the trigger as it is then
    is written to a configuration file, with which `plan` has nothing to do.

    Example: ddbinsert adopt orders --function billing --write
    """
    from ddbinsert.cli.adopt_file import FileRequest, with_file
    from ddbinsert.core.trigger.scope import Scope
    from ddbinsert.operations.provision.converge_options import ConvergeOptions
    from ddbinsert.render import converged

    parts = frozenset(("mapping", "function") if include_function else ("mapping",))
    options = ConvergeOptions(adopt=True, take_over=parts, dry_run=dry_run)
    request = _Request(Scope.TRIGGER, settings, options, tuple(unset or ()))
    return with_file(
        run,
        FileRequest(write=write, output_file=output_file, force=force, dry_run=dry_run),
        lambda: _converge(run, table, request),
        lambda done: _outcome(run, done, converged.trigger, exit_code=exit_code, following=True),
    )


def _key(text: str | None) -> KeySchema | None:
    from ddbinsert.core.model.key_text import parse_key

    return None if text is None else parse_key(text)


def _converge(
    run: Run, table: str | None, request: _Request, watch: Callable[[World], None] | None = None
) -> Converged:
    from dataclasses import replace

    from ddbinsert.cli.plan_inputs import TIMEOUT, choose_position, package_of
    from ddbinsert.operations.provision.converge import converge

    configuration = run.configuration(table, request.settings, unset=request.unset)
    trigger = run.trigger_of(configuration)
    return converge(
        run.context(TIMEOUT),
        trigger,
        request.scope,
        replace(request.options, keep_view="view_type" not in configuration.sources),
        package=lambda wanted: package_of(run, wanted),
        confirm=run.confirm,
        choose_position=lambda inserts, at_least: choose_position(run, inserts, at_least=at_least),
        watch=watch or (lambda _world: None),
    )


def _outcome(
    run: Run,
    done: Converged,
    shown: Callable[[Screen, Converged, Advice | None], None],
    *,
    exit_code: bool,
    following: bool = False,
) -> Outcome:
    from ddbinsert.cli.plan_inputs import following_advice
    from ddbinsert.render import converged

    following = following and not done.dry_run
    advice = run.addressed(following_advice(done)) if following else None
    changes = exit_code and done.dry_run and bool(done.steps)
    return Outcome(
        data=converged.data(done, advice),
        human=lambda screen: shown(screen, done, advice),
        exit_code=ExitCode.NO if changes else ExitCode.OK,
    )
