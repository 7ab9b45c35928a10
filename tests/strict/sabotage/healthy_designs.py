"""Healthy triggers of tables and filters that are designed in ways of their own, and clocks that are wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_filters import INSERTS
from tests.strict.sabotage.case import healthy
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

WATCH = ("--observe", "--for", "1s")
LEAKS = ("filter-leaks", "filter-too-wide", "no-filter")
DEAD = "filter-never-matches|filter-*-never-*|filter-*dead*"
OLD = replace(FAST, name="an old mapping", mappings=replace(QUICK, age=3600.0))


def _inserts(**parts: object) -> str:
    return json.dumps({"eventName": ["INSERT"], **parts})


@healthy("a second filter for modifications in another region", never=LEAKS, unless=DEAD)
def another_region(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(INSERTS, '{"eventName":["MODIFY"],"awsRegion":["us-east-1"]}')


@healthy("a second filter for removals of another table", never=LEAKS, unless=DEAD)
def another_table(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        INSERTS,
        '{"eventName":["REMOVE"],"eventSourceARN":[{"prefix":"arn:aws:dynamodb:eu-west-1:000000000000:table/x/"}]}',
    )


@healthy("a second filter for modifications under another view type", never=LEAKS, unless=DEAD)
def another_view(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(INSERTS, '{"eventName":["MODIFY"],"dynamodb":{"StreamViewType":["OLD_IMAGE"]}}')


@healthy("a second filter for modifications of an image that the stream lacks", never=LEAKS, unless=DEAD)
def another_image(ground: Ground) -> None:
    ground.attach("--view-type", "NEW_IMAGE")
    ground.filter_by(
        INSERTS, '{"eventName":["MODIFY"],"dynamodb":{"OldImage":{"pk":{"S":[{"exists":true}]}}}}'
    )


@healthy("a filter that asks for the region")
def own_region(ground: Ground) -> None:
    ground.attach("--filter", '{"awsRegion":["eu-west-1"]}')


@healthy("a filter that asks for one of several regions")
def own_regions(ground: Ground) -> None:
    ground.attach("--filter", '{"awsRegion":[{"prefix":"eu-"}]}')


@healthy("a filter that asks for the stream")
def own_stream(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(_inserts(eventSourceARN=[ground.stream]))


@healthy("a filter that asks for the event's source and version")
def own_source(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(_inserts(eventSource=["aws:dynamodb"], eventVersion=["1.1"]))


@healthy("a filter that asks for the table by its ARN's beginning")
def own_table(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(_inserts(eventSourceARN=[{"prefix": ground.stream.partition("/stream/")[0]}]))


@healthy("a filter that asks for a key's end")
def key_suffix(ground: Ground) -> None:
    ground.attach("--filter", '{"dynamodb":{"Keys":{"pk":{"S":[{"suffix":"#order"}]}}}}')


@healthy("a filter that asks for a sort key's end")
def sort_key_suffix(ground: Ground) -> None:
    ground.attach("--filter", '{"dynamodb":{"Keys":{"sk":{"S":[{"suffix":"#v1"}]}}}}', key="pk:S,sk:S")


@healthy("a filter that asks for one numeric sort key")
def numeric_sort_key(ground: Ground) -> None:
    ground.attach("--filter", '{"dynamodb":{"Keys":{"sk":{"N":["1"]}}}}', key="pk:S,sk:N")


@healthy("a filter that asks for a key's beginning and its end in the image")
def prefix_and_suffix(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        _inserts(
            dynamodb={
                "Keys": {"pk": {"S": [{"prefix": "a"}]}},
                "NewImage": {"pk": {"S": [{"suffix": "z"}]}},
            }
        )
    )


@healthy("a filter that asks for a key's case-blind value and an attribute's presence")
def equals_ignore_case(ground: Ground) -> None:
    ground.attach(
        "--filter",
        '{"dynamodb":{"NewImage":{"state":{"S":[{"equals-ignore-case":"open"}]},"n":{"N":[{"exists":true}]}}}}',
    )


@healthy("every new item is updated at once by somebody else")
def enriched(ground: Ground) -> None:
    ground.attach()
    ground.after_each_put(lambda key, _item: ground.touch(key))


@healthy("every new item is updated at once, many items", options=("--count", "30"))
def enriched_many(ground: Ground) -> None:
    ground.attach()
    ground.after_each_put(lambda key, _item: ground.touch(key))


@healthy("every new item is updated at once, a function by its lines", options=("--match",))
def enriched_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    ground.after_each_put(lambda key, _item: ground.touch(key))


@healthy("every new item gets an entry AUDIT# in the same table")
def audited(ground: Ground) -> None:
    ground.attach_code(handlers.HONEST)
    ground.after_each_put(lambda key, _item: ground.put_one(f"AUDIT#{key}"))


@healthy("every new item gets an entry AUDIT# in the same table, by the template")
def audited_template(ground: Ground) -> None:
    ground.attach()
    ground.after_each_put(lambda key, _item: ground.put_one(f"AUDIT#{key}", of={"S": key}))


@healthy("every new item gets an entry AUDIT# in the same table, by lines", options=("--match",))
def audited_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    ground.after_each_put(lambda key, _item: ground.put_one(f"AUDIT#{key}"))


@healthy("every new item gets an entry that is kept out by the filter")
def audited_kept_out(ground: Ground) -> None:
    ground.attach("--filter", '{"dynamodb":{"Keys":{"pk":{"S":[{"anything-but":{"prefix":"AUDIT#"}}]}}}}')
    ground.after_each_put(lambda key, _item: ground.put_one(f"AUDIT#{key}"))


@healthy("the clock is a minute and a half ahead")
def clock_ahead(ground: Ground) -> None:
    ground.attach()
    ground.clock_ahead(90)


@healthy("the clock is ten minutes behind")
def clock_behind(ground: Ground) -> None:
    ground.attach()
    ground.clock_ahead(-600)


@healthy("the clock is an hour ahead, a function by its lines", options=("--match",))
def clock_ahead_lines(ground: Ground) -> None:
    ground.attach_code(handlers.PRINTS_KEYS)
    ground.clock_ahead(3600)


@healthy("the clock is two minutes ahead, by Insights", options=("--via", "insights", "--count", "12"))
def clock_ahead_insights(ground: Ground) -> None:
    ground.attach()
    ground.clock_ahead(120)


@healthy("the clock is ten seconds ahead, by watching", options=WATCH)
def clock_ahead_watched(ground: Ground) -> None:
    ground.attach()
    ground.clock_ahead(10)
    ground.write_on()


@healthy("the clock is ten seconds behind, by watching", options=WATCH)
def clock_behind_watched(ground: Ground) -> None:
    ground.attach()
    ground.clock_ahead(-10)
    ground.write_on()


@healthy("a filter that was restored long ago, by watching", options=WATCH, profile=OLD)
def old_watched(ground: Ground) -> None:
    ground.attach()
    ground.write_on()


@healthy(
    "a filter that was restored a moment ago, by watching",
    unless="mapping-changed-lately",
    never=LEAKS,
    options=WATCH,
    profile=replace(FAST, name="slow to change", mappings=replace(QUICK, update_lag=3.0)),
)
def restored_watched(ground: Ground) -> None:
    """What the old settings still let in explains itself."""
    ground.attach()
    ground.filter_by()
    ground.wait_until_in_force()
    ground.write_on()
    ground.filter_by(INSERTS)


@healthy("an audit log in a table")
def audit_log(ground: Ground) -> None:
    ground.attach_audit_log()


@healthy(
    "an audit log in a table, each batch delivered twice",
    profile=replace(FAST, name="twice", mappings=replace(QUICK, duplicate_every=1)),
)
def audit_log_twice(ground: Ground) -> None:
    """The table keeps an event once."""
    ground.attach_audit_log()


@healthy("an audit log in a table, by watching", options=WATCH)
def audit_log_watched(ground: Ground) -> None:
    ground.attach_audit_log()
    ground.write_on()


@healthy("an audit log in a queue", unless="sink*", note="sink*")
def audit_log_queue(ground: Ground) -> None:
    """A sink that can't be read back: the verdict says that it was not checked."""
    name = f"{ground.table}-audit"
    ground.aws.upstream("sqs").create_queue(QueueName=name)
    ground.attach("--template", "audit-log", "--env", f"SINK_ARN=arn:aws:sqs:eu-west-1:000000000000:{name}")


@healthy("an audit log that skips test items")
def audit_log_skipping(ground: Ground) -> None:
    """Nothing of the sink is proven by items that are not sent: the verdict says so."""
    ground.attach_audit_log("--env", "TEST_ITEMS=skip", "--view-type", "NEW_AND_OLD_IMAGES")


@healthy("a disabled mapping of the same stream to another function")
def disabled_other(ground: Ground) -> None:
    ground.attach()
    ground.map_to(ground.another_function(), Enabled=False)


@healthy("returns inside the loop, where a batch is one record")
def returns_in_the_loop(ground: Ground) -> None:
    ground.attach_code(handlers.RETURNS_IN_THE_LOOP, "--batch-size", "1")


@healthy("real inserts that the filter is made for", options=())
def fitting_inserts(ground: Ground) -> None:
    ground.attach("--filter", '{"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}')
    ground.put(12, status={"S": "NEW"})


@healthy("real inserts, of which the filter takes a few")
def few_fitting(ground: Ground) -> None:
    ground.attach("--filter", '{"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}')
    ground.put(11, status={"S": "OLD"})
    ground.put_one("theirs-new", status={"S": "NEW"})
