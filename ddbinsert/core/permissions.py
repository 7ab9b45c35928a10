"""The policy document of commands, what can be left out of it, and which modes words name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.core.iam.accounts import across, is_of_table
from ddbinsert.core.iam.grants import GRANTS, ResourceScope
from ddbinsert.core.iam.modes import READING
from ddbinsert.core.iam.provisioning import PROVISIONING
from ddbinsert.core.trigger.stream_policy import NEW_STREAM, policy_of, sid_of, statement
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ddbinsert.core.iam.grants import Grant, PolicyTarget
    from ddbinsert.core.iam.modes import Mode

#: The command and its options, as they are typed, to what it needs.
MODES: Final[Mapping[str, Mode]] = {**READING, **PROVISIONING}


def policy(
    modes: Iterable[Mode],
    target: PolicyTarget,
    *,
    needed_only: bool = False,
    passes: Callable[[Grant], bool] = lambda _grant: True,
) -> dict[str, Any]:
    """The policy document that allows these modes, and nothing else.

    Args:
        passes: Only the grants for which it is true.
    """
    grants = {
        grant
        for mode in modes
        for operation, loss in mode.operations(target)
        if not (needed_only and loss)
        for grant in GRANTS[operation]
        if passes(grant)
    }
    statements = []
    for scope in ResourceScope:
        actions = sorted({grant.action for grant in grants if grant.scope is scope})
        if actions:
            resources = target.resources(scope)
            statements.append(
                {
                    "Sid": "".join(word.capitalize() for word in scope.value.replace("-", " ").split()),
                    "Effect": "Allow",
                    "Action": actions,
                    "Resource": list(resources) if len(resources) > 1 else resources[0],
                }
            )
    return {"Version": "2012-10-17", "Statement": statements}


class AccountPolicies(NamedTuple):
    """The policies of two accounts.

    Attributes:
        own: Of the identity in the function's account.
        table: Of the identity in the table's account.
        stream: The statement that ddbinsert writes to the policy of the stream, as a policy.
    """

    own: dict[str, Any]
    table: dict[str, Any]
    stream: dict[str, Any]


def account_policies(
    modes: Iterable[Mode], target: PolicyTarget, table_account: str, *, needed_only: bool = False
) -> AccountPolicies:
    """The policies of both accounts, and that of the stream."""
    every = [across(mode) for mode in modes]
    there = replace(target, account=table_account)
    stream = f"{there.resources(ResourceScope.TABLE)[0]}/stream/{NEW_STREAM}"
    role = f"arn:{target.partition}:iam::{target.account}:role/{target.role}"
    return AccountPolicies(
        policy(every, target, needed_only=needed_only, passes=lambda grant: not is_of_table(grant)),
        policy(every, there, needed_only=needed_only, passes=is_of_table),
        json.loads(policy_of(statement(stream, role, sid_of(target.function, target.account)))),
    )


def losses(modes: Iterable[Mode], target: PolicyTarget) -> dict[str, str]:
    """Actions that may be left out, each with what is then missing; none that another mode can't do without."""
    known = [each for mode in modes for each in mode.operations(target)]
    needed = {grant.action for operation, loss in known if not loss for grant in GRANTS[operation]}
    return {
        grant.action: loss
        for operation, loss in known
        if loss
        for grant in GRANTS[operation]
        if grant.action not in needed
    }


def modes_of(words: Sequence[str]) -> tuple[str, ...]:
    """The modes that commands and their options name: ``verify --match status`` are two.

    Raises:
        UsageError: A command or one of its options is not known.
    """
    left = [part for word in words for part in word.split()]
    commands = {name.partition(" --")[0] for name in MODES}
    found: list[str] = []
    while left:
        command = left.pop(0)
        if left and any(name.startswith(f"{command} {left[0]}") for name in commands):
            command = f"{command} {left.pop(0)}"
        found += _modes(command, left, commands)
    return tuple(dict.fromkeys(found))


def _modes(command: str, left: list[str], commands: set[str]) -> list[str]:
    """The modes of a command and the options that follow it."""
    both = f"{command} {' '.join(left[:2])}"
    if both in MODES and len(left) > 1 and left[1].startswith("--"):
        del left[:2]
        return [both]
    options: list[str] = []
    while left and left[0].startswith("--"):
        options.append(_option(command, left))
    names = [f"{command} {option}" for option in options] or [command]
    unknown = next((name for name in names if name not in MODES), None)
    if unknown is not None:
        fitting = [name for name in MODES if name.partition(" --")[0] == command] or sorted(commands)
        raise UsageError(
            f"The permissions of {unknown!r:.80} are not known.",
            hint=f"Known are: {', '.join(fitting)}.",
            code="unknown-command",
        )
    return names


def _option(command: str, left: list[str]) -> str:
    """The next option, with its value where a mode is known by that."""
    option = left.pop(0)
    if left and f"{command} {option} {left[0]}" in MODES:
        return f"{option} {left.pop(0)}"
    return option
