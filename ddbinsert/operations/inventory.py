"""Streams and their consumers in several regions and accounts, read in parallel."""

from __future__ import annotations

import queue
import threading
from itertools import chain
from typing import TYPE_CHECKING

from ddbinsert.core.inventory.judge import entries_of, left_taps, missing_tables
from ddbinsert.core.inventory.model import InventoryEntry, TableRead, Unread
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import DdbInsertError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Number of regions that are read at a time.
_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class RegionConnection:
    """A region of an account.

    Attributes:
        region: Its name.
        profile: The profile with the account's credentials; None for the default credentials.
        connect: Opens the connection.
    """

    region: str
    profile: str | None
    connect: Callable[[], Aws]


@dataclass(frozen=True)
class _FailedPart:
    error: BaseException


#: The entries of a table, what could not be read, the error that ends the run, or the end of a worker.
_Found = list[InventoryEntry] | list[Unread] | _FailedPart | None


def inventory(places: Sequence[RegionConnection], *, clock: Clock) -> Iterator[InventoryEntry | Unread]:
    """The consumers of every stream, each as soon as it is known; and the places that could not be read.

    Raises:
        DdbInsertError: Only one place was requested, and nothing could be read there.
    """
    waiting: queue.SimpleQueue[RegionConnection] = queue.SimpleQueue()
    for place in places:
        waiting.put(place)
    found: queue.Queue[_Found] = queue.Queue(maxsize=1000)
    stop = threading.Event()
    workers = [
        threading.Thread(target=_work, args=(waiting, found, stop, clock), daemon=True)
        for _ in range(min(_AT_ONCE, len(places)))
    ]
    for worker in workers:
        worker.start()
    ended = 0
    try:
        while ended < len(workers):
            match found.get():
                case None:
                    ended += 1
                case _FailedPart(error=error):
                    raise error
                case many:
                    yield from many
    finally:
        stop.set()


def enabled(aws: Aws) -> tuple[str, ...]:
    """The regions that are enabled for the account."""
    from ddbinsert.aws.read.regions import enabled_regions

    return enabled_regions(aws)


def _work(
    waiting: queue.SimpleQueue[RegionConnection],
    found: queue.Queue[_Found],
    stop: threading.Event,
    clock: Clock,
) -> None:
    """Read the waiting places one after the other."""
    alone = waiting.qsize() == 1

    def put_result(what: _Found) -> None:
        while not stop.is_set():
            try:
                return found.put(what, timeout=0.2)
            except queue.Full:
                continue
        return None

    while not stop.is_set():
        try:
            place = waiting.get_nowait()
        except queue.Empty:
            break
        try:
            for many in _of(place, clock):
                put_result(many)
                if stop.is_set():
                    return
        except DdbInsertError as error:
            put_result(
                _FailedPart(error)
                if alone
                else [
                    Unread(
                        region=place.region, profile=place.profile, what="everything", reason=error.message
                    )
                ]
            )
        except BaseException as error:  # noqa: BLE001 - raised again when the results are read
            put_result(_FailedPart(error))
    put_result(None)


def _of(place: RegionConnection, clock: Clock) -> Iterator[list[InventoryEntry] | list[Unread]]:
    """The entries of one region, table by table."""
    from ddbinsert.aws.read.inventory import RegionReader

    aws = place.connect()
    try:
        reader = RegionReader(aws, clock=clock, region=place.region, profile=place.profile)
        names = reader.names()
        streaming = reader.with_streams(names)
        reads = reader.read_tables(streaming)
        early = []  # tables that are read while the lists still are
        for read in reads:
            early.append(read)
            if reader.is_read:
                break
        around = reader.around()
        for read in chain(early, reads):
            yield [*entries_of(read, around)]
        for read in reader.read_without_streams(set(names).difference(streaming), around):
            yield [*entries_of(read, around)]
        gone = missing_tables(names, around)
        if around.all_tables:
            for name in gone:
                yield [*entries_of(TableRead(name=name, state=None), around)]
        else:
            for read in reader.read_tables(gone):
                yield [*entries_of(read, around)]
        yield [*left_taps(around)]
        yield reader.unread
    finally:
        aws.close()
