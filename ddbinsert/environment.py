"""Every outside thing in one object, so that a test can hand in its own."""

from __future__ import annotations

import os
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.aws.session import Aws, Connection
    from ddbinsert.core.clock import Clock


class SystemClock:
    """The machine's clock: epoch seconds, a monotonic stopwatch, and sleep."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _connect(connection: Connection) -> Aws:
    from ddbinsert.aws.session import Aws

    return Aws(connection)


@dataclass(kw_only=True)
class Environment:
    """What a run sees of the world outside.

    Attributes:
        variables: The process environment. Nothing else reads ``os.environ``.
        new_id: Makes a fresh identifier of 12 lower-case hexadecimal digits.
        connect: Opens the connection to AWS or an endpoint; lazily, without a request.
    """

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = field(default_factory=Path.cwd)
    clock: Clock = field(default_factory=SystemClock)
    new_id: Callable[[], str] = field(default=lambda: uuid.uuid4().hex[:12])
    connect: Callable[[Connection], Aws] = _connect

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked: both ends of the conversation are a terminal."""
        return self.stdin.isatty() and self.err.isatty()
