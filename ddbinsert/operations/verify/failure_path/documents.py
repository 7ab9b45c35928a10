"""Finding, reading and removing the documents about failing test items at a mapping's on-failure destination.

Reading a queue makes its messages invisible to others for some seconds, and counts as a receive. So it is read only a
few times, after the failing item must have arrived; and not at all if it has other consumers, or if a redrive policy
might move messages that were there before.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ddbinsert.aws.wait import pauses
from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.items.run_key import number_in
from ddbinsert.core.proof.failure_path.outcome import Kept
from ddbinsert.errors import DdbInsertError
from ddbinsert.operations.failures.find import opened, reader_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ddbinsert.core.failed_records import Failure, Record
    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.operations.failures.find import Opened, StoredFailure
    from ddbinsert.operations.verify.context import VerifyContext

#: Number of reads of the destination in one trial, and seconds between them, which increase.
_LOOKS: Final = 8
_FIRST, _LONGEST = 0.5, 20.0
#: Seconds by which the clocks of AWS hosts may differ.
_SKEW: Final = 60.0


class Documents:
    """The documents of one mapping's function.

    Args:
        mapping: The mapping with the destination.
        function: Its name: documents about other functions are not touched.
        beside: The user's own mapping, if the function is a tap: every document about a tap concerns test items, and the
            user's function may have failed on test items, too.

    Attributes:
        unread: Why the destination is not read; empty if it is.
        others_come: The last removal found a document about the user's own function beside a tap: more may arrive.
    """

    def __init__(
        self,
        context: VerifyContext,
        mapping: MappingState,
        function: str,
        *,
        beside: MappingState | None = None,
    ) -> None:
        self._context = context
        self._mapping = mapping
        self._arn = mapping.on_failure or ""
        self._function = function
        self._beside = beside
        self._pauses = pauses(_FIRST, _LONGEST)
        self._due = 0.0
        self._looks = 0
        self.kept: tuple[Kept, ...] = ()
        self.unread = ""
        self.others_come = False

    def prepare(self) -> None:
        """Check whether the destination can be read without side effects."""
        self.unread = _why_not(self._context, self._arn)

    def read_if_due(self, run_id: str, place: tuple[str, int] | None, poison: str) -> bool:
        """Read the destination, if the next read is due; return whether it has a document about the failing item.

        Args:
            place: The failing item's shard and sequence number; None if its record was not read.
            poison: Its eventID.
        """
        if self.unread or self.kept or not poison or self._context.clock.monotonic() < self._due:
            return bool(self.kept)
        if self._looks >= _LOOKS:
            return False
        self._looks += 1
        self._due = self._context.clock.monotonic() + next(self._pauses)
        try:
            with opened(self._context.aws, self._arn, self._mapping, self._function) as found:
                self.kept = tuple(self._about(found, run_id, place, poison))
        except DdbInsertError as error:
            self.unread = error.message
        return bool(self.kept)

    def _about(
        self, found: Opened, run_id: str, place: tuple[str, int] | None, poison: str
    ) -> Iterator[Kept]:
        """The documents whose range contains the failing item, with the records that can be read back."""
        for one in found.stored:
            failure = one.failure
            if failure is None or (place is not None and not _contains(failure, *place)):
                continue
            records, why = self._records(failure)
            recovered = any(str(record.get("eventID")) == poison for record in records)
            if place is None and not recovered:
                continue  # nothing shows that it concerns this item
            covers = (str(record.get("eventID")) for record in records if _number(record, run_id) is not None)
            yield Kept(
                id=failure.id,
                condition=failure.condition,
                attempts=failure.attempts,
                covers=frozenset(covers),
                recovered=recovered,
                why=why or ("" if recovered else "its range does not contain the record"),
            )

    def _records(self, failure: Failure) -> tuple[tuple[Record, ...], str]:
        """The records of a document as `failures show` reads them back, or why they cannot be read."""
        try:
            return reader_of(self._context.aws, self._context.clock).fetch(failure).records, ""
        except DdbInsertError as error:
            return (), error.message

    def remove(self, run_ids: Collection[str], *, since: float) -> tuple[str, ...]:
        """Delete the documents that concern only items of these runs; return what is left, one line each.

        Args:
            since: Epoch seconds; older documents concern other records.
        """
        if self.unread:
            return (f"a document about a test item may be at {self._arn}, which was not read: {self.unread}",)
        # In a bucket each mapping has its own prefix; a queue is read once for both.
        apart = arn_parts(self._arn).service == "s3"
        mappings = [self._mapping, *([self._beside] if self._beside and apart else [])]
        left: list[str] = []
        self.others_come = False
        try:
            for mapping in mappings:
                with opened(self._context.aws, self._arn, mapping, None) as found:
                    left += [
                        one.failure.id
                        for one in found.stored
                        if one.failure
                        and _is_newer(one.failure, since)
                        and not self._removed(found, one, one.failure, run_ids)
                    ]
        except DdbInsertError as error:
            return (f"a document about a test item may be left at {self._arn}: {error.message}",)
        return tuple(f"{self._arn}: document {one} is about test items and other records" for one in left)

    def _removed(self, found: Opened, one: StoredFailure, failure: Failure, run_ids: Collection[str]) -> bool:
        """Whether a document needs no further action: it was deleted, or does not concern test items."""
        names = {self._function, *([self._beside.function_name] if self._beside else [])}
        if failure.function_name not in names:
            return True
        if self._beside is None or failure.function_name != self._function:
            records, why = self._records(failure)
            ours = [any(_number(record, run_id) is not None for run_id in run_ids) for record in records]
            if not any(ours):
                return True
            self.others_come = self._beside is not None
            # A range also contains records that the filter excluded: the document's record count is what matters.
            if why or (failure.count > sum(ours) if failure.records is None else not all(ours)):
                return False
        found.place.replace(one, ())
        return True


def _is_newer(failure: Failure, since: float) -> bool:
    """Whether a document was written after this time; true if it has no time."""
    try:
        at = datetime.fromisoformat(failure.at)
    except ValueError:
        return True
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() >= since - _SKEW


def _contains(failure: Failure, shard: str, sequence: int) -> bool:
    return failure.shard == shard and int(failure.first) <= sequence <= int(failure.last)


def _number(record: Record, run_id: str) -> int | None:
    return number_in((record.get("dynamodb") or {}).get("Keys"), run_id)


def _why_not(context: VerifyContext, arn: str) -> str:
    """Why a destination must not or cannot be read; empty if it can."""
    from ddbinsert.aws.failure_places import has_redrive_policy, held, open_destination
    from ddbinsert.aws.read.resources import read_mappings

    if arn_parts(arn).service == "s3":
        return ""
    try:
        queue = open_destination(context.aws, arn).arn
        readers = [
            one.function_name for one in read_mappings(context.aws, stream_arn=queue) if one.is_enabled
        ]
        if readers:
            return f"{' and '.join(readers)} consumes {resource_name(queue)}"
        if has_redrive_policy(context.aws, queue) and held(context.aws, queue, mapping=""):
            return (
                f"{resource_name(queue)} holds messages, and has a redrive policy: reading it might move them to its "
                "dead-letter queue"
            )
    except DdbInsertError as error:
        return error.message
    return ""
