"""Reads of a proof that are made while `attach-trigger --verify` is still attaching the trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.operations.verify.sources.bookmark import StreamBookmark
from ddbinsert.operations.verify.sources.kinesis import kinesis_streams

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from ddbinsert.core.model.seen import World
    from ddbinsert.operations.verify.context import VerifyContext


class Prefetch:
    """Takes a position in the live stream and reads the stream's other consumers, as soon as the stream exists.

    Args:
        context: Called at first use: connecting may fail, which the attaching reports.
    """

    def __init__(self, context: Callable[[], VerifyContext]) -> None:
        self._make = context
        self._context: VerifyContext | None = None
        self._stream = ""
        self._bookmark: StreamBookmark | None = None
        self._taken: Future[None] | None = None
        self._kinesis: Future[tuple[str, ...]] | None = None

    @property
    def context(self) -> VerifyContext:
        if self._context is None:
            self._context = self._make()
        return self._context

    def saw(self, world: World) -> None:
        """Start, if the world has a live stream that was not seen before."""
        table = world.table
        if table is None or table.stream_arn is None or table.stream_arn == self._stream:
            return
        aws, stream = self.context.aws, table.stream_arn
        self._stream = stream
        bookmark = self._bookmark = StreamBookmark(aws, self.context.clock)
        self._taken = aws.start(lambda: bookmark.take(stream))
        if self._kinesis is None:
            self._kinesis = aws.start(lambda: kinesis_streams(aws, table.name))
            aws.start(_load)

    def bookmark(self, world: World) -> StreamBookmark | None:
        """The position in the world's live stream; None if none was taken in this stream."""
        if self._taken is None or world.table is None or world.table.stream_arn != self._stream:
            return None
        self._taken.result()
        return self._bookmark

    @property
    def kinesis(self) -> Future[tuple[str, ...]] | None:
        return self._kinesis


def _load() -> None:
    """Import the modules of a proof while the attaching waits for AWS."""
    import ddbinsert.operations.verify.judge
    import ddbinsert.operations.verify.prove
    import ddbinsert.operations.verify.run  # noqa: F401
