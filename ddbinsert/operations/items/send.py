"""Test inserts: written, modified and removed as requested, and cleaned up in any case."""

from __future__ import annotations

import shlex
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, ClassVar

from ddbinsert.advice import Advice
from ddbinsert.core.items.samples import Sent
from ddbinsert.core.words import plural
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import DdbInsertError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.aws.write.items import ItemWriter
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.items.convert import Item
    from ddbinsert.core.items.samples import Samples
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.trigger.reporter import Reporter
    from ddbinsert.operations.items.files import Draft
    from ddbinsert.operations.items.open_sends import OpenSends

_SHOWN_KEYS = 3


@dataclass(frozen=True, kw_only=True)
class SendOptions:
    """Options of a run besides the items.

    Attributes:
        modify: Modify each item once.
        remove: Remove each item, as a part of the test.
        keep: Keep the items; otherwise they are removed after ``hold`` seconds.
        rate: Maximum number of writes per second.
        patience: Seconds of throttling without progress after which the run fails.
    """

    modify: bool = False
    remove: bool = False
    keep: bool = False
    hold: float = 0.0
    rate: float | None = None
    patience: float = 120.0


class SendInterrupted(DdbInsertError):
    """Ctrl-C, raised after the cleanup."""

    exit_code: ClassVar[ExitCode] = ExitCode.INTERRUPTED
    default_code = "interrupted"


def templates_of(
    drafts: Sequence[Draft], schema: KeySchema, *, name: str, count: int | None
) -> tuple[Item, ...]:
    """The items of a file, after a check that each has the table's key.

    Raises:
        UsageError: An item does not have it, or two have the same key; lists every problem with its line.
    """
    from ddbinsert.core.items.convert import ItemError, canonical, key_in
    from ddbinsert.core.items.item_key import with_key
    from ddbinsert.core.items.run_key import key_of
    from ddbinsert.operations.items.files import refuse

    anything = key_of(schema, "0" * 12, 0)
    lines: dict[str, int] = {}
    problems = []
    for draft in drafts:
        try:
            whole, was_incomplete = with_key(draft.item, schema, anything)
        except ItemError as error:
            problems.append(f"{name}:{draft.line}: {error}")
            continue
        if was_incomplete:
            continue
        key = canonical(key_in(whole, schema))
        if key in lines:
            problems.append(f"{name}:{draft.line}: the same key as in line {lines[key]}")
        lines.setdefault(key, draft.line)
    refuse(problems)
    if lines and count is not None and count > len(drafts):
        raise UsageError(
            f"--count {count}, but {name} contains {len(drafts)} items with their own keys.",
            hint="Remove the key from the items, so that each gets a generated one; or omit --count.",
            code="item-file",
        )
    return tuple(draft.item for draft in drafts)


def send(
    aws: Aws,
    table: str,
    samples: Samples,
    options: SendOptions,
    *,
    undo: str | None,
    afterwards: str = "",
    clock: Clock,
    reporter: Reporter,
    opened: OpenSends | None = None,
) -> Sent:
    """Write the items, and remove them afterwards unless they are to be kept.

    Args:
        undo: The arguments of ``ddbinsert`` that remove what this run leaves behind; None if no command can.
        afterwards: Those that end the record of a killed run: ``undo``, or a look for items with the user's keys.
        opened: Where the run is recorded until its items are removed.

    Raises:
        Interrupted: Ctrl-C; its ``data`` says what was done.
        AwsError: AWS refused a call; its ``data`` says what was done.
    """
    from ddbinsert.operations.items.open_sends import OpenSend

    sender = _Sender(aws, table, samples, options, undo=undo, clock=clock, reporter=reporter)
    if opened is not None:
        opened.open(
            OpenSend(
                run_id=samples.run_id,
                table=table,
                count=samples.count,
                undo=tuple(shlex.split(afterwards or undo or "")),
                has_own_keys=undo is None,
                where=f"{aws.endpoint or 'AWS'}, region {aws.region}",
            )
        )
    ended = False
    try:
        sent = sender.run()
        ended = options.keep and not undo  # kept items with keys of the user's own are data
        return sent
    finally:
        if opened is not None:
            opened.end(samples.run_id)
            if (ended or not sender.sent.left) and not sender.sent.uncertain:
                opened.close(samples.run_id)


class _Sender:
    def __init__(
        self,
        aws: Aws,
        table: str,
        samples: Samples,
        options: SendOptions,
        *,
        undo: str | None,
        clock: Clock,
        reporter: Reporter,
    ) -> None:
        self._aws = aws
        self._undo = undo
        self._table = table
        self._samples = samples
        self._options = options
        self._clock = clock
        self._reporter = reporter
        self._made = self._writer()
        self._own = self._writer()
        self._own_items: list[Item] = []
        self._names = frozenset(samples.schema.types)
        self._gone = 0
        self.sent = Sent(
            table=table,
            run_id=samples.run_id,
            kept=options.keep,
            keys=[samples.key(number) for number in range(min(_SHOWN_KEYS, samples.count))],
        )

    def run(self) -> Sent:
        failure = self._ending(self._script)
        failure = self._ending(self._clean_up) or failure
        self.sent.uncertain = self._unanswered()
        if failure is not None:
            raise self._add_summary(failure) from failure
        return self.sent

    def _script(self) -> None:
        self._insert()
        if self._options.modify:
            self._modify()
        if self._options.remove:
            self._remove()
        elif not self._options.keep:
            self._hold()

    @staticmethod
    def _ending(part: Callable[[], None]) -> BaseException | None:
        """Run a part and return its exception, if any, so that the cleanup runs before it is raised."""
        try:
            part()
        except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - raised again after the cleanup
            return error
        return None

    def _writer(self) -> ItemWriter:
        from ddbinsert.aws.write.items import ItemWriter

        return ItemWriter(
            self._aws,
            self._table,
            self._clock,
            rate=self._options.rate,
            patience=self._options.patience,
        )

    def _insert(self) -> None:
        """Write items with generated keys in batches, as their keys are unique; those with the user's keys one by one."""
        samples, started = self._samples, self._clock.monotonic()
        partition, sort = samples.schema.partition.name, samples.schema.sort
        self._own.on_written = self._store_outcomes
        try:
            writes: Iterable[object] = chain(
                self._made.put_all(samples.item(number) for number in samples.generated_numbers()),
                self._own.put_new(
                    (samples.item(number) for number in samples.own()), partition, sort.name if sort else None
                ),
            )
            for _ in writes:
                self._report_progress(
                    "the items to be written", started, self._made.written + self._own.written
                )
        finally:
            self.sent.seconds = self._clock.monotonic() - started
            self.sent.inserted = self._made.written + self._own.written

    def _store_outcomes(self, outcomes: list[tuple[Item, Any]]) -> None:
        """Store the outcomes of the user's items: this run may remove only those that it wrote."""
        from ddbinsert.aws.write.items import Put
        from ddbinsert.core.items.convert import key_in

        for item, outcome in outcomes:
            if outcome is Put.UNSURE:
                continue  # unknown whether this run wrote it: see _unanswered
            if outcome is Put.WRITTEN:
                self._own_items.append(item)
            else:
                self.sent.existing.append(key_in(item, self._samples.schema))

    def _made_keys(self) -> Iterator[Item]:
        """The generated keys of items that this run wrote or may have written."""
        made = (self._samples.key(number) for number in self._samples.generated_numbers())
        return islice(made, self._made.attempted)

    def _modify(self) -> None:
        writer, started = self._writer(), self._clock.monotonic()
        ((name, value),) = self._samples.modified().items()
        try:
            every = chain(self._made_keys(), self._own_items)
            for _ in writer.modify_all(every, self._names, name, value):
                self._report_progress("the items to be modified", started, writer.written)
        finally:
            self.sent.modified = writer.written

    def _remove(self) -> None:
        try:
            self._delete("the items to be removed")
        finally:
            self.sent.removed = self._gone

    def _hold(self) -> None:
        if self._options.hold:
            self._reporter.step(
                f"keeping the items for {self._options.hold:g} s; Ctrl-C removes them at once"
            )
            self._clock.sleep(self._options.hold)

    def _delete(self, what: str) -> None:
        """Remove the items that are not removed yet; deleting one twice is harmless.

        Nobody else writes to a generated key. An item with a key of the user's is removed only with the values that
        this run wrote.
        """
        from ddbinsert.aws.write.items import Put
        from ddbinsert.core.items.convert import canonical, key_in

        writer, started = self._writer(), self._clock.monotonic()
        changed = {canonical(key) for key in self.sent.changed}
        try:
            for done in writer.delete_all(self._made_keys()):
                self._report_progress(what, started, done)
            for item, outcome in writer.delete_unchanged(self._own_items, self._names, self._samples.note):
                key = key_in(item, self._samples.schema)
                if outcome is Put.CHANGED and canonical(key) not in changed:
                    self.sent.changed.append(key)
                self._report_progress(what, started, writer.written)
        finally:
            self._gone = max(self._gone, writer.written)

    def _report_progress(self, what: str, started: float, done: int) -> None:
        elapsed = self._clock.monotonic() - started
        self._reporter.waiting(what, elapsed, f"{done:,} of {self._samples.count:,}")

    def _clean_up(self) -> None:
        possible = self._made.attempted + len(self._own_items)
        try:
            if not self._options.keep and self._gone + len(self.sent.changed) < possible:
                self._delete("the items to be removed again")
        finally:
            self.sent.left = possible - self._gone - len(self.sent.changed)
            self.sent.cleaned = self._gone - self.sent.removed

    def _unanswered(self) -> list[Item]:
        """Keys of the user's items that were sent without an answer: unknown whether this run wrote them."""
        from ddbinsert.core.items.convert import canonical, key_in

        schema = self._samples.schema
        written = (key_in(item, schema) for item in self._own_items)
        answered = {canonical(key) for key in chain(written, self.sent.existing)}
        tried = (self._samples.key(number) for number in islice(self._samples.own(), self._own.attempted))
        return [key for key in tried if canonical(key) not in answered]

    def _add_summary(self, failure: BaseException) -> BaseException:
        """The failure, with what was done before it and what is left."""
        sent = self.sent
        done = f"{plural(sent.inserted, 'item')} had been inserted"
        if not sent.left:
            fate = f"{done}; all of them were removed."
        elif sent.kept:
            fate = f"{done}; they stay in the table."
        else:
            fate = f"{done}; {sent.left} may still be there."
        hint = Advice("Remove them", tuple(shlex.split(self._undo))) if sent.left and self._undo else None
        match failure:
            case KeyboardInterrupt():
                failure = SendInterrupted(f"Interrupted. {fate}", hint=hint)
            case DdbInsertError():
                failure.message = f"{failure.message}\n{fate}"
                failure.hint = hint or failure.hint
            case _:
                return failure
        failure.data = sent  # type: ignore[attr-defined]
        return failure
