"""Starting, finding and stopping the embedded emulator. Nothing here is specific to triggers.

    start(state_dir, environ=…, clock=…)   one detached process per user, which outlives the command
    find(state_dir)                        the running one, or None
    stop(state_dir, clock=…)               end it and its Lambda workers, and remove its folder
    status(state_dir)                      its state
    ephemeral(environ=…, clock=…)          one that ends with this process
    redirection(emulator, environ)         the variables that connect any AWS tool to it

MiniStack has no authentication, and runs code for every client. So it listens on loopback only, behind a guard
(``guard.py``) that requires a random key, in a minimal environment (``process_environment.py``).

Everything is imported at its first use, so that a run on AWS does not load it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.lazy import lazy_attributes

if TYPE_CHECKING:
    from ddbinsert.local.directory import state_directory
    from ddbinsert.local.emulator import Emulator
    from ddbinsert.local.lifecycle import EmulatorStatus, Health, ephemeral, find, start, status, stop
    from ddbinsert.local.redirect import Redirection, redirection

__all__ = [
    "Emulator",
    "EmulatorStatus",
    "Health",
    "Redirection",
    "ephemeral",
    "find",
    "redirection",
    "start",
    "state_directory",
    "status",
    "stop",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "Emulator": "emulator",
        "Health": "lifecycle",
        "Redirection": "redirect",
        "EmulatorStatus": "lifecycle",
        "ephemeral": "lifecycle",
        "find": "lifecycle",
        "redirection": "redirect",
        "start": "lifecycle",
        "state_directory": "directory",
        "status": "lifecycle",
        "stop": "lifecycle",
    },
)
