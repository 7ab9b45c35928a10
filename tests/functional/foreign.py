"""Triggers that others made: functions, mappings and a CloudFormation stack, without ddbinsert."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from tests.functional.command import until
from tests.functional.helpers import INSERT_ONLY, fresh

if TYPE_CHECKING:
    from tests.functional.helpers import Cloud

#: Logs the key of each record, as a function of one's own may.
LOGS_KEYS = """
import json
def handler(event, context):
    for record in event.get("Records", []):
        print("got", record["eventName"], json.dumps(record["dynamodb"]["Keys"]))
"""
#: Logs nothing of its own.
SILENT = "def handler(event, context):\n    return None\n"
#: Lets every change through.
EVERYTHING = '{"eventName":["INSERT","MODIFY","REMOVE"]}'
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def role(cloud: Cloud) -> str:
    """The ARN of a role that reads streams and writes logs."""
    name = fresh("their-role")
    arn = cloud.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": ["dynamodb:*", "logs:*"], "Resource": "*"}
    cloud.iam.put_role_policy(
        RoleName=name,
        PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    return str(arn)


def function(cloud: Cloud, name: str, role_arn: str, source: str = LOGS_KEYS, **tags: str) -> str:
    """A function of others; its name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", source)
    cloud.lambda_.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role=role_arn,
        Code={"ZipFile": packed.getvalue()},
        Tags=tags,
    )
    assert until(lambda: cloud.configuration(name)["State"] == "Active")
    return name


def mapped(cloud: Cloud, table: str, name: str, *patterns: str) -> str:
    """Maps the table's live stream to a function with these filters; the mapping's UUID."""
    criteria = {"Filters": [{"Pattern": pattern} for pattern in patterns]} if patterns else {}
    answer = cloud.lambda_.create_event_source_mapping(
        EventSourceArn=cloud.stream(table),
        FunctionName=name,
        StartingPosition="TRIM_HORIZON",
        **({"FilterCriteria": criteria} if criteria else {}),
    )
    return str(answer["UUID"])


def consumer(
    cloud: Cloud, table: str, role_arn: str, *patterns: str, source: str = LOGS_KEYS, **tags: str
) -> str:
    """A function of others on the table's stream; its name."""
    name = function(cloud, fresh("theirs"), role_arn, source, **tags)
    mapped(cloud, table, name, *(patterns or (INSERT_ONLY,)))
    return name


def stack(cloud: Cloud, table: str, role_arn: str, *names: str, mapped: bool = True, **tags: str) -> str:
    """A CloudFormation stack of functions, with mappings of the table's stream to them; its name."""
    resources: dict[str, Any] = {}
    for number, name in enumerate(names):
        resources[f"Function{number}"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": name,
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": role_arn,
                "Code": {"ZipFile": LOGS_KEYS},
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            },
        }
        if not mapped:
            continue
        resources[f"Mapping{number}"] = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "DependsOn": f"Function{number}",
            "Properties": {
                "EventSourceArn": cloud.stream(table),
                "FunctionName": name,
                "StartingPosition": "TRIM_HORIZON",
                "FilterCriteria": {"Filters": [{"Pattern": INSERT_ONLY}]},
            },
        }
    called = fresh("billing")
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    cloud.cloudformation.create_stack(StackName=called, TemplateBody=json.dumps(template))
    assert until(
        lambda: (
            cloud.cloudformation.describe_stacks(StackName=called)["Stacks"][0]["StackStatus"]
            == "CREATE_COMPLETE"
        )
    )
    return called


def snapshot(cloud: Cloud, *functions: str) -> dict[str, Any]:
    """Functions with their mappings and tags, for being compared with a later look."""
    return {
        name: {
            "configuration": {
                key: value
                for key, value in cloud.configuration(name).items()
                if key not in ("State", "StateReason", "StateReasonCode") and not key.startswith("LastUpdate")
            },
            "tags": (cloud.function(name) or {}).get("Tags"),
            "mappings": [
                {key: value for key, value in one.items() if key != "LastProcessingResult"}
                for one in cloud.mappings(name)
            ],
        }
        for name in functions
    }
