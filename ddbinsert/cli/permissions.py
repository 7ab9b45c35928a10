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
    from collections.abc import Sequence

    from ddbinsert.core.iam.grants import PolicyTarget
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
Role = Annotated[
    str | None,
    typer.Option("--role", metavar="NAME", help="The function's role [default: FUNCTION-role, or any]."),
]
RolePath = Annotated[
    str, typer.Option("--role-path", metavar="PATH", help="The path of the function's role [default: /].")
]
Sink = Annotated[
    str | None, typer.Option("--sink", metavar="ARN", help="The function's sink [default: none].")
]
OnFailure = Annotated[
    str | None,
    typer.Option("--on-failure", metavar="ARN", help="The mapping's on-failure destination [default: none]."),
]
Account = Annotated[str | None, typer.Option("--account", metavar="ID", help="The account [default: any].")]
TableAccount = Annotated[
    str | None,
    typer.Option("--table-account", metavar="ID", help="The table's account, if the function is in another."),
]
Region = Annotated[str | None, typer.Option("--region", metavar="NAME", help="The region [default: any].")]
Partition = Annotated[str, typer.Option("--partition", metavar="NAME", help="aws, aws-cn or aws-us-gov.")]
Format = Annotated[PolicyFormat, typer.Option("--format", help="Format of the policy.")]
Needed = Annotated[
    bool, typer.Option("--needed-only", help="Leave out permissions that a command can run without.")
]

_ARN = r"arn:aws[a-z-]*:[a-z0-9]+:[a-z0-9*-]*:[0-9*]*:[A-Za-z0-9_./:*#-]+"
#: Valid values of each option, as part of an ARN.
_NAMES = {
    "--table": r"[A-Za-z0-9_.-]{3,255}",
    "--function": r"[A-Za-z0-9_-]{1,64}",
    "--log-group": r"[A-Za-z0-9_./#-]{1,512}",
    "--role": r"[A-Za-z0-9_+=,.@-]{1,64}",
    "--role-path": r"/|/[!-~]+/",
    "--sink": _ARN,
    "--on-failure": _ARN,
    "--account": r"[0-9]{12}",
    "--table-account": r"[0-9]{12}",
    "--region": r"[a-z]{2}(-[a-z]+)+-[0-9]",
    "--partition": r"aws(-[a-z]+)*",
}
#: Options that choose functions on the stream by other things than their names.
_FINDS = re.compile(r" --(all|stack|tag)\b")


@command("permissions", offline=True)
def permissions(
    run: Run,
    *,
    commands: Commands,
    table: TableName = None,
    function: FunctionName = None,
    log_group: LogGroup = None,
    role: Role = None,
    role_path: RolePath = "/",
    sink: Sink = None,
    on_failure: OnFailure = None,
    account: Account = None,
    table_account: TableAccount = None,
    region: Region = None,
    partition: Partition = "aws",
    form: Format = PolicyFormat.JSON,
    needed_only: Needed = False,
) -> Outcome:
    """Print an IAM policy with only the permissions that commands need.

    Give a command with options in quotes, or after --. Permissions that a command can run without are listed on
    stderr, with the effect of omitting them. Each command is listed in the manual with its modes.

    Example: ddbinsert permissions 'verify --match' status --table orders
    """
    from ddbinsert.core.permissions import MODES, losses, modes_of, policy
    from ddbinsert.render.permissions import written

    given = {
        "--table": table,
        "--function": function,
        "--log-group": log_group,
        "--role": role,
        "--role-path": role_path,
        "--sink": sink,
        "--on-failure": on_failure,
        "--account": account,
        "--table-account": table_account,
        "--region": region,
        "--partition": partition,
    }
    names = modes_of(commands)
    if table_account is not None:
        return _of_two_accounts(run, given, names, form, needed_only=needed_only)
    modes, target = [MODES[name] for name in names], _target(given, names)
    document = policy(modes, target, needed_only=needed_only)
    optional = {} if needed_only else losses(modes, target)
    for action, loss in optional.items():
        run.reporter.step(f"{action} can be omitted; this is then not available: {loss}")
    text = written(document, names, form) if document["Statement"] else ""

    def human(screen: Screen) -> None:
        screen.line(text or f"No permissions are needed: {', '.join(names)} makes no calls to AWS.")

    return Outcome(
        data={"commands": names, "policy": document if text else None, "optional": optional, "text": text},
        human=human,
    )


def _of_two_accounts(
    run: Run, given: dict[str, str | None], names: Sequence[str], form: PolicyFormat, *, needed_only: bool
) -> Outcome:
    """The policies of both accounts, and the statement on the stream.

    Raises:
        UsageError: The accounts, the region or the table are not specified.
    """
    from ddbinsert.core.iam.accounts import across
    from ddbinsert.core.permissions import MODES, account_policies, losses
    from ddbinsert.render.permissions import written

    missing = [name for name in ("--table", "--account", "--region") if not given[name]]
    if missing:
        raise UsageError(
            f"--table-account needs {', '.join(missing)}: the policy of a stream names the function's role.",
            code="options-missing",
        )
    modes, target = [MODES[name] for name in names], _target(given, names)
    found = account_policies(modes, target, str(given["--table-account"]), needed_only=needed_only)
    optional = {} if needed_only else losses([across(mode) for mode in modes], target)
    for action, loss in optional.items():
        run.reporter.step(f"{action} can be omitted; this is then not available: {loss}")
    texts = {
        f"Identity in the function's account {target.account}": written(found.own, names, form),
        f"Identity in the table's account {given['--table-account']} (--table-profile)": written(
            found.table, names, form
        ),
        "Policy of the stream, with its label instead of LABEL; ddbinsert adds this statement with --table-profile": (
            written(found.stream, names, PolicyFormat.JSON)
        ),
    }

    def human(screen: Screen) -> None:
        for title, text in texts.items():
            screen.line(f"# {title}")
            screen.line(text)

    data = {"policy": found.own, "table_policy": found.table, "stream_policy": found.stream}
    return Outcome(data={"commands": names, **data, "optional": optional, "texts": texts}, human=human)


def _target(given: dict[str, str | None], names: Sequence[str]) -> PolicyTarget:
    """The resources that the policy is for; every function if a mode takes what it finds on the stream.

    Raises:
        UsageError: A name is not valid.
    """
    from ddbinsert.core.iam.grants import PolicyTarget
    from ddbinsert.core.model.wanted import FunctionSpec, Trigger

    for option, value in given.items():
        if value is not None and not re.fullmatch(_NAMES[option], value):
            raise UsageError(f"{option} {value!r:.80} is not a valid name.")
    table, function = given["--table"], given["--function"]
    finding = [name for name in names if _FINDS.search(name)]
    if finding and function:
        raise UsageError(
            f"--function cannot be combined with '{finding[0]}', which takes the functions that it finds.",
            code="options-contradict",
        )
    role, own_role, group = given["--role"] or "*", "", given["--log-group"] or "*"
    if (table or function) and not finding:
        trigger = Trigger(table=table or "any", function=FunctionSpec(name=function))
        function, own_role = trigger.function_name, trigger.role_name
        role = given["--role"] or own_role
        group = given["--log-group"] or f"/aws/lambda/{function}"
    path = (given["--role-path"] or "/").removeprefix("/")
    return PolicyTarget(
        table=table or "*",
        function=function or "*",
        log_group=group,
        role=role if role == "*" else f"{path}{role}",
        own_role=f"{path}{own_role}" if own_role != role else "",
        sink=given["--sink"] or "",
        failures=given["--on-failure"] or "",
        partition=given["--partition"] or "aws",
        region=given["--region"] or "*",
        account=given["--account"] or "*",
    )
