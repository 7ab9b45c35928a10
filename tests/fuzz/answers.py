"""Targets that are answers of an endpoint: to whole commands, and of the pages that are read without botocore's parser."""

from __future__ import annotations

import atexit
import json
import tempfile
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.exceptions import ParamValidationError
from botocore.parsers import ResponseParserError

from ddbinsert.aws.session.session import Aws, Connection
from ddbinsert.errors import AwsError
from tests.functional.command import ran
from tests.fuzz.model import Target, mangled, recorded, split
from tests.strict.rig.server import LoopbackServer
from tests.strict.rig.wire import Answer
from tests.unit.aws.session.test_plain_answers import CALLS, KEYS, WHERE, answered

if TYPE_CHECKING:
    from tests.strict.rig.wire import Call

COMMANDS = (
    ("status", "orders"),
    ("doctor", "orders"),
    ("ls",),
    ("records", "orders"),
    ("tail", "orders", "--last", "5"),
    ("failures", "list", "orders"),
    ("drift", "orders"),
    ("export", "terraform", "orders", "--from-live"),
    ("attach-trigger", "orders", "--dry-run"),
    ("down", "orders", "--dry-run"),
    ("filter", "backtest", "--table", "orders", "--pattern", '{"eventName":["INSERT"]}'),
)


class _Endpoint:
    """Answers every call with a part of the input: by its operation, or all of it."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] | bytes = b""
        self._server = LoopbackServer(self._answer)
        self._server.start()
        atexit.register(self._server.stop)
        self._home = tempfile.TemporaryDirectory(prefix="fuzz-")
        atexit.register(self._home.cleanup)

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._server.server_address[1]}",
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": self._home.name,
            "DDBINSERT_STATE_DIR": self._home.name,
        }

    def _answer(self, call: Call) -> Answer:
        if isinstance(self.answers, bytes):
            return Answer(body=self.answers)
        found = self.answers.get(call.operation, {})
        body = found.encode("utf-8", "replace") if isinstance(found, str) else json.dumps(found).encode()
        return Answer(body=body)


@cache
def _endpoint() -> _Endpoint:
    return _Endpoint()


def check_command(data: bytes) -> None:
    """A command ends with a documented code and without a traceback, whatever is answered.

    The first byte chooses the command; the rest is an object of operation to answer, or one answer to all.
    """
    command = COMMANDS[data[0] % len(COMMANDS)] if data else COMMANDS[0]
    endpoint = _endpoint()
    try:
        found = json.loads(data[1:])
    except (ValueError, RecursionError):
        found = None
    endpoint.answers = found if isinstance(found, dict) else data[1:]
    done = ran(*command, "--timeout", "2s", variables=endpoint.variables)
    assert "Traceback" not in done.err, done.err
    assert done.code in range(7), (done.code, done.err)


@cache
def _ours() -> Aws:
    connection = Connection(
        region="us-east-1",
        endpoint_url=WHERE["endpoint_url"],
        access_key_id="AKIAEXAMPLE",
        secret_access_key="example",
    )
    return Aws(connection)


@cache
def _plain(service: str) -> Any:
    return botocore.session.get_session().create_client(service, **WHERE, **KEYS)


def check_page(data: bytes) -> None:
    """A page of records, lines or rows is read or refused; the first byte chooses which."""
    name = list(CALLS)[data[0] % len(CALLS)] if data else "records"
    service = CALLS[name][0]
    try:
        ours = answered(_ours().client(service), data[1:], name)
    except (AwsError, ResponseParserError, ParamValidationError):
        return
    json.dumps(ours, default=str)


TARGETS = (
    Target(
        name="command",
        check=check_command,
        tokens=split(
            'null¦[]¦{}¦7¦"x"¦1e300¦-1¦true¦"DescribeTable":¦"Table":null¦[null]¦{"a":1}¦'
            '"State":"Disabled"¦"FilterCriteria":{"Filters":[{"Pattern":"{"}]}¦\\ud800¦\\u001b[2J¦'
            "<a/>¦2026"
        ),
        structured=lambda: mangled(recorded("command"), len(COMMANDS)),
    ),
    Target(
        name="page",
        check=check_page,
        tokens=split(
            'null¦[]¦{}¦7¦"x"¦1e400¦-1¦"Records":¦"events":¦"results":¦"NextShardIterator":""¦'
            '{"B":"%"}¦{"N":"x"}¦{"M":{¦\\ud800¦"timestamp":"x"¦"ApproximateCreationDateTime":1e300¦'
            '[[¦"dynamodb":'
        ),
        structured=lambda: mangled(recorded("page"), len(CALLS)),
    ),
)
