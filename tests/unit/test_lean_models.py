"""The shipped service models: botocore's own, cut to what is called, and nothing is lost by the cut."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.session import Session

import ddbinsert
from ddbinsert.aws.lean import PREFIXES
from ddbinsert.aws.models.__main__ import FOLDER, OPERATIONS, cut, text
from ddbinsert.aws.session import Aws, Connection
from ddbinsert.aws.sessions import open_session

SERVICES = sorted(OPERATIONS)
NEARBY = Connection(
    region="eu-west-1", endpoint_url="http://127.0.0.1:9", access_key_id="k", secret_access_key="s"
)
AWS_ITSELF = Connection(region="eu-west-1", access_key_id="k", secret_access_key="s")


@cache
def whole_session() -> Session:
    return Session()


LEAN = {id(connection): Aws(connection) for connection in (NEARBY, AWS_ITSELF)}


def shipped(service: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{service}.json").read_text())
    return content


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_shipped_is_what_the_installed_botocore_gives(service: str) -> None:
    """Mended by ``python -m ddbinsert.aws.models``."""
    found = shipped(service)
    if found["botocore"] == botocore.__version__:
        assert (FOLDER / f"{service}.json").read_text() == text(cut(service))
    else:
        assert set(OPERATIONS[service]) == set(found["service-2"]["operations"])


@pytest.mark.parametrize("service", SERVICES)
def test_every_shape_that_a_shipped_operation_needs_is_there(service: str) -> None:
    model = shipped(service)["service-2"]
    referred = set(re.findall(r'"shape":"(\w+)"', json.dumps(model, separators=(",", ":"))))
    assert referred <= set(model["shapes"])
    assert "documentation" not in json.dumps(model)


def test_every_operation_that_is_called_anywhere_is_shipped() -> None:
    """One that is missing works, but makes its command read the whole model; add it to OPERATIONS."""
    sources = [
        path.read_text()
        for path in Path(ddbinsert.__file__).parent.rglob("*.py")
        if "handlers" not in path.parts and "models" not in path.parts
    ]
    missing = []
    for service in SERVICES:
        whole = whole_session().get_service_model(service)
        called = {xform_name(name): name for name in whole.operation_names}
        for source in sources:
            if re.search(rf'client\(\s*"{service}"', source):
                names = re.findall(r"\.([a-z_]+)\b", source)
                names += re.findall(r'get_paginator\(\s*"([a-z_]+)"', source)
                found = {called[name] for name in names if name in called}
                missing += sorted(found - set(OPERATIONS[service]))
    assert missing == []


@pytest.mark.parametrize("connection", [NEARBY, AWS_ITSELF], ids=["nearby", "aws"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_lean_client_speaks_as_a_whole_one_does(service: str, connection: Connection) -> None:
    lean: Any = LEAN[id(connection)].client(service)
    whole: Any = whole_session().create_client(
        service,
        region_name=connection.region,
        endpoint_url=connection.endpoint_url,
        aws_access_key_id="k",
        aws_secret_access_key="s",
    )
    assert lean.meta.endpoint_url == whole.meta.endpoint_url
    assert lean.meta.region_name == whole.meta.region_name
    for operation in OPERATIONS[service]:
        ours = lean.meta.service_model.operation_model(operation)
        theirs = whole.meta.service_model.operation_model(operation)
        for side in ("input_shape", "output_shape"):
            mine, its = getattr(ours, side), getattr(theirs, side)
            assert (mine is None) == (its is None)
            if mine is not None:
                assert list(mine.members) == list(its.members)
        assert lean.can_paginate(xform_name(operation)) == whole.can_paginate(xform_name(operation))
    assert {shape.name for shape in whole.meta.service_model.error_shapes} == {
        shape.name for shape in lean.meta.service_model.error_shapes
    }


def test_the_endpoint_prefixes_are_those_of_the_shipped_models() -> None:
    assert {shipped(service)["service-2"]["metadata"]["endpointPrefix"] for service in SERVICES} == PREFIXES


def test_what_is_not_shipped_works_nevertheless() -> None:
    client: Any = Aws(NEARBY).client("lambda")
    assert "ListLayers" not in OPERATIONS["lambda"]
    assert callable(client.list_layers)
    assert client.list_layers.__self__ is not client
    with pytest.raises(AttributeError):
        _ = client.no_such_call
    assert not hasattr(client, "_no_such_thing")


@pytest.mark.parametrize("service", ["s3", "sqs"])
def test_other_services_are_as_botocore_has_them(service: str) -> None:
    client: Any = Aws(NEARBY).client(service)
    assert client.meta.endpoint_url == NEARBY.endpoint_url
    assert client.meta.service_model.documentation


def test_models_of_the_users_own_are_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert type(open_session(None, sealed=False).get_component("data_loader")) is Loader


@pytest.mark.parametrize(
    ("connection", "nearby"),
    [
        (NEARBY, True),
        (Connection(region="eu-west-1", endpoint_url="http://localhost:4566/"), True),
        (Connection(region="eu-west-1", endpoint_url="https://[::1]"), True),
        (Connection(region=None, endpoint_url="http://127.0.0.1:9"), False),
        (Connection(region="eu-west-1"), False),
        (Connection(region="eu-west-1", endpoint_url="http://127.0.0.1.example.com"), False),
        (Connection(region="eu-west-1", endpoint_url="https://vpce-1.iam.amazonaws.com"), False),
        (
            Connection(
                region="eu-west-1",
                endpoint_url="http://127.0.0.1:9",
                service_endpoints={"iam": "https://iam.amazonaws.com"},
            ),
            False,
        ),
    ],
)
def test_endpoint_rules_are_left_out_on_this_machine_only(connection: Connection, nearby: bool) -> None:
    assert connection.is_on_this_machine is nearby
