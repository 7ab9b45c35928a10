"""The sink of a template as a source of a run: entries of processed records are read back, and removed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import translated
from ddbinsert.aws.read.resources import read_table
from ddbinsert.aws.write.items import ItemWriter
from ddbinsert.core.arn import arn_parts, parse_arn, resource_name
from ddbinsert.core.model.record import EventName, KeyType
from ddbinsert.core.model.wanted import NEED_A_SINK, Template
from ddbinsert.core.proof.causes.sinks import SinkState
from ddbinsert.core.trigger.policy import of_handler
from ddbinsert.errors import AwsError, DdbInsertError
from ddbinsert.operations.verify.own_code import template_of
from ddbinsert.operations.verify.second_look import role_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.proof.tally import Tally
    from ddbinsert.operations.verify.subject import Subject

VARIABLE = "SINK_ARN"
_KEY = "eventID"
_PAGE = 100
_TRIES = 5
_PAUSE = 0.2


def sink_of(subject: Subject) -> SinkState:
    """The sink in the function's configuration."""
    arn = subject.running.environment.get(VARIABLE, "").strip()
    if arn:
        return SinkState(arn=arn)
    if subject.running.tags_unread:
        return SinkState(unchecked=f"whether it needs one is unknown: {subject.running.tags_unread}")
    template = _template(subject)
    return SinkState(
        needed=template in NEED_A_SINK, own_log=template is Template.AUDIT_LOG, granted=subject.granted
    )


def granted_without_sink(aws: Aws, subject: Subject) -> tuple[str, ...]:
    """Tables to which the role of an audit log without a sink may write; nothing is read for other functions."""
    if subject.running.environment.get(VARIABLE, "").strip() or _template(subject) is not Template.AUDIT_LOG:
        return ()
    role = role_of(aws, subject)
    return of_handler(role.policy) if role is not None else ()


def _template(subject: Subject) -> Template | None:
    """The template that the function runs; checked only for ddbinsert's functions, as building packages takes time."""
    return template_of(subject.running) if subject.running.is_ours else None


class SinkReader:
    """Reads entries back from a sink that is a DynamoDB table."""

    def __init__(self, aws: Aws, clock: Clock, subject: Subject) -> None:
        self._aws = aws
        self._clock = clock
        self._subject = subject
        self._state = sink_of(subject)

    @property
    def is_there(self) -> bool:
        return bool(self._state.arn)

    def entries_of(self, event_ids: list[str]) -> SinkState:
        """Read the entries of these records, or return why they cannot be read; without a sink, what is known of it."""
        arn = self._state.arn
        if not arn:
            return self._state
        why = self._why_not()
        if why:
            missing = self._is_missing()
            known = not missing or _template(self._subject) is not None
            return SinkState(arn=arn, unchecked=why, missing=missing, is_templates=known)
        try:
            absent = self._absent(event_ids)
        except AwsError as error:
            return SinkState(arn=arn, unchecked=error.message)
        return SinkState(arn=arn, expected=len(event_ids), absent=tuple(absent))

    def _why_not(self) -> str:
        arn = self._state.arn
        try:
            parts = arn_parts(arn)
        except (DdbInsertError, ValueError):
            return f"{arn} is not a valid ARN"
        here = arn_parts(self._subject.table.function_place)
        if parts.service != "dynamodb":
            skips = "; the function skips test items (TEST_ITEMS=skip)" if self._skips else ""
            return f"entries in {parts.service} can't be read back{skips}"
        if (parts.account, parts.region) != (here.account, here.region):
            return "it is in another account or region"
        return self._why_no_table

    @property
    def _skips(self) -> bool:
        """Whether test items are skipped; a template does so only with a proof in the item's new image."""
        subject = self._subject
        if subject.running.environment.get("TEST_ITEMS") != "skip":
            return False
        match _template(subject):
            case None:
                return True  # the user's own code may skip them, as the variable says
            case Template.AUDIT_LOG:
                return False
            case _:
                return bool(subject.secret) and subject.view.has_new_image

    def _is_missing(self) -> bool:
        """Whether a read showed that the sink does not exist."""
        from ddbinsert.aws.sink_places import look_at

        target = parse_arn(self._state.arn.removesuffix(":*"))
        here = arn_parts(self._subject.table.function_place)
        if target is None or target.region not in ("", here.region):
            return False
        found = look_at(self._aws, target, is_deduplication=False)
        return found is not None and found.is_missing

    @property
    def _why_no_table(self) -> str:
        try:
            table = read_table(self._aws.of_function, resource_name(self._state.arn))
        except AwsError as error:
            return error.message
        if table is None:
            return "its table does not exist"
        first, *others = table.key.attributes
        is_ours = first.name == _KEY and first.type is KeyType.S and not others
        return "" if is_ours else f"its table is not keyed by {_KEY}"

    def _absent(self, ids: list[str]) -> list[str]:
        """The records without an entry; read again after a pause, as a handler may write after its receipt."""
        absent = ids
        for attempt in range(_TRIES):
            if attempt:
                self._clock.sleep(_PAUSE * attempt)
            absent = [
                name
                for start in range(0, len(absent), _PAGE)
                for name in self._page(absent[start : start + _PAGE])
            ]
            if not absent:
                break
        return absent

    def _page(self, ids: list[str]) -> list[str]:
        table = resource_name(self._state.arn)
        asked: Any = {
            "Keys": [{_KEY: {"S": name}} for name in ids],
            "ConsistentRead": True,
            "ProjectionExpression": _KEY,
        }
        with translated(f"read table {table}"):
            answer = self._aws.client("dynamodb").batch_get_item(RequestItems={table: asked})
        found = {item[_KEY]["S"] for item in answer.get("Responses", {}).get(table, ())}
        return [name for name in ids if name not in found]


class SinkSource(SinkReader):
    """Reads back the entries of a run's test items, and removes them."""

    def __init__(self, aws: Aws, clock: Clock, subject: Subject, tally: Tally) -> None:
        super().__init__(aws, clock, subject)
        self._tally = tally

    def check(self) -> SinkState:
        """Read the entries of the run's items, or return why they cannot be read."""
        bulk = self._bulk_processed()
        ids = sorted(self._processed() | bulk)
        if self._state.own_log:
            ids = sorted(self._processed())
            absent_here = tuple(name for name in ids if not self._is_logged(name))
            return replace(self._state, expected=len(ids), absent=absent_here)
        found = self.entries_of(ids)
        if found.absent and self._skips:
            why = (
                f"{len(found.absent)} of {len(ids)} entries are not in it, and the function may skip test items "
                "(TEST_ITEMS=skip), so it is unknown whether real items are stored"
            )
            return SinkState(arn=found.arn, unchecked=why, doubtful=True)
        unread = self._tally.script.bulk - len(bulk)
        if not unread or not found.expected:
            return found
        return replace(
            found, unchecked=f"entries of {unread:,} items beyond the scripted ones were not read back"
        )

    def remove(self) -> None:
        """Delete the entries of this run's inserts."""
        if not self._state.arn or self._why_not():
            return
        writer = ItemWriter(self._aws.of_function, resource_name(self._state.arn), self._clock)
        for _ in writer.delete_all({_KEY: {"S": name}} for name in self._seen()):
            pass

    def _is_logged(self, event_id: str) -> bool:
        """Whether a line of the function's log contains the entry of this record."""
        return any(
            event_id in one.text
            for lane in self._tally.lanes
            if event_id in lane.records or event_id in lane.processed
            for one in lane.mentioned
        )

    def _processed(self) -> set[str]:
        """The eventIDs of the processed inserts; by log lines only, those of the stream if every insert has its lines."""
        if not self._tally.receipts and self._tally.is_seen_in_lines:
            return set(self._inserted())
        return {
            name
            for lane in self._tally.lanes
            for name, one in lane.processed.items()
            if one.event_id and lane.name_of(one) == EventName.INSERT
        }

    def _bulk_processed(self) -> set[str]:
        """The eventIDs of the other items' inserts; empty if they are not known to be exactly the processed ones."""
        bulk = self._tally.bulk
        is_exact = len(bulk.event_ids) == bulk.processed.count == self._tally.script.bulk
        return bulk.event_ids if is_exact else set()

    def _seen(self) -> Iterator[str]:
        """The eventIDs of all records of this run that the function may have stored."""
        yield from {one.event_id for lane in self._tally.lanes for one in lane.receipts if one.event_id}
        yield from self._tally.bulk.event_ids
        if not self._tally.receipts:
            yield from self._inserted()

    def _inserted(self) -> Iterator[str]:
        """The eventIDs of the scripted items' inserts, from the stream."""
        for lane in self._tally.lanes:
            yield from (
                name for name, one in lane.records.items() if name and one.event_name == EventName.INSERT
            )
