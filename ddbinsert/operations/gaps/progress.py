"""What an interrupted audit has read of the streams, so that the same command can go on with it.

Records of a stream never change, so what was read stays valid: the inserts are kept on disk together with the position
in each shard. The log is read again as a whole: its lines may appear late, and reading it again changes nothing about
an insert.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, field
from typing import TYPE_CHECKING, Any, Final

from ddbinsert import __version__
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ddbinsert.core.clock import Clock

#: Seconds after which an interrupted audit is not continued: the stream keeps its records for as long.
_KEPT_FOR: Final = 24 * 3600.0


@dataclass(kw_only=True)
class ReadStreams:
    """What was found in the streams besides the inserts in the store.

    Attributes:
        shards: (stream, shard) by the number that identifies it in the store.
        excluded: Number of INSERT records that the filter excludes.
        others: Number of MODIFY and REMOVE records.
        unrecognizable: Number of inserts whose key is too short to be recognized in a log line.
        trimmed: Records reached the end of the retention while the stream was read.
    """

    shards: list[tuple[str, str]] = field(default_factory=list)
    parents: dict[int, int | None] = field(default_factory=dict)
    records: int = 0
    excluded: int = 0
    others: int = 0
    unrecognizable: int = 0
    trimmed: bool = False


@dataclass(kw_only=True)
class Progress:
    """What an audit has read.

    Attributes:
        since: Start of the audited period, epoch seconds.
        until: Its end; None if that is when the audit ends.
        at: Epoch seconds at which this was kept.
        done: The streams that were read to their ends.
        after: By stream and shard, the sequence number of the last record that was read.
        ended: By stream, the shards that were read to their ends.
    """

    since: float
    until: float | None
    found: ReadStreams
    at: float = 0.0
    done: list[str] = field(default_factory=list)
    after: dict[str, dict[str, str]] = field(default_factory=dict)
    ended: dict[str, list[str]] = field(default_factory=dict)

    def text(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def of(text: str, now: float) -> Progress | None:
        """The progress in a text; None if there is none, or if it is too old."""
        if not text:
            return None
        kept: dict[str, Any] = json.loads(text)
        if now - kept["at"] > _KEPT_FOR:
            return None
        found = kept.pop("found")
        found["shards"] = [(stream, shard) for stream, shard in found["shards"]]
        found["parents"] = {int(number): parent for number, parent in found["parents"].items()}
        return Progress(found=ReadStreams(**found), **kept)


def audit_path(folder: Path, clock: Clock, parts: Iterable[str]) -> Path:
    """The file of an audit that can be continued; those that are too old are removed.

    Args:
        parts: What identifies the audit: one with other options reads something else.
    """
    for old in folder.glob("*.sqlite*") if folder.is_dir() else ():
        try:
            if clock.now() - old.stat().st_mtime > _KEPT_FOR:
                old.unlink()
        except OSError:
            continue
    what = "\n".join((__version__, *parts))
    return folder / f"{hashlib.sha256(what.encode()).hexdigest()[:16]}.sqlite"
