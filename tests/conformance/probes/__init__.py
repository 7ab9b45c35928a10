"""The probes, a module for each section of docs/aws-facts.md; importing them registers them."""

from __future__ import annotations

from tests.conformance.probes import (
    delivery,
    emulator,
    functions,
    logs,
    mapping_settings,
    mapping_states,
    patterns,
    streams,
)

__all__ = [
    "delivery",
    "emulator",
    "functions",
    "logs",
    "mapping_settings",
    "mapping_states",
    "patterns",
    "streams",
]
