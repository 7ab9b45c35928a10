"""The embedded emulator's life: started, found again, stopped. Nothing about our domain.

    start(state_dir, environ=…, clock=…)   one detached process a user, outliving the command
    find(state_dir)                        the running one, or None
    stop(state_dir, clock=…)               ends it, its Lambda workers and its folder
    status(state_dir)                      for people
    ephemeral(environ=…, clock=…)          one that lives only as long as this process
    redirection(emulator, environ)         how any AWS tool is pointed at it

MiniStack runs code for whoever reaches it and trusts everybody. So it listens on loopback alone, behind a
guard (``guard.py``) that asks for a random key, in an environment made from nothing (``surroundings.py``).

Everything is imported at its first use: a run on AWS pays nothing for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.lazy import late

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

__getattr__ = late(
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
