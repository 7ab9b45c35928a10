"""What an inventory says of a consumer, from values alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ddbinsert.core.inventory.judge import entries_of
from ddbinsert.core.inventory.model import (
    ConsumerKind,
    InsertOnly,
    InventoryEntry,
    InventorySeverity,
    KinesisDestination,
    Pipe,
    RegionFacts,
    TableRead,
)
from ddbinsert.core.model.seen import MappingState
from tests.unit import worlds

_NAME = "orders-inserts"
_IN_IRELAND = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"
_AROUND = RegionFacts(
    region=worlds.REGION, account=worlds.ACCOUNT, functions={_NAME: "2026-05-01T10:00:00.000+0000"}
)
_READ = TableRead(name="orders", state=worlds.table())


def _mapping(**more: Any) -> MappingState:
    given: dict[str, Any] = {
        "uuid": worlds.UUID.format(1),
        "stream_arn": worlds.LIVE,
        "function_arn": worlds.FUNCTION_ARN,
        "state": "Enabled",
        "filters": ('{"eventName":["INSERT"]}',),
        "retries": 5,
        "on_failure": "arn:aws:sqs:eu-west-1:123456789012:failures",
    }
    return MappingState(**{**given, **more})


def _entry(around: RegionFacts = _AROUND, read: TableRead = _READ, **more: Any) -> InventoryEntry:
    return next(entries_of(read, replace(around, mappings=(_mapping(**more),))))


def test_a_sound_mapping_has_no_findings() -> None:
    entry = _entry()
    assert (entry.findings, entry.worst) == ((), None)
    assert (entry.insert_only, entry.filter) == (InsertOnly.YES, "INSERT records pass")
    assert entry.changed == "2026-05-01T10:00:00+00:00"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"stream_arn": worlds.DEAD}, "stream-replaced"),
        ({"state": "Disabled"}, "mapping-disabled"),
        ({"last_result": "PROBLEM: Function call failed"}, "mapping-problem"),
        ({"retries": -1, "record_age": -1}, "endless-retries"),
        ({"on_failure": None}, "no-on-failure"),
        ({"filters": ()}, "not-insert-only"),
        ({"filters": ('{"eventName":["MODIFY"]}',)}, "filter-never-matches"),
        ({"filters": ("{",)}, "filter-not-valid"),
        ({"filters": (), "filters_hidden": True}, "filter-hidden"),
        ({"function_arn": worlds.FUNCTION_ARN.replace(_NAME, "gone")}, "function-deleted"),
        ({"function_arn": worlds.FUNCTION_ARN.replace(_NAME, "ddbinsert-tap-1")}, "tap-left"),
    ],
)
def test_each_fault_is_found(more: dict[str, Any], code: str) -> None:
    assert code in {one.code for one in _entry(**more).findings}


@pytest.mark.parametrize("known", [worlds.ACCOUNT, None])
def test_a_table_of_another_account_is_not_taken_for_one_here(known: str | None) -> None:
    """A stream may be read across accounts; a table here may have the same name, or there is none."""
    theirs = worlds.LIVE.replace(worlds.ACCOUNT, "888888888888")
    around = replace(_AROUND, account=known)
    for read in (_READ, TableRead(name="orders", state=None)):
        entry = _entry(around, read, stream_arn=theirs)
        assert {one.code for one in entry.findings} == {"table-elsewhere"}
        assert (entry.insert_only, entry.view) == (InsertOnly.YES, None)


def test_a_mapping_that_names_no_function_is_not_called_an_orphan() -> None:
    assert _entry(function_arn="").findings == ()


def test_what_was_not_read_is_never_judged() -> None:
    unread = replace(_AROUND, functions=None, tags=None)
    entry = _entry(unread, function_arn=worlds.FUNCTION_ARN.replace(_NAME, "gone"))
    assert (entry.findings, entry.owner) == ((), "unknown")
    hidden = _entry(read=TableRead(name="orders", state=None, unread=True))
    assert hidden.findings == ()
    incomplete = replace(_AROUND, all_tables=False)
    assert _entry(incomplete, TableRead(name="orders", state=None)).findings == ()
    deleted = _entry(read=TableRead(name="orders", state=None))
    assert {one.code for one in deleted.findings} == {"table-deleted"}


@pytest.mark.parametrize(
    ("tags", "owner"),
    [
        ({"ddbinsert": "orders"}, "ddbinsert"),
        ({"aws:cloudformation:stack-name": "billing"}, "stack billing"),
        ({"Terraform": "true"}, "terraform"),
        ({"ManagedBy": "Terraform"}, "terraform"),
        ({"ManagedBy": "hand"}, ""),
    ],
)
def test_tags_of_the_mapping_or_the_function_name_the_owner(tags: dict[str, str], owner: str) -> None:
    from ddbinsert.core.model.wanted import OWNER_TAG

    tags = {OWNER_TAG if name == "ddbinsert" else name: value for name, value in tags.items()}
    mapping = _mapping()
    for arn in (mapping.arn, worlds.FUNCTION_ARN):
        assert _entry(replace(_AROUND, tags={arn: tags})).owner == owner


def test_other_kinds_of_consumers_are_listed_and_a_third_reader_is_noticed() -> None:
    pipe = Pipe(
        name="to-bus",
        arn=f"arn:aws:pipes:{worlds.REGION}:{worlds.ACCOUNT}:pipe/to-bus",
        stream_arn=worlds.LIVE,
        target_arn="arn:aws:events:eu-west-1:123456789012:event-bus/b",
        state="STOPPED",
        filters=('{"eventName":["INSERT","MODIFY"]}',),
    )
    kinesis = KinesisDestination(arn="arn:aws:kinesis:eu-west-1:123456789012:stream/changes", status="ACTIVE")
    mappings = tuple(_mapping(uuid=worlds.UUID.format(number)) for number in range(3))
    around = replace(_AROUND, mappings=mappings, pipes=(pipe,))
    found = list(entries_of(replace(_READ, kinesis=(kinesis,)), around))
    kinds = [one.kind for one in found]
    assert kinds == [ConsumerKind.FUNCTION] * 3 + [ConsumerKind.PIPE, ConsumerKind.KINESIS]
    assert all("third-reader" in {one.code for one in entry.findings} for entry in found[:3])
    assert {one.code for one in found[3].findings} == {"pipe-stopped", "not-insert-only"}
    assert (found[4].consumer, found[4].insert_only) == ("changes", InsertOnly.NO)


def test_a_live_stream_without_a_consumer_is_an_entry() -> None:
    (entry,) = entries_of(_READ, _AROUND)
    assert (entry.kind, entry.worst) == (ConsumerKind.NOTHING, InventorySeverity.NOTE)
    assert list(entries_of(TableRead(name="bare", state=worlds.bare_table()), _AROUND)) == []


@pytest.mark.parametrize(
    "pattern",
    ['{"eventName":["INSERT","MODIFY"]}', '{"eventName":["INSERT","MODIFY"],"awsRegion":["eu-west-1"]}'],
)
def test_the_counterexample_of_a_mapping_is_a_record_of_its_own_stream(pattern: str) -> None:
    example = _entry(filters=(pattern,), stream_arn=_IN_IRELAND).example
    assert example is not None
    assert (example["eventSourceARN"], example["awsRegion"]) == (_IN_IRELAND, "eu-west-1")


def test_a_filter_that_names_the_region_is_judged_for_each_stream_anew() -> None:
    pattern = '{"eventName":["INSERT"],"awsRegion":["eu-west-1"]}'
    streams = (_IN_IRELAND, _IN_IRELAND.replace("eu-west-1", "us-east-1"))
    never = [
        {one.code for one in _entry(filters=(pattern,), stream_arn=stream).findings}
        & {"filter-never-matches"}
        for stream in streams
    ]
    assert never == [set(), {"filter-never-matches"}]
