"""What a proof needs, read while the trigger is still being attached: `attach-trigger --verify` waits for nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.operations.verify.sources.bookmark import StreamBookmark
from ddbinsert.operations.verify.sources.kinesis import kinesis_streams

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from ddbinsert.core.model.seen import World
    from ddbinsert.operations.verify.context import VerifyContext


class EarlyLook:
    """Takes a position in the live stream, and asks who else is given its records, as soon as the stream is there.

    Args:
        context: Made when it is first needed: connecting may fail, which is the attaching's to report.
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
        """Begin, where the world has a live stream that was not seen before."""
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
        """The position in the world's live stream; None if none was taken in that one."""
        if self._taken is None or world.table is None or world.table.stream_arn != self._stream:
            return None
        self._taken.result()
        return self._bookmark

    @property
    def kinesis(self) -> Future[tuple[str, ...]] | None:
        return self._kinesis


def _load() -> None:
    """Load what a proof consists of, while the attaching waits for AWS."""
    import ddbinsert.operations.verify.judge
    import ddbinsert.operations.verify.prove
    import ddbinsert.operations.verify.run  # noqa: F401
