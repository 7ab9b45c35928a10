"""CloudWatch's counts of a function and of its mappings, and conclusions about a run.

A mapping with EventCount metrics counts the records that it reads, filters out, delivers and discards. The counts are
per minute, include the records of all writers, and are minutes late. So they indicate causes and decide nothing, with
one exception: a function that failed on everything in minutes that are entirely within the run.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ddbinsert.core.model.seen import MappingState

POLLED = "PolledEventCount"
FILTERED_OUT = "FilteredOutEventCount"
INVOKED = "InvokedEventCount"
FAILED_INVOKE = "FailedInvokeEventCount"
DROPPED = "DroppedEventCount"
DELIVERED_ON_FAILURE = "OnFailureDestinationDeliveredEventCount"

OF_FUNCTION = ("Invocations", "Errors", "Throttles")
#: In the order in which a record passes them.
OF_MAPPING = (POLLED, FILTERED_OUT, INVOKED, FAILED_INVOKE, DROPPED, DELIVERED_ON_FAILURE)


@dataclass(frozen=True, kw_only=True)
class MetricCounts:
    """CloudWatch's counts by name, summed over several mappings.

    Attributes:
        counts: Since the minute in which the run began. A metric without datapoints has no entry: absence is
            not zero (docs/aws-facts.md#esm-metrics-absence).
        inside: The part of the counts that is entirely within the run.
        why: Why nothing was read; empty if it was.
    """

    counts: Mapping[str, float] = field(default_factory=dict)
    inside: Mapping[str, float] = field(default_factory=dict)
    why: str = ""


def metric_lines(counts: Mapping[str, float], *names: str) -> tuple[str, ...]:
    """A line of evidence for each of these metrics with a datapoint."""
    return tuple(f"metric {name}: {counts[name]:,.0f}" for name in names if name in counts)


def are_published(mappings: Sequence[MappingState]) -> bool:
    """Whether every mapping publishes EventCount metrics, so that the sums are complete."""
    return bool(mappings) and all(mapping.metrics for mapping in mappings)


def was_invoked(counts: Mapping[str, float]) -> bool:
    """Whether the function was invoked, by any caller."""
    return counts.get("Invocations", 0) > 0 or counts.get(INVOKED, 0) > 0


def filtered_everything(counts: Mapping[str, float], *, records: int) -> bool:
    """Whether the mappings filtered out everything that they read.

    Args:
        records: Number of the run's records in the stream. If fewer are counted, the counts are incomplete.
    """
    polled = counts.get(POLLED, 0)
    filtered_out = counts.get(FILTERED_OUT, 0)  # counted at another time, perhaps with more records
    return max(records, 1) <= polled <= filtered_out and not counts.get(INVOKED)


def polling(counted: MetricCounts, mappings: Sequence[MappingState]) -> tuple[str, ...]:
    """The progress of the mappings' polling according to the counts, a line each.

    A mapping that polls and finds nothing counts 0, so the absence of datapoints is significant
    (docs/aws-facts.md#esm-metrics-absence).
    """
    if counted.why or not are_published(mappings):
        return ()
    if POLLED not in counted.counts:
        return (f"no datapoint of {POLLED}: the mapping does not poll, or CloudWatch is late",)
    if not counted.counts[POLLED]:
        return (f"metric {POLLED}: 0: the mapping polls, and has read nothing",)
    return metric_lines(counted.counts, *OF_MAPPING)


def metrics_text(counted: MetricCounts, mappings: Sequence[MappingState]) -> str:
    """The metrics as evidence: what was read, and what was not."""
    of_function = _listed(counted.counts, sorted(set(counted.counts) - set(OF_MAPPING)))
    of_mappings = _listed(counted.counts, OF_MAPPING)
    if not of_mappings:
        return "; ".join(filter(None, (of_function, _unseen(counted, mappings))))
    silent = sum(not mapping.metrics for mapping in mappings)
    parts = [
        *([of_function] if of_function else []),
        f"of the mapping{'s' if len(mappings) > 1 else ''} {of_mappings}",
        *([f"{silent} of {len(mappings)} mappings publish none"] if silent else []),
    ]
    return "; ".join(parts) + " (whole minutes, records of all writers)"


def _listed(counts: Mapping[str, float], names: Iterable[str]) -> str:
    return ", ".join(f"{name} {counts[name]:,.0f}" for name in names if name in counts)


def _unseen(counted: MetricCounts, mappings: Sequence[MappingState]) -> str:
    """Why there are no counts of the mappings."""
    if counted.why:
        why = counted.why
    elif any(mapping.metrics for mapping in mappings):
        why = (
            "no EventCount datapoints of the mapping yet"
            if counted.counts
            else "no CloudWatch datapoints yet"
        )
    else:
        why = "the mapping publishes no EventCount metrics"
    return why
