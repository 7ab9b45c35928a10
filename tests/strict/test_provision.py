"""The main job's commands where nothing is ready at once, answers get lost and records come late or twice."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.receipt import parse
from tests.examples import some
from tests.functional.command import Ran, ran
from tests.functional.helpers import Terminal, check_envelope
from tests.strict.bench import ManualClock, fresh, until
from tests.strict.one_attempt import OneAttempt
from tests.strict.rig import Fault, FaultKind, Functions, Mappings, Profile, Roles, Tables

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from ddbinsert.aws.session.session import Aws, Connection
    from tests.strict.bench import Bench

WRITES = ("Create", "Update", "Put", "Delete", "Tag", "Untag")
INSERT_ONLY = '{"eventName":["INSERT"]}'
#: AWS's own times, in seconds of a clock that passes only while somebody sleeps.
SLOW = Profile(
    tables=Tables(creating=8, updating=5, deleting=5),
    functions=Functions(pending=3, updating=2),
    roles=Roles(propagation=12, policy_propagation=8),
    mappings=Mappings(creating=20, updating=30, deleting=10),
)
#: Calls on the way from a bare table to a trigger, one or two a service.
MAKING = ("UpdateTable", "CreateLogGroup", "CreateRole", "CreateFunction", "CreateEventSourceMapping")
either_day = pytest.mark.parametrize(
    "profile", some([Profile.hostile(), Profile.aws()], one_in=2), ids=lambda p: p.name
)


class PassingClock(ManualClock):
    """Time passes while somebody sleeps, and not otherwise."""

    def now(self) -> float:
        return self()

    def monotonic(self) -> float:
        return self()

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


class Place:
    """A table behind a rig, and the commands on it."""

    def __init__(self, bench: Bench, emulator: local.Emulator, folder: Path, **outside: Any) -> None:
        self.bench = bench
        self.table = bench.table(view=None)
        self._outside = outside
        self.variables = {
            **emulator.variables(region="eu-west-1"),
            "AWS_ENDPOINT_URL": bench.rig.endpoint,
            "HOME": str(folder),
            "NO_COLOR": "1",
        }

    @property
    def name(self) -> str:
        """The function's."""
        return f"{self.table}-inserts"

    def run(self, command: str, *arguments: str, **outside: Any) -> Ran:
        return ran(command, self.table, *arguments, variables=self.variables, **{**self._outside, **outside})

    def writes(self) -> Counter[str]:
        counts = self.bench.rig.counts()
        return type(counts)({name: n for name, n in counts.items() if name.startswith(WRITES)})

    def mappings(self) -> list[dict[str, Any]]:
        found = self.bench.lambda_.list_event_source_mappings(FunctionName=self.name)["EventSourceMappings"]
        return [dict(mapping) for mapping in found if mapping["State"] != "Deleting"]

    def stream(self) -> str:
        return self.bench.stream_arn(self.table)

    def processed(self) -> list[str]:
        """The keys of the inserts that the function processed."""
        receipts = [parse(message) for message in self.bench.messages(f"/aws/lambda/{self.name}")]
        return [
            one["keys"]["pk"]["S"]
            for one in receipts
            if one and one["decision"] == "processed" and one["eventName"] == "INSERT"
        ]


@pytest.fixture
def place_of(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> Callable[..., Place]:
    def make(profile: Profile, *, faults: tuple[Fault, ...] = (), clock: Any = None, **outside: Any) -> Place:
        if clock is not None:
            return Place(
                bench_of(profile, clock=clock, faults=faults), emulator, tmp_path, clock=clock, **outside
            )
        return Place(bench_of(profile, faults=faults), emulator, tmp_path, **outside)

    return make


@pytest.fixture
def slow(place_of: Callable[..., Place]) -> Place:
    """On an AWS that takes its full time, and a clock on which that passes at once."""
    return place_of(SLOW, clock=PassingClock(), connect=OneAttempt)


# --- on an ordinary day, and on a bad one -----------------------------------------------------------------


@either_day
def test_from_a_bare_table_to_a_proven_trigger_that_is_changed_in_place(
    place_of: Callable[..., Place], profile: Profile
) -> None:
    place = place_of(profile)
    assert place.run("attach-trigger").code == 0
    (made,) = place.mappings()
    assert (made["State"], made["EventSourceArn"]) == ("Enabled", place.stream())

    before = place.writes()
    again = place.run("attach-trigger")
    assert again.code == 0
    assert place.writes() == before

    assert place.run("verify").code == 0

    assert place.run("attach-trigger", "--batch-size", "7").code == 0
    (changed,) = place.mappings()
    assert (changed["UUID"], changed["BatchSize"]) == (made["UUID"], 7)
    assert changed["FilterCriteria"] == {"Filters": [{"Pattern": INSERT_ONLY}]}


@either_day
def test_a_replaced_stream_delivers_what_is_written_after_it(
    place_of: Callable[..., Place], profile: Profile
) -> None:
    place = place_of(profile)
    assert place.run("attach-trigger").code == 0
    (old,) = place.mappings()
    done = place.run("enable-stream", "--view-type", "KEYS_ONLY", "--replace", "--yes")
    assert done.code == 0, done.err
    (new,) = place.mappings()
    assert done.out.strip() == new["EventSourceArn"] == place.stream() != old["EventSourceArn"]
    place.bench.put(place.table, "after")
    assert until(lambda: "after" in place.processed())


def test_a_table_of_ones_own_is_made_awaited_attached_and_taken_down(place_of: Callable[..., Place]) -> None:
    place = place_of(Profile.aws())
    place.table = fresh("table")
    done = place.run("attach-trigger", "--create-table", "pk:S,sk:N", "-o", "json")
    assert done.code == 0, done.err
    assert done.data["mapping_state"] == "Enabled"
    assert place.run("down", "--table", "--yes").code == 0
    assert place.run("status").code == 5


# --- waiting, visibly -------------------------------------------------------------------------------------


def test_a_roles_propagation_is_awaited_with_a_visible_countdown(slow: Place) -> None:
    done = slow.run("create-function")
    assert done.code == 0
    waits = [line for line in done.err.splitlines() if line.startswith("waiting for IAM to make role")]
    assert waits
    assert all(f"role {slow.name}-role visible to Lambda" in line for line in waits)
    assert all(re.search(r": .*\d s left", line) for line in waits), waits


def test_at_a_terminal_a_wait_rewrites_its_line_and_leaves_none(slow: Place) -> None:
    done = slow.run("create-function", err=Terminal())
    assert done.code == 0
    assert "\r\x1b[2Kwaiting for IAM to make role" in done.err
    assert "created function" in done.err
    last = done.err.rsplit("\x1b[2K", 1)[-1]
    assert "waiting" not in last


def test_quiet_waits_say_nothing(slow: Place) -> None:
    assert slow.run("attach-trigger", "--quiet").err == ""


def test_every_wait_names_what_it_waits_for(slow: Place) -> None:
    slow.table = fresh("table")
    stream = slow.run("enable-stream", "--create-table", "pk:S")
    assert f"waiting for table {slow.table} to be active" in stream.err
    assert f"waiting for table {slow.table} to have a live stream (NEW_IMAGE)" in stream.err
    attached = slow.run("attach-trigger")
    assert "waiting for event source mapping" in attached.err
    assert " left, Creating" in attached.err


def test_a_wait_that_takes_too_long_is_inconclusive_and_the_next_run_goes_on(slow: Place) -> None:
    cut = slow.run("attach-trigger", "--timeout", "6s", "-o", "json")
    assert cut.code == 6
    check_envelope(cut.json, command="attach-trigger", code=6)
    assert cut.error_code == "timeout"
    assert "steps are done; run it again" in cut.json["errors"][0]["message"]
    assert "--timeout" in cut.json["errors"][0]["hint"] or "role" in cut.json["errors"][0]["hint"]
    finished = slow.run("attach-trigger")
    assert finished.code == 0
    (mapping,) = slow.mappings()
    assert mapping["State"] == "Enabled"


def test_a_role_that_lambda_may_never_assume_is_told_from_one_that_is_new(
    slow: Place,
) -> None:
    name = fresh("theirs")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    arn = slow.bench.upstream("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))[
        "Role"
    ]["Arn"]
    done = slow.run("create-function", "--role", arn, "-o", "json")
    assert done.code == 5
    assert done.error_code == "role-does-not-trust-lambda"
    assert name in done.json["errors"][0]["message"]
    missing = slow.run("create-function", "--role", f"{arn}-gone", "-o", "json")
    assert (missing.code, missing.error_code) == (5, "role-not-found")


def test_status_shows_a_mapping_that_is_still_on_its_way(place_of: Callable[..., Place]) -> None:
    place = place_of(Profile(mappings=Mappings(creating=600)), clock=PassingClock(), connect=OneAttempt)
    cut = place.run("attach-trigger", "--timeout", "5s", "--output", "json")
    assert cut.error_code == "timeout"
    shown = place.run("status")
    assert shown.code == 0
    assert "(Creating, " in shown.out


def test_a_mapping_that_is_being_deleted_is_proven_no_more(place_of: Callable[..., Place]) -> None:
    place = place_of(Profile(mappings=Mappings(creating=0, deleting=600)))
    assert place.run("attach-trigger").code == 0
    (mapping,) = place.mappings()
    place.bench.lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
    before = place.writes()
    done = place.run("verify", "-o", "json")
    assert done.code == 1
    assert [finding["code"] for finding in done.data["findings"]] == ["mapping-missing"]
    assert place.writes() == before  # nothing was put to what can't be delivered


# --- what goes wrong on the way ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.THROTTLE])
def test_calls_that_fail_once_are_made_again_and_leave_one_of_each(
    place_of: Callable[..., Place], kind: FaultKind
) -> None:
    place = place_of(
        Profile.aws(), faults=tuple(Fault(operation=name, kind=kind, times=1) for name in MAKING)
    )
    done = place.run("attach-trigger")
    assert done.code == 0, done.err
    assert place.bench.rig.faults_struck() == len(MAKING)
    (mapping,) = place.mappings()
    assert mapping["FilterCriteria"] == {"Filters": [{"Pattern": INSERT_ONLY}]}
    place.bench.rig.heal()
    before = place.writes()
    assert place.run("attach-trigger").code == 0
    assert place.writes() == before


@pytest.mark.parametrize(
    ("kind", "code"),
    [(FaultKind.EXPIRED_TOKEN, "expired-token"), (FaultKind.ACCESS_DENIED, "access-denied")],
)
@pytest.mark.parametrize("operation", ["CreateFunction", "CreateEventSourceMapping"])
def test_a_refusal_half_way_says_how_far_it_came_and_the_next_run_completes_it(
    slow: Place, operation: str, kind: FaultKind, code: str
) -> None:
    slow.bench.rig.inject(Fault(operation=operation, kind=kind))
    broken = slow.run("attach-trigger", "-o", "json")
    assert broken.code == 4
    check_envelope(broken.json, command="attach-trigger", code=4)
    assert broken.error_code == code
    assert "of 6 steps are done; run it again to continue." in broken.json["errors"][0]["message"]
    assert slow.mappings() == []
    slow.bench.rig.heal()
    before = slow.writes()
    finished = slow.run("attach-trigger", "-o", "json")
    assert finished.code == 0
    assert not {"UpdateTable", "CreateLogGroup", "CreateRole"} & set(slow.writes() - before)
    assert len(slow.mappings()) == 1


def test_a_refused_look_changes_nothing_and_names_the_call(slow: Place) -> None:
    slow.bench.rig.inject(Fault(operation="GetFunction", kind=FaultKind.ACCESS_DENIED))
    done = slow.run("attach-trigger", "-o", "json")
    assert (done.code, done.error_code) == (4, "access-denied")
    assert "lambda:GetFunction" in done.json["errors"][0]["message"]
    assert not slow.writes()


def test_two_commands_at_once_make_one_trigger(place_of: Callable[..., Place]) -> None:
    from tests.functional.command import begun, ended

    place = place_of(Profile.aws())
    variables = {**place.variables, "PATH": "/usr/bin:/bin"}
    both = [begun("attach-trigger", place.table, "--yes", variables=variables) for _ in range(2)]
    for done in [ended(process) for process in both]:
        assert done.code == 0, done.err
    (mapping,) = place.mappings()
    assert mapping["EventSourceArn"] == place.stream()
    before = place.writes()
    assert place.run("attach-trigger").code == 0
    assert place.writes() == before


def test_a_stream_whose_enabling_was_not_answered_is_found_enabled_by_the_next_run(slow: Place) -> None:
    slow.bench.rig.inject(Fault(operation="UpdateTable", kind=FaultKind.LOST_ANSWER, times=1))
    first = slow.run("enable-stream", "-o", "json")
    assert (first.code, first.error_code) == (4, "endpoint-unreachable")
    before = slow.writes()
    second = slow.run("enable-stream")
    assert second.code == 0
    assert second.out.strip() == slow.stream()
    assert slow.writes() == before


def test_a_stream_that_was_enabled_by_a_call_without_an_answer_is_no_error_of_the_retry(
    place_of: Callable[..., Place],
) -> None:
    # botocore asks again, and is told that the table already has an enabled stream.
    fault = Fault(operation="UpdateTable", kind=FaultKind.LOST_ANSWER, times=1)
    place = place_of(Profile(tables=Tables(updating=0)), faults=(fault,))
    done = place.run("enable-stream")
    assert done.code == 0, done.err
    assert done.out.strip() == place.stream()
    assert place.writes()["UpdateTable"] == 2


# --- what lambda alone refuses ----------------------------------------------------------------------------


def test_too_many_filters_are_told_in_lambdas_words_and_leave_no_mapping(slow: Place) -> None:
    filters = [
        word
        for number in range(6)
        for word in ("--filter", f'{{"dynamodb":{{"Keys":{{"pk":{{"S":["{number}"]}}}}}}}}')
    ]
    done = slow.run("attach-trigger", *filters, "-o", "json")
    assert done.code in (3, 4)
    assert "filters" in done.json["errors"][0]["message"].lower()
    assert slow.mappings() == []


def test_a_mapping_of_another_function_on_the_same_stream_is_no_duplicate(slow: Place) -> None:
    other = fresh("other")
    assert slow.run("attach-trigger").code == 0
    assert slow.run("attach-trigger", "--function", other).code == 0
    assert len(slow.mappings()) == 1
    theirs = slow.bench.lambda_.list_event_source_mappings(FunctionName=other)["EventSourceMappings"]
    assert [mapping["EventSourceArn"] for mapping in theirs] == [slow.stream()]


class Late:
    """A way to connect to an endpoint whose list does not show the mappings yet that exist already."""

    def connect(self, connection: Connection) -> Aws:
        aws = OneAttempt(connection)
        aws.client("lambda").meta.events.register("after-call.lambda.ListEventSourceMappings", self._hide)
        return aws

    def _hide(self, parsed: dict[str, Any], **_answer: object) -> None:
        parsed["EventSourceMappings"] = []


def test_a_mapping_that_is_listed_late_keeps_its_settings(slow: Place) -> None:
    """They are known from the conflict; a setting that is given is changed, if nothing is lost by that."""
    assert slow.run("attach-trigger", "--batch-size", "7", "--filter", '{"a":["b"]}').code == 0
    (before,) = slow.mappings()
    late = {"connect": Late().connect}
    assert slow.run("attach-trigger", **late).code == 0
    assert slow.mappings() == [before]
    assert slow.run("attach-trigger", "--retries", "3", **late).code == 0
    (after,) = slow.mappings()
    differing = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert differing <= {"MaximumRetryAttempts", "LastModified", "LastProcessingResult"}
    refused = slow.run("attach-trigger", "--filter", '{"a":["c"]}', "--yes", "-o", "json", **late)
    assert (refused.code, refused.error_code) == (1, "mapping-appeared")
    assert slow.mappings()[0]["FilterCriteria"] == before["FilterCriteria"]


def test_settings_that_lambda_clears_only_when_told_to_are_cleared(slow: Place) -> None:
    queue = "arn:aws:sqs:eu-west-1:000000000000:failures"
    full = (
        "--on-failure",
        queue,
        "--batching-window",
        "5",
        "--parallelization",
        "3",
        "--filter",
        '{"a":["b"]}',
    )
    assert slow.run("attach-trigger", *full).code == 0
    settings = ("on_failure", "batching_window", "parallelization", "filters")
    unset = [word for setting in settings for word in ("--unset", f"mapping.{setting}")]
    done = slow.run("attach-trigger", "--no-report-failures", "--no-metrics", *unset, "--yes")
    assert done.code == 0, done.err
    (mapping,) = slow.mappings()
    assert not (mapping.get("DestinationConfig") or {}).get("OnFailure")
    assert not mapping.get("FunctionResponseTypes")
    assert not (mapping.get("MetricsConfig") or {}).get("Metrics")
    assert mapping["FilterCriteria"] == {"Filters": [{"Pattern": INSERT_ONLY}]}
    assert (mapping["MaximumBatchingWindowInSeconds"], mapping["ParallelizationFactor"]) == (0, 1)


def test_tags_that_are_wanted_later_are_set_without_disturbing_anything(slow: Place) -> None:
    assert slow.run("attach-trigger").code == 0
    before = slow.writes()
    done = slow.run("attach-trigger", "--tag", "team=blue")
    assert done.code == 0, done.err
    assert set(slow.writes() - before) == {"TagResource", "TagRole"}
    before = slow.writes()
    assert slow.run("attach-trigger", "--tag", "team=blue").code == 0
    assert slow.writes() == before
