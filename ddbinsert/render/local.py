"""The state of the embedded emulator as text, for shells and as data. Only `shell` contains its key."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ddbinsert.advice import Advice
from ddbinsert.core.times import format_duration
from ddbinsert.local import Health

if TYPE_CHECKING:
    from ddbinsert.local import Emulator, EmulatorStatus, Redirection
    from ddbinsert.render.terminal.screen import Screen

_START = ("local", "start")
_USES = (
    ("use", "ddbinsert COMMAND --local"),
    ("any AWS tool", 'eval "$(ddbinsert local env)"'),
    ("end", "ddbinsert local stop"),
)


def data(health: Health, emulator: Emulator | None) -> dict[str, Any]:
    """The state for the envelope; null if there is no emulator."""
    return {
        "health": health,
        "endpoint": emulator.endpoint if emulator else None,
        "port": emulator.port if emulator else None,
        "pid": emulator.pid if emulator else None,
        "started_at": datetime.fromtimestamp(emulator.started_at, tz=UTC) if emulator else None,
        "log": str(emulator.log) if emulator else None,
    }


def started(screen: Screen, emulator: Emulator, *, ran_already: bool) -> None:
    said = "runs already" if ran_already else "is ready"
    screen.line(f"The embedded emulator {said} at {emulator.endpoint} (process {emulator.pid}).", "bold")
    screen.pairs(_USES, indent=2)


def status(screen: Screen, seen: EmulatorStatus, *, now: float) -> None:
    emulator = seen.emulator
    screen.line(_sentence(seen), "bold")
    if emulator is not None:
        running = f"{emulator.pid}, for {format_duration(max(0.0, now - emulator.started_at))}"
        screen.pairs((("process", running), ("log", str(emulator.log)), *_USES), indent=2)


def _sentence(seen: EmulatorStatus) -> str:
    where = seen.emulator.endpoint if seen.emulator else "an unknown address"
    match seen.health:
        case Health.READY:
            return f"The embedded emulator is ready at {where}."
        case Health.UNRESPONSIVE:
            return f"The embedded emulator at {where} is running but does not respond; it may be busy."
        case Health.STALE:
            return f"The embedded emulator has ended unexpectedly. {Advice('Start it again', _START)}"
        case Health.STOPPED:
            return f"The embedded emulator is not running. {Advice('Start it', _START)}"


def shell(screen: Screen, change: Redirection) -> None:
    """Lines for a POSIX shell."""
    screen.line(f"unset {' '.join(change.unset)}")
    for name, value in change.set.items():
        screen.line(f"export {name}={shlex.quote(value)}")
