"""What an export has of a function that exists, and what it says that it lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.core.model.seen import FunctionState, MappingState, TableState, World
from ddbinsert.core.model.wanted import Trigger
from ddbinsert.export.notes import unexported
from ddbinsert.export.resources import from_live
from ddbinsert.export.terraform import terraform

ACCOUNT = "arn:aws:lambda:eu-west-1:111122223333"
STREAM = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/1"
TABLE = TableState(
    name="orders",
    arn=STREAM.partition("/stream")[0],
    status="ACTIVE",
    key=KeySchema(partition=KeyAttribute(name="pk", type=KeyType.S)),
    view=StreamView.NEW_IMAGE,
    stream_arn=STREAM,
)
FUNCTION = FunctionState(
    name="f",
    arn=f"{ACCOUNT}:function:f",
    runtime="python3.13",
    handler="app.handler",
    role_arn="arn:aws:iam::111122223333:role/r",
)
MAPPING = MappingState(uuid="u", stream_arn=STREAM, function_arn=FUNCTION.arn, state="Enabled")
WORLD = World(region="eu-west-1", table=TABLE, function=FUNCTION, mappings=(MAPPING,))


@pytest.mark.parametrize(
    ("configuration", "named"),
    [
        ({}, ()),
        ({"Description": "", "VpcConfig": {"SubnetIds": []}, "TracingConfig": {"Mode": "PassThrough"}}, ()),
        ({"EphemeralStorage": {"Size": 512}, "SnapStart": {"ApplyOn": "None"}, "KMSKeyArn": None}, ()),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}, "TracingConfig": {"Mode": "Active"}}, ()),
        ({"VpcConfig": {"Ipv6AllowedForDualStack": True}}, ("Ipv6AllowedForDualStack",)),
        (
            {"FileSystemConfigs": [{}], "SnapStart": {"ApplyOn": "PublishedVersions"}},
            ("FileSystemConfigs", "SnapStart"),
        ),
    ],
)
def test_settings_that_an_export_lacks_are_named_where_they_are_set(
    configuration: dict[str, Any], named: tuple[str, ...]
) -> None:
    assert unexported(configuration) == named
    notes = from_live(Trigger(table="orders"), WORLD, None, unexported=named).notes
    assert any("which would reset it" in note for note in notes) is bool(named)


def test_logs_in_json_stay_in_json() -> None:
    function = replace(FUNCTION, log_format="JSON", system_log_level="WARN")
    exported = from_live(Trigger(table="orders"), replace(WORLD, function=function), None)
    text = terraform(exported)["main.tf"]
    for line in ('log_format = "JSON"', 'system_log_level = "WARN"', 'log_group = "/aws/lambda/f"'):
        name, _, value = line.partition(" = ")
        assert any(row.split("=")[0].strip() == name and value in row for row in text.splitlines()), line
    plain = terraform(from_live(Trigger(table="orders"), WORLD, None))["main.tf"]
    assert "logging_config" not in plain
