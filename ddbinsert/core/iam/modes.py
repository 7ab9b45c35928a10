"""What each command needs, mode by mode: commands that read, and commands that prove."""

from __future__ import annotations

from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ddbinsert.core.iam.grants import GRANTS, ResourceScope
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.iam.grants import PolicyTarget

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Mode:
    """What one way of calling a command needs.

    Attributes:
        calls: Operations without which it ends with an error.
        useful: Operations without which it goes on, each with what is then missing.
        places: Of the sink and the on-failure destination, what is asked and what is missing without it; an empty
            text where it ends with an error.
        always: Those of them that are asked although the policy names none: the queue of ddbinsert's own, any table.
    """

    calls: tuple[str, ...] = ()
    useful: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    places: Mapping[tuple[ResourceScope, str], str] = field(default_factory=lambda: MappingProxyType({}))
    always: frozenset[ResourceScope] = frozenset()

    def combined_with(self, *others: Mode) -> Mode:
        """This mode with what others need."""
        modes = (self, *others)
        return Mode(
            calls=tuple(dict.fromkeys(call for one in modes for call in one.calls)),
            useful={call: loss for one in modes for call, loss in one.useful.items()},
            places={place: loss for one in modes for place, loss in one.places.items()},
            always=frozenset(scope for one in modes for scope in one.always),
        )

    def operations(self, target: PolicyTarget) -> Iterator[tuple[str, str]]:
        """Each operation for this target with what is missing without it; empty where it cannot do without."""
        yield from ((call, "") for call in self.calls)
        yield from ((call, loss) for call, loss in self.useful.items() if call not in self.calls)
        for (scope, what), loss in self.places.items():
            service = target.service_of(scope) or (_SERVICES[scope] if scope in self.always else "")
            name = f"{scope.value} {what} {service}"
            if name in GRANTS:
                yield name, loss


_SERVICES: Final = {ResourceScope.SINK: "dynamodb", ResourceScope.FAILURES: "sqs"}


def needs(*calls: str, useful: Mapping[str, str] | None = None) -> Mode:
    """A mode of these calls."""
    return Mode(calls=calls, useful=useful or {})


_FIND: Final = ("DescribeTable", "GetFunction", "ListEventSourceMappings", "DescribeLogGroups")
_READ_STREAM: Final = ("DescribeStream", "GetShardIterator", "GetRecords")
_READ: Final = needs(*_READ_STREAM)
_METRICS: Final = {"GetMetricData": "CloudWatch's counts, which explain what the log does not show"}
_ROLE: Final = {
    "GetRole": "whether the function's role is ddbinsert's own",
    "GetRolePolicy": "what the role of the function lacks",
}
_FILTERS: Final = {"GetEventSourceMapping": "filters that are encrypted with a customer key"}
_FUNCTION_OWNER: Final = {"function ListTags": "who created the function"}
_FOUND: Final = needs(*_FIND, useful=_FUNCTION_OWNER)
_MAPPING_OWNER: Final = {"mapping ListTags": "who created the mapping"}
_SINK_READ_BACK: Final = Mode(
    places={
        (ResourceScope.SINK, "entries"): "whether entries are stored in the sink",
        (ResourceScope.SINK, "entries removed"): "the removal of the test items' entries from the sink",
    }
)
_DESTINATION: Final = Mode(
    places={
        (ResourceScope.FAILURES, "look"): "whether discarded records arrive at the on-failure destination"
    }
)
_SEEN: Final = Mode(
    useful={
        **_METRICS,
        **_ROLE,
        **_FILTERS,
        **_FUNCTION_OWNER,
        "GetAlias": "the versions that an alias divides invocations among",
    }
)
_STREAM_COMPARED: Final = Mode(
    useful={
        **dict.fromkeys(_READ_STREAM, "the comparison with the stream itself: the verdict claims less"),
        "DescribeKinesisStreamingDestination": "whether a Kinesis stream also receives the test items",
    }
)
_VERIFY: Final = needs(
    *(
        *_FIND,
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "TransactWriteItems",
        "FilterLogEvents",
    )
).combined_with(_SEEN, _SINK_READ_BACK, _DESTINATION, _STREAM_COMPARED)
_OBSERVE: Final = needs(*_FIND, *_READ_STREAM, "FilterLogEvents").combined_with(_SEEN, _DESTINATION)
_OF_TAP: Final = tuple(name for name in GRANTS if name.startswith("temporary "))
_TAP_OWNERS: Final = ("temporary function ListTags",)
_TAP: Final = needs(
    *(name for name in _OF_TAP if name not in _TAP_OWNERS),
    *("CreateEventSourceMapping", "GetEventSourceMapping", "DeleteEventSourceMapping", "mapping TagResource"),
    useful=dict.fromkeys((*_TAP_OWNERS, "mapping ListTags"), "a look at the tags of the temporary function"),
)
_GAPS: Final = (
    needs(*_FIND, *_READ_STREAM, "FilterLogEvents")
    .combined_with(_SEEN)
    .combined_with(
        needs(
            useful={
                "ListStreams": "inserts in streams that were replaced",
                "LookupEvents": "who changed what",
            }
        )
    )
)
#: Items with keys of the user's own, which are written and removed one by one.
_OWN_ITEMS: Final = needs(
    "PutItem",
    "DeleteItem",
    useful={"GetItem": "whether an item is the run's own if AWS's answer to its write is lost"},
)
_INSIGHTS: Final = needs(
    "StartQuery", "GetQueryResults", useful={"StopQuery": "the end of a query that is interrupted"}
)
_DOCTOR: Final = _FOUND.combined_with(
    Mode(
        useful={
            **_ROLE,
            **_METRICS,
            **_FILTERS,
            **_FUNCTION_OWNER,
            **_MAPPING_OWNER,
            **dict.fromkeys(_READ_STREAM, "the inserts in the stream, and which of them wait"),
            "ListTagsForResource": "who created the log group",
            "FilterLogEvents": "how invocations ended, and receipts",
            "SimulatePrincipalPolicy": "what the role may do",
            "GetAccountSettings": "the account's concurrency and storage",
            "DescribeTimeToLive": "whether items expire",
            "DescribeKey": "the state of the table's key",
            "LookupEvents": "who changed what",
        },
        places={
            (ResourceScope.SINK, "look"): "whether the sink exists",
            (ResourceScope.SINK, "entries"): "the last entry in the sink",
            (ResourceScope.FAILURES, "look"): "whether the on-failure destination accepts records",
        },
    )
)
_LS: Final = Mode(
    useful={
        "ListTables": "tables without an event source mapping",
        "DescribeTable": "streams and view types",
        "ListEventSourceMappings": "the functions on the streams",
        "ListFunctions": "functions that do not exist any more",
        "GetResources": "owners",
        "ListPipes": "EventBridge Pipes",
        "DescribePipe": "EventBridge Pipes",
        "DescribeKinesisStreamingDestination": "Kinesis destinations",
        "kinesis ListStreams": "time: each table is asked for Kinesis destinations",
        "ListStreams": "time: each table is described, also those without a stream",
    }
)
_FAILURES: Final = _FOUND.combined_with(
    Mode(places={(ResourceScope.FAILURES, "records"): ""}, always=frozenset({ResourceScope.FAILURES}))
)
#: Commands that make no calls to AWS.
OFFLINE: Final = (
    *("config check", "config schema", "demo", "evidence check", "filter build", "filter explain", "filter lint"),
    *("filter test", "function scaffold", "local env", "local start", "local status", "local stop", "permissions"),
)  # fmt: skip
#: The command and its options, as they are typed, to what it needs.
READING: Final[Mapping[str, Mode]] = {
    **dict.fromkeys(OFFLINE, Mode()),
    "audit query": needs("DescribeTable", "GetFunction", useful=_FUNCTION_OWNER).combined_with(
        Mode(places={(ResourceScope.SINK, "search"): ""}, always=frozenset({ResourceScope.SINK}))
    ),
    "audit verify": _FOUND.combined_with(
        needs(*_READ_STREAM, useful={"ListStreams": "inserts in streams that were replaced"}),

        Mode(places={(ResourceScope.SINK, "entries"): ""}, always=frozenset({ResourceScope.SINK}))
    ),
    "audit verify --from-table": _FOUND.combined_with(needs("Scan"),
        Mode(places={(ResourceScope.SINK, "all entries"): ""}, always=frozenset({ResourceScope.SINK}))
    ),
    "backfill": _FOUND.combined_with(needs("Scan", "Invoke")),
    "backfill --missing": _FOUND.combined_with(needs("Scan", "Invoke"),
        Mode(places={(ResourceScope.SINK, "scanned"): ""}, always=frozenset({ResourceScope.SINK}))
    ),
    "doctor": _DOCTOR,
    "failures list": _FAILURES,
    "failures show": _FAILURES.combined_with(_READ),
    "failures replay": _FAILURES.combined_with(
        _READ,
        needs("Invoke"),
        Mode(places={(ResourceScope.FAILURES, "removed"): ""}, useful={"FilterLogEvents": "records that were processed since"}),
    ),
    "filter backtest": needs("DescribeTable").combined_with(_READ),
    "filter build --table": needs("DescribeTable"),
    "filter explain --mapping": needs("GetEventSourceMapping"),
    "filter lint --mapping": needs("GetEventSourceMapping", "DescribeTable"),
    "filter lint --table": needs("DescribeTable", "ListEventSourceMappings"),
    "filter test --mapping": needs("GetEventSourceMapping"),
    "function invoke": needs("DescribeTable"),
    "function sample-event": needs("DescribeTable"),
    "gaps": _GAPS,
    "gaps --compare-sink": _GAPS.combined_with(
        Mode(places={(ResourceScope.SINK, "entries"): ""}, always=frozenset({ResourceScope.SINK}))
    ),
    "gaps --from-table": _FOUND.combined_with(needs("Scan"),
        Mode(places={(ResourceScope.SINK, "scanned"): ""}, always=frozenset({ResourceScope.SINK}))
    ),
    "gaps --from-table --partition": _FOUND.combined_with(needs("Query"),
        Mode(places={(ResourceScope.SINK, "scanned"): ""}, always=frozenset({ResourceScope.SINK}))
    ),
    "gaps --repair": _GAPS.combined_with(needs("Invoke")),
    "gaps --via insights": _GAPS.combined_with(_INSIGHTS),
    "invoke": needs("DescribeTable"),
    "invoke --captured": needs("DescribeTable").combined_with(_READ),
    "invoke --deployed": needs(
        "DescribeTable",
        "Invoke",
        useful=dict.fromkeys(
            ("GetFunction", "function ListTags", "ListEventSourceMappings", "DescribeLogGroups"),
            "finding the function on the stream",
        ),
    ),
    "ls": _LS,
    "ls --all-regions": _LS.combined_with(needs("ListRegions")),
    "records": needs("DescribeTable").combined_with(_READ),
    "send": needs("DescribeTable", "BatchWriteItem"),
    "send --item": needs("DescribeTable", "BatchWriteItem").combined_with(_OWN_ITEMS),
    "send --item --modify": needs("DescribeTable", "BatchWriteItem", "UpdateItem").combined_with(_OWN_ITEMS),
    "send --item --remove": needs("DescribeTable", "BatchWriteItem").combined_with(_OWN_ITEMS),
    "send --modify": needs("DescribeTable", "BatchWriteItem", "UpdateItem"),
    "send --remove": needs("DescribeTable", "BatchWriteItem"),
    "status": _FOUND.combined_with(Mode(useful={**_ROLE, **_FUNCTION_OWNER, **_MAPPING_OWNER, **_METRICS})),
    "tail": needs("FilterLogEvents", useful=dict.fromkeys(("GetFunction", "function ListTags"), "a log group of another name")),
    "tail --log-group": needs("FilterLogEvents"),
    "verify": _VERIFY,
    "verify --all": _VERIFY,
    "verify --emit-metrics": _VERIFY.combined_with(needs("PutMetricData")),
    "verify --failure-path": needs(*_FIND, "PutItem", "BatchWriteItem", "FilterLogEvents").combined_with(
        _SEEN,
        _DESTINATION,
        _STREAM_COMPARED,
        _TAP,
        Mode(
            useful={"SimulatePrincipalPolicy": "what the role may do at the destination"},
            places={(ResourceScope.FAILURES, "records"): "", (ResourceScope.FAILURES, "removed"): ""},
        ),
    ),
    "verify --match": _VERIFY,
    "verify --observe": _OBSERVE,
    "verify --observe --wiretap": _OBSERVE.combined_with(_TAP),
    "verify --partiql": _VERIFY.combined_with(needs("ExecuteStatement")),
    "verify --refuse-tag": _VERIFY.combined_with(needs("ListTagsOfResource")),
    "verify --stack": _VERIFY.combined_with(needs("ListStackResources")),
    "verify --tag": _VERIFY.combined_with(needs("function ListTags")),
    "verify --via insights": _VERIFY.combined_with(_INSIGHTS),
    "verify --wiretap": _VERIFY.combined_with(_TAP),
}  # fmt: skip
