"""The table of facts and endpoints, as it is printed and kept in docs/conformance.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.conformance.known import DIFFERENCES, FOLLOWS_FROM, NOT_APPLICABLE, WITHOUT_PROBE
from tests.conformance.model import PROBES, Outcome, anchors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENDPOINTS: Final = ("rig", "emulator", "moto")
PAGE: Final = Path(__file__).parents[2] / "docs" / "conformance.md"
_BEGIN, _END = "<!-- table -->", "<!-- end -->"
_WORDS: Final = {
    Outcome.AGREES: "agrees",
    Outcome.DIFFERS: "differs",
    Outcome.NOT_APPLICABLE: "n/a",
    Outcome.NOT_TRIED: "not tried",
}

Outcomes = dict[str, dict[str, Outcome]]


def expected() -> Outcomes:
    """Endpoint to fact to outcome, as the tables of ``known`` have it."""
    facts = [*PROBES, *FOLLOWS_FROM]
    return {
        endpoint: {
            fact: Outcome.NOT_APPLICABLE
            if fact in NOT_APPLICABLE[endpoint]
            else Outcome.DIFFERS
            if fact in DIFFERENCES[endpoint]
            else Outcome.AGREES
            for fact in facts
        }
        for endpoint in ENDPOINTS
    }


def table(outcomes: Mapping[str, Mapping[str, Outcome]]) -> str:
    """The table with what follows it, in Markdown."""
    return "\n".join(_lines(outcomes)) + "\n"


def _lines(outcomes: Mapping[str, Mapping[str, Outcome]]) -> Iterator[str]:
    yield f"| fact | {' | '.join(outcomes)} |"
    yield f"|---|{'---|' * len(outcomes)}"
    for anchor in anchors():
        if anchor in WITHOUT_PROBE:
            continue
        cells = [_WORDS[found.get(anchor, Outcome.NOT_TRIED)] for found in outcomes.values()]
        yield f"| [{anchor}](aws-facts.md#{anchor}) | {' | '.join(cells)} |"
    yield ""
    for endpoint, found in outcomes.items():
        count = {one: list(found.values()).count(one) for one in Outcome}
        yield (
            f"{endpoint}: {count[Outcome.AGREES]} agree, {count[Outcome.DIFFERS]} differ as listed below, "
            f"{count[Outcome.NOT_APPLICABLE]} not applicable."
        )
        yield ""
    for endpoint, found in outcomes.items():
        known = {fact: text for fact, text in DIFFERENCES.get(endpoint, {}).items() if fact in found}
        if known:
            yield f"### How {endpoint} differs"
            yield ""
            yield "| fact | what it does |"
            yield "|---|---|"
            yield from (f"| {fact} | {text} |" for fact, text in known.items())
            yield ""
    yield "### Not applicable"
    yield ""
    yield "| endpoint | why | facts |"
    yield "|---|---|---|"
    for endpoint in outcomes:
        reasons: dict[str, list[str]] = {}
        for fact, why in NOT_APPLICABLE.get(endpoint, {}).items():
            reasons.setdefault(why, []).append(fact)
        yield from (f"| {endpoint} | {why} | {', '.join(facts)} |" for why, facts in reasons.items())
    yield ""
    yield "### Facts without a probe"
    yield ""
    yield "| fact | why |"
    yield "|---|---|"
    yield from (f"| [{fact}](aws-facts.md#{fact}) | {why} |" for fact, why in WITHOUT_PROBE.items())


def page(outcomes: Mapping[str, Mapping[str, Outcome]]) -> str:
    """docs/conformance.md with this table."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{table(outcomes)}{_END}{after}"
