"""The target of a test run's proofs: the embedded emulator, AWS, or an endpoint."""

from __future__ import annotations

import contextlib
import io
import json
import os
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ddbinsert.dataclass import dataclass
from ddbinsert.environment import Environment, SystemClock
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ddbinsert.local import Emulator


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """The result of a command.

    Attributes:
        code: Its exit code.
        document: The envelope of --output json.
        progress: Its output on stderr.
    """

    code: int
    document: Mapping[str, Any]
    progress: str


@dataclass(frozen=True, kw_only=True)
class PluginTarget:
    """An endpoint for commands and AWS SDKs.

    Attributes:
        name: Its displayed name.
        variables: The process environment with which any AWS tool connects to it.
        options: The connection's options for commands.
        emulator: The embedded emulator; None if it is something else.
        cwd: Working directory of commands; None for the project's folder.
        clients: The created clients, by service.
    """

    name: str
    variables: Mapping[str, str] = field(repr=False)
    options: tuple[str, ...] = ()
    emulator: Emulator | None = None
    cwd: Path | None = None
    clients: dict[str, Any] = field(default_factory=dict, repr=False)

    def run(self, *arguments: str, project: Path) -> CommandResult:
        """Run a ddbinsert command in this process."""
        from ddbinsert.cli import main

        out, err = io.StringIO(), io.StringIO()
        given: dict[str, Any] = {"out": out, "err": err, "stdin": io.StringIO(), "cwd": self.cwd or project}
        environment = Environment(variables=dict(self.variables), **given)
        if self.emulator is not None:
            environment = self._on_emulator(self.emulator, environment)
        code = main([*arguments, *self.options, "--output", "json"], environment)
        text = out.getvalue()
        document = json.loads(text) if text.startswith("{") else {"data": None, "errors": []}
        return CommandResult(code=int(code), document=document, progress=err.getvalue())

    def client(self, service: str) -> Any:
        """A boto3 client of a service, such as ``dynamodb``; closed at the end of the test run."""
        if service not in self.clients:
            self.clients[service] = self._made(service)
        return self.clients[service]

    def _made(self, service: str) -> Any:
        from boto3 import Session
        from botocore.config import Config

        variables, here = self.variables, self.emulator is not None
        session: Any = Session(
            profile_name=variables.get("AWS_PROFILE"),
            region_name=variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION"),
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"] if here else None,
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"] if here else None,
        )
        return session.client(
            service,
            endpoint_url=variables.get("AWS_ENDPOINT_URL"),
            config=Config(proxies={}) if here else None,
        )

    def _on_emulator(self, emulator: Emulator, environment: Environment) -> Environment:
        from ddbinsert.operations.connection import local_connection

        connection = local_connection(emulator, self.variables)
        opened = environment.connect
        environment.connect = lambda _asked: opened(connection)
        return environment


@contextlib.contextmanager
def opened(wanted: str, *, profile: str | None, region: str | None, folder: Path) -> Iterator[PluginTarget]:
    """The target that a test run requests.

    Args:
        wanted: ``local``, ``aws``, or the URL of an endpoint.
        folder: The folder for commands' records of runs.

    Raises:
        UsageError: ``wanted`` is none of these.
        PrerequisiteError: The embedded emulator is not installed.
    """
    with _found(wanted, profile=profile, region=region, folder=folder) as target:
        try:
            yield target
        finally:
            for client in target.clients.values():
                client.close()


@contextlib.contextmanager
def _found(wanted: str, *, profile: str | None, region: str | None, folder: Path) -> Iterator[PluginTarget]:
    given = {
        **os.environ,
        **({"AWS_PROFILE": profile} if profile else {}),
        **({"AWS_REGION": region} if region else {}),
        "NO_COLOR": "1",
    }
    options = (*(("--profile", profile) if profile else ()), *(("--region", region) if region else ()))
    if wanted == "local":
        from ddbinsert import local

        if profile is not None:
            raise UsageError("The embedded emulator has no profiles.", hint="Leave --ddbinsert-profile out.")
        with local.ephemeral(environ=os.environ, clock=SystemClock()) as emulator:
            kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
            own = {"DDBINSERT_STATE_DIR": str(folder / "state"), "NO_COLOR": "1"}
            variables = {**kept, **own, **emulator.variables(**({"region": region} if region else {}))}
            # Not in the project's folder, as its ddbinsert.yaml is for another target.
            yield PluginTarget(
                name="the embedded emulator", variables=variables, emulator=emulator, cwd=folder
            )
    elif wanted == "aws":
        there = {name: value for name, value in given.items() if not name.startswith("AWS_ENDPOINT_URL")}
        yield PluginTarget(name="AWS", variables=there, options=options)
    elif wanted.startswith(("http://", "https://")):
        yield PluginTarget(
            name=wanted,
            variables={**given, "AWS_ENDPOINT_URL": wanted},
            options=(*options, "--endpoint-url", wanted),
        )
    else:
        raise UsageError(
            f"{wanted!r} is not a valid target of ddbinsert's fixture.",
            hint="Set --ddbinsert-target or ddbinsert_target to local, aws, or the URL of an endpoint.",
        )
