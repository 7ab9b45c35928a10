"""Whether Lambda, in the role of a function, may leave a document at an on-failure destination.

It may where the destination is a standard queue, a standard topic or a bucket, and where identity and resource policies, and
those of the key that it is encrypted with, together allow it. It is the rig's own reading of IAM's language, and shares no code with ddbinsert.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .policies import effects, effects_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .context import Context
    from .mappings import PlayedMapping
    from .roles import RoleBook

    Rights = list[tuple[str, str]]

_SENDS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "s3": "s3:PutObject"}
#: What encrypting under a key takes; a bucket's object is written whole, so that nothing is decrypted.
_ENCRYPTS = {
    "sqs": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sns": ("kms:GenerateDataKey", "kms:Decrypt"),
    "s3": ("kms:GenerateDataKey",),
}


def may_send(mapping: PlayedMapping, destination: str, context: Context, roles: RoleBook) -> bool:
    """Whether a document that is sent now arrives."""
    service = destination.split(":")[2]
    if service not in _SENDS or destination.endswith(".fifo"):
        return False
    resource = f"{destination}/aws/lambda/x" if service == "s3" else destination
    asked = _Asked(mapping, context, roles)
    policy, key = asked.place(service, destination)
    if not asked.is_allowed(_SENDS[service], resource, policy):
        return False
    return not key or asked.is_encrypting(key, _ENCRYPTS[service])


class _Asked:
    """The questions about one role."""

    def __init__(self, mapping: PlayedMapping, context: Context, roles: RoleBook) -> None:
        self._mapping = mapping
        self._context = context
        self._roles = roles

    def is_allowed(self, action: str, resource: str, policy: Any) -> bool:
        """As in one account: an Allow on either side, and no Deny on any."""
        own = self._own(action, resource)
        theirs = effects_on(policy, self._mapping.role_arn, action, resource)
        return "Deny" not in own | theirs and "Allow" in own | theirs

    def is_encrypting(self, key: str, actions: Iterable[str]) -> bool:
        """A key's policy must name the role, or leave it to IAM by naming the account."""
        client = self._client("kms")
        described = _answer(lambda: client.describe_key(KeyId=key))
        if not described or described["KeyMetadata"].get("KeyState", "Enabled") != "Enabled":
            return False
        arn = described["KeyMetadata"]["Arn"]
        if described["KeyMetadata"].get("KeyManager") == "AWS":
            return True
        policy = json.loads(client.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
        account = f"arn:aws:iam::{self._mapping.access.account}:root"
        for action in actions:
            own = self._own(action, arn)
            by_name = effects_on(policy, self._mapping.role_arn, action, arn, whole_account=False)
            by_account = effects_on(policy, account, action, arn)
            if "Deny" in own | by_name | by_account:
                return False
            if "Allow" not in by_name and not ("Allow" in by_account and "Allow" in own):
                return False
        return True

    def place(self, service: str, destination: str) -> tuple[Any, str]:
        """The destination's own policy, and the key that it is encrypted with; nothing for none."""
        name = destination.rpartition(":")[2]
        match service:
            case "sqs":
                queue = self._client("sqs")
                url = _answer(lambda: queue.get_queue_url(QueueName=name))
                if url is None:
                    return {}, ""
                found = queue.get_queue_attributes(QueueUrl=url["QueueUrl"], AttributeNames=["All"])
                attributes = found.get("Attributes", {})
                return _read(attributes.get("Policy")), attributes.get("KmsMasterKeyId", "")
            case "sns":
                topic = self._client("sns")
                found = _answer(lambda: topic.get_topic_attributes(TopicArn=destination)) or {}
                attributes = found.get("Attributes", {})
                return _read(attributes.get("Policy")), attributes.get("KmsMasterKeyId", "")
            case _:
                bucket = self._client("s3")
                policy = _answer(lambda: bucket.get_bucket_policy(Bucket=name)) or {}
                rules = _answer(lambda: bucket.get_bucket_encryption(Bucket=name)) or {}
                return _read(policy.get("Policy")), _key_of(rules)

    def _own(self, action: str, resource: str) -> set[str]:
        return effects(self._roles.documents(self._mapping.access, self._mapping.role_arn), action, resource)

    def _client(self, name: str) -> Any:
        return self._context.upstream.client(name, self._mapping.access)


def _key_of(encryption: Any) -> str:
    rules = (encryption.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or []
    chosen = [rule.get("ApplyServerSideEncryptionByDefault") or {} for rule in rules]
    return next((str(one.get("KMSMasterKeyID") or "") for one in chosen), "")


def _read(policy: str | None) -> Any:
    return json.loads(policy) if policy else {}


def _answer(ask: Callable[[], Any]) -> Any:
    """The answer; None where there is no such thing."""
    try:
        return ask()
    except ClientError:
        return None
