"""An on-failure destination, and what decides whether Lambda may write to it with a role. Only reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.aws.errors import code_of, is_not_found, translated
from ddbinsert.aws.queue_address import is_missing_queue, queue_url
from ddbinsert.aws.read.simulation import simulated
from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.proof.failure_path.access import TriState, caller_of, evaluate_policy
from ddbinsert.core.proof.failure_path.destination import (
    ENCRYPTS,
    SENDS,
    DestinationState,
    KeyState,
    Own,
    sent_to,
)
from ddbinsert.core.trigger.policy import statements_of
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import RoleState

_ABSENT: Final = frozenset(
    {
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "ServerSideEncryptionConfigurationNotFoundError",
        "404",
        "NotFound",
    }
)
_AWS_MANAGED: Final = "alias/aws/"


def read_destination_state(aws: Aws, arn: str, role_arn: str, role: RoleState | None) -> DestinationState:
    """An on-failure destination, its policy and key, and what the role's own policies allow on it.

    Args:
        role: The role as it was read, if ddbinsert created it; used if IAM's simulator may not be called.
    """
    service = arn_parts(arn).service
    if service not in SENDS or arn.endswith(".fifo"):
        return DestinationState(arn=arn)
    state, key = _place(aws, arn, arn_parts(role_arn).account)
    if state.missing:
        return state
    if key:
        state = replace(state, key=_key(aws, key, role_arn))
    asked = {SENDS[service]: sent_to(arn)}
    if state.key is not None:
        asked |= dict.fromkeys(ENCRYPTS[service], state.key.arn)
    own, why = _own(aws, role_arn, asked, role)
    return replace(state, own=own, own_unread=why)


def _place(aws: Aws, arn: str, account: str) -> tuple[DestinationState, str]:
    """The destination with its policy, and the name of its key; empty if it has none.

    Args:
        account: The role's account. For a destination in another account, AWS answers "not permitted" and "does not
            exist" alike.
    """
    target = arn_parts(arn)
    try:
        with translated(f"read the on-failure destination {arn}"):
            match target.service:
                case "sqs":
                    return _queue(aws, arn)
                case "sns":
                    return _topic(aws, arn)
                case _:
                    return _bucket(aws, arn)
    except _Gone:
        if target.service == "s3" or target.account == account:
            return DestinationState(arn=arn, missing=True), ""
        return DestinationState(arn=arn, unread="it is in another account, and was not found there"), ""
    except AwsError as error:
        return DestinationState(arn=arn, unread=error.message), ""


class _Gone(Exception):
    """The destination was not found."""


def _queue(aws: Aws, arn: str) -> tuple[DestinationState, str]:
    target = arn_parts(arn)
    url = queue_url(aws, target.resource, account=target.account)
    if url is None:
        raise _Gone
    try:
        answer: Any = aws.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["Policy", "KmsMasterKeyId"]
        )
    except Exception as error:
        if is_missing_queue(error):
            raise _Gone from error
        raise
    return _described(arn, answer)


def _described(arn: str, answer: Any) -> tuple[DestinationState, str]:
    """A queue's or a topic's policy and key, from its attributes."""
    attributes = answer.get("Attributes") or {}
    return DestinationState(arn=arn, policy=attributes.get("Policy")), str(
        attributes.get("KmsMasterKeyId") or ""
    )


def _topic(aws: Aws, arn: str) -> tuple[DestinationState, str]:
    try:
        answer: Any = aws.client("sns").get_topic_attributes(TopicArn=arn)
    except Exception as error:
        if is_not_found(error) or code_of(error) in _ABSENT:
            raise _Gone from error
        raise
    return _described(arn, answer)


def _bucket(aws: Aws, arn: str) -> tuple[DestinationState, str]:
    client: Any = aws.client("s3")
    name = arn_parts(arn).resource.partition("/")[0]
    try:
        client.head_bucket(Bucket=name)
    except Exception as error:
        if code_of(error) in _ABSENT:
            raise _Gone from error
        raise
    policy = _if_there(lambda: client.get_bucket_policy(Bucket=name))
    encryption = _if_there(lambda: client.get_bucket_encryption(Bucket=name))
    rules = (encryption.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or ()
    by_default = [rule.get("ApplyServerSideEncryptionByDefault") or {} for rule in rules]
    key = next((str(one["KMSMasterKeyID"]) for one in by_default if one.get("KMSMasterKeyID")), "")
    return DestinationState(arn=arn, policy=policy.get("Policy")), key


def _if_there(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception as error:
        if code_of(error) not in _ABSENT:
            raise
        return {}


def _key(aws: Aws, name: str, role_arn: str) -> KeyState:
    """A key by its ARN, ID or alias. An AWS managed key may be used by everyone who may use its service."""
    if _AWS_MANAGED in name:
        return KeyState(arn=name, state="Enabled", is_aws_managed=True)
    client: Any = aws.client("kms")
    state = KeyState(arn=name)
    try:
        with translated(f"read key {name}"):
            try:
                described = client.describe_key(KeyId=name)["KeyMetadata"]
            except Exception as error:
                if not (is_not_found(error) or code_of(error) == "NotFoundException"):
                    raise
                return replace(state, state="missing")
            state = replace(
                state,
                arn=str(described["Arn"]),
                state=str(described.get("KeyState") or "Enabled"),
                is_aws_managed=described.get("KeyManager") == "AWS",
            )
            if state.is_aws_managed:
                return state
            policy = client.get_key_policy(KeyId=state.arn, PolicyName="default")["Policy"]
        return replace(state, policy=policy, grants=_grants(aws, state.arn, role_arn))
    except AwsError as error:
        return replace(state, unread=error.message)


def _grants(aws: Aws, key: str, role_arn: str) -> TriState:
    """Whether a grant lets the role generate data keys; grants are rare, and often may not be listed."""
    try:
        with translated(f"list the grants of key {key}"):
            pages = aws.client("kms").get_paginator("list_grants").paginate(KeyId=key)
            held = [grant for page in pages for grant in page.get("Grants") or ()]
    except AwsError:
        return TriState.UNKNOWN
    return (
        TriState.YES
        if any(
            one.get("GranteePrincipal") == role_arn and "GenerateDataKey" in one.get("Operations", ())
            for one in held
        )
        else TriState.NO
    )


def _own(
    aws: Aws, role_arn: str, asked: Mapping[str, str], role: RoleState | None
) -> tuple[dict[str, Own], str]:
    """What the role's policies say, by action; and why IAM could not be asked, or an empty string."""
    try:
        answers = aws.side_by_side(
            *(
                lambda action=action, resource=resource: _simulated(aws, role_arn, action, resource)
                for action, resource in asked.items()
            )
        )
    except AwsError as error:
        return {
            action: _decision_of_own_policy(role, action, resource) for action, resource in asked.items()
        }, error.message
    return dict(zip(asked, answers, strict=True)), ""


def _simulated(aws: Aws, role_arn: str, action: str, resource: str) -> Own:
    results = simulated(aws, role_arn, [action], [resource], who=f"role {resource_name(role_arn)}")
    found = {_own_of(result) for result in results}
    return found.pop() if len(found) == 1 else Own.UNKNOWN


def _own_of(result: Mapping[str, Any]) -> Own:
    by_organization = (result.get("OrganizationsDecisionDetail") or {}).get("AllowedByOrganizations", True)
    if result.get("MissingContextValues"):
        return Own.UNKNOWN
    bounded = (result.get("PermissionsBoundaryDecisionDetail") or {}).get(
        "AllowedByPermissionsBoundary", True
    )
    match result["EvalDecision"]:
        case "allowed":
            return Own.ALLOWED
        case "explicitDeny":
            # The simulator does not evaluate conditions in an organization's policies.
            return Own.DENIED if by_organization else Own.UNKNOWN
        case _ if not by_organization:
            return Own.UNKNOWN
        case _:
            return Own.SILENT if bounded else Own.DENIED


def _decision_of_own_policy(role: RoleState | None, action: str, resource: str) -> Own:
    """What the policy says that ddbinsert wrote for its own role; the role may have further policies."""
    if role is None or not role.is_ours or not role.policy:
        return Own.UNKNOWN
    import json

    statements = [{**statement, "Principal": "*"} for statement in statements_of(role.policy)]
    said = evaluate_policy(json.dumps({"Statement": statements}), caller_of(role.arn), action, resource)
    if said.denies is TriState.YES:
        return Own.DENIED
    return Own.ALLOWED if said.allows is TriState.YES and said.denies is TriState.NO else Own.UNKNOWN
