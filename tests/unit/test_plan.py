"""The plan: every difference has its step, a world as wanted has none, and nothing of anybody else's is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ddbinsert.core import steps as s
from ddbinsert.core.insert_filter import INSERT_ONLY, is_insert_only
from ddbinsert.core.model import (
    OWNER_TAG,
    FunctionSpec,
    FunctionState,
    KeyAttribute,
    KeySchema,
    KeyType,
    LogGroupState,
    MappingSpec,
    MappingState,
    RoleState,
    StartingPosition,
    StreamView,
    Trigger,
    World,
)
from ddbinsert.core.plan import Scope, left_behind, plan, spec_of, teardown
from ddbinsert.core.policy import role_policy
from ddbinsert.core.steps import AFTER, Step
from ddbinsert.errors import DdbInsertError, PrerequisiteError, Refused
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
    as_it_stands,
    bare_table,
    situations,
    table,
    triggers,
)

WANT = Trigger(table="orders")


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
    given: dict[str, Any] = {"state": "Enabled", "filters": (INSERT_ONLY,)}
    return MappingState(
        uuid=UUID.format(number), stream_arn=stream, function_arn=FUNCTION_ARN, **{**given, **more}
    )


# --- a world as wanted needs nothing --------------------------------------------------------------------

SCOPES = st.sampled_from(Scope)
enough = settings(max_examples=200, deadline=None)  # the machine may be busy
Case = tuple[Trigger, World]


def plan_or_refusal(want: Trigger, world: World, scope: Scope, **wishes: Any) -> tuple[Step, ...]:
    try:
        return plan(want, world, scope, PACKAGE, create_table=KEY, **wishes)
    except Refused:
        assume(False)
        raise


@enough
@given(situations(), SCOPES, st.booleans())
def test_after_its_steps_a_plan_has_no_more_steps(case: Case, scope: Scope, prune: bool) -> None:
    want, world = case
    steps = plan_or_refusal(want, world, scope, replace=True, prune=prune)
    making = as_it_stands(want, world) if scope is Scope.STREAM else want
    final = after(steps, world, making)
    assert plan(want, final, scope, PACKAGE, create_table=KEY, replace=True, prune=prune) == ()


@enough
@given(situations(), SCOPES, st.data())
def test_a_plan_that_was_interrupted_anywhere_is_finished_by_the_next(
    case: Case, scope: Scope, data: st.DataObject
) -> None:
    want, world = case
    steps = plan_or_refusal(want, world, scope, replace=True)
    making = as_it_stands(want, world) if scope is Scope.STREAM else want
    whole = after(steps, world, making)
    halfway = after(steps[: data.draw(st.integers(0, len(steps)), "done")], world, making)
    rest = plan(want, halfway, scope, PACKAGE, create_table=KEY, replace=True)
    making = as_it_stands(want, halfway) if scope is Scope.STREAM else want
    final = after(rest, halfway, making)
    assert plan(want, final, scope, PACKAGE, create_table=KEY, replace=True) == ()
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
    steps = plan_or_refusal(want, world, scope, replace=True, prune=True)
    assert not {
        "CreateRole",
        "PutRolePolicy",
        "UpdateFunctionCode",
        "UpdateFunctionSettings",
        "UpdateTags",
        "SetRetention",
        "CreateLogGroup",
    } & set(kinds(steps))


@enough
@given(situations(), SCOPES)
def test_the_same_question_has_the_same_answer(case: Case, scope: Scope) -> None:
    want, world = case

    def ask() -> object:
        try:
            return plan(want, world, scope, PACKAGE, create_table=KEY)
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
    steps = plan(WANT, World(), Scope.TRIGGER, PACKAGE, create_table=KEY)
    assert steps[0] == s.CreateTable(table="orders", key=KEY)
    assert steps[1] == s.EnableStream(table="orders", view=StreamView.NEW_IMAGE)


def test_an_existing_table_is_taken_where_its_key_is_the_given_one() -> None:
    assert plan(WANT, World(table=table()), Scope.STREAM, create_table=KEY) == ()


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
        plan(WANT, World(table=table()), Scope.STREAM, create_table=other)
    assert error.value.code == "table-key-differs"


def test_a_table_on_its_way_out_is_not_built_on() -> None:
    with pytest.raises(PrerequisiteError) as error:
        plan(WANT, World(table=table(status="DELETING")), Scope.TRIGGER, PACKAGE, create_table=KEY)
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
    with pytest.raises(Refused, match="whatever reads the old stream stays behind"):
        plan(WANT, World(table=table(view=StreamView.OLD_IMAGE)), Scope.TRIGGER, PACKAGE)


def test_replacing_a_stream_brings_our_mapping_and_its_rights_over_to_the_new_one() -> None:
    old = mapping(batch_size=7, filters=('{"eventName":["INSERT"],"dynamodb":{"Keys":{"a":{"S":["1"]}}}}',))
    role = RoleState(name="orders-inserts-role", arn=ROLE_ARN, policy=f'"{LIVE}"', tags=OURS)
    world = World(table=table(view=StreamView.KEYS_ONLY), role=role, mappings=(old,))
    steps = plan(WANT, world, Scope.STREAM, replace=True)
    assert steps == (
        s.ReplaceStream(table="orders", have=StreamView.KEYS_ONLY, view=StreamView.NEW_IMAGE),
        s.RebindRolePolicy(role="orders-inserts-role", old_stream_arn=LIVE),
        s.CreateMapping(
            function="orders-inserts", filters=old.filters, starting_position=StartingPosition.TRIM_HORIZON
        ),
        s.DeleteMapping(uuid=old.uuid, why="it reads a stream that was replaced"),
    )


def test_replacing_a_stream_without_a_mapping_of_ours_is_one_step() -> None:
    world = World(table=table(view=StreamView.KEYS_ONLY))
    assert kinds(plan(WANT, world, Scope.STREAM, replace=True)) == ["ReplaceStream"]


def test_a_role_that_somebody_else_made_is_not_rewritten_by_a_replacement() -> None:
    role = RoleState(name="orders-inserts-role", arn=ROLE_ARN, policy=f'"{LIVE}"')
    world = World(table=table(view=StreamView.KEYS_ONLY), role=role, mappings=(mapping(),))
    assert "RebindRolePolicy" not in kinds(plan(WANT, world, Scope.STREAM, replace=True))


def test_a_replacement_that_was_cut_short_with_the_stream_off_is_finished() -> None:
    world = World(
        table=bare_table(), mappings=(mapping(DEADER, 1, batch_size=1), mapping(DEAD, 2, batch_size=2))
    )
    steps = plan(WANT, world, Scope.STREAM, replace=True)
    assert kinds(steps) == ["EnableStream", "CreateMapping", "DeleteMapping", "DeleteMapping"]
    newest = left_behind(world)
    assert newest is not None
    assert newest.batch_size == 2


def test_a_mapping_that_is_left_behind_stays_where_no_replacement_was_asked_for() -> None:
    world = World(table=bare_table(), mappings=(mapping(DEAD),))
    assert kinds(plan(WANT, world, Scope.STREAM)) == ["EnableStream"]


def test_replacing_the_stream_of_a_whole_trigger_makes_the_mapping_new_and_deletes_every_old_one() -> None:
    world = replace(settled(), table=table(view=StreamView.KEYS_ONLY), mappings=(mapping(), mapping(DEAD, 2)))
    steps = plan(WANT, world, Scope.TRIGGER, PACKAGE, replace=True)
    assert kinds(steps) == [
        "ReplaceStream",
        "PutRolePolicy",
        "CreateMapping",
        "DeleteMapping",
        "DeleteMapping",
    ]


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
        (14, LogGroupState(name="g", arn="", retention_days=14), []),
        (14, LogGroupState(name="g", arn="", retention_days=None), ["SetRetention"]),
        (None, LogGroupState(name="g", arn="", retention_days=14), ["SetRetention"]),
        (None, LogGroupState(name="g", arn="", retention_days=None), []),
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
        ({"environment": {"A": "1", "B": "2"}}, "function.environment", "A, B", "none"),
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
    assert steps == (s.UpdateFunctionCode(name="orders-inserts"),)


def test_somebody_elses_function_is_attached_as_it_stands() -> None:
    theirs = FunctionState(
        name="orders-inserts", arn=FUNCTION_ARN, runtime="java21", handler="x.Y", role_arn=GIVEN_ROLE
    )
    steps = plan(WANT, World(table=bare_table(), function=theirs), Scope.TRIGGER, PACKAGE)
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
    assert plan(WANT, world, Scope.TRIGGER, PACKAGE) == ()
    pruned = plan(WANT, world, Scope.TRIGGER, PACKAGE, prune=True)
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
    assert plan(WANT, stale, Scope.TRIGGER, PACKAGE, prune=True) == ()


def test_a_mapping_that_outlived_its_function_waits_for_the_new_one() -> None:
    world = settled()
    assert world.live_mapping
    world = replace(world, function=None).with_mapping(replace(world.live_mapping, batch_size=1))
    assert kinds(plan(WANT, world, Scope.TRIGGER, PACKAGE)) == ["CreateFunction", "UpdateMapping"]
    assert s.CreateFunction in AFTER[s.UpdateMapping]


@enough
@given(triggers())
def test_a_mapping_made_again_elsewhere_is_the_same_mapping(want: Trigger) -> None:
    live = settled(want).live_mapping
    assert live
    spec = spec_of(live)
    again = settled(replace(want, mapping=spec)).live_mapping
    assert again == live


# --- taking down ----------------------------------------------------------------------------------------


@enough
@given(situations(), st.booleans(), st.booleans())
def test_taking_down_leaves_nothing_of_ours_and_everything_of_others(
    case: Case, stream: bool, whole_table: bool
) -> None:
    want, world = case
    steps = teardown(world, stream=stream, table=whole_table)
    final = after(steps, world, want)
    assert final.mappings == ()
    for name in ("function", "role"):
        had, has = getattr(world, name), getattr(final, name)
        assert has is None if had is None or had.is_ours else has == had
    assert final.table == (None if whole_table else final.table)
    assert final.log_group is None or (world.function is not None and not world.function.is_ours)
    if stream and final.table is not None:
        assert not final.table.stream_enabled
    assert teardown(final, stream=stream, table=whole_table) == ()


def test_taking_down_one_tables_trigger_leaves_another_tables_function() -> None:
    world = settled()
    assert world.function
    assert world.role
    others = {OWNER_TAG: "invoices"}
    world = replace(
        world, function=replace(world.function, tags=others), role=replace(world.role, tags=others)
    )
    assert kinds(teardown(world)) == ["DeleteMapping"]


def test_table_and_stream_stay_unless_they_are_to_go() -> None:
    assert kinds(teardown(settled())) == ["DeleteMapping", "DeleteFunction", "DeleteRole", "DeleteLogGroup"]
    assert kinds(teardown(settled(), stream=True))[-1] == "DisableStream"
    assert kinds(teardown(settled(), stream=True, table=True))[-1] == "DeleteTable"
    assert kinds(teardown(World(table=bare_table()), stream=True)) == []
