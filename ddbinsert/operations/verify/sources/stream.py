"""The table's stream as a source of a run, read by verify itself, besides the mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.errors import AwsError, PrerequisiteError
from ddbinsert.operations.verify.sources.bookmark import StreamBookmark

if TYPE_CHECKING:
    from ddbinsert.aws.read.streams import StreamReader
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.proof.tally import Tally
    from ddbinsert.operations.verify.subject import Subject


class StreamSource:
    """Reads the scripted items' stream records; bulk items are too many to be read twice.

    Attributes:
        problem: Why the reading is not complete; empty if it is.
        complete: Every record that the scripted writes produce was read.
    """

    def __init__(self, aws: Aws, clock: Clock, subject: Subject, tally: Tally) -> None:
        self._aws = aws
        self._clock = clock
        self._subject = subject
        self._tally = tally
        self._reader: StreamReader | None = None
        self.problem = ""
        self.complete = False

    def open(self) -> None:
        """Start behind the newest record, before the first write; if that fails, the proof continues and reports it."""
        arn = self._subject.table.stream_arn
        if arn is None:
            return
        if self._subject.is_crowded and self._aws.is_aws:
            self.problem = (
                f"{self._subject.readers} functions read this stream already, and a shard serves no more"
            )
            return
        try:
            bookmark = self._subject.bookmark or StreamBookmark(self._aws, self._clock)
            self._reader = bookmark.reader(arn)
        except (AwsError, PrerequisiteError) as error:
            self._reader, self.problem = None, error.message

    @property
    def wanted(self) -> bool:
        """Whether there is more to read."""
        return self._reader is not None and not self.complete

    @property
    def awaited(self) -> bool:
        """Whether an otherwise complete run waits for this source."""
        return self.wanted

    def poll(self) -> None:
        """Read further records. An error ends the reading, not the run."""
        if self._reader is None:
            return
        try:
            for record in self._reader.poll_through():
                self._tally.streamed(record)
        except (AwsError, PrerequisiteError) as error:
            self._reader, self.problem = None, error.message
            return
        self.complete = self._tally.is_streamed
