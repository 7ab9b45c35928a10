"""Every service that hands out AWS credentials, on this machine: STS, SSO, container and instance metadata.

All other requests are refused as a table that doesn't exist; the key id that each was signed with is noted.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

_EXPIRATION = "2099-01-01T00:00:00Z"
_STS = """<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{0}Result>
<Credentials><AccessKeyId>{1}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn><AssumedRoleId>a:b</AssumedRoleId></AssumedRoleUser>
</{0}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{0}Response>"""


def _document(key_id: str) -> dict[str, str]:
    return {
        "Code": "Success",
        "AccessKeyId": key_id,
        "SecretAccessKey": "s",
        "Token": "t",
        "Expiration": _EXPIRATION,
    }


class Identity:
    """``asked`` holds what was asked for credentials, ``signers`` the key ids of all other requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.signers: set[str] = set()
        identity = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                identity._answer(self, "")

            def do_PUT(self) -> None:
                identity._answer(self, "")

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                identity._answer(self, self.rfile.read(length).decode(errors="replace"))

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler, body: str) -> None:
        status, kind, text = self._said(request, body)
        encoded = text.encode()
        request.send_response(status)
        if status == 404 and kind == "application/json":
            request.send_header("x-amzn-ErrorType", "ResourceNotFoundException")
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(encoded)))
        request.send_header("X-aws-ec2-metadata-token-ttl-seconds", "21600")
        request.end_headers()
        request.wfile.write(encoded)

    def _said(self, request: BaseHTTPRequestHandler, body: str) -> tuple[int, str, str]:
        path = urlsplit(request.path).path
        action = parse_qs(body).get("Action", [""])[0]
        if path == "/" and action.startswith("AssumeRole"):
            return self._sts(action, request.headers.get("Authorization", ""))
        if path == "/federation/credentials":
            return self._sso(request.headers.get("x-amz-sso_bearer_token", ""))
        if path == "/container":
            self.asked.append("container")
            return 200, "application/json", json.dumps(_document("AKIACONTAINER"))
        if path.startswith("/latest/"):
            return self._metadata(path)
        found = re.search(r"Credential=(\w+)/", request.headers.get("Authorization", ""))
        self.signers.add(found[1] if found else "nobody")
        return self._empty(request, path)

    @staticmethod
    def _empty(request: BaseHTTPRequestHandler, path: str) -> tuple[int, str, str]:
        """The answer of an account with nothing in it."""
        if request.headers.get("X-Amz-Target", "").startswith("Logs_"):
            return 200, "application/x-amz-json-1.1", '{"logGroups": []}'
        if path == "/" and "X-Amz-Target" not in request.headers:
            error_text = "<Error><Code>NoSuchEntity</Code><Message>No role</Message></Error>"
            return 404, "text/xml", f"<ErrorResponse>{error_text}</ErrorResponse>"
        if path == "/":
            error = {"__type": "ResourceNotFoundException", "message": "Requested resource not found"}
            return 400, "application/x-amz-json-1.0", json.dumps(error)
        if path.endswith("/event-source-mappings"):
            return 200, "application/json", '{"EventSourceMappings": []}'
        error = {"Type": "User", "Code": "ResourceNotFoundException", "Message": "Function not found"}
        return 404, "application/json", json.dumps(error)

    def _sts(self, action: str, authorization: str) -> tuple[int, str, str]:
        found = re.search(r"Credential=(\w+)/", authorization)
        self.asked.append(f"{action} by {found[1] if found else 'nobody'}")
        return 200, "text/xml", _STS.format(action, "AKIAROLE" if action == "AssumeRole" else "AKIAWEB")

    def _sso(self, token: str) -> tuple[int, str, str]:
        self.asked.append("sso")
        if token != "good-token":
            error = {"__type": "UnauthorizedException", "message": "Session token not found or invalid"}
            return 401, "application/json", json.dumps(error)
        role = {
            "accessKeyId": "AKIASSO",
            "secretAccessKey": "s",
            "sessionToken": "t",
            "expiration": 4070908800000,
        }
        return 200, "application/json", json.dumps({"roleCredentials": role})

    def _metadata(self, path: str) -> tuple[int, str, str]:
        self.asked.append("metadata")
        if path == "/latest/api/token":
            return 200, "text/plain", "token"
        if path.endswith("/security-credentials/"):
            return 200, "text/plain", "machine-role"
        return 200, "application/json", json.dumps(_document("AKIAMACHINE"))
