"""What every test stands on: random examples that are the same at every run, and take the time that they take.

`pytest --hypothesis-profile exploring` looks for new ones.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

#: A busy machine is no failure.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("exploring", _PATIENT)
settings.register_profile("steady", _PATIENT, derandomize=True, database=None)
settings.load_profile("steady")


def pytest_xdist_auto_num_workers() -> int:
    """What ``-n auto`` means: half as many again as there are processors, as the tests wait half of their time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + (cores + 1) // 2
