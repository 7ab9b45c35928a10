"""Backends that nobody here wrote: moto's server, and endpoints that have DynamoDB alone."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.examples import some
from tests.functional.command import Ran, ran
from tests.functional.helpers import fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.functional.helpers import Cloud

# --- moto -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The address of moto's server, which is a process of its own: moto changes botocore where it is imported."""
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    try:
        said = []
        for line in server.stderr:
            said.append(line)
            if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", line):
                break
        else:
            pytest.fail("moto's server does not start: " + "".join(said))
        log = threading.Thread(target=server.stderr.read)
        log.start()
        yield found[1]
    finally:
        server.kill()
        server.wait()
        log.join()
        server.stderr.close()


@pytest.fixture
def at_moto(moto: str, tmp_path: Path, model_cache: Path) -> Callable[..., Ran]:
    variables = {
        "AWS_ENDPOINT_URL": moto,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-west-1",
        "HOME": str(tmp_path),
        "DDBINSERT_CACHE_DIR": str(model_cache),
    }
    return lambda *words: ran(*words, variables=variables, cwd=tmp_path)


@pytest.mark.nightly
def test_the_tour_runs_against_moto(at_moto: Callable[..., Ran]) -> None:
    """All but the verdict: moto runs functions in containers only, so nothing is ever processed here."""
    table = fresh("orders")
    assert at_moto("enable-stream", table, "--create-table", "pk:S").code == 0
    assert at_moto("create-function", table).code == 0
    assert at_moto("attach-trigger", table).code == 0
    again = at_moto("attach-trigger", table, "-o", "json")
    assert (again.code, again.data["steps"]) == (0, [])

    status = at_moto("status", table, "-o", "json")
    assert status.code == 0
    assert status.data["mapping"]["state"] == "Enabled"

    sent = at_moto("send", table, "--count", "2", "--hold", "0s", "-o", "json")
    assert (sent.code, sent.data["inserted"]) == (0, 2)

    tail = at_moto("tail", table, "--since", "1h")
    assert tail.code == 0, tail.err
    assert "Traceback" not in tail.err

    verdict = at_moto("verify", table, "--timeout", "8s", "-o", "json")
    assert (verdict.code, verdict.data["verdict"]) == (6, "INCONCLUSIVE"), verdict.data.keys()

    down = at_moto("down", table, "--table", "--yes")
    assert down.code == 0, down.err
    assert at_moto("status", table, "-o", "json").error_code == "table-not-found"


# --- DynamoDB alone ---------------------------------------------------------------------------------------


class DynamoDbAlone(BaseHTTPRequestHandler):
    """Hands DynamoDB's calls on; refuses all others as DynamoDB Local and dynalite do."""

    protocol_version = "HTTP/1.1"
    beyond = ""
    refusal = (400, b"")

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, answer = self.refusal
        if self.headers.get("X-Amz-Target", "").startswith("DynamoDB"):
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            request = urllib.request.Request(self.beyond + self.path, body, headers)  # noqa: S310
            try:
                with urllib.request.urlopen(request) as response:  # noqa: S310
                    status, answer = response.status, response.read()
            except urllib.error.HTTPError as error:
                status, answer = error.code, error.read()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names of http.server

    def log_message(self, *_words: object) -> None:
        """Be silent."""


_UNKNOWN = b'{"__type":"com.amazon.coral.service#UnknownOperationException","message":"An unknown operation was requested."}'
_NO_TOKEN = (
    b'{"__type":"com.amazon.coral.service#MissingAuthenticationTokenException","message":'
    b'"Request must contain either a valid (registered) AWS access key ID or X.509 certificate."}'
)


@pytest.fixture(
    params=some(
        {
            "unknown operation": (400, _UNKNOWN),
            "no token": (400, _NO_TOKEN),
            "dynalite": (404, b"<UnknownOperationException/>\n"),
            "no token, 403": (403, _NO_TOKEN),
        }.items(),
        one_in=2,
    ),
    ids=lambda param: param[0],
)
def dynamodb_alone(request: pytest.FixtureRequest, emulator: object) -> Iterator[str]:
    handler = type(
        "Handler",
        (DynamoDbAlone,),
        {"beyond": emulator.endpoint, "refusal": request.param[1]},  # type: ignore[attr-defined]
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_endpoint_with_dynamodb_alone_is_said_to_have_no_lambda(
    dynamodb_alone: str, variables: dict[str, str], cloud: Cloud
) -> None:
    there = {**variables, "AWS_ENDPOINT_URL": dynamodb_alone}
    table = fresh("orders")
    assert ran("enable-stream", table, "--create-table", "pk:S", variables=there).code == 0
    sent = ran("send", table, "--count", "2", "--hold", "0s", "-o", "json", variables=there)
    assert (sent.code, sent.data["inserted"]) == (0, 2), sent.err
    for words in (("attach-trigger", table), ("verify", table), ("create-function", table)):
        refused = ran(*words, "-o", "json", variables=there)
        assert (refused.code, refused.error_code) == (4, "no-such-service"), (words, refused.err)
        assert re.search(rf"(Lambda|IAM|CloudWatch Logs) is not available at {dynamodb_alone}", refused.err)
    assert ran("down", table, "--table", "--yes", variables=there).code == 0
    assert table not in cloud.dynamodb.list_tables()["TableNames"]
