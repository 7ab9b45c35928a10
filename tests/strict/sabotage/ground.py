"""The ground that one case stands on: a rig, a table of its own, and the commands as a user types them."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from ddbinsert.aws.session import Aws
from ddbinsert.cli import main
from ddbinsert.core.verdict import Result
from ddbinsert.environment import Environment
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
    from pathlib import Path
    from types import TracebackType

    from botocore.session import Session

    from ddbinsert import local

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
#: What verify says instead of a verdict where it can't begin, or may not look.
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
    def told(self) -> str:
        """What was said, without the timeline of each item."""
        document = self.answer.json
        data = {name: part for name, part in (document["data"] or {}).items() if name != "items"}
        return json.dumps({"errors": document["errors"], **data}, indent=1)


_MAKING = threading.Lock()


class Prepared(Aws):
    """A connection like any other, but for the services' models, which are read once for all cases."""

    def _open(self) -> Session:
        return _session()

    def _create(self, name: str) -> Any:
        with _MAKING:  # a session makes one client after the other
            return super()._create(name)


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

    def run(self, *arguments: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        environment = Environment(
            out=out,
            err=err,
            stdin=io.StringIO(),
            variables=self.variables,
            cwd=self.home,
            connect=Prepared,
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

    def verify(self, *options: str) -> Judged:
        return judged(self.run("verify", self.table, "--output", "json", *options))

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

    def narrow_policy(self, *, keep: str) -> None:
        """Leave in the role's own policy only what is about one service: ``dynamodb:``."""
        iam = self.aws.iam
        (name,) = iam.list_role_policies(RoleName=self.role)["PolicyNames"]
        policy = iam.get_role_policy(RoleName=self.role, PolicyName=name)["PolicyDocument"]
        kept = [one for one in policy["Statement"] if str(one["Action"]).count(keep)]
        document = json.dumps({**policy, "Statement": kept})
        iam.put_role_policy(RoleName=self.role, PolicyName=name, PolicyDocument=document)

    def wait_until_denied(self) -> None:
        """Until the mapping itself says that it can't read the stream."""
        mapping = self.mapping
        look = self.aws.lambda_.get_event_source_mapping
        assert until(lambda: "PROBLEM" in look(UUID=mapping)["LastProcessingResult"])

    def put(self, count: int = 1, **attributes: dict[str, Any]) -> None:
        """Items of somebody else's."""
        for number in range(count):
            item = {"pk": {"S": f"theirs-{number}"}, **attributes}
            self.aws.dynamodb.put_item(TableName=self.table, Item=item)

    def verify_beside(self, *options: str) -> None:
        """Another run of verify, side by side with the case's own; it must be a PASS, too."""
        self._beside = begun("verify", self.table, *options, variables=self.variables, cwd=self.home)

    def write_on(self) -> None:
        """Somebody else's inserts, changes and removals, until the case is over."""
        dynamodb = self.aws.dynamodb

        def write() -> None:
            while not self._ended.is_set():
                self.put(3)
                self.put(3, seen={"BOOL": True})
                dynamodb.delete_item(TableName=self.table, Key={"pk": {"S": "theirs-1"}})

        self._writer = threading.Thread(target=write, name="somebody-else")
        self._writer.start()


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
