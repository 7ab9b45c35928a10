"""The way to the emulator: pooled connections, calls passed on as they came, and calls of the rig's own."""

from __future__ import annotations

import http.client
import json
import select
import threading
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .wire import Access, Answer, Call, JsonObject, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HOP_HEADERS = frozenset(
    {
        "connection",
        "keep-alive",
        "transfer-encoding",
        "te",
        "upgrade",
        "host",
        "content-length",
        "expect",
        "trailer",
    }
)
_TARGETS = {
    "dynamodb": ("DynamoDB_20120810", "dynamodb"),
    "dynamodbstreams": ("DynamoDBStreams_20120810", "dynamodb"),
    "logs": ("Logs_20140328", "logs"),
    "cloudwatch": ("GraniteServiceVersion20100801", "monitoring"),
    "sqs": ("AmazonSQS", "sqs"),
}
_ANSWER_SECONDS = 960.0  # a Lambda invocation may take 15 minutes


class Upstream:
    """The emulator at ``url``; safe to use from many threads."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self.url = f"http://{self._host}:{self._port}"
        self._idle: list[http.client.HTTPConnection] = []
        self._clients: dict[tuple[str, Access], Any] = {}
        self._lock = threading.Lock()
        self._closed = False

    def forward(self, call: Call) -> Answer:
        """Passes a call on: its own headers (the signature too), the emulator's Host."""
        return self._send(call.method, call.target, call.headers, call.body)

    def json(self, service: str, operation: str, payload: JsonObject, access: Access) -> JsonObject:
        """A JSON call of the rig's own, as ``access``.

        Raises:
            Refusal: as the emulator refused.
        """
        prefix, scope = _TARGETS[service]
        headers = {
            "x-amz-target": f"{prefix}.{operation}",
            "content-type": "application/x-amz-json-1.0",
            **_signed(scope, access),
        }
        return _document(self._send("POST", "/", headers, json.dumps(payload).encode()))

    def rest(
        self, method: str, path: str, body: bytes, access: Access, *, headers: Mapping[str, str]
    ) -> Answer:
        """A Lambda REST call of the rig's own; errors are answers too."""
        signed = {**headers, **_signed("lambda", access), "content-type": "application/json"}
        return self._send(method, path, signed, body)

    def lambda_document(self, path: str, access: Access) -> JsonObject:
        """A GET on Lambda's REST interface.

        Raises:
            Refusal: as the emulator refused.
        """
        return _document(self.rest("GET", path, b"", access, headers={}))

    def client(self, service: str, access: Access) -> Any:
        """A botocore client straight to the emulator, for the protocols that are no plain JSON."""
        with self._lock:
            if (service, access) not in self._clients:
                self._clients[service, access] = self._connect(service, access)
            return self._clients[service, access]

    def _connect(self, service: str, access: Access) -> Any:
        from botocore.config import Config

        return _session().client(
            service,
            endpoint_url=self.url,
            region_name=access.region,
            aws_access_key_id=access.key_id,
            aws_secret_access_key="rig",
            aws_session_token=access.token or None,
            config=Config(
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
                max_pool_connections=100,  # pollers are many
            ),
        )

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = self._take()
        try:
            _put_request(connection, method, target, headers, body)
            response = connection.getresponse()
            if response.headers.get_content_type() == "application/vnd.amazon.eventstream":
                return _answer(response, stream=_chunks(connection, response))
            answer = _answer(response, body=response.read())
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)
        return answer

    def _take(self) -> http.client.HTTPConnection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if not _dropped(connection):
                    return connection
                connection.close()
        return http.client.HTTPConnection(self._host, self._port, timeout=_ANSWER_SECONDS)

    def _give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)


@cache
def _session() -> Any:
    """One for all, as reading the services' models is what takes time."""
    import boto3

    return boto3.session.Session()


def _put_request(
    connection: http.client.HTTPConnection, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> None:
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers.items():
        if name.lower() not in _HOP_HEADERS:
            connection.putheader(name, value)
    if body or method in {"POST", "PUT", "PATCH"}:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)


def _answer(
    response: http.client.HTTPResponse, *, body: bytes = b"", stream: Iterator[bytes] | None = None
) -> Answer:
    headers = {
        name.lower(): value for name, value in response.getheaders() if name.lower() not in _HOP_HEADERS
    }
    return Answer(status=response.status, headers=headers, body=body, stream=stream)


def _chunks(connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := response.read1(65536):
            yield chunk
    finally:
        connection.close()


def _dropped(connection: http.client.HTTPConnection) -> bool:
    """An idle connection with something to read was closed by the other side."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])


def _signed(service: str, access: Access) -> dict[str, str]:
    """The emulator reads account and region out of the scope and checks no signature."""
    scope = f"{access.key_id}/20260101/{access.region}/{service}/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    token = {"x-amz-security-token": access.token} if access.token else {}
    return {"authorization": signature, **token}


def _document(answer: Answer) -> JsonObject:
    if answer.ok:
        return answer.document
    message = str(answer.document.get("message") or answer.document.get("Message") or "")
    raise Refusal(answer.error_code or "UnknownError", message, status=answer.status)
