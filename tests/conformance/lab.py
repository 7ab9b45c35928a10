"""What probes work with: clients of one endpoint, and things that are made under one prefix and removed again."""

from __future__ import annotations

import contextlib
import io
import json
import threading
import time
import uuid
import zipfile
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from tests.conformance import handlers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

T = TypeVar("T")

PREFIX = "ddbinsert-conformance-"
TAG = "ddbinsert:conformance"
RUNTIME = "python3.13"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
#: What a change is refused with while something is being made, changed or deleted, or has not spread yet.
_PASSING = frozenset(
    {"ResourceInUseException", "ResourceConflictException", "LimitExceededException", "ThrottlingException"}
)
#: Attributes of a lab that are clients, and their services.
_SERVICES = {
    "lambda_": "lambda",
    "streams": "dynamodbstreams",
    **{name: name for name in ("cloudwatch", "dynamodb", "iam", "logs", "sqs", "sts")},
}
_STREAM_RIGHTS = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")


class Place:
    """An endpoint and the way there.

    Args:
        kind: ``rig``, ``emulator``, ``moto``, ``aws`` or ``endpoint``.
        endpoint: None for AWS. patience: Seconds that something may take to happen.
    """

    def __init__(
        self,
        kind: str,
        *,
        endpoint: str | None = None,
        profile: str | None = None,
        region: str | None = None,
        keys: tuple[str, str] | None = None,
        patience: float = 30.0,
    ) -> None:
        self.kind = kind
        self.endpoint = endpoint
        self.patience = patience
        self._session = Session(profile=profile)
        self.region = region
        self.keys = keys or (None, None)
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                key, secret = self.keys
                self._clients[service] = self._session.create_client(
                    service,
                    region_name=self.region,
                    endpoint_url=self.endpoint,
                    aws_access_key_id=key,
                    aws_secret_access_key=secret,
                    # Values beyond AWS's limits have to reach it; and a refusal is what is looked for.
                    config=Config(
                        parameter_validation=False,
                        inject_host_prefix=self.endpoint is None,
                        max_pool_connections=40,
                        retries={"mode": "standard", "total_max_attempts": 4},
                    ),
                )
            return self._clients[service]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


class Interrupted(Exception):
    """The run was interrupted: nothing more is made."""


class Lab:
    """Makes things, remembers them, and removes them.

    Attributes:
        run: The part of every name that is this run's own.
        measured: Times and the like, which are kept and never judged.
        made: How many things of each kind were made.
        stopping: Set when the run is interrupted: probes end at their next wait, and nothing more is made.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.run = uuid.uuid4().hex[:8]
        self.prefix = f"{PREFIX}{self.run}-"
        self.measured: dict[str, float] = {}
        self.made: Counter[str] = Counter()
        self.stopping = threading.Event()
        self._undo: list[tuple[str, Callable[[], object]]] = []
        self._numbers = iter(range(1, 100_000))
        self._lock = threading.RLock()
        self._clearing = False

    def __getattr__(self, name: str) -> Any:
        if name not in _SERVICES:
            raise AttributeError(name)
        return self.place.client(_SERVICES[name])

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that is made, for services that take them as a map."""
        return {TAG: self.run}

    @property
    def is_aws(self) -> bool:
        return self.place.kind == "aws"

    @property
    def has_awss_runtimes(self) -> bool:
        """Whether code is run by Lambda's own runtimes, and not by the workers of the embedded emulator."""
        return self.place.kind in ("aws", "endpoint")

    def name(self, kind: str) -> str:
        if self.stopping.is_set():
            raise Interrupted
        with self._lock:
            self.made[kind] += 1
            return f"{self.prefix}{kind}-{next(self._numbers)}"

    def later(self, what: str, undo: Callable[[], object]) -> None:
        """Remove something at the end, also of an interrupted run."""
        with self._lock:
            self._undo.append((what, undo))

    def until(self, ask: Callable[[], T], *, seconds: float | None = None) -> T:
        """Ask until the answer is true, and give it; the last one where the time is up."""
        end = time.monotonic() + (self.place.patience if seconds is None else seconds)
        pause = 0.05
        while True:
            answer = ask()
            if answer or time.monotonic() > end:
                return answer
            if self.stopping.wait(pause) and not self._clearing:
                raise Interrupted
            if self._clearing:
                time.sleep(pause)
            pause = min(pause * 1.5, 3.0 if self.is_aws else 0.3)

    def code_of(self, call: Callable[..., object], **arguments: Any) -> str:
        """AWS's error code for a call; empty where it is accepted."""
        return self.refusal(call, **arguments)[0]

    def refusal(self, call: Callable[..., object], **arguments: Any) -> tuple[str, str]:
        """AWS's error code and message; both empty where a call is accepted."""
        try:
            call(**arguments)
        except ClientError as error:
            said = error.response.get("Error", {})
            return str(said.get("Code", "")).rsplit("#", 1)[-1], str(said.get("Message", ""))
        return "", ""

    @contextlib.contextmanager
    def also_sent(self, endpoint: str, operation: str, more: Mapping[str, Any]) -> Iterator[None]:
        """Send fields that the installed botocore does not know yet along with each call of an operation."""
        only_here = threading.get_ident()

        def add(params: dict[str, Any], **_event: object) -> None:
            if threading.get_ident() == only_here:
                params["body"] = json.dumps({**json.loads(params["body"]), **more}).encode()

        events, name = self.streams.meta.events, f"before-call.{endpoint}.{operation}"
        events.register(name, add)
        try:
            yield
        finally:
            events.unregister(name, add)

    # --- tables -----------------------------------------------------------------------------------------

    def table(
        self, *, view: str | None = "NEW_AND_OLD_IMAGES", sort: bool = True, indexes: Sequence[str] = ()
    ) -> str:
        """A new table with the key pk and sk; on demand, so that it costs what is written to it."""
        name = self.name("table")
        keys = ["pk", "sk"][: 2 if sort else 1]
        stream = {"StreamEnabled": True, "StreamViewType": view}
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in (*keys, *indexes)],
            BillingMode="PAY_PER_REQUEST",
            Tags=[{"Key": TAG, "Value": self.run}],
            **({"StreamSpecification": stream} if view else {}),
            **({"GlobalSecondaryIndexes": [_index(one) for one in indexes]} if indexes else {}),
        )
        self.later(f"table {name}", lambda: self.gone(self.dynamodb.delete_table, TableName=name))
        assert self.until(lambda: self.status(name) == "ACTIVE"), f"{name} is not ACTIVE"
        return name

    def status(self, table: str) -> str:
        return str(self.described(table)["TableStatus"])

    def described(self, table: str) -> dict[str, Any]:
        return dict(self.dynamodb.describe_table(TableName=table)["Table"])

    def stream(self, table: str) -> str:
        return str(self.described(table)["LatestStreamArn"])

    def set_stream(self, table: str, view: str | None) -> None:
        wanted = {"StreamEnabled": True, "StreamViewType": view} if view else {"StreamEnabled": False}
        self.dynamodb.update_table(TableName=table, StreamSpecification=wanted)
        assert self.until(lambda: self.status(table) == "ACTIVE")

    def put(self, table: str, key: str, **attributes: Any) -> None:
        given = {
            name: value if isinstance(value, dict) else {"S": value} for name, value in attributes.items()
        }
        self.dynamodb.put_item(TableName=table, Item={**self.key(key), **given})

    @staticmethod
    def key(key: str) -> dict[str, dict[str, str]]:
        """All items of a probe share a partition key: their records are in one shard, in order."""
        return {"pk": {"S": "p"}, "sk": {"S": key}}

    def records(self, arn: str, *, at_least: int = 0) -> list[dict[str, Any]]:
        """What a stream holds, as the SDK gives it; waits for so many records."""
        found: list[dict[str, Any]] = []

        def read() -> bool:
            found[:] = [
                record for shard in self.shards(arn) for record in self._read(arn, str(shard["ShardId"]))
            ]
            return len(found) >= at_least

        self.until(read)
        return found

    def shards(self, arn: str) -> list[dict[str, Any]]:
        return list(self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"])

    def _read(self, arn: str, shard: str) -> Iterator[dict[str, Any]]:
        iterator = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        empty = 0
        while iterator and empty < 3:
            page = self.streams.get_records(ShardIterator=iterator)
            yield from page["Records"]
            empty = 0 if page["Records"] else empty + 1
            iterator = page.get("NextShardIterator")
            if self.is_aws:
                time.sleep(0.25)

    # --- functions --------------------------------------------------------------------------------------

    @cached_property
    def role(self) -> str:
        """The ARN of the role that functions have unless a probe asks for another."""
        with self._lock:
            return self.role_with([*self.least(), *self._more()])

    def least(self) -> list[dict[str, Any]]:
        """Statements that are enough for a trigger, as the fact has them."""
        arn = f"arn:{self.partition}"
        return [
            _allow(_STREAM_RIGHTS, f"{arn}:dynamodb:*:*:table/{self.prefix}*/stream/*"),
            _allow(("dynamodb:ListStreams",), "*"),
            _allow(
                ("logs:CreateLogStream", "logs:PutLogEvents"),
                f"{arn}:logs:*:*:log-group:/aws/lambda/{self.prefix}*",
            ),
        ]

    def _more(self) -> list[dict[str, Any]]:
        arn = f"arn:{self.partition}"
        return [
            _allow(("logs:CreateLogGroup",), f"{arn}:logs:*:*:log-group:/aws/lambda/{self.prefix}*"),
            _allow(("sqs:SendMessage",), f"{arn}:sqs:*:*:{self.prefix}*"),
        ]

    @cached_property
    def partition(self) -> str:
        """aws, aws-cn, …"""
        return str(self.sts.get_caller_identity()["Arn"]).split(":")[1]

    def role_with(self, statements: Sequence[Mapping[str, Any]]) -> str:
        name = self.name("role")
        made = self.iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(_TRUST),
            Tags=[{"Key": TAG, "Value": self.run}],
        )
        self.later(f"role {name}", lambda: self.gone(self.iam.delete_role, RoleName=name))
        if statements:
            document = {"Version": "2012-10-17", "Statement": list(statements)}
            self.iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=json.dumps(document))
            self.later(
                f"policy of {name}",
                lambda: self.gone(self.iam.delete_role_policy, RoleName=name, PolicyName="rights"),
            )
        return str(made["Role"]["Arn"])

    @cached_property
    def recorder(self) -> str:
        """A function that logs every record that it is given."""
        with self._lock:
            return self.function(handlers.RECORDING)

    def function(
        self,
        source: str | bytes,
        *,
        role: str | None = None,
        wait: bool = True,
        logs: bool = True,
        **more: Any,
    ) -> str:
        """A new function; a new role may have to spread first.

        Args:
            source: Python, or a whole zip archive.
            logs: Make its log group beforehand, with retention.
        """
        name = self.name("function")
        if logs:
            self.log_group(f"/aws/lambda/{name}")
        settings: dict[str, Any] = {
            "FunctionName": name,
            "Runtime": RUNTIME,
            "Role": role or self.role,
            "Handler": "main.handler",
            "Code": {"ZipFile": source if isinstance(source, bytes) else package({"main.py": source})},
            "Timeout": 10,
            "Tags": self.tags,
            **more,
        }

        def made() -> bool:
            code, message = self.refusal(self.lambda_.create_function, **settings)
            if code and "assumed" not in message:
                raise AssertionError(f"{code}: {message}")
            return not code

        assert self.until(made), f"{name} was not made"
        self.later(f"function {name}", lambda: self.gone(self.lambda_.delete_function, FunctionName=name))
        if wait:
            self.settled(name)
        return name

    def settled(self, function: str) -> dict[str, Any]:
        """The function's configuration, once it is neither pending nor updating."""

        def look() -> dict[str, Any]:
            shown = self.lambda_.get_function_configuration(FunctionName=function)
            busy = shown.get("State") == "Pending" or shown.get("LastUpdateStatus") == "InProgress"
            return {} if busy else dict(shown)

        return self.until(look)

    def mapping(self, table: str, function: str, *, wait: bool = True, **settings: Any) -> str:
        """A new mapping's UUID; from the start of the stream unless it is said otherwise."""
        made = self.create_mapping(table, function, **settings)
        if wait:
            self.enabled(made)
        return made

    def create_mapping(self, table: str, function: str, **settings: Any) -> str:
        tags = {**self.tags, **settings.pop("Tags", {})}
        given = {"StartingPosition": "TRIM_HORIZON", **settings, "Tags": tags}
        given.setdefault("EventSourceArn", self.stream(table))

        def make() -> str:
            try:
                made = self.lambda_.create_event_source_mapping(FunctionName=function, **given)
            except ClientError as error:
                if "Cannot access stream" in str(error):  # the role's policy has not spread yet
                    return ""
                raise
            return str(made["UUID"])

        found = self.until(make)
        assert found, f"no mapping for {table}"
        self.later(
            f"mapping {found}", lambda: self.gone(self.lambda_.delete_event_source_mapping, UUID=found)
        )
        return found

    def enabled(self, mapping: str) -> None:
        look = self.lambda_.get_event_source_mapping
        assert self.until(lambda: look(UUID=mapping)["State"] in ("Enabled", "Disabled")), "never Enabled"

    # --- logs -------------------------------------------------------------------------------------------

    def log_group(self, name: str) -> str:
        with contextlib.suppress(self.logs.exceptions.ResourceAlreadyExistsException):
            self.logs.create_log_group(logGroupName=name, tags=self.tags)
        self.later(f"log group {name}", lambda: self.gone(self.logs.delete_log_group, logGroupName=name))
        return name

    def lines(self, group: str) -> list[str]:
        """The messages of a log group, oldest first; none where there is no such group."""
        found: list[tuple[int, str]] = []
        token: dict[str, Any] = {}
        while True:
            try:
                page = self.logs.filter_log_events(logGroupName=group, **token)
            except ClientError as error:
                if error.response["Error"]["Code"].endswith("ResourceNotFoundException"):
                    return []
                raise
            found += [(int(one["timestamp"]), one["message"].rstrip("\n")) for one in page.get("events", ())]
            if not page.get("nextToken"):
                return [message for _, message in sorted(found, key=lambda pair: pair[0])]
            token = {"nextToken": page["nextToken"]}

    def given(self, function: str) -> list[dict[str, Any]]:
        """The records that a recording function was given, each with the request id of its invocation."""
        lines = self.lines(f"/aws/lambda/{function}")
        return [json.loads(line.partition(" ")[2]) for line in lines if line.startswith("GIVEN ")]

    # --- the end ----------------------------------------------------------------------------------------

    def clear(self, report: Callable[[str], None]) -> list[str]:
        """Remove everything, the latest first; what could not be removed."""
        self._clearing = True
        left = []
        while True:
            with self._lock:
                if not self._undo:
                    break
                what, undo = self._undo.pop()
            try:
                undo()
            except Exception as error:  # noqa: BLE001 - the rest has to go, too
                left.append(f"{what}: {error}")
                report(f"{what} was not removed: {error}")
        with contextlib.suppress(Exception):
            left += self._groups_that_came_by_themselves()
        return left

    def _groups_that_came_by_themselves(self) -> list[str]:
        pages = self.logs.get_paginator("describe_log_groups")
        for page in pages.paginate(logGroupNamePrefix=f"/aws/lambda/{self.prefix}"):
            for group in page.get("logGroups", ()):
                self.gone(self.logs.delete_log_group, logGroupName=group["logGroupName"])
        return []

    def gone(self, delete: Callable[..., object], **arguments: Any) -> None:
        """Delete something; it may be busy for a while, or gone already."""
        last = ["", ""]

        def try_it() -> bool:
            last[:] = self.refusal(delete, **arguments)
            return last[0] not in _PASSING

        self.until(try_it)
        code, message = last
        if code and not (
            "NotFound" in code or code in ("NoSuchEntity", "QueueDoesNotExist") or "NonExistent" in code
        ):
            raise RuntimeError(f"{code}: {message}")


def package(files: Mapping[str, str], *, mode: int = 0o644) -> bytes:
    """A zip archive, as Lambda takes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, text)
    return out.getvalue()


def _index(attribute: str) -> dict[str, Any]:
    return {
        "IndexName": f"by-{attribute}",
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def _allow(actions: Sequence[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}
