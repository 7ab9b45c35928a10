"""What functional tests share: one embedded emulator a test process (so one an xdist worker).

With TEST_RIG=aws (plain, hostile) in the environment the commands go through the strict rig: the same tests, on an
endpoint with AWS's states, delays and refusals.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert import local
from ddbinsert.environment import SystemClock
from tests.functional.command import Ran, ran
from tests.functional.helpers import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def emulator() -> Iterator[local.Emulator]:
    """An emulator that ends with this test process, however that ends. Use names of your own in it."""
    with local.ephemeral(environ=os.environ, clock=SystemClock()) as running:
        yield running


@pytest.fixture(scope="session")
def endpoint(emulator: local.Emulator) -> Iterator[str]:
    """Where commands speak to."""
    profile = os.environ.get("TEST_RIG")
    if not profile:
        yield emulator.endpoint
        return
    from tests.strict.rig import rig_for

    with rig_for(emulator.endpoint, profile) as rig:
        yield rig.endpoint


@pytest.fixture(scope="session")
def connection(emulator: local.Emulator, endpoint: str) -> dict[str, str]:
    """The variables by which an AWS SDK comes to what the commands speak to."""
    return {**emulator.variables(), "AWS_ENDPOINT_URL": endpoint}


@pytest.fixture(scope="session")
def cloud(emulator: local.Emulator, connection: dict[str, str]) -> Iterator[Cloud]:
    """What the commands speak to, as boto3 shows it."""
    looked_at = Cloud(connection, emulator=emulator.endpoint)
    yield looked_at
    looked_at.close()


@pytest.fixture(scope="session")
def emulated(emulator: local.Emulator) -> Iterator[Cloud]:
    """The emulator itself, past any rig: for tests of what the emulator does with functions."""
    looked_at = Cloud(emulator.variables(), emulator=emulator.endpoint)
    yield looked_at
    looked_at.close()


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands keep derived service models: one folder of this test process, as one user has one."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def variables(connection: dict[str, str], tmp_path: Path, model_cache: Path) -> dict[str, str]:
    """The process environment of a command that shall talk to ``cloud``, and knows nothing of this user."""
    return {**_bare(tmp_path, model_cache), **connection}


@pytest.fixture
def local_variables(tmp_path: Path, model_cache: Path) -> Iterator[dict[str, str]]:
    """The environment of a command that uses ``--local``: with a state folder of its own, stopped afterwards."""
    bare = _bare(tmp_path, model_cache)
    yield bare
    local.stop(local.state_directory(bare), clock=SystemClock())


def _bare(tmp_path: Path, model_cache: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "DDBINSERT_STATE_DIR": str(tmp_path / "state"),
        "DDBINSERT_CACHE_DIR": str(model_cache),
        "NO_COLOR": "1",
    }


@pytest.fixture
def prove(variables: dict[str, str]) -> Callable[..., Ran]:
    def run(*arguments: str, timeout: str = "60s", **outside: Any) -> Ran:
        return ran("verify", *arguments, "--timeout", timeout, variables=variables, **outside)

    return run


@pytest.fixture
def attached(cloud: Cloud, variables: dict[str, str], tmp_path: Path) -> Callable[..., str]:
    """Makes a table with a trigger; its name. With ``source``, the function's own code in Python."""

    def make(key: str = "pk:S", *arguments: str, view: str | None = None, source: str = "") -> str:
        table = cloud.table(key, view=view)
        if source:
            (tmp_path / "handler.py").write_text(source)
            arguments = (*arguments, "--code", "handler.py")
        done = ran("attach-trigger", table, *arguments, variables=variables, cwd=tmp_path)
        assert done.code == 0, done.err
        return table

    return make
