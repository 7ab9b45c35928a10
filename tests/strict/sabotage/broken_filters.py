"""Filters that let in too much, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.rig import Logs
from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import sabotage
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

INSERTS = '{"eventName":["INSERT"]}'


@sabotage("no filter, a guard in the code", "FAIL", "no-filter", "filter-leaks")
def no_filter_guarded(ground: Ground) -> None:
    ground.attach()
    ground.filter_by()


@sabotage("no filter, no guard either", "FAIL", "no-filter", "intruders-processed")
def no_filter(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.filter_by()


@sabotage("a second filter that lets in modifications", "FAIL", "filter-too-wide", "filter-leaks")
def extra_filter(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(INSERTS, '{"eventName":["MODIFY"]}')


@sabotage("a second filter that is about an image alone", "FAIL", "filter-too-wide", "filter-leaks")
def extra_filter_on_an_image(ground: Ground) -> None:
    ground.attach("--view-type", "NEW_AND_OLD_IMAGES")
    ground.filter_by(INSERTS, '{"dynamodb":{"OldImage":{"pk":{"S":[{"exists":true}]}}}}')


@sabotage("$or beside the event's name", "FAIL", "filter-too-wide", "filter-leaks")
def or_filter(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        '{"$or":[{"eventName":["INSERT"]},{"dynamodb":{"Keys":{"pk":{"S":[{"exists":true}]}}}}]}'
    )


@sabotage("anything-but REMOVE", "FAIL", "filter-too-wide", "filter-leaks")
def anything_but(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":[{"anything-but":["REMOVE"]}]}')


@sabotage("anything-but with a spelling of no event's", "FAIL", "filter-too-wide", "filter-leaks")
def anything_but_nothing(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":[{"anything-but":["remove","modify"]}]}')


@sabotage("an empty prefix", "FAIL", "filter-too-wide", "filter-leaks")
def empty_prefix(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":[{"prefix":""}]}')


@sabotage("a suffix that two events share", "FAIL", "filter-too-wide", "filter-leaks")
def shared_suffix(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT",{"suffix":"E"}]}')


@sabotage("the event's name must merely exist", "FAIL", "filter-too-wide", "filter-leaks")
def any_name(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":[{"exists":true}]}')


@sabotage("a filter on NewImage only", "FAIL", "filter-too-wide", "filter-leaks")
def new_image_only(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"dynamodb":{"NewImage":{"pk":{"S":[{"exists":true}]}}}}')


@sabotage("an exists that is always true of an inner node", "FAIL", "filter-too-wide", "filter-leaks")
def exists_on_an_inner_node(ground: Ground) -> None:
    """Meant as "has no old image, so it is an insert"; exists works on leaves only."""
    ground.attach("--view-type", "NEW_AND_OLD_IMAGES")
    ground.filter_by('{"dynamodb":{"OldImage":[{"exists":false}]}}')


@sabotage(
    "a filter put back that does not count yet",
    "FAIL",
    "filter-leaks",
    profile=replace(FAST, name="slow to change", mappings=replace(QUICK, update_lag=600.0)),
)
def stale_settings(ground: Ground) -> None:
    """What AWS shows is right; what it does is not: the old settings go on for up to 90 s."""
    ground.attach()
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.map_to(ground.function)
    ground.filter_by(INSERTS)


@sabotage(
    "a filter that nobody can read, and that lets removals in",
    "FAIL",
    "filter-leaks",
    "filter-hidden",
    profile=replace(FAST, name="hidden filters", logs=Logs(lag=0.4)),
)
def hidden_filter(ground: Ground) -> None:
    """Encrypted with a customer key; what it lets in shows in another log stream than the inserts, and later."""
    ground.attach()
    version = ground.aws.lambda_.publish_version(FunctionName=ground.function)["Version"]
    ground.map_to(
        f"{ground.function}:{version}",
        KMSKeyArn="arn:aws:kms:eu-west-1:000000000000:key/1",
        FilterCriteria={"Filters": [{"Pattern": '{"eventName":["REMOVE"]}'}]},
    )


@sabotage(
    "a filter that nobody can read, and that takes everything out", "INCONCLUSIVE", "everything-filtered-out"
)
def hidden_filter_that_never_matches(ground: Ground) -> None:
    """Nothing but what the mapping counts tells it from one that doesn't poll."""
    ground.attach()
    ground.change_mapping(
        KMSKeyArn="arn:aws:kms:eu-west-1:000000000000:key/1",
        FilterCriteria={"Filters": [{"Pattern": '{"eventName":["insert"]}'}]},
    )


@sabotage("the event's name in small letters", "FAIL", "filter-never-matches")
def wrong_case(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["insert"]}')


@sabotage("numeric on a number, which DynamoDB has as text", "FAIL", "filter-never-matches")
def numeric_on_n(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"total":{"N":[{"numeric":[">",100]}]}}}}'
    )


@sabotage("a number instead of its text", "FAIL", "filter-never-matches")
def number_on_n(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"total":{"N":[100]}}}}')


@sabotage("an attribute without its type", "FAIL", "filter-never-matches")
def missing_type(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":["NEW"]}}}')


@sabotage("the key with another type than the table's", "FAIL", "filter-never-matches")
def wrong_type_of_key(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"N":["1"]}}}}')


@sabotage("NewImage where the stream has keys only", "FAIL", "filter-never-matches")
def image_under_keys_only(ground: Ground) -> None:
    ground.attach("--view-type", "KEYS_ONLY")
    ground.filter_by('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}')


@sabotage("a clause that no insert fulfils", "FAIL", "filter-never-matches")
def extra_clause(ground: Ground) -> None:
    """No insert has an old image, nor a doer: TTL's deletions alone have one."""
    ground.attach("--view-type", "NEW_AND_OLD_IMAGES")
    ground.filter_by('{"eventName":["INSERT"],"userIdentity":{"type":["Service"]}}')


@sabotage("the event's name one level too deep", "FAIL", "filter-never-matches")
def too_deep(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"dynamodb":{"eventName":["INSERT"]}}')
