"""However many functions there are, the emulator keeps but a few processes for them, and each still runs."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import until
from tests.functional.helpers import RECORDING, fresh
from tests.functional.processes import below

if TYPE_CHECKING:
    from ddbinsert.local import Emulator
    from tests.functional.helpers import Cloud

_KEPT = 16
_MANY = 20


def _package(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("main.py", code)
    return buffer.getvalue()


@pytest.fixture
def cloud(emulated: Cloud) -> Cloud:
    """No strict rig in between, as the emulator's own mappings and processes are what is looked at."""
    return emulated


def _attach(cloud: Cloud, table: str, code: str = RECORDING) -> str:
    name = fresh("piling")
    cloud.lambda_.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="main.handler",
        Code={"ZipFile": _package(code)},
    )
    cloud.lambda_.create_event_source_mapping(
        EventSourceArn=cloud.stream(table), FunctionName=name, StartingPosition="TRIM_HORIZON"
    )
    return name


_OWN_SETTINGS = """
import os

def handler(event, context):
    print("SEES", sorted({"LOG_LEVEL", "GITHUB_TOKEN"} & set(os.environ)))
"""


def test_a_handlers_logger_does_not_take_the_emulators_level(cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    name = _attach(cloud, table, _OWN_SETTINGS)
    cloud.put(table, "one")
    assert cloud.logged(name, "SEES []")


def test_workers_of_many_functions_do_not_pile_up_and_every_function_runs(
    emulator: Emulator, cloud: Cloud
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    names = [_attach(cloud, table) for _ in range(_MANY)]
    cloud.put(table, "one")
    assert [name for name in names if not cloud.logged(name, "REC INSERT one")] == []

    # Each had a worker; with one function more, those that waited longest end. The emulator itself is one, too.
    names.append(_attach(cloud, table))
    assert until(lambda: len(below(emulator.directory)) <= _KEPT + 1)
    cloud.put(table, "two")
    assert [name for name in names if not cloud.logged(name, "REC INSERT two")] == []

    for name in names:
        cloud.lambda_.delete_event_source_mapping(UUID=cloud.mapping(name)["UUID"])
        cloud.lambda_.delete_function(FunctionName=name)


def test_a_second_mapping_of_a_function_to_a_stream_is_refused_as_by_lambda(cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    name = _attach(cloud, table)
    uuid = cloud.mapping(name)["UUID"]
    request = {"EventSourceArn": cloud.stream(table), "StartingPosition": "TRIM_HORIZON"}
    conflict = cloud.lambda_.exceptions.ResourceConflictException
    with pytest.raises(conflict, match=f"already exists.*{uuid}"):
        cloud.lambda_.create_event_source_mapping(FunctionName=name, **request)
    version = cloud.lambda_.publish_version(FunctionName=name)["Version"]
    cloud.lambda_.create_event_source_mapping(FunctionName=f"{name}:{version}", **request)
    cloud.lambda_.delete_event_source_mapping(UUID=uuid)
    assert cloud.lambda_.create_event_source_mapping(FunctionName=name, **request)["UUID"] != uuid
