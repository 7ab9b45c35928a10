"""The account of a soak: triggers whose verdict is known, in front of which the rig stands."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3

from ddbinsert import local
from ddbinsert.environment import SystemClock
from tests.functional.command import Ran, ran_apart, until
from tests.strict.rig import Profile, StrictRig

if TYPE_CHECKING:
    from types import TracebackType

REGION = "eu-west-1"
#: A trigger's table, and the exit codes that a verdict about it may have besides that of an error.
VERDICTS = {"healthy": {0, 6}, "leaking": {1, 6}, "disabled": {1, 6}, "failing": {1, 6}}
_FAILING = "def handler(event, context):\n    raise ValueError('refused')\n"


@dataclass
class Ground:
    """An emulator, a hostile rig before it, and one trigger for each entry of VERDICTS.

    Attributes:
        names: The triggers that are made.
        kept: The items of each table that belong there.
    """

    profile: Profile = field(default_factory=Profile.hostile)
    names: tuple[str, ...] = tuple(VERDICTS)
    kept: dict[str, set[str]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="soak-")
        self.home = Path(self._folder.name)
        self._emulator = local.ephemeral(environ=os.environ, clock=SystemClock())
        self._running = self._emulator.__enter__()
        self.rig = StrictRig(self._running.endpoint, profile=self.profile)
        self.rig.__enter__()
        self.variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "DDBINSERT_STATE_DIR": str(self.home / "state"),
            "AWS_ACCESS_KEY_ID": self._running.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._running.secret_access_key,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.rig.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._build()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rig.__exit__(None, None, None)
        self._emulator.__exit__(None, None, None)
        self._folder.cleanup()

    def client(self, service: str, endpoint: str = "") -> Any:
        """A client past the rig, or of another endpoint."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=endpoint or self._running.endpoint,
            region_name=REGION,
            aws_access_key_id=self._running.access_key_id,
            aws_secret_access_key=self._running.secret_access_key,
        )

    def _build(self) -> None:
        code = self.home / "failing"
        code.mkdir()
        (code / "handler.py").write_text(_FAILING)
        more = {
            "healthy": ("--retries", "2", "--on-failure", "create"),
            "leaking": (),
            "disabled": (),
            "failing": ("--code", str(code), "--handler", "handler.handler", "--retries", "1"),
        }
        for name, options in ((name, more[name]) for name in self.names):
            done = self.run("attach-trigger", name, "--create-table", "pk:S", *options, "--yes")
            if done.code != 0:
                raise SystemExit(f"attach-trigger {name}: {done.code}\n{done.err}")
            self.client("dynamodb").put_item(TableName=name, Item={"pk": {"S": "ours"}, "n": {"N": "1"}})
            self.kept[name] = {"ours"}
        if "leaking" in self.names:
            wide = {"Filters": [{"Pattern": '{"eventName":["INSERT","MODIFY"]}'}]}
            self._change("leaking", FilterCriteria=wide)
        if "disabled" in self.names:
            self._change("disabled", Enabled=False)

    def _change(self, table: str, **settings: Any) -> None:
        """Change a mapping past ddbinsert, and wait until that is in force."""
        client = self.client("lambda", self.rig.endpoint)
        (mapping,) = client.list_event_source_mappings(FunctionName=f"{table}-inserts")["EventSourceMappings"]
        client.update_event_source_mapping(UUID=mapping["UUID"], **settings)
        stable = ("Enabled", "Disabled")
        if not until(lambda: client.get_event_source_mapping(UUID=mapping["UUID"])["State"] in stable):
            raise SystemExit(f"the mapping of {table} does not settle")

    def run(self, *arguments: str) -> Ran:
        return ran_apart(*arguments, variables=self.variables, cwd=self.home)

    def items(self, table: str) -> set[str]:
        """The keys of the items that a table has now."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return {item["pk"]["S"] for page in pages for item in page["Items"]}

    def taps(self) -> set[str]:
        """The temporary functions that exist now."""
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        names = {one["FunctionName"] for page in pages for one in page["Functions"]}
        return {name for name in names if name.startswith("ddbinsert-")}
