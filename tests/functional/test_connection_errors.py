"""No identity, an expired one, no region, nobody there: each a clear error of its own, exit code 4."""

from __future__ import annotations

import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, ran, ran_apart
from tests.strict.rig import Fault, FaultKind, Profile, StrictRig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.local import Emulator

Variables = dict[str, str]


@pytest.fixture
def nobody(tmp_path: Path) -> Variables:
    """A machine on which nobody has set up AWS. (No metadata service either, which only EC2 has.)"""
    home = tmp_path / "home"
    home.mkdir()
    return {"PATH": "/nowhere", "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}


def _aws_config(variables: Variables, text: str) -> Variables:
    aws = Path(variables["HOME"]) / ".aws"
    aws.mkdir()
    (aws / "config").write_text(text)
    return variables


def _check(done: Ran, code: str, *words: str) -> None:
    assert done.code == 4, done.err
    assert done.json["ok"] is False
    assert done.json["data"] is None
    assert done.error_code == code
    (error,) = done.json["errors"]
    assert error["hint"]
    for word in words:
        assert word in error["message"] + error["hint"]
    assert f"error: {error['message']}" in done.err
    assert "Traceback" not in done.err


def _status(variables: Variables, *options: str) -> Ran:
    return ran_apart("status", "orders", "-o", "json", *options, variables=variables)


_REGION = {"AWS_REGION": "eu-central-1"}
_IDENTITY = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret-of-mine"}


def test_without_credentials_it_says_so_and_how_to_sign_in(nobody: Variables) -> None:
    _check(_status(nobody | _REGION), "no-credentials", "aws sso login", "--profile", "--local")


def test_without_a_region_it_says_where_one_can_be_set(nobody: Variables) -> None:
    _check(_status(nobody | _IDENTITY), "no-region", "--region", "AWS_REGION", "ddbinsert.yaml")


def test_half_an_identity_is_named_by_the_half_that_is_missing(nobody: Variables) -> None:
    half = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}
    _check(_status(nobody | _REGION | half), "partial-credentials", "AWS_SECRET_ACCESS_KEY is missing")


def test_a_profile_that_does_not_exist_is_named(nobody: Variables) -> None:
    _check(_status(nobody | _REGION, "--profile", "payments"), "profile-not-found", "payments")
    _check(_status(nobody | _REGION | {"AWS_PROFILE": "payments"}), "profile-not-found", "payments")


def test_an_aws_configuration_that_can_not_be_read_is_named(nobody: Variables) -> None:
    _check(_status(_aws_config(nobody | _REGION, "[oops")), "aws-configuration", ".aws/config")


def test_somebody_who_has_signed_out_is_told_to_sign_in(nobody: Variables) -> None:
    config = (
        "[profile corp]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n"
        "region = eu-central-1\n[sso-session corp]\nsso_region = eu-central-1\n"
        "sso_start_url = https://corp.awsapps.com/start\n"
    )
    _check(_status(_aws_config(nobody, config), "--profile", "corp"), "expired-token", "aws sso login")


def test_a_credential_process_that_fails_is_no_bug_of_ours(nobody: Variables) -> None:
    config = f"[default]\nregion = eu-central-1\ncredential_process = {sys.executable} -c 'raise SystemExit(\"no\")'\n"
    _check(_status(_aws_config(nobody, config)), "credentials", "credential_process", "no")


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else gets."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        yield int(unheard.getsockname()[1])


def test_an_endpoint_where_nobody_is_is_named_without_long_tries(nobody: Variables, closed_port: int) -> None:
    endpoint = f"http://127.0.0.1:{closed_port}"
    done = _status(nobody | _REGION | _IDENTITY, "--endpoint-url", endpoint)
    _check(done, "endpoint-unreachable", endpoint, "--endpoint-url", "local status")
    assert "secret-of-mine" not in done.out + done.err


def test_an_endpoint_whose_name_nobody_knows_is_named(nobody: Variables) -> None:
    done = _status(nobody | _REGION | _IDENTITY | {"AWS_ENDPOINT_URL": "http://dynamodb.invalid"})
    _check(done, "endpoint-unreachable", "http://dynamodb.invalid")


class _Login(BaseHTTPRequestHandler):
    """A captive portal, a wrong port, a proxy's page: something that answers, and isn't AWS."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = b"<html><body>\x1b[31mPlease log in</body></html>"
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        pass


def test_an_empty_variable_of_a_profile_is_named(nobody: Variables) -> None:
    done = _status(nobody | _REGION | {"AWS_PROFILE": ""})
    _check(done, "profile-not-found", "AWS_PROFILE is empty", "Unset it")


def test_a_number_that_is_none_is_not_blamed_on_the_endpoint(nobody: Variables) -> None:
    done = _status(nobody | _REGION | {"AWS_METADATA_SERVICE_TIMEOUT": "soon"})
    _check(done, "aws-configuration", "'soon' is not a valid number", "AWS_METADATA_SERVICE_TIMEOUT")


def test_an_endpoint_that_is_not_aws_is_told_apart(nobody: Variables) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Login) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        done = _status(nobody | _REGION | _IDENTITY, "--endpoint-url", endpoint)
        server.shutdown()
    _check(done, "not-aws", "--endpoint-url")
    assert "\x1b" not in done.err


@pytest.fixture
def rig(emulator: Emulator) -> Iterator[StrictRig]:
    with StrictRig(emulator.endpoint, profile=Profile()) as standing:
        yield standing


#: Which calls fail and how, our code for it, and what the user reads.
_ANSWERS = {
    "expired": (
        Fault(operation="*", kind=FaultKind.EXPIRED_TOKEN),
        "expired-token",
        ("expired", "aws sso login"),
    ),
    "unknown": (
        Fault(operation="*", kind=FaultKind.UNRECOGNIZED_CLIENT),
        "unknown-credentials",
        ("--profile",),
    ),
    "denied": (
        Fault(operation="DescribeTable", kind=FaultKind.ACCESS_DENIED),
        "access-denied",
        ("not authorized", "dynamodb:DescribeTable", "policy"),
    ),
}


@pytest.mark.parametrize("answer", _ANSWERS)
@pytest.mark.parametrize(
    "command", [("status",), ("attach-trigger", "--create-table", "pk:S")], ids=lambda command: command[0]
)
def test_what_aws_says_of_an_identity_is_told_in_its_words(
    variables: Variables, rig: StrictRig, command: tuple[str, ...], answer: str
) -> None:
    fault, code, words = _ANSWERS[answer]
    rig.inject(fault)
    through = variables | {"AWS_ENDPOINT_URL": rig.endpoint}
    done = ran(command[0], "orders-of-nobody", *command[1:], "-o", "json", variables=through)
    _check(done, code, *words)
    calls = {call.operation for call in rig.calls}
    assert calls
    assert all(call.startswith(("Describe", "Get", "List")) for call in calls)


def test_a_person_reads_the_error_and_what_to_try_on_stderr_alone(nobody: Variables) -> None:
    done = ran_apart("status", "orders", variables=nobody | _REGION)
    assert done.code == 4
    assert done.out == ""
    assert done.err.startswith("error: Could not ")
    assert "\n  try: " in done.err


def test_an_end_of_file_inside_a_command_is_reported_and_no_silent_interruption() -> None:
    def cut_short(_connection: object) -> Any:
        raise EOFError("marshal data too short")

    done = ran("status", "orders", variables=_REGION | _IDENTITY, connect=cut_short)
    assert done.code == 70
    assert "marshal data too short" in done.err
