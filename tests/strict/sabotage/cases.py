"""All cases, by way of the modules that enter them."""

from __future__ import annotations

from tests.strict.sabotage import (
    broken_filters,
    broken_functions,
    broken_sight,
    broken_triggers,
    broken_watched,
    healthy_faults,
    healthy_shapes,
    healthy_traffic,
)
from tests.strict.sabotage.case import HEALTHY, SABOTAGE

__all__ = ["HEALTHY", "SABOTAGE"]

_ENTERED = (
    broken_filters,
    broken_functions,
    broken_sight,
    broken_triggers,
    broken_watched,
    healthy_faults,
    healthy_shapes,
    healthy_traffic,
)
