"""AWS by script: an HTTP server that speaks the protocols of the handlers' sinks, and records every call.

What it answers comes from a function ``answer(service, operation, parameters) -> dict``, which may raise
``Fault``. Every request's signature is checked with botocore's own signer, so a client that signs wrongly
gets nothing.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedIOBase

ACCESS_KEY, SECRET_KEY, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", "a/session+token=="


class Fault(Exception):
    """An error as the service answers it."""

    def __init__(self, code: str, message: str = "scripted", status: int = 400, **headers: str) -> None:
        super().__init__(code)
        self.code, self.message, self.status, self.headers = code, message, status, headers


@dataclass(frozen=True)
class Call:
    service: str
    operation: str
    parameters: dict[str, Any]


@dataclass
class FakeAws:
    """``calls`` holds what arrived; ``answer`` decides what is answered, nothing in particular at first.

    Attributes:
        dripping: Answers come a byte a second, and never whole; faster once it is set.
    """

    answer: Callable[[str, str, dict[str, Any]], dict[str, Any]] = lambda *_: {}
    calls: list[Call] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    dripping: threading.Event | None = None

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert self.forged == []

    def variables(self) -> dict[str, str]:
        """What a client's environment must say to end up here."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._server.server_port}",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_SESSION_TOKEN": TOKEN,
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def named(self, operation: str) -> list[dict[str, Any]]:
        return [call.parameters for call in self.calls if call.operation == operation]


def _handler_of(fake: FakeAws) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20
        wbufsize = 1 << 16  # headers and body in one piece, or the client waits for the second

        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            self._exchange()

        def do_PUT(self) -> None:
            self._exchange()

        def _exchange(self) -> None:
            body = self._body()
            service = _scope(self.headers.get("authorization", ""))[1]
            operation, parameters = _read(service, self.path, self.headers, body)
            fake.calls.append(Call(service, operation, parameters))
            if not _is_signed_right(self, body):
                fake.forged.append(f"{service} {operation}")
            status, text, headers = _answered(fake, service, operation, parameters)
            content = text.encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            _write(self.wfile, content, fake.dripping)

        def _body(self) -> bytes:
            if self.headers.get("expect"):
                self.send_response_only(100)
                self.end_headers()
                self.wfile.flush()
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if "aws-chunked" in self.headers.get("content-encoding", ""):
                return _unchunked(body)
            return body

    return Handler


def _write(out: BufferedIOBase, content: bytes, dripping: threading.Event | None) -> None:
    if dripping is None:
        out.write(content)
        out.flush()
        return
    with contextlib.suppress(OSError):  # the client had enough
        for byte in content[:-1]:
            out.write(bytes((byte,)))
            out.flush()
            dripping.wait(1)


def _answered(
    fake: FakeAws, service: str, operation: str, parameters: dict[str, Any]
) -> tuple[int, str, dict[str, str]]:
    try:
        return 200, _written(service, operation, fake.answer(service, operation, parameters)), {}
    except Fault as fault:
        return fault.status, _written_fault(service, fault), fault.headers


def _scope(authorization: str) -> tuple[str, str]:
    found = re.search(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request", authorization)
    return (found[1], found[2]) if found else ("", "unsigned")


def _unchunked(body: bytes) -> bytes:
    size, _, rest = body.partition(b"\r\n")
    return rest[: int(size.split(b";")[0], 16)]


def _read(service: str, path: str, headers: Any, body: bytes) -> tuple[str, dict[str, Any]]:
    if service == "s3":
        kept = {name.lower(): value for name, value in headers.items()}
        return "PutObject", {"path": path, "body": body, "if-none-match": kept.get("if-none-match")}
    if service == "sns":
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        return form.pop("Action"), form
    return headers.get("x-amz-target", "").split(".")[-1], json.loads(body)


def _written(service: str, operation: str, answer: dict[str, Any]) -> str:
    if service == "s3":
        return ""
    if service != "sns":
        return json.dumps(answer)
    failed = "".join(
        "<member>"
        + "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in one.items())
        + "</member>"
        for one in answer.get("Failed", ())
    )
    return (
        f'<{operation}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><{operation}Result>'
        f"<Successful/><Failed>{failed}</Failed></{operation}Result></{operation}Response>"
    )


def _written_fault(service: str, fault: Fault) -> str:
    if service in ("s3", "sns"):
        error = f"<Error><Code>{fault.code}</Code><Message>{escape(fault.message)}</Message></Error>"
        return error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    return json.dumps({"__type": f"com.amazonaws#{fault.code}", "message": fault.message})


def _is_signed_right(request: BaseHTTPRequestHandler, body: bytes) -> bool:
    """Sign the request as it arrived once more, with botocore, and compare."""
    authorization = request.headers.get("authorization", "")
    region, service = _scope(authorization)
    names = re.search(r"SignedHeaders=([^,]+)", authorization)
    if names is None or request.headers.get("x-amz-security-token") != TOKEN:
        return False
    again = AWSRequest(
        method=request.command,
        url=f"http://{request.headers['host']}{request.path}",
        data=body,
        headers={name: request.headers[name] for name in names[1].split(";") if name != "host"},
    )
    again.context["timestamp"] = request.headers["x-amz-date"]
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    signer = kind(Credentials(ACCESS_KEY, SECRET_KEY, TOKEN), service, region)
    del again.headers["x-amz-security-token"]
    again.headers["X-Amz-Security-Token"] = TOKEN
    to_sign = signer.string_to_sign(again, signer.canonical_request(again))
    return authorization.endswith(f"Signature={signer.signature(to_sign, again)}")
