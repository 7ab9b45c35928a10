"""One shard of one mapping: read, filtered, gathered into batches, handed over."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from tests.unit.reference_pattern import reference_matches

from .accounts import may_read, owner
from .arns import table_name
from .mapping_rules import cannot_access
from .roles import cannot_be_assumed
from .shards import position_of, shard_name, shard_of
from .wire import JsonObject, Refusal

if TYPE_CHECKING:
    from collections.abc import Sized

    from .context import Context
    from .delivery import Delivery
    from .mappings import PlayedMapping
    from .profile import Mappings, Streams
    from .roles import RoleBook

    Record = dict[str, Any]

_BRIEFLY, _IDLE = 0.1, 3.0  # seconds from look to look: while things happen, and when none did for a while
_A_WHILE = 5.0
_PAGE = 1000
_LOOK_AT_RIGHTS = 0.1


class ShardPoller(threading.Thread):
    """Reads the emulator's one shard and takes the records that belong to this virtual one."""

    def __init__(
        self,
        mapping: PlayedMapping,
        delivery: Delivery,
        settings: Mappings,
        context: Context,
        roles: RoleBook,
        *,
        streams: Streams,
        shard: int,
    ) -> None:
        super().__init__(name=f"rig-poller-{mapping.uuid[:8]}-{shard}", daemon=True)
        self._mapping = mapping
        self._delivery = delivery
        self._settings = settings
        self._context = context
        self._roles = roles
        self._streams = streams
        self._shard = shard
        self._iterator: str | None = None
        self._gathered: list[tuple[str, Record]] = []  # each with its shard's name
        self._since = 0.0
        self._looked = float("-inf")
        self._allowed = False
        self._applied: JsonObject | None = None
        self._resumes = 0.0

    def run(self) -> None:
        """Looks again at once when something was written through the rig, else every so often.

        Unlooked-for are only writes of handlers, expired items and times that have come.
        """
        woken = self._context.wakes.of(table_name(self._mapping.stream_arn))
        news, busy_until = 0, time.monotonic() + _A_WHILE
        while not (self._context.stopping.is_set() or self._mapping.ended.is_set()):
            if self._turn():
                busy_until = time.monotonic() + _A_WHILE
                continue
            seen = woken.wait(news, _BRIEFLY if time.monotonic() < busy_until else _IDLE)
            if seen != news:
                news, busy_until = seen, time.monotonic() + _A_WHILE

    def _turn(self) -> bool:
        """Read and hand over once; whether there was anything to do."""
        settings = self._mapping.effective(self._context.clock())
        if settings is None or not settings.get("Enabled", True) or self._restarts(settings):
            return False
        try:
            page = self._read() if self._may_read() else None
        except (Refusal, OSError):
            return False  # the stream is gone, or the emulator is: the mapping stays as it is
        matching = [(shard, record) for shard, record in page or () if _passes(record, settings)]
        if page is not None:
            self._count(page, matching, settings)
        if matching and not self._gathered:
            self._since = self._context.clock()
        self._gathered += matching
        return self._hand_over(settings) or bool(page)

    def _restarts(self, settings: JsonObject) -> bool:
        """Whether polling has stopped because other settings have just come into force."""
        now = self._context.clock()
        if self._applied is not None and self._applied is not settings and self._settings.restart:
            self._resumes = now + self._settings.restart
            if self._mapping.starting_position == "LATEST":
                self._iterator, self._gathered = None, []
        self._applied = settings
        return now < self._resumes

    def _count(self, page: Sized, matching: Sized, settings: JsonObject) -> None:
        numbers = {"PolledEventCount": len(page)}
        if page and _filters(settings):
            numbers["FilteredOutEventCount"] = len(page) - len(matching)
        self._context.counts.add(self._mapping, settings, self._context.clock(), **numbers)

    def _hand_over(self, settings: JsonObject) -> bool:
        """Hand over what is due: full batches, or all once the window is over; each batch is of one shard."""
        size = int(settings.get("BatchSize") or 100)
        window = float(settings.get("MaximumBatchingWindowInSeconds") or 0)
        handed = False
        while self._gathered:
            shard, _ = self._gathered[0]
            same = [record for name, record in self._gathered if name == shard]
            waits = len(same) == len(self._gathered) < size  # more may come, as the shard has not ended
            if waits and self._context.clock() < self._since + window:
                return handed
            batch = same[:size]
            self._gathered = self._gathered[len(batch) :]
            try:
                self._delivery.deliver(batch, settings, shard=shard)
            except OSError:
                return handed  # the rig ends
            handed = True
        return handed

    def _may_read(self) -> bool:
        """Whether the role lets Lambda read; looked up only every so often."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_AT_RIGHTS:
            self._looked, self._allowed = now, self._is_allowed()
        return self._allowed

    def _is_allowed(self) -> bool:
        mapping = self._mapping
        if not self._roles.assumable(mapping.access, mapping.role_arn):
            mapping.last_result = f"PROBLEM: {cannot_be_assumed().message}"
            return False
        if not may_read(self._context, self._roles, mapping.access, mapping.role_arn, mapping.stream_arn):
            mapping.last_result = f"PROBLEM: {cannot_access(mapping.stream_arn)}"
            return False
        return True

    def _read(self) -> list[tuple[str, Record]]:
        """The next records of this shard (and of its child), in the shape in which Lambda hands them over."""
        access = owner(self._mapping.access, self._mapping.stream_arn)
        if self._iterator is None:
            asked = {
                "StreamArn": self._mapping.stream_arn,
                "ShardId": "shardId-00000000000000000000-00000000",
                "ShardIteratorType": self._mapping.starting_position,
            }
            answer = self._context.upstream.json("dynamodbstreams", "GetShardIterator", asked, access)
            self._iterator = str(answer["ShardIterator"])
        start = position_of(self._iterator)
        page = {"ShardIterator": self._iterator, "Limit": _PAGE}
        answer = self._context.upstream.json("dynamodbstreams", "GetRecords", page, access)
        self._iterator = answer.get("NextShardIterator") or self._iterator
        return [
            (self._name_at(position), {**record, "eventSourceARN": self._mapping.stream_arn})
            for position, record in enumerate(answer.get("Records", []), start)
            if shard_of(record, self._streams) == self._shard
        ]

    def _name_at(self, position: int) -> str:
        return shard_name(position, self._shard, split_every=self._streams.split_every)


def _filters(settings: JsonObject) -> list[JsonObject]:
    return (settings.get("FilterCriteria") or {}).get("Filters") or []


def _passes(record: Record, settings: JsonObject) -> bool:
    filters = _filters(settings)
    return not filters or any(reference_matches(json.loads(one["Pattern"]), record) for one in filters)
