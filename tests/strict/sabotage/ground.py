"""What one case is built from: a rig, a table of its own, and the commands as a user types them."""

from __future__ import annotations

import io
import itertools
import json
import os
import threading
import time
import zipfile
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from ddbinsert.aws.session.session import Aws
from ddbinsert.cli import main
from ddbinsert.core.proof.verdict import Result
from ddbinsert.environment import Environment, SystemClock
from tests.functional.command import Ran, begun, ended
from tests.strict.bench import Bench, fresh, until
from tests.strict.rig import (
    Functions,
    Logs,
    Mappings,
    Metrics,
    Profile,
    Roles,
    Streams,
    StrictRig,
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from botocore.session import Session

    from ddbinsert import local
    from tests.strict.rig.wire import Call

REGION = "eu-west-1"
QUICK = Mappings(
    creating=0.0,
    updating=0.0,
    deleting=0.0,
    polling_delay=0.0,
    update_lag=0.0,
    retry_delay=0.02,
    same_request_id=True,
)
#: AWS's rules without its delays.
FAST = Profile(
    name="fast",
    roles=Roles(propagation=0.0, policy_propagation=0.0),
    functions=Functions(pending=0.0, updating=0.0),
    mappings=QUICK,
    streams=Streams(shards=2),
    logs=Logs(lag=0.02),
    metrics=Metrics(lag=0.0),
)
#: In place of a verdict, where verify cannot begin or lacks a permission.
REFUSED = "REFUSED"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What verify answered.

    Attributes:
        result: PASS, FAIL, INCONCLUSIVE, or REFUSED where there is no verdict.
        causes: Codes of the findings that count, or the error's.
        notes: Codes of the findings that change nothing.
    """

    result: str
    exit_code: int
    causes: frozenset[str]
    notes: frozenset[str]
    answer: Ran

    @property
    def watched(self) -> int:
        """How many inserts were there to be judged."""
        data = self.answer.json["data"] or {}
        return int(data.get("counts", {}).get("expected_inserts", 0))

    @property
    def summary(self) -> str:
        """The answer without the timeline of each item."""
        document = self.answer.json
        data = {name: part for name, part in (document["data"] or {}).items() if name != "items"}
        return json.dumps({"errors": document["errors"], **data}, indent=1)


class ClockApart(SystemClock):
    """The clock of a machine whose time differs from that of AWS by a number of seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def now(self) -> float:
        return super().now() + self._seconds


_MAKING = threading.Lock()


class Prepared(Aws):
    """A connection like any other, but for the services' models, which are read once for all cases."""

    def _open(self) -> Session:
        return _session()

    def _make(self, name: str, own: Mapping[str, Any], *, lean: bool = True) -> Any:
        with _MAKING:  # a session makes one client after the other
            return super()._make(name, own, lean=lean)


@cache
def _session() -> Session:
    import botocore.session

    return botocore.session.Session()


class Ground:
    """A case's own rig and names; use it as a context manager."""

    def __init__(self, emulator: local.Emulator, home: Path, profile: Profile = FAST) -> None:
        self.home = home
        self.table = fresh("orders")
        self.rig = StrictRig(emulator.endpoint, profile=profile)
        self.aws = Bench(self.rig, emulator, time.time)
        self._emulator = emulator
        self._ended = threading.Event()
        self._writer: threading.Thread | None = None
        self._beside: subprocess.Popen[str] | None = None
        self._clock = SystemClock()
        self._options: tuple[str, ...] = ()
        self.connect: type[Aws] = Prepared

    def __enter__(self) -> Self:
        self.rig.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._writer is not None:
            self._writer.join()
        beside = ended(self._beside) if self._beside else None
        self.rig.__exit__(kind, error, trace)
        lambda_ = self.aws.upstream("lambda")
        for name in (self.function, f"{self.function}-other"):
            try:
                lambda_.delete_function(FunctionName=name)  # its worker's process ends with it
            except lambda_.exceptions.ResourceNotFoundException:
                continue
        self.aws.close()
        assert beside is None or beside.code == 0, beside.err
        assert error or self.rig.all_interrupted, "what was to happen meanwhile did not"

    # --- names ------------------------------------------------------------------------------------------

    @property
    def function(self) -> str:
        return f"{self.table}-inserts"

    @property
    def role(self) -> str:
        return f"{self.function}-role"

    @property
    def log_group(self) -> str:
        return f"/aws/lambda/{self.function}"

    @property
    def variables(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "DDBINSERT_STATE_DIR": str(self.home / "state"),
            "NO_COLOR": "1",
            **self._emulator.variables(region=REGION),
            "AWS_ENDPOINT_URL": self.rig.endpoint,
        }

    # --- commands ---------------------------------------------------------------------------------------

    def pause(self, seconds: float) -> None:
        """Let time pass on the rig's clock, which is the real one here."""
        threading.Event().wait(seconds)

    def run(self, *arguments: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        environment = Environment(
            out=out,
            err=err,
            stdin=io.StringIO(),
            variables=self.variables,
            cwd=self.home,
            connect=self.connect,
            clock=self._clock,
        )
        code = main(arguments, environment)
        return Ran(int(code), out.getvalue(), err.getvalue())

    def attach(self, *options: str, key: str = "pk:S") -> None:
        """Make the table where it isn't there, and attach a trigger."""
        done = self.run("attach-trigger", self.table, "--create-table", key, *options)
        assert done.code == 0, done.err

    def attach_code(self, source: str, *options: str, key: str = "pk:S") -> None:
        """Attach a function of one's own code."""
        path = self.home / "app.py"
        path.write_text(source, encoding="utf-8")
        self.attach("--code", str(path), "--handler", "app.handler", *options, key=key)

    def verify_with(self, *options: str) -> None:
        """Add options to verify whose values are known only once the case is built."""
        self._options += options

    def verify(self, *options: str) -> Judged:
        return judged(self.run("verify", self.table, "--output", "json", *options, *self._options))

    # --- what cases change ------------------------------------------------------------------------------

    @property
    def stream(self) -> str:
        return self.aws.stream_arn(self.table)

    @property
    def mapping(self) -> str:
        """The UUID of the function's one mapping."""
        (one,) = self.aws.lambda_.list_event_source_mappings(FunctionName=self.function)[
            "EventSourceMappings"
        ]
        return str(one["UUID"])

    def change_mapping(self, **settings: Any) -> None:
        self.aws.lambda_.update_event_source_mapping(UUID=self.mapping, **settings)

    def filter_by(self, *patterns: str) -> None:
        """Replace the mapping's filters; none takes them away."""
        criteria = {"Filters": [{"Pattern": pattern} for pattern in patterns]} if patterns else {}
        self.change_mapping(FilterCriteria=criteria)

    def map_to(self, function: str, **settings: Any) -> None:
        """One mapping more from the live stream, to any function, version or alias."""
        self.aws.lambda_.create_event_source_mapping(
            EventSourceArn=self.stream,
            FunctionName=function,
            StartingPosition="TRIM_HORIZON",
            **settings,
        )

    def version(self) -> str:
        """The function with the number of a new version of its code."""
        version = self.aws.lambda_.publish_version(FunctionName=self.function)["Version"]
        return f"{self.function}:{version}"

    def alias(self, name: str = "live") -> str:
        """The function with a new alias of its code as it is now."""
        _, _, version = self.version().rpartition(":")
        self.aws.lambda_.create_alias(FunctionName=self.function, Name=name, FunctionVersion=version)
        return f"{self.function}:{name}"

    def replace_code(self, source: str) -> None:
        """Other code, by hand: the file is the one that the handler of :meth:`attach_code` is in."""
        self.aws.lambda_.update_function_code(FunctionName=self.function, ZipFile=zipped(source))

    def set_variables(self, **variables: str) -> None:
        """The function's environment variables, by hand; those that are not given are gone."""
        self.aws.lambda_.update_function_configuration(
            FunctionName=self.function, Environment={"Variables": variables}
        )

    def replace_handler(self, entry: str, source: str) -> None:
        """Other code, by hand, under the handler's name as it is set: ``module.function``."""
        module, _, name = entry.rpartition(".")
        code = zipped(f"{source}\n{name} = handler\n", f"{module.replace('.', '/')}.py")
        self.aws.lambda_.update_function_code(FunctionName=self.function, ZipFile=code)

    def log_to(self, group: str, *, function: str) -> None:
        """Have a function log to another group."""
        self.aws.lambda_.update_function_configuration(
            FunctionName=function, LoggingConfig={"LogGroup": group}
        )

    def amend_mappings(self, fields: dict[str, Any]) -> None:
        """Replace fields in Lambda's answers about every mapping."""
        self.rig.amend("lambda:GetEventSourceMapping", lambda shown: {**shown, **fields})
        self.rig.amend(
            "lambda:ListEventSourceMappings",
            lambda shown: {
                **shown,
                "EventSourceMappings": [{**one, **fields} for one in shown["EventSourceMappings"]],
            },
        )

    def tag_table(self, **tags: str) -> None:
        """Tag the table, by hand."""
        arn, _, _ = self.stream.partition("/stream/")
        named = [{"Key": name, "Value": value} for name, value in tags.items()]
        self.aws.dynamodb.tag_resource(ResourceArn=arn, Tags=named)

    def drop_policies(self) -> None:
        """Take all rights from the role."""
        for name in self.aws.iam.list_role_policies(RoleName=self.role)["PolicyNames"]:
            self.aws.iam.delete_role_policy(RoleName=self.role, PolicyName=name)

    def replace_stream(self, view: str = "NEW_IMAGE") -> None:
        """Disable the stream and enable it again: another ARN, and no mapping follows."""
        for specification in ({"StreamEnabled": False}, {"StreamEnabled": True, "StreamViewType": view}):
            self.aws.dynamodb.update_table(TableName=self.table, StreamSpecification=specification)

    def another_function(self, source: str = "") -> str:
        """A second function with its own role and log group; ddbinsert's own code unless given."""
        other = f"{self.function}-other"
        code: tuple[str, ...] = ()
        if source:
            path = self.home / "other" / "app.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(source, encoding="utf-8")
            code = ("--code", str(path), "--handler", "app.handler")
        done = self.run("create-function", self.table, "--function", other, *code)
        assert done.code == 0, done.err
        self.aws.iam.put_role_policy(
            RoleName=f"{other}-role",
            PolicyName="everything",
            PolicyDocument='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
        )
        return other

    def sink(self) -> str:
        """The ARN of a new table for an audit log."""
        name = fresh("sink")
        self.aws.upstream("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "eventID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "eventID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return f"arn:aws:dynamodb:{REGION}:000000000000:table/{name}"

    def attach_audit_log(self, *options: str, sink: str = "", key: str = "pk:S") -> str:
        """Attach the audit-log template with a table for its entries; the table's ARN."""
        sink = sink or self.sink()
        self.attach("--template", "audit-log", "--env", f"SINK_ARN={sink}", *options, key=key)
        return sink

    def clock_ahead(self, seconds: float) -> None:
        """The machine's clock is ahead of AWS's (behind, where negative), from now on."""
        self._clock = ClockApart(seconds)

    def meanwhile(
        self,
        act: Callable[[], object],
        *,
        on: str = "logs:FilterLogEvents",
        after: int = 2,
        since: str = "dynamodb:[PUTBE]*",
    ) -> None:
        """Do something while verify is at work: once it has written everything and looks into the log.

        Args:
            after: So many looks after the last write.
            since: What begins the count again; "" for nothing.
        """
        self.rig.interrupt(on, lambda: _done(act), after=after, since=since)

    def narrow_policy(self, *, keep: str) -> None:
        """Leave in the role's own policy only what is about one service: ``dynamodb:``."""
        iam = self.aws.iam
        (name,) = iam.list_role_policies(RoleName=self.role)["PolicyNames"]
        policy = iam.get_role_policy(RoleName=self.role, PolicyName=name)["PolicyDocument"]
        kept = [one for one in policy["Statement"] if str(one["Action"]).count(keep)]
        document = json.dumps({**policy, "Statement": kept})
        iam.put_role_policy(RoleName=self.role, PolicyName=name, PolicyDocument=document)

    def wait_until_denied(self) -> None:
        """Wait until the mapping reports that it cannot read the stream."""
        mapping = self.mapping
        look = self.aws.lambda_.get_event_source_mapping
        assert until(lambda: "PROBLEM" in look(UUID=mapping)["LastProcessingResult"])

    def wait_for_result(self, text: str) -> None:
        """Wait until the mapping's last result contains this text."""
        mapping, look = self.mapping, self.aws.lambda_.get_event_source_mapping
        assert until(lambda: text in look(UUID=mapping)["LastProcessingResult"])

    def wait_until_in_force(self) -> None:
        """Wait until the mapping's latest settings are in force."""
        mapping = self.mapping
        assert until(lambda: self.rig.is_in_force(mapping))

    def settle_meanwhile(self) -> None:
        """Put the mapping's latest settings in force once the function was given a test item's modification."""
        mapping = self.mapping

        def settle() -> None:
            assert until(lambda: self._has_logged("MODIFY"))
            self.rig.settle(mapping)

        self.meanwhile(settle)

    def _has_logged(self, word: str) -> bool:
        """Whether a line of the function's log has this word, shown to others yet or not."""
        logs, group = self.aws.upstream("logs"), f"/aws/lambda/{self.function}"
        return any(word in one["message"] for one in logs.filter_log_events(logGroupName=group)["events"])

    def put_one(self, key: str, **attributes: dict[str, Any]) -> None:
        """An item of somebody else's, with this partition key."""
        self.aws.dynamodb.put_item(TableName=self.table, Item={"pk": {"S": key}, **attributes})

    def touch(self, key: str) -> None:
        """Update an item as an enricher does; one that is gone stays so."""
        dynamodb = self.aws.dynamodb
        try:
            dynamodb.update_item(
                TableName=self.table,
                Key={"pk": {"S": key}},
                UpdateExpression="SET enriched = :yes",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":yes": {"BOOL": True}},
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return

    def log_in_json(self, **levels: str) -> None:
        """Have the function log in JSON, with these levels."""
        self.aws.lambda_.update_function_configuration(
            FunctionName=self.function, LoggingConfig={"LogFormat": "JSON", **levels}
        )

    def put(self, count: int = 1, **attributes: dict[str, Any]) -> None:
        """Items of somebody else's."""
        for number in range(count):
            item = {"pk": {"S": f"theirs-{number}"}, **attributes}
            self.aws.dynamodb.put_item(TableName=self.table, Item=item)

    def verify_beside(self, *options: str) -> None:
        """Another run of verify, side by side with the case's own; it must be a PASS, too."""
        self._beside = begun("verify", self.table, *options, variables=self.variables, cwd=self.home)

    def after_each_put(self, act: Callable[[str, dict[str, Any]], object]) -> None:
        """Call a function after each put to the table, with the partition key and the whole item.

        Stands for another application that reacts to new items.
        """

        def put(call: Call) -> None:
            for item in _items_put(call.payload, self.table):
                key = item.get("pk", {}).get("S", "")
                if not key.startswith("AUDIT#"):
                    act(key, item)

        for operation in ("PutItem", "BatchWriteItem", "TransactWriteItems"):
            self.rig.follow(f"dynamodb:{operation}", put)

    def write_on(self, **attributes: dict[str, Any]) -> None:
        """Somebody else's inserts, changes and removals, until the case is over."""
        dynamodb = self.aws.dynamodb

        def write() -> None:
            self.put(3, **attributes)
            self.put(3, seen={"BOOL": True})
            dynamodb.delete_item(TableName=self.table, Key={"pk": {"S": "theirs-1"}})
            self.pause(0.03)  # what the rig has to read back grows with every invocation

        self._write_beside(write)

    def insert_on(self, key: str) -> None:
        """Somebody else's inserts, each with the next number in its key, until the case is over."""
        numbers = itertools.count(1)

        def write() -> None:
            self.put_one(key.format(next(numbers)))
            self.pause(0.3)

        self._write_beside(write)

    def upsert_on(self) -> None:
        """Somebody else's updates that make an item where there is none, until the case is over."""
        dynamodb = self.aws.dynamodb

        def write() -> None:
            for number in range(3):
                key = {"pk": {"S": f"theirs-{number}"}}
                for _ in range(2):
                    dynamodb.update_item(
                        TableName=self.table,
                        Key=key,
                        UpdateExpression="ADD visits :one",
                        ExpressionAttributeValues={":one": {"N": "1"}},
                    )
                dynamodb.delete_item(TableName=self.table, Key=key)

        self._write_beside(write)

    def _write_beside(self, write: Callable[[], object]) -> None:
        def go_on() -> None:
            while not self._ended.is_set():
                write()

        self._writer = threading.Thread(target=go_on, name="somebody-else")
        self._writer.start()


def _items_put(request: dict[str, Any], table: str) -> list[dict[str, Any]]:
    """The items of the table that a request puts."""
    puts = [request] if "Item" in request else []
    puts += [one["Put"] for one in request.get("TransactItems", ()) if "Put" in one]
    found = [one["Item"] for one in puts if one["TableName"].endswith(table)]
    for name, requests in request.get("RequestItems", {}).items():
        if name.endswith(table):
            found += [one["PutRequest"]["Item"] for one in requests if "PutRequest" in one]
    return found


def _done(act: Callable[[], object]) -> None:
    act()


def zipped(source: str, name: str = "app.py") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, source)
    return buffer.getvalue()


def judged(answer: Ran) -> Judged:
    document = answer.json
    data = document["data"]
    if not data or "verdict" not in data:
        codes = frozenset(error["code"] for error in document["errors"])
        return Judged(result=REFUSED, exit_code=answer.code, causes=codes, notes=frozenset(), answer=answer)
    findings = data["findings"]
    return Judged(
        result=Result(data["verdict"]).value,
        exit_code=answer.code,
        causes=frozenset(one["code"] for one in findings if one["weight"] != "note"),
        notes=frozenset(one["code"] for one in findings if one["weight"] == "note"),
        answer=answer,
    )
