"""All cases, by way of the modules that enter them, and the selection that a test run carries out."""

from __future__ import annotations

import os
from itertools import groupby

from tests.strict.sabotage import (
    broken_answers,
    broken_claims,
    broken_copies,
    broken_diagnosis,
    broken_endings,
    broken_everywhere,
    broken_filters,
    broken_functions,
    broken_habits,
    broken_meanwhile,
    broken_siblings,
    broken_sight,
    broken_sinks,
    broken_stores,
    broken_triggers,
    broken_variants,
    broken_versions,
    broken_watched,
    broken_work,
    healthy_answers,
    healthy_designs,
    healthy_faults,
    healthy_habits,
    healthy_keys,
    healthy_lines,
    healthy_neighbours,
    healthy_shapes,
    healthy_traffic,
    healthy_variants,
    healthy_work,
)
from tests.strict.sabotage.case import HEALTHY, SABOTAGE, Case

__all__ = ["HEALTHY", "SABOTAGE", "selected"]

_ONE_IN, _MOST = 16, 4

_ENTERED = (
    broken_answers,
    broken_claims,
    broken_copies,
    broken_diagnosis,
    broken_endings,
    broken_everywhere,
    broken_filters,
    broken_functions,
    broken_habits,
    broken_meanwhile,
    broken_siblings,
    broken_sight,
    broken_sinks,
    broken_stores,
    broken_triggers,
    broken_variants,
    broken_versions,
    broken_watched,
    broken_work,
    healthy_answers,
    healthy_designs,
    healthy_faults,
    healthy_habits,
    healthy_keys,
    healthy_lines,
    healthy_neighbours,
    healthy_shapes,
    healthy_traffic,
    healthy_variants,
    healthy_work,
)


def selected(cases: list[Case]) -> list[Case]:
    """One case in sixteen of each module, its first among them, but at most four; with ``TEST_SABOTAGE=all`` all."""
    if os.environ.get("TEST_SABOTAGE") == "all":
        return cases
    modules = groupby(cases, key=lambda case: case.build.__module__)
    grouped = (list(group) for _, group in modules)
    return [case for group in grouped for case in group[:: max(_ONE_IN, -(-len(group) // _MOST))]]
