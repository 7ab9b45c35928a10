"""The strict rig: AWS's strictness and faults, in front of the embedded emulator."""

from __future__ import annotations

from .faults import Fault, FaultKind
from .profile import (
    PROFILES,
    Functions,
    Logs,
    Mappings,
    Metrics,
    Profile,
    Roles,
    Streams,
    Tables,
)
from .rig import Recorded, StrictRig

__all__ = [
    "PROFILES",
    "Fault",
    "FaultKind",
    "Functions",
    "Logs",
    "Mappings",
    "Metrics",
    "Profile",
    "Recorded",
    "Roles",
    "Streams",
    "StrictRig",
    "Tables",
    "rig_for",
]


def rig_for(emulator_endpoint: str, profile_name: str) -> StrictRig:
    """A rig in front of a running emulator; use it as a context manager.

    Args:
        emulator_endpoint: The emulator's address.
        profile_name: ``aws``, ``plain`` or ``hostile``.

    Raises:
        KeyError: for any other name.
    """
    return StrictRig(emulator_endpoint, profile=PROFILES[profile_name]())
