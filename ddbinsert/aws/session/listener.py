"""An observer of every answer of a connection, for a run that records the evidence of its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.logs.event import LogEvent


class Listener(Protocol):
    """Called from several threads at once; must not raise."""

    def on_answer(
        self, service: str, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> None:
        """A call was answered."""

    def on_error(self, service: str, operation: str, request: Mapping[str, Any], error: Exception) -> None:
        """A call ended without an answer, after all its attempts."""

    def records(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Stream records were read, in the shape in which Lambda passes them to a function."""

    def on_log_line(self, group: str, event: LogEvent) -> None:
        """A log line was read for the first time."""
