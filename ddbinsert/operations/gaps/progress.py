"""What an interrupted audit has read of the streams, so that the same command can go on with it.

Records of a stream never change, so what was read stays valid: the inserts are kept on disk together with the position
in each shard. The log is read again as a whole: its lines may appear late, and reading it again changes nothing about
an insert.
"""

from __future__ import annotations

import hashlib
import json
import math
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
class PeriodCount:
    """The number of records up to the end of the audited period, which a continued audit moves on.

    Attributes:
        count: Number of records up to the end.
        later: Number of later ones, which were written while the stream was read, by second.
    """

    count: int = 0
    later: dict[int, int] = field(default_factory=dict)

    def add(self, at: float, until: float) -> None:
        """Count a record that was written at a time in epoch seconds."""
        if at <= until:
            self.count += 1
        else:
            second = math.ceil(at)
            self.later[second] = self.later.get(second, 0) + 1

    def extend(self, until: float) -> None:
        """Move the end of the period."""
        for second in [one for one in self.later if one <= until]:
            self.count += self.later.pop(second)


@dataclass(kw_only=True)
class ReadStreams:
    """What was found in the streams besides the inserts in the store.

    Attributes:
        shards: (stream, shard) by the number that identifies it in the store.
        excluded: INSERT records that the filter excludes.
        unrecognizable: Inserts whose key is too short to be recognized in a log line.
        trimmed: Records reached the end of the retention while the stream was read.
    """

    shards: list[tuple[str, str]] = field(default_factory=list)
    parents: dict[int, int | None] = field(default_factory=dict)
    records: int = 0
    excluded: PeriodCount = field(default_factory=PeriodCount)
    unrecognizable: PeriodCount = field(default_factory=PeriodCount)
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
        for name in ("excluded", "unrecognizable"):
            later = {int(second): count for second, count in found[name]["later"].items()}
            found[name] = PeriodCount(count=found[name]["count"], later=later)
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
