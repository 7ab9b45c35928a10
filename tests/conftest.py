"""What every test stands on: random examples that are the same at every run, and take the time that they take.

`pytest --hypothesis-profile exploring` looks for new ones.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

#: A busy machine is no failure.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("exploring", _PATIENT)
settings.register_profile("steady", _PATIENT, derandomize=True, database=None)
settings.load_profile("steady")
