"""Every way in which an AWS identity is given: found, used to sign, or refused by name."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, ran_apart
from tests.functional.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator

Variables = dict[str, str]
START_URL = "https://example.awsapps.com/start"
STATIC = "aws_access_key_id = AKIASTATIC\naws_secret_access_key = s\n"


@pytest.fixture
def identity() -> Iterator[Identity]:
    with Identity() as running:
        yield running


@pytest.fixture
def machine(identity: Identity, tmp_path: Path, model_cache: Path) -> Variables:
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    return {
        "PATH": "/nowhere",
        "HOME": str(home),
        "DDBINSERT_CACHE_DIR": str(model_cache),
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": identity.url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def configured(machine: Variables, config: str, credentials: str = "") -> None:
    aws = Path(machine["HOME"]) / ".aws"
    (aws / "config").write_text(config)
    (aws / "credentials").write_text(credentials)


def looked(machine: Variables, *options: str, **more: str) -> Ran:
    return ran_apart("status", "orders", "-o", "json", *options, variables=machine | more)


def signed_with(done: Ran, identity: Identity) -> set[str]:
    """The key ids of all calls, of a command that came as far as finding no table."""
    assert "Traceback" not in done.err
    assert done.code == 5, done.err
    return identity.signers


def refused(done: Ran, code: str, *words: str) -> None:
    assert "Traceback" not in done.err
    assert done.code == 4, done.err
    (error,) = done.json["errors"]
    assert error["code"] == code
    assert error["hint"]
    for word in words:
        assert word in error["message"] + error["hint"]


def test_keys_of_the_environment_sign(machine: Variables, identity: Identity) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"}
    assert signed_with(looked(machine, **keys), identity) == {"AKIAENV"}


def test_own_code_runs_without_credentials_and_finds_none_of_another_identity(
    machine: Variables, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(
        "import os\n\n"
        "def handler(event, context):\n"
        "    return [os.environ.get(name, '') for name in ('AWS_ACCESS_KEY_ID', 'AWS_CONFIG_FILE')]\n"
    )
    configured(machine, "[profile bare]\nregion = eu-central-1\n", f"[default]\n{STATIC}")
    own = ("invoke", "orders", "--code", str(tmp_path / "app.py"), "--key", "pk:S")
    done = ran_apart(*own, "--profile", "bare", "-o", "json", variables=machine)
    assert done.code == 0, done.err
    assert [one["answer"] for one in done.json["data"]["invocations"]] == [["", os.devnull]]


@pytest.mark.parametrize("how", ["option", "variable"])
def test_keys_of_a_profile_sign(machine: Variables, identity: Identity, how: str) -> None:
    configured(machine, "[profile team]\nregion = eu-central-1\n", f"[team]\n{STATIC}")
    done = looked(machine, "--profile", "team") if how == "option" else looked(machine, AWS_PROFILE="team")
    assert signed_with(done, identity) == {"AKIASTATIC"}


def test_a_role_is_assumed_with_its_source_profile(machine: Variables, identity: Identity) -> None:
    role = "role_arn = arn:aws:iam::123456789012:role/deploy\nsource_profile = base\n"
    configured(machine, f"[profile team]\n{role}", f"[base]\n{STATIC}")
    assert signed_with(looked(machine, "--profile", "team"), identity) == {"AKIAROLE"}
    assert identity.asked == ["AssumeRole by AKIASTATIC"]


def test_a_role_is_assumed_over_another_role(machine: Variables, identity: Identity) -> None:
    config = (
        "[profile far]\nrole_arn = arn:aws:iam::123456789012:role/far\nsource_profile = near\n"
        "[profile near]\nrole_arn = arn:aws:iam::123456789012:role/near\nsource_profile = base\n"
    )
    configured(machine, config, f"[base]\n{STATIC}")
    assert signed_with(looked(machine, "--profile", "far"), identity) == {"AKIAROLE"}
    assert identity.asked == ["AssumeRole by AKIASTATIC", "AssumeRole by AKIAROLE"]


@pytest.mark.parametrize(
    ("source", "key_id"),
    [("Environment", "AKIAENV"), ("EcsContainer", "AKIACONTAINER"), ("Ec2InstanceMetadata", "AKIAMACHINE")],
)
def test_a_role_is_assumed_with_a_credential_source(
    machine: Variables, identity: Identity, source: str, key_id: str
) -> None:
    role = f"role_arn = arn:aws:iam::123456789012:role/deploy\ncredential_source = {source}\n"
    configured(machine, f"[profile team]\n{role}")
    more = {
        "AWS_ACCESS_KEY_ID": "AKIAENV",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{identity.url}/container",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": identity.url,
        "AWS_EC2_METADATA_DISABLED": "false",
    }
    assert signed_with(looked(machine, "--profile", "team", **more), identity) == {"AKIAROLE"}
    assert identity.asked[-1] == f"AssumeRole by {key_id}"


@pytest.mark.parametrize("how", ["variables", "profile"])
def test_a_web_identity_is_exchanged(
    machine: Variables, identity: Identity, tmp_path: Path, how: str
) -> None:
    token = tmp_path / "token"
    token.write_text("header.payload.signature")
    arn = "arn:aws:iam::123456789012:role/ci"
    if how == "variables":
        done = looked(machine, AWS_ROLE_ARN=arn, AWS_WEB_IDENTITY_TOKEN_FILE=str(token))
    else:
        configured(machine, f"[profile ci]\nrole_arn = {arn}\nweb_identity_token_file = {token}\n")
        done = looked(machine, "--profile", "ci")
    assert signed_with(done, identity) == {"AKIAWEB"}
    assert identity.asked == ["AssumeRoleWithWebIdentity by nobody"]


def test_a_web_identity_without_its_token_file_is_named(machine: Variables, tmp_path: Path) -> None:
    done = looked(
        machine,
        AWS_ROLE_ARN="arn:aws:iam::123456789012:role/ci",
        AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "gone"),
    )
    refused(done, "credentials", str(tmp_path / "gone"))


def sso(machine: Variables, **token: Any) -> None:
    configured(
        machine,
        f"[profile people]\nsso_start_url = {START_URL}\nsso_region = eu-central-1\n"
        "sso_account_id = 123456789012\nsso_role_name = Dev\n",
    )
    if token:
        folder = Path(machine["HOME"]) / ".aws" / "sso" / "cache"
        folder.mkdir(parents=True)
        name = hashlib.sha1(START_URL.encode()).hexdigest()  # noqa: S324 - the SDKs' own naming
        content = {
            "startUrl": START_URL,
            "region": "eu-central-1",
            "expiresAt": "2099-01-01T00:00:00Z",
            **token,
        }
        (folder / f"{name}.json").write_text(json.dumps(content))


def test_a_valid_sso_token_is_used(machine: Variables, identity: Identity) -> None:
    sso(machine, accessToken="good-token")
    assert signed_with(looked(machine, "--profile", "people"), identity) == {"AKIASSO"}


@pytest.mark.parametrize(
    "token",
    [{}, {"accessToken": "old", "expiresAt": "2020-01-01T00:00:00Z"}, {"accessToken": "revoked"}],
    ids=["missing", "expired", "revoked"],
)
def test_sso_without_a_valid_token_says_how_to_sign_in(machine: Variables, token: dict[str, str]) -> None:
    sso(machine, **token)
    refused(looked(machine, "--profile", "people"), "expired-token", "aws sso login")


def process(machine: Variables, tmp_path: Path, source: str) -> None:
    script = tmp_path / "credentials.py"
    script.write_text(source)
    configured(machine, f"[profile broker]\ncredential_process = {sys.executable} {script}\n")


def test_a_credential_process_is_run(machine: Variables, identity: Identity, tmp_path: Path) -> None:
    document = {"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s"}
    process(machine, tmp_path, f"print({json.dumps(document)!r})")
    assert signed_with(looked(machine, "--profile", "broker"), identity) == {"AKIAPROCESS"}


@pytest.mark.parametrize(
    "source",
    [
        "import sys; sys.exit('the vault is sealed')",
        "print('garbage')",
        "print('[]')",
        "print('{}')",
        "print(7)",
    ],
    ids=["failing", "garbage", "list", "empty", "number"],
)
def test_a_credential_process_that_fails_is_named(machine: Variables, tmp_path: Path, source: str) -> None:
    process(machine, tmp_path, source)
    refused(looked(machine, "--profile", "broker"), "credentials", "credential_process")


def test_the_words_of_a_credential_process_are_passed_on(machine: Variables, tmp_path: Path) -> None:
    process(machine, tmp_path, "import sys; sys.exit('the vault is sealed')")
    refused(looked(machine, "--profile", "broker"), "credentials", "the vault is sealed")


@pytest.mark.parametrize("where", ["variable", "profile", "process"])
@pytest.mark.parametrize("key", ["AKIA\n", "AKÍA", "AKIA 1"])
def test_a_key_that_no_header_can_contain_is_named_and_not_sent(
    machine: Variables, identity: Identity, tmp_path: Path, where: str, key: str
) -> None:
    document = {"Version": 1, "AccessKeyId": key, "SecretAccessKey": "hidden"}
    options: tuple[str, ...] = ("--profile", "broker")
    variables = {}
    match where:
        case "variable":
            options, variables = (), {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "hidden"}
        case "profile":
            key = key.strip() + " 2"  # a line break ends the value
            configured(machine, "", f"[broker]\naws_access_key_id = {key}\naws_secret_access_key = hidden\n")
        case _:
            process(machine, tmp_path, f"print({json.dumps(document)!r})")
    done = looked(machine, *options, **variables)
    refused(done, "credentials", "access key ID", "white space")
    assert "hidden" not in done.out + done.err
    assert identity.signers == set()


def test_credentials_that_have_expired_when_they_come_may_be_a_matter_of_the_clock(
    machine: Variables, tmp_path: Path
) -> None:
    keys = {"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s", "SessionToken": "t"}
    process(
        machine, tmp_path, f"print({json.dumps(json.dumps(keys | {'Expiration': '2020-01-01T00:00:00Z'}))})"
    )
    refused(
        looked(machine, "--profile", "broker"),
        "credentials",
        "credential_process",
        "expired.",
        "the clock of this machine",
    )


def test_a_credential_process_that_is_not_installed_is_named(machine: Variables) -> None:
    configured(machine, "[profile broker]\ncredential_process = /no/such/program\n")
    refused(looked(machine, "--profile", "broker"), "credentials", "credential_process", "/no/such/program")


def test_a_credential_process_that_hangs_is_ended(machine: Variables, tmp_path: Path) -> None:
    process(machine, tmp_path, "import time; time.sleep(3600)")
    done = looked(machine, "--profile", "broker", "--timeout", "1s")
    refused(done, "credentials", "credential_process")


def test_a_container_gives_its_role(machine: Variables, identity: Identity) -> None:
    done = looked(machine, AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{identity.url}/container")
    assert signed_with(done, identity) == {"AKIACONTAINER"}


def test_a_machine_gives_its_role(machine: Variables, identity: Identity) -> None:
    done = looked(machine, AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=identity.url)
    assert signed_with(done, identity) == {"AKIAMACHINE"}


def test_a_role_that_wants_an_mfa_code_is_refused_without_a_terminal(machine: Variables) -> None:
    configured(
        machine,
        "[profile careful]\nrole_arn = arn:aws:iam::123456789012:role/deploy\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/me\n",
        f"[base]\n{STATIC}",
    )
    done = looked(machine, "--profile", "careful")
    refused(done, "mfa-required", "arn:aws:iam::123456789012:mfa/me")
    assert "Enter MFA" not in done.err


def test_models_are_cached_where_nothing_can_be_written_too(machine: Variables, identity: Identity) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"}
    done = looked(machine, **keys, DDBINSERT_CACHE_DIR="/dev/null/cache")
    assert signed_with(done, identity) == {"AKIAENV"}
