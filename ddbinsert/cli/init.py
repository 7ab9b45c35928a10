"""init: a configuration file from what the account contains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.advice import Advice
from ddbinsert.cli.app import command
from ddbinsert.cli.config_file import OutputFile, Overwrite, target_file
from ddbinsert.cli.options import FLAG_NAMES, FUNCTION, NAME, Settings
from ddbinsert.cli.run import Outcome, Run  # noqa: TC001 - read at run time
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from ddbinsert.operations.account import Account

TEMPLATE = tuple(setting for setting in FUNCTION if setting.key == "function.template")
InitTables = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TABLE",
        help="Tables [default: asks; with --yes, the tables with a trigger of ddbinsert].",
        show_default=False,
    ),
]


@command("init", own_account=True, settings=(*NAME, *TEMPLATE))
def init(
    run: Run,
    settings: Settings,
    *,
    tables: InitTables = None,
    output_file: OutputFile = None,
    force: Overwrite = False,
) -> Outcome:
    """Write a ddbinsert.yaml for the triggers of the account, or for new ones.

    Describes the triggers that ddbinsert created as they are, so that `plan` has nothing to do, and for a table without
    one a new trigger, ready for `up`. Asks for the tables, and about functions of others on their streams; without a
    terminal, name the tables or use --yes. Describe a function of others with --function. Changes nothing in AWS.

    Example: ddbinsert init orders billing
    """
    from ddbinsert.cli.config_file import write_file, written_outcome
    from ddbinsert.cli.init_questions import choose
    from ddbinsert.cli.tables import name_and_arn
    from ddbinsert.config.selection import check_flags
    from ddbinsert.operations.account import look_around
    from ddbinsert.operations.provision.describe import written

    check_flags(settings, FLAG_NAMES)
    function, template = settings.get("function.name"), settings.get("function.template")
    words = [name for name, _ in map(name_and_arn, tables or ()) if name is not None]
    if function is not None and len(words) != 1:
        raise UsageError(
            "--function needs exactly one TABLE.",
            hint=Advice("Name its table", ("init", "TABLE", "--function", str(function))),
            code="options-contradict",
        )
    if not words and not run.options.yes and not run.can_ask:
        raise UsageError(
            "init asks which tables the file is for, and there is no terminal to ask at.",
            hint=Advice(
                "Name the tables (init TABLE …), or include all triggers of ddbinsert", ("init", "--yes")
            ),
            code="tables-needed",
        )
    target = target_file(run, output_file, force=force)
    run.configurations(tables or (), {})
    account = look_around(run.aws, run.clock, words)
    _report(run, account)
    chosen = choose(
        run,
        account,
        named=bool(words),
        function=None if function is None else str(function),
        template=None if template is None else str(template),
    )
    text = written([(one.described, one.heading) for one in chosen])
    planned = write_file(run, target, text)
    return written_outcome(run, target, text, planned, [one.origin for one in chosen])


def _report(run: Run, account: Account) -> None:
    run.reporter.header(account=account.account, region=account.region, table="")
    for sentence in account.unread:
        run.reporter.warn(f"not read: {sentence}")
