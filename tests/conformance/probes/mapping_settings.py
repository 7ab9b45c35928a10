"""Event source mappings: what is accepted, what is refused, and what is shown."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.conformance import handlers
from tests.conformance.model import Seen, probe

if TYPE_CHECKING:
    from tests.conformance.lab import Lab

INSERTS = '{"eventName":["INSERT"]}'
_DEFAULTS = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "BisectBatchOnFunctionError": False,
    "TumblingWindowInSeconds": 0,
}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def criteria(*patterns: str) -> dict[str, Any]:
    return {"Filters": [{"Pattern": one} for one in patterns]}


def accepted(lab: Lab, **settings: Any) -> str:
    """How a mapping with these settings is answered: ``accepted``, or with which code it is refused."""
    table = lab.table()
    given = {"EventSourceArn": lab.stream(table), "FunctionName": lab.recorder, "StartingPosition": "LATEST"}
    code = lab.code_of(lab.lambda_.create_event_source_mapping, **given, **settings)
    if not code:
        listed = lab.lambda_.list_event_source_mappings(EventSourceArn=given["EventSourceArn"])
        for one in listed["EventSourceMappings"]:
            lab.later(
                f"mapping {one['UUID']}",
                partial(lab.gone, lab.lambda_.delete_event_source_mapping, UUID=one["UUID"]),
            )
    return code or "accepted"


@probe("esm-defaults", quick=True)
def defaults(lab: Lab) -> Seen:
    made = lab.lambda_.create_event_source_mapping(
        EventSourceArn=lab.stream(lab.table()),
        FunctionName=lab.recorder,
        StartingPosition="LATEST",
        Tags=lab.tags,
    )
    lab.later("a mapping", lambda: lab.gone(lab.lambda_.delete_event_source_mapping, UUID=made["UUID"]))
    shown = {name: made.get(name) for name in ("State", "LastProcessingResult", *_DEFAULTS)}
    wanted = {"State": "Creating", "LastProcessingResult": "No records processed", **_DEFAULTS}
    return Seen(agrees=shown == wanted, answer=shown)


@probe("esm-starting-position", quick=True)
def starting_position(lab: Lab) -> Seen:
    code, message = lab.refusal(
        lab.lambda_.create_event_source_mapping,
        EventSourceArn=lab.stream(lab.table()),
        FunctionName=lab.recorder,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=1.0,
    )
    return Seen(
        agrees=code == "InvalidParameterValueException" and "Unsupported starting position" in message,
        answer={"code": code, "message": message},
    )


@probe("esm-invalid-filter", quick=True)
def invalid_filter(lab: Lab) -> Seen:
    code, message = lab.refusal(
        lab.lambda_.create_event_source_mapping,
        EventSourceArn=lab.stream(lab.table()),
        FunctionName=lab.recorder,
        StartingPosition="LATEST",
        FilterCriteria=criteria('{"eventName":"INSERT"}'),
    )
    return Seen(
        agrees=(code, message) == ("InvalidParameterValueException", "Invalid filter pattern definition."),
        answer={"code": code, "message": message},
    )


@probe("esm-duplicate", quick=True)
def duplicate(lab: Lab) -> Seen:
    table, function = lab.table(), lab.recorder
    uuid = lab.mapping(table, function)
    code, message = lab.refusal(
        lab.lambda_.create_event_source_mapping,
        EventSourceArn=lab.stream(table),
        FunctionName=function,
        StartingPosition="LATEST",
    )
    last = (_UUID.findall(message) or [""])[-1]
    return Seen(
        agrees=code == "ResourceConflictException" and last == uuid,
        answer={"code": code, "message": message},
    )


@probe("esm-not-found", quick=True)
def not_found(lab: Lab) -> Seen:
    stream, unknown = lab.stream(lab.table()), lab.name("unknown")
    create = lab.lambda_.create_event_source_mapping
    old = f"{stream[:-4]}0000"
    answers = {
        "stream": lab.code_of(
            create, EventSourceArn=old, FunctionName=lab.recorder, StartingPosition="LATEST"
        ),
        "function": lab.code_of(
            create, EventSourceArn=stream, FunctionName=unknown, StartingPosition="LATEST"
        ),
        "uuid": lab.code_of(
            lab.lambda_.get_event_source_mapping, UUID="00000000-0000-4000-8000-000000000000"
        ),
    }
    wanted = {
        "stream": "InvalidParameterValueException",
        "function": "InvalidParameterValueException",
        "uuid": "ResourceNotFoundException",
    }
    return Seen(agrees=answers == wanted, answer=answers)


@probe("esm-role-rights", quick=True, seconds=30)
def role_rights(lab: Lab) -> Seen:
    function = lab.function(handlers.RECORDING, role=lab.role_with([]))
    code, message = lab.refusal(
        lab.lambda_.create_event_source_mapping,
        EventSourceArn=lab.stream(lab.table()),
        FunctionName=function,
        StartingPosition="LATEST",
    )
    return Seen(
        agrees=code == "InvalidParameterValueException" and message.startswith("Cannot access stream "),
        answer={"code": code, "message": message},
    )


#: Beyond each limit, by a little.
_BEYOND: dict[str, dict[str, Any]] = {
    "batch": {"BatchSize": 10_001},
    "window": {"MaximumBatchingWindowInSeconds": 301, "BatchSize": 10},
    "parallelization": {"ParallelizationFactor": 11},
    "short age": {"MaximumRecordAgeInSeconds": 59},
    "long age": {"MaximumRecordAgeInSeconds": 604_801},
    "retries": {"MaximumRetryAttempts": 10_001},
    "pattern": {"FilterCriteria": criteria('{"eventName":["' + "a" * 4_096 + '"]}')},
    "filters": {"FilterCriteria": criteria(*(f'{{"eventName":["{one}"]}}' for one in range(11)))},
}
#: At each limit.
_WITHIN: dict[str, Any] = {
    "BatchSize": 10_000,
    "MaximumBatchingWindowInSeconds": 300,
    "ParallelizationFactor": 10,
    "MaximumRecordAgeInSeconds": 604_800,
    "MaximumRetryAttempts": 10_000,
    "FilterCriteria": criteria(*[INSERTS] * 5),
}


@probe("esm-limits", quick=True)
def limits(lab: Lab) -> Seen:
    answers = {name: accepted(lab, **beyond) for name, beyond in {**_BEYOND, "within": _WITHIN}.items()}
    refused = {answers[name] for name in _BEYOND} <= {"ValidationException", "InvalidParameterValueException"}
    return Seen(agrees=refused and answers["within"] == "accepted", answer=answers)


@probe("esm-clear-explicitly", quick=True, seconds=60)
def clear_explicitly(lab: Lab) -> Seen:
    uuid = lab.mapping(
        lab.table(),
        lab.recorder,
        MaximumRetryAttempts=3,
        FilterCriteria=criteria(INSERTS),
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )

    def changed(**settings: Any) -> dict[str, Any]:
        assert lab.until(
            lambda: not lab.code_of(lab.lambda_.update_event_source_mapping, UUID=uuid, **settings)
        )
        lab.enabled(uuid)
        return dict(lab.lambda_.get_event_source_mapping(UUID=uuid))

    kept = changed(BatchSize=7)
    cleared = changed(FilterCriteria={}, FunctionResponseTypes=[], MaximumRetryAttempts=-1)
    answer = {
        "kept": [
            kept.get("FilterCriteria"),
            kept.get("MaximumRetryAttempts"),
            kept.get("FunctionResponseTypes"),
        ],
        "cleared": [cleared.get("MaximumRetryAttempts"), cleared.get("FunctionResponseTypes") or []],
        "shows filters": bool((cleared.get("FilterCriteria") or {}).get("Filters")),
        "shows an empty list of filters": "FilterCriteria" in cleared,
    }
    wanted = {
        "kept": [criteria(INSERTS), 3, ["ReportBatchItemFailures"]],
        "cleared": [-1, []],
        "shows filters": False,
        "shows an empty list of filters": False,
    }
    return Seen(agrees=answer == wanted, answer=answer)


@probe("esm-list-qualifiers", quick=True, seconds=45)
def list_qualifiers(lab: Lab) -> Seen:
    function, table = lab.function(handlers.RECORDING), lab.table()
    lab.lambda_.create_alias(FunctionName=function, Name="live", FunctionVersion="$LATEST")
    of_alias = lab.mapping(table, f"{function}:live", wait=False)
    listed = lab.lambda_.list_event_source_mappings
    by_name = [one["UUID"] for one in listed(FunctionName=function)["EventSourceMappings"]]
    by_alias = [one["UUID"] for one in listed(FunctionName=f"{function}:live")["EventSourceMappings"]]
    return Seen(
        agrees=not by_name and by_alias == [of_alias],
        answer={"by the name": len(by_name), "by the alias": len(by_alias)},
    )


@probe("esm-tags", quick=True)
def tags(lab: Lab) -> Seen:
    uuid = lab.mapping(lab.table(), lab.recorder, Tags={"made": "so"})
    arn = lab.lambda_.get_event_source_mapping(UUID=uuid).get("EventSourceMappingArn", "")
    code = lab.code_of(lab.lambda_.tag_resource, Resource=arn, Tags={"later": "too"}) if arn else "no ARN"
    found = {} if code else dict(lab.lambda_.list_tags(Resource=arn)["Tags"])
    has_ours = lab.tags.items() <= found.items()
    found = {name: value for name, value in found.items() if name not in lab.tags}
    return Seen(
        agrees=has_ours and found == {"made": "so", "later": "too"}, answer={"code": code, "tags": found}
    )
