"""Records AWS's responses of a run for its evidence bundle: calls, stream records, log lines, in order of arrival.

They are kept in unnamed temporary files, so that memory does not grow with the run and no files are left. Sensitive
content is removed before it is written there.
"""

from __future__ import annotations

import tempfile
import threading
from typing import IO, TYPE_CHECKING, Any, Final

from ddbinsert.aws.errors import code_of, message_of
from ddbinsert.core.evidence import redaction
from ddbinsert.core.evidence.manifest import line as json_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ddbinsert.core.clock import Clock
    from ddbinsert.core.logs.event import LogEvent

CALLS, RECORDS, LINES = "observed/calls.jsonl", "observed/records.jsonl", "observed/lines.jsonl"
#: Bytes of each file that are kept in memory before it is written to the disk.
_IN_MEMORY: Final = 1 << 20
_PIECE: Final = 1 << 20


class Recorder:
    """A listener of a connection. Thread-safe.

    Attributes:
        problem: Why the recording is incomplete (a full disk, for example); empty if it is complete.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._files: dict[str, IO[bytes]] = {}
        self.problem = ""
        self.restart()

    def restart(self) -> None:
        """Discard everything: another run begins."""
        self.close()
        with self._lock:
            self.problem = ""
            for name in (CALLS, RECORDS, LINES):
                self._files[name] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - open for the run

    def close(self) -> None:
        """Discard everything; later responses are not recorded."""
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files = {}

    def content(self, name: str) -> Iterator[bytes]:
        """The content of one of the files, in pieces; nothing may be recorded meanwhile."""
        with self._lock:
            file = self._files[name]
            file.seek(0)
            while piece := file.read(_PIECE):
                yield piece

    # --- the connection's listener ----------------------------------------------------------------------

    def on_answer(
        self, service: str, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> None:
        self._keep(CALLS, redaction.call(service, operation, request, answer, at=self._clock.now()))

    def on_error(self, service: str, operation: str, request: Mapping[str, Any], error: Exception) -> None:
        found = redaction.call(service, operation, request, None, at=self._clock.now())
        self._keep(CALLS, {**found, "error": {"code": code_of(error), "message": message_of(error)}})

    def records(self, records: Sequence[Mapping[str, Any]]) -> None:
        for record in records:
            self._keep(RECORDS, redaction.record(record))

    def on_log_line(self, group: str, event: LogEvent) -> None:
        self._keep(
            LINES,
            redaction.line(
                event.message,
                group=group,
                stream=event.stream,
                timestamp=event.timestamp,
                ingested=event.ingested,
                event_id=event.event_id,
            ),
        )

    def _keep(self, name: str, document: Mapping[str, Any]) -> None:
        if self.problem:
            return
        try:
            text = json_line(document)
            with self._lock:
                if file := self._files.get(name):
                    file.write(text)
        except (OSError, ValueError) as error:
            self.problem = f"{name} could not be stored: {getattr(error, 'strerror', None) or error}"
