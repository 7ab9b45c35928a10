"""Whether Lambda can send a document to an on-failure destination, judged without sending one.

The rules are IAM's. Within one account a permission on either side is sufficient, across accounts both are
required, and an explicit denial overrides. A key's own policy must allow the role, or delegate to IAM by
naming the account. What cannot be read is not judged: then the verdict has a hole and names the missing
permission.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.failure_path.access import (
    PolicyDecision,
    TriState,
    caller_of,
    either,
    evaluate_policy,
)
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Own(StrEnum):
    """The result of a role's policies for an action, including its boundary and its organization's policies."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SILENT = "not allowed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class KeyState:
    """The key that encrypts a destination.

    Attributes:
        arn: Its ARN, or its ID or alias if it could not be read.
        state: Such as Enabled, Disabled, PendingDeletion; empty if it could not be read.
        is_aws_managed: It is the account's AWS managed key, which every user of the service may use.
        policy: Its policy as JSON.
        grants: A grant lets the role use it.
        unread: Why a part of it could not be read; empty if everything was.
    """

    arn: str
    state: str = ""
    is_aws_managed: bool = False
    policy: str | None = None
    grants: TriState = TriState.UNKNOWN
    unread: str = ""


@dataclass(frozen=True, kw_only=True)
class DestinationState:
    """An on-failure destination, and the rights of the function's role on it.

    Attributes:
        missing: It does not exist.
        policy: Its own policy as JSON; None if it has none or it was not read.
        unread: Why it, or its policy, could not be read; empty if it was.
        key: The KMS key that encrypts it, if any.
        own: The results of the role's policies, by action.
        own_unread: Why IAM could not be called.
    """

    arn: str
    missing: bool = False
    policy: str | None = None
    unread: str = ""
    key: KeyState | None = None
    own: Mapping[str, Own] = field(default_factory=lambda: MappingProxyType({}))
    own_unread: str = ""

    @property
    def service(self) -> str:
        """sqs, sns or s3."""
        return arn_parts(self.arn).service


#: The actions needed to send a document.
SENDS: Final[Mapping[str, str]] = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "s3": "s3:PutObject"}
#: The actions needed on a key. A queue and a topic use one data key for several messages.
ENCRYPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "sqs": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sns": ("kms:GenerateDataKey", "kms:Decrypt"),
    "s3": ("kms:GenerateDataKey",),
}
_WORDS: Final = {"sqs": "queue", "sns": "topic", "s3": "bucket"}


def sent_to(arn: str) -> str:
    """The resource of the sending action: the destination, or an object in it."""
    return f"{arn}/aws/lambda/x" if arn_parts(arn).service == "s3" else arn


def judge_destination(
    state: DestinationState, role_arn: str, *, role_restored: bool = False
) -> Iterator[Finding]:
    """What prevents documents from arriving, or may prevent it.

    Args:
        role_restored: attach-trigger grants the right again: ddbinsert created the role.
    """
    name = f"the on-failure {_WORDS.get(state.service, 'destination')} {resource_name(state.arn)}"
    if state.service not in SENDS or state.arn.endswith(".fifo"):
        yield Finding(
            code=Cause.FAILURE_DESTINATION_FIFO
            if state.service in SENDS
            else Cause.FAILURE_DESTINATION_MISSING,
            weight=Weight.PROOF,
            text=f"{name} is FIFO, and Lambda sends discarded records to standard queues and topics only"
            if state.service in SENDS
            else f"{state.arn} is not a queue, a topic or a bucket",
            evidence=(state.arn,),
            mend=_repair_advice("Use a standard queue", "create"),
        )
    elif state.missing:
        yield Finding(
            code=Cause.FAILURE_DESTINATION_MISSING,
            weight=Weight.PROOF,
            text=f"{name} does not exist: discarded records are lost",
            evidence=(state.arn,),
            mend=_repair_advice("Create a queue", "create"),
        )
    else:
        yield from _of_sending(state, role_arn, name, role_restored=role_restored)
        if state.key is not None:
            yield from _of_key(state, state.key, role_arn, name)


def _repair_advice(text: str, destination: str) -> Advice:
    return Advice(text, ("attach-trigger", TABLE, "--on-failure", destination, "--yes"))


def _grant(state: DestinationState, own: Own, role: str, action: str, *, role_restored: bool) -> str | Advice:
    """What ddbinsert grants in its own policy does not lift a denial of another one."""
    if own is Own.DENIED:
        return f"Remove what denies {action} on {state.arn} to role {role}: one of its policies, or its boundary."
    if role_restored:
        return _repair_advice("Grant it to the role, which ddbinsert created", state.arn)
    return f"Allow role {role} {action} on {state.arn}."


def _of_sending(
    state: DestinationState, role_arn: str, name: str, *, role_restored: bool
) -> Iterator[Finding]:
    action = SENDS[state.service]
    own = state.own.get(action, Own.UNKNOWN)
    said = evaluate_policy(state.policy, caller_of(role_arn), action, sent_to(state.arn))
    role = resource_name(role_arn)
    if said.denies is TriState.YES:
        yield Finding(
            code=Cause.FAILURE_DESTINATION_REFUSES,
            weight=Weight.PROOF,
            text=f"the policy of {name} denies {action} to the function's role: discarded records are lost",
            evidence=(f"{state.arn}: {', '.join(said.by)}", f"role: {role_arn}"),
            mend=f"Change the policy of {resource_name(state.arn)}, so that role {role} may call {action}.",
        )
        return
    certain = _is_lacking(state, own, said, role_arn)
    if certain is TriState.YES:
        other = state.service != "s3" and arn_parts(state.arn).account != arn_parts(role_arn).account
        yield Finding(
            code=Cause.FAILURE_DESTINATION_DENIED,
            weight=Weight.PROOF,
            text=f"role {role} may not call {action} on {name}: discarded records are lost",
            evidence=(f"{action}: {own}", *((f"{state.arn} is in another account",) if other else ())),
            mend=_grant(state, own, role, action, role_restored=role_restored),
        )
    elif certain is TriState.UNKNOWN:
        why = state.own_unread or state.unread
        if said.denies is TriState.UNKNOWN:
            why = f"its policy denies it under a condition ({', '.join(said.by)})"
        yield _unknown(f"whether role {role} may call {action} on {name}", why, state.arn)


def _is_lacking(state: DestinationState, own: Own, said: PolicyDecision, role_arn: str) -> TriState:
    """Whether the right is missing."""
    if own is Own.DENIED:
        return TriState.YES
    unread = bool(state.unread)
    here = state.service == "s3" or arn_parts(state.arn).account == arn_parts(role_arn).account
    # A bucket's ARN does not show its account: a permission of the role is assumed to be sufficient.
    theirs = TriState.UNKNOWN if unread else said.allows if here else either(said.allows, said.leaves_to_iam)
    if said.denies is TriState.UNKNOWN or (unread and own is not Own.ALLOWED):
        return TriState.UNKNOWN
    match own:
        case Own.ALLOWED:
            return TriState.NO if here else _not(theirs)
        case Own.SILENT:
            return _not(theirs) if here else TriState.YES
        case _:
            return TriState.NO if here and theirs is TriState.YES else TriState.UNKNOWN


def _of_key(state: DestinationState, key: KeyState, role_arn: str, name: str) -> Iterator[Finding]:
    """What prevents the role from using the destination's key."""
    if key.is_aws_managed:
        return
    if key.state not in ("", "Enabled"):
        yield _key_denies(key, role_arn, name, f"the key is {key.state}")
        return
    parts = arn_parts(state.arn if arn_parts(state.arn).region else key.arn)
    caller = caller_of(role_arn, via=f"{state.service}.{parts.region}.amazonaws.com")
    for action in ENCRYPTS[state.service]:
        own = state.own.get(action, Own.UNKNOWN)
        said = evaluate_policy(key.policy, caller, action, key.arn)
        if said.denies is TriState.YES:
            yield _key_denies(key, role_arn, name, f"the key's policy denies {action} ({', '.join(said.by)})")
            return
        certain = _key_is_lacking(key, own, said)
        if certain is TriState.YES:
            by = (
                "the role's policies deny it"
                if own is Own.DENIED
                else "neither the key's policy nor a policy of the role allows it"
            )
            yield _key_denies(key, role_arn, name, f"{action}: {by}")
            return
        if certain is TriState.UNKNOWN:
            why = key.unread or state.own_unread or "the key's policy has a condition on it"
            yield _unknown(
                f"whether role {resource_name(role_arn)} may use the key of {name} ({action})", why, key.arn
            )
            return


def _key_is_lacking(key: KeyState, own: Own, said: PolicyDecision) -> TriState:
    if own is Own.DENIED:
        return TriState.YES
    if said.denies is TriState.UNKNOWN or (key.policy is None and key.unread):
        return TriState.UNKNOWN
    if TriState.YES in (said.allows, key.grants):
        return TriState.NO
    if said.leaves_to_iam is TriState.YES and own is Own.ALLOWED:
        return TriState.NO
    may_iam = said.leaves_to_iam is not TriState.NO and own in (Own.ALLOWED, Own.UNKNOWN)
    return TriState.UNKNOWN if may_iam or TriState.UNKNOWN in (said.allows, key.grants) else TriState.YES


def _key_denies(key: KeyState, role_arn: str, name: str, why: str) -> Finding:
    return Finding(
        code=Cause.FAILURE_DESTINATION_KEY_REFUSES,
        weight=Weight.PROOF,
        text=f"role {resource_name(role_arn)} is not allowed to use the key that encrypts {name}: discarded records are lost",
        evidence=(key.arn, why),
        mend=f"Let the role use the key: {' and '.join(ENCRYPTS['sqs'])} on {key.arn}, in its own policy and in the key's.",
    )


def _unknown(what: str, why: str, arn: str) -> Finding:
    return Finding(
        code=Cause.FAILURE_DESTINATION_RIGHTS_UNKNOWN,
        weight=Weight.HOLE,
        text=f"{what} could not be determined",
        evidence=(arn, *((why,) if why else ())),
        mend="Run it with an identity that is allowed to read the policies of the role, the destination and its key (docs/verify.md lists the permissions).",
    )


def _not(sure: TriState) -> TriState:
    return {TriState.YES: TriState.NO, TriState.NO: TriState.YES, TriState.UNKNOWN: TriState.UNKNOWN}[sure]
