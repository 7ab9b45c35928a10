"""--local speaks to the embedded emulator and to nothing else, whatever is in the environment."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, ran, ran_apart
from tests.functional.processes import environment_of
from tests.functional.trap import Trap

if TYPE_CHECKING:
    from collections.abc import Iterator

Variables = dict[str, str]

_SERVICES = ("DYNAMODB", "DYNAMODB_STREAMS", "LAMBDA", "IAM", "CLOUDWATCH_LOGS", "CLOUDWATCH", "STS")


@pytest.fixture
def trap() -> Iterator[Trap]:
    with Trap() as set_up:
        yield set_up


def _hostile(variables: Variables, trap: Trap) -> Variables:
    """The environment and the AWS configuration of somebody who works with real AWS, all of it the trap."""
    aws = Path(variables["HOME"]) / ".aws"
    aws.mkdir()
    section = "\n".join(f"{name.lower()} =\n  endpoint_url = {trap.url}" for name in _SERVICES)
    body = (
        f"region = eu-west-3\nendpoint_url = {trap.url}\nservices = everything\nuse_fips_endpoint = true\n"
        f"credential_process = {sys.executable} -c 'raise SystemExit(1)'\n"
    )
    (aws / "config").write_text(
        f"[default]\n{body}\n[profile work]\n{body}\n[services everything]\n{section}\n"
    )
    (aws / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n"
        "[work]\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n"
    )
    return {
        **variables,
        "AWS_ENDPOINT_URL": trap.url,
        **{f"AWS_ENDPOINT_URL_{name}": trap.url for name in _SERVICES},
        "AWS_PROFILE": "work",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real-secret",
        "AWS_SESSION_TOKEN": "real-token",
        "AWS_REGION": "eu-west-3",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": trap.url,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{trap.url}/credentials",
        **dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"), trap.url),
        "NO_PROXY": "",
    }


def _attach(variables: Variables) -> Ran:
    return ran_apart(
        "attach-trigger", "orders", "--create-table", "pk:S", "--local", "-o", "json", variables=variables
    )


def test_a_trigger_is_attached_locally_and_nobody_else_hears_of_it(
    local_variables: Variables, trap: Trap
) -> None:
    done = _attach(_hostile(local_variables, trap))
    assert done.code == 0, done.err
    assert "embedded emulator" in done.err
    seen = ran_apart("status", "orders", "--local", "-o", "json", variables=local_variables)
    assert seen.data["account"] == "000000000000"
    assert seen.data["mapping"]["insert_only"] is True
    assert trap.heard() == []


def test_the_demo_reaches_nobody_else_either(local_variables: Variables, trap: Trap) -> None:
    done = ran_apart("demo", variables=_hostile(local_variables, trap))
    assert done.code == 0, done.out + done.err
    assert trap.heard() == []


def test_the_trap_does_hear_whoever_is_not_local(local_variables: Variables, trap: Trap) -> None:
    hostile = _hostile(local_variables, trap) | {
        "AWS_USE_DUALSTACK_ENDPOINT": "",
        "AWS_USE_FIPS_ENDPOINT": "",
    }
    done = ran_apart("status", "orders", "--profile", "work", "-o", "json", variables=hostile)
    assert done.code == 4
    assert trap.heard()


@pytest.mark.parametrize(
    "change",
    [
        {"AWS_PROFILE": "nowhere"},
        {"AWS_CONFIG_FILE": "/dev/null/nowhere"},
        {"AWS_DEFAULTS_MODE": "nonsense"},
        {"AWS_CA_BUNDLE": "/nowhere"},
        {"AWS_RETRY_MODE": "nonsense", "AWS_MAX_ATTEMPTS": "nonsense"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_broken_aws_configuration_does_not_matter_locally(
    local_variables: Variables, change: Variables
) -> None:
    assert ran("local", "start", variables=local_variables).code == 0
    done = ran_apart("status", "orders", "--local", "-o", "json", variables=local_variables | change)
    assert (done.code, done.error_code) == (5, "table-not-found"), done.err


def test_an_aws_configuration_that_can_not_be_read_does_not_matter_locally(
    local_variables: Variables,
) -> None:
    aws = Path(local_variables["HOME"]) / ".aws"
    aws.mkdir()
    (aws / "config").write_text("[oops")
    (aws / "credentials").write_text("\x00")
    assert ran("local", "start", variables=local_variables).code == 0
    done = ran_apart("status", "orders", "--local", "-o", "json", variables=local_variables)
    assert (done.code, done.error_code) == (5, "table-not-found"), done.err


def test_local_in_the_file_or_in_a_variable_counts_as_much_as_the_option(
    local_variables: Variables, trap: Trap, tmp_path: Path
) -> None:
    (tmp_path / "ddbinsert.yaml").write_text("connection: {local: true}")
    hostile = _hostile(local_variables, trap)
    for variables, folder in ((hostile | {"DDBINSERT_LOCAL": "true"}, None), (hostile, tmp_path)):
        done = ran_apart("status", "orders", "-o", "json", variables=variables, cwd=folder)
        assert (done.code, done.error_code) == (5, "emulator-not-running")
    assert trap.heard() == []


def test_without_a_running_emulator_what_only_looks_fails_and_goes_nowhere_else(
    local_variables: Variables, trap: Trap
) -> None:
    done = ran_apart("status", "orders", "--local", "-o", "json", variables=_hostile(local_variables, trap))
    assert (done.code, done.error_code) == (5, "emulator-not-running")
    assert "ddbinsert local start" in done.json["errors"][0]["hint"]
    assert trap.heard() == []


def test_the_emulator_and_what_it_runs_see_nothing_of_the_users_environment(
    local_variables: Variables, trap: Trap
) -> None:
    hostile = _hostile(local_variables, trap) | {"GITHUB_TOKEN": "real-token", "MINISTACK_PERSIST": "1"}
    started = ran("local", "start", "-o", "json", variables=hostile)
    inside = environment_of(started.data["pid"])
    for secret in (
        "AKIAREAL",
        "real-secret",
        "real-token",
        trap.url,
        "MINISTACK_PERSIST",
        hostile["HOME"] + "\0",
    ):
        assert secret not in inside


_LIST_TABLES = "import boto3, json; print(json.dumps(boto3.session.Session().client('dynamodb').list_tables()['TableNames']))"


def test_a_shell_that_evaluates_local_env_has_every_tool_speak_to_the_emulator(
    local_variables: Variables, trap: Trap
) -> None:
    hostile = _hostile(local_variables, trap) | {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    assert _attach(local_variables).code == 0
    script = f'eval "$({sys.executable} -m ddbinsert local env)" && exec {sys.executable} -c "{_LIST_TABLES}"'
    shell = shutil.which("sh") or "/bin/sh"
    done = subprocess.run([shell, "-c", script], env=hostile, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["orders"]
    assert trap.heard() == []


def test_local_env_keeps_the_hosts_that_went_past_the_proxy_before(local_variables: Variables) -> None:
    assert ran("local", "start", variables=local_variables).code == 0
    variables = local_variables | {"NO_PROXY": "intra.example,127.0.0.1,10.0.0.0/8"}
    change = ran("local", "env", "-o", "json", variables=variables).data
    assert change["set"]["NO_PROXY"] == "intra.example,10.0.0.0/8,127.0.0.1"
    assert change["set"]["no_proxy"] == "127.0.0.1"
    assert "AWS_PROFILE" in change["unset"]


def test_local_env_says_nothing_on_stdout_where_there_is_nothing_to_say(local_variables: Variables) -> None:
    done = ran("local", "env", variables=local_variables)
    assert (done.code, done.out) == (5, "")
    assert "ddbinsert local start" in done.err
