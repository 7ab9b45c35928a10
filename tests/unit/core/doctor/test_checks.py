"""Every check finds what it is for, and nothing in a trigger that is well."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.doctor.catalog import CHECKS
from ddbinsert.core.doctor.facts import (
    AccountSeen,
    DeclarationSeen,
    DestinationSeen,
    Facts,
    InsertSeen,
    LogSeen,
    Metrics,
    Rights,
    RoleRight,
    SinkSeen,
    StreamSeen,
)
from ddbinsert.core.doctor.model import FactSource, Severity, diagnose
from ddbinsert.core.doctor.timeline import timeline
from ddbinsert.core.model.package import Statement
from ddbinsert.core.model.record import StreamView
from ddbinsert.core.model.stream_policy import StreamPolicy
from ddbinsert.core.model.wanted import CODE_TAG, Template
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.trigger.policy import role_policy
from tests.unit import doctor_facts as healthy
from tests.unit.doctor_facts import NOW, end, facts, function, having, log_group, mapping, role, table

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import MappingState

THEIRS = MappingProxyType({"team": "pay"})
MANY = "x" * 4000
off = replace(table, stream_arn=None, view=None)
renewed = replace(mapping, stream_arn=healthy.OLD_STREAM)
encrypted = replace(table, kms_key_arn=healthy.KEY)
WRITES_SINK = Statement(actions=("dynamodb:PutItem",), resources=(healthy.SINK,))


def other(name: str, **more: Any) -> MappingState:
    arn = healthy.FUNCTION.replace(healthy.NAME, name)
    return replace(mapping, uuid=f"22222222-2222-2222-2222-{len(name):012}", function_arn=arn, **more)


def denied(*rights: RoleRight, **more: Any) -> Rights:
    return Rights(denied=frozenset(rights), allowed=facts.rights.allowed - frozenset(rights), **more)


def counted(**series: float) -> Metrics:
    return Metrics(series={name: ((NOW - 60, value),) for name, value in series.items()})


def logged(*ends: Any) -> LogSeen:
    return LogSeen(ends=ends)


def filtered(*patterns: str) -> Facts:
    return having(mapping=replace(mapping, filters=patterns))


NUMBER = '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"total":{"N":[{"numeric":[">",5]}]}}}}'
OLD_IMAGE = '{"eventName":["INSERT"],"dynamodb":{"OldImage":{"total":{"N":["5"]}}}}'
NEVER = '{"eventName":["insert"]}'
failing = tuple(end(ago, ok=False, error="ValueError: no such column") for ago in (400, 300, 200, 100))
endless = replace(mapping, retries=-1, record_age=-1, on_failure=None)

#: What each check finds.
BROKEN: dict[str, Facts] = {
    "table-not-active": having(table=replace(table, status="INACCESSIBLE_ENCRYPTION_CREDENTIALS")),
    "kms-key-unusable": having(table=encrypted, key_state="PendingDeletion"),
    "stream-off": having(table=off),
    "function-missing": having(function=None),
    "mapping-on-stale-stream": having(mapping=renewed),
    "mapping-missing": having(mappings=()),
    "mapping-disabled": having(mapping=replace(mapping, state="Disabled")),
    "mapping-stuck": having(mapping=replace(mapping, state="Updating", modified=NOW - 3600)),
    "differs-from-declaration": replace(
        facts,
        declared=DeclarationSeen(
            resource="A", place="t.yaml:4", file="t.yaml", different=("mapping.bisect",)
        ),
    ),
    "role-missing": having(role=None),
    "role-not-assumable": having(role=replace(role, trusts_lambda=False)),
    "permissions-boundary": having(
        rights=denied(RoleRight.READ_STREAM, by_boundary=frozenset({RoleRight.READ_STREAM}))
    ),
    "policy-names-replaced-stream": having(
        role=replace(role, policy=role_policy(healthy.TRIGGER, table, healthy.OLD_STREAM, [])),
        rights=denied(RoleRight.READ_STREAM),
    ),
    "stream-policy-lacks": replace(
        facts,
        world=replace(
            facts.world,
            table=replace(table, function_account="222222222222"),
            stream_policy=StreamPolicy(stream_arn=healthy.STREAM),
        ),
    ),
    "permission-lost": having(rights=denied(RoleRight.READ_STREAM)),
    "kms-decrypt-denied": having(table=encrypted, rights=denied(RoleRight.DECRYPT)),
    "filter-hidden": having(mapping=replace(mapping, filter_error="AccessDenied: no kms:Decrypt")),
    "filter-never-matches": filtered(NEVER),
    "filter-unreadable": filtered('{"eventName":[{"newer":1}]}'),
    "no-filter": filtered(),
    "filter-too-wide": filtered('{"eventName":["INSERT","MODIFY"]}'),
    "filter-numeric-on-number": filtered(NUMBER),
    "filter-against-view-type": filtered(OLD_IMAGE),
    "filter-part-never-matches": filtered('{"eventName":["INSERT"]}', NEVER),
    "everything-filtered-out": having(metrics=counted(PolledEventCount=3, FilteredOutEventCount=3)),
    "function-not-active": having(function=replace(function, state="Failed", state_reason="no image")),
    "throttled-concurrency": having(function=replace(function, reserved_concurrency=0)),
    "function-cannot-be-loaded": having(
        log=logged(end(50, ok=False, error="Runtime.ImportModuleError: Unable to import module 'app'"))
    ),
    "errors-not-in-log": having(metrics=counted(Invocations=3, Errors=3), log=LogSeen()),
    "template-code-changed": having(template=None, log=logged(end(50))),
    "self-writing-loop": having(sink=SinkSeen(arn=healthy.TABLE)),
    "sink-missing": having(
        sink=SinkSeen(),
        role=replace(role, policy=role_policy(healthy.TRIGGER, table, healthy.STREAM, [WRITES_SINK])),
    ),
    "sink-not-found": having(sink=SinkSeen(arn=healthy.SINK, problem="it does not exist", missing=True)),
    "sink-denied": having(rights=denied(RoleRight.WRITE_SINK)),
    "poison-record-blocks-shard": having(mapping=endless, log=logged(end(500), *failing)),
    "function-times-out": having(log=logged(replace(end(50, ok=False, timed_out=True), seconds=30.0))),
    "function-errors": having(log=logged(*failing)),
    "mapping-reports-problem": having(mapping=replace(mapping, last_result="PROBLEM: Function call failed")),
    "durable-execution-too-long": having(function=replace(function, durable_timeout=3600)),
    "batch-item-failures-ignored": having(mapping=replace(mapping, report_batch_item_failures=False)),
    "records-given-up": having(metrics=counted(DroppedEventCount=2)),
    "failure-destination-missing": having(
        destinations=(DestinationSeen(arn=healthy.QUEUE, problem="it does not exist", missing=True),)
    ),
    "failure-destination-denied": having(
        rights=denied(RoleRight.SEND_FAILED), destinations=(DestinationSeen(arn=healthy.QUEUE),)
    ),
    "log-group-missing": having(log_group=None),
    "role-cannot-write-logs": having(rights=denied(RoleRight.WRITE_LOGS)),
    "inserts-not-processed": having(
        stream=StreamSeen(inserts=(InsertSeen(at=NOW - 700, event_id="e9", sequence="9"),))
    ),
    "iterator-age": having(metrics=counted(IteratorAge=600_000)),
    "function-throttled": having(metrics=counted(Throttles=4)),
    "timeout-near": having(log=logged(replace(end(50), seconds=28.0))),
    "function-update-failed": having(function=replace(function, update_status="Failed")),
    "account-concurrency-low": having(account=AccountSeen(concurrency=10, unreserved=3)),
    "second-mapping": having(
        mappings=(mapping, replace(mapping, uuid="3", function_arn=f"{healthy.FUNCTION}:live"))
    ),
    "third-reader": having(other_mappings=(other("a"), other("bb"))),
    "endless-retries": having(mapping=endless),
    "failure-destination-holds-records": having(
        destinations=(DestinationSeen(arn=healthy.QUEUE, messages=2),)
    ),
    "sink-throttled": having(metrics=counted(SinkThrottles=5)),
    "view-without-image": having(table=replace(table, view=StreamView.KEYS_ONLY)),
    "ttl-deletions-delivered": replace(filtered(), time_to_live="expires"),
    "orphan-mapping": having(other_mappings=(other("gone"),), siblings={"gone": None}),
    "tap-left": having(other_mappings=(other("ddbinsert-tap-1"),)),
    "role-too-wide": having(rights=Rights(allowed=frozenset(RoleRight))),
    "runtime-deprecated": having(function=replace(function, runtime="python3.8")),
    "code-storage-near-limit": having(
        account=AccountSeen(concurrency=1000, unreserved=900, code_used=90, code_limit=100)
    ),
    "function-inactive": having(function=replace(function, state="Inactive")),
    "mapping-pinned-to-version": having(mapping=replace(mapping, function_arn=f"{healthy.FUNCTION}:3")),
    "latest-changed-lately": having(mapping=replace(mapping, starting_position="LATEST", modified=NOW - 60)),
    "no-on-failure": having(mapping=replace(mapping, on_failure=None)),
    "failure-destination-unused": having(mapping=replace(endless, on_failure=healthy.QUEUE)),
    "batching-window-delays": having(mapping=replace(mapping, batching_window=120)),
    "filters-near-the-limit": filtered(
        *(f'{{"eventName":["INSERT"],"dynamodb":{{"Keys":{{"pk":{{"S":["{n}"]}}}}}}}}' for n in range(5))
    ),
    "global-table-fires-in-each-region": having(table=replace(table, replicas=("us-east-1",))),
    "unfiltered-sibling": having(other_mappings=(other("a", filters=()),)),
    "log-group-class": having(log_group=replace(log_group, log_class="INFREQUENT_ACCESS")),
    "log-retention-unlimited": having(log_group=replace(log_group, retention_days=None)),
    "log-group-protected": having(log_group=replace(log_group, deletion_protected=True)),
    "log-level-hides-ends": having(function=replace(function, log_format="JSON", system_log_level="WARN")),
    "environment-near-limit": having(function=replace(function, environment={"LONG": MANY})),
}


def found(given: Facts) -> dict[str, Severity]:
    return {one.id: one.severity for one in diagnose(CHECKS, given).found}


def test_a_trigger_that_is_well_passes_every_check() -> None:
    diagnosis = diagnose(CHECKS, facts)
    assert diagnosis.found == ()
    assert diagnosis.unchecked == ()
    assert len(diagnosis.passed) == len(CHECKS) >= 40
    assert not diagnosis.is_broken


def test_every_check_has_a_case() -> None:
    assert set(BROKEN) == {one.id for one in CHECKS}
    assert len({one.id for one in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("name", BROKEN)
def test_a_check_finds_what_it_is_for_with_evidence_and_one_repair(name: str) -> None:
    every = [one for one in diagnose(CHECKS, BROKEN[name]).found if one.id == name]
    assert every, found(BROKEN[name])
    (check,) = (one for one in CHECKS if one.id == name)
    for one in every:
        assert one.evidence
        assert one.advice.text
        assert one.source == check.source


@pytest.mark.parametrize("name", [one.id for one in CHECKS if one.severity is Severity.ERROR])
def test_what_is_broken_is_an_error_and_named_first(name: str) -> None:
    first = diagnose(CHECKS, BROKEN[name]).found[0]
    assert (first.id, first.severity) == (name, Severity.ERROR), found(BROKEN[name])


@pytest.mark.parametrize("part", FactSource)
def test_a_part_that_was_not_read_makes_its_checks_not_checked(part: FactSource) -> None:
    needing = {one.id for one in CHECKS if part in one.reads}
    for given in (facts, *BROKEN.values()):
        diagnosis = diagnose(CHECKS, replace(given, unread={part: "AccessDenied"}))
        assert {one.id for one in diagnosis.unchecked} == needing
        assert not needing & {one.id for one in diagnosis.found}
        assert not needing & set(diagnosis.passed)


def test_a_leak_of_somebody_elses_mapping_is_a_warning() -> None:
    theirs = replace(function, tags=THEIRS)
    given = having(function=theirs, template=None, mapping=replace(mapping, filters=()))
    assert found(given)["no-filter"] is Severity.WARNING


def test_an_older_version_of_a_template_that_leaves_receipts_is_no_finding() -> None:
    assert "template-code-changed" not in found(replace(facts, template=None))
    idle = replace(facts, template=None, log=LogSeen())
    assert found(idle)["template-code-changed"] is Severity.NOTE


def test_an_audit_log_without_a_sink_is_the_functions_own_log() -> None:
    assert "sink-missing" not in found(having(sink=SinkSeen()))
    assert "sink-missing" in found(having(sink=SinkSeen(), template=Template.NOTIFY))


@pytest.mark.parametrize(
    ("right", "check"),
    [
        (RoleRight.READ_STREAM, "permission-lost"),
        (RoleRight.WRITE_LOGS, "role-cannot-write-logs"),
        (RoleRight.SEND_FAILED, "failure-destination-denied"),
        (RoleRight.WRITE_SINK, "sink-denied"),
        (RoleRight.DECRYPT, "kms-decrypt-denied"),
    ],
)
def test_a_denial_by_a_statement_is_not_repaired_by_a_grant(right: RoleRight, check: str) -> None:
    rights = denied(right, by_statement=frozenset({right}))
    given = having(table=encrypted, rights=rights, destinations=(DestinationSeen(arn=healthy.QUEUE),))
    (symptom,) = [one for one in diagnose(CHECKS, given).found if one.id == check]
    assert not symptom.is_safe
    assert symptom.advice is not None
    assert not symptom.advice.command
    assert "Deny" in symptom.advice.text


def test_the_timeline_says_where_changes_of_the_role_are_recorded() -> None:
    (role_row,) = [one for one in timeline(facts).moments if one.what == "last change of the role"]
    assert role_row.at is None
    assert "us-east-1 only" in role_row.detail


def test_code_of_ones_own_needs_no_receipts() -> None:
    own = replace(function, tags={**healthy.OURS, CODE_TAG: "own"})
    waiting = StreamSeen(inserts=(InsertSeen(at=NOW - 700, event_id="e9", sequence="9"),))
    given = having(function=own, template=None, log=logged(end(50)), stream=waiting, sink=SinkSeen())
    assert not {"inserts-not-processed", "template-code-changed", "sink-missing"} & set(found(given))


def test_a_sink_that_is_the_triggers_own_table_is_one_finding_alone() -> None:
    own = SinkSeen(arn=healthy.TABLE, problem="the table's key is not eventID alone", is_wrong=True)
    given = having(sink=own, rights=denied(RoleRight.WRITE_SINK))
    assert found(given) == {"self-writing-loop": Severity.ERROR}


def test_a_sink_that_is_there_and_cannot_be_used_is_not_to_be_made() -> None:
    wrong = SinkSeen(arn=healthy.SINK, problem="the table's key is not eventID alone", is_wrong=True)
    (one,) = diagnose(CHECKS, having(sink=wrong)).found
    assert (one.id, one.advice.command[0]) == ("sink-not-found", "attach-trigger")
    assert "cannot be used" in one.text


def test_invocations_that_a_shorter_timeout_of_the_past_ended_are_no_finding() -> None:
    ended = replace(end(50, ok=False, timed_out=True), seconds=3.0)
    assert function.timeout == 30
    assert "function-times-out" not in found(having(log=logged(ended)))
    shorter = having(function=replace(function, timeout=3), log=logged(ended))
    assert found(shorter)["function-times-out"] is Severity.ERROR


@pytest.mark.parametrize(
    ("spoilt", "name"),
    [
        ({"state": "Disabled"}, "mapping-disabled"),
        ({"filters": ()}, "no-filter"),
        ({"filters": ('{"eventName":["INSERT","MODIFY"]}',)}, "filter-too-wide"),
        ({"retries": -1, "record_age": -1}, "endless-retries"),
        ({"on_failure": None}, "no-on-failure"),
        ({"report_batch_item_failures": False}, "batch-item-failures-ignored"),
        ({"batching_window": 60}, "batching-window-delays"),
    ],
)
def test_advice_about_a_further_mapping_is_not_to_change_the_first(spoilt: Any, name: str) -> None:
    further = replace(mapping, uuid="3", function_arn=f"{healthy.FUNCTION}:live", **spoilt)
    for mappings, is_ours in (((mapping, further), False), ((replace(mapping, **spoilt),), True)):
        (one,) = (one for one in diagnose(CHECKS, having(mappings=mappings)).found if one.id == name)
        assert bool(one.advice.command) is is_ours
        assert ("update-event-source-mapping --uuid 3 " in one.advice.text) is not is_ours


def test_errors_that_are_over_are_a_warning() -> None:
    given = having(log=LogSeen(ends=(*failing, end(50)), receipts=facts.log.receipts))
    assert found(given)["function-errors"] is Severity.WARNING


def test_an_insert_that_the_filter_excludes_or_that_is_on_its_way_is_not_waiting() -> None:
    inserts = (
        InsertSeen(at=NOW - 700, event_id="e8", sequence="8", passes=False),
        InsertSeen(at=NOW - 5, event_id="e9", sequence="9"),
    )
    assert "inserts-not-processed" not in found(having(stream=StreamSeen(inserts=inserts)))


def test_an_insert_that_the_mapping_gathers_with_others_is_not_missed() -> None:
    gathered = StreamSeen(inserts=(InsertSeen(at=NOW - 300, event_id="e9", sequence="9"),))
    assert "inserts-not-processed" in found(having(stream=gathered))
    slow = replace(mapping, batching_window=300)
    assert "inserts-not-processed" not in found(having(stream=gathered, mapping=slow))


def test_inserts_from_before_the_time_that_was_looked_at_are_not_counted_as_waiting() -> None:
    given = having(
        since=NOW - 3600, stream=StreamSeen(inserts=(InsertSeen(at=NOW - 7200, event_id="e", sequence="0"),))
    )
    told = timeline(given)
    assert (told.waiting, told.at_least) == (0, True)


def test_an_insert_that_lambda_has_gone_past_does_not_wait() -> None:
    inserts = tuple(
        InsertSeen(at=NOW - ago, event_id=f"e{number}", sequence=number)
        for number, ago in (("1", 900), ("2", 800), ("3", 700))
    )
    second = replace(facts.log.receipts[0], sequence="2")
    told = timeline(having(stream=StreamSeen(inserts=inserts), log=replace(facts.log, receipts=(second,))))
    assert (told.waiting, told.passed) == (1, 1)


def test_an_insert_that_the_function_fails_on_waits_and_so_do_those_behind_it() -> None:
    inserts = tuple(InsertSeen(at=NOW - 900 + n, event_id=f"e{n}", sequence=f"{n}") for n in (1, 2))
    failed = replace(facts.log.receipts[0], sequence="1", decision="failed")
    told = timeline(having(stream=StreamSeen(inserts=inserts), log=replace(facts.log, receipts=(failed,))))
    assert (told.waiting, told.passed) == (2, 0)


def test_an_insert_from_before_a_mapping_that_starts_at_latest_does_not_wait() -> None:
    inserts = (InsertSeen(at=NOW - 900, event_id="e1", sequence="1"),)
    late = replace(mapping, starting_position="LATEST", modified=NOW - 800)
    for one, waiting in ((late, 0), (replace(late, modified=NOW - 1000), 1), (mapping, 1)):
        told = timeline(having(stream=StreamSeen(inserts=inserts), mapping=one, log=LogSeen()))
        assert (told.waiting, told.passed) == (waiting, 1 - waiting)


def test_a_function_that_fails_on_several_batches_is_no_poison_record() -> None:
    several = tuple(replace(one, request=f"r{place}") for place, one in enumerate(failing))
    given = having(mapping=endless, log=LogSeen(ends=(end(500), *several)))
    assert "poison-record-blocks-shard" not in found(given)
    assert found(given)["function-errors"] is Severity.ERROR


def test_inserts_of_the_time_before_the_mapping_was_changed_are_not_missed() -> None:
    late = having(
        mapping=replace(mapping, modified=NOW - 600),
        stream=StreamSeen(inserts=(InsertSeen(at=NOW - 700, event_id="e9", sequence="9"),)),
    )
    assert "inserts-not-processed" not in found(late)


def test_a_policy_of_somebody_elses_role_is_not_judged_by_what_ddbinsert_writes() -> None:
    given = having(role=replace(role, policy=None, tags=THEIRS))
    assert not {"permission-lost", "role-cannot-write-logs"} & set(found(given))


def test_what_iam_allows_outweighs_the_policy_that_ddbinsert_wrote() -> None:
    """Another policy of the role may grant it."""
    assert "permission-lost" not in found(having(role=replace(role, policy=None)))


def test_a_draining_mapping_beside_the_live_one_is_a_note() -> None:
    given = having(mappings=(mapping, replace(renewed, uuid="4")))
    assert found(given) == {"mapping-on-stale-stream": Severity.NOTE}


def test_what_verify_has_a_cause_for_bears_its_code() -> None:
    shared = {one.id for one in CHECKS} & {cause.value for cause in Cause}
    assert len(shared) >= 20
