"""One event source mapping on a DynamoDB stream, written in each format that `filter lint` reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: The placeholder that Pulumi writes for a value that is known after the deployment.
LATER = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def _template(patterns: Sequence[str], view: str) -> dict[str, Any]:
    mapping: dict[str, Any] = {
        "FunctionName": {"Ref": "Function"},
        "EventSourceArn": {"Fn::GetAtt": ["Orders", "StreamArn"]},
        "StartingPosition": "LATEST",
    }
    if patterns:
        mapping["FilterCriteria"] = {"Filters": [{"Pattern": pattern} for pattern in patterns]}
    return {
        "Resources": {
            "Orders": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                    "StreamSpecification": {"StreamViewType": view},
                },
            },
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.13"}},
            "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
        }
    }


def cloudformation_json(patterns: Sequence[str], view: str) -> str:
    return json.dumps(_template(patterns, view), indent=2)


def sam_yaml(patterns: Sequence[str], view: str) -> str:
    lines = [
        "Transform: AWS::Serverless-2016-10-31",
        "Resources:",
        "  Orders:",
        "    Type: AWS::DynamoDB::Table",
        "    Properties:",
        "      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]",
        "      KeySchema: [{AttributeName: pk, KeyType: HASH}]",
        f"      StreamSpecification: {{StreamViewType: {view}}}",
        "  Mapping:  # the function",
        "    Type: AWS::Serverless::Function",
        "    Properties:",
        "      Handler: app.handler",
        "      Events:",
        "        Stream:",
        "          Type: DynamoDB",
        "          Properties:",
        "            Stream: !GetAtt Orders.StreamArn",
        "            StartingPosition: LATEST",
    ]
    if patterns:
        lines += ["            FilterCriteria:", "              Filters:"]
        lines += [
            f"                - Pattern: '{pattern.replace(chr(39), chr(39) * 2)}'" for pattern in patterns
        ]
    return "\n".join([*lines, ""])


def serverless(patterns: Sequence[str], view: str) -> str:
    lines = [
        "service: orders",
        "provider: {name: aws}",
        "functions:",
        "  Mapping:",
        "    handler: app.handler",
        "    events:",
        "      - stream:",
        "          type: dynamodb",
        "          arn: !GetAtt Orders.StreamArn",
    ]
    if patterns:
        lines += ["          filterPatterns:", *(f"            - {pattern}" for pattern in patterns)]
    return "\n".join(
        [
            *lines,
            "resources:",
            "  Resources:",
            "    Orders:",
            "      Type: AWS::DynamoDB::Table",
            "      Properties:",
            "        AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]",
            "        KeySchema: [{AttributeName: pk, KeyType: HASH}]",
            f"        StreamSpecification: {{StreamViewType: {view}}}",
            "",
        ]
    )


def terraform(patterns: Sequence[str], view: str) -> str:
    lines = [
        'resource "aws_dynamodb_table" "orders" {',
        '  hash_key = "pk"',
        f'  stream_view_type = "{view}"',
        "  attribute {",
        '    name = "pk"',
        '    type = "S"',
        "  }",
        "}",
        'resource "aws_lambda_event_source_mapping" "mapping" {',
        "  event_source_arn  = aws_dynamodb_table.orders.stream_arn",
        '  starting_position = "LATEST"',
    ]
    if patterns:
        lines += ["  filter_criteria {"]
        lines += [f"    filter {{ pattern = jsonencode({pattern}) }}" for pattern in patterns]
        lines += ["  }"]
    return "\n".join([*lines, "}", ""])


def terraform_json(patterns: Sequence[str], view: str) -> str:
    mapping: dict[str, Any] = {"event_source_arn": "${aws_dynamodb_table.orders.stream_arn}"}
    if patterns:
        mapping["filter_criteria"] = {"filter": [{"pattern": pattern} for pattern in patterns]}
    table = {"hash_key": "pk", "attribute": [{"name": "pk", "type": "S"}], "stream_view_type": view}
    resources = {
        "aws_dynamodb_table": {"orders": table},
        "aws_lambda_event_source_mapping": {"mapping": mapping},
    }
    return json.dumps({"resource": resources}, indent=2)


def terraform_plan(patterns: Sequence[str], view: str) -> str:
    values: dict[str, Any] = {"filter_criteria": []}
    if patterns:
        values["filter_criteria"] = [{"filter": [{"pattern": pattern} for pattern in patterns]}]
    table = {
        "name": "orders",
        "hash_key": "pk",
        "attribute": [{"name": "pk", "type": "S"}],
        "stream_view_type": view,
    }
    mapping = {"type": "aws_lambda_event_source_mapping", "name": "mapping"}
    address = "aws_lambda_event_source_mapping.mapping"
    references = {"event_source_arn": {"references": ["aws_dynamodb_table.orders.stream_arn"]}}
    document = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {
            "root_module": {
                "resources": [
                    {"address": "aws_dynamodb_table.orders", "type": "aws_dynamodb_table", "values": table},
                    {"address": address, **mapping, "values": values},
                ]
            }
        },
        "resource_changes": [{"address": address, "change": {"after_unknown": {"event_source_arn": True}}}],
        "configuration": {
            "root_module": {"resources": [{"address": address, **mapping, "expressions": references}]}
        },
    }
    return json.dumps(document, indent=1)


def pulumi(patterns: Sequence[str], view: str) -> str:
    table_urn = "urn:pulumi:dev::orders::aws:dynamodb/table:Table::orders"
    inputs: dict[str, Any] = {"eventSourceArn": LATER}
    if patterns:
        inputs["filterCriteria"] = {"filters": [{"pattern": pattern} for pattern in patterns]}
    table = {"hashKey": "pk", "attributes": [{"name": "pk", "type": "S"}], "streamViewType": view}
    steps = [
        {"op": "create", "urn": table_urn, "newState": {"type": "aws:dynamodb/table:Table", "inputs": table}},
        {
            "op": "create",
            "urn": "urn:pulumi:dev::orders::aws:lambda/eventSourceMapping:EventSourceMapping::mapping",
            "newState": {
                "type": "aws:lambda/eventSourceMapping:EventSourceMapping",
                "inputs": inputs,
                "propertyDependencies": {"eventSourceArn": [table_urn]},
            },
        },
    ]
    return json.dumps({"config": {}, "steps": steps}, indent=2)


def sst_state(patterns: Sequence[str], view: str) -> str:
    """The state file that SST keeps of a stage: Pulumi's checkpoint, with components of SST around the resources."""
    steps = json.loads(pulumi(patterns, view))["steps"]
    kept: list[dict[str, Any]] = [
        {"urn": "urn:pulumi:dev::orders::sst:aws:Dynamo::orders", "type": "sst:aws:Dynamo"}
    ]
    kept += [{"urn": step["urn"], **step["newState"]} for step in steps]
    return json.dumps({"version": 3, "checkpoint": {"stack": "dev", "latest": {"resources": kept}}}, indent=2)


Writer = "Callable[[Sequence[str], str], str]"

#: File name and writer of every format.
FORMATS: dict[str, tuple[str, Callable[[Sequence[str], str], str]]] = {
    "SAM": ("template.yaml", sam_yaml),
    "CloudFormation": ("template.json", cloudformation_json),
    "CDK": ("cdk.out/Stack.template.json", cloudformation_json),
    "Terraform": ("main.tf", terraform),
    "Terraform JSON": ("main.tf.json", terraform_json),
    "Terraform plan": ("plan.json", terraform_plan),
    "Serverless": ("serverless.yml", serverless),
    "Pulumi": ("preview.json", pulumi),
    "SST": ("state.json", sst_state),
}

#: Formats whose files are generated: `--fix` leaves them alone.
GENERATED = ("CDK", "Terraform plan", "Pulumi", "SST")
