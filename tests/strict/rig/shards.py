"""The emulator's one shard shown as several with a lineage: they close, have children, and are read at a limit.

Every record has an absolute position in the emulator's stream. A generation of shards covers ``split_every``
positions; within a generation an item's key decides the shard.
"""

from __future__ import annotations

import base64
import json
import threading
import zlib
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from .wire import Access, Answer, Call, Forward, Handler, JsonObject, Refusal, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .context import Context
    from .profile import Streams

_UPSTREAM_SHARD = "shardId-00000000000000000000-00000000"


def shard_of(record: JsonObject, streams: Streams) -> int:
    """Which virtual shard a record is in: the same one for all items of a partition key.

    The emulator names the partition key first among a record's keys.
    """
    shards = streams.shards
    if shards == 1:
        return 0
    partition = next(iter((record["dynamodb"].get("Keys") or {}).items()), None)
    number = zlib.crc32(json.dumps(partition).encode())
    if not streams.apart:
        return number % shards
    value = next(iter(partition[1].values())) if partition else ""
    return 0 if str(value).startswith(streams.apart) else 1 + number % (shards - 1)


def shard_name(position: int, number: int, *, split_every: int) -> str:
    """The shard with this number (see :func:`shard_of`) in the generation that covers a position of the stream."""
    return _name(position // split_every if split_every else 0, number)


class StreamsBehaviour:
    """DescribeStream, GetShardIterator and GetRecords of virtual shards."""

    def __init__(self, settings: Streams, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._lock = threading.Lock()
        self._first_seen: dict[tuple[str, int], float] = {}
        self._reads: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {
            "dynamodbstreams:DescribeStream": self._describe,
            "dynamodbstreams:GetShardIterator": self._iterator,
            "dynamodbstreams:GetRecords": self._records,
        }

    def close(self) -> None:
        """Nothing to end."""

    def _describe(self, call: Call, forward: Forward) -> Answer:
        answer = forward(call)
        if not answer.ok:
            return answer
        description = answer.document["StreamDescription"]
        arn = description["StreamArn"]
        ended = description.get("StreamStatus") == "DISABLED"
        start, end = self._bounds(arn, call.access)
        shards = list(self._shards(arn, start, end, ended=ended))
        after = call.payload.get("ExclusiveStartShardId")
        if after:
            shards = [shard for shard in shards if shard["ShardId"] > after]
        limit = min(int(call.payload.get("Limit") or 100), 100)
        shown = {**description, "Shards": shards[:limit]}
        if len(shards) > limit:
            shown["LastEvaluatedShardId"] = shards[limit - 1]["ShardId"]
        return answer.with_document({**answer.document, "StreamDescription": shown})

    def _shards(self, arn: str, start: int, end: int, *, ended: bool) -> Iterator[JsonObject]:
        oldest, newest = self._generation(start), self._generation(end)
        shown = self._shown(arn, oldest, newest)
        for generation in range(oldest, shown + 1):
            bounds = {"StartingSequenceNumber": f"{self._begin(generation):021d}"}
            if ended or generation < newest:
                bounds["EndingSequenceNumber"] = f"{max(self._begin(generation + 1) - 1, 0):021d}"
            for shard in range(self._settings.shards):
                parent = {} if generation == oldest else {"ParentShardId": _name(generation - 1, shard)}
                yield {"ShardId": _name(generation, shard), "SequenceNumberRange": bounds, **parent}

    def _shown(self, arn: str, oldest: int, newest: int) -> int:
        """The newest generation that is shown: each is hidden for a while, and none longer for its parents' being so."""
        now = self._context.clock()
        with self._lock:
            since = [self._first_seen.setdefault((arn, one), now) for one in range(oldest + 1, newest + 1)]
        hidden = sum(now < seen + self._settings.child_hidden for seen in since)
        return newest - hidden

    def _iterator(self, call: Call, _forward: Forward) -> Answer:
        request = call.payload
        arn, shard = str(request.get("StreamArn")), str(request.get("ShardId"))
        generation, _ = _read_name(shard)
        match request.get("ShardIteratorType"):
            case "TRIM_HORIZON":
                position = max(self._bounds(arn, call.access)[0], self._begin(generation))
            case "LATEST":
                position = self._bounds(arn, call.access)[1]
            case "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER" as kind:
                number = str(request.get("SequenceNumber"))
                position = position_of(self._upstream_iterator(arn, call.access, kind, number))
            case other:
                raise Refusal(
                    "ValidationException",
                    f"1 validation error detected: Value '{other}' at 'shardIteratorType' failed to satisfy constraint: "
                    "Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, "
                    "TRIM_HORIZON]",
                )
        return json_answer(call, {"ShardIterator": self._token(arn, shard, position)})

    def _records(self, call: Call, _forward: Forward) -> Answer:
        place = _decoded(str(call.payload.get("ShardIterator")))
        if self._context.clock() - place["at"] > self._settings.iterator_life:
            raise Refusal(
                "ExpiredIteratorException", "Iterator expired. The iterator was created too long ago."
            )
        arn, shard, position = place["arn"], place["shard"], int(place["position"])
        self._count_read(arn, shard)
        if place["empty"] < self._settings.empty_answers:
            following = self._token(arn, shard, position, empty=place["empty"] + 1)
            return json_answer(call, {"Records": [], "NextShardIterator": following})
        generation, number = _read_name(shard)
        limit = min(int(call.payload.get("Limit") or 1000), 1000)
        found = self._read(arn, call.access, position, limit)
        end = self._begin(generation + 1) if self._settings.split_every else None
        mine = found if end is None else found[: max(0, end - position)]
        reached = position + len(mine)
        oldest = self._context.clock() - self._settings.trim_after
        records = [
            record
            for record in mine
            if shard_of(record, self._settings) == number
            and record["eventName"] not in self._settings.hidden
            and float(record["dynamodb"]["ApproximateCreationDateTime"]) >= oldest
        ]
        closed = end is not None and reached >= end
        answered = {} if closed else {"NextShardIterator": self._token(arn, shard, reached)}
        return json_answer(call, {"Records": records, **answered})

    def _count_read(self, arn: str, shard: str) -> None:
        limit = self._settings.reads_per_second
        if not limit:
            return
        now = self._context.clock()
        with self._lock:
            reads = self._reads[arn, shard]
            while reads and reads[0] <= now - 1:
                reads.popleft()
            if len(reads) >= limit:
                raise Refusal(
                    "ProvisionedThroughputExceededException",
                    "The level of configured provisioned throughput for the shard was exceeded.",
                )
            reads.append(now)

    # --- generations ------------------------------------------------------------------------------------

    def _generation(self, position: int) -> int:
        return position // self._settings.split_every if self._settings.split_every else 0

    def _begin(self, generation: int) -> int:
        """The first position of a generation."""
        return generation * self._settings.split_every

    # --- the emulator's own shard -----------------------------------------------------------------------

    def _bounds(self, arn: str, access: Access) -> tuple[int, int]:
        """(first position still there, the one after the last)."""
        ends = (self._upstream_iterator(arn, access, kind) for kind in ("TRIM_HORIZON", "LATEST"))
        start, end = (position_of(iterator) for iterator in ends)
        return start, end

    def _upstream_iterator(self, arn: str, access: Access, kind: str, number: str | None = None) -> str:
        request: JsonObject = {"StreamArn": arn, "ShardId": _UPSTREAM_SHARD, "ShardIteratorType": kind}
        if number:
            request["SequenceNumber"] = number
        answer = self._context.upstream.json("dynamodbstreams", "GetShardIterator", request, access)
        return str(answer["ShardIterator"])

    def _read(self, arn: str, access: Access, position: int, limit: int) -> list[JsonObject]:
        place = _decoded(self._upstream_iterator(arn, access, "TRIM_HORIZON"))
        request = {"ShardIterator": _encoded({**place, "p": position}), "Limit": limit}
        answer = self._context.upstream.json("dynamodbstreams", "GetRecords", request, access)
        return list(answer.get("Records", []))

    def _token(self, arn: str, shard: str, position: int, *, empty: int = 0) -> str:
        place = {"arn": arn, "shard": shard, "position": position, "empty": empty}
        return _encoded({**place, "at": self._context.clock()})


def _name(generation: int, shard: int) -> str:
    return f"shardId-{generation:020d}-{shard:08x}"


def _read_name(name: str) -> tuple[int, int]:
    """(generation, number) of a virtual shard.

    Raises:
        Refusal: It is none.
    """
    parts = name.split("-")
    try:
        return int(parts[1]), int(parts[2], 16)
    except (IndexError, ValueError):
        raise Refusal(
            "ResourceNotFoundException", "Requested resource not found: Shard does not exist"
        ) from None


def _encoded(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()


def _decoded(token: str) -> JsonObject:
    try:
        document: JsonObject = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise Refusal("ValidationException", "Invalid ShardIterator") from None
    return document


def position_of(iterator: str) -> int:
    """The absolute position in an iterator of the emulator's."""
    return int(_decoded(iterator)["p"])
