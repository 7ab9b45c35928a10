"""What a probe is, and what it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conformance.lab import Lab

PAGE = Path(__file__).parents[2] / "docs" / "aws-facts.md"
_ANCHOR = re.compile(r'<a id="([a-z0-9-]+)"></a>')


def anchors() -> tuple[str, ...]:
    """Every fact of docs/aws-facts.md, in its order."""
    return tuple(_ANCHOR.findall(PAGE.read_text(encoding="utf-8")))


class Outcome(StrEnum):
    """How an endpoint stands to a fact."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_APPLICABLE = "not applicable"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a probe saw.

    Attributes:
        agrees: Whether it is what the fact says.
        answer: What the endpoint answered, in JSON's types; names, ids and times are made alike later.
    """

    agrees: bool
    answer: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One fact, made executable.

    Attributes:
        anchor: The fact's, in docs/aws-facts.md.
        run: Looks, and answers what was seen.
        runs_code: It takes an endpoint that runs functions.
        quick: It takes less than a second on the rig: it is part of every test run.
        seconds: What it may take on AWS, about.
    """

    anchor: str
    run: Callable[[Lab], Seen]
    runs_code: bool = False
    quick: bool = False
    seconds: int = 15


PROBES: dict[str, Probe] = {}


def probe(
    anchor: str, *, runs_code: bool = False, quick: bool = False, seconds: int = 15
) -> Callable[[Callable[[Lab], Seen]], Callable[[Lab], Seen]]:
    """Register a function as the probe of a fact."""

    def register(run: Callable[[Lab], Seen]) -> Callable[[Lab], Seen]:
        assert anchor not in PROBES, anchor
        PROBES[anchor] = Probe(anchor=anchor, run=run, runs_code=runs_code, quick=quick, seconds=seconds)
        return run

    return register
