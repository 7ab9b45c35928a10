"""Healthy triggers of every shape: keys, view types, filters and functions of a user's own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import healthy
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground


def _images(**attributes: object) -> str:
    """A filter of the user's own: attributes of the new image, each with its type."""
    return json.dumps({"dynamodb": {"NewImage": attributes}})


@healthy("as it comes")
def plain(ground: Ground) -> None:
    ground.attach()


@healthy("a Node.js function")
def node(ground: Ground) -> None:
    ground.attach("--runtime", "nodejs22.x")


@healthy("a composite key")
def composite(ground: Ground) -> None:
    ground.attach(key="pk:S,sk:N")


@healthy("a key of two texts with hostile names")
def hostile_names(ground: Ground) -> None:
    ground.attach(key="order.id:S,a'b:S")


@healthy("a numeric key")
def numeric(ground: Ground) -> None:
    ground.attach(key="id:N")


@healthy("a binary key")
def binary(ground: Ground) -> None:
    ground.attach(key="id:B,at:B")


@healthy("keys only")
def keys_only(ground: Ground) -> None:
    ground.attach("--view-type", "KEYS_ONLY")


@healthy("old images, which inserts don't have")
def old_image(ground: Ground) -> None:
    ground.attach("--view-type", "OLD_IMAGE")


@healthy("both images")
def both_images(ground: Ground) -> None:
    ground.attach("--view-type", "NEW_AND_OLD_IMAGES")


@healthy("a filter of one's own: a status")
def own_status(ground: Ground) -> None:
    ground.attach("--filter", _images(status={"S": ["NEW", "OPEN"]}))


@healthy("a filter of one's own: several clauses")
def own_clauses(ground: Ground) -> None:
    ground.attach(
        "--filter",
        _images(
            total={"N": ["101"]},
            paid={"BOOL": [True]},
            note={"S": [{"prefix": "pri"}]},
            region={"S": [{"anything-but": ["test", "dev"]}]},
            address={"M": {"city": {"S": [{"suffix": "burg"}]}}},
        ),
    )


@healthy("a filter of one's own: part of the key")
def own_key(ground: Ground) -> None:
    key = {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "ORDER#"}]}}}}
    ground.attach("--filter", json.dumps(key), key="pk:S,sk:S")


@healthy("a filter of one's own: one value of the sort key")
def own_sort_key(ground: Ground) -> None:
    key = {"dynamodb": {"Keys": {"sk": {"S": ["META"]}}}}
    ground.attach("--filter", json.dumps(key), key="pk:S,sk:S")


@healthy("a filter of one's own: what must be absent")
def own_absence(ground: Ground) -> None:
    ground.attach("--filter", _images(draft={"BOOL": [{"exists": False}]}))


@healthy("a filter of one's own: either of two")
def own_alternatives(ground: Ground) -> None:
    ground.attach("--filter", _images(kind={"S": ["order"]}), "--filter", _images(kind={"S": ["refund"]}))


@healthy("a filter of one's own: $or inside")
def own_or(ground: Ground) -> None:
    branches = [
        {"dynamodb": {"NewImage": {"a": {"S": ["x"]}}}},
        {"dynamodb": {"NewImage": {"b": {"N": ["1"]}}}},
    ]
    ground.attach("--filter", json.dumps({"$or": branches}))


@healthy("a handler of one's own that leaves receipts")
def own_receipts(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)


@healthy("a handler of one's own by its lines", options=("--match",))
def own_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)


@healthy("lines in the JSON log format", options=("--match",))
def json_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS_AS_JSON)


@healthy("whole events in a line", options=("--match",))
def whole_events(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_THE_EVENT, "--view-type", "NEW_AND_OLD_IMAGES")


@healthy("three lines for each insert", options=("--match",))
def three_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_THREE_LINES)


@healthy(
    "an encrypted filter that verify may decrypt",
    never=("filter-hidden",),
    profile=replace(FAST, name="may decrypt", mappings=replace(QUICK, decrypts=True)),
)
def encrypted_filter(ground: Ground) -> None:
    """ListEventSourceMappings never shows it; GetEventSourceMapping does, to whoever may use the key."""
    ground.attach()
    ground.change_mapping(KMSKeyArn="arn:aws:kms:eu-west-1:000000000000:key/1")


@healthy("a silent function, by a tap", options=("--wiretap",))
def tapped(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)


@healthy("a log group of another name")
def own_log_group(ground: Ground) -> None:
    ground.attach("--log-group", f"/teams/{ground.table}")


@healthy("a mapping to an alias alone")
def alias(ground: Ground) -> None:
    ground.attach()
    lambda_ = ground.aws.lambda_
    version = lambda_.publish_version(FunctionName=ground.function)["Version"]
    lambda_.create_alias(FunctionName=ground.function, Name="live", FunctionVersion=version)
    settings = lambda_.get_event_source_mapping(UUID=ground.mapping)
    lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.map_to(f"{ground.function}:live", FilterCriteria=settings["FilterCriteria"])


@healthy("no filter, which the guard may make up for", note="filter-leaks", options=("--allow-guarded",))
def guarded(ground: Ground) -> None:
    ground.attach()
    ground.filter_by()


@healthy("every insert twice, by two mappings", note="second-mapping")
def two_mappings(ground: Ground) -> None:
    ground.attach()
    version = ground.aws.lambda_.publish_version(FunctionName=ground.function)["Version"]
    inserts = {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]}
    ground.map_to(f"{ground.function}:{version}", FilterCriteria=inserts)


@healthy("one record an invocation")
def batches_of_one(ground: Ground) -> None:
    ground.attach("--batch-size", "1", "--parallelization", "10")


@healthy("records gathered for a second")
def short_window(ground: Ground) -> None:
    ground.attach("--batching-window", "1")


@healthy("a function that fails at first")
def fails_once(ground: Ground) -> None:
    ground.attach_code(handlers.FAILS_ONCE)


@healthy("PartiQL", options=("--partiql",))
def partiql(ground: Ground) -> None:
    ground.attach(key="pk:S,sk:N")


@healthy("items whose time to live is over", options=("--ttl-attribute", "expires"))
def expired(ground: Ground) -> None:
    ground.attach()


@healthy("five hundred items", options=("--count", "500"))
def many(ground: Ground) -> None:
    ground.attach()
