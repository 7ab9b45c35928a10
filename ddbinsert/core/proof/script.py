"""The script of test writes: the writes on each item, and the stream record that each must create.

A lane is one item with its writes in sequence. Records of one item are delivered in order
(docs/aws-facts.md#stream-order), so the last insert of a lane is a fence: once it was delivered, every
earlier record of that item was delivered or filtered. So a negative is proven without waiting for it.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from ddbinsert.core.model.record import EventName
from ddbinsert.dataclass import dataclass


class Method(StrEnum):
    """The API call of a write."""

    SINGLE = "single"
    TRANSACTION = "transaction"
    BATCH = "batch"
    PARTIQL = "PartiQL"


class Action(StrEnum):
    """The effect of a write on its item."""

    PUT = "put"
    PUT_SAME = "put without a change"
    PUT_EXPIRED = "put with its time to live over"
    UPDATE = "update"
    UPDATE_SAME = "update without a change"
    DELETE = "delete"


def after(action: Action, version: int | None) -> int | None:
    """The item's version after an action; None if there is no item. All effects of writes are defined here."""
    match action:
        case Action.PUT | Action.PUT_EXPIRED | Action.UPDATE:
            return (version or 0) + 1
        case Action.PUT_SAME | Action.UPDATE_SAME:
            return version or 1
        case Action.DELETE:
            return None


def effect(before: int | None, later: int | None) -> EventName | None:
    """The event of a write that leads from one version to another; None if it creates no record.

    Facts: a put over an item is a MODIFY, an update that creates the item is an INSERT, and a put after a
    delete is an INSERT again. A write without a change and a delete without an item create no record.
    """
    match before, later:
        case None, None:
            return None
        case None, _:
            return EventName.INSERT
        case _, None:
            return EventName.REMOVE
        case _:
            return None if before == later else EventName.MODIFY


@dataclass(frozen=True, kw_only=True)
class Write:
    """One test write.

    Attributes:
        number: The item's number.
        step: The write's index in its lane, from 0.
        version: The item's version after it; None if the item is deleted.
        expects: The stream record that it must create; None for none.
    """

    number: int
    step: int
    method: Method
    action: Action
    version: int | None
    expects: EventName | None


@dataclass(frozen=True, kw_only=True)
class Lane:
    """All writes on one item.

    Attributes:
        number: The item's number.
        writes: The writes, in order.
    """

    number: int
    writes: tuple[Write, ...]

    @property
    def expected(self) -> tuple[EventName, ...]:
        """The records of this item that the stream must contain, in order."""
        return tuple(write.expects for write in self.writes if write.expects is not None)

    @property
    def inserts(self) -> int:
        return self.expected.count(EventName.INSERT)

    @property
    def is_gauge(self) -> bool:
        """Whether the item is inserted once and not changed."""
        return self.expected == (EventName.INSERT,)

    @property
    def method(self) -> Method:
        return self.writes[0].method


_PUT, _UPDATE, _DELETE = Action.PUT, Action.UPDATE, Action.DELETE

#: Insert, modify, remove, insert again; by each method, with writes that create no record between them. No
#: lane has more than five writes, as each is a call that waits for the one before it.
ROUNDS: tuple[tuple[Method, tuple[Action, ...]], ...] = (
    (Method.SINGLE, (_PUT, _UPDATE, Action.UPDATE_SAME, _DELETE, _PUT)),
    (Method.SINGLE, (_UPDATE, _PUT, Action.PUT_SAME, _DELETE, _PUT)),
    (Method.TRANSACTION, (_PUT, _UPDATE, _DELETE, _PUT)),
    (Method.BATCH, (_PUT, _PUT, _DELETE, _DELETE, _PUT)),
)
PARTIQL_ROUND = (Method.PARTIQL, (_PUT, _UPDATE, _DELETE, _PUT))
EXPIRED_ROUND = (Method.SINGLE, (Action.PUT_EXPIRED,))
#: An item that is inserted and not changed: it shows which lines one insert causes in a function's log.
INSERT_ALONE = (Method.SINGLE, (_PUT,))


@dataclass(frozen=True, kw_only=True)
class Script:
    """All test writes of one run.

    Attributes:
        run_id: 12 hexadecimal digits; part of every key.
        lanes: Items 0 to ``len(lanes) - 1``.
        bulk: Number of further items, each put once; their numbers follow those of the lanes.
    """

    run_id: str
    lanes: tuple[Lane, ...]
    bulk: int = 0

    @property
    def items(self) -> int:
        return len(self.lanes) + self.bulk

    @property
    def bulk_numbers(self) -> range:
        return range(len(self.lanes), self.items)

    @property
    def expected_inserts(self) -> int:
        return sum(lane.inserts for lane in self.lanes) + self.bulk


def lane(number: int, method: Method, actions: tuple[Action, ...]) -> Lane:
    """A lane with each write's expected record derived from the item's state before and after it."""
    version: int | None = None
    writes = []
    for step, action in enumerate(actions):
        later = after(action, version)
        writes.append(
            Write(
                number=number,
                step=step,
                method=method,
                action=action,
                version=later,
                expects=effect(version, later),
            )
        )
        version = later
    return Lane(number=number, writes=tuple(writes))


def script(
    run_id: str,
    count: int,
    *,
    partiql: bool = False,
    expired: bool = False,
    gauged: bool = False,
    methods: frozenset[Method] = frozenset(Method),
) -> Script:
    """The script for ``count`` items: a lane for every kind of write first, plain inserts for the rest.

    Args:
        count: Number of items, without the requested additional lanes; at least 1.
        gauged: Add two lanes that are inserted and not changed.
        methods: The write methods of the lanes that are not requested individually.
    """
    rounds = [one for one in ROUNDS if one[0] in methods][: max(count, 1)]
    if partiql:
        rounds.append(PARTIQL_ROUND)
    if expired:
        rounds.append(EXPIRED_ROUND)
    if gauged:
        rounds += [INSERT_ALONE, INSERT_ALONE]
    lanes = tuple(lane(number, method, actions) for number, (method, actions) in enumerate(rounds))
    return Script(run_id=run_id, lanes=lanes, bulk=max(0, count - len(ROUNDS)))


def with_more_lanes(script: Script, count: int) -> Script:
    """The script with additional lanes like its first one."""
    first = script.lanes[0]
    actions = tuple(write.action for write in first.writes)
    added = (lane(len(script.lanes) + place, first.method, actions) for place in range(count))
    return replace(script, lanes=(*script.lanes, *added))


def canaries(run_id: str, count: int) -> Script:
    """Items that are inserted and not changed, to test whether inserts are delivered at all."""
    return Script(run_id=run_id, lanes=tuple(lane(number, *INSERT_ALONE) for number in range(count)))
