"""The result of doctor: the findings of the checks, and the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.doctor.catalog import CHECKS
from ddbinsert.core.doctor.model import diagnose
from ddbinsert.core.doctor.timeline import timeline
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.doctor.facts import Facts
    from ddbinsert.core.doctor.model import Diagnosis
    from ddbinsert.core.doctor.timeline import Timeline


@dataclass(frozen=True, kw_only=True)
class Examined:
    """The result of doctor for one trigger.

    Attributes:
        facts: What was read.
        diagnosis: The findings.
        timeline: The latest events.
    """

    facts: Facts
    diagnosis: Diagnosis
    timeline: Timeline


def examine(facts: Facts) -> Examined:
    """Run every check."""
    return Examined(facts=facts, diagnosis=diagnose(CHECKS, facts), timeline=timeline(facts))
