"""stdout and stderr that may be closed or full: a failed write does not change the exit code."""

from __future__ import annotations

import io
from typing import Any, TextIO


class CheckedStream(io.TextIOBase):
    """A stream that stores write errors instead of raising them.

    Attributes:
        failure: The first write error; nothing is written after it.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self.failure: Exception | None = None
        self._stream = stream
        if stream is None:  # closed when the process was started
            self.failure = ValueError("it is closed")

    def write(self, text: str) -> int:
        if self._stream is not None and self.failure is None:
            try:
                self._stream.write(text)
            except (OSError, ValueError) as error:
                self.failure = error
        return len(text)

    def flush(self) -> None:
        if self._stream is not None and self.failure is None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self.failure = error

    def is_on(self, stream: TextIO | None) -> bool:
        """Whether this writes to ``stream``."""
        return stream is not None and self._stream is stream

    @property
    def reason(self) -> str:
        """Why nothing more can be written, as text."""
        return str(getattr(self.failure, "strerror", None) or self.failure or "")

    def isatty(self) -> bool:
        try:
            return self._stream is not None and self._stream.isatty()
        except ValueError:  # closed
            return False

    def fileno(self) -> int:
        if self._stream is None:
            raise OSError("closed")
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
