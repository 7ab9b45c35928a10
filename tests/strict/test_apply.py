"""Carrying out plans where nothing is ready at once: half-done, twice, two at a time, interrupted, refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.aws.change.apply import apply
from ddbinsert.aws.change.context import Provisioning
from ddbinsert.aws.context import Context
from ddbinsert.aws.read.observe import observe
from ddbinsert.core.model.package import Package
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.core.model.wanted import FunctionSpec, MappingSpec, StartingPosition, Trigger
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.removal import removal
from ddbinsert.core.trigger.reporter import Silent
from ddbinsert.core.trigger.scope import Allowed, Scope
from ddbinsert.core.trigger.settings import COMPARED
from ddbinsert.errors import DdbInsertError, InconclusiveError, PrerequisiteError, Refused
from ddbinsert.operations.provision.carry_out import CarriedOut, carry_out
from ddbinsert.operations.provision.converge import converge
from ddbinsert.operations.provision.converge_options import ConvergeOptions
from tests.examples import some
from tests.strict.bench import RECORDING, ManualClock, fresh, package, until
from tests.strict.one_attempt import connected
from tests.strict.rig import Fault, FaultKind, Functions, Mappings, Profile, Roles, Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ddbinsert import local
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.trigger.results import Converged
    from ddbinsert.core.trigger.steps import Step
    from tests.strict.bench import Bench

#: AWS's own times, in seconds of a clock that passes while somebody sleeps.
AWS = Profile(
    tables=Tables(creating=8, updating=5, deleting=5),
    functions=Functions(pending=3, updating=2),
    roles=Roles(propagation=12, policy_propagation=8),
    mappings=Mappings(creating=20, updating=30, deleting=10),
)
KEY = KeySchema(partition=KeyAttribute(name="pk", type=KeyType.S))
CODE = Package(zip_bytes=package(RECORDING), handler="main.handler")
OTHER_CODE = Package(zip_bytes=package(RECORDING + "\n# changed\n"), handler="main.handler")
WRITES = ("Create", "Update", "Put", "Delete", "Tag", "Untag")


class PassingClock(ManualClock):
    """Time passes while somebody sleeps, and not otherwise."""

    def now(self) -> float:
        return self()

    def monotonic(self) -> float:
        return self()

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


def from_the_start(inserts: int, *, at_least: bool) -> StartingPosition:
    return StartingPosition.TRIM_HORIZON


class Site:
    """A table behind a strict rig, and one who builds there."""

    def __init__(self, bench: Bench, aws: Aws, clock: Any) -> None:
        self.bench = bench
        self.aws = aws
        self.clock = clock
        self.reporter = Silent()
        self.table = fresh("site")

    def trigger(self, **more: Any) -> Trigger:
        """A trigger with every setting given."""
        return Trigger(table=self.table, explicit=COMPARED, **more)

    def make_table(self, view: str | None = None) -> None:
        """Past the rig, so that it is there at once."""
        stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}
        self.bench.upstream("dynamodb").create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            **stream,
        )

    def converge(
        self,
        trigger: Trigger | None = None,
        scope: Scope = Scope.TRIGGER,
        *,
        code: Package = CODE,
        timeout: float = 300,
        **options: Any,
    ) -> Converged:
        return converge(
            self.context(timeout),
            trigger or self.trigger(),
            scope,
            ConvergeOptions(**options),
            package=lambda _: code,
            confirm=lambda _: None,
            choose_position=from_the_start,
        )

    def context(self, timeout: float = 300) -> Context:
        return Context(
            aws=self.aws,
            clock=self.clock,
            reporter=self.reporter,
            new_id=lambda: "0123456789ab",
            timeout=timeout,
        )

    def take_down(self, trigger: Trigger | None = None, **more: Any) -> CarriedOut:
        want = trigger or self.trigger()
        world = observe(self.aws, want, owners=True)
        steps = removal(world, self.table, **{"stream_is_ours": True, **more}).steps
        return carry_out(self.context(), want, steps, world)

    def provisioning(self, trigger: Trigger, *, timeout: float = 300) -> Provisioning:
        return Provisioning.of(self.context(timeout), trigger, CODE)

    def missing(self, trigger: Trigger | None = None, code: Package = CODE) -> list[str]:
        """What is still to be done, by a fresh look; [] where everything is up to date."""
        want = trigger or self.trigger()
        world = observe(self.aws, want, owners=True)
        steps: tuple[Step, ...] = plan(want, world, Scope.TRIGGER, code, Allowed(prune=True))
        return [type(step).__name__ for step in steps]

    def writes(self) -> list[str]:
        return [call.operation for call in self.bench.rig.calls if call.operation.startswith(WRITES)]


@pytest.fixture
def site_of(bench_of: Callable[..., Bench], emulator: local.Emulator) -> Iterator[Callable[..., Site]]:
    sites: list[Site] = []

    def make(profile: Profile = AWS, clock: Any = None, **more: Any) -> Site:
        clock = clock or PassingClock()
        bench = bench_of(profile, clock=clock, **more)
        sites.append(Site(bench, connected(emulator, bench.rig.endpoint), clock))
        return sites[-1]

    yield make
    for site in sites:
        site.aws.close()


@pytest.fixture
def site(site_of: Callable[..., Site]) -> Site:
    """A table with no stream, on an AWS that takes its time."""
    made = site_of()
    made.make_table()
    return made


# --- the plain way --------------------------------------------------------------------------------------


def test_from_a_bare_table_everything_comes_about_though_nothing_is_ready_at_once(site: Site) -> None:
    done = site.converge()
    assert len(done.steps) == 6
    assert site.missing() == []
    seen = observe(site.aws, site.trigger())
    assert seen.live_mapping == done.world.live_mapping
    assert seen.live_mapping is not None
    assert seen.live_mapping.state == "Enabled"


def test_the_table_too_is_made_and_awaited(site_of: Callable[..., Site]) -> None:
    site = site_of()
    site.converge(create_table=KEY)
    assert site.missing() == []


def test_done_twice_the_second_time_changes_nothing(site: Site) -> None:
    site.converge()
    before = site.writes()
    again = site.converge()
    assert again.steps == ()
    assert site.writes() == before


def test_a_dry_run_changes_nothing(site: Site) -> None:
    assert len(site.converge(dry_run=True).steps) == 6
    assert site.writes() == []


def test_the_three_verbs_one_after_another_come_to_the_same(site: Site) -> None:
    for scope in (Scope.STREAM, Scope.FUNCTION, Scope.TRIGGER):
        site.converge(scope=scope)
    assert site.missing() == []


def test_the_function_may_come_before_the_stream(site: Site) -> None:
    site.converge(scope=Scope.FUNCTION)
    assert site.converge(scope=Scope.FUNCTION).steps == ()
    site.converge()
    assert site.missing() == []


def test_every_setting_that_can_change_is_changed_in_place(site: Site) -> None:
    site.converge()
    want = site.trigger(
        function=FunctionSpec(
            memory=256, timeout=9, environment={"A1": "x"}, architecture="arm64", log_retention_days=None
        ),
        mapping=MappingSpec(
            batch_size=7,
            batching_window=1,
            parallelization=2,
            retries=-1,
            record_age=-1,
            bisect=False,
            report_batch_item_failures=False,
            on_failure="arn:aws:sqs:eu-west-1:123456789012:failures",
            filters=('{"dynamodb":{"Keys":{"pk":{"S":["a"]}}}}',),
            metrics=False,
            enabled=False,
        ),
    )
    first = observe(site.aws, site.trigger()).live_mapping
    for wanted, code in ((want, OTHER_CODE), (site.trigger(), CODE)):
        site.converge(wanted, code=code)
        assert site.missing(wanted, code) == []
    last = observe(site.aws, site.trigger()).live_mapping
    assert first == last


def test_taken_down_again_nothing_of_it_is_left(site: Site) -> None:
    site.converge()
    final = site.take_down(stream=True).world
    assert (final.function, final.role, final.log_group, final.mappings) == (None, None, None, ())
    seen = observe(site.aws, site.trigger())
    assert (seen.function, seen.role, seen.log_group, seen.mappings) == (None, None, None, ())
    assert seen.table is not None
    assert not seen.table.stream_enabled
    assert site.take_down(stream=True, delete_table=True).world.table is None


def test_a_log_group_that_somebody_else_made_stays_when_all_is_taken_down(site: Site) -> None:
    want = site.trigger(function=FunctionSpec(log_group=f"/team/{site.table}"))
    want = replace(want, explicit=COMPARED - {"function.log_retention_days"})
    site.bench.logs.create_log_group(logGroupName=want.log_group)
    site.converge(want)
    taken = site.take_down(want)
    assert taken.world.function is None
    assert taken.world.log_group is not None
    assert observe(site.aws, want).log_group is not None
    assert [why for _, why in taken.stays] == ["it was not created by ddbinsert"]


def test_another_view_type_brings_the_mapping_over_to_the_new_stream(site: Site) -> None:
    site.converge(site.trigger(mapping=MappingSpec(batch_size=7)))
    before = observe(site.aws, site.trigger())
    other = site.trigger(view=StreamView.KEYS_ONLY)
    with pytest.raises(Refused):
        site.converge(other, Scope.STREAM)
    site.converge(other, Scope.STREAM, replace=True)
    after = observe(site.aws, other)
    assert after.table is not None
    assert before.table is not None
    assert after.table.view is StreamView.KEYS_ONLY
    assert after.table.stream_arn != before.table.stream_arn
    assert [mapping.batch_size for mapping in after.mappings] == [7]
    assert site.missing(replace(other, mapping=MappingSpec(batch_size=7))) == []


# --- half-done ------------------------------------------------------------------------------------------

MAKING = (
    "UpdateTable",
    "CreateLogGroup",
    "PutRetentionPolicy",
    "CreateRole",
    "PutRolePolicy",
    "CreateFunction",
    "CreateEventSourceMapping",
    "GetEventSourceMapping",
)


@pytest.mark.parametrize("operation", MAKING)
def test_refused_half_way_it_says_how_far_it_came_and_goes_on_from_there(site: Site, operation: str) -> None:
    site.bench.rig.inject(Fault(operation=operation, kind=FaultKind.ACCESS_DENIED))
    with pytest.raises(DdbInsertError) as error:
        site.converge()
    assert error.value.code == "access-denied"
    assert operation in error.value.message
    done = 6 - len(site.missing())
    if done:
        # A mapping that could not be read back is made, yet not known to be as wanted.
        told = done - (operation == "GetEventSourceMapping")
        assert f"{told} of 6 steps are done; run it again to continue." in error.value.message
    site.bench.rig.heal()
    site.converge()
    assert site.missing() == []
    assert len(observe(site.aws, site.trigger()).mappings) == 1


@pytest.mark.parametrize("operation", [*MAKING, "GetFunction", "DescribeTable"])
def test_where_an_answer_is_lost_what_took_effect_is_not_done_twice(site: Site, operation: str) -> None:
    """The connection breaks once the call took effect; the next run finds what the lost answer told of."""
    site.bench.rig.inject(Fault(operation=operation, kind=FaultKind.LOST_ANSWER))
    with pytest.raises(DdbInsertError) as error:
        site.converge()
    assert error.value.code == "endpoint-unreachable"
    site.bench.rig.heal()
    site.converge()
    assert site.missing() == []
    assert len(observe(site.aws, site.trigger()).mappings) == 1


@pytest.mark.parametrize("operation", some(MAKING, one_in=3))
def test_where_an_answer_is_lost_botocores_own_retry_is_no_conflict(
    site_of: Callable[..., Site], emulator: local.Emulator, operation: str
) -> None:
    site = site_of()
    site.make_table()
    site.aws = retrying(emulator, site)
    # Of the later calls, too, as the first may be refused: a role takes its time.
    site.bench.rig.inject(Fault(operation=operation, kind=FaultKind.LOST_ANSWER, every=2, times=2))
    site.bench.rig.inject(Fault(operation=operation, kind=FaultKind.LOST_ANSWER, times=1))
    site.converge()
    assert site.missing() == []
    assert len(observe(site.aws, site.trigger()).mappings) == 1
    site.aws.close()


def retrying(emulator: local.Emulator, site: Site) -> Aws:
    """A connection as users have it, with botocore's retries."""
    from ddbinsert.aws.session.session import Aws, Connection

    return Aws(
        Connection(
            region="eu-west-1",
            endpoint_url=site.bench.rig.endpoint,
            access_key_id=emulator.access_key_id,
            secret_access_key=emulator.secret_access_key,
            is_local=True,
        )
    )


@pytest.mark.parametrize(
    "operation",
    ["DeleteEventSourceMapping", "DeleteFunction", "DeleteRolePolicy", "DeleteRole", "DeleteLogGroup"],
)
def test_taking_down_goes_on_where_it_was_refused_or_cut_off(site: Site, operation: str) -> None:
    site.converge()
    for kind in (FaultKind.ACCESS_DENIED, FaultKind.LOST_ANSWER):
        site.bench.rig.inject(Fault(operation=operation, kind=kind, times=1))
        with pytest.raises(DdbInsertError):
            site.take_down()
    site.take_down()
    seen = observe(site.aws, site.trigger())
    assert (seen.function, seen.role, seen.log_group, seen.mappings) == (None, None, None, ())


@pytest.mark.parametrize("after", [1, 2])
def test_a_replacement_that_is_cut_short_is_finished_by_the_next_run(site: Site, after: int) -> None:
    """Cut short with the stream off (after one UpdateTable), or with the mapping not yet made (after two)."""
    site.converge(site.trigger(mapping=MappingSpec(batch_size=7)))
    other = site.trigger(view=StreamView.KEYS_ONLY)
    operation = "UpdateTable" if after == 1 else "CreateEventSourceMapping"
    site.bench.rig.inject(Fault(operation=operation, kind=FaultKind.ACCESS_DENIED, after=2 - after))
    with pytest.raises(DdbInsertError):
        site.converge(other, Scope.STREAM, replace=True)
    site.bench.rig.heal()
    site.converge(other, Scope.STREAM, replace=True)
    seen = observe(site.aws, other)
    assert [mapping.batch_size for mapping in seen.mappings] == [7]
    assert seen.live_mapping is not None


REPLACING = (
    *(("UpdateTable", 0), ("UpdateTable", 1), ("PutRolePolicy", 0), ("CreateEventSourceMapping", 0)),
    *(("GetEventSourceMapping", 0), ("DeleteEventSourceMapping", 0), ("PutRolePolicy", 1)),
)


@pytest.mark.parametrize("kind", [FaultKind.ACCESS_DENIED, FaultKind.LOST_ANSWER])
@pytest.mark.parametrize(("operation", "after"), some(REPLACING, one_in=2))
def test_wherever_a_replacement_ends_the_next_run_ends_right(
    site: Site, operation: str, after: int, kind: FaultKind
) -> None:
    """What was given once stays, and the old mapping goes only when it has nothing left to deliver."""
    site.converge(site.trigger(mapping=MappingSpec(batch_size=7)))
    other = replace(site.trigger(view=StreamView.KEYS_ONLY), explicit=frozenset())
    site.bench.rig.inject(Fault(operation=operation, kind=kind, after=after))
    with pytest.raises(DdbInsertError):
        site.converge(other, replace=True)
    site.bench.rig.heal()
    site.converge(other, replace=True)
    seen = observe(site.aws, other, owners=True)
    assert seen.live_mapping is not None
    assert seen.table is not None
    assert seen.role is not None
    assert [mapping.batch_size for mapping in seen.mappings if not mapping.is_leaving] == [7]
    assert seen.table.view is StreamView.KEYS_ONLY
    assert str(seen.role.policy).count(":table/") == str(seen.role.policy).count(str(seen.table.stream_arn))
    assert site.missing(other) == []


def test_two_failures_side_by_side_are_both_told(site: Site) -> None:
    for operation in ("CreateLogGroup", "CreateRole"):
        site.bench.rig.inject(Fault(operation=operation, kind=FaultKind.ACCESS_DENIED))
    with pytest.raises(DdbInsertError) as error:
        site.converge()
    assert "CreateLogGroup" in error.value.message
    assert "CreateRole" in error.value.message


def test_what_is_under_way_when_another_step_fails_is_finished_and_counted(site: Site) -> None:
    site.bench.rig.inject(Fault(operation="CreateLogGroup", kind=FaultKind.ACCESS_DENIED))
    for operation in ("UpdateTable", "CreateRole"):  # under way still when that fails
        site.bench.rig.inject(Fault(operation=operation, kind=FaultKind.SLOW, seconds=1.0, times=1))
    with pytest.raises(DdbInsertError) as error:
        site.converge()
    assert "2 of 6 steps are done" in error.value.message
    assert sorted(site.missing()) == ["CreateFunction", "CreateLogGroup", "CreateMapping", "PutRolePolicy"]


# --- others at the same time ----------------------------------------------------------------------------


def test_two_at_once_make_one_trigger(site_of: Callable[..., Site], emulator: local.Emulator) -> None:
    site = site_of()
    site.make_table()
    failures: list[BaseException] = []

    def build() -> None:
        try:
            site.converge()
        except BaseException as error:  # noqa: BLE001 - told by the test below
            failures.append(error)

    threads = [threading.Thread(target=build) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert site.missing() == []
    assert len(observe(site.aws, site.trigger()).mappings) == 1


def test_a_role_that_somebody_else_makes_meanwhile_is_not_taken_over(site: Site) -> None:
    want = site.trigger()
    world = observe(site.aws, want)
    steps = plan(want, world, Scope.TRIGGER, CODE)
    site.bench.iam.create_role(RoleName=want.role_name, AssumeRolePolicyDocument="{}")
    with pytest.raises(PrerequisiteError) as error:
        list(apply(steps, world, site.provisioning(want)))
    assert error.value.code == "role-not-ours"
    assert "PutRolePolicy" not in site.writes()


def test_a_function_that_somebody_else_makes_meanwhile_is_not_taken_over(site: Site) -> None:
    want = site.trigger()
    world = observe(site.aws, want)
    steps = plan(want, world, Scope.TRIGGER, CODE)
    site.bench.upstream("lambda").create_function(
        FunctionName=want.function_name,
        Runtime="python3.12",
        Role=site.bench.role(),
        Handler="main.handler",
        Code={"ZipFile": CODE.zip_bytes},
    )
    with pytest.raises(PrerequisiteError) as error:
        list(apply(steps, world, site.provisioning(want)))
    assert error.value.code == "function-not-ours"
    assert "CreateEventSourceMapping" not in site.writes()


def test_a_stream_that_somebody_else_enables_meanwhile_will_do_if_it_is_the_same(site: Site) -> None:
    want = site.trigger(mapping=MappingSpec(starting_position=StartingPosition.LATEST))
    world = observe(site.aws, want)
    steps = plan(want, world, Scope.TRIGGER, CODE)
    view = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    site.bench.dynamodb.update_table(TableName=site.table, StreamSpecification=view)
    list(apply(steps, world, site.provisioning(want)))
    assert site.missing() == []


def test_a_stream_that_somebody_else_enables_meanwhile_with_another_view_is_refused(site: Site) -> None:
    want = site.trigger()
    world = observe(site.aws, want)
    steps = plan(want, world, Scope.STREAM)
    view = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    site.bench.dynamodb.update_table(TableName=site.table, StreamSpecification=view)
    with pytest.raises(Refused) as error:
        list(apply(steps, world, site.provisioning(want)))
    assert error.value.code == "view-type-differs"


def test_a_stream_that_is_still_being_enabled_is_waited_for_before_it_is_read(site: Site) -> None:
    view = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    site.bench.dynamodb.update_table(TableName=site.table, StreamSpecification=view)
    want = site.trigger()
    seen = observe(site.aws, want)
    assert seen.table is not None
    assert seen.table.status == "UPDATING"
    site.converge()
    assert site.missing() == []
    assert site.bench.rig.counts()["DescribeStream"]


def test_a_mapping_on_its_way_out_is_waited_for_and_made_anew(site: Site) -> None:
    site.converge()
    (old,) = observe(site.aws, site.trigger()).mappings
    site.bench.lambda_.delete_event_source_mapping(UUID=old.uuid)
    site.converge()
    (new,) = observe(site.aws, site.trigger()).mappings
    assert new.uuid != old.uuid
    assert new.state == "Enabled"


def test_a_mapping_that_is_being_changed_takes_the_change_later(site: Site) -> None:
    site.converge()
    (mapping,) = observe(site.aws, site.trigger()).mappings
    site.bench.lambda_.update_event_source_mapping(UUID=mapping.uuid, BatchSize=3)
    site.converge()
    assert site.missing() == []


# --- roles ----------------------------------------------------------------------------------------------


def test_a_role_that_never_can_be_assumed_ends_the_wait_with_what_to_look_at(
    site_of: Callable[..., Site],
) -> None:
    trigger = Trigger(table="x")
    site = site_of()
    site.make_table()
    trigger = site.trigger()
    never = replace(AWS, roles=Roles(never_assumable=frozenset({trigger.role_name})))
    other = site_of(never)
    other.table = site.table
    with pytest.raises(InconclusiveError, match=r"IAM to make role .* to Lambda") as error:
        other.converge(timeout=600)
    assert "must be able to assume it" in str(error.value.hint)
    assert "of 6 steps are done" in error.value.message


@pytest.mark.parametrize("making", [True, False], ids=["create", "change"])
def test_a_given_role_that_does_not_trust_lambda_is_told_at_once(site: Site, making: bool) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    if not making:
        site.converge()
    started = site.clock()
    want = site.trigger(function=FunctionSpec(role=site.bench.role(trust=trust)))
    with pytest.raises(PrerequisiteError) as error:
        site.converge(want)
    assert error.value.code == "role-does-not-trust-lambda"
    assert site.clock() - started < 60


def test_a_given_role_that_does_not_exist_is_told_at_once(site: Site) -> None:
    want = site.trigger(function=FunctionSpec(role="arn:aws:iam::123456789012:role/nobody"))
    with pytest.raises(PrerequisiteError) as error:
        site.converge(want)
    assert error.value.code == "role-not-found"


LOGGING = [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]
READING = [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]


def test_a_given_role_without_rights_on_the_stream_is_told_at_once_with_what_it_lacks(site: Site) -> None:
    describing = {"Effect": "Allow", "Action": "dynamodb:DescribeStream", "Resource": "*"}
    role = site.bench.role(statements=[*LOGGING, describing])
    want = site.trigger(function=FunctionSpec(role=role))
    started = site.clock()
    with pytest.raises(PrerequisiteError, match=r"dynamodb:GetRecords, dynamodb:GetShardIterator\.") as error:
        site.converge(want)
    assert error.value.code == "role-lacks-rights"
    assert role.rsplit("/", 1)[-1] in error.value.message
    assert "dynamodb:ListStreams" in str(error.value.hint)
    assert "3 of 4 steps are done" in error.value.message
    assert site.clock() - started < 60

    rights = json.dumps({"Version": "2012-10-17", "Statement": [*LOGGING, *READING]})
    name = role.rsplit("/", 1)[-1]
    site.bench.iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=rights)
    site.converge(want)  # IAM knows of them at once, Lambda only later
    assert site.missing(want) == []


def test_where_one_may_not_ask_iam_a_role_without_rights_ends_with_lambdas_words_and_the_rights(
    site: Site,
) -> None:
    site.bench.rig.inject(Fault(operation="iam:SimulatePrincipalPolicy", kind=FaultKind.ACCESS_DENIED))
    want = site.trigger(function=FunctionSpec(role=site.bench.role(statements=LOGGING)))
    with pytest.raises(InconclusiveError, match="Cannot access stream") as error:
        site.converge(want, timeout=60)
    assert "GetShardIterator" in str(error.value.hint)
    assert "3 of 4 steps are done" in error.value.message


def test_from_a_given_role_back_to_one_of_our_own(site: Site) -> None:
    given = site.trigger(function=FunctionSpec(role=site.bench.role()))
    site.converge(given)
    site.converge()
    assert site.missing() == []
    seen = observe(site.aws, site.trigger())
    assert seen.function is not None
    assert seen.role is not None
    assert seen.function.role_arn == seen.role.arn


# --- no time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "waiting"),
    [(Scope.STREAM, "to have a live stream"), (Scope.FUNCTION, "IAM to make role")],
)
def test_where_the_time_is_too_short_it_says_for_what_it_waited(
    site: Site, scope: Scope, waiting: str
) -> None:
    with pytest.raises(InconclusiveError, match=waiting) as error:
        site.converge(scope=scope, timeout=1)
    assert error.value.code == "timeout"
    site.converge(scope=scope)


# --- interrupted ----------------------------------------------------------------------------------------


class StandingClock(PassingClock):
    """Time never passes: whoever waits would wait for ever. It tells when somebody does."""

    def __init__(self) -> None:
        super().__init__()
        self.somebody_waits = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.somebody_waits.set()
        super().sleep(0 * seconds)
        threading.Event().wait(0.001)


def test_a_run_that_is_given_up_leaves_no_step_waiting(site_of: Callable[..., Site]) -> None:
    clock = StandingClock()
    site = site_of(clock=clock)
    site.make_table()
    want = site.trigger()
    world = observe(site.aws, want)
    run = apply(plan(want, world, Scope.TRIGGER, CODE), world, site.provisioning(want))
    first = next(run)
    assert first.world != world
    assert clock.somebody_waits.wait(30)
    run.close()
    pool = site.aws._pool
    assert pool is not None
    ended = threading.Thread(target=pool.shutdown, daemon=True)
    ended.start()
    ended.join(30)
    assert not ended.is_alive()


def test_ctrl_c_ends_a_waiting_command_at_once(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    table = fresh("site")
    never = Roles(never_assumable=frozenset({Trigger(table=table).role_name}))
    bench = bench_of(Profile(roles=never, functions=Functions()))
    site = Site(bench, connected(emulator, bench.rig.endpoint), PassingClock())
    site.table = table
    site.make_table()
    command = subprocess.Popen(
        [sys.executable, "-m", "ddbinsert", "attach-trigger", table, "--output", "json", "--timeout", "1h"],
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(tmp_path),
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": bench.rig.endpoint,
            "AWS_ACCESS_KEY_ID": emulator.access_key_id,
            "AWS_SECRET_ACCESS_KEY": emulator.secret_access_key,
        },
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: bench.rig.counts()["CreateFunction"] > 1 or command.poll() is not None, seconds=60)
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=60)
    finally:
        command.kill()
        command.wait()
    assert command.returncode == 130, err
    answer = json.loads(out)
    assert answer["errors"][0]["code"] == "interrupted"
    assert "Traceback" not in err
