"""The facts that were read about one trigger, as input of the checks; they contain no decisions."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import resource_name
from ddbinsert.core.model.wanted import CODE_TAG, NEED_A_SINK, OWN_CODE, Template
from ddbinsert.core.trigger.effective_settings import restores_role
from ddbinsert.core.trigger.policy import of_handler
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.doctor.model import FactSource
    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.model.seen import FunctionState, MappingState, TableState, World
    from ddbinsert.core.model.wanted import Trigger

#: Seconds that a change of a mapping may take to take effect, with a margin.
SETTLING = 300.0


class RoleRight(StrEnum):
    """A right that the function's role may need, or should not have."""

    READ_STREAM = "read the stream"
    WRITE_LOGS = "write to the log group"
    SEND_FAILED = "send to the on-failure destination"
    WRITE_SINK = "write to the sink"
    DECRYPT = "decrypt with the table's key"
    DELETE_TABLE = "delete the table"


@dataclass(frozen=True, kw_only=True)
class Rights:
    """IAM's answers about the role.

    Attributes:
        allowed, denied: The requested rights, by result.
        by_boundary: Rights that only the role's permissions boundary denies.
        by_statement: Rights that a statement with Effect Deny denies: no grant lifts it.
        actions: The actions that were tested, by right.
    """

    allowed: frozenset[RoleRight] = frozenset()
    denied: frozenset[RoleRight] = frozenset()
    by_boundary: frozenset[RoleRight] = frozenset()
    by_statement: frozenset[RoleRight] = frozenset()
    actions: Mapping[RoleRight, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class ReceiptSeen:
    """A receipt in the function's log.

    Attributes:
        at: Epoch seconds of its log event.
        decision: ``processed``, ``guarded`` or ``failed``, as `core.receipt` defines them.
        event_id: eventID of the record.
        event_name: ``INSERT``, ``MODIFY`` or ``REMOVE``.
        sequence: Sequence number of the record, digits.
    """

    at: float
    decision: str
    event_id: str
    event_name: str
    sequence: str


@dataclass(frozen=True, kw_only=True)
class LogSeen:
    """The content of the function's log in the examined period.

    Attributes:
        ends: The ends of invocations, oldest first.
        receipts: The receipts, oldest first.
        crashes: Texts of the runtime's errors.
        whole: The log was read completely; otherwise lines are missing.
    """

    ends: tuple[InvocationEnd, ...] = ()
    receipts: tuple[ReceiptSeen, ...] = ()
    whole: bool = True

    @property
    def last_ok(self) -> float | None:
        return max((end.at for end in self.ends if end.ok), default=None)

    @property
    def failing(self) -> tuple[InvocationEnd, ...]:
        """The failed attempts after the last successful one."""
        since = self.last_ok
        return tuple(end for end in self.ends if not end.ok and (since is None or end.at > since))

    @property
    def last_delivery(self) -> float | None:
        return max((end.at for end in self.ends), default=None)


@dataclass(frozen=True, kw_only=True)
class InsertSeen:
    """An INSERT record in the stream.

    Attributes:
        at: Epoch seconds of the write.
        event_id: eventID of the record.
        sequence: Sequence number, digits.
        passes: Whether it passes the mapping's filter; True if unknown.
    """

    at: float
    event_id: str
    sequence: str
    passes: bool = True


@dataclass(frozen=True, kw_only=True)
class StreamSeen:
    """The content of the live stream, as far as it was read.

    Attributes:
        inserts: The inserts, oldest first.
        whole: The stream was read completely.
    """

    inserts: tuple[InsertSeen, ...] = ()
    whole: bool = True

    @property
    def last(self) -> InsertSeen | None:
        return max(self.inserts, key=lambda one: one.at, default=None)


@dataclass(frozen=True, kw_only=True)
class SinkSeen:
    """The sink that ``SINK_ARN`` names.

    Attributes:
        arn: The sink's ARN; empty if the variable is not set.
        problem: Its fault in words; empty if there is none.
        missing: The sink does not exist.
        is_wrong: The sink exists and cannot be used.
        last_entry: Epoch seconds of the newest record with an entry in it; None if unknown.
    """

    arn: str = ""
    problem: str = ""
    missing: bool = False
    is_wrong: bool = False
    last_entry: float | None = None


@dataclass(frozen=True, kw_only=True)
class DeclarationSeen:
    """The trigger's declaration in a template, compared with the present state.

    Attributes:
        resource: Its name in the template.
        place: ``FILE:LINE``.
        file: The file as it was given.
        different: A line for each setting that differs from the declaration.
    """

    resource: str
    place: str
    file: str
    different: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DestinationSeen:
    """The mapping's on-failure destination.

    Attributes:
        messages: Number of messages in a queue; None if it is not a queue.
    """

    arn: str
    problem: str = ""
    missing: bool = False
    messages: int | None = None


@dataclass(frozen=True, kw_only=True)
class AccountSeen:
    """Lambda's limits of the account in the region, and their use (GetAccountSettings).

    Attributes:
        concurrency: Concurrent executions of all functions.
        unreserved: Concurrent executions that no function reserves.
        code_used: Bytes of stored code.
        code_limit: Bytes of code that can be stored.
    """

    concurrency: int
    unreserved: int
    code_used: int = 0
    code_limit: int = 0


@dataclass(frozen=True, kw_only=True)
class ChangeSeen:
    """A change that CloudTrail recorded.

    Attributes:
        at: Epoch seconds of the call.
        who: Name of the user or role.
        what: Name of the API operation.
        resource: Name of the changed resource.
        arn: ARN of the caller; empty if it is not recorded.
        request: The parameters of the call.
        response: Its response.
    """

    at: float
    who: str
    what: str
    resource: str
    arn: str = ""
    request: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    response: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """CloudWatch's datapoints of the examined period: (epoch seconds, value), oldest first.

    Attributes:
        series: The datapoints by metric, summed over all mappings; ``IteratorAge`` is the maximum, in milliseconds.
    """

    series: Mapping[str, Points] = field(default_factory=lambda: MappingProxyType({}))

    def total(self, name: str, *, since: float = 0.0) -> float:
        return sum(value for at, value in self.series.get(name, ()) if at >= since)

    def last(self, name: str, *, since: float) -> float | None:
        """The newest value if it is not older than this; otherwise None."""
        points = [value for at, value in self.series.get(name, ()) if at >= since]
        return points[-1] if points else None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All facts that were read about a trigger.

    Attributes:
        now: Epoch seconds of AWS's clock.
        since: Epoch seconds since which log, metrics and stream were read.
        template: The template that is identical to the function's code, byte for byte; None for any other code.
        unread: Why a part could not be read, by part.
        siblings: Other functions with a mapping on the live stream; None for one that does not exist.
        time_to_live: The table's TTL attribute; empty if TTL is off.
        key_state: State of the customer key that encrypts the table; empty without such a key.
        open_shards: Number of open shards of the live stream; 0 if unknown.
        declared: The declaration; None if no template was given.
    """

    trigger: Trigger
    world: World
    now: float
    since: float
    template: Template | None = None
    unread: Mapping[FactSource, str] = field(default_factory=lambda: MappingProxyType({}))
    metrics: Metrics = field(default_factory=Metrics)
    log: LogSeen = field(default_factory=LogSeen)
    stream: StreamSeen = field(default_factory=StreamSeen)
    rights: Rights = field(default_factory=Rights)
    sink: SinkSeen = field(default_factory=SinkSeen)
    destinations: tuple[DestinationSeen, ...] = ()
    account: AccountSeen | None = None
    siblings: Mapping[str, FunctionState | None] = field(default_factory=lambda: MappingProxyType({}))
    changes: tuple[ChangeSeen, ...] = ()
    time_to_live: str = ""
    key_state: str = ""
    open_shards: int = 0
    declared: DeclarationSeen | None = None

    @property
    def table(self) -> TableState:
        if self.world.table is None:
            raise AssertionError("doctor examines only existing tables")
        return self.world.table

    @property
    def function(self) -> FunctionState | None:
        return self.world.function

    @property
    def name(self) -> str:
        """The function's name, whether it exists or not."""
        return self.trigger.function_name

    @property
    def mappings(self) -> tuple[MappingState, ...]:
        """The mappings that deliver the live stream to the function or to one of its aliases and versions."""
        return self.world.feeding(self.name)

    @property
    def is_ours(self) -> bool:
        return self.function is not None and self.function.is_ours

    @property
    def role_name(self) -> str:
        """The role that the function runs as, whether it exists or not."""
        return resource_name(self.function.role_arn) if self.function is not None else self.trigger.role_name

    @property
    def restores_role(self) -> bool:
        """Whether attach-trigger restores the role and its policy; it does not change roles of others."""
        function = self.function
        return function is None or restores_role(self.trigger, function, self.world.role)

    @property
    def label(self) -> str:
        """The template that ddbinsert uploaded, or ``own``; empty if ddbinsert did not create the function."""
        function = self.function
        return function.tags.get(CODE_TAG, OWN_CODE) if function is not None and self.is_ours else ""

    @property
    def runs_template(self) -> bool:
        """Whether the function's code is a template according to its tag, even if it was changed."""
        return self.template is not None or self.label not in ("", OWN_CODE)

    @property
    def sinks_of_role(self) -> tuple[str, ...]:
        """ARNs to which ddbinsert's policy lets the role write."""
        return of_handler(self.world.role.policy) if self.world.role is not None else ()

    @property
    def needs_sink(self) -> bool:
        """Whether the template needs a sink; an audit log does if its role may write to one that was set earlier."""
        code = self.template or self.label
        return code in NEED_A_SINK or (code == Template.AUDIT_LOG and bool(self.sinks_of_role))

    @property
    def settled_since(self) -> float:
        """Epoch seconds since which all deliveries used the present settings."""
        return max([self.since, *(m.modified + SETTLING for m in self.mappings if m.modified is not None)])
