"""The rights in the function's role that individual settings need: a row for each statement.

A right is added or removed with its setting, if the setting is given. The statement of a setting that is not given is
not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.core.arn import arn_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.wanted import Trigger

Statement = dict[str, Any]
#: Actions, and the resource on which they are allowed.
Needed = tuple[Sequence[str], str]
#: The actions that Lambda calls in a function's role to connect it to a VPC: docs/aws-facts.md#function-vpc-rights.
NETWORK: Final = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
#: The actions that Lambda still calls after the function has left its VPC: it removes the interfaces within
#: about 20 minutes.
LEAVING: Final = (
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:UnassignPrivateIpAddresses",
)
#: The actions that Lambda calls in a function's role to trace it: docs/aws-facts.md#function-tracing-rights.
TRACING: Final = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
_SENDING: Final = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}


class SettingRight(NamedTuple):
    """One statement.

    Attributes:
        sid: Its Sid in the policy.
        keys: The settings that need it.
        needed: Returns the actions and resources; None if the settings need nothing.
        afterwards: The actions that remain allowed once the settings need nothing any more.
    """

    sid: str
    keys: tuple[str, ...]
    needed: Callable[[Trigger], Needed | None]
    afterwards: Needed | None = None


def _network(trigger: Trigger) -> Needed | None:
    # These actions cannot be limited to a resource before the interface exists.
    return (NETWORK, "*") if trigger.function.vpc.subnets else None


def _variables(trigger: Trigger) -> Needed | None:
    key = trigger.function.kms_key
    return (("kms:Decrypt",), key) if key else None


def _tracing(trigger: Trigger) -> Needed | None:
    return (TRACING, "*") if trigger.function.tracing == "Active" else None


def _dead_letter(trigger: Trigger) -> Needed | None:
    arn = trigger.function.dead_letter
    return ((_SENDING[arn_parts(arn).service],), arn) if arn else None


SETTING_RIGHTS: Final = (
    SettingRight(
        "Network", ("function.vpc.subnets", "function.vpc.security_groups"), _network, (LEAVING, "*")
    ),
    SettingRight("DecryptVariables", ("function.kms_key",), _variables),
    SettingRight("Trace", ("function.tracing",), _tracing),
    SettingRight("DeadLetter", ("function.dead_letter",), _dead_letter),
)


#: Every setting that needs a right.
SETTING_KEYS: Final = frozenset(key for right in SETTING_RIGHTS for key in right.keys)


def needs_rights(trigger: Trigger, keys: frozenset[str]) -> bool:
    """Whether Lambda requires a right of the role for these settings."""
    return any(
        right.needed(trigger) is not None for right in SETTING_RIGHTS if not keys.isdisjoint(right.keys)
    )


def setting_statements(
    trigger: Trigger, have: Sequence[Statement], *, keeps: bool = False
) -> Iterator[Statement]:
    """The statements that the settings of a trigger need.

    Args:
        have: The statements of the present policy.
        keeps: Include the rights of settings that are still to be changed, which the function needs until then.
    """
    for right in SETTING_RIGHTS:
        there = [statement for statement in have if statement.get("Sid") == right.sid]
        if trigger.explicit.isdisjoint(right.keys):
            yield from there
            continue
        needed = right.needed(trigger)
        if needed is None and there:
            needed = right.afterwards
        wanted = [] if needed is None else [_statement(right.sid, *needed)]
        yield from _both(there, wanted) if keeps else wanted


def setting_grants(trigger: Trigger) -> tuple[str, ...]:
    """The rights that the given settings need, in words: ``kms:Decrypt on arn:aws:kms:…``."""
    needed = (
        right.needed(trigger) for right in SETTING_RIGHTS if not trigger.explicit.isdisjoint(right.keys)
    )
    return tuple(f"{', '.join(each[0])} on {each[1]}" for each in needed if each is not None)


def loses_rights(have: Sequence[Statement], want: Sequence[Statement]) -> bool:
    """Whether a change of a policy removes rights that a setting needed."""
    return any(
        statement not in want
        for statement in have
        if statement.get("Sid") in {right.sid for right in SETTING_RIGHTS}
    )


def _statement(sid: str, actions: Sequence[str], resource: str) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions) if len(actions) > 1 else actions[0],
        "Resource": resource,
    }


def _both(old: list[Statement], new: list[Statement]) -> list[Statement]:
    """One statement that allows the actions of both, on the resources of both."""
    if not old or not new or old == new:
        return old or new
    first, second = old[0], new[0]
    return [
        {
            **second,
            "Action": _joined(first.get("Action"), second["Action"]),
            "Resource": _joined(first.get("Resource"), second["Resource"]),
        }
    ]


def _joined(first: object, second: object) -> object:
    both = dict.fromkeys(
        each for one in (first, second) for each in ([one] if isinstance(one, str) else _listed(one))
    )
    return list(both) if len(both) > 1 else next(iter(both))


def _listed(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
