"""The service models that are cut to what is called: derived from the installed botocore, cached, and harmless."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.session import Session

import ddbinsert
from ddbinsert.aws.session import lean_models
from ddbinsert.aws.session.lean_models import OPERATIONS, PREFIXES, LeanLoader, cache_directory, reduce_model
from ddbinsert.aws.session.session import Aws, Connection

SERVICES = sorted(OPERATIONS)
NEARBY = Connection(
    region="eu-west-1", endpoint_url="http://127.0.0.1:9", access_key_id="k", secret_access_key="s"
)
AWS_ITSELF = Connection(region="eu-west-1", access_key_id="k", secret_access_key="s")


@cache
def whole_session() -> Session:
    return Session()


LEAN = {id(connection): Aws(connection) for connection in (NEARBY, AWS_ITSELF)}


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process: nothing is derived yet."""
    monkeypatch.setattr(lean_models, "_DERIVED", {})


def derived(folder: Path | None) -> dict[str, Any]:
    model: dict[str, Any] = LeanLoader(rules=False, cache_folder=folder).load_service_model(
        "dynamodbstreams", "service-2"
    )
    return model


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_that_is_listed_exists_in_the_installed_botocore(service: str) -> None:
    assert set(reduce_model(service, Loader())["service-2"]["operations"]) == set(OPERATIONS[service])


@pytest.mark.parametrize("service", SERVICES)
def test_every_shape_that_a_kept_operation_needs_is_there(service: str) -> None:
    model = reduce_model(service, Loader())["service-2"]
    referred = set(re.findall(r"'shape': '(\w+)'", repr(model)))
    assert referred <= set(model["shapes"])
    assert "'documentation': '" not in repr(model)


def test_every_operation_that_is_called_anywhere_is_kept() -> None:
    """One that is missing works, but makes its command read the whole model; add it to OPERATIONS."""
    sources = [
        path.read_text()
        for path in Path(ddbinsert.__file__).parent.rglob("*.py")
        if "handlers" not in path.parts
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
def test_a_lean_client_calls_as_a_whole_one_does(service: str, connection: Connection) -> None:
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


def test_the_endpoint_prefixes_are_those_of_the_models() -> None:
    models = [reduce_model(service, Loader())["service-2"] for service in SERVICES]
    assert {model["metadata"]["endpointPrefix"] for model in models} == PREFIXES


def test_what_is_not_kept_works_nevertheless() -> None:
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


@pytest.mark.usefixtures("fresh")
def test_a_derived_model_is_read_from_the_cache_by_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = derived(tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(lean_models, "_DERIVED", {})
    before = file.stat().st_mtime_ns
    assert derived(tmp_path / "cache") == first
    assert file.stat().st_mtime_ns == before


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\x00", None])
def test_a_damaged_cache_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None
) -> None:
    first = derived(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    changed = whole.replace(b"GetRecords", b"GetRecordz")
    file.write_bytes(changed if damage is None else damage)
    monkeypatch.setattr(lean_models, "_DERIVED", {})
    assert derived(tmp_path) == first
    assert file.read_bytes() == whole


@pytest.mark.usefixtures("fresh")
def test_a_cache_that_others_can_write_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = derived(tmp_path)
    (file,) = tmp_path.iterdir()
    file.chmod(0o666)
    monkeypatch.setattr(lean_models, "_DERIVED", {})
    assert derived(tmp_path) == first
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("fresh")
def test_a_cache_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert derived(tmp_path / "file" / "cache")["operations"]
    assert derived(None)["operations"]


@pytest.mark.usefixtures("fresh")
def test_another_botocore_gets_a_model_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    derived(tmp_path)
    monkeypatch.setattr(lean_models.botocore, "__version__", "9.9.9")  # type: ignore[attr-defined]
    derived(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.usefixtures("fresh")
def test_fields_of_a_newer_sdk_are_known(tmp_path: Path) -> None:
    """A model that the user's SDK finds first (AWS_DATA_PATH, ~/.aws/models, a newer botocore) is the one that is cut."""
    import json

    newer = Loader().load_service_model("dynamodbstreams", "service-2")
    newer["shapes"]["GetShardIteratorInput"]["members"]["Timestamp"] = {"shape": "Date"}
    folder = tmp_path / "models" / "dynamodbstreams" / "2012-08-10"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(newer))
    loader = LeanLoader(
        rules=False, cache_folder=tmp_path / "cache", extra_search_paths=[str(tmp_path / "models")]
    )
    model = loader.load_service_model("dynamodbstreams", "service-2")
    assert "Timestamp" in model["shapes"]["GetShardIteratorInput"]["members"]


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"HOME": "/h"}, "/h/.cache/ddbinsert"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/ddbinsert"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "relative"}, "/h/.cache/ddbinsert"),
        ({"DDBINSERT_CACHE_DIR": "/c", "XDG_CACHE_HOME": "/x"}, "/c"),
        ({"HOME": ""}, None),
        ({}, None),
    ],
)
def test_the_cache_is_where_the_user_keeps_caches(variables: dict[str, str], folder: str | None) -> None:
    found = cache_directory(variables)
    assert (None if found is None else str(found)) == folder


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
