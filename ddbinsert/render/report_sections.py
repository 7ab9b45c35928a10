"""The sections of the HTML report."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from ddbinsert.core.claims import NEGATIVES, Standing
from ddbinsert.core.duration import words
from ddbinsert.core.kinds import kinds
from ddbinsert.core.model import EventName
from ddbinsert.core.verdict import Weight
from ddbinsert.render.markup import Markup, element, prose
from ddbinsert.render.report import COLUMNS, NOTHING, STANDING_SIGNS, WEIGHT_WORDS, after, row, sentence
from ddbinsert.render.report_svg import histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ddbinsert.core.claims import Claim
    from ddbinsert.core.kinds import Kind
    from ddbinsert.core.proof import Proof
    from ddbinsert.core.tally import LaneTally
    from ddbinsert.core.verdict import Evidence, Finding

_STANDING_TONES = {
    Standing.PROVEN: "pass",
    Standing.DISPROVEN: "fail",
    Standing.OPEN: "open",
    Standing.NOT_JUDGED: "none",
}
_WEIGHT_TONES = {Weight.PROOF: "fail", Weight.HOLE: "open", Weight.NOTE: "none"}
#: Log lines about one item that the table of writes tells; the rest is counted.
_RECEIPTS_SHOWN = 40


def _section(heading: str, *parts: Markup | None, class_: str | None = None) -> Markup:
    return element("section", element("h2", heading), *parts, class_=class_)


def _wide(what: Markup, name: str) -> Markup:
    """Something that may be wider than the paper: it scrolls by itself, by keyboard too."""
    return element("div", what, class_="wide", tabindex="0", role="region", aria_label=name)


def _table(headings: Sequence[str], rows: Iterable[Markup], class_: str) -> Markup:
    head = element("tr", *(element("th", heading, scope="col") for heading in headings))
    return element("table", element("thead", head), element("tbody", *rows), class_=class_)


def figures(proof: Proof, every: Sequence[Claim]) -> Markup:
    """The four numbers that are asked for first."""
    counts, latency = proof.verdict.counts, proof.verdict.latency
    others = [kind for kind in kinds(proof) if kind.name is not EventName.INSERT]
    made = sum(kind.written for kind in others)
    received = [value for kind in others for value in (kind.processed, kind.guarded, kind.failed)]
    if others:
        delivered = sum(filter(None, received))
        strays = NOTHING if None in received or not made else f"{delivered:,} of {made:,}"
        if not delivered and any(
            one.standing is Standing.OPEN for one in every if one.id in NEGATIVES.values()
        ):
            strays = "none seen"
    else:
        strays = f"{counts.get('intruders', 0) + counts.get('guarded', 0):,}"
    shown = (
        (
            f"{counts.get('processed_inserts', 0):,} of {counts.get('expected_inserts', 0):,}",
            "inserts processed",
        ),
        (strays, "other changes delivered"),
        (words(latency["p50"]) if latency else NOTHING, "median from write to log line"),
        (words(max(0.0, proof.finished - proof.started)), "for the whole run"),
    )
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", value)) for value, name in shown),
        class_="figures",
    )


def findings(found: Sequence[Finding]) -> Markup | None:
    """What is wrong or worth knowing; nothing where there is nothing."""
    if not found:
        return None
    return _section("Findings", *(_finding(one) for one in found), class_="findings")


def _finding(one: Finding) -> Markup:
    tone = _WEIGHT_TONES[one.weight]
    evidence = (
        element("ul", *(element("li", line) for line in one.evidence), class_="lines")
        if one.evidence
        else None
    )
    mend = (
        None if not one.mend else element("p", element("strong", "Mend it: "), prose(one.mend), class_="mend")
    )
    return element(
        "article",
        element(
            "p",
            element("span", WEIGHT_WORDS[one.weight], class_=f"badge {tone}"),
            element("code", one.code),
            class_="kind",
        ),
        element("h3", sentence(one.text)),
        evidence,
        mend,
        class_=f"finding {tone}",
    )


def proven(every: Sequence[Claim]) -> Markup:
    """Each claim with how it stands."""
    return _section("What was to be proven", element("ul", *(_claim(one) for one in every), class_="claims"))


def _claim(one: Claim) -> Markup:
    tone = _STANDING_TONES[one.standing]
    return element(
        "li",
        element("span", STANDING_SIGNS[one.standing], class_=f"sign {tone}", aria_hidden="true"),
        element(
            "div",
            element("h3", one.title, element("span", one.standing.value, class_=f"badge {tone}")),
            element("p", one.text),
        ),
    )


def by_kind(every: Sequence[Kind]) -> Markup | None:
    """The numbers of each kind of change."""
    if not every:
        return None
    rows = (
        element(
            "tr",
            element(
                "th",
                element("span", "", class_=f"swatch {kind.name.value.lower()}"),
                kind.name.value,
                scope="row",
            ),
            *(
                element("td", value, class_=_alarm(kind, name))
                for name, value in zip(COLUMNS, row(kind), strict=True)
            ),
        )
        for kind in every
    )
    note = element(
        "p",
        "Recorded: read from the stream by ddbinsert itself, of the scripted items. Guarded: delivered, and dropped "
        "by the handler's own code. A dash: not to be told, or nothing to tell.",
        class_="note",
    )
    return _section(
        "By kind of change", _wide(_table(("", *COLUMNS), rows, "numbers"), "By kind of change"), note
    )


def _alarm(kind: Kind, column: str) -> str | None:
    """Numbers that should be 0 and are not."""
    value = getattr(kind, column)
    stray = kind.name is not EventName.INSERT and column in ("processed", "guarded", "failed")
    return "alarm" if value and (stray or column == "missing") else None


def latency(proof: Proof) -> Markup | None:
    """How long it took; nothing where no time was taken."""
    summary = proof.verdict.latency
    if not summary:
        return None
    drawn = histogram(proof.tally.latency) if proof.tally else None
    pairs = (
        element("div", element("dt", name), element("dd", words(value))) for name, value in summary.items()
    )
    return _section("From write to log line", drawn, element("dl", *pairs, class_="percentiles"))


def timeline(drawn: Markup | None, *, empty: str) -> Markup:
    if drawn is None:
        return _section("Timeline", element("p", empty))
    legend = (
        ("insert", "I", "INSERT"),
        ("modify", "M", "MODIFY"),
        ("remove", "R", "REMOVE"),
        ("none", NOTHING, "a write that leaves no record"),
        ("line", "L", "a log line"),
        ("stopped", "┴", "not delivered"),
        ("insert missing", "I", "? insert not processed by the end of the run"),
        ("modify intruder", "M", "! processed, and should not have been"),
        ("modify guarded", "M", "g delivered, dropped by the handler"),
    )
    used = (entry for entry in legend if _is_drawn(entry[0], drawn))
    return _section(
        "Timeline",
        element(
            "figure",
            _wide(drawn, "Timeline"),
            element(
                "figcaption",
                element("ul", *(_legend(*entry) for entry in used), class_="legend"),
                element(
                    "p",
                    "A record is drawn at the answer of the write that left it, as the stream tells its time in whole "
                    "seconds. Marks that would overlap are moved apart; a tick shows where each belongs.",
                    class_="note",
                ),
            ),
        ),
        class_="chart",
    )


def _is_drawn(entry: str, drawn: Markup) -> bool:
    if entry == "stopped":
        return 'class="stop ' in drawn
    _, _, state = entry.partition(" ")
    return f' {state}"' in drawn if state else f'class="mark {entry}' in drawn


def _legend(class_: str, letter: str, name: str) -> Markup:
    return element("li", element("span", letter, class_=f"key {class_}", aria_hidden="true"), name)


def every_write(proof: Proof) -> Markup | None:
    """The writes of every scripted item, each with the record and the receipts that it led to."""
    lanes = [lane for lane in proof.tally.lanes if lane.written] if proof.tally else []
    if not lanes:
        return None
    start = min(at for lane in lanes for _, at in lane.written)
    headings = ("item", "write", "answered", "must leave", "record in the stream", "log")
    table = _table(headings, (row for lane in lanes for row in _rows(lane, start)), "writes")
    return _section("Every write", _wide(table, "Every write"))


def _rows(lane: LaneTally, start: float) -> Iterator[Markup]:
    recorded = list(lane.recorded)
    told = {record.event_id for record in recorded} | {str(record.sequence) for record in recorded}
    for place, (write, at) in enumerate(lane.written):
        record = recorded.pop(0) if recorded and write.expects is not None else None
        names = {record.event_id, str(record.sequence)} if record else set()
        found = [one for one in lane.receipts if one.identity in names]
        yield element(
            "tr",
            element("td", str(lane.lane.number) if place == 0 else ""),
            element("td", f"{write.action.value} ({write.method.value})"),
            element("td", after(at, start), class_="number"),
            element("td", write.expects or "no record"),
            element("td", *_record(record.event_name, record.event_id) if record else (NOTHING,)),
            element(
                "td", *_logged([(one.logged, f"{lane.name_of(one)} {one.decision}") for one in found], start)
            ),
            class_="first" if place == 0 else None,
        )
    rest = [
        *(
            (one.logged, f"{lane.name_of(one)} {one.decision} {one.event_id}")
            for one in lane.receipts
            if one.identity not in told
        ),
        *lane.lines,
    ]
    for record, logged in zip_longest(recorded, [rest] if rest else []):
        yield element(
            "tr",
            element("td", ""),
            element("td", "beside the writes", colspan=3),
            element("td", *_record(record.event_name, record.event_id) if record else (NOTHING,)),
            element("td", *_logged(logged or [], start)),
        )


def _record(name: str, event_id: str) -> tuple[Markup | str, ...]:
    return name, element("br"), element("code", event_id)


def _logged(found: Sequence[tuple[float, str]], start: float) -> Iterator[Markup | str]:
    if not found:
        yield NOTHING
    for at, told in found[:_RECEIPTS_SHOWN]:
        yield element("div", f"{told} ", element("span", after(at, start), class_="number"))
    if len(found) > _RECEIPTS_SHOWN:
        yield f"and {len(found) - _RECEIPTS_SHOWN:,} more"


def evidence(sides: Sequence[Evidence]) -> Markup | None:
    """Every side from which the run was looked at, and what could not be seen."""
    if not sides:
        return None
    rows = (
        element(
            "div",
            element("dt", side.side),
            element(
                "dd",
                element(
                    "span",
                    "seen" if side.seen else "not seen",
                    class_=f"badge {'pass' if side.seen else 'none'}",
                ),
                element("span", side.text),
            ),
        )
        for side in sides
    )
    return _section("Evidence", element("dl", *rows, class_="pairs"))


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    rows = (element("div", element("dt", name), element("dd", value)) for name, value in pairs)
    return _section("The run", element("dl", *rows, class_="pairs"))
