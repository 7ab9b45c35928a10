"""The additional tables of a trigger: audit log and deduplication table. Created, or completed if they exist."""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.aws.errors import code_of, is_not_found, translated
from ddbinsert.aws.wait import until
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.aws.context import Context

#: The tag by which such a table is recognized; its value is the kind.
KIND_TAG: Final = "ddbinsert:kind"
#: Actions that change or delete existing entries. PutItem stays allowed, because it writes new entries.
_CHANGES: Final = (
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLUpdate",
    "dynamodb:UpdateItem",
)


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """The wanted state of a table.

    Attributes:
        kind: ``audit-log`` or ``deduplication``.
        key: The partition key, a string.
        indexes: Partition key and sort key by index name, both strings; each index projects all attributes.
        expires: Whether time to live is enabled, by the attribute ``expires``.
        kms_key: ARN of the key that encrypts it; None for DynamoDB's own key.
        is_protected: Enable point-in-time recovery, deletion protection, and a policy that denies changes of entries.
    """

    name: str
    kind: str
    key: str
    indexes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    expires: bool = False
    kms_key: str | None = None
    is_protected: bool = False


@dataclass(frozen=True, kw_only=True)
class Made:
    """The table, and the changes that were made.

    Attributes:
        created: False if it existed already.
        done: Settings that were enabled, in words.
        missing: Settings that the endpoint does not support, or refused, in words.
    """

    arn: str
    created: bool
    done: tuple[str, ...]
    missing: tuple[str, ...]


def ensure_table(context: Context, spec: TableSpec) -> Made:
    """Create the table, or complete an existing one.

    Raises:
        Refused: A table of this name exists that ddbinsert did not create, or that is of another kind.
    """
    client: Any = context.aws.client("dynamodb")
    found = _described(client, spec.name)
    created = found is None
    if created:
        with translated(f"create table {spec.name}"):
            client.create_table(**_request(spec))
    else:
        _refuse_foreign(client, spec, found or {})

    def read_if_active() -> str | None:
        described = _described(client, spec.name) or {}
        return str(described["TableArn"]) if described.get("TableStatus") == "ACTIVE" else None

    what = f"table {spec.name} to be active"
    arn = until(read_if_active, clock=context.clock, timeout=context.timeout, what=what)
    done, missing = _completed(client, spec, arn, found)
    return Made(arn=arn, created=created, done=tuple(done), missing=tuple(missing))


def _described(client: Any, name: str) -> dict[str, Any] | None:
    with translated(f"read table {name}"):
        try:
            found: dict[str, Any] = client.describe_table(TableName=name)["Table"]
        except Exception as error:
            if not is_not_found(error):
                raise
            return None
    return found


def _request(spec: TableSpec) -> dict[str, Any]:
    names = dict.fromkeys([spec.key, *(name for pair in spec.indexes.values() for name in pair)])
    request: dict[str, Any] = {
        "TableName": spec.name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": spec.key, "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
        "Tags": [{"Key": KIND_TAG, "Value": spec.kind}],
        "DeletionProtectionEnabled": spec.is_protected,
    }
    if spec.indexes:
        request["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": partition, "KeyType": "HASH"},
                    {"AttributeName": sort, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, (partition, sort) in spec.indexes.items()
        ]
    if spec.kms_key:
        request["SSESpecification"] = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": spec.kms_key}
    return request


def _refuse_foreign(client: Any, spec: TableSpec, found: Mapping[str, Any]) -> None:
    with translated(f"read the tags of table {spec.name}"):
        tags = client.list_tags_of_resource(ResourceArn=found["TableArn"]).get("Tags", [])
    kind = {one["Key"]: one["Value"] for one in tags}.get(KIND_TAG)
    if kind != spec.kind:
        raise Refused(
            f"A table {spec.name} exists and was not created by this command.",
            hint="Choose another name.",
            code="table-exists",
        )
    wanted = set(spec.indexes)
    there = {one["IndexName"] for one in found.get("GlobalSecondaryIndexes") or ()}
    if wanted - there:
        raise Refused(
            f"The table {spec.name} exists already, without the index {', '.join(sorted(wanted - there))}.",
            hint="Choose another name, or leave the index out.",
            code="table-differs",
        )


def _completed(
    client: Any, spec: TableSpec, arn: str, found: Mapping[str, Any] | None
) -> tuple[list[str], list[str]]:
    """Enable the wanted settings that are not enabled yet; return those enabled, and those that failed."""
    steps: list[tuple[str, Any]] = []
    if spec.expires:
        steps.append(("time to live on `expires`", lambda: _expire(client, spec.name)))
    if spec.is_protected:
        steps += [
            ("point-in-time recovery", lambda: _recoverable(client, spec.name)),
            ("a policy that denies updates and deletes of entries", lambda: _policy(client, arn)),
        ]
        if found is not None and not found.get("DeletionProtectionEnabled"):
            protect = {"TableName": spec.name, "DeletionProtectionEnabled": True}
            steps.append(("deletion protection", lambda: client.update_table(**protect)))
    done, missing = [], []
    for what, step in steps:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the table exists and is usable; the result lists what is missing
            missing.append(f"{what} ({code_of(error) or type(error).__name__})")
        else:
            done.append(what)
    return done, missing


def _expire(client: Any, name: str) -> None:
    described = client.describe_time_to_live(TableName=name).get("TimeToLiveDescription") or {}
    if described.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
        )


def _recoverable(client: Any, name: str) -> None:
    client.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _policy(client: Any, arn: str) -> None:
    statement = {
        "Sid": "EntriesAreNeverChanged",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(_CHANGES),
        "Resource": arn,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))
