"""Test items for the parts of filters: one for each part that the others say nothing of."""

from __future__ import annotations

import json

from ddbinsert.core.model.record import EventName, StreamView
from ddbinsert.core.pattern.matcher import compile_pattern
from ddbinsert.core.proof.filter_parts import not_found, parts
from ddbinsert.core.proof.probe_item import Sample, insert_record, sample_for
from ddbinsert.core.proof.script import script, with_more_lanes
from tests.unit import worlds
from tests.unit.runs import RUN_ID, mapping

TABLE = worlds.table(view=StreamView.NEW_IMAGE)
ORDER, REFUND = ({"kind": {"S": [kind]}} for kind in ("order", "refund"))


def pattern(image: object) -> str:
    return json.dumps({"eventName": ["INSERT"], "dynamodb": {"NewImage": image}})


def first_for(*filters: str) -> Sample:
    return sample_for(filters, TABLE.key, StreamView.NEW_IMAGE, stream=TABLE.stream_arn or "")


def test_each_filter_that_the_first_item_does_not_pass_gets_an_item() -> None:
    filters = (pattern(ORDER), pattern(REFUND))
    (part,) = parts([mapping(filters=filters)], TABLE, first_for(*filters))
    assert part.sample is not None
    assert part.sample.attributes == {"kind": {"S": "refund"}}
    assert compile_pattern(filters[1]).matches(insert_record(part.sample, TABLE.key, StreamView.NEW_IMAGE))


def test_each_alternative_of_an_or_gets_an_item() -> None:
    text = pattern({"$or": [ORDER, REFUND]})
    (part,) = parts([mapping(filters=(text,))], TABLE, first_for(text))
    assert part.sample is not None
    assert "the part with" in part.shown


def test_a_part_that_an_item_passes_already_gets_none() -> None:
    filters = (pattern(ORDER), pattern({"kind": {"S": [{"exists": True}]}}))
    assert parts([mapping(filters=filters)], TABLE, first_for(*filters)) == ()


def test_no_item_is_made_for_plain_filters_dead_parts_and_disabled_mappings() -> None:
    plain, dead = '{"eventName":["INSERT"]}', pattern({"n": {"N": [{"numeric": [">", 1]}]}})
    assert parts([mapping(filters=(plain, pattern(ORDER)))], TABLE, Sample()) == ()
    assert parts([mapping(filters=(pattern(ORDER), dead))], TABLE, first_for(pattern(ORDER))) == ()
    off = mapping(filters=(pattern(ORDER), pattern(REFUND)), state="Disabled")
    assert parts([off], TABLE, Sample()) == ()


def test_a_key_that_no_test_item_can_have_is_possible_and_has_no_item() -> None:
    alone = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":["settings"]}}}}'
    filters = (pattern(ORDER), alone)
    (part,) = parts([mapping(filters=filters)], TABLE, first_for(*filters))
    assert (part.sample, part.is_possible) == (None, True)
    assert not list(not_found([mapping(filters=filters)], TABLE))


def test_a_variant_has_a_key_and_a_proof_of_its_own() -> None:
    variant = Sample(attributes={"kind": {"S": "refund"}}, prefixes={"pk": "REFUND#"})
    sample = Sample(variants={2: variant}, secret="a secret of the function")
    plain, own = (sample.item(TABLE.key, RUN_ID, number, 1) for number in (0, 2))
    assert own["pk"]["S"].startswith("REFUND#")
    assert plain["ddbinsert_proof"] != own["ddbinsert_proof"]
    assert not sample.is_bare
    assert "secret of" not in repr(sample)


def test_lanes_are_added_like_the_first_and_the_bulk_is_numbered_after_them() -> None:
    plan = script(RUN_ID, 6)
    more = with_more_lanes(plan, 2)
    assert [lane.number for lane in more.lanes] == list(range(len(plan.lanes) + 2))
    assert more.lanes[-1].expected == plan.lanes[0].expected
    assert more.bulk_numbers == range(len(plan.lanes) + 2, plan.items + 2)
    assert more.lanes[-1].expected[-1] is EventName.INSERT
