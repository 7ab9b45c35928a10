"""Commands as tests run them: in this process through `main`, or as a process of their own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ddbinsert.cli import main
from ddbinsert.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.functional.trespass import Watch

T = TypeVar("T")


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code and its two streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def error_code(self) -> str:
        (error,) = self.json["errors"]
        return str(error["code"])


def ran(*arguments: str, variables: Mapping[str, str], cwd: Path | None = None, **outside: Any) -> Ran:
    """Run a command in this process.

    Args:
        outside: Further attributes of the environment: its clock, its stdin, how it connects, …
    """
    given: dict[str, Any] = {"out": io.StringIO(), "err": io.StringIO(), "stdin": io.StringIO(), **outside}
    watch = _watch(given.get("connect"))
    if watch is not None:
        given["connect"] = watch.connect
    environment = Environment(**given, variables=dict(variables), cwd=cwd or Path(os.devnull).parent)
    code = main(arguments, environment)
    assert watch is None or not watch.trespasses, (arguments, watch.trespasses)
    out, err = given["out"], given["err"]
    return Ran(int(code), out.getvalue(), err.getvalue())


def _watch(way: Callable[[Any], Any] | None) -> Watch | None:
    """With ``TEST_WATCH=1``: no command changes anything that does not carry ddbinsert's tag.

    Args:
        way: How the command connects, if not as usual.
    """
    if not os.environ.get("TEST_WATCH"):
        return None
    from ddbinsert.aws.session.session import Aws
    from tests.functional.trespass import Watch

    # A test that watches sees for itself.
    return None if isinstance(getattr(way, "__self__", None), Watch) else Watch(way or Aws)


def begun(
    *arguments: str, variables: Mapping[str, str], cwd: Path | None = None, before: str = ""
) -> subprocess.Popen[str]:
    """Begin a command as a process of its own, in which `variables` are all there are.

    Args:
        before: Python that runs first.
    """
    program = f"{before}\nfrom ddbinsert.__main__ import run; run()"  # as the console script does
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env=dict(variables),
        cwd=cwd or variables["HOME"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> Ran:
    out, err = process.communicate(timeout=120)
    return Ran(process.returncode, out, err)


def ran_apart(
    *arguments: str, variables: Mapping[str, str], cwd: Path | None = None, before: str = ""
) -> Ran:
    """Run a command as a process of its own."""
    return ended(begun(*arguments, variables=variables, cwd=cwd, before=before))


def until(ask: Callable[[], T], *, seconds: float = 60.0) -> T:
    """Asks until the answer is true, and gives it; the last answer where that never happens."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        answer = ask()
        if answer or time.monotonic() > end:
            return answer
        pause.wait(0.01)
