"""The resources related to streams in one region: tables, mappings, functions, pipes, tags.

Lists and tables are read concurrently, within the rate of each operation. Resources that may not be read are noted,
and the others are still read.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import (
    CredentialsError,
    EndpointUnreachable,
    PermissionDenied,
    UnreadableAnswer,
    is_not_found,
    translated,
)
from ddbinsert.aws.read.paced_calls import PacedCalls
from ddbinsert.aws.read.resources import caller_account
from ddbinsert.core.arn import arn_parts
from ddbinsert.core.inventory.model import KinesisDestination, Pipe, RegionFacts, TableRead, Unread
from ddbinsert.core.trigger import shapes
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from concurrent.futures import Future

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Maximum number of tables that are read concurrently.
_MOST_AT_ONCE = 48
#: Number of names in a message.
_NAMED = 3


class RegionReader:
    """Reads one region."""

    def __init__(self, aws: Aws, *, clock: Clock, region: str, profile: str | None) -> None:
        self._aws = aws
        self._region = region
        self._profile = profile
        self._calls = PacedCalls(aws, clock)
        self._unread: list[tuple[str, AwsError]] = []
        self._denied: set[str] = set()
        self._without_kinesis: dict[str, list[str]] = {}
        self._lists: dict[str, Future[Any]] = {}
        self._account: Future[str | None] | None = None
        self._kinesis_streams: Future[bool] | None = None
        self._streaming: Future[frozenset[str]] | None = None
        self._all_tables = False
        self._reading: Aws | None = None
        self._ahead = 0

    def names(self) -> list[str]:
        """The names of the region's tables; the other lists are started, too."""
        reads: list[tuple[str, Callable[[], Any]]] = [
            ("tables", self._tables),
            ("event source mappings", self._mappings),
            ("functions", self._functions),
            ("pipes", self._pipes),
            ("tags", self._tags),
        ]
        self._lists = {what: self._aws.start(read) for what, read in reads}
        self._account = self._aws.start(partial(caller_account, self._aws))
        self._kinesis_streams = self._aws.start(self._has_kinesis_streams)
        if self._aws.lists_streams_of_its_tables():
            self._streaming = self._aws.start(self._tables_with_streams)
        names = self._first_list()
        self._all_tables = names is not None
        return sorted(names or ())

    def _first_list(self) -> list[str] | None:
        """The names of the tables; None if they could not be read, which is noted.

        Raises:
            EndpointUnreachable: One endpoint serves everything, and does not answer.
            UnreadableAnswer: One endpoint serves everything, and does not answer as AWS does.
        """
        first = self._lists["tables"]
        if not self._aws.is_aws:
            try:
                self._aws.result(first)
            except (EndpointUnreachable, UnreadableAnswer):
                raise  # the other lists would say the same
            except AwsError:
                pass
        names: list[str] | None = self._result_or_unread("tables", first)
        return names

    def with_streams(self, names: Sequence[str]) -> list[str]:
        """The tables that have a stream or had one; all of them if that cannot be read.

        See docs/aws-facts.md#list-streams. Most tables of an account have no stream.
        """
        if self._streaming is None:
            return [*names]
        try:
            found = self._aws.result(self._streaming)
        except AwsError:  # not permitted, or not there: each table is described
            return [*names]
        return [name for name in names if name in found]

    @property
    def account(self) -> str | None:
        """The caller's account; None if it is not known."""
        return None if self._account is None else self._aws.result(self._account)

    @property
    def is_read(self) -> bool:
        """Whether all lists are complete, so that ``around`` does not wait."""
        return all(future.done() for future in self._lists.values())

    def around(self) -> RegionFacts:
        """The facts about the region besides its tables."""
        found = {
            what: self._result_or_unread(what, future)
            for what, future in self._lists.items()
            if what != "tables"
        }
        consumers = (*(found["event source mappings"] or ()), *(found["pipes"] or ()))
        return RegionFacts(
            region=self._region,
            account=self.account or next((arn_parts(one.arn).account for one in consumers), None),
            profile=self._profile,
            mappings=tuple(found["event source mappings"] or ()),
            functions=found["functions"],
            tags=found["tags"],
            pipes=tuple(found["pipes"] or ()),
            all_tables=self._all_tables,
        )

    def read_tables(self, names: Iterable[str]) -> Iterator[TableRead]:
        """The tables, each as soon as it is read, a limited number at a time."""
        return self._reads(self._table, names)

    def read_without_streams(self, names: AbstractSet[str], around: RegionFacts) -> Iterator[TableRead]:
        """Tables without a stream: those that a consumer names, and the Kinesis destinations of the others."""
        consumed = {*around.mappings_by_table, *around.pipes_by_table}
        yield from self.read_tables(sorted(names & consumed))
        if self._may_have_kinesis():
            yield from self._reads(self._kinesis_only, sorted(names - consumed))

    def _reads(self, read_one: Callable[[str], TableRead], names: Iterable[str]) -> Iterator[TableRead]:
        if self._reading is None:
            at_once = self._calls.at_once("DescribeTable", most=_MOST_AT_ONCE)
            self._reading = self._aws.branch(at_once)
            self._ahead = 2 * at_once
        left = iter(names)
        answered: SimpleQueue[tuple[str, Future[Any]]] = SimpleQueue()
        running = 0
        while True:
            for name in islice(left, self._ahead - running):
                future = self._reading.start(partial(read_one, name))
                future.add_done_callback(partial(_put, answered, name))
                running += 1
            if not running:
                return
            name, future = answered.get()
            running -= 1
            read = self._result_or_unread(f"table {name}", future)
            yield TableRead(name=name, state=None, unread=True) if read is None else read

    def _result_or_unread(self, what: str, future: Future[Any]) -> Any:
        """The result; None if it could not be read, which is noted.

        Raises:
            CredentialsError: There are no usable credentials.
        """
        try:
            return self._aws.result(future)
        except CredentialsError:
            raise
        except AwsError as error:
            self._unread.append((what, error))
            return None

    @property
    def unread(self) -> list[Unread]:
        """What could not be read, and why; once if nothing may be read, and tables with the same reason together."""
        parts = [(what, error.message) for what, error in self._unread]
        denied = [what for what, error in self._unread if isinstance(error, PermissionDenied)]
        if self._lists and set(denied) >= set(self._lists):
            parts = [("everything", parts[0][1]), *(one for one in parts if one[0] not in self._lists)]
        parts += [
            (f"Kinesis destinations of {_listed(names)}", reason)
            for reason, names in self._without_kinesis.items()
        ]
        return [
            Unread(region=self._region, account=self.account, profile=self._profile, what=what, reason=reason)
            for what, reason in parts
        ]

    # --- lists ------------------------------------------------------------------------------------------

    def _tables(self) -> list[str]:
        token = ("ExclusiveStartTableName", "LastEvaluatedTableName")
        pages = self._calls.pages("ListTables", self._aws.client("dynamodb").list_tables, token)
        return [name for page in pages for name in page["TableNames"]]

    def _tables_with_streams(self) -> frozenset[str]:
        token = ("ExclusiveStartStreamArn", "LastEvaluatedStreamArn")
        pages = self._calls.pages("ListStreams", self._aws.client("dynamodbstreams").list_streams, token)
        return frozenset(one["TableName"] for page in pages for one in page["Streams"])

    def _mappings(self) -> list[Any]:
        call = self._aws.client("lambda").list_event_source_mappings
        pages = self._calls.pages("ListEventSourceMappings", call, ("Marker", "NextMarker"))
        found = (shapes.mapping(one) for page in pages for one in page["EventSourceMappings"])
        return [one for one in found if ":dynamodb:" in one.stream_arn]

    def _functions(self) -> dict[str, str]:
        pages = self._calls.pages(
            "ListFunctions", self._aws.client("lambda").list_functions, ("Marker", "NextMarker")
        )
        return {
            one["FunctionName"]: str(one.get("LastModified") or "")
            for page in pages
            for one in page["Functions"]
        }

    def _pipes(self) -> list[Pipe]:
        client = self._aws.client("pipes")
        token = ("NextToken", "NextToken")
        pages = self._calls.pages("ListPipes", client.list_pipes, token, {"SourcePrefix": "arn:"})
        names = [
            one["Name"] for page in pages for one in page["Pipes"] if ":dynamodb:" in one.get("Source", "")
        ]
        with translated("read a pipe"):
            return [
                _pipe(self._calls.call("DescribePipe", lambda name=name: client.describe_pipe(Name=name)))  # type: ignore[misc]
                for name in names
            ]

    def _tags(self) -> dict[str, dict[str, str]]:
        client = self._aws.client("resourcegroupstaggingapi")
        kinds = {"ResourceTypeFilters": ["lambda"]}
        token = ("PaginationToken", "PaginationToken")
        pages = self._calls.pages("GetResources", client.get_resources, token, kinds)
        return {
            one["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in one.get("Tags", ())}
            for page in pages
            for one in page["ResourceTagMappingList"]
        }

    def _has_kinesis_streams(self) -> bool:
        client = self._aws.client("kinesis")
        return bool(self._calls.call("ListStreams", lambda: client.list_streams(Limit=1)).get("StreamNames"))

    def _may_have_kinesis(self) -> bool:
        """Whether a table may have a Kinesis destination, which is in its own account and region.

        See docs/aws-facts.md#kinesis-destination-place. One call for the region stands for one for each table.
        """
        try:
            return self._kinesis_streams is None or self._kinesis_streams.result()
        except Exception:  # noqa: BLE001 - not permitted, or not there: each table is asked
            return True

    # --- tables -----------------------------------------------------------------------------------------

    def _table(self, name: str) -> TableRead:
        client = self._aws.client("dynamodb")
        with translated(f"read table {name}"):
            try:
                answer = self._calls.call("DescribeTable", lambda: client.describe_table(TableName=name))
            except Exception as error:
                if is_not_found(error):
                    return TableRead(name=name, state=None)  # deleted since the list was made
                raise
        return TableRead(name=name, state=shapes.table(answer), kinesis=self._kinesis(name))

    def _kinesis_only(self, name: str) -> TableRead:
        return TableRead(name=name, state=None, kinesis=self._kinesis(name))

    def _kinesis(self, name: str) -> tuple[KinesisDestination, ...]:
        """The table's Kinesis destinations; if they may not be read, none, which is noted once."""
        if "kinesis" in self._denied or not self._may_have_kinesis():
            return ()
        call = self._aws.client("dynamodb").describe_kinesis_streaming_destination
        try:
            with translated("read Kinesis destinations"):
                try:
                    answer = self._calls.call(
                        "DescribeKinesisStreamingDestination", lambda: call(TableName=name)
                    )
                except Exception as error:
                    if is_not_found(error):
                        return ()  # deleted since the list was made
                    raise
        except PermissionDenied as error:
            if "kinesis" not in self._denied:
                self._denied.add("kinesis")
                self._unread.append(("Kinesis destinations", error))
            return ()
        except AwsError as error:
            self._without_kinesis.setdefault(error.message, []).append(name)
            return ()
        return tuple(
            KinesisDestination(arn=one["StreamArn"], status=str(one.get("DestinationStatus") or ""))
            for one in answer.get("KinesisDataStreamDestinations", ())
            if one.get("DestinationStatus") not in ("DISABLED", "ENABLE_FAILED")
        )


def _listed(names: Sequence[str]) -> str:
    """The first names, and the number of the others."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(sorted(names)[:_NAMED]) + more


def _put(answered: SimpleQueue[tuple[str, Future[Any]]], name: str, future: Future[Any]) -> None:
    answered.put((name, future))


def _pipe(answer: dict[str, Any]) -> Pipe:
    criteria = (answer.get("SourceParameters") or {}).get("FilterCriteria") or {}
    modified = answer.get("LastModifiedTime")
    return Pipe(
        name=answer["Name"],
        arn=answer.get("Arn", answer["Name"]),
        stream_arn=answer.get("Source", ""),
        target_arn=answer.get("Target", ""),
        state=str(answer.get("CurrentState") or ""),
        filters=tuple(one.get("Pattern", "") for one in criteria.get("Filters") or ()),
        modified=None if modified is None else float(modified.timestamp()),
    )
