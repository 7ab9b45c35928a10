"""The audit of the past: every insert that the stream still contains, and what became of it. Read-only."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.aws.read.sink_entries import find_entries as look_up_entries
from ddbinsert.aws.read.stream_history import streams_of
from ddbinsert.core.items.run_key import is_test_key
from ddbinsert.core.proof.gaps import reach
from ddbinsert.core.proof.gaps.groups import Grouping
from ddbinsert.core.proof.gaps.judge import RESTART, Around, JudgedInsert, judge
from ddbinsert.core.proof.gaps.model import Gaps, InsertOutcome, Stretch
from ddbinsert.core.words import plural
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import DdbInsertError
from ddbinsert.operations.gaps.circumstances import read_facts, scene_of
from ddbinsert.operations.gaps.from_table import sink_with_entries
from ddbinsert.operations.gaps.keys import index_of
from ddbinsert.operations.gaps.ledger import State
from ddbinsert.operations.gaps.progress import Progress, ReadStreams
from ddbinsert.operations.gaps.reading import read_log, read_streams
from ddbinsert.operations.gaps.recorded import recorded_changes
from ddbinsert.operations.gaps.scope import all_mappings, given_to, mappings_on, settle_of, wanted_by
from ddbinsert.operations.verify.sources.sink import sink_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from ddbinsert.aws.context import Context
    from ddbinsert.core.proof.gaps.judge import Scene
    from ddbinsert.core.proof.gaps.lines import PastLines
    from ddbinsert.core.proof.gaps.model import Group, Insert
    from ddbinsert.operations.gaps.circumstances import GapFacts
    from ddbinsert.operations.gaps.insert_store import Store
    from ddbinsert.operations.gaps.ledger import Given
    from ddbinsert.operations.gaps.scope import Options
    from ddbinsert.operations.verify.subject import Subject

_MARKED = 1_000


@dataclass(frozen=True, kw_only=True)
class Audited:
    """The result of an audit, with what a repair needs.

    Attributes:
        shards: (stream, shard) by the number in ``Insert.shard``.
    """

    gaps: Gaps
    store: Store
    shards: list[tuple[str, str]]
    scenes: Mapping[str, Scene]

    def missed(self) -> Iterator[tuple[Insert, str]]:
        """Every missed insert with its cause, shard by shard, in the shard's order."""
        return self.store.with_outcome(InsertOutcome.MISSED)


def audit(
    context: Context,
    subject: Subject,
    options: Options,
    store: Store,
    *,
    given: Callable[[str], Given | None] = lambda _event_id: None,
) -> Audited:
    """Audit the inserts of a table.

    Args:
        given: Returns the repairs' record of an insert (by its eventID).

    Raises:
        PrerequisiteError: The stream no longer exists.
        AwsError: The stream or the log cannot be read.
    """
    return _Audit(context, subject, options, store, given).run()


class _Audit:
    """One audit."""

    def __init__(
        self,
        context: Context,
        subject: Subject,
        options: Options,
        store: Store,
        given: Callable[[str], Given | None],
    ) -> None:
        self._context, self._subject, self._options, self._store = context, subject, options, store
        self._given = given
        now = context.clock.now()
        live = subject.table.stream_arn or ""
        self._streams = tuple(dict.fromkeys((*streams_of(context.aws, subject.table.name), live)))
        self._stream_begins = reach.stream_begins(self._streams, now)
        self._since = self._stream_begins if options.since is None else options.since
        self._until = now if options.until is None else options.until
        self._settle = settle_of(context, subject, options)
        self._progress = Progress.of(store.progress, now)
        if self._progress is None:
            store.clear()
            self._progress = Progress(since=self._since, until=options.until, found=ReadStreams())
        else:
            self._since = self._progress.since
            self._until = now if self._progress.until is None else self._progress.until
            for counted in (self._progress.found.excluded, self._progress.found.unrecognizable):
                counted.extend(self._until)
        self._counts = Counter[str]()
        self._notes: list[str] = []

    def run(self) -> Audited:
        context, subject, options, store = self._context, self._subject, self._options, self._store
        if subject.is_crowded and context.aws.is_aws:
            context.reporter.warn(
                f"{subject.readers} functions read this stream already; a shard serves two readers, and "
                "another reader may slow them down"
            )
        index = index_of(store) if options.by_lines else None
        found = read_streams(
            context,
            store,
            {arn: wanted_by(mappings_on(subject, arn) or all_mappings(subject)) for arn in self._streams},
            since=self._since,
            until=self._until,
            index=index,
            progress=self._progress,
        )
        function = subject.function
        lines, log = read_log(
            context,
            store,
            subject.log_group,
            function.name,
            since=self._since,
            awaits_ends=function.logs_each_end,
            mentions=index.mentions if index else None,
            by_query=options.by_query,
            qualifiers=given_to(subject, is_aws=context.aws.is_aws),
        )
        if index:
            index.close()
        open_ones = store.count_open
        self._compare_sink(everything=options.compare_sink)
        known = read_facts(
            context,
            subject,
            lines,
            log,
            since=self._since,
            settle=self._settle,
            by_lines=options.by_lines,
            documents=options.documents and open_ones > 0,
        )
        scenes = {arn: self._scene(arn, known) for arn in self._streams}
        grouping = Grouping(scenes, known.minutes.dropped, errors=tuple(lines.errors), most=options.examples)
        hidden = self._judge(found, known, scenes, grouping)
        recorded, unread = recorded_changes(context, subject, grouping.span)
        evidence = (
            f"{plural(found.records, 'record')} read from {_streams(len(self._streams))}",
            _log_words(lines, subject.log_group, by_lines=options.by_lines),
            *self._notes,
            *known.notes,
            *([unread] if unread else []),
        )
        return Audited(
            gaps=self._gaps(found, grouping.groups(recorded), hidden, evidence),
            store=store,
            shards=found.shards,
            scenes=scenes,
        )

    def _scene(self, stream: str, known: GapFacts) -> Scene:
        scene = scene_of(self._subject, known, stream)
        changed = max((one.at for one in scene.changes), default=None)
        if changed is None:
            return scene
        return replace(scene, older_settings=self._store.last_processed(changed - RESTART))

    # --- the sink -----------------------------------------------------------------------------------------

    def _compare_sink(self, *, everything: bool) -> None:
        """Look up the entries of inserts that the log does not show as processed; of all inserts with ``everything``.

        Raises:
            DdbInsertError: All were asked for, and cannot be looked up: nothing can be said then.
        """
        aws, store = self._context.aws, self._store
        if not (everything or sink_of(self._subject).arn):
            return
        ids = (one.event_id for one in store.open_inserts(everything=everything))
        try:
            sink = sink_with_entries(self._context, self._subject)
            for page in _pages(look_up_entries(aws, sink, ids if everything else list(ids))):
                store.mark_stored(page)
        except DdbInsertError as error:
            if everything:
                raise
            self._notes.append(f"sink: {error.message}")

    # --- judging ------------------------------------------------------------------------------------------

    def _judge(
        self, found: ReadStreams, known: GapFacts, scenes: Mapping[str, Scene], grouping: Grouping
    ) -> dict[str, list[float]]:
        """Judge the open inserts; return the times of those that could not be judged, by reason."""
        passed = self._store.passed(known.now - self._settle)
        beyond = _passed_descendants(passed, found.parents)
        hidden: dict[str, list[float]] = {}
        marked: list[tuple[Insert, JudgedInsert]] = []
        for one in self._store.suspects():
            if one.at > self._until:
                continue
            place = found.shards[one.shard]
            given = self._given(one.event_id)
            state = given.state if given else None
            around = Around(
                passed_over=one.shard in beyond or passed.get(one.shard, 0) > one.place,
                skipped=scenes[place[0]].in_order and self._is_skipped(one),
                document=known.document_of(place, one),
                repaired_at=given.at if given and state is State.DONE else None,
                answered=state is State.FAILED,
                given_at=given.at if given and state is State.SENT else None,
            )
            judged = judge(one, scenes[place[0]], around)
            self._counts[judged.outcome] += 1
            self._counts["repaired"] += around.repaired_at is not None and one.ok_at is None
            match judged.outcome:
                case InsertOutcome.MISSED:
                    self._counts["test"] += is_test_key(json.loads(one.keys))
                    grouping.add(one, judged, place[0])
                case InsertOutcome.WAITING:
                    self._counts[f"waits: {judged.why}"] += 1
                case InsertOutcome.UNJUDGED:
                    span = hidden.setdefault(judged.why, [one.at, one.at, 0.0])
                    hidden[judged.why] = [min(span[0], one.at), max(span[1], one.at), span[2] + 1]
                case InsertOutcome.PROCESSED:
                    continue
            marked.append((one, judged))
            if len(marked) >= _MARKED:
                self._store.mark(marked)
                marked = []
        self._store.mark(marked)
        return hidden

    def _is_skipped(self, one: Insert) -> bool:
        before, after = self._store.neighbours(one)
        return bool(before) and before == after

    # --- the result ---------------------------------------------------------------------------------------

    def _gaps(
        self,
        found: ReadStreams,
        groups: tuple[Group, ...],
        hidden: Mapping[str, Collection[float]],
        evidence: tuple[str, ...],
    ) -> Gaps:
        counts, subject = self._counts, self._subject
        inserts = self._store.count_until(self._until) + found.unrecognizable.count
        missed, waiting = counts[InsertOutcome.MISSED], counts[InsertOutcome.WAITING]
        unjudged = counts[InsertOutcome.UNJUDGED] + found.unrecognizable.count
        return Gaps(
            table=subject.table.name,
            function=subject.function.name,
            log_group=subject.log_group,
            since=self._since,
            until=self._until,
            inserts=inserts,
            excluded=found.excluded.count,
            processed=inserts - missed - waiting - unjudged,
            waiting=waiting,
            missed=missed,
            unjudged=unjudged,
            repaired=counts["repaired"],
            test_items=counts["test"],
            waiting_for={
                name.removeprefix("waits: "): count
                for name, count in counts.items()
                if name.startswith("waits: ")
            },
            groups=groups,
            stretches=(*self._unseen(found), *_unjudged(hidden)),
            evidence=evidence,
        )

    def _unseen(self, found: ReadStreams) -> Iterator[Stretch]:
        """The requested times of which not every insert is known."""
        begins = self._stream_begins
        if begins > self._since + 1:
            yield Stretch(
                since=self._since,
                until=min(begins, self._until),
                why="the stream contains no records of this time: it keeps them for 24 hours, from when it was enabled",
            )
        if found.unrecognizable.count:
            yield Stretch(
                since=self._since,
                until=self._until,
                why="their keys are too short to be recognized in log lines",
                count=found.unrecognizable.count,
            )
        if found.trimmed:
            yield Stretch(
                since=self._since,
                until=self._since,
                why="the oldest records reached the end of the stream's 24 hours while they were read",
            )
        yield from (one for one in reach.off_between(self._streams, self._since) if one.since < self._until)


def _passed_descendants(passed: Mapping[int, int], parents: Mapping[int, int | None]) -> set[int]:
    """The shards with a descendant that contains a processed insert: they were read to their ends."""
    found: set[int] = set()
    for shard in passed:
        above = parents.get(shard)
        while above is not None and above not in found:
            found.add(above)
            above = parents.get(above)
    return found


def _unjudged(hidden: Mapping[str, Collection[float]]) -> Iterator[Stretch]:
    for why, (first, last, count) in hidden.items():
        yield Stretch(since=first, until=last, why=why, count=int(count))


def _pages(found: Iterator[tuple[str, bool]]) -> Iterator[list[tuple[str, bool]]]:
    page: list[tuple[str, bool]] = []
    for one in found:
        page.append(one)
        if len(page) >= _MARKED:
            yield page
            page = []
    yield page


def _log_words(lines: PastLines, group: str, *, by_lines: bool) -> str:
    what = plural(lines.lines, "line") + " with a key" if by_lines else plural(lines.lines, "receipt")
    return f"{what} read from {group}; invocations that ended: {lines.ends:,}"


def _streams(count: int) -> str:
    return "the stream" if count == 1 else f"{count} streams"
