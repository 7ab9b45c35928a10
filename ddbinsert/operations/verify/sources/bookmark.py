"""A place in the stream, taken while something else is being asked: two round trips that nobody waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.read.streams import StreamReader
from ddbinsert.errors import AwsError, PrerequisiteError

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock


class StreamBookmark:
    """Where a reader of its own begins: behind the newest record, as of ``take``."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._reader: StreamReader | None = None

    def take(self, stream_arn: str) -> None:
        """Take it; what goes wrong goes wrong again, and is told, when the reader is asked for."""
        reader = StreamReader(self._aws, stream_arn, clock=self._clock, latest=True)
        try:
            reader.open()
        except (AwsError, PrerequisiteError):
            return
        self._reader = reader

    def reader(self, stream_arn: str) -> StreamReader:
        """The reader; the one whose place was taken already, the first time.

        Raises:
            AwsError, PrerequisiteError: The stream may not be read, or isn't there.
        """
        reader, self._reader = self._reader, None
        if reader is None:
            reader = StreamReader(self._aws, stream_arn, clock=self._clock, latest=True)
            reader.open()
        return reader
