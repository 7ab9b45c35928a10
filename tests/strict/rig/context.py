"""What every habit of the rig shares."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .upstream import Upstream


@dataclass(frozen=True, kw_only=True)
class Context:
    """The way to the emulator, the clock (epoch seconds), and the two signals between threads.

    ``wake`` is set by whatever may have put records on a stream; ``stopping`` by the rig's end.
    """

    upstream: Upstream
    clock: Callable[[], float]
    stopping: threading.Event = field(default_factory=threading.Event)
    wake: threading.Event = field(default_factory=threading.Event)
