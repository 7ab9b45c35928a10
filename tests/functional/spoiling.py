"""What somebody may do to a trigger that was healthy: each function spoils one thing."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from tests.functional import foreign
from tests.functional.command import until
from tests.functional.helpers import INSERT_ONLY, fresh
from tests.functional.test_advice_as_printed import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.helpers import Cloud


def name_of(table: str) -> str:
    return f"{table}-inserts"


def filters(*patterns: str) -> Callable[[Cloud, str], object]:
    return settings(FilterCriteria={"Filters": [{"Pattern": pattern} for pattern in patterns]})


def configured(**values: Any) -> Callable[[Cloud, str], object]:
    """Somebody changes the function."""

    def change(cloud: Cloud, table: str) -> None:
        cloud.lambda_.update_function_configuration(FunctionName=name_of(table), **values)
        assert until(lambda: cloud.configuration(name_of(table)).get("LastUpdateStatus") != "InProgress")

    return change


def sink_of(arn_of: Callable[[Cloud, str], str | None]) -> Callable[[Cloud, str], object]:
    """SINK_ARN is another one; None removes it."""

    def change(cloud: Cloud, table: str) -> None:
        variables = dict(cloud.configuration(name_of(table))["Environment"]["Variables"])
        del variables["SINK_ARN"]
        arn = arn_of(cloud, table)
        configured(Environment={"Variables": {**variables, **({"SINK_ARN": arn} if arn else {})}})(
            cloud, table
        )

    return change


def without_right(service: str) -> Callable[[Cloud, str], object]:
    """Somebody takes the statements of a service out of the role's policy."""

    def change(cloud: Cloud, table: str) -> None:
        role = f"{name_of(table)}-role"
        (document,) = cloud.policies(role).values()
        kept = [one for one in document["Statement"] if not str(_first(one["Action"])).startswith(service)]
        assert kept != document["Statement"]
        rewrite(cloud, role, {**document, "Statement": kept})

    return change


def _first(value: Any) -> Any:
    return value if isinstance(value, str) else value[0]


def rewrite(cloud: Cloud, role: str, document: dict[str, Any]) -> None:
    cloud.iam.put_role_policy(RoleName=role, PolicyName="ddbinsert", PolicyDocument=json.dumps(document))


def policy_of_another_stream(cloud: Cloud, table: str) -> None:
    role, stream = f"{name_of(table)}-role", str(cloud.stream(table))
    (document,) = cloud.policies(role).values()
    older = stream.rpartition("/")[0] + "/2020-01-01T00:00:00.000"
    rewrite(cloud, role, json.loads(json.dumps(document).replace(stream, older)))


def without_role(cloud: Cloud, table: str) -> None:
    role = f"{name_of(table)}-role"
    for policy in cloud.policies(role):
        cloud.iam.delete_role_policy(RoleName=role, PolicyName=policy)
    cloud.iam.delete_role(RoleName=role)


def without_trust(cloud: Cloud, table: str) -> None:
    cloud.iam.update_assume_role_policy(
        RoleName=f"{name_of(table)}-role", PolicyDocument='{"Version":"2012-10-17","Statement":[]}'
    )


def without_policy(cloud: Cloud, table: str) -> None:
    cloud.iam.delete_role_policy(RoleName=f"{name_of(table)}-role", PolicyName="ddbinsert")


def without_queue(cloud: Cloud, table: str) -> None:
    url = cloud.sqs.get_queue_url(QueueName=f"{name_of(table)}-failures")["QueueUrl"]
    cloud.sqs.delete_queue(QueueUrl=url)


def other_code(cloud: Cloud, table: str, source: str = foreign.SILENT) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", source)
    cloud.lambda_.update_function_code(FunctionName=name_of(table), ZipFile=packed.getvalue())
    assert until(lambda: cloud.configuration(name_of(table)).get("LastUpdateStatus") != "InProgress")


def failing(source: str, logged: str) -> Callable[[Cloud, str], object]:
    """Other code, and an insert that it fails on."""

    def change(cloud: Cloud, table: str) -> None:
        other_code(cloud, table, source)
        cloud.put(table, "fails")
        assert cloud.logged(name_of(table), logged)

    return change


def discarded(cloud: Cloud, table: str) -> None:
    url = cloud.sqs.get_queue_url(QueueName=f"{name_of(table)}-failures")["QueueUrl"]
    cloud.sqs.send_message(QueueUrl=url, MessageBody="{}")


def group_of_another_class(cloud: Cloud, table: str) -> None:
    group = f"/aws/lambda/{name_of(table)}"
    cloud.logs.delete_log_group(logGroupName=group)
    cloud.logs.create_log_group(logGroupName=group, logGroupClass="INFREQUENT_ACCESS")
    cloud.logs.put_retention_policy(logGroupName=group, retentionInDays=14)


def encrypted(cloud: Cloud, table: str) -> None:
    """The table gets a customer's key after the trigger was made."""
    key = cloud.kms.create_key()["KeyMetadata"]["Arn"]
    cloud.dynamodb.update_table(
        TableName=table, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    )


def expiring(cloud: Cloud, table: str) -> None:
    cloud.dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    filters()(cloud, table)


def unfiltered_neighbour(cloud: Cloud, table: str) -> None:
    name = foreign.function(cloud, fresh("theirs"), foreign.role(cloud))
    foreign.mapped(cloud, table, name)


def two_neighbours(cloud: Cloud, table: str) -> None:
    unfiltered_neighbour(cloud, table)
    unfiltered_neighbour(cloud, table)


def tap(cloud: Cloud, table: str) -> None:
    """What a killed ``verify --wiretap`` leaves."""
    tags = {"ddbinsert:table": table}
    name = foreign.function(cloud, fresh("ddbinsert-tap"), foreign.role(cloud), foreign.SILENT, **tags)
    uuid = foreign.mapped(cloud, table, name, INSERT_ONLY)
    arn = cloud.lambda_.get_event_source_mapping(UUID=uuid)["EventSourceMappingArn"]
    cloud.lambda_.tag_resource(Resource=arn, Tags=tags)
