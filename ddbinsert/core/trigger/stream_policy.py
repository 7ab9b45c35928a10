"""The statement on a table's stream that lets the role of a function in another account read it.

Facts: docs/aws-facts.md#stream-policy. ListStreams is not part of it: Lambda calls it in the function's account.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.model.package import READING
from ddbinsert.core.trigger.policy import statements_of
from ddbinsert.core.trigger.shapes import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger

    Statement = dict[str, Any]

#: The beginning of the Sid of every statement that ddbinsert writes.
SID: Final = "DdbinsertRead"
#: Stands for the label of a stream that does not exist yet.
NEW_STREAM: Final = "LABEL"


def sid_of(function: str, account: str) -> str:
    """The Sid of a function's statement: the same for each of its streams and roles, so that it is found again."""
    return f"{SID}{crc32(f'{account}:{function}'.encode()):08x}"


def statement(stream_arn: str, role_arn: str, sid: str) -> Statement:
    """The least rights of a function's role on a stream."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": role_arn},
        "Action": list(READING),
        "Resource": stream_arn,
    }


def policy_of(one: Statement) -> str:
    """A policy with this statement only, as canonical JSON."""
    return canonical({"Version": "2012-10-17", "Statement": [one]})


def reading_role(want: Trigger, have: World) -> str:
    """The ARN of the role that the function has, or will have."""
    if want.function.role is not None:
        return want.function.role
    if have.function is not None:
        return have.function.role_arn
    if have.role is not None:
        return have.role.arn
    partition = arn_parts(have.table.arn).partition if have.table is not None else "aws"
    return f"arn:{partition}:iam::{have.account}:role{want.role.path}{want.role_name}"


def with_statement(document: str | None, one: Statement) -> str:
    """The policy with this statement instead of one with its Sid; all other statements are kept as they are."""
    kept = [each for each in statements_of(document) if each.get("Sid") != one["Sid"]]
    return canonical({**_whole(document), "Statement": [*kept, one]})


def without_statement(document: str | None, sid: str) -> str | None:
    """The policy without the statement with this Sid; None if nothing else is in it."""
    kept = [each for each in statements_of(document) if each.get("Sid") != sid]
    return canonical({**_whole(document), "Statement": kept}) if kept else None


def is_readable(document: str) -> bool:
    """Whether it is a policy: otherwise a change would lose what is in it."""
    try:
        found = json.loads(document)
    except ValueError:
        return False
    statements = found.get("Statement", []) if isinstance(found, dict) else None
    listed = statements if isinstance(statements, list) else [statements]
    return all(isinstance(one, dict) for one in listed)


def has_statement(document: str | None, sid: str) -> bool:
    """Whether a statement of the policy has this Sid."""
    return any(each.get("Sid") == sid for each in statements_of(document))


def differs(document: str | None, one: Statement) -> bool:
    """Whether the policy has a statement with this Sid that is not this statement."""
    return any(
        each.get("Sid") == one["Sid"] and _plain(each) != _plain(one) for each in statements_of(document)
    )


def lacking_actions(document: str | None, role_arn: str, stream_arn: str) -> tuple[str, ...]:
    """The actions that Lambda needs and the policy does not allow this role; conditions count as not met."""
    statements = [each for each in statements_of(document) if not each.get("Condition")]
    return tuple(action for action in READING if not _allows(statements, action, role_arn, stream_arn))


def denied_actions(document: str | None, role_arn: str, stream_arn: str) -> tuple[str, ...]:
    """The actions that a statement of the policy denies this role, whatever others allow."""
    denials = [each for each in statements_of(document) if each.get("Effect") == "Deny"]
    return tuple(
        action for action in READING if any(_covers(one, action, role_arn, stream_arn) for one in denials)
    )


def lacks(have: World) -> tuple[str, ...]:
    """The actions that the policy of another account's live stream does not allow the function's role."""
    table, policy, function = have.table, have.stream_policy, have.function
    if table is None or table.stream_arn is None or policy is None or policy.unread or function is None:
        return ()
    return lacking_actions(policy.document, function.role_arn, table.stream_arn)


def _allows(statements: list[Statement], action: str, role_arn: str, stream_arn: str) -> bool:
    effects = {one.get("Effect") for one in statements if _covers(one, action, role_arn, stream_arn)}
    return effects == {"Allow"}


def _covers(one: Statement, action: str, role_arn: str, stream_arn: str) -> bool:
    if one.get("Condition") or "NotPrincipal" in one or "NotAction" in one or "NotResource" in one:
        return False
    return (
        any(_names(name, role_arn) for name in _principals(one.get("Principal")))
        and any(fnmatchcase(action.lower(), name.lower()) for name in _listed(one.get("Action")))
        and any(fnmatchcase(stream_arn, name) for name in _listed(one.get("Resource")))
    )


def _names(name: str, role_arn: str) -> bool:
    account = arn_parts(role_arn).account
    partition = arn_parts(role_arn).partition
    return name in ("*", role_arn, account, f"arn:{partition}:iam::{account}:root")


def _principals(principal: object) -> Iterator[str]:
    yield from _listed(principal.get("AWS") if isinstance(principal, dict) else principal)


def _listed(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _plain(one: Statement) -> Statement:
    """A statement whose lists of one entry are that entry, and whose other lists are sorted: AWS may store either."""
    found = dict(one)
    found["Principal"] = sorted(_principals(one.get("Principal")))
    for key in ("Action", "Resource"):
        found[key] = sorted(_listed(one.get(key)))
    return found


def _whole(document: str | None) -> dict[str, Any]:
    """The policy document; an empty one if there is none, or it cannot be read."""
    try:
        found = json.loads(document) if document else {}
    except ValueError:
        found = {}
    return {"Version": "2012-10-17", **found} if isinstance(found, dict) else {"Version": "2012-10-17"}
