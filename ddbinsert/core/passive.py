"""A trigger seen at work: what came, what was processed, what shouldn't have been."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any

from ddbinsert.core import receipt as receipts
from ddbinsert.core.latency import Histogram
from ddbinsert.core.model import EventName
from ddbinsert.core.verdict import Evidence, Finding, Result, Verdict, Weight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: The newest processed records are remembered, to tell a second delivery; older ones are forgotten.
_REMEMBERED = 100_000
_SHOWN = 20


class Ongoing:
    """Records and receipts as they come, matched by eventID.

    Args:
        wanted: Whether the mapping's filters let a record through: of inserts that they keep out, none is due.

    Attributes:
        filtered: INSERT records that the filters keep out.
        inserts: INSERT records read from the stream. others: Records of other kinds.
        matched: Inserts whose receipt was seen. strays: Receipts of records that are no inserts.
        lag: From the write (its stream record's time, in whole seconds) to the receipt, seconds.
    """

    def __init__(self, wanted: Callable[[Mapping[str, Any]], bool]) -> None:
        self._wanted = wanted
        self.filtered = 0
        self.inserts = 0
        self.others = 0
        self.matched = 0
        self.duplicates = 0
        self.strays = Counter[str]()
        self.shown: list[str] = []
        self.failed = Counter[str]()
        self.lag = Histogram()
        self._due: OrderedDict[str, float] = OrderedDict()
        self._early: OrderedDict[str, float] = OrderedDict()
        self._done: OrderedDict[str, None] = OrderedDict()

    @property
    def waiting(self) -> int:
        """Inserts without a receipt so far."""
        return len(self._due)

    @property
    def seen(self) -> int:
        """Records read from the stream."""
        return self.inserts + self.filtered + self.others

    @property
    def unprocessed(self) -> tuple[str, ...]:
        """The eventIDs of the oldest inserts without a receipt."""
        return tuple(name for name, _ in zip(self._due, range(_SHOWN), strict=False))

    def streamed(self, record: Mapping[str, Any]) -> None:
        event_id = str(record.get("eventID"))
        if record.get("eventName") != EventName.INSERT:
            self.others += 1
            return
        if not self._wanted(record):
            self.filtered += 1
            return
        self.inserts += 1
        at = float((record.get("dynamodb") or {}).get("ApproximateCreationDateTime") or 0.0)
        logged = self._early.pop(event_id, None)
        if logged is None:
            self._due[event_id] = at
        else:
            self._match(event_id, at, logged)

    def logged(self, message: str, at: float) -> None:
        found = receipts.parse(message)
        if found is None:
            return
        event_id, name = str(found.get("eventID")), str(found.get("eventName"))
        decision = str(found.get("decision"))
        if name != EventName.INSERT:
            self.strays[f"{decision} {name}"] += 1
            if len(self.shown) < _SHOWN:
                self.shown.append(f"{name} {event_id} ({decision})")
        elif decision == receipts.FAILED:
            self.failed[event_id] += 1
        elif event_id in self._done:
            self.duplicates += 1
        elif event_id in self._due:
            self._match(event_id, self._due.pop(event_id), at)
        else:
            # Of a record from before the start, or one that our own reading has not come to yet.
            self._early.setdefault(event_id, at)
            while len(self._early) > _REMEMBERED:
                self._early.popitem(last=False)

    def _match(self, event_id: str, written: float, logged: float) -> None:
        self.matched += 1
        self.failed.pop(event_id, None)
        if written:
            self.lag.add(max(0.0, logged - written))
        self._done[event_id] = None
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)


def judge_ongoing(
    ongoing: Ongoing,
    *,
    run_id: str,
    leaking: Sequence[Finding],
    standing: Sequence[Finding],
    allow_guarded: bool,
    seconds: float,
    trimmed: bool,
    where: str,
    metrics: Evidence,
    configuration: str,
) -> Verdict:
    """The verdict on what was seen at work.

    Args:
        leaking: What the filters let in by themselves. standing: What keeps inserts out by itself.
        trimmed: Part of the stream was gone before it was read.
    """
    findings = [*leaking, *_strays(ongoing, allow_guarded=allow_guarded), *_missing(ongoing, standing)]
    if trimmed:
        findings.append(
            Finding(code="stream-trimmed", weight=Weight.HOLE, text="records were gone before they were read")
        )
    if not ongoing.inserts:
        findings.append(
            Finding(
                code="no-inserts-seen",
                weight=Weight.HOLE,
                text="nobody inserted anything while this watched",
                mend="Watch for longer (--for), or let `ddbinsert verify TABLE` write test items.",
            )
        )
    if ongoing.duplicates:
        findings.append(
            Finding(
                code="duplicate-deliveries",
                weight=Weight.NOTE,
                text=f"{ongoing.duplicates} records were delivered more than once; Lambda promises at least once",
            )
        )
    weights = {finding.weight for finding in findings}
    result = (
        Result.FAIL
        if Weight.PROOF in weights
        else Result.INCONCLUSIVE
        if Weight.HOLE in weights
        else Result.PASS
    )
    strays = ongoing.strays.total()
    return Verdict(
        result=result,
        run_id=run_id,
        summary=f"{ongoing.matched:,} of {ongoing.inserts:,} inserts were processed in {seconds:.0f} s; "
        + (
            f"{strays:,} other records were delivered"
            if strays
            else f"none of the {ongoing.others:,} other changes was delivered"
        ),
        findings=tuple(sorted(findings, key=lambda finding: list(Weight).index(finding.weight))),
        evidence=(
            Evidence(side="writes", seen=False, text="none of our own: this only watched"),
            Evidence(
                side="stream",
                seen=True,
                text=f"{ongoing.seen:,} records read from the live stream by "
                f"ourselves: {ongoing.inserts:,} inserts to be delivered, {ongoing.filtered:,} inserts that the "
                f"filter keeps out, {ongoing.others:,} other changes",
            ),
            Evidence(
                side="log",
                seen=ongoing.matched > 0 or strays > 0,
                text=f"receipts of {ongoing.matched + strays:,} records in {where}",
            ),
            metrics,
            Evidence(side="configuration", seen=bool(configuration), text=configuration or "no mapping"),
        ),
        counts={
            "stream_records": ongoing.seen,
            "filtered_inserts": ongoing.filtered,
            "expected_inserts": ongoing.inserts,
            "processed_inserts": ongoing.matched,
            "missing": ongoing.waiting,
            "intruders": sum(
                n for name, n in ongoing.strays.items() if not name.startswith(receipts.GUARDED)
            ),
            "guarded": sum(n for name, n in ongoing.strays.items() if name.startswith(receipts.GUARDED)),
            "duplicates": ongoing.duplicates,
        },
        latency=ongoing.lag.summary(),
        waited=seconds,
    )


def _strays(ongoing: Ongoing, *, allow_guarded: bool) -> list[Finding]:
    guarded = sum(n for name, n in ongoing.strays.items() if name.startswith(receipts.GUARDED))
    others = ongoing.strays.total() - guarded
    mend = "Filter the mapping to INSERT: `ddbinsert attach-trigger TABLE` puts the filter back."
    found = []
    if others:
        found.append(
            Finding(
                code="intruders-processed",
                weight=Weight.PROOF,
                text=f"{others:,} records that are no inserts were processed by the function",
                evidence=tuple(ongoing.shown),
                mend=mend,
            )
        )
    if guarded:
        found.append(
            Finding(
                code="filter-leaks",
                weight=Weight.NOTE if allow_guarded else Weight.PROOF,
                text=f"{guarded:,} records that are no inserts were delivered; only the handler's guard dropped them",
                evidence=tuple(ongoing.shown),
                mend=mend,
            )
        )
    return found


def _missing(ongoing: Ongoing, standing: Sequence[Finding]) -> list[Finding]:
    if not ongoing.waiting:
        return []
    evidence = tuple(f"INSERT {event_id}" for event_id in ongoing.unprocessed)
    failed = [name for name in ongoing.unprocessed if name in ongoing.failed]
    found = list(standing)
    if failed:
        found.append(
            Finding(
                code="function-errors",
                weight=Weight.PROOF,
                text="the function was given inserts and failed on them",
                evidence=tuple(f"INSERT {name}: failed {ongoing.failed[name]} times" for name in failed),
                mend="Look at them: `ddbinsert tail TABLE --since 15m`.",
            )
        )
    silent = not found and not ongoing.matched and not ongoing.strays and not ongoing.failed
    found.append(
        Finding(
            code="function-leaves-no-receipt" if silent else "inserts-not-processed",
            weight=Weight.HOLE,
            text=f"{ongoing.waiting:,} inserts have no receipt"
            + (
                "; the log holds no receipts at all: is it a handler of ddbinsert's?" if silent else " so far"
            ),
            evidence=evidence,
            mend="Look at the function: `ddbinsert tail TABLE --since 15m`; or let `ddbinsert verify TABLE` find the cause.",
        )
    )
    return found
