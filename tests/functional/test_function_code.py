"""Own code on its way into Lambda: archives from S3 and through it, layers, container images."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, ran, until
from tests.functional.helpers import Calls, fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

HANDLER = "def handler(event, context):\n    return {n!r}\n"
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/{name}:{tag}"


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *arguments, **outside: ran(*arguments, variables=variables, cwd=tmp_path, **outside)


def archive(n: object = 1, **files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("app.py", HANDLER.format(n=n))
        for name, content in files.items():
            target.writestr(name, content)
    return buffer.getvalue()


def answered(cloud: Cloud, function: str) -> object:
    assert until(lambda: cloud.configuration(function).get("State", "Active") == "Active")
    return json.loads(cloud.lambda_.invoke(FunctionName=function, Payload=b"{}")["Payload"].read())


@pytest.fixture
def bucket(cloud: Cloud) -> str:
    name = fresh("code")
    cloud.s3.create_bucket(Bucket=name)
    return name


# --- folders --------------------------------------------------------------------------------------------


def test_a_package_that_a_link_leads_to_is_found_by_the_function(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    (code / "store" / "rules").mkdir(parents=True)
    (code / "store" / "rules" / "__init__.py").write_text("ANSWER = 42\n")
    (code / "app.py").write_text("import rules\n\n\ndef handler(event, context):\n    return rules.ANSWER\n")
    (code / "rules").symlink_to("store/rules")
    (code / "id_rsa").write_text("secret")
    name = cloud.table()
    done = run("create-function", name, "--code", "code", "-o", "json")
    assert done.code == 0, done.err
    assert "packed 3 files of" in done.err
    assert [text for text in done.json["warnings"] if "id_rsa" in text]
    assert answered(cloud, f"{name}-inserts") == 42


# --- S3 -------------------------------------------------------------------------------------------------


def test_code_in_s3_is_taken_from_there_and_again_only_when_it_changes(
    run: Callable[..., Ran], cloud: Cloud, bucket: str
) -> None:
    table = cloud.table()
    arguments = ("create-function", table, "--code", f"s3://{bucket}/deep/app.zip", "-o", "json")
    cloud.s3.put_object(Bucket=bucket, Key="deep/app.zip", Body=archive(1))
    made = run(*arguments)
    assert made.code == 0, made
    assert cloud.configuration(f"{table}-inserts")["Handler"] == "app.handler"
    assert answered(cloud, f"{table}-inserts") == 1
    assert run(*arguments).data["steps"] == []
    cloud.s3.put_object(Bucket=bucket, Key="deep/app.zip", Body=archive(2))
    assert run(*arguments, "--yes").code == 0
    assert answered(cloud, f"{table}-inserts") == 2


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("s3://{bucket}/missing.zip", "code-not-found"),
        ("s3://no-such-bucket-{bucket}/a.zip", "code-not-found"),
    ],
)
def test_code_that_is_not_in_s3_is_a_missing_prerequisite(
    run: Callable[..., Ran], cloud: Cloud, bucket: str, code: str, error: str
) -> None:
    refused = run("create-function", cloud.table(), "--code", code.format(bucket=bucket), "-o", "json")
    assert (refused.code, refused.error_code) == (5, error)


def test_what_is_no_archive_in_s3_is_refused(run: Callable[..., Ran], cloud: Cloud, bucket: str) -> None:
    cloud.s3.put_object(Bucket=bucket, Key="a.zip", Body=b"no archive")
    refused = run("create-function", cloud.table(), "--code", f"s3://{bucket}/a.zip", "-o", "json")
    assert (refused.code, refused.error_code) == (2, "code-not-readable")
    assert f"s3://{bucket}/a.zip" in refused.err


@pytest.mark.parametrize(
    "code", ["s3://", "s3://bucket", "s3://bucket/", IMAGE.format(name="repo", tag="x")[:-2]]
)
def test_an_address_that_is_none_is_a_wrong_configuration(run: Callable[..., Ran], code: str) -> None:
    assert run("create-function", "orders", "--code", code).code == 3


def test_a_large_archive_goes_through_the_bucket_once(
    run: Callable[..., Ran], cloud: Cloud, bucket: str, tmp_path: Path
) -> None:
    table = cloud.table()
    (tmp_path / "code.zip").write_bytes(archive(3, **{"noise.bin": os.urandom(50 * 1024 * 1024 + 1)}))
    refused = run("create-function", table, "--code", "code.zip", "-o", "json")
    assert (refused.code, refused.error_code) == (2, "code-too-large")
    assert "code_bucket" in refused.err
    calls = Calls()
    arguments = ("create-function", table, "--code", "code.zip", "--code-bucket", bucket)
    assert run(*arguments, connect=calls.connect).code == 0
    assert calls.made["PutObject"] == 1
    assert answered(cloud, f"{table}-inserts") == 3
    assert run(*arguments, connect=calls.connect).code == 0
    assert calls.made["PutObject"] == 1
    assert calls.made["UpdateFunctionCode"] == 0


def test_a_small_archive_needs_no_bucket(
    run: Callable[..., Ran], cloud: Cloud, bucket: str, tmp_path: Path
) -> None:
    (tmp_path / "code.zip").write_bytes(archive())
    assert run("create-function", cloud.table(), "--code", "code.zip", "--code-bucket", bucket).code == 0
    assert "Contents" not in cloud.s3.list_objects_v2(Bucket=bucket)


# --- any runtime ----------------------------------------------------------------------------------------

#: A custom runtime as small as can be: the Runtime API's loop (AWS's documented one) in an executable.
BOOTSTRAP = f"""#!{sys.executable}
import json, os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as next_one:
        event, request = json.load(next_one), next_one.headers["Lambda-Runtime-Aws-Request-Id"]
    for record in event.get("Records", []):
        print("CUSTOM", record["eventName"], record["dynamodb"]["Keys"]["pk"]["S"], flush=True)
    answer = json.dumps({{"batchItemFailures": []}}).encode()
    urllib.request.urlopen(urllib.request.Request(api + request + "/response", answer)).read()
"""


@pytest.mark.parametrize("as_folder", [False, True])
def test_a_custom_runtime_gets_the_inserts(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Path, *, as_folder: bool
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    code = tmp_path / ("code/bootstrap" if as_folder else "compiled")
    code.parent.mkdir(exist_ok=True)
    code.write_text(BOOTSTRAP)  # not executable here: the archive makes it so
    name = "code" if as_folder else "compiled"
    assert run("attach-trigger", table, "--code", name, "--runtime", "provided.al2023").code == 0
    cloud.put(table, "a")
    cloud.put(table, "a", changed="yes")
    cloud.put(table, "b")
    for key in "ab":
        assert cloud.logged(f"{table}-inserts", f"CUSTOM INSERT {key}")
    lines = [line for line in cloud.lines(f"{table}-inserts") if "CUSTOM" in line]
    assert sorted(line.strip() for line in lines) == ["CUSTOM INSERT a", "CUSTOM INSERT b"]


@pytest.mark.parametrize(
    ("runtime", "file", "handler"),
    [
        ("java21", "example/Handler.class", "example.Handler::handleRequest"),
        ("ruby3.3", "lambda_function.rb", "lambda_function.lambda_handler"),
        ("dotnet8", "Shop.dll", "Shop::Shop.Function::Handle"),
    ],
)
def test_prebuilt_archives_of_any_runtime_are_deployed_as_they_are(  # noqa: PLR0917 - a table of cases
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Path, runtime: str, file: str, handler: str
) -> None:
    table = cloud.table()
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as target:
        target.writestr(file, b"compiled")
    made = run("create-function", table, "--code", "code.zip", "--runtime", runtime, "--handler", handler)
    assert made.code == 0, made
    configuration = cloud.configuration(f"{table}-inserts")
    assert (configuration["Runtime"], configuration["Handler"]) == (runtime, handler)
    digest = hashlib.sha256((tmp_path / "code.zip").read_bytes()).digest()
    assert configuration["CodeSha256"] == base64.b64encode(digest).decode()


@pytest.mark.parametrize("code", ["code.jar", IMAGE.format(name="repo", tag="v1")])
def test_what_the_embedded_emulator_only_pretends_to_run_is_refused(
    local_variables: dict[str, str], tmp_path: Path, code: str
) -> None:
    with zipfile.ZipFile(tmp_path / "code.jar", "w") as target:
        target.writestr("example/Handler.class", b"compiled")
    own = ("--code", code, "--runtime", "java21", "--handler", "example.Handler")
    arguments = ("attach-trigger", "orders", "--local", "--create-table", "pk:S", *own, "-o", "json")
    refused = ran(*arguments, variables=local_variables, cwd=tmp_path)
    assert (refused.code, refused.error_code) == (2, "runtime-not-local")
    assert "only simulates the response" in refused.err


# --- layers ---------------------------------------------------------------------------------------------


def test_layers_are_there_and_are_taken_away_again(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("python/shared_tools.py", "answer = 42\n")
    layer = cloud.lambda_.publish_layer_version(
        LayerName=fresh("tools"), Content={"ZipFile": buffer.getvalue()}
    )["LayerVersionArn"]
    (tmp_path / "app.py").write_text(
        "def handler(event, context):\n    import shared_tools\n    return shared_tools.answer\n"
    )
    table = cloud.table()
    arguments = ("create-function", table, "--code", "app.py", "-o", "json")
    assert run(*arguments, "--layer", layer).code == 0
    assert answered(cloud, f"{table}-inserts") == 42
    assert run(*arguments, "--layer", layer).data["steps"] == []
    assert run(*arguments, "--unset", "function.layers", "--yes").code == 0
    assert not cloud.configuration(f"{table}-inserts").get("Layers")


def test_what_is_no_layers_version_is_a_wrong_configuration(run: Callable[..., Ran]) -> None:
    unversioned = "arn:aws:lambda:eu-west-1:123456789012:layer:tools"
    assert run("create-function", "orders", "--layer", unversioned).code == 3
    six = [word for n in range(6) for word in ("--layer", f"{unversioned}:{n}")]
    assert run("create-function", "orders", *six).code == 3


# --- images ---------------------------------------------------------------------------------------------


def test_an_image_that_is_not_there_is_a_missing_prerequisite(run: Callable[..., Ran], cloud: Cloud) -> None:
    refused = run(
        "create-function", cloud.table(), "--code", IMAGE.format(name=fresh("repo"), tag="v1"), "-o", "json"
    )
    assert (refused.code, refused.error_code) == (5, "code-not-found")


def test_an_image_is_pinned_by_its_digest(run: Callable[..., Ran], cloud: Cloud) -> None:
    repository, table = fresh("repo"), cloud.table()
    cloud.ecr.create_repository(repositoryName=repository)
    manifest = json.dumps({"schemaVersion": 2, "layers": []})
    put = cloud.ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag="v1")
    digest = put["image"]["imageId"]["imageDigest"]
    code = IMAGE.format(name=repository, tag="v1")
    assert run("create-function", table, "--code", code).code == 0
    function = cloud.function(f"{table}-inserts")
    assert function is not None
    assert function["Configuration"]["PackageType"] == "Image"
    assert function["Code"]["ImageUri"] == f"{code.removesuffix(':v1')}@{digest}"


def test_an_archive_is_not_turned_into_an_image(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    assert run("create-function", table).code == 0
    code = IMAGE.format(name="repo", tag="v1").replace(":v1", f"@sha256:{'a' * 64}")
    refused = run("create-function", table, "--code", code, "-o", "json")
    assert (refused.code, refused.error_code) == (1, "package-type-differs")


def test_an_image_takes_no_layers_and_is_not_run_here(run: Callable[..., Ran]) -> None:
    code = IMAGE.format(name="repo", tag="v1").replace(":v1", f"@sha256:{'a' * 64}")
    layer = ("--layer", "arn:aws:lambda:eu-west-1:123456789012:layer:tools:1")
    assert (
        run("create-function", "orders", "--code", code, *layer, "-o", "json").error_code
        == "image-with-layers"
    )
    tried = run("invoke", "orders", "--code", code, "--key", "pk:S", "-o", "json")
    assert tried.error_code == "runtime-not-local"
