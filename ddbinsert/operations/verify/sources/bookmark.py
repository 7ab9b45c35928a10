"""A position in the stream, taken in parallel with other reads, as it needs two round trips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.read.streams import StreamReader
from ddbinsert.errors import AwsError, PrerequisiteError

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock


class StreamBookmark:
    """The start of a stream reader: behind the newest record at the time of ``take``."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._reader: StreamReader | None = None

    def take(self, stream_arn: str) -> None:
        """Take the position; an error is ignored here, and raised when ``reader`` is called."""
        reader = StreamReader(self._aws, stream_arn, clock=self._clock, latest=True)
        try:
            reader.open()
        except (AwsError, PrerequisiteError):
            return
        self._reader = reader

    def reader(self, stream_arn: str) -> StreamReader:
        """A reader; the first call returns the one with the taken position.

        Raises:
            AwsError: The stream cannot be read.
            PrerequisiteError: The stream does not exist.
        """
        reader, self._reader = self._reader, None
        if reader is None:
            reader = StreamReader(self._aws, stream_arn, clock=self._clock, latest=True)
            reader.open()
        return reader
