"""Authentication for the emulator: an ASGI app that accepts only requests with the key.

MiniStack accepts unsigned and cross-origin requests, and runs code. Without a guard, a web page in the user's browser
(by a plain cross-origin POST, or by DNS rebinding) or another user of the same machine could run code as the user.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
    Headers = Iterable[tuple[bytes, bytes]]

READY_PATH = "/_ministack/ready"
IDENTITY_PATH = "/_ddbinsert/identity/"

_CREDENTIAL = re.compile(rb"^AWS4-HMAC-SHA256\s.*?\bCredential=([^/,\s]+)/")
_QUERY_CREDENTIAL = re.compile(rb"(?:^|&)X-Amz-Credential=([^/&%]+)(?:/|%2F)")
_QUERY_TOKEN = re.compile(rb"(?:^|&)X-Amz-Security-Token=([^&]+)")


def identity(key: str, nonce: str) -> str:
    """The response to ``nonce`` that proves knowledge of the key without revealing it."""
    return hmac.new(key.encode(), nonce.encode(), hashlib.sha256).hexdigest()


class Guard:
    """Checks requests before they reach ``app``.

    The key is in the credentials of every AWS client: the access key id of the SigV4 header or of a presigned URL, or
    their session token. It is removed before the request reaches ``app``, which would otherwise derive an account from
    it, and write it to its logs.

    Args:
        account_id: Replaces the key as the access key id.
    """

    def __init__(self, app: Asgi, *, key: str, port: int, account_id: str) -> None:
        self._app = app
        self._key = key
        self._secret = key.encode()
        self._account_id = account_id.encode()
        self._hosts = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        objection = self._why_rejected(scope["headers"])
        if objection is not None:
            await _refuse(scope, send, objection)
        elif scope["method"] == "GET" and scope["path"].startswith(IDENTITY_PATH):
            nonce = scope["path"].removeprefix(IDENTITY_PATH)
            await _answer(send, 200, b"text/plain", identity(self._key, nonce).encode())
        elif scope["method"] == "GET" and scope["path"] == READY_PATH:
            await self._app(scope, receive, send)
        elif not self._carries_key(scope):
            await _refuse(scope, send, "The request doesn't carry this emulator's access key id.")
        else:
            await self._app(self._without_key(scope), receive, send)

    def _why_rejected(self, headers: Headers) -> str | None:
        """The reason to reject a request that comes from a web page; None if it does not."""
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return "The Host header doesn't name this emulator."
        names = {name for name, _ in headers}
        if b"origin" in names or any(name.startswith(b"sec-fetch-") for name in names):
            return "Requests from browsers are rejected."
        return None

    def _carries_key(self, scope: Scope) -> bool:
        return any(hmac.compare_digest(claim, self._secret) for claim in _claims(scope))

    def _without_key(self, scope: Scope) -> Scope:
        def cleaned(name: bytes, value: bytes) -> bytes:
            return self._anonymous(value) if name == b"authorization" else value

        return {
            **scope,
            "query_string": self._anonymous(scope["query_string"]),
            "headers": [
                (name, cleaned(name, value))
                for name, value in scope["headers"]
                if name != b"x-amz-security-token"
            ],
        }

    def _anonymous(self, text: bytes) -> bytes:
        return text.replace(self._secret, self._account_id)


def _claims(scope: Scope) -> Iterable[bytes]:
    for name, value in scope["headers"]:
        if name == b"x-amz-security-token":
            yield value
        elif name == b"authorization" and (found := _CREDENTIAL.match(value)):
            yield found[1]
    for pattern in (_QUERY_CREDENTIAL, _QUERY_TOKEN):
        if found := pattern.search(scope["query_string"]):
            yield found[1]


async def _refuse(scope: Scope, send: Send, reason: str) -> None:
    """Send a 403 that the caller's SDK can parse: XML for the query protocol, else JSON."""
    if (b"content-type", b"application/x-www-form-urlencoded") in [
        (name, value.partition(b";")[0].strip().lower()) for name, value in scope["headers"]
    ]:
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{reason}</Message>"
            "</Error><RequestId>guard</RequestId></ErrorResponse>"
        )
        await _answer(send, 403, b"text/xml", body.encode())
    else:
        body = json.dumps({"__type": "AccessDeniedException", "message": reason})
        await _answer(send, 403, b"application/json", body.encode())


async def _answer(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        # Do not wait for the rest of a rejected request's body.
        *([(b"connection", b"close")] if status >= 400 else []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
