"""Checks of the table and its stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.doctor.checks.words import allow, attach
from ddbinsert.core.doctor.facts import RoleRight
from ddbinsert.core.doctor.model import FactSource, Severity, Symptom, check
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.model.record import StreamView
from ddbinsert.core.model.wanted import Template
from ddbinsert.core.proof.causes.filters import repair
from ddbinsert.core.trigger.consumers import TAP_PREFIX
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.doctor.facts import Facts

_USABLE = frozenset({"ACTIVE", "UPDATING"})
_IMAGES = frozenset({StreamView.NEW_IMAGE, StreamView.NEW_AND_OLD_IMAGES})
_NEED_IMAGES = frozenset({Template.AUDIT_LOG.value, Template.ANALYTICS.value})
#: Number of simultaneous readers of a shard (docs/aws-facts.md#stream-two-readers).
_READERS, _READERS_OF_GLOBAL_TABLE = 2, 1


@check(
    "table-not-active",
    Severity.ERROR,
    "the table is not ACTIVE: it is created, deleted or cannot be used",
    FactSource.TABLE,
)
def not_active(facts: Facts) -> Iterator[Symptom]:
    table = facts.table
    if table.status not in _USABLE:
        yield Symptom(
            text=f"table {table.name} is {table.status}",
            evidence=(f"TableStatus: {table.status}",),
            advice=Advice(
                f"Wait until it is ACTIVE, or see `aws dynamodb describe-table --table-name {table.name}`"
            ),
        )


@check(
    "stream-off",
    Severity.ERROR,
    "the table has no live stream: inserts are not recorded and never delivered",
    FactSource.TABLE,
)
def stream_off(facts: Facts) -> Iterator[Symptom]:
    table = facts.table
    if table.stream_arn is None:
        lingering = (f"the last stream was {table.latest_stream_arn}",) if table.latest_stream_arn else ()
        yield Symptom(
            text=f"the stream of table {table.name} is disabled: inserts are not recorded and never delivered",
            evidence=("StreamSpecification: StreamEnabled false or absent", *lingering),
            advice=attach("Enable the stream and attach the function to it"),
        )


@check(
    "kms-key-unusable",
    Severity.ERROR,
    "the customer key that encrypts the table is disabled, or is being deleted",
    FactSource.KEY,
)
def key_unusable(facts: Facts) -> Iterator[Symptom]:
    key = facts.table.kms_key_arn
    if key and facts.key_state and facts.key_state != "Enabled":
        repair = "enable-key" if facts.key_state == "Disabled" else "cancel-key-deletion"
        yield Symptom(
            text=f"the key that encrypts table {facts.table.name} is {facts.key_state}: neither the table nor its stream can be read",
            evidence=(f"{key}: {facts.key_state}",),
            advice=Advice(f"Make it usable again: `aws kms {repair} --key-id {key}`"),
        )


@check(
    "kms-decrypt-denied",
    Severity.ERROR,
    "the table is encrypted with a customer key, and the role is not allowed to decrypt with it",
    FactSource.RIGHTS,
)
def decrypt_denied(facts: Facts) -> Iterator[Symptom]:
    if facts.table.kms_key_arn and RoleRight.DECRYPT in facts.rights.denied:
        yield Symptom(
            text="the function's role is not allowed to decrypt with the key that encrypts the table: it cannot read the stream",
            evidence=(f"kms:Decrypt on {facts.table.kms_key_arn}: denied",),
            advice=allow(
                facts,
                f"kms:Decrypt on {facts.table.kms_key_arn}",
                attach("Grant kms:Decrypt to the role, which ddbinsert created"),
                RoleRight.DECRYPT,
            ),
            is_safe=facts.is_ours and RoleRight.DECRYPT not in facts.rights.by_statement,
        )


@check(
    "third-reader",
    Severity.WARNING,
    "more consumers read the stream than a shard serves without throttling: two, one on a global table",
    FactSource.MAPPINGS,
)
def third_reader(facts: Facts) -> Iterator[Symptom]:
    world, live = facts.world, facts.table.stream_arn
    reading = [m for m in (*world.mappings, *world.other_mappings) if m.is_enabled and m.stream_arn == live]
    most = _READERS_OF_GLOBAL_TABLE if facts.table.replicas else _READERS
    if live and len(reading) > most:
        yield Symptom(
            text=f"{len(reading)} mappings read the stream; its shards serve {most} at a time, so reads are throttled and records are late",
            evidence=tuple(f"mapping {m.uuid} to {m.function_name}" for m in reading),
            advice=Advice(
                "Remove a consumer, or let one function forward the records; list the consumers",
                ("status", TABLE),
            ),
        )


@check(
    "global-table-fires-in-each-region",
    Severity.NOTE,
    "the table has replicas: each region's stream carries every write, so triggers in several regions process every insert",
    FactSource.TABLE,
)
def global_table(facts: Facts) -> Iterator[Symptom]:
    if facts.table.replicas:
        yield Symptom(
            text="the table has replicas, and each one's stream carries the same inserts: a trigger in another region processes them again",
            evidence=tuple(f"replica in {region}" for region in facts.table.replicas),
            advice=Advice(
                "Attach the trigger in one region only, or make the function idempotent across regions"
            ),
        )


@check(
    "unfiltered-sibling",
    Severity.NOTE,
    "another function on the stream has no filter: it receives test items and every change",
    FactSource.MAPPINGS,
)
def unfiltered_sibling(facts: Facts) -> Iterator[Symptom]:
    live = facts.table.stream_arn
    open_ones = [
        m
        for m in facts.world.other_mappings
        if live
        and m.stream_arn == live
        and m.is_enabled
        and not m.filters
        and not m.filters_hidden
        and m.function_name != facts.name
    ]
    if open_ones:
        name = open_ones[0].function_name
        yield Symptom(
            text=f"{plural(len(open_ones), 'other function')} on the stream without a filter: modifications and removals invoke it as well",
            evidence=tuple(f"mapping {m.uuid} to {m.function_name}: no FilterCriteria" for m in open_ones),
            advice=Advice(
                "If it is meant for inserts, restrict it",
                # Without --yes: adopting a resource of others requires a decision.
                ("attach-trigger", TABLE, "--function", name, "--adopt", "--filter", INSERT_ONLY),
            ),
        )


@check(
    "orphan-mapping",
    Severity.WARNING,
    "a mapping on the stream delivers to a function that does not exist; it still counts as a reader",
    FactSource.MAPPINGS,
    FactSource.SIBLINGS,
)
def orphan_mapping(facts: Facts) -> Iterator[Symptom]:
    gone = {name for name, function in facts.siblings.items() if function is None}
    orphans = [m for m in facts.world.other_mappings if m.function_name in gone and not m.is_leaving]
    if orphans:
        yield Symptom(
            text=f"{plural(len(orphans), 'mapping')} on the stream to a function that does not exist",
            evidence=tuple(f"mapping {m.uuid} ({m.state}) to {m.function_name}" for m in orphans),
            advice=Advice(f"Delete it: `aws lambda delete-event-source-mapping --uuid {orphans[0].uuid}`"),
        )


@check(
    "tap-left",
    Severity.WARNING,
    "a temporary function of `verify --wiretap` is still on the stream",
    FactSource.MAPPINGS,
)
def orphan_tap(facts: Facts) -> Iterator[Symptom]:
    taps = sorted(
        {
            m.function_name
            for m in facts.world.other_mappings
            if m.function_name.startswith(TAP_PREFIX) and not m.is_leaving
        }
    )
    if taps:
        yield Symptom(
            text=f"{plural(len(taps), 'temporary function')} of `verify --wiretap` on the stream; unless verify is running now, it was left behind",
            evidence=tuple(taps),
            advice=Advice("Remove it", ("down", TABLE, "--function", taps[0])),
        )


@check(
    "ttl-deletions-delivered",
    Severity.WARNING,
    "the table deletes items by time to live, and the mapping delivers these deletions",
    FactSource.TTL,
    FactSource.MAPPINGS,
)
def ttl_delivered(facts: Facts) -> Iterator[Symptom]:
    open_ones = [m for m in facts.mappings if m.is_enabled and not m.filters and not m.filters_hidden]
    if facts.time_to_live and open_ones:
        yield Symptom(
            text=f"items expire by {facts.time_to_live}, and the mapping has no filter: every expiry invokes the function",
            evidence=tuple(f"mapping {m.uuid}: no FilterCriteria" for m in open_ones),
            advice=repair(open_ones[0], is_second=all(map(facts.world.is_second, open_ones))),
        )


@check(
    "view-without-image",
    Severity.WARNING,
    "the handler stores or counts attributes, but the stream's view type does not include the attributes of an insert",
    FactSource.TABLE,
    FactSource.FUNCTION,
    FactSource.OWNER,
)
def view_without_image(facts: Facts) -> Iterator[Symptom]:
    view = facts.table.view
    label = facts.template.value if facts.template else facts.label
    if view is not None and view not in _IMAGES and label in _NEED_IMAGES:
        yield Symptom(
            text=f"the stream's view type is {view.value}: an insert's record contains only its key, and template {label} works on attributes",
            evidence=(f"StreamViewType: {view.value}",),
            advice=Advice(
                "Replace the stream with one that has images",
                ("enable-stream", TABLE, "--view-type", "NEW_IMAGE", "--replace"),
            ),
        )
