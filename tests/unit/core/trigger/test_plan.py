"""The plan: every difference has its step, a world as wanted has none, and nothing of anybody else's is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ddbinsert.core.filters.insert_only import INSERT_ONLY, is_insert_only
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.core.model.seen import FunctionState, LogGroupState, MappingState, RoleState, World
from ddbinsert.core.model.wanted import OWNER_TAG, FunctionSpec, MappingSpec, StartingPosition, Trigger
from ddbinsert.core.trigger import steps as s
from ddbinsert.core.trigger.effective_settings import settings_source
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.policy import role_policy
from ddbinsert.core.trigger.removal import removal
from ddbinsert.core.trigger.scope import Allowed, Scope, in_scope
from ddbinsert.core.trigger.settings import COMPARED
from ddbinsert.core.trigger.step_order import AFTER
from ddbinsert.core.trigger.steps import KeepLogGroup, Step
from ddbinsert.core.trigger.unchanged_settings import kept_settings
from ddbinsert.errors import DdbInsertError, PrerequisiteError, Refused, UsageError
from tests.examples import examples
from tests.unit.worlds import (
    DEAD,
    DEADER,
    FUNCTION_ARN,
    GIVEN_ROLE,
    KEY,
    LIVE,
    OURS,
    PACKAGE,
    ROLE_ARN,
    UUID,
    after,
    bare_table,
    situations,
    strict,
    table,
    triggers,
)

WANT = strict(Trigger(table="orders"))
#: A trigger of which nothing is given.
WANT_NOTHING = Trigger(table="orders")


def kinds(steps: tuple[Step, ...]) -> list[str]:
    return [type(step).__name__ for step in steps]


def settled(want: Trigger = WANT, scope: Scope = Scope.TRIGGER) -> World:
    """The world in which ``want`` is in force."""
    world = World(table=bare_table())
    return after(plan(want, world, scope, PACKAGE), world, want)


def fields(steps: tuple[Step, ...]) -> dict[str, tuple[str, str]]:
    """What the updates of a plan change: setting to (have, want)."""
    return {
        change.field: (change.have, change.want)
        for step in steps
        if isinstance(step, (s.UpdateFunctionSettings, s.UpdateMapping))
        for change in step.changes
    }


def mapping(stream: str = LIVE, number: int = 1, **more: Any) -> MappingState:
    given: dict[str, Any] = {"state": "Enabled", "filters": (INSERT_ONLY,), "tags": OURS}
    return MappingState(
        uuid=UUID.format(number), stream_arn=stream, function_arn=FUNCTION_ARN, **{**given, **more}
    )


# --- a world as wanted needs nothing --------------------------------------------------------------------

SCOPES = st.sampled_from(Scope)
enough = examples(60)
Case = tuple[Trigger, World]


def plan_or_refusal(want: Trigger, world: World, scope: Scope, **options: Any) -> tuple[Step, ...]:
    try:
        return plan(want, world, scope, PACKAGE, Allowed(create_table=KEY, adopt=True, **options))
    except (Refused, UsageError):
        assume(False)
        raise


@enough
@given(situations(foreign=False), SCOPES, st.booleans())
def test_after_its_steps_a_plan_has_no_more_steps(case: Case, scope: Scope, prune: bool) -> None:
    want, world = in_scope(case[0], scope), case[1]
    # What a replacement leaves behind is not pruned by the same run.
    steps = plan_or_refusal(want, world, scope, replace=not prune, prune=prune)
    final = after(steps, world, want)
    assert (
        plan(
            want, final, scope, PACKAGE, Allowed(create_table=KEY, adopt=True, replace=not prune, prune=prune)
        )
        == ()
    )


@enough
@given(situations(foreign=False), SCOPES, st.data())
def test_a_plan_that_was_interrupted_anywhere_is_finished_by_the_next(
    case: Case, scope: Scope, data: st.DataObject
) -> None:
    want, world = in_scope(case[0], scope), case[1]
    steps = plan_or_refusal(want, world, scope, replace=True)
    whole = after(steps, world, want)
    halfway = after(steps[: data.draw(st.integers(0, len(steps)), "done")], world, want)
    rest = plan(want, halfway, scope, PACKAGE, Allowed(create_table=KEY, adopt=True, replace=True))
    final = after(rest, halfway, want)
    assert plan(want, final, scope, PACKAGE, Allowed(create_table=KEY, adopt=True, replace=True)) == ()
    assert (final.live_mapping is None) == (whole.live_mapping is None)
    assert final.stale_mappings == whole.stale_mappings


@enough
@given(situations(), SCOPES)
def test_the_steps_stand_in_an_order_in_which_they_can_be_done(case: Case, scope: Scope) -> None:
    want, world = case
    steps = plan_or_refusal(want, world, scope, replace=True, prune=True)
    for place, step in enumerate(steps):
        later = {type(other) for other in steps[place + 1 :]}
        assert not later & set(AFTER.get(type(step), ())), step


@enough
@given(situations())
def test_whatever_there_was_the_mapping_is_insert_only_in_the_end(case: Case) -> None:
    want, world = case
    steps = plan_or_refusal(want, world, Scope.TRIGGER, replace=True)
    live = after(steps, world, want).live_mapping
    assert live
    assert live.filters_hidden or (live.filters and all(map(is_insert_only, live.filters)))


@enough
@given(
    situations(foreign=True).filter(
        lambda case: case[1].function is not None and not case[1].function.is_ours
    ),
    SCOPES,
)
def test_somebody_elses_function_and_role_are_never_changed(case: Case, scope: Scope) -> None:
    want, world = case
    try:
        steps = plan(want, world, scope, PACKAGE, Allowed(create_table=KEY, replace=True, prune=True))
    except (Refused, UsageError):
        return
    forbidden = {
        "CreateRole",
        "PutRolePolicy",
        "UpdateFunctionCode",
        "UpdateFunctionSettings",
        "UpdateTags",
        "SetRetention",
        "CreateLogGroup",
        "KeepLogGroup",
    }
    if world.role is not None and world.role.is_ours:
        # A mapping of ours, moved to a new stream, needs its right in the role, where that is ours, too.
        forbidden.remove("PutRolePolicy")
    assert not forbidden & set(kinds(steps))


@enough
@given(situations(), SCOPES)
def test_the_same_question_has_the_same_answer(case: Case, scope: Scope) -> None:
    want, world = case

    def ask() -> object:
        try:
            return plan(want, world, scope, PACKAGE, Allowed(create_table=KEY))
        except DdbInsertError as error:
            return error.code, error.message

    assert ask() == ask()


# --- the table ------------------------------------------------------------------------------------------


def test_a_missing_table_is_named_with_the_region_and_the_way_to_make_it() -> None:
    with pytest.raises(PrerequisiteError, match=r"Table orders does not exist in eu-west-1\.") as error:
        plan(WANT, World(region="eu-west-1"), Scope.STREAM)
    assert error.value.code == "table-not-found"
    assert "--create-table" in str(error.value.hint)


def test_a_missing_table_is_made_first_where_its_key_is_given() -> None:
    steps = plan(WANT, World(), Scope.TRIGGER, PACKAGE, Allowed(create_table=KEY))
    assert steps[0] == s.CreateTable(table="orders", key=KEY)
    assert steps[1] == s.EnableStream(table="orders", view=StreamView.NEW_IMAGE)


def test_an_existing_table_is_taken_where_its_key_is_the_given_one() -> None:
    assert plan(WANT, World(table=table()), Scope.STREAM, allowed=Allowed(create_table=KEY)) == ()


@pytest.mark.parametrize(
    "other",
    [
        KeySchema(partition=KeyAttribute(name="pk", type=KeyType.N)),
        KeySchema(partition=KeyAttribute(name="id", type=KeyType.S)),
        KeySchema(partition=KEY.partition, sort=KeyAttribute(name="sk", type=KeyType.B)),
    ],
)
def test_a_table_with_another_key_than_the_given_one_is_refused(other: KeySchema) -> None:
    with pytest.raises(Refused, match="another key: pk:S") as error:
        plan(WANT, World(table=table()), Scope.STREAM, allowed=Allowed(create_table=other))
    assert error.value.code == "table-key-differs"


def test_a_table_on_its_way_out_is_not_built_on() -> None:
    with pytest.raises(PrerequisiteError) as error:
        plan(WANT, World(table=table(status="DELETING")), Scope.TRIGGER, PACKAGE, Allowed(create_table=KEY))
    assert error.value.code == "table-deleting"


# --- the stream -----------------------------------------------------------------------------------------


def test_a_disabled_stream_whose_arn_lingers_is_enabled() -> None:
    steps = plan(WANT, World(table=bare_table()), Scope.STREAM)
    assert steps == (s.EnableStream(table="orders", view=StreamView.NEW_IMAGE),)


def test_another_view_type_is_refused_with_its_cost_and_the_mappings_that_would_stay_behind() -> None:
    theirs = replace(mapping(number=2), function_arn=FUNCTION_ARN.replace("orders-inserts", "theirs"))
    world = World(
        table=table(view=StreamView.KEYS_ONLY),
        mappings=(mapping(number=1), mapping(DEAD, number=3)),
        other_mappings=(theirs,),
    )
    with pytest.raises(Refused, match="KEYS_ONLY, not NEW_IMAGE") as error:
        plan(WANT, world, Scope.STREAM)
    assert error.value.code == "view-type-differs"
    assert f"({UUID.format(1)}, {UUID.format(2)})" in error.value.message
    assert UUID.format(3) not in error.value.message
    assert "new ARN" in error.value.message
    assert "--replace" in str(error.value.hint)


def test_another_view_type_is_refused_also_where_no_mapping_is_known() -> None:
    with pytest.raises(Refused, match="consumers of the old stream stay on it"):
        plan(WANT, World(table=table(view=StreamView.OLD_IMAGE)), Scope.TRIGGER, PACKAGE)


def test_replacing_a_stream_makes_our_mapping_again_on_the_new_one_and_leaves_the_old_to_drain() -> None:
    old = mapping(batch_size=7, filters=('{"eventName":["INSERT"],"dynamodb":{"Keys":{"a":{"S":["1"]}}}}',))
    world = replace(settled(), table=table(view=StreamView.KEYS_ONLY), mappings=(old,))
    steps = plan(WANT_NOTHING, world, Scope.STREAM, allowed=Allowed(replace=True))
    assert steps == (
        s.ReplaceStream(table="orders", have=StreamView.KEYS_ONLY, view=StreamView.NEW_IMAGE),
        s.PutRolePolicy(role="orders-inserts-role"),
        s.CreateMapping(
            function="orders-inserts", filters=old.filters, starting_position=StartingPosition.TRIM_HORIZON
        ),
    )


def test_replacing_a_stream_without_a_mapping_of_ours_is_one_step() -> None:
    world = World(table=table(view=StreamView.KEYS_ONLY))
    assert kinds(plan(WANT, world, Scope.STREAM, allowed=Allowed(replace=True))) == ["ReplaceStream"]


def test_a_role_that_somebody_else_made_is_not_rewritten_by_a_replacement() -> None:
    role = RoleState(name="orders-inserts-role", arn=ROLE_ARN, policy=f'"{LIVE}"')
    world = World(table=table(view=StreamView.KEYS_ONLY), role=role, mappings=(mapping(),))
    assert "PutRolePolicy" not in kinds(plan(WANT, world, Scope.STREAM, allowed=Allowed(replace=True)))


def test_a_replacement_that_was_cut_short_with_the_stream_off_is_finished() -> None:
    world = World(
        table=bare_table(), mappings=(mapping(DEADER, 1, batch_size=1), mapping(DEAD, 2, batch_size=2))
    )
    steps = plan(WANT, world, Scope.STREAM, allowed=Allowed(replace=True))
    assert kinds(steps) == ["EnableStream", "CreateMapping"]
    newest = settings_source(world)
    assert newest is not None
    assert newest.batch_size == 2


def test_a_mapping_that_is_left_behind_stays_where_no_replacement_was_asked_for() -> None:
    world = World(table=bare_table(), mappings=(mapping(DEAD),))
    assert kinds(plan(WANT, world, Scope.STREAM)) == ["EnableStream"]


def test_replacing_the_stream_of_a_whole_trigger_keeps_the_settings_of_its_mapping() -> None:
    old = mapping(batch_size=7, on_failure="arn:aws:s3:::b")
    world = replace(settled(), table=table(view=StreamView.KEYS_ONLY), mappings=(old, mapping(DEAD, 2)))
    steps = plan(WANT_NOTHING, world, Scope.TRIGGER, PACKAGE, Allowed(replace=True))
    assert kinds(steps) == ["ReplaceStream", "PutRolePolicy", "CreateMapping"]
    made = after(steps, world, WANT_NOTHING).live_mapping
    assert made
    assert (made.batch_size, made.on_failure, made.retries) == (7, "arn:aws:s3:::b", old.retries)


# --- the function, its role and its log group -----------------------------------------------------------


def test_from_a_bare_table_a_trigger_takes_six_steps() -> None:
    steps = plan(WANT, World(table=bare_table()), Scope.TRIGGER, PACKAGE)
    assert kinds(steps) == [
        "EnableStream",
        "CreateLogGroup",
        "CreateRole",
        "PutRolePolicy",
        "CreateFunction",
        "CreateMapping",
    ]


def test_the_scope_of_the_function_leaves_stream_and_mapping_alone() -> None:
    steps = plan(WANT, World(table=bare_table()), Scope.FUNCTION, PACKAGE)
    assert kinds(steps) == ["CreateLogGroup", "CreateRole", "PutRolePolicy", "CreateFunction"]


def test_a_function_is_bound_to_the_live_stream_whatever_its_view_type() -> None:
    world = settled(scope=Scope.FUNCTION)
    other = replace(world, table=table(view=StreamView.OLD_IMAGE))
    assert kinds(plan(WANT, other, Scope.FUNCTION, PACKAGE)) == ["PutRolePolicy"]
    done = after(plan(WANT, other, Scope.FUNCTION, PACKAGE), other, WANT)
    assert done.role
    assert LIVE in str(done.role.policy)
    assert plan(WANT, done, Scope.FUNCTION, PACKAGE) == ()


def test_a_plan_for_the_function_without_its_code_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="package"):
        plan(WANT, World(table=table()), Scope.FUNCTION)


def test_with_a_given_role_none_is_made_or_written() -> None:
    want = replace(WANT, function=FunctionSpec(role=GIVEN_ROLE))
    steps = plan(want, World(table=bare_table()), Scope.TRIGGER, PACKAGE)
    assert not {"CreateRole", "PutRolePolicy"} & set(kinds(steps))


def test_a_role_of_this_name_that_is_not_ours_is_refused_with_its_arn() -> None:
    world = World(table=table(), role=RoleState(name="orders-inserts-role", arn=ROLE_ARN))
    with pytest.raises(Refused) as error:
        plan(WANT, world, Scope.TRIGGER, PACKAGE)
    assert error.value.code == "role-not-ours"
    assert ROLE_ARN in str(error.value.hint)


def test_a_function_that_ddbinsert_made_for_another_table_is_not_taken_over() -> None:
    world = settled()
    assert world.function
    assert world.role
    others = {OWNER_TAG: "invoices"}
    for taken in (
        replace(world, function=replace(world.function, tags=others)),
        replace(world, function=None, role=replace(world.role, tags=others)),
    ):
        with pytest.raises(Refused, match="for table invoices") as error:
            plan(WANT, taken, Scope.TRIGGER, PACKAGE)
        assert error.value.code == "made-for-another-table"


def test_a_policy_that_somebody_changed_is_written_again() -> None:
    world = settled()
    assert world.role
    for policy in (None, "{}"):
        changed = replace(world, role=replace(world.role, policy=policy))
        assert plan(WANT, changed, Scope.TRIGGER, PACKAGE) == (s.PutRolePolicy(role="orders-inserts-role"),)


def test_a_policy_for_a_dead_stream_is_written_again_with_the_stream() -> None:
    world = settled()
    assert world.role
    stale = role_policy(WANT, table(), DEAD, PACKAGE.rights)
    world = replace(world, table=bare_table(), role=replace(world.role, policy=stale))
    assert kinds(plan(WANT, world, Scope.TRIGGER, PACKAGE)) == [
        "EnableStream",
        "PutRolePolicy",
        "CreateMapping",
    ]


@pytest.mark.parametrize(
    ("days", "seen", "expected"),
    [
        (14, LogGroupState(name="/aws/lambda/orders-inserts", arn="", retention_days=14), []),
        (14, LogGroupState(name="/aws/lambda/orders-inserts", arn="", retention_days=None), ["SetRetention"]),
        (None, LogGroupState(name="/aws/lambda/orders-inserts", arn="", retention_days=14), ["SetRetention"]),
        (None, LogGroupState(name="/aws/lambda/orders-inserts", arn="", retention_days=None), []),
        (14, None, ["CreateLogGroup"]),
    ],
)
def test_the_log_group_is_kept_as_long_as_is_wanted(
    days: Any, seen: LogGroupState | None, expected: list[str]
) -> None:
    want = replace(WANT, function=FunctionSpec(log_retention_days=days))
    world = replace(settled(want), log_group=seen)
    assert kinds(plan(want, world, Scope.TRIGGER, PACKAGE)) == expected


def function_of(world: World, **more: Any) -> World:
    assert world.function
    return replace(world, function=replace(world.function, **more))


@pytest.mark.parametrize(
    ("seen", "field", "have", "want"),
    [
        ({"runtime": "python3.9"}, "function.runtime", "python3.9", "python3.13"),
        ({"handler": "old.handler"}, "function.handler", "old.handler", "handler.handler"),
        ({"memory": 256}, "function.memory", "256", "128"),
        ({"timeout": 3}, "function.timeout", "3", "30"),
        ({"log_group": "/other"}, "function.log_group", "/other", "/aws/lambda/orders-inserts"),
        ({"role_arn": GIVEN_ROLE}, "function.role", GIVEN_ROLE, "orders-inserts-role"),
    ],
)
def test_each_setting_of_the_function_that_differs_is_changed_back(
    seen: dict[str, Any], field: str, have: str, want: str
) -> None:
    steps = plan(WANT, function_of(settled(), **seen), Scope.TRIGGER, PACKAGE)
    assert kinds(steps) == ["UpdateFunctionSettings"]
    assert fields(steps) == {field: (have, want)}


def test_wanted_tags_are_set_where_they_lack_and_others_stay() -> None:
    want = replace(WANT, tags={"team": "blue", "cost": "4711"})
    assert kinds(plan(want, settled(want), Scope.TRIGGER, PACKAGE)) == []
    assert kinds(plan(WANT, settled(want), Scope.TRIGGER, PACKAGE)) == []
    world = settled(want)
    assert world.role
    lacking = replace(world, role=replace(world.role, tags={**OURS, "team": "red"}))
    (step,) = plan(want, lacking, Scope.FUNCTION, PACKAGE)
    assert isinstance(step, s.UpdateTags)
    assert [(c.field, c.have, c.want) for c in step.changes] == [
        ("tags.team", "red", "blue"),
        ("tags.cost", "none", "4711"),
    ]


def test_a_given_role_is_put_in_the_place_of_our_own() -> None:
    want = replace(WANT, function=FunctionSpec(role=GIVEN_ROLE))
    assert fields(plan(want, settled(), Scope.TRIGGER, PACKAGE)) == {"function.role": (ROLE_ARN, GIVEN_ROLE)}


def test_a_changed_variable_shows_its_name_and_never_a_value() -> None:
    want = replace(WANT, function=FunctionSpec(environment={"TOKEN": "new-secret", "SAME": "1"}))
    world = function_of(settled(want), environment={"TOKEN": "old-secret", "SAME": "1"})
    steps = plan(want, world, Scope.TRIGGER, PACKAGE)
    assert fields(steps) == {"function.environment": ("SAME, TOKEN", "SAME, TOKEN (another value)")}
    assert "secret" not in repr(steps)


@pytest.mark.parametrize("seen", [{"code_sha256": "other"}, {"architecture": "arm64"}])
def test_other_code_or_another_architecture_takes_an_upload(seen: dict[str, Any]) -> None:
    steps = plan(WANT, function_of(settled(), **seen), Scope.TRIGGER, PACKAGE)
    code = "template print"
    assert steps == (s.UpdateFunctionCode(name="orders-inserts", have=code, want=f"{code} (python3.13)"),)


def test_somebody_elses_function_is_attached_as_it_stands() -> None:
    theirs = FunctionState(
        name="orders-inserts", arn=FUNCTION_ARN, runtime="java21", handler="x.Y", role_arn=GIVEN_ROLE
    )
    steps = plan(WANT_NOTHING, World(table=bare_table(), function=theirs), Scope.TRIGGER, PACKAGE)
    assert kinds(steps) == ["EnableStream", "CreateMapping"]


# --- the mapping ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "field", "have", "want"),
    [
        ({"state": "Disabled"}, "mapping.enabled", "no", "yes"),
        ({"batch_size": 10}, "mapping.batch_size", "10", "100"),
        ({"batching_window": 5}, "mapping.batching_window", "5", "0"),
        ({"parallelization": 2}, "mapping.parallelization", "2", "1"),
        ({"retries": -1}, "mapping.retries", "-1", "5"),
        ({"record_age": -1}, "mapping.record_age", "-1", "3600"),
        ({"bisect": False}, "mapping.bisect", "no", "yes"),
        ({"report_batch_item_failures": False}, "mapping.report_batch_item_failures", "no", "yes"),
        ({"on_failure": "arn:aws:s3:::b"}, "mapping.on_failure", "arn:aws:s3:::b", "none"),
        ({"tumbling_window": 30}, "mapping.tumbling_window", "30", "0"),
        ({"metrics": False}, "mapping.metrics", "no", "yes"),
        ({"filters": ()}, "mapping.filters", "none", INSERT_ONLY),
        ({"filters": (INSERT_ONLY, "{}")}, "mapping.filters", INSERT_ONLY + " or {}", INSERT_ONLY),
        ({"filters": ("not JSON",)}, "mapping.filters", "not JSON", INSERT_ONLY),
    ],
)
def test_each_setting_of_the_mapping_that_differs_is_changed_back_in_place(
    seen: dict[str, Any], field: str, have: str, want: str
) -> None:
    world = settled()
    assert world.live_mapping
    steps = plan(WANT, world.with_mapping(replace(world.live_mapping, **seen)), Scope.TRIGGER, PACKAGE)
    assert kinds(steps) == ["UpdateMapping"]
    assert fields(steps) == {field: (have, want)}


@pytest.mark.parametrize(
    "seen",
    [
        {"filters": ('{ "eventName" : [ "INSERT" ] }',)},  # spelled otherwise, the same pattern
        {"filters": (), "filters_hidden": True},  # encrypted: can't be compared
        {"metrics": None},  # the backend doesn't say
        {"state": "Updating"},
        {"starting_position": "LATEST"},  # where it began is history
    ],
)
def test_what_is_the_same_or_cannot_be_known_is_no_difference(seen: dict[str, Any]) -> None:
    world = settled()
    assert world.live_mapping
    changed = world.with_mapping(replace(world.live_mapping, **seen))
    assert plan(WANT, changed, Scope.TRIGGER, PACKAGE) == ()


def test_the_order_of_filters_does_not_matter() -> None:
    patterns = ('{"dynamodb":{"Keys":{"a":{"S":["1"]}}}}', '{"dynamodb":{"Keys":{"b":{"S":["1"]}}}}')
    want = replace(WANT, mapping=MappingSpec(filters=patterns))
    swapped = replace(WANT, mapping=MappingSpec(filters=patterns[::-1]))
    assert plan(swapped, settled(want), Scope.TRIGGER, PACKAGE) == ()


def test_the_users_patterns_are_narrowed_to_inserts() -> None:
    want = replace(WANT, mapping=MappingSpec(filters=('{"dynamodb":{"Keys":{"a":{"S":["1"]}}}}',)))
    (made,) = (
        x for x in plan(want, World(table=table()), Scope.TRIGGER, PACKAGE) if isinstance(x, s.CreateMapping)
    )
    assert made.filters == ('{"eventName":["INSERT"],"dynamodb":{"Keys":{"a":{"S":["1"]}}}}',)


def test_mappings_on_dead_streams_stay_unless_they_are_to_be_pruned() -> None:
    world = settled()
    world = replace(world, mappings=(mapping(DEAD, 5), *world.mappings, mapping(DEADER, 6)))
    world = after([s.PutRolePolicy(role="orders-inserts-role")], world, WANT)
    assert plan(WANT, world, Scope.TRIGGER, PACKAGE) == ()
    pruned = plan(WANT, world, Scope.TRIGGER, PACKAGE, Allowed(prune=True))
    assert [step.uuid for step in pruned if isinstance(step, s.DeleteMapping)] == [
        UUID.format(5),
        UUID.format(6),
    ]


def test_a_mapping_on_its_way_out_is_none() -> None:
    world = settled()
    assert world.live_mapping
    leaving = world.with_mapping(replace(world.live_mapping, state="Deleting"))
    assert kinds(plan(WANT, leaving, Scope.TRIGGER, PACKAGE)) == ["CreateMapping"]
    stale = replace(settled(), mappings=(*settled().mappings, mapping(DEAD, 5, state="Deleting")))
    assert plan(WANT, stale, Scope.TRIGGER, PACKAGE, Allowed(prune=True)) == ()


def test_a_mapping_that_outlived_its_function_waits_for_the_new_one() -> None:
    world = settled()
    assert world.live_mapping
    world = replace(world, function=None).with_mapping(replace(world.live_mapping, batch_size=1))
    assert kinds(plan(WANT, world, Scope.TRIGGER, PACKAGE)) == ["CreateFunction", "UpdateMapping"]
    assert s.CreateFunction in AFTER[s.UpdateMapping]


@enough
@given(triggers())
def test_a_mapping_made_again_on_another_stream_keeps_its_settings(want: Trigger) -> None:
    live = settled(strict(want)).live_mapping
    assert live
    moved = replace(live, stream_arn=DEAD)
    world = World(table=table(), mappings=(moved,))
    again = after(plan(WANT_NOTHING, world, Scope.TRIGGER, PACKAGE), world, WANT_NOTHING).live_mapping
    assert again
    assert replace(again, uuid=live.uuid, stream_arn=live.stream_arn) == live


# --- taking down ----------------------------------------------------------------------------------------


def taken_down(world: World, **more: Any) -> tuple[Step, ...]:
    return removal(world, "orders", **{"stream_is_ours": True, **more}).steps


@enough
@given(situations(), st.booleans(), st.booleans())
def test_taking_down_leaves_nothing_of_ours_and_everything_of_others(
    case: Case, stream: bool, whole_table: bool
) -> None:
    want, world = replace(case[0], explicit=frozenset()), case[1]
    try:
        steps = taken_down(world, stream=stream, delete_table=whole_table)
    except Refused:
        assert stream or whole_table
        assert any(not each.is_ours for each in world.mappings)
        return
    final = after(steps, world, want)
    if world.function is not None and world.function.is_ours and world.function.vpc.subnets:
        # Lambda needs the role until it has removed the interfaces; another run deletes it.
        final = after(taken_down(final, stream=stream, delete_table=whole_table), final, want)
    assert final.mappings == tuple(each for each in world.mappings if not each.is_ours)
    # A function stays that somebody else made, or whose other mappings stay; its role and its log group stay with it.
    is_used = any(not each.is_ours and not each.is_leaving for each in world.mappings)
    is_theirs = world.function is not None and (is_used or not world.function.is_ours)
    for name in ("function", "role"):
        had, has = getattr(world, name), getattr(final, name)
        assert has == had if had is not None and (is_theirs or not had.is_ours) else has is None
    assert final.table == (None if whole_table else final.table)
    assert final.log_group is None or is_theirs or any(isinstance(step, KeepLogGroup) for step in steps)
    if stream and final.table is not None:
        assert not final.table.stream_enabled
    assert taken_down(final, stream=stream, delete_table=whole_table) == ()


def test_taking_down_one_tables_trigger_leaves_another_tables_function_and_mapping() -> None:
    world = settled()
    live = world.live_mapping
    assert world.function
    assert world.role
    assert live
    others = {OWNER_TAG: "invoices"}
    world = replace(
        world, function=replace(world.function, tags=others), role=replace(world.role, tags=others)
    )
    assert kinds(taken_down(world)) == ["DeleteMapping"]
    theirs = world.with_mapping(replace(live, tags={"managed-by": "terraform"}))
    assert taken_down(theirs) == ()
    assert removal(theirs, "orders").stays == (
        f"event source mapping {live.uuid} of function orders-inserts: it was not created by ddbinsert",
        "function orders-inserts: it belongs to the trigger of table invoices",
    )


def test_a_function_that_another_mapping_uses_stays_with_its_role_and_log_group() -> None:
    world = settled()
    theirs = mapping("arn:aws:dynamodb:eu-west-1:123456789012:table/other/stream/2026", 9)
    found = removal(world, "orders", users=(*world.mappings, theirs))
    assert kinds(found.steps) == ["DeleteMapping"]
    assert found.stays == (
        f"function orders-inserts, its role and its log group: event source mapping {theirs.uuid} uses it",
    )


def test_a_stream_that_somebody_elses_mapping_reads_is_not_disabled() -> None:
    world = settled()
    assert world.table
    theirs = replace(
        mapping(str(world.table.stream_arn), 9), function_arn=FUNCTION_ARN.replace("orders-inserts", "theirs")
    )
    world = replace(world, other_mappings=(theirs,))
    with pytest.raises(Refused, match="theirs") as error:
        taken_down(world, stream=True)
    assert error.value.code == "stream-in-use"
    assert kinds(taken_down(world)) == ["DeleteMapping", "DeleteFunction", "DeleteRole", "DeleteLogGroup"]


def test_a_stream_that_ddbinsert_did_not_enable_is_not_disabled() -> None:
    with pytest.raises(Refused) as refused:
        removal(World(table=table()), "orders", stream=True)
    assert refused.value.code == "stream-not-ours"
    assert removal(World(table=table(view=None, stream_arn=None)), "orders", stream=True) == ((), ())


def test_table_and_stream_stay_unless_they_are_to_go() -> None:
    world = settled()
    assert kinds(taken_down(world)) == ["DeleteMapping", "DeleteFunction", "DeleteRole", "DeleteLogGroup"]
    assert kinds(taken_down(world, stream=True))[-1] == "DisableStream"
    assert kinds(taken_down(world, stream=True, delete_table=True))[-1] == "DeleteTable"
    assert kinds(taken_down(World(table=bare_table()), stream=True)) == []


# --- explicit or left alone -----------------------------------------------------------------------------


@enough
@given(triggers(), st.sets(st.sampled_from(sorted(COMPARED))).map(frozenset))
def test_a_run_without_the_earlier_flags_changes_nothing(want: Trigger, given_again: frozenset[str]) -> None:
    world = settled(strict(want))
    again = replace(WANT_NOTHING, view=want.view, function=FunctionSpec(name=want.function.name))
    assert plan(again, world, Scope.TRIGGER, PACKAGE) == ()
    same = replace(want, explicit=given_again, cleared=frozenset())
    assert plan(same, world, Scope.TRIGGER, PACKAGE) == ()


@enough
@given(triggers(), triggers(), st.sampled_from(sorted(COMPARED)))
def test_a_run_with_another_flag_changes_that_setting_alone(want: Trigger, other: Trigger, key: str) -> None:
    world = settled(strict(want))
    again = replace(
        other,
        view=want.view,
        function=replace(other.function, name=want.function.name),
        explicit=frozenset((key,)),
        cleared=frozenset(),
    )
    try:
        steps = plan(again, world, Scope.TRIGGER, PACKAGE)
    except UsageError:
        assert key in ("function.runtime", "function.architecture")
        return
    changed = {
        change.field
        for step in steps
        if isinstance(step, (s.UpdateFunctionSettings, s.UpdateMapping))
        for change in step.changes
    }
    follows = {"function.template": {"function.handler"}, "function.code": {"function.handler"}}
    follows["function.runtime"] = follows["function.architecture"] = {"function.handler"}
    assert changed <= {key} | follows.get(key, set())


def test_settings_that_are_not_given_are_left_as_they_are() -> None:
    world = settled()
    assert world.live_mapping
    assert world.function
    odd = replace(world.live_mapping, batch_size=7, on_failure="arn:aws:s3:::b", state="Disabled")
    function = replace(
        world.function, environment={"A": "1"}, layers=("arn:layer:1",), memory=512, code_sha256="x"
    )
    world = replace(world, function=function).with_mapping(odd)
    world = after([s.PutRolePolicy(role="orders-inserts-role")], world, WANT_NOTHING)
    assert plan(WANT_NOTHING, world, Scope.TRIGGER, PACKAGE) == ()
    kept = {change.field: change.have for change in kept_settings(WANT_NOTHING, world, Scope.TRIGGER)}
    assert kept == {
        "function.environment": "A",
        "function.layers": "arn:layer:1",
        "function.memory": "512",
        "mapping.batch_size": "7",
        "mapping.on_failure": "arn:aws:s3:::b",
        "mapping.enabled": "no",
    }


def test_a_filter_that_leaks_is_narrowed_and_its_own_conditions_stay() -> None:
    world = settled()
    assert world.live_mapping
    leaking = '{"dynamodb":{"NewImage":{"kind":{"S":["order"]}}}}'
    steps = plan(
        WANT_NOTHING,
        world.with_mapping(replace(world.live_mapping, filters=(leaking, '{"eventName":["REMOVE"]}'))),
        Scope.TRIGGER,
        PACKAGE,
    )
    ((_, want),) = fields(steps).values()
    assert want == '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"kind":{"S":["order"]}}}}'


def test_environment_variables_are_merged_and_cleared_one_by_one() -> None:
    world = function_of(settled(), environment={"VENDOR": "1", "OLD": "2"})
    want = replace(
        WANT_NOTHING,
        function=FunctionSpec(environment={"NEW": "3"}),
        explicit=frozenset(("function.environment",)),
        cleared=frozenset(("function.environment.OLD",)),
    )
    done = after(plan(want, world, Scope.FUNCTION, PACKAGE), world, want)
    assert done.function
    assert dict(done.function.environment) == {"VENDOR": "1", "NEW": "3"}


# --- ours or theirs -------------------------------------------------------------------------------------


def test_a_mapping_that_is_not_ours_is_refused_with_each_difference() -> None:
    world = settled()
    assert world.live_mapping
    theirs = world.with_mapping(
        replace(world.live_mapping, batch_size=7, filters=(), tags={"managed-by": "terraform"})
    )
    with pytest.raises(Refused, match="batch_size") as error:
        plan(WANT, theirs, Scope.TRIGGER, PACKAGE)
    assert error.value.code == "not-ours"
    assert "mapping.batch_size: 7 → 100" in error.value.message
    assert f"mapping.filters: none → {INSERT_ONLY}" in error.value.message
    assert "--adopt" in str(error.value.hint)


def test_a_mapping_that_is_not_ours_is_adopted_and_changed_in_what_is_given_and_the_filter() -> None:
    world = settled()
    assert world.live_mapping
    theirs = replace(
        world.live_mapping, batch_size=7, retries=-1, filters=(), tags={"managed-by": "terraform"}
    )
    want = replace(
        WANT_NOTHING, mapping=MappingSpec(batch_size=9), explicit=frozenset(("mapping.batch_size",))
    )
    steps = plan(want, world.with_mapping(theirs), Scope.TRIGGER, PACKAGE, Allowed(adopt=True))
    assert kinds(steps) == ["AdoptMapping", "UpdateMapping"]
    assert fields(steps).keys() == {"mapping.batch_size", "mapping.filters"}


def test_a_function_that_is_not_ours_is_changed_only_where_it_is_adopted() -> None:
    world = settled()
    assert world.function
    theirs = replace(world, function=replace(world.function, tags={}), role=None)
    assert kinds(plan(WANT_NOTHING, theirs, Scope.FUNCTION, PACKAGE)) == []
    want = replace(WANT_NOTHING, function=FunctionSpec(memory=512), explicit=frozenset(("function.memory",)))
    with pytest.raises(Refused, match=r"function\.memory: 128 → 512"):
        plan(want, theirs, Scope.FUNCTION, PACKAGE)
    steps = plan(want, theirs, Scope.FUNCTION, PACKAGE, Allowed(adopt=True))
    assert kinds(steps) == ["AdoptFunction", "UpdateFunctionSettings"]


# --- draining -------------------------------------------------------------------------------------------


def test_a_mapping_on_a_replaced_stream_stays_with_its_rights_until_it_is_drained() -> None:
    old = settled()
    assert old.live_mapping
    replaced = replace(old, table=table(view=StreamView.KEYS_ONLY))
    steps = plan(WANT, replaced, Scope.TRIGGER, PACKAGE, Allowed(replace=True))
    assert kinds(steps) == ["ReplaceStream", "PutRolePolicy", "CreateMapping"]
    done = after(steps, replaced, WANT)
    assert done.role
    assert LIVE in str(done.role.policy)
    assert [each.uuid for each in done.draining_mappings] == [old.live_mapping.uuid]
    assert plan(WANT, done, Scope.TRIGGER, PACKAGE) == ()
    drained = Allowed(drained=frozenset((old.live_mapping.uuid,)))
    finishing = plan(WANT, done, Scope.TRIGGER, PACKAGE, drained)
    assert kinds(finishing) == ["DeleteMapping", "NarrowRolePolicy"]
    final = after(finishing, done, WANT)
    assert final.role
    assert f'"{LIVE}"' not in str(final.role.policy)
    assert plan(WANT, final, Scope.TRIGGER, PACKAGE) == ()
