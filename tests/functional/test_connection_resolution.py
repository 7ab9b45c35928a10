"""Which AWS, which identity, which region: as every AWS tool resolves them, and said on stderr."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ddbinsert.config import ConnectionSpec
from ddbinsert.environment import SystemClock
from ddbinsert.operations.connection import resolve
from tests.functional.command import Ran, ran, ran_apart
from tests.functional.trap import Trap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ddbinsert.aws.session.session import Connection

Variables = dict[str, str]

_IDENTITY = {
    "AWS_ACCESS_KEY_ID": "AKIAENV",
    "AWS_SECRET_ACCESS_KEY": "secret-env",
    "AWS_SESSION_TOKEN": "token-env",
}


def resolved(spec: ConnectionSpec | None = None, **variables: str) -> Connection:
    return resolve(
        spec or ConnectionSpec(),
        variables=variables,
        clock=SystemClock(),
        may_prompt=False,
        may_start=False,
        step=lambda _text: None,
    )


def test_what_is_asked_for_wins_over_the_variables() -> None:
    spec = ConnectionSpec(region="eu-west-1", endpoint_url="http://asked")
    connection = resolved(
        spec, AWS_REGION="eu-north-1", AWS_ENDPOINT_URL="http://env", AWS_ENDPOINT_URL_LAMBDA="http://lambda"
    )
    assert (connection.region, connection.endpoint_url) == ("eu-west-1", "http://asked")
    assert connection.service_endpoints == {}
    assert not connection.is_local


def test_aws_region_wins_over_aws_default_region() -> None:
    assert resolved(AWS_REGION="eu-north-1", AWS_DEFAULT_REGION="eu-west-1").region == "eu-north-1"
    assert resolved(AWS_DEFAULT_REGION="eu-west-1").region == "eu-west-1"
    assert resolved().region is None


def test_an_endpoint_of_one_service_is_for_that_service_alone() -> None:
    connection = resolved(
        AWS_ENDPOINT_URL="http://all",
        AWS_ENDPOINT_URL_CLOUDWATCH_LOGS="http://logs",
        AWS_ENDPOINT_URL_DYNAMODB_STREAMS="",
    )
    assert connection.endpoint_url == "http://all"
    assert connection.service_endpoints == {"logs": "http://logs"}


def test_configured_endpoints_can_be_switched_off() -> None:
    connection = resolved(AWS_ENDPOINT_URL="http://all", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="TRUE")
    assert connection.endpoint_url is None


def test_keys_of_the_environment_do_not_stand_in_for_a_profile_that_is_asked_for() -> None:
    assert resolved(None, **_IDENTITY).access_key_id == "AKIAENV"
    connection = resolved(ConnectionSpec(profile="work"), **_IDENTITY)
    assert connection.profile == "work"
    assert (connection.access_key_id, connection.secret_access_key, connection.session_token) == (
        None,
        None,
        None,
    )


@pytest.fixture
def trap() -> Iterator[Trap]:
    with Trap() as set_up:
        yield set_up


@pytest.fixture
def somebody(tmp_path: Path, trap: Trap) -> Variables:
    """A machine with two profiles, both of which lead to the trap."""
    aws = tmp_path / "home" / ".aws"
    aws.mkdir(parents=True)
    (aws / "config").write_text(
        f"[default]\nregion = eu-central-1\nendpoint_url = {trap.url}\n"
        f"[profile work]\nregion = eu-west-3\nservices = ours\n"
        f"[services ours]\ndynamodb =\n  endpoint_url = {trap.url}\nlambda =\n  endpoint_url = {trap.url}\n"
        f"iam =\n  endpoint_url = {trap.url}\nlogs =\n  endpoint_url = {trap.url}\n"
        f"cloudwatch_logs =\n  endpoint_url = {trap.url}\nsts =\n  endpoint_url = {trap.url}\n"
        f"dynamodb_streams =\n  endpoint_url = {trap.url}\n"
    )
    (aws / "credentials").write_text(
        "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = d\n"
        "[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = w\n"
    )
    return {
        "PATH": "/nowhere",
        "HOME": str(tmp_path / "home"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "*",
    }


def signers(trap: Trap) -> set[tuple[str, str]]:
    """Who signed the requests that the trap heard, and for which region (IAM and STS aside, which have their own)."""
    pattern = re.compile(rb"Credential=([^/]+)/\d+/([^/]+)/(?:dynamodb|lambda|logs)/")
    found = (pattern.search(said) for said in trap.heard())
    return {(match[1].decode(), match[2].decode()) for match in found if match}


@pytest.mark.parametrize(
    ("variables", "options", "signer"),
    [
        ({}, (), ("AKIADEFAULT", "eu-central-1")),
        ({}, ("--profile", "work"), ("AKIAWORK", "eu-west-3")),
        ({"AWS_PROFILE": "work"}, (), ("AKIAWORK", "eu-west-3")),
        ({"DDBINSERT_PROFILE": "work"}, (), ("AKIAWORK", "eu-west-3")),
        (_IDENTITY, (), ("AKIAENV", "eu-central-1")),
        (_IDENTITY, ("--profile", "work"), ("AKIAWORK", "eu-west-3")),
        ({"AWS_REGION": "us-west-2"}, ("--profile", "work"), ("AKIAWORK", "us-west-2")),
        ({"AWS_REGION": "us-west-2"}, ("--region", "sa-east-1"), ("AKIADEFAULT", "sa-east-1")),
    ],
    ids=str,
)
def test_identity_region_and_endpoint_come_from_where_every_aws_tool_has_them(
    somebody: Variables, trap: Trap, variables: Variables, options: tuple[str, ...], signer: tuple[str, str]
) -> None:
    done = ran_apart("status", "orders", *options, "-o", "json", variables=somebody | variables)
    assert (done.code, done.error_code) == (4, "unknown-credentials"), done.err
    assert signers(trap) == {signer}


def _shown(done: Ran) -> str:
    (header,) = [line for line in done.err.splitlines() if line.startswith("ddbinsert: ")]
    return header


def test_the_header_names_account_region_endpoint_and_table(variables: Variables) -> None:
    made = ran("enable-stream", "orders-of-header", "--create-table", "pk:S", variables=variables)
    assert made.code == 0, made.err
    endpoint = variables["AWS_ENDPOINT_URL"]
    expected = (
        f"ddbinsert: account 000000000000 · region us-east-1 · endpoint {endpoint} · table orders-of-header"
    )
    assert _shown(made) == expected
    assert "ddbinsert: " not in made.out
    seen = ran("status", "orders-of-header", "--region", "eu-west-1", variables=variables)
    assert "region eu-west-1" in _shown(seen)


def test_the_header_names_an_endpoint_that_only_a_profile_knows(variables: Variables, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(f"[profile work]\nregion = us-east-1\nendpoint_url = {variables['AWS_ENDPOINT_URL']}\n")
    apart = {key: value for key, value in variables.items() if key not in ("AWS_ENDPOINT_URL", "AWS_REGION")}
    apart |= {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "work"}
    done = ran_apart("status", "orders-of-nobody", variables=apart)
    assert done.code == 5
    assert f"endpoint {variables['AWS_ENDPOINT_URL']}" in _shown(done)


def test_quiet_leaves_the_header_out_and_the_error_in(variables: Variables) -> None:
    done = ran("status", "orders-of-nobody", "--quiet", variables=variables)
    assert done.code == 5
    assert "ddbinsert: " not in done.err
    assert "orders-of-nobody does not exist" in done.err
