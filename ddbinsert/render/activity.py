"""Metrics and findings of a trigger, as `status` shows them besides the resources."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.arn import resource_name
from ddbinsert.core.doctor.checks.sink import SINK_THROTTLES
from ddbinsert.core.doctor.model import FactSource, Severity
from ddbinsert.core.model.wanted import CODE_TAG, OWN_CODE
from ddbinsert.core.proof.mapping_counts import OF_FUNCTION, OF_MAPPING
from ddbinsert.core.times import format_duration
from ddbinsert.render import machine
from ddbinsert.render.sparkline import buckets, sparkline

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.advice import Advice
    from ddbinsert.core.doctor.facts import Facts
    from ddbinsert.core.doctor.model import Diagnosis
    from ddbinsert.render.terminal.screen import Screen

_AGE: Final = "IteratorAge"
#: Metrics in display order; those of the mapping are shown only if it publishes them.
_SHOWN: Final = (*OF_FUNCTION, _AGE, *OF_MAPPING, SINK_THROTTLES)
_WIDTH: Final = 24


def data(facts: Facts, diagnosis: Diagnosis, addressed: Callable[[Advice], Advice]) -> dict[str, Any]:
    """Additional keys of the envelope's data."""
    function, metrics = facts.function, facts.metrics
    return {
        "template": _template(facts),
        "sink": facts.sink.arn or None,
        "last_change": {
            "function": None if function is None else _iso(function.modified_at),
            "mapping": _iso(max((m.modified for m in facts.mappings if m.modified), default=None)),
        },
        "metrics": {
            "since": _iso(facts.since),
            "not_read": facts.unread.get(FactSource.METRICS),
            "series": {
                name: [[_iso(at), value] for at, value in points] for name, points in metrics.series.items()
            },
            "totals": {name: metrics.total(name) for name in metrics.series if name != _AGE},
            "iterator_age_ms": max((value for _, value in metrics.series.get(_AGE, ())), default=None),
        },
        "findings": [
            {
                "id": one.id,
                "severity": one.severity,
                "text": one.text,
                "evidence": one.evidence,
                "advice": machine.advised(addressed(one.advice)),
            }
            for one in diagnosis.found
            if one.severity is not Severity.NOTE
        ],
    }


def rows(screen: Screen, facts: Facts) -> list[tuple[str, str]]:
    """Rows about the function's role, code, sink and last changes, and a sparkline for each metric."""
    found = [("role", _role(facts)), ("template", _template(facts) or ""), ("sink", facts.sink.arn)]
    function = facts.function
    changed = [
        f"{what} {_clock(at)}"
        for what, at in (
            ("function", function.modified_at if function else None),
            ("mapping", max((m.modified for m in facts.mappings if m.modified), default=None)),
        )
        if at is not None
    ]
    found.append(("last changed", ", ".join(changed)))
    if function is None:
        return found
    if FactSource.METRICS in facts.unread:
        return [*found, ("metrics", f"not read: {facts.unread[FactSource.METRICS]}")]
    encoding = getattr(screen.stream, "encoding", None)
    shown = [(name, facts.metrics.series[name]) for name in _SHOWN if name in facts.metrics.series]
    for name, points in shown:
        is_age = name == _AGE
        line = sparkline(buckets(points, facts.since, facts.now, _WIDTH, largest=is_age), encoding)
        largest = max(value for _, value in points)
        total = sum(value for _, value in points)
        found.append(
            (name, f"{line} {f'at most {format_duration(largest / 1000)}' if is_age else f'{total:,.0f}'}")
        )
    if not shown:
        found.append(("metrics", f"no datapoints in the last {format_duration(facts.now - facts.since)}"))
    return found


def marks(screen: Screen, diagnosis: Diagnosis, addressed: Callable[[Advice], Advice]) -> None:
    """A line for each fault, with its repair."""
    for one in diagnosis.found:
        if one.severity is Severity.ERROR:
            screen.sentence(f"BROKEN {one.id}: {one.text}", "bold red")
            screen.sentence(f"  {addressed(one.advice)}")


def _role(facts: Facts) -> str:
    function, role = facts.function, facts.world.role
    if function is None or FactSource.ROLE in facts.unread:
        return resource_name(function.role_arn) if function else ""
    if role is None:
        return f"{resource_name(function.role_arn)} does not exist"
    return f"{role.name} ({'created by ddbinsert' if role.is_ours else 'not created by ddbinsert'})"


def _template(facts: Facts) -> str | None:
    label = facts.function.tags.get(CODE_TAG) if facts.function else None
    return None if label in (None, OWN_CODE) else label


def _clock(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _iso(epoch: float | None) -> str | None:
    return None if epoch is None else machine.iso_utc(epoch)
