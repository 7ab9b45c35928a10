"""The nouns: names that are derived, fit and keep apart; limits; and what a world says about its mappings."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import replace
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.model import limits
from ddbinsert.core.model.limits import FunctionName, LogGroupName, Matches
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.core.model.seen import FunctionState, MappingState, World
from ddbinsert.core.model.wanted import OWNER_TAG, FunctionSpec, MappingSpec, Trigger
from tests.examples import examples
from tests.unit.worlds import DEAD, FUNCTION_ARN, LIVE, UUID, bare_table, table

TABLES = st.from_regex(r"[a-zA-Z0-9_.-]{3,255}", fullmatch=True)
#: Alike, dotted and long: names that a careless derivation would throw together.
SIMILAR = st.tuples(
    st.sampled_from(["a", "a.", "a-", "x" * 60, "x" * 200]), st.sampled_from(["b.c", "b-c", "b_c"])
).map("".join)


def names(table_name: str, function: str | None = None) -> tuple[str, str, str]:
    trigger = Trigger(table=table_name, function=FunctionSpec(name=function))
    return trigger.function_name, trigger.role_name, trigger.log_group


def test_a_plain_table_gives_plain_names() -> None:
    assert names("orders") == ("orders-inserts", "orders-inserts-role", "/aws/lambda/orders-inserts")


def test_given_names_are_taken() -> None:
    assert names("orders", "mine") == ("mine", "mine-role", "/aws/lambda/mine")
    trigger = Trigger(table="orders", function=FunctionSpec(name="mine", log_group="/team/g"))
    assert trigger.log_group == "/team/g"


@pytest.mark.parametrize(
    ("table_name", "function"),
    [
        ("shop.orders", r"shop-orders-[0-9a-f]{8}-inserts"),
        ("o" * 57, r"o{47}-[0-9a-f]{8}-inserts"),
        ("o" * 56, r"o{56}-inserts"),
    ],
)
def test_a_dotted_or_long_table_keeps_a_readable_name(table_name: str, function: str) -> None:
    assert re.fullmatch(function, names(table_name)[0])


@examples(300)
@given(TABLES, st.none() | st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True))
def test_derived_names_are_names_that_aws_takes(table_name: str, function: str | None) -> None:
    own, role, group = names(table_name, function)
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", own)
    assert re.fullmatch(r"[a-zA-Z0-9_+=,.@-]{1,64}", role)
    assert re.fullmatch(r"[a-zA-Z0-9_/.#-]{1,512}", group)


@examples(300)
@given(SIMILAR | TABLES, SIMILAR | TABLES)
def test_two_tables_never_share_a_function_or_a_role(one: str, other: str) -> None:
    if one != other:
        assert not set(names(one)) & set(names(other))


def test_a_tables_names_are_the_same_in_every_version_or_its_trigger_would_be_lost() -> None:
    assert names("shop.orders") == (
        "shop-orders-2a9200f3-inserts",
        "shop-orders-2a9200f3-inserts-role",
        "/aws/lambda/shop-orders-2a9200f3-inserts",
    )


def test_everything_that_is_made_is_marked_with_its_table_whatever_tags_are_given() -> None:
    trigger = Trigger(table="orders", tags={"team": "blue", OWNER_TAG: "another"})
    assert trigger.all_tags == {"team": "blue", OWNER_TAG: "orders"}


def matches(kind: Any, text: str) -> bool:
    *_, rule = (m for m in kind.__metadata__ if isinstance(m, Matches))
    return re.fullmatch(rule.pattern, text) is not None


def test_derived_names_keep_the_limits_that_given_ones_have() -> None:
    own, _, group = names("shop." + "o" * 250)
    assert matches(FunctionName, own)
    assert matches(LogGroupName, group)


def test_the_wanted_side_is_insert_only_finite_and_cheap_by_default() -> None:
    assert Trigger(table="t").view is StreamView.NEW_IMAGE
    spec = MappingSpec()
    assert spec.filters == ()
    assert (spec.retries, spec.record_age, spec.bisect, spec.report_batch_item_failures) == (
        5,
        3600,
        True,
        True,
    )
    assert FunctionSpec().log_retention_days == 14


def test_every_number_that_is_wanted_has_its_limits() -> None:
    for spec in (FunctionSpec, MappingSpec):
        hints = get_type_hints(spec, localns=vars(limits), include_extras=True)
        unlimited = [f.name for f in dataclasses.fields(spec) if hints[f.name] is int]
        assert unlimited == []


def test_views_say_which_images_they_carry() -> None:
    images = {view: (view.has_new_image, view.has_old_image) for view in StreamView}
    assert images == {
        StreamView.KEYS_ONLY: (False, False),
        StreamView.NEW_IMAGE: (True, False),
        StreamView.OLD_IMAGE: (False, True),
        StreamView.NEW_AND_OLD_IMAGES: (True, True),
    }


def test_a_key_knows_its_attributes_in_order() -> None:
    partition, sort = KeyAttribute(name="p", type=KeyType.S), KeyAttribute(name="s", type=KeyType.N)
    assert KeySchema(partition=partition).types == {"p": "S"}
    assert list(KeySchema(partition=partition, sort=sort).types.items()) == [("p", "S"), ("s", "N")]


# --- the world ------------------------------------------------------------------------------------------


def mapping(stream: str, number: int, state: str = "Enabled") -> MappingState:
    return MappingState(uuid=UUID.format(number), stream_arn=stream, function_arn=FUNCTION_ARN, state=state)


def test_the_live_mapping_reads_the_live_stream_and_the_others_are_stale() -> None:
    live, stale = mapping(LIVE, 1), mapping(DEAD, 2)
    world = World(table=table(), mappings=(stale, live))
    assert (world.live_mapping, world.stale_mappings) == (live, (stale,))
    off = World(table=bare_table(), mappings=(stale, live))
    assert (off.live_mapping, off.stale_mappings) == (None, (stale, live))
    assert World(mappings=(stale,)).live_mapping is None


def test_what_is_being_deleted_is_neither_live_nor_stale() -> None:
    world = World(table=table(), mappings=(mapping(LIVE, 1, "Deleting"), mapping(DEAD, 2, "Deleting")))
    assert (world.live_mapping, world.stale_mappings) == (None, ())


def test_a_mapping_is_put_in_the_place_of_its_former_self() -> None:
    world = World(table=table(), mappings=(mapping(LIVE, 1), mapping(DEAD, 2)))
    changed = replace(mapping(LIVE, 1), batch_size=7)
    assert set(world.with_mapping(changed).mappings) == {changed, mapping(DEAD, 2)}
    assert world.without_mapping(UUID.format(1)).mappings == (mapping(DEAD, 2),)
    assert world.without_mapping("unknown") == world


@pytest.mark.parametrize(
    ("state", "update", "settled"),
    [
        ("Active", "Successful", True),
        ("Active", "Failed", True),
        ("Inactive", "Successful", True),
        ("Failed", "Successful", True),
        ("Active", "InProgress", False),
        ("Pending", "Successful", False),
        ("", "Successful", False),
    ],
)
def test_a_function_is_settled_when_nothing_is_under_way(state: str, update: str, settled: bool) -> None:
    function = FunctionState(
        name="f", arn="", runtime="", handler="", role_arn="", state=state, update_status=update
    )
    assert function.is_settled is settled


@pytest.mark.parametrize(
    ("state", "enabled"),
    [
        *[(state, True) for state in ("Enabled", "Creating", "Enabling", "Updating")],
        *[(state, False) for state in ("Disabled", "Disabling", "Deleting", "", "Strange")],
    ],
)
def test_a_mapping_is_enabled_when_it_reads_or_is_about_to(state: str, enabled: bool) -> None:
    assert mapping(LIVE, 1, state).is_enabled is enabled
