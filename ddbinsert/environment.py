"""The environment of the program as one object, which tests replace."""

from __future__ import annotations

import os
import sys
import time
import uuid
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.aws.session.session import Aws, Connection
    from ddbinsert.core.clock import Clock


class SystemClock:
    """The machine's clock: epoch seconds, monotonic seconds, and sleep."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _connect(connection: Connection) -> Aws:
    from ddbinsert.aws.session.session import Aws

    return Aws(connection)


def _cwd() -> Path:
    """The working directory; if it was deleted, its former path."""
    try:
        return Path.cwd()
    except OSError:
        return Path(os.environ.get("PWD") or os.sep)


@dataclass(kw_only=True)
class Environment:
    """The environment of a run: streams, variables, working directory, clock, identifiers and connections.

    Attributes:
        variables: The process environment. Nothing else reads ``os.environ``.
        new_id: Returns a new identifier of 12 lower-case hexadecimal digits.
        connect: Opens the connection to AWS or an endpoint, without a request.
    """

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = field(default_factory=_cwd)
    clock: Clock = field(default_factory=SystemClock)
    new_id: Callable[[], str] = field(default=lambda: uuid.uuid4().hex[:12])
    connect: Callable[[Connection], Aws] = _connect

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked: stdin and stderr are a terminal."""
        try:
            # None if it was closed when the process was started.
            return self.stdin is not None and self.stdin.isatty() and self.err.isatty()
        except ValueError:  # it was closed later
            return False
