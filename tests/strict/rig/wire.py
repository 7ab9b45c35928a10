"""What goes over the wire: a request read as an AWS call, an answer, and a refusal in each protocol's words."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

JsonObject = dict[str, Any]

_SERVICE_BY_TARGET = {
    "DynamoDB_20120810": "dynamodb",
    "DynamoDBStreams_20120810": "dynamodbstreams",
    "Logs_20140328": "logs",
    "GraniteServiceVersion20100801": "cloudwatch",
    "AmazonSQS": "sqs",
}
_QUERY_SERVICES = frozenset({"iam", "sts", "sns", "cloudformation", "monitoring"})
_SCOPE_TO_SERVICE = {"monitoring": "cloudwatch"}
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/,\s]+)/([^/,\s]+)/aws4_request")
_RPC_PATH = re.compile(r"^/service/(\w+)/operation/(\w+)$")
_REST_STATUS = {
    "ResourceNotFoundException": 404,
    "ResourceConflictException": 409,
    "TooManyRequestsException": 429,
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "UnrecognizedClientException": 403,
    "ServiceException": 500,
}
_REST_PATHS = {"/listRegions": "ListRegions", "/v1/pipes": "ListPipes"}
_DEFAULT_ACCOUNT = "000000000000"


class Protocol(StrEnum):
    JSON = "json"
    REST_JSON = "rest-json"
    QUERY = "query"
    OTHER = "other"


class Refusal(Exception):
    """An error answer as AWS gives it; the server spells it in the protocol of the call.

    Args:
        code: The error's code, for example ``ResourceInUseException``.
        message: AWS's message.
        status: The HTTP status; by default the one that the protocol uses for the code.
    """

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who calls and where: the emulator keeps state apart by account and region."""

    key_id: str = "test"
    region: str = "us-east-1"
    token: str = ""

    @property
    def account(self) -> str:
        """The emulator takes an access key of 12 digits for the account."""
        return self.key_id if re.fullmatch(r"\d{12}", self.key_id) else _DEFAULT_ACCOUNT

    @property
    def scope(self) -> tuple[str, str]:
        return self.account, self.region


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, read as far as routing needs; bodies are decoded only when somebody looks."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    service: str
    operation: str
    protocol: Protocol
    access: Access
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @cached_property
    def payload(self) -> JsonObject:
        """The request's document; an empty one where the body holds none."""
        if self.protocol is Protocol.QUERY:
            return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            document = json.loads(self.body) if self.body else {}
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    def with_payload(self, payload: JsonObject) -> Call:
        body = json.dumps(payload, separators=(",", ":")).encode()
        return replace(self, body=body)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response; ``stream`` instead of ``body`` where it never ends by itself."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: Iterator[bytes] | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @cached_property
    def document(self) -> JsonObject:
        try:
            parsed = json.loads(self.body) if self.body else {}
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def error_code(self) -> str:
        """The code of a JSON or REST-JSON error; '' where there is none."""
        code = self.headers.get("x-amzn-errortype") or self.document.get("__type") or ""
        return str(code).rsplit("#", 1)[-1].split(":", 1)[0]

    def with_document(self, document: JsonObject) -> Answer:
        """The same answer with another document; the checksum of the old one goes."""
        headers = {name: value for name, value in self.headers.items() if name != "x-amz-crc32"}
        return replace(self, headers=headers, body=json.dumps(document, separators=(",", ":")).encode())


Forward = Callable[[Call], Answer]
Handler = Callable[[Call, Forward], Answer]


def json_answer(call: Call, document: JsonObject, *, status: int = 200) -> Answer:
    kind = "application/json" if call.protocol is Protocol.REST_JSON else "application/x-amz-json-1.0"
    body = b"" if status == 204 else json.dumps(document, separators=(",", ":")).encode()
    headers = {"content-type": kind, "x-amzn-requestid": str(uuid.uuid4())}
    return Answer(status=status, headers=headers, body=body)


def refusal_answer(call: Call, refusal: Refusal) -> Answer:
    """The refusal as the service's protocol spells it."""
    request_id = str(uuid.uuid4())
    match call.protocol:
        case Protocol.QUERY | Protocol.OTHER:
            return _xml_refusal(refusal, request_id)
        case Protocol.REST_JSON:
            status = refusal.status or _REST_STATUS.get(refusal.code, 400)
            document = {"Type": "User" if status < 500 else "Service", "message": refusal.message}
            kind = "application/json"
        case Protocol.JSON:
            status = refusal.status or 400
            document = {"__type": _qualified(call.service, refusal.code), "message": refusal.message}
            kind = "application/x-amz-json-1.0"
    headers = {"content-type": kind, "x-amzn-requestid": request_id, "x-amzn-errortype": refusal.code}
    return Answer(status=status, headers=headers, body=json.dumps(document).encode())


def _xml_refusal(refusal: Refusal, request_id: str) -> Answer:
    status = refusal.status or (403 if refusal.code.startswith("AccessDenied") else 400)
    kind = "Sender" if status < 500 else "Receiver"
    body = (
        f"<ErrorResponse><Error><Type>{kind}</Type><Code>{escape(refusal.code)}</Code>"
        f"<Message>{escape(refusal.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = {"content-type": "text/xml", "x-amzn-requestid": request_id}
    return Answer(status=status, headers=headers, body=body.encode())


def _qualified(service: str, code: str) -> str:
    namespaces = {
        "dynamodb": "com.amazonaws.dynamodb.v20120810",
        "dynamodbstreams": "com.amazonaws.dynamodb.v20120810",
    }
    return f"{namespaces[service]}#{code}" if service in namespaces else code


def read_call(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Tells service and operation from the request's head; header names are lower-case.

    What it can't place (S3, a browser) gets an empty operation and is passed on as it came.
    """
    scope = _CREDENTIAL.search(headers.get("authorization", ""))
    token = headers.get("x-amz-security-token", "")
    access = Access(key_id=scope[1], region=scope[2], token=token) if scope else Access()
    signed_for = scope[3] if scope else ""
    service, operation, protocol, params = _identify(method, target, headers, body, signed_for)
    return Call(
        method=method,
        target=target,
        headers=headers,
        body=body,
        service=service,
        operation=operation,
        protocol=protocol,
        access=access,
        params=params,
    )


def _identify(
    method: str, target: str, headers: Mapping[str, str], body: bytes, signed_for: str
) -> tuple[str, str, Protocol, dict[str, str]]:
    prefix, _, operation = headers.get("x-amz-target", "").rpartition(".")
    if operation:
        return _SERVICE_BY_TARGET.get(prefix, signed_for), operation, Protocol.JSON, {}
    parts = urlsplit(target)
    if rpc := _RPC_PATH.match(parts.path):
        return _SERVICE_BY_TARGET.get(rpc[1], signed_for), rpc[2], Protocol.OTHER, {}
    if signed_for == "lambda":
        found, params = _lambda_operation(method, parts.path)
        return "lambda", found, Protocol.REST_JSON, {**dict(parse_qsl(parts.query)), **params}
    if signed_for in ("account", "pipes"):
        return signed_for, _REST_PATHS.get(parts.path, ""), Protocol.REST_JSON, {}
    if signed_for in _QUERY_SERVICES:
        action = re.search(rb"(?:^|&)Action=(\w+)", body) or re.search(
            rb"(?:^|&)Action=(\w+)", parts.query.encode()
        )
        name = action[1].decode() if action else ""
        return _SCOPE_TO_SERVICE.get(signed_for, signed_for), name, Protocol.QUERY, {}
    return signed_for, "", Protocol.OTHER, {}


def _lambda_operation(method: str, path: str) -> tuple[str, dict[str, str]]:
    for verb, pattern, operation in _lambda_routes():
        if verb == method and (found := pattern.fullmatch(path.rstrip("/"))):
            return operation, {name: unquote(value) for name, value in found.groupdict().items()}
    return "", {}


@cache
def _lambda_routes() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    import botocore.session

    model = botocore.session.get_session().get_service_model("lambda")
    routes = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        uri = http["requestUri"].split("?", 1)[0].rstrip("/")
        pattern = re.sub(r"\\{(\w+)(\\\+)?\\}", _path_group, re.escape(uri))
        routes.append((http["method"], re.compile(pattern), name))
    return tuple(sorted(routes, key=lambda route: -len(route[1].pattern)))


def _path_group(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})"
