"""Packages: how Lambda is told of the code, and by which hash a change shows."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

from ddbinsert.core.model.package import Package, S3Object, Statement
from ddbinsert.core.model.seen import FunctionState
from ddbinsert.core.model.wanted import FunctionSpec, Trigger
from ddbinsert.core.trigger import shapes
from ddbinsert.core.trigger.differences import code_differs, function_changes
from ddbinsert.core.trigger.function_settings import function_parameters

ZIP = Package(zip_bytes=b"zip", handler="app.handler")
IMAGE = Package(
    handler="", image=f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/orders@sha256:{'a' * 64}"
)
WANT = Trigger(table="orders")
HAVE = FunctionState(
    name="f",
    arn="arn",
    runtime="python3.13",
    handler="app.handler",
    role_arn="arn:aws:iam::123456789012:role/orders-inserts-role",
)


def test_an_archives_hash_is_lambdas() -> None:
    assert ZIP.sha256 == base64.b64encode(hashlib.sha256(b"zip").digest()).decode()
    assert replace(ZIP, stored=S3Object(bucket="b", key="k")).sha256 == ZIP.sha256


def test_an_images_hash_is_its_digest() -> None:
    assert IMAGE.sha256 == "a" * 64


def test_each_kind_of_code_is_spelled_as_lambda_takes_it() -> None:
    assert shapes.code_source(ZIP) == {"ZipFile": b"zip"}
    stored = replace(ZIP, stored=S3Object(bucket="b", key="k"))
    assert shapes.code_source(stored) == {"S3Bucket": "b", "S3Key": "k"}
    versioned = replace(ZIP, stored=S3Object(bucket="b", key="k", version="v"))
    assert shapes.code_source(versioned) == {"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "v"}
    assert shapes.code_source(IMAGE) == {"ImageUri": IMAGE.image}


def test_an_image_names_no_runtime_handler_or_layers() -> None:
    request = shapes.create_function_request(WANT, "role", IMAGE)
    assert request["PackageType"] == "Image"
    assert not {"Runtime", "Handler", "Layers"} & set(request)
    assert request["ImageConfig"] == {}
    own = replace(WANT, function=FunctionSpec(handler="app.run"))
    assert function_parameters(own, IMAGE)["ImageConfig"] == {"Command": ["app.run"]}


def test_an_image_function_is_as_wanted_whatever_runtime_the_configuration_names() -> None:
    have = replace(
        HAVE,
        package_type="Image",
        runtime="",
        handler="",
        timeout=30,
        log_group=WANT.log_group,
        code_sha256="a" * 64,
    )
    assert list(function_changes(WANT, have, IMAGE)) == []
    assert not code_differs(WANT, have, IMAGE)


def test_layers_are_compared_in_their_order() -> None:
    one, two = (f"arn:aws:lambda:eu-west-1:123456789012:layer:{name}:1" for name in ("one", "two"))
    want = replace(WANT, function=FunctionSpec(layers=(one, two)))
    have = replace(HAVE, timeout=30, log_group=WANT.log_group, layers=(two, one))
    assert [change.field for change in function_changes(want, have, ZIP)] == ["function.layers"]
    assert not list(function_changes(want, replace(have, layers=(one, two)), ZIP))
    assert function_parameters(want, ZIP)["Layers"] == [one, two]


def test_layers_and_kind_are_read_from_lambdas_answer() -> None:
    answer = {
        "FunctionName": "f",
        "FunctionArn": "a",
        "PackageType": "Image",
        "Layers": [{"Arn": "x", "CodeSize": 1}],
    }
    read = shapes.function(answer)
    assert (read.package_type, read.layers) == ("Image", ("x",))


def test_pseudo_parameters_are_resolved_in_every_resource() -> None:
    right = Statement(
        actions=("s3:GetObject",), resources=("arn:${AWS::Partition}:x:${AWS::Region}:${AWS::AccountId}:y",)
    )
    assert right.resolved(region="eu-west-1", account="1", partition="aws-cn").resources == (
        "arn:aws-cn:x:eu-west-1:1:y",
    )
