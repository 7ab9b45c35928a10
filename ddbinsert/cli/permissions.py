"""permissions: the IAM policy that a command needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import UsageError
from ddbinsert.render.permissions import PolicyFormat

if TYPE_CHECKING:
    from ddbinsert.core.permissions import PolicyTarget
    from ddbinsert.render.terminal.screen import Screen

Commands = Annotated[
    list[str],
    typer.Argument(metavar="COMMAND...", help="Commands; quote a command with options: 'verify --observe'."),
]
TableName = Annotated[str | None, typer.Option("--table", metavar="NAME", help="The table [default: any].")]
FunctionName = Annotated[
    str | None,
    typer.Option("--function", metavar="NAME", help="The function [default: TABLE-inserts, or any]."),
]
LogGroup = Annotated[
    str | None,
    typer.Option(
        "--log-group", metavar="NAME", help="The log group [default: /aws/lambda/FUNCTION, or any]."
    ),
]
RolePath = Annotated[
    str, typer.Option("--role-path", metavar="PATH", help="The path of the function's role [default: /].")
]
Account = Annotated[str | None, typer.Option("--account", metavar="ID", help="The account [default: any].")]
Region = Annotated[str | None, typer.Option("--region", metavar="NAME", help="The region [default: any].")]
Partition = Annotated[str, typer.Option("--partition", metavar="NAME", help="aws, aws-cn or aws-us-gov.")]
Format = Annotated[PolicyFormat, typer.Option("--format", help="Format of the policy.")]
Needed = Annotated[
    bool, typer.Option("--needed-only", help="Leave out permissions that a command can run without.")
]

#: Valid values of each option, as part of an ARN.
_NAMES = {
    "--table": r"[A-Za-z0-9_.-]{3,255}",
    "--function": r"[A-Za-z0-9_-]{1,64}",
    "--log-group": r"[A-Za-z0-9_./#-]{1,512}",
    "--role-path": r"/|/[!-~]+/",
    "--account": r"[0-9]{12}",
    "--region": r"[a-z]{2}(-[a-z]+)+-[0-9]",
    "--partition": r"aws(-[a-z]+)*",
}


@command("permissions", offline=True)
def permissions(
    run: Run,
    *,
    commands: Commands,
    table: TableName = None,
    function: FunctionName = None,
    log_group: LogGroup = None,
    role_path: RolePath = "/",
    account: Account = None,
    region: Region = None,
    partition: Partition = "aws",
    form: Format = PolicyFormat.JSON,
    needed_only: Needed = False,
) -> Outcome:
    """Print an IAM policy with only the permissions that commands need.

    Give a command with options in quotes, or after --. Permissions that a command can run without are listed on
    stderr, with the effect of omitting them.

    Example: ddbinsert permissions 'verify --match' status --table orders
    """
    from dataclasses import replace

    from ddbinsert.core.permissions import MODES, losses, modes_of, policy
    from ddbinsert.render.permissions import written

    given = {
        "--table": table,
        "--function": function,
        "--log-group": log_group,
        "--role-path": role_path,
        "--account": account,
        "--region": region,
        "--partition": partition,
    }
    names = modes_of(commands)
    modes = [MODES[name] for name in names]
    if needed_only:
        modes = [replace(one, useful={}) for one in modes]
    document = policy(modes, _target(given))
    optional = losses(modes)
    for action, loss in optional.items():
        run.reporter.step(f"{action} can be omitted; the command then cannot show: {loss}")

    def human(screen: Screen) -> None:
        screen.line(written(document, names, form))

    return Outcome(
        data={
            "commands": names,
            "policy": document,
            "optional": optional,
            "text": written(document, names, form),
        },
        human=human,
    )


def _target(given: dict[str, str | None]) -> PolicyTarget:
    """The resources that the policy is for.

    Raises:
        UsageError: A name is not valid.
    """
    from ddbinsert.core.model.wanted import FunctionSpec, Trigger
    from ddbinsert.core.permissions import PolicyTarget

    for option, value in given.items():
        if value is not None and not re.fullmatch(_NAMES[option], value):
            raise UsageError(f"{option} {value!r:.80} is not a valid name.")
    table, function = given["--table"], given["--function"]
    role, group = "*", given["--log-group"] or "*"
    if table or function:
        trigger = Trigger(table=table or "any", function=FunctionSpec(name=function))
        function, role = trigger.function_name, trigger.role_name
        group = given["--log-group"] or f"/aws/lambda/{function}"
    return PolicyTarget(
        table=table or "*",
        function=function or "*",
        log_group=group,
        role=role if role == "*" else f"{(given['--role-path'] or '/').removeprefix('/')}{role}",
        partition=given["--partition"] or "aws",
        region=given["--region"] or "*",
        account=given["--account"] or "*",
    )
