"""Runs probes against an endpoint, some at a time, and makes their answers alike from run to run."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.conformance import probes as _probes
from tests.conformance.known import DIFFERENCES, FOLLOWS_FROM, NOT_APPLICABLE
from tests.conformance.model import PROBES, Outcome, Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tests.conformance.lab import Lab

_ = _probes  # importing them registers them

#: Probes at a time: they mostly wait.
AT_ONCE = {"aws": 6, "rig": 4, "emulator": 3, "moto": 2, "endpoint": 3}
_ALIKE = (
    (re.compile(r"ddbinsert-conformance-[0-9a-f]{8}-([a-z]+)-[0-9]+"), r"<\1>"),
    (re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?"), "<time>"),
    (re.compile(r"\b[0-9]{12}\b"), "<account>"),
    (re.compile(r"\b(?:[a-z]{2}(?:-[a-z]+)+-[0-9])\b"), "<region>"),
)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a probe.

    Attributes:
        answer: What was seen, without names, ids, times, account and region.
        problem: Why there is no answer, where the probe failed by itself.
    """

    anchor: str
    outcome: Outcome
    answer: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def run(
    lab: Lab, only: Collection[str] | None = None, *, report: Callable[[Result], None] = lambda _result: None
) -> dict[str, Result]:
    """Run the probes that apply to the lab's endpoint; results by their anchors.

    Args:
        only: The anchors of those that are wanted; None for all.
        report: Called with each result as it comes.
    """
    kind = lab.place.kind
    wanted = [one for one in PROBES.values() if only is None or one.anchor in only]
    left_out = NOT_APPLICABLE.get(kind, {})

    def tried(probe: Probe) -> Result:
        if probe.anchor in left_out:
            result = Result(anchor=probe.anchor, outcome=Outcome.NOT_APPLICABLE)
        else:
            result = _try(probe, lab)
        report(result)
        return result

    with ThreadPoolExecutor(AT_ONCE.get(kind, 3), thread_name_prefix="probe") as pool:
        futures = [pool.submit(tried, one) for one in wanted]
        try:
            while wait(futures, timeout=1.0).not_done:
                pass
        except BaseException:
            lab.stopping.set()  # the probes end, and make nothing more
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    found = {future.result().anchor: future.result() for future in futures}
    return found | _followed(kind, found, only)


def _followed(kind: str, found: Mapping[str, Result], only: Collection[str] | None) -> dict[str, Result]:
    """The facts about an endpoint that other probes show."""
    more = {}
    for anchor, others in FOLLOWS_FROM.items():
        if only is not None and anchor not in only:
            continue
        outcome = Outcome.NOT_APPLICABLE
        if anchor not in NOT_APPLICABLE.get(kind, {}):
            seen = {found[one].outcome if one in found else Outcome.NOT_TRIED for one in others}
            outcome = Outcome.AGREES if seen == {Outcome.DIFFERS} else Outcome.DIFFERS
        more[anchor] = Result(anchor=anchor, outcome=outcome)
    return more


def unexplained(kind: str, found: Mapping[str, Result]) -> list[str]:
    """What a run found that the tables of ``known`` do not say, a line each."""
    known = DIFFERENCES.get(kind, {})
    lines = []
    for anchor, result in found.items():
        match result.outcome:
            case Outcome.DIFFERS if anchor not in known:
                seen = result.problem or result.answer
                lines.append(f"{kind} differs from {anchor}, which is not known: {seen}")
            case Outcome.AGREES if anchor in known:
                lines.append(f"{kind} agrees with {anchor}, though it is known to differ: {known[anchor]}")
            case _:
                pass
    return lines


def _try(probe: Probe, lab: Lab) -> Result:
    try:
        seen = probe.run(lab)
    except Exception as error:  # noqa: BLE001 - a probe that fails is an answer, too
        problem = alike(f"{type(error).__name__}: {error}")
        return Result(anchor=probe.anchor, outcome=Outcome.DIFFERS, problem=problem)
    outcome = Outcome.AGREES if seen.agrees else Outcome.DIFFERS
    return Result(anchor=probe.anchor, outcome=outcome, answer=alike(seen.answer))


def alike(value: Any) -> Any:
    """A value without what differs from run to run, and says whose account it was."""
    match value:
        case str():
            for pattern, text in _ALIKE:
                value = pattern.sub(text, value)
            return value
        case dict():
            return {alike(name): alike(content) for name, content in value.items()}
        case list() | tuple():
            return [alike(one) for one in value]
        case _:
            return value
