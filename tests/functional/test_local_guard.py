"""The door before the emulator: whoever has no key, or comes from a web page, is not let in."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from ddbinsert.local.emulator import new_key
from ddbinsert.local.guard import IDENTITY_PATH, READY_PATH, identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.local import Emulator


def _client(emulator: Emulator, service: str, *, key: str, token: str | None = None) -> Any:
    return botocore.session.Session().create_client(
        service,
        region_name="us-east-1",
        endpoint_url=emulator.endpoint,
        aws_access_key_id=key,
        aws_secret_access_key="any",
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def _ask(
    emulator: Emulator, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _signed(emulator: Emulator, **more: str) -> dict[str, str]:
    return {
        "Host": f"127.0.0.1:{emulator.port}",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={emulator.key}/20260101/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=0",
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0",
    } | {name.replace("_", "-"): value for name, value in more.items()}


def test_whoever_has_the_key_is_let_in_by_any_service(emulator: Emulator) -> None:
    assert "TableNames" in _client(emulator, "dynamodb", key=emulator.key).list_tables()
    identity_of = _client(emulator, "sts", key=emulator.key).get_caller_identity()
    # The key never becomes an account, a name or a line in a log.
    assert identity_of["Account"] == "000000000000"
    assert emulator.key not in json.dumps(identity_of, default=str)


@pytest.mark.parametrize("service", ["dynamodb", "lambda", "logs", "iam", "sts"])
def test_a_stranger_reads_in_its_own_dialect_that_it_may_not(emulator: Emulator, service: str) -> None:
    client = _client(emulator, service, key="AKIAIOSFODNN7EXAMPLE")
    calls = {
        "dynamodb": "list_tables",
        "lambda": "list_functions",
        "logs": "describe_log_groups",
        "iam": "list_roles",
        "sts": "get_caller_identity",
    }
    with pytest.raises(ClientError) as caught:
        getattr(client, calls[service])()
    assert caught.value.response["Error"]["Code"].startswith("AccessDenied")
    assert "access key" in caught.value.response["Error"]["Message"]


def test_handlers_are_let_in_by_their_session_token(emulator: Emulator) -> None:
    client = _client(emulator, "dynamodb", key="000000000000", token=emulator.key)
    assert "TableNames" in client.list_tables()


def test_a_presigned_address_is_let_in(emulator: Emulator) -> None:
    address = _client(emulator, "sts", key=emulator.key).generate_presigned_url("get_caller_identity")
    path = address.removeprefix(emulator.endpoint)
    host = {"Host": f"127.0.0.1:{emulator.port}"}
    assert _ask(emulator, "GET", path, host)[0] == 200
    assert _ask(emulator, "GET", path.replace(emulator.key, "LOCAL0"), host)[0] == 403


def test_a_request_without_any_signature_is_refused(emulator: Emulator) -> None:
    headers = {name: value for name, value in _signed(emulator).items() if name != "Authorization"}
    assert _ask(emulator, "POST", "/", headers, b"{}")[0] == 403
    assert _ask(emulator, "POST", "/", _signed(emulator), b"{}")[0] == 200


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Mode": "no-cors"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": ""},
    ],
    ids=str,
)
def test_a_web_page_is_not_let_in_even_with_the_key(emulator: Emulator, header: dict[str, str]) -> None:
    assert _ask(emulator, "POST", "/", _signed(emulator, **header), b"{}")[0] == 403
    assert _ask(emulator, "GET", READY_PATH, _signed(emulator, **header))[0] == 403


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize(
    "path",
    [
        "/_ministack/reset",
        "/_ministack/config",
        "/_ministack/ready",
        "/2015-03-31/functions",
        "//",
        "/%2e%2e/x",
    ],
)
def test_no_door_beside_the_door_is_open(emulator: Emulator, method: str, path: str) -> None:
    host = {"Host": f"127.0.0.1:{emulator.port}"}
    expected = 200 if (method, path) == ("GET", READY_PATH) else 403
    assert _ask(emulator, method, path, host)[0] == expected


def test_the_emulator_proves_who_it_is_without_being_told_the_key(emulator: Emulator) -> None:
    host = {"Host": f"localhost:{emulator.port}"}
    status, answer = _ask(emulator, "GET", f"{IDENTITY_PATH}nonce", host)
    assert (status, answer.decode()) == (200, identity(emulator.key, "nonce"))
    assert emulator.key.encode() not in answer
    assert identity("another key", "nonce") != answer.decode()


def test_a_websocket_is_turned_away(emulator: Emulator) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    status, _ = _ask(
        emulator, "GET", "/", _signed(emulator) | upgrade | {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    )
    assert status == 403


def test_the_key_is_a_new_one_each_time_and_long_enough(emulator: Emulator) -> None:
    keys = {new_key() for _ in range(50)} | {emulator.key}
    assert len(keys) == 51
    assert all(len(key) == 37 and key.isalnum() for key in keys)
    assert emulator.key not in repr(emulator)
