"""Why a run is not a PASS: each cause told by its code where it holds, and nowhere else, and never as more than it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core import receipt
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.model.seen import RoleState, World
from ddbinsert.core.proof.causes.causes import blocking_faults
from ddbinsert.core.proof.circumstances import Circumstances, Invocations
from ddbinsert.core.proof.mapping_counts import (
    DELIVERED_ON_FAILURE,
    DROPPED,
    FILTERED_OUT,
    OF_FUNCTION,
    OF_MAPPING,
    POLLED,
    MetricCounts,
)
from ddbinsert.core.proof.mapping_counts import INVOKED as INVOKED_EVENTS
from ddbinsert.core.proof.verdict import Result, Weight
from tests.unit import worlds
from tests.unit.runs import (
    INSERT,
    around,
    codes,
    function,
    judged,
    mapping,
    of,
    said,
    script_of,
    stream_of,
)

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.proof.verdict import Finding, Verdict

PLAN = script_of(2)
RECORDS = stream_of(PLAN)
ALL = [said(record) for record in of(RECORDS, INSERT)]
#: All but the fence of the first item: it may be late.
SOME = [line for line in ALL if line != said(of(RECORDS, INSERT)[1])]
DENIED = "PROBLEM: Cannot access stream arn. Please ensure the role can perform the GetRecords"
ROLE = RoleState(name="orders-inserts-role", arn=worlds.ROLE_ARN, tags=worlds.OURS)


def heard(lines: list[str], *mappings: MappingState, **more: Any) -> Verdict:
    """The verdict on a run whose log holds ``lines``, in circumstances that are healthy but for ``more``."""
    return judged(PLAN, lines, RECORDS, circumstances=around(*mappings, **more))


def with_function(**more: Any) -> Circumstances:
    given_ = around()
    return replace(given_, world=replace(given_.world, function=function(**more)))


def with_role(role: RoleState | None, *mappings: MappingState, **more: Any) -> Circumstances:
    given_ = around(*mappings, **more)
    return replace(given_, world=replace(given_.world, role=role))


def all_minutes(**counts: float) -> MetricCounts:
    """Counts of minutes that lie wholly in the run."""
    return MetricCounts(counts=counts, inside=counts)


def weights(verdict: Verdict) -> dict[str, Weight]:
    return {finding.code: finding.weight for finding in verdict.findings}


def finding(verdict: Verdict, code: str) -> Finding:
    (one,) = [finding for finding in verdict.findings if finding.code == code]
    return one


def test_a_healthy_run_has_no_findings_at_all() -> None:
    assert heard(ALL).findings == ()


def test_a_durable_function_passes_with_a_note_of_what_its_log_cannot_show() -> None:
    verdict = judged(PLAN, ALL, RECORDS, circumstances=with_function(durable_timeout=600))
    assert verdict.result is Result.PASS
    assert weights(verdict) == {"durable-executions-not-checked": Weight.NOTE}


def test_a_guard_that_lines_cannot_show_is_not_believed() -> None:
    unfiltered = around(mapping(filters=()))
    seen = judged(PLAN, ALL, RECORDS, circumstances=unfiltered, allow_guarded=True)
    assert seen.result is Result.PASS
    lines = [f"new {one['dynamodb']['Keys']['pk']['S']}" for one in of(RECORDS, INSERT)]
    verdict = judged(PLAN, lines, RECORDS, circumstances=unfiltered, allow_guarded=True, by_lines=True)
    assert (verdict.result, weights(verdict)["guard-not-seen"]) == (Result.INCONCLUSIVE, Weight.HOLE)


# --- what stands in the way ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mappings", "code"),
    [
        ((mapping(state="Disabled"),), "mapping-disabled"),
        ((mapping(state="Disabling"),), "mapping-disabled"),
    ],
)
def test_a_disabled_mapping_stands_in_the_way(mappings: tuple[MappingState, ...], code: str) -> None:
    assert [one.code for one in blocking_faults(around(*mappings))] == [code]
    assert codes(heard([], *mappings)) == {code}
    assert heard([], *mappings).result is Result.FAIL


def test_one_enabled_mapping_of_two_is_enough() -> None:
    both = around(mapping(state="Disabled"), mapping(uuid=worlds.UUID.format(2)))
    assert blocking_faults(both) == ()


def test_no_mapping_and_a_stale_one_are_told_apart() -> None:
    nothing = replace(around(), mappings=(), world=World(table=worlds.table(), function=function()))
    assert [one.code for one in blocking_faults(nothing)] == ["mapping-missing"]
    stale = replace(nothing, world=replace(nothing.world, mappings=(mapping(stream_arn=worlds.DEAD),)))
    (one,) = blocking_faults(stale)
    assert one.code == "mapping-on-stale-stream"
    assert worlds.DEAD in one.evidence[0]
    leaving = mapping(stream_arn=worlds.DEAD, state="Deleting")
    gone = replace(nothing, world=replace(nothing.world, mappings=(leaving,)))
    assert [one.code for one in blocking_faults(gone)] == ["mapping-missing"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reserved_concurrency": 0}, "throttled-concurrency"),
        ({"state": "Failed", "state_reason": "the subnet is gone"}, "function-not-active"),
    ],
)
def test_a_function_that_cannot_run_stands_in_the_way(changes: dict[str, Any], code: str) -> None:
    assert [one.code for one in blocking_faults(with_function(**changes))] == [code]


@pytest.mark.parametrize(
    "changes", [{"reserved_concurrency": 1}, {"reserved_concurrency": None}, {"state": "Inactive"}]
)
def test_a_function_that_runs_when_it_is_called_does_not(changes: dict[str, Any]) -> None:
    assert blocking_faults(with_function(**changes)) == ()


def test_no_function_stands_in_the_way() -> None:
    without = around()
    without = replace(without, world=replace(without.world, function=None))
    assert [one.code for one in blocking_faults(without)] == ["function-missing"]


# --- filters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ((), "no-filter"),
        (('{"eventName":["INSERT","REMOVE"]}',), "filter-too-wide"),
        (('{"eventName":["INSERT"]}', '{"dynamodb":{"Keys":{"pk":{"S":["x"]}}}}'), "filter-too-wide"),
    ],
)
def test_a_filter_that_lets_others_in_is_a_fail_though_none_came(filters: tuple[str, ...], code: str) -> None:
    verdict = heard(ALL, mapping(filters=filters))
    assert (verdict.result, codes(verdict)) == (Result.FAIL, {code})


def test_a_wide_filter_of_a_second_mapping_counts_too() -> None:
    verdict = heard(ALL, mapping(), mapping(uuid=worlds.UUID.format(2), filters=()))
    assert codes(verdict) == {"no-filter"}
    assert weights(verdict)["second-mapping"] is Weight.NOTE


def test_a_filter_that_stays_hidden_is_a_hole() -> None:
    hidden = mapping(filters=(), filters_hidden=True)
    assert heard(ALL, hidden).result is Result.INCONCLUSIVE
    assert weights(heard(ALL, hidden)) == {"filter-hidden": Weight.HOLE}


def test_a_filter_that_is_no_pattern_is_a_hole() -> None:
    unreadable = mapping(filters=('{"eventName":["INSERT"]}', '{"eventName":'))
    assert weights(heard(ALL, unreadable)) == {"filter-unreadable": Weight.HOLE}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (('{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ddbinsert:"}]}}}}',), True),
        (('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"ddbinsert_probe":{"N":["1"]}}}}',), True),
        (('{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ddbinsert:"}]}}}}',
          '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"order#"}]}}}}'), False),
        (('{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"dd"}]}}}}',), False),
    ],
)  # fmt: skip
def test_a_filter_that_only_test_items_pass_is_a_hole(filters: tuple[str, ...], *, expected: bool) -> None:
    found = weights(heard(ALL, mapping(filters=filters)))
    assert (found.get("filter-for-test-items-only") is Weight.HOLE) is expected, found


@pytest.mark.parametrize(
    "dead",
    [
        '{"eventName":["insert"]}',
        '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"n":{"N":[{"numeric":[">",1]}]}}}}',
        '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":["NEW"]}}}',
    ],
)
def test_a_dead_filter_beside_a_working_one_is_a_hole(dead: str) -> None:
    found = heard(ALL, mapping(filters=('{"eventName":["INSERT"]}', dead)))
    assert weights(found) == {"filter-part-never-matches": Weight.HOLE}


@pytest.mark.parametrize(
    "elsewhere",
    [
        '{"eventSourceARN":["arn:aws:dynamodb:eu-north-1:1:table/other/stream/x"]}',
        '{"awsRegion":["mars-1"]}',
        '{"dynamodb":{"StreamViewType":["KEYS_ONLY"]}}',
    ],
)
def test_a_filter_for_another_stream_beside_a_working_one_is_no_leak(elsewhere: str) -> None:
    found = heard(ALL, mapping(filters=('{"eventName":["INSERT"]}', elsewhere)))
    assert (found.result, weights(found)) == (Result.PASS, {})


# --- failures -----------------------------------------------------------------------------------------------


def test_where_every_invocation_failed_it_is_a_proof() -> None:
    calls = Invocations(reports=3, error_count=3, crashes=3, errors=("[ERROR] ValueError: x",))
    verdict = heard([], invocations=calls)
    assert (verdict.result, codes(verdict)) == (Result.FAIL, {"function-errors"})


def test_cloudwatchs_counts_show_it_where_the_log_does_not() -> None:
    verdict = heard([], counted=all_minutes(Invocations=4.0, Errors=4.0))
    assert weights(verdict)["function-errors"] is Weight.PROOF


def test_a_minute_that_began_before_the_run_proves_nothing_of_it() -> None:
    """What failed in it may have been mended since."""
    failed = {"Invocations": 4.0, "Errors": 4.0}
    verdict = heard([], counted=MetricCounts(counts=failed))
    assert (verdict.result, weights(verdict)["function-errors"]) == (Result.INCONCLUSIVE, Weight.HOLE)
    mixed = MetricCounts(counts=failed, inside={"Invocations": 1.0})
    assert heard([], counted=mixed).result is Result.INCONCLUSIVE
    without_errors = Invocations(reports=4)
    assert (
        heard([], invocations=without_errors, counted=MetricCounts(counts=failed)).result
        is Result.INCONCLUSIVE
    )


def test_the_log_and_that_minute_prove_it_together() -> None:
    """Some logs don't tell an error that was caught from one that was not; the counts do."""
    calls = Invocations(reports=3, error_count=3)
    failed, mixed = ({"Invocations": 5.0, "Errors": errors} for errors in (5.0, 4.0))
    assert heard([], invocations=calls, counted=MetricCounts(counts=failed)).result is Result.FAIL
    assert heard([], invocations=calls, counted=MetricCounts(counts=mixed)).result is Result.INCONCLUSIVE


@pytest.mark.parametrize(
    "calls",
    [
        Invocations(reports=3, error_count=1, crashes=1),
        Invocations(reports=3, error_count=3, crashes=0),
        Invocations(reports=3, error_count=3, crashes=3, cut=True),
    ],
)
def test_errors_that_may_be_others_or_caught_are_a_hole(calls: Invocations) -> None:
    assert weights(heard([], invocations=calls))["function-errors"] is Weight.HOLE
    assert heard([], invocations=calls).result is Result.INCONCLUSIVE


def test_errors_beside_inserts_that_were_processed_are_a_hole() -> None:
    calls = Invocations(reports=3, error_count=3, crashes=3)
    verdict = heard(SOME, invocations=calls, counted=all_minutes(Invocations=3.0, Errors=3.0))
    assert (verdict.result, codes(verdict)) == (Result.INCONCLUSIVE, {"function-errors"})


def test_errors_are_not_told_of_a_run_that_is_well() -> None:
    calls = Invocations(reports=9, error_count=5, crashes=5, timeouts=1, failed=6)
    assert heard(ALL, invocations=calls, counted=all_minutes(Errors=5.0)).findings == ()


def test_errors_that_the_log_does_not_explain_are_a_hole() -> None:
    calls = Invocations(reports=9)
    assert weights(heard(ALL, invocations=calls, counted=all_minutes(Errors=5.0))) == {
        "function-errors": Weight.HOLE
    }


@pytest.mark.parametrize(
    ("around_it", "code"),
    [
        ({"failures": (InvocationEnd(request="r", stream="s", at=1.0, ok=False),)}, "function-errors"),
        (
            {"failures": (InvocationEnd(request="r", stream="s", at=1.0, ok=False, timed_out=True),)},
            "function-times-out",
        ),
        ({"named_failures": 2}, "answer-names-failures"),
        ({"ends_unseen": 2}, "invocation-not-ended"),
        ({"changed": ("mapping m was deleted",)}, "changed-meanwhile"),
        ({"stream_unread": "not allowed", "names_itself": True}, "stream-not-read"),
        ({"log_group": "/aws/lambda/others"}, "log-group-elsewhere"),
        ({"counted": MetricCounts(inside={"DroppedEventCount": 1.0})}, "records-given-up"),
        ({"counted": MetricCounts(inside={"FailedInvokeEventCount": 1.0})}, "function-errors"),
    ],
)
def test_what_contradicts_a_pass_makes_it_inconclusive(around_it: dict[str, Any], code: str) -> None:
    verdict = heard(ALL, **around_it)
    assert (verdict.result, weights(verdict)) == (Result.INCONCLUSIVE, {code: Weight.HOLE})


def test_a_mapping_that_reports_a_problem_contradicts_a_pass() -> None:
    verdict = heard(ALL, mapping(last_result="PROBLEM: Function call failed"))
    assert weights(verdict) == {"mapping-reports-problem": Weight.HOLE}


def test_timeouts_of_all_are_a_proof_of_some_a_hole() -> None:
    all_of_them = heard([], invocations=Invocations(reports=2, timeouts=2))
    assert (all_of_them.result, codes(all_of_them)) == (Result.FAIL, {"function-times-out"})
    some = heard([], invocations=Invocations(reports=3, timeouts=2))
    assert some.result is Result.INCONCLUSIVE
    assert weights(some)["function-times-out"] is Weight.HOLE


def test_endless_retries_are_noted_where_something_fails() -> None:
    calls = Invocations(reports=3, error_count=1, crashes=1)
    endless = weights(heard([], mapping(retries=-1), invocations=calls))
    assert endless["poison-record-blocks-shard"] is Weight.NOTE
    assert "poison-record-blocks-shard" not in weights(heard([], invocations=calls))
    assert "poison-record-blocks-shard" not in weights(heard([], mapping(retries=-1)))


def test_a_handler_that_says_it_failed_is_believed() -> None:
    failed = said(of(RECORDS, INSERT)[1], receipt.FAILED)
    assert weights(heard([*SOME, failed]))["function-errors"] is Weight.PROOF


def test_what_failed_and_was_given_up_was_not_dropped_silently() -> None:
    first = of(RECORDS, INSERT)[0]
    lines = [said(first, receipt.FAILED), *(line for line in ALL if line != said(first))]
    verdict = heard(lines)
    assert (verdict.result, codes(verdict)) == (Result.FAIL, {"function-errors"})


# --- the role -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("circumstances", "code"),
    [
        (with_role(ROLE, mapping(last_result=DENIED), policy_lacks=("stream",)), "permission-lost"),
        (with_role(replace(ROLE, trusts_lambda=False)), "permission-lost"),
        (with_role(None, role_known=False, role_missing=True), "role-missing"),
    ],
)
def test_a_role_that_cannot_read_is_a_proof_only_where_nothing_was_heard(
    circumstances: Circumstances, code: str
) -> None:
    silent = judged(PLAN, [], RECORDS, circumstances=circumstances)
    assert (silent.result, weights(silent)[code]) == (Result.FAIL, Weight.PROOF)
    partly = judged(PLAN, SOME, RECORDS, circumstances=circumstances)
    assert (partly.result, weights(partly)[code]) == (Result.INCONCLUSIVE, Weight.HOLE)
    assert "handler-drops-records" not in codes(partly)


def test_a_policy_of_ours_that_lacks_a_right_is_no_proof_by_itself() -> None:
    """Another policy on the role may grant it."""
    verdict = judged(PLAN, [], RECORDS, circumstances=with_role(ROLE, policy_lacks=("stream",)))
    assert (verdict.result, codes(verdict)) == (Result.INCONCLUSIVE, {"permission-lost"})


def test_what_the_mapping_alone_says_of_a_role_of_others_is_a_hole() -> None:
    verdict = heard([], mapping(last_result=DENIED), role_known=False)
    assert (verdict.result, codes(verdict)) == (Result.INCONCLUSIVE, {"permission-lost"})
    assert DENIED in finding(verdict, "permission-lost").evidence[0]


@pytest.mark.parametrize(
    "circumstances",
    [
        around(mapping(last_result=DENIED)),
        with_role(None, role_missing=True),
        with_role(ROLE, policy_lacks=("stream", "logs"), invocations=Invocations(reports=1)),
    ],
    ids=["denied", "missing", "lacking"],
)
def test_only_a_role_that_ddbinsert_created_is_restored_by_a_command(circumstances: Circumstances) -> None:
    ours = judged(PLAN, [], RECORDS, circumstances=replace(circumstances, role_restored=True))
    mends = [one.mend for one in ours.findings if one.code in ("permission-lost", "role-missing")]
    assert [mend.command for mend in mends if isinstance(mend, Advice)] == [("attach-trigger", TABLE)]
    for one in judged(PLAN, [], RECORDS, circumstances=circumstances).findings:
        if one.code in ("permission-lost", "role-missing", "role-cannot-write-logs"):
            assert isinstance(one.mend, Advice)
            assert (one.mend.command, "ddbinsert" in one.mend.text) == ((), False)
            assert "role orders-inserts-role" in one.mend.text


def test_another_problem_of_the_mappings_is_no_lost_permission() -> None:
    told = weights(heard([], mapping(last_result="PROBLEM: Function call failed")))
    assert told["mapping-reports-problem"] is Weight.NOTE
    assert "permission-lost" not in told


def test_a_function_that_only_logs_an_error_still_gets_its_hint() -> None:
    told = codes(heard([], invocations=Invocations(reports=4, error_count=1)))
    assert told == {"function-errors", "function-leaves-no-receipt"}


# --- sight --------------------------------------------------------------------------------------------------

INVOKED = all_minutes(Invocations=3.0, Errors=0.0)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"log_group": "/other"}, "log-group-elsewhere"),
        ({"group_missing": True}, "log-group-missing"),
        ({"policy_lacks": ("logs",)}, "role-cannot-write-logs"),
        ({"counted": INVOKED, "role_known": False}, "role-cannot-write-logs"),
        ({"counted": INVOKED}, "log-late"),
        ({"log_complete": False}, "log-not-read"),
        ({"log_complete": False, "counted": INVOKED}, "log-not-read"),
        ({"invocations": Invocations(reports=2)}, "function-leaves-no-receipt"),
        ({}, "nothing-delivered"),
    ],
)
def test_why_nothing_was_seen_is_a_hole_with_one_cause(more: dict[str, Any], code: str) -> None:
    verdict = heard([], **more)
    assert (verdict.result, codes(verdict)) == (Result.INCONCLUSIVE, {code})
    assert finding(verdict, code).mend


@pytest.mark.parametrize(("level", "is_named"), [("WARN", True), ("INFO", False), ("", False)])
def test_a_log_level_that_keeps_lines_out_is_named_where_no_receipt_shows(level: str, is_named: bool) -> None:
    world = World(table=worlds.table(), function=function(application_log_level=level), mappings=(mapping(),))
    verdict = heard([], invocations=Invocations(reports=2), world=world)
    evidence = finding(verdict, "function-leaves-no-receipt").evidence
    assert any("ApplicationLogLevel is WARN" in line for line in evidence) is is_named


def test_a_log_that_was_not_read_to_its_end_keeps_a_run_from_passing() -> None:
    """What an intruder left may stand in the rest."""
    verdict = heard(ALL, log_complete=False)
    assert (verdict.result, codes(verdict)) == (Result.INCONCLUSIVE, {"log-not-read"})


def test_a_function_that_runs_without_showing_keys_is_told_by_its_lines() -> None:
    gauged = script_of(1, gauged=True)
    verdict = judged(
        gauged,
        [],
        stream_of(gauged),
        by_lines=True,
        circumstances=around(invocations=Invocations(reports=3)),
    )
    assert codes(verdict) == {"no-line-shows-a-key"}


def test_a_window_longer_than_the_wait_explains_what_is_missing() -> None:
    assert codes(heard([], mapping(batching_window=300))) == {"batching-window-longer-than-timeout"}
    assert codes(heard([], mapping(batching_window=60))) == {"nothing-delivered"}


def test_latest_explains_that_nothing_came() -> None:
    verdict = heard([], mapping(starting_position="LATEST"))
    assert (verdict.result, codes(verdict)) == (Result.INCONCLUSIVE, {"latest-missed-first-writes"})


def test_latest_explains_first_writes_that_were_passed_over_and_no_others() -> None:
    latest = mapping(starting_position="LATEST")
    firsts = {said(of(RECORDS, INSERT)[place]) for place in (0, 2)}
    missed = heard([line for line in ALL if line not in firsts], latest)
    assert (missed.result, codes(missed)) == (Result.INCONCLUSIVE, {"latest-missed-first-writes"})
    without = heard([line for line in ALL if line not in firsts])
    assert (without.result, codes(without)) == (Result.FAIL, {"handler-drops-records"})


def test_what_was_passed_over_is_no_proof_after_too_short_a_wait() -> None:
    first = said(of(RECORDS, INSERT)[0])
    left = [line for line in ALL if line != first]
    short = heard(left, wait_limit=5.0, log_patience=30.0)
    assert (short.result, weights(short)) == (
        Result.INCONCLUSIVE,
        {"handler-drops-records": Weight.HOLE},
    )
    assert heard(left, wait_limit=30.0, log_patience=30.0).result is Result.FAIL


@pytest.mark.parametrize(
    ("reports", "invocations", "result"),
    [
        (3, 4, Result.INCONCLUSIVE),
        (3, 3, Result.FAIL),
        (4, 3, Result.FAIL),
        (3, 0, Result.FAIL),
        (0, 4, Result.FAIL),  # a function that logs no REPORT lines
    ],
)
def test_what_was_passed_over_is_no_proof_while_the_log_lacks_an_invocation(
    reports: int, invocations: int, result: Result
) -> None:
    first = said(of(RECORDS, INSERT)[0])
    verdict = heard(
        [line for line in ALL if line != first],
        invocations=Invocations(reports=reports),
        counted=all_minutes(Invocations=float(invocations)),
    )
    assert (verdict.result, codes(verdict)) == (result, {"handler-drops-records"})


def test_inserts_that_nothing_explains_are_late_or_dropped() -> None:
    verdict = heard(SOME, invocations=Invocations(reports=3))
    assert (verdict.result, weights(verdict)) == (
        Result.INCONCLUSIVE,
        {"handler-drops-records": Weight.HOLE},
    )


def test_throttles_are_noted_beside_what_is_missing() -> None:
    verdict = heard([], counted=all_minutes(Throttles=3.0))
    assert weights(verdict)["throttled-concurrency"] is Weight.NOTE
    assert verdict.result is Result.INCONCLUSIVE


# --- all together -------------------------------------------------------------------------------------------

counts_of_any_kind = st.dictionaries(st.sampled_from([*OF_FUNCTION, *OF_MAPPING]), st.integers(0, 20))
circumstances_of_any_kind = st.builds(
    around,
    st.builds(
        mapping,
        state=st.sampled_from(["Enabled", "Updating", "Creating", "Disabled"]),
        starting_position=st.sampled_from(["LATEST", "TRIM_HORIZON"]),
        batching_window=st.sampled_from([0, 300]),
        retries=st.sampled_from([-1, 0, 5]),
        metrics=st.sampled_from([None, False, True]),
        last_result=st.sampled_from(["", "OK", DENIED, "PROBLEM: Function call failed"]),
    ),
    log_group=st.sampled_from(["/aws/lambda/orders-inserts", "/other"]),
    group_missing=st.booleans(),
    log_complete=st.booleans(),
    role_known=st.booleans(),
    role_missing=st.booleans(),
    policy_lacks=st.sampled_from([(), ("stream",), ("logs",), ("stream", "logs")]),
    invocations=st.builds(
        Invocations,
        reports=st.integers(0, 5),
        timeouts=st.integers(0, 5),
        error_count=st.integers(0, 5),
        crashes=st.integers(0, 5),
        cut=st.booleans(),
    ),
    counted=st.builds(MetricCounts, counts=counts_of_any_kind, inside=counts_of_any_kind),
)


@given(circumstances_of_any_kind, st.lists(st.sampled_from(ALL), unique=True, max_size=len(ALL) - 1))
def test_a_missing_insert_never_passes_and_always_has_a_cause(
    circumstances: Circumstances, lines: list[str]
) -> None:
    verdict = judged(PLAN, lines, RECORDS, circumstances=circumstances)
    assert verdict.result is not Result.PASS
    assert verdict.causes
    assert all(one.text and one.code for one in verdict.findings)


@given(circumstances_of_any_kind, st.permutations(ALL))
def test_circumstances_alone_never_fail_a_run_in_which_all_was_processed(
    circumstances: Circumstances, lines: list[str]
) -> None:
    verdict = judged(PLAN, lines, RECORDS, circumstances=circumstances)
    assert verdict.result is not Result.FAIL
    assert (verdict.result is Result.PASS) == (not verdict.causes)


@given(circumstances_of_any_kind, st.lists(st.sampled_from(ALL), unique=True), counts_of_any_kind)
def test_what_mappings_count_never_makes_a_verdict_better_and_never_a_fail(
    circumstances: Circumstances, lines: list[str], counts: dict[str, int]
) -> None:
    """Late, incomplete or of everybody's records: it may keep a run from being a PASS, and does nothing else."""
    of_mappings = {name: counts[name] for name in OF_MAPPING if name in counts}
    seen = replace(circumstances, counted=MetricCounts(counts=of_mappings, inside=of_mappings))
    unseen = replace(circumstances, counted=MetricCounts())
    with_counts, without = (judged(PLAN, lines, RECORDS, circumstances=one).result for one in (seen, unseen))
    assert with_counts is without or (without, with_counts) == (Result.PASS, Result.INCONCLUSIVE)


# --- what the mapping counts --------------------------------------------------------------------------------

COUNTING = mapping(metrics=True)
READ = float(len(RECORDS))


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({POLLED: READ, FILTERED_OUT: READ}, "everything-filtered-out"),
        ({POLLED: READ + 90, FILTERED_OUT: READ + 90, INVOKED_EVENTS: 0.0}, "everything-filtered-out"),
        ({POLLED: READ, FILTERED_OUT: READ, "Invocations": 2.0}, "everything-filtered-out"),
        ({POLLED: READ - 1, FILTERED_OUT: READ - 1}, "nothing-delivered"),
        ({POLLED: READ, FILTERED_OUT: READ - 1}, "nothing-delivered"),
        ({POLLED: READ}, "nothing-delivered"),
        ({POLLED: 0.0, FILTERED_OUT: 0.0}, "nothing-delivered"),
        ({FILTERED_OUT: READ}, "nothing-delivered"),
        ({}, "nothing-delivered"),
        ({POLLED: READ, FILTERED_OUT: READ, INVOKED_EVENTS: 1.0}, "log-late"),
        ({POLLED: READ, INVOKED_EVENTS: READ}, "log-late"),
    ],
)
def test_a_mapping_that_takes_everything_out_is_told_from_one_that_has_not_read_it(
    counts: dict[str, float], code: str
) -> None:
    verdict = heard([], COUNTING, counted=MetricCounts(counts=counts))
    assert (verdict.result, codes(verdict)) == (Result.INCONCLUSIVE, {code})


def test_the_minute_in_which_a_run_begins_says_less_of_it() -> None:
    """Another run in it, a moment ago, whose records were handed over."""
    before = {POLLED: 2 * READ, FILTERED_OUT: READ + 4, INVOKED_EVENTS: READ - 4}
    late = heard([], COUNTING, counted=MetricCounts(counts=before))
    assert codes(late) == {"log-late"}
    assert "unless only before the run" in finding(late, "log-late").text
    assert f"metric FilteredOutEventCount: {READ + 4:.0f}" in finding(late, "log-late").evidence
    assert "unless" not in finding(heard([], counted=INVOKED), "log-late").text
    filtered = {POLLED: READ, FILTERED_OUT: READ}
    all_of_it = heard([], COUNTING, counted=MetricCounts(counts=before, inside=filtered))
    assert codes(all_of_it) == {"everything-filtered-out"}
    told = finding(all_of_it, "everything-filtered-out").evidence
    assert told == (f"metric {POLLED}: {READ:.0f}", f"metric {FILTERED_OUT}: {READ:.0f}")


def test_what_only_some_mappings_count_is_not_the_whole() -> None:
    counted = MetricCounts(counts={POLLED: READ, FILTERED_OUT: READ})
    verdict = heard([], COUNTING, mapping(uuid=worlds.UUID.format(2), metrics=None), counted=counted)
    assert "everything-filtered-out" not in codes(verdict)


def test_where_nothing_came_the_counts_say_how_far_the_mapping_is() -> None:
    def told(*mappings: MappingState, **more: Any) -> str:
        return "\n".join(finding(heard([], *mappings, **more), "nothing-delivered").evidence)

    assert "no datapoint of PolledEventCount: the mapping does not poll, or" in told(COUNTING)
    assert "the mapping polls, and has read nothing" in told(
        COUNTING, counted=MetricCounts(counts={POLLED: 0.0})
    )
    behind = MetricCounts(counts={POLLED: 3.0, FILTERED_OUT: 1.0})
    assert "metric PolledEventCount: 3\nmetric FilteredOutEventCount: 1" in told(COUNTING, counted=behind)
    for unread in (told(mapping(metrics=False)), told(COUNTING, counted=MetricCounts(why="not allowed"))):
        assert "EventCount" not in unread


@pytest.mark.parametrize("name", [DROPPED, DELIVERED_ON_FAILURE])
def test_records_that_the_mapping_gave_up_may_be_what_is_missing(name: str) -> None:
    verdict = heard(SOME, invocations=Invocations(reports=3), counted=MetricCounts(counts={name: 2.0}))
    assert (verdict.result, weights(verdict)) == (
        Result.INCONCLUSIVE,
        {"records-given-up": Weight.HOLE},
    )
    assert finding(verdict, "records-given-up").evidence == (f"metric {name}: 2",)
    assert heard(ALL, counted=MetricCounts(counts={name: 2.0})).findings == ()
    none = heard(SOME, invocations=Invocations(reports=3), counted=MetricCounts(counts={name: 0.0}))
    assert "records-given-up" not in codes(none)
