"""The Node.js client finds AWS as botocore does, and both languages have one list of errors that pass."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.retries import standard

import ddbinsert.handlers

COMMON = Path(ddbinsert.handlers.__file__).parent / "common"
SERVICES = ("dynamodb", "s3", "logs", "firehose", "kinesis", "events", "sqs", "sns")
REGIONS = ("eu-central-1", "us-west-2", "cn-north-1", "us-gov-west-1")
#: The operations that the handlers call.
OPERATIONS = {
    "dynamodb": ("PutItem", "BatchGetItem"),
    "logs": ("PutLogEvents", "CreateLogStream"),
    "firehose": ("PutRecordBatch",),
    "kinesis": ("PutRecords",),
    "events": ("PutEvents",),
    "sqs": ("GetQueueUrl", "SendMessageBatch"),
    "sns": ("PublishBatch",),
}
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not here")


def in_node(script: str, **variables: str) -> Any:
    command = ["node", "--input-type=module", "-e", script]
    environment = {"PATH": os.environ["PATH"], **variables}
    ended = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=COMMON / "node", env=environment
    )
    return json.loads(ended.stdout)


@needs_node
@pytest.mark.parametrize(("fips", "dual"), [(False, False), (True, False), (False, True), (True, True)])
def test_node_finds_the_endpoints_that_botocore_finds(*, fips: bool, dual: bool) -> None:
    script = (
        'import { endpoint } from "./ddbinsert_endpoints.mjs";'
        f"const found = {{}}; for (const s of {json.dumps(SERVICES)}) for (const r of {json.dumps(REGIONS)}) "
        "found[`${s} ${r}`] = endpoint(s, r).origin; console.log(JSON.stringify(found));"
    )
    found = in_node(
        script, AWS_USE_FIPS_ENDPOINT=str(fips).lower(), AWS_USE_DUALSTACK_ENDPOINT=str(dual).lower()
    )
    session = botocore.session.get_session()
    session.set_credentials("a", "b")
    different = []
    for name, ours in found.items():
        service, region = name.split()
        if fips and region.startswith("cn-"):
            continue  # China has no FIPS endpoints
        config = Config(use_fips_endpoint=fips, use_dualstack_endpoint=dual)
        try:
            theirs = session.create_client(service, region_name=region, config=config).meta.endpoint_url
        except Exception:  # noqa: BLE001, S112 - a variant that this service does not have
            continue
        if theirs != ours:
            different.append((name, ours, theirs))
    assert different == []


@needs_node
@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "http://127.0.0.1:9"),
        ({"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://127.0.0.1:8", "AWS_ENDPOINT_URL": "http://x"}, "http://127.0.0.1:8"),
        (
            {"AWS_ENDPOINT_URL": "http://x", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "https://logs.eu-west-1.amazonaws.com",
        ),
    ],
)  # fmt: skip
def test_endpoints_from_the_environment_are_read_as_the_sdks_read_them(
    variables: dict[str, str], url: str
) -> None:
    script = 'import { endpoint } from "./ddbinsert_endpoints.mjs"; console.log(JSON.stringify(endpoint("logs", "eu-west-1").origin));'
    assert in_node(script, **variables) == url


def listed(name: str, language: str) -> set[str]:
    file = COMMON / ("python/ddbinsert_aws.py" if language == "python" else "node/ddbinsert_aws.mjs")
    found = re.search(
        rf'{name} = (?:frozenset\(\s*"""|new Set\(\s*`)(.*?)("""|`)', file.read_text(), re.DOTALL
    )
    assert found is not None
    return set(found[1].split())


@pytest.mark.parametrize("name", ["TRANSIENT", "REJECTIONS"])
def test_both_languages_have_the_same_list(name: str) -> None:
    assert listed(name, "python") == listed(name, "node")


def test_the_errors_that_pass_are_those_of_the_sdk_and_of_the_service_models() -> None:
    known = {
        *vars(standard.ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"],
        *vars(standard.TransientRetryableChecker)["_TRANSIENT_ERROR_CODES"],
    }
    session = botocore.session.get_session()
    for service, operations in OPERATIONS.items():
        model = session.get_service_model(service)
        for shape in (shape for one in operations for shape in model.operation_model(one).error_shapes):
            facts = shape.metadata.get("error", {})
            code = facts.get("code", shape.name)
            if re.search(r"Thrott|Internal|ServiceUnavailable|Throughput|Conflict|LimitExceeded$", code):
                known.add(code)
    missing = known - listed("TRANSIENT", "python") - {"BandwidthLimitExceeded"}
    assert missing == set()
    assert not listed("TRANSIENT", "python") & listed("REJECTIONS", "python")
