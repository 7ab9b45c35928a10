"""What the strict tests build with: a rig with clients, tables, roles and functions, and a clock set by hand."""

from __future__ import annotations

import io
import itertools
import json
import os
import threading
import time
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert import local
    from tests.strict.rig import StrictRig

_REGION = "eu-west-1"
_NUMBERS = itertools.count(1)
T = TypeVar("T")

#: Logs one line a record: REC <event name> <partition key>.
RECORDING = """
def handler(event, context):
    for record in event.get("Records", []):
        print("REC", record["eventName"], next(iter(record["dynamodb"]["Keys"]["pk"].values())))
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


class ManualClock:
    """Epoch seconds that pass only when a test says so; it starts at the real time, as log events bear that."""

    def __init__(self) -> None:
        self._now = time.time()

    def __call__(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


class Bench:
    """A rig with clients: ``bench.dynamodb.put_item(...)``, and the things that most tests need first."""

    def __init__(self, rig: StrictRig, emulator: local.Emulator, clock: Callable[[], float]) -> None:
        self.rig = rig
        self.clock = clock
        self._emulator = emulator
        self._clients: dict[tuple[str, str, float], Any] = {}

    def __getattr__(self, service: str) -> Any:
        names = {"lambda_": "lambda", "streams": "dynamodbstreams"}
        return self._client(names.get(service, service), self.rig.endpoint)

    def upstream(self, service: str) -> Any:
        """A client past the rig."""
        return self._client(service, self._emulator.endpoint)

    def impatient(self, service: str, *, seconds: float) -> Any:
        """A client through the rig that waits no longer than this for an answer."""
        return self._client(service, self.rig.endpoint, patience=seconds)

    def _client(self, service: str, endpoint: str, *, patience: float = 60.0) -> Any:
        key = (service, endpoint, patience)
        if key not in self._clients:
            self._clients[key] = _session().client(
                service,
                endpoint_url=endpoint,
                region_name=_REGION,
                aws_access_key_id=self._emulator.access_key_id,
                aws_secret_access_key=self._emulator.secret_access_key,
                config=Config(
                    retries={"total_max_attempts": 1},
                    read_timeout=patience,
                    inject_host_prefix=False,
                    parameter_validation=False,
                ),
            )
        return self._clients[key]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def table(self, *, view: str | None = "NEW_AND_OLD_IMAGES", sort_key: bool = False) -> str:
        """A new table, made past the rig and so ready at once."""
        name = fresh("table")
        keys = [("pk", "HASH"), ("sk", "RANGE")][: 2 if sort_key else 1]
        stream = {"StreamEnabled": True, "StreamViewType": view} if view else {"StreamEnabled": False}
        self.upstream("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
            BillingMode="PAY_PER_REQUEST",
            **({"StreamSpecification": stream} if view else {}),
        )
        return name

    def stream_arn(self, table: str) -> str:
        described = self.upstream("dynamodb").describe_table(TableName=table)["Table"]
        return str(described["LatestStreamArn"])

    def role(self, *, statements: list[dict[str, Any]] | None = None, trust: Any = None) -> str:
        """A role's ARN; made past the rig, so that it is usable at once. Everything is allowed unless given."""
        name = fresh("role")
        iam = self.upstream("iam")
        document = json.dumps(TRUST if trust is None else trust)
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        allowed = [{"Effect": "Allow", "Action": "*", "Resource": "*"}] if statements is None else statements
        if allowed:
            policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy)
        return str(arn)

    def function(self, source: str = RECORDING, *, role: str | None = None, **more: Any) -> str:
        """A new function, made past the rig and so active at once (but for the emulator's own second)."""
        name = fresh("function")
        self.upstream("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role or self.role(),
            Handler="main.handler",
            Code={"ZipFile": package(source)},
            **more,
        )
        return name

    def put(self, table: str, key: str, **attributes: str) -> None:
        item = {"pk": {"S": key}} | {name: {"S": value} for name, value in attributes.items()}
        self.dynamodb.put_item(TableName=table, Item=item)

    def messages(self, group: str, **query: Any) -> list[str]:
        """Every message that the group shows by now, read page by page; [] where there is no group."""
        logs = self.logs
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **query)
            return [event["message"] for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []


@cache
def _session() -> Any:
    """One for all, as reading the services' models is what takes time."""
    return boto3.session.Session()


def fresh(kind: str) -> str:
    """A name that no test of this process has used; those of the functional helpers have no letter."""
    return f"{kind}-{os.getpid()}-s{next(_NUMBERS)}"


def package(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("main.py", source)
    return buffer.getvalue()


def until(ask: Callable[[], T], *, seconds: float = 60.0) -> T:
    """Asks until the answer is true, and gives it; the last answer where that never happens."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        answer = ask()
        if answer or time.monotonic() > end:
            return answer
        pause.wait(0.02)
