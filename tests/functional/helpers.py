"""What tests of the main job look at: the emulator past ddbinsert, the calls that a run makes, a person at a terminal."""

from __future__ import annotations

import io
import itertools
import json
import os
import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from ddbinsert.aws.session.session import Aws
from ddbinsert.environment import SystemClock
from tests.functional.command import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert.aws.session.session import Connection

#: ``eventName``, partition key and sequence number of every record that the function was given, a line each.
RECORDING = """
def handler(event, context):
    for record in event.get("Records", []):
        change = record["dynamodb"]
        print("REC", record["eventName"], next(iter(change["Keys"]["pk"].values())), change["SequenceNumber"])
"""
INSERT_ONLY = '{"eventName":["INSERT"]}'
_NUMBERS = itertools.count(1)
_READS = ("Describe", "Get", "List", "Filter")


def fresh(kind: str = "orders") -> str:
    return f"{kind}-{os.getpid()}-{next(_NUMBERS)}"


class Cloud:
    """What the commands speak to, as boto3 shows it: ``cloud.dynamodb.put_item(...)``.

    Args:
        variables: How to get there.
        emulator: The emulator's own endpoint, where a strict rig may stand in front of it.
    """

    def __init__(self, variables: Mapping[str, str], *, emulator: str) -> None:
        self._variables = variables
        self._session = get_session()
        self._emulator = emulator
        self._clients: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return self._client({"lambda_": "lambda", "streams": "dynamodbstreams"}.get(name, name))

    def _client(self, name: str, *, past_the_rig: bool = False) -> Any:
        key = f"{name} past the rig" if past_the_rig else name
        if key not in self._clients:
            self._clients[key] = self._session.create_client(
                name,
                region_name=self._variables["AWS_REGION"],
                endpoint_url=self._emulator if past_the_rig else self._variables["AWS_ENDPOINT_URL"],
                aws_access_key_id=self._variables["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self._variables["AWS_SECRET_ACCESS_KEY"],
                aws_session_token=self._variables.get("AWS_SESSION_TOKEN"),
                config=Config(parameter_validation=False),
            )
        return self._clients[key]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    # --- tables

    def table(self, key: str = "pk:S", *, view: str | None = None, name: str = "") -> str:
        """A new table's name; without a stream unless a view type is given."""
        name = name or fresh()
        parts = [part.split(":") for part in key.split(",")]
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": part[0], "KeyType": role}
                for part, role in zip(parts, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": part[0], "AttributeType": part[1]} for part in parts],
            BillingMode="PAY_PER_REQUEST",
            **({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}),
        )
        assert until(lambda: self.described(name)["TableStatus"] == "ACTIVE")
        return name

    def described(self, table: str) -> dict[str, Any]:
        return dict(self.dynamodb.describe_table(TableName=table)["Table"])

    def exists(self, table: str) -> bool:
        try:
            return bool(self.described(table))
        except self.dynamodb.exceptions.ResourceNotFoundException:
            return False

    def stream(self, table: str) -> str | None:
        """The live stream's ARN."""
        described = self.described(table)
        live = (described.get("StreamSpecification") or {}).get("StreamEnabled")
        return str(described["LatestStreamArn"]) if live else None

    def records(self, table: str) -> list[tuple[str, dict[str, Any]]]:
        """Everything in the table's live stream, each record with its shard's id: in order within a shard."""
        arn = self.stream(table)
        shards = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        return [
            (shard["ShardId"], record) for shard in shards for record in self._shard(arn, shard["ShardId"])
        ]

    def _shard(self, arn: str | None, shard: str) -> Iterator[dict[str, Any]]:
        """What a shard holds by now: to its end, or to the first answer that holds nothing."""
        iterator = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = self.streams.get_records(ShardIterator=iterator)
            yield from page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None

    def set_stream(self, table: str, view: str | None) -> None:
        """Enables the stream, or disables it."""
        wanted = {"StreamEnabled": True, "StreamViewType": view} if view else {"StreamEnabled": False}
        self.dynamodb.update_table(TableName=table, StreamSpecification=wanted)
        assert until(lambda: self.described(table)["TableStatus"] == "ACTIVE")

    def put(self, table: str, key: str, **attributes: str) -> None:
        item = {"pk": {"S": key}} | {name: {"S": value} for name, value in attributes.items()}
        self.dynamodb.put_item(TableName=table, Item=item)

    def remove(self, table: str, key: str) -> None:
        self.dynamodb.delete_item(TableName=table, Key={"pk": {"S": key}})

    def items(self, table: str) -> list[dict[str, Any]]:
        return list(self.dynamodb.scan(TableName=table, ConsistentRead=True)["Items"])

    # --- functions

    def function(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(self.lambda_.get_function(FunctionName=name))
        except self.lambda_.exceptions.ResourceNotFoundException:
            return None

    def configuration(self, name: str) -> dict[str, Any]:
        found = self.function(name)
        assert found is not None, f"function {name} does not exist"
        return dict(found["Configuration"])

    def policies(self, role: str) -> dict[str, Any]:
        """Inline policies of a role, name to document."""
        names = self.iam.list_role_policies(RoleName=role)["PolicyNames"]
        return {
            name: self.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names
        }

    def has_role(self, name: str) -> bool:
        try:
            return bool(self.iam.get_role(RoleName=name))
        except self.iam.exceptions.NoSuchEntityException:
            return False

    def log_group(self, name: str) -> dict[str, Any] | None:
        groups = self.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return next((dict(group) for group in groups if group["logGroupName"] == name), None)

    # --- mappings

    def mappings(self, function: str) -> list[dict[str, Any]]:
        try:
            found = self.lambda_.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        except self.lambda_.exceptions.ClientError:
            return []
        return [dict(mapping) for mapping in found]

    def map(self, function: str, table: str) -> str:
        """Maps the table's live stream to a function, without any filter; the mapping's UUID."""
        self.let_read_streams(function)

        def made() -> Any:
            try:
                return self.lambda_.create_event_source_mapping(
                    EventSourceArn=self.stream(table), FunctionName=function, StartingPosition="TRIM_HORIZON"
                )
            except (
                self.lambda_.exceptions.ResourceConflictException,  # the function is Pending
                self.lambda_.exceptions.InvalidParameterValueException,  # the rights are new
            ):
                return None

        mapping = until(made)
        assert mapping, f"function {function} never became ready for a mapping"
        return str(mapping["UUID"])

    def let_read_streams(self, function: str) -> None:
        """Give a function that somebody else maps the rights to it, as they would."""
        actions = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
        reading = [f"dynamodb:{action}" for action in actions]
        statement = {"Effect": "Allow", "Action": reading, "Resource": "*"}
        self.iam.put_role_policy(
            RoleName=self.configuration(function)["Role"].rsplit("/", 1)[-1],
            PolicyName="reads-streams",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )

    def refilter(self, table: str, *patterns: str) -> None:
        """Give the mapping of the table's trigger these filters; with none, every change is let through."""
        criteria = {"Filters": [{"Pattern": pattern} for pattern in patterns]} if patterns else {}
        uuid = self.mapping(f"{table}-inserts")["UUID"]
        self.lambda_.update_event_source_mapping(UUID=uuid, FilterCriteria=criteria)

    def widen(self, table: str, *patterns: str) -> None:
        """The same with filters that let more than inserts through, until they really do: changes take effect late.

        The function must log what it is given.
        """
        self.refilter(table, *patterns)
        key = fresh("canary")

        def strays() -> bool:
            lines = [line for line in self.written(f"{table}-inserts") if key in line]
            return any("MODIFY" in line or "REMOVE" in line for line in lines)

        def sung() -> bool:
            self.put(table, key)
            self.put(table, key, changed="yes")
            self.remove(table, key)
            return until(strays, seconds=0.2)

        assert until(sung), f"the filters of {table}-inserts never came into effect"

    def mapping(self, function: str) -> dict[str, Any]:
        """The one mapping of the function."""
        (mapping,) = self.mappings(function)
        return mapping

    def filters(self, function: str) -> list[Any]:
        criteria = self.mapping(function).get("FilterCriteria") or {}
        return [json.loads(one["Pattern"]) for one in criteria.get("Filters") or ()]

    # --- logs

    def lines(self, function: str) -> list[str]:
        """Everything that the function's log group shows by now; [] where there is no group."""
        return self.messages(f"/aws/lambda/{function}")

    def messages(self, group: str) -> list[str]:
        """The same for any log group."""
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        try:
            return [event["message"] for page in pages for event in page["events"]]
        except self.logs.exceptions.ResourceNotFoundException:
            return []

    def written(self, function: str) -> list[str]:
        """Everything that the function has logged so far, whether its log group shows it by now or not."""
        logs = self._client("logs", past_the_rig=True)
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in events]

    def logged(self, function: str, text: str, *, seconds: float = 60.0) -> bool:
        """Whether a line with this text comes."""
        return until(lambda: any(text in line for line in self.lines(function)), seconds=seconds)

    def all_about(self, table: str) -> dict[str, Any]:
        """Everything that a trigger on the table consists of, for being compared with a later look."""
        name = f"{table}-inserts"
        function = self.function(name)
        # What changes by itself: the emulator takes a second from Pending to Active.
        passing = ("State", "StateReason", "StateReasonCode", "RevisionId")
        configuration = {
            key: value
            for key, value in (function["Configuration"] if function else {}).items()
            if key not in passing and not key.startswith("LastUpdate")
        }
        mappings = [
            {key: value for key, value in mapping.items() if key != "LastProcessingResult"}
            for mapping in self.mappings(name)
        ]
        role = f"{name}-role"
        return {
            "stream": self.stream(table) if self.exists(table) else None,
            "function": configuration,
            "policies": self.policies(role) if self.has_role(role) else None,
            "group": self.log_group(f"/aws/lambda/{name}"),
            "mappings": mappings,
        }


class Calls:
    """A way to connect that notes every request: ``ran(..., connect=calls.connect)``."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self._listening: set[int] = set()

    @property
    def writes(self) -> Counter[str]:
        """Requests that may change something."""
        return Counter({name: n for name, n in self.made.items() if not name.startswith(_READS)})

    def connect(self, connection: Connection) -> Aws:
        return _Listening(connection, self)

    def listen(self, client: Any) -> Any:
        if id(client) not in self._listening:
            self._listening.add(id(client))
            client.meta.events.register("before-call.*.*", self._note)
        return client

    def _note(self, model: Any, **_more: Any) -> None:
        self.made[model.name] += 1


class _Listening(Aws):
    def __init__(self, connection: Connection, calls: Calls) -> None:
        super().__init__(connection)
        self._calls = calls

    def client(self, name: str) -> Any:
        return self._calls.listen(super().client(name))


class Refusing:
    """A way to connect for somebody who may not call one operation (or not with a request like that).

    Args:
        when: Whether this request is refused, by its body as it is sent.
    """

    def __init__(self, operation: str, when: Callable[[str], bool] = lambda _body: True) -> None:
        self._operation = operation
        self._when = when

    def connect(self, connection: Connection) -> Aws:
        return _Refused(connection, self)

    def forbid(self, client: Any) -> Any:
        event = f"before-call.*.{self._operation}"
        client.meta.events.register(event, self._refuse, unique_id=f"refused-{self._operation}")
        return client

    def _refuse(self, model: Any, params: dict[str, Any], **_more: Any) -> None:
        body = params.get("body") or b""
        if self._when(body.decode() if isinstance(body, bytes) else str(body)):
            said: Any = {
                "Code": "AccessDeniedException",
                "Message": f"not authorized to perform {model.name}",
            }
            raise ClientError({"Error": said}, model.name)


class _Refused(Aws):
    def __init__(self, connection: Connection, refusing: Refusing) -> None:
        super().__init__(connection)
        self._refusing = refusing

    def client(self, name: str) -> Any:
        return self._refusing.forbid(super().client(name))


class Terminal(io.StringIO):
    """A stream that says it is a terminal; as stdin, it holds what a person types."""

    def isatty(self) -> bool:
        return True


class InterruptingClock(SystemClock):
    """A clock on which Ctrl-C comes in the middle of the n-th sleep of the main thread."""

    def __init__(self, sleep: int = 1) -> None:
        self.left = sleep

    def sleep(self, seconds: float) -> None:
        self.left -= 1
        if self.left <= 0:
            raise KeyboardInterrupt
        super().sleep(seconds)


def check_envelope(document: Any, *, command: str, code: int) -> None:
    """The shape of every answer with --output json."""
    keys = ["schema", "command", "ok", "exit_code", "data", "errors", "warnings"]
    assert list(document) in (keys, [*keys, "advice"])
    for advice in document.get("advice", ()):
        assert list(advice) == ["text", "command"]
        assert advice["command"][0] == "ddbinsert"
    assert document["schema"] == "ddbinsert/1"
    assert document["command"] == command
    assert document["exit_code"] == code
    assert document["ok"] is (code == 0)
    for error in document["errors"]:
        assert list(error) in (["code", "message", "hint"], ["code", "message", "hint", "command"])
        assert "command" not in error or shlex.join(error["command"]) in error["hint"]
        assert isinstance(error["code"], str)
        assert error["code"] == error["code"].lower().replace(" ", "-").replace("_", "-")
        assert isinstance(error["message"], str)
        assert error["message"]
        assert error["hint"] is None or isinstance(error["hint"], str)
    assert all(isinstance(warning, str) for warning in document["warnings"])
