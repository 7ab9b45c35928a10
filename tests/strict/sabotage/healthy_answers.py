"""Healthy functions: what they may answer, and designs that others have tried in one mode only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.strict.rig import Profile
from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import healthy
from tests.strict.sabotage.ground import FAST, QUICK

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

WATCH = ("--observe", "--for", "2s")
COUNT = ("--count", "30")
TAP = ("--wiretap", "--yes")
INSIGHTS = ("--via", "insights", "--count", "30")
MATCH = ("--match",)
MODES = {
    "by lines": MATCH,
    "by watching": WATCH,
    "by lines, by watching": (*WATCH, "--match"),
    "by a tap": TAP,
    "many items": COUNT,
    "by Insights": INSIGHTS,
}
TWICE = replace(FAST, name="twice", mappings=replace(QUICK, duplicate_every=1))
THROTTLED = replace(FAST, name="throttled", mappings=replace(QUICK, throttle_every=3))


@healthy("an audit log of a composite key, each batch twice", options=COUNT, profile=TWICE)
def composite_audit_log(ground: Ground) -> None:
    ground.attach_audit_log(key="pk:S,sk:N")


for _answer in (
    "None",
    "{}",
    "[]",
    '{"batchItemFailures": None}',
    '{"batchItemFailures": []}',
    '"done"',
    "True",
    '{"statusCode": 200}',
):

    @healthy(f"the answer {_answer}")
    def answer(ground: Ground, value: str = _answer) -> None:
        ground.attach_code(handlers.then(f"return {value}"))


@healthy("batches of more than three fail after their receipts, and are split", unless="timeout")
def long_batches_are_split(ground: Ground) -> None:
    ground.attach_code(
        handlers.then('if len(event["Records"]) > 3: raise ValueError("payload too large")'),
        "--batching-window",
        "1",
    )
    ground.change_mapping(BisectBatchOnFunctionError=True, MaximumRetryAttempts=5)


FILTERS = {
    "a size below the limit": '{"eventName":["INSERT"],"dynamodb":{"SizeBytes":[{"numeric":["<",400000]}]}}',
    "a creation time": '{"eventName":["INSERT"],"dynamodb":{"ApproximateCreationDateTime":[{"numeric":[">",0]}]}}',
    "the view type": '{"eventName":["INSERT"],"dynamodb":{"StreamViewType":["NEW_IMAGE"]}}',
    "a truth value": '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"active":{"BOOL":[true]}}}}',
    "an empty text": '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"note":{"S":[""]}}}}',
    "a sequence number that exists": '{"eventName":["INSERT"],"dynamodb":{"SequenceNumber":[{"exists":true}]}}',
    "no old image, and the name": '{"eventName":["INSERT"],"dynamodb":{"OldImage":{"pk":{"S":[{"exists":false}]}}}}',
    "either of two attributes": '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"$or":[{"a":{"S":["x"]}},{"b":{"N":["1"]}}]}}}',
}
for _name, _filter in FILTERS.items():

    @healthy(f"a filter that asks for {_name}")
    def asking(ground: Ground, pattern: str = _filter) -> None:
        ground.attach()
        ground.filter_by(pattern)

    @healthy(f"a filter that asks for {_name}, many items", options=COUNT)
    def asking_many(ground: Ground, pattern: str = _filter) -> None:
        ground.attach()
        ground.filter_by(pattern)


def in_mode(
    ground: Ground, options: tuple[str, ...], *more: str, key: str = "pk:S", source: str = ""
) -> None:
    """Attach what the mode can see, and let others write where inserts are watched."""
    if source:
        ground.attach_code(source, *more, key=key)
    elif "--match" in options:
        ground.attach_code(handlers.PRINTS_KEYS, *more, key=key)
    else:
        ground.attach_code(handlers.HONEST, *more, key=key)


for _name, _options in MODES.items():
    _watched = "--observe" in _options

    @healthy(f"a log group of another name, {_name}", options=_options)
    def own_group(ground: Ground, options: tuple[str, ...] = _options) -> None:
        in_mode(ground, options, "--log-group", f"/teams/{ground.table}")
        if "--observe" in options:
            ground.write_on()

    @healthy(f"the JSON log format, {_name}", options=_options)
    def json_format(ground: Ground, options: tuple[str, ...] = _options) -> None:
        in_mode(ground, options)
        ground.log_in_json(SystemLogLevel="WARN")
        if "--observe" in options:
            ground.write_on()

    @healthy(f"keys only, {_name}", options=_options)
    def keys_only(ground: Ground, options: tuple[str, ...] = _options) -> None:
        in_mode(ground, options, "--view-type", "KEYS_ONLY")
        if "--observe" in options:
            ground.write_on()

    @healthy(f"a function that fails at first, {_name}", options=_options)
    def fails_at_first(ground: Ground, options: tuple[str, ...] = _options) -> None:
        source = handlers.FAILS_ONCE
        if "--match" in options:
            source = source.replace(
                "    work(event, context)",
                '    for one in event["Records"]:\n        print("new", one["dynamodb"]["Keys"])',
            )
        in_mode(ground, options, source=source)
        if "--observe" in options:
            ground.write_on()

    @healthy(f"each batch twice, {_name}", options=_options, profile=TWICE)
    def each_twice(ground: Ground, options: tuple[str, ...] = _options) -> None:
        in_mode(ground, options)
        if "--observe" in options:
            ground.write_on()

    @healthy(f"invocations that are throttled now and then, {_name}", options=_options, profile=THROTTLED)
    def throttled(ground: Ground, options: tuple[str, ...] = _options) -> None:
        in_mode(ground, options)
        if "--observe" in options:
            ground.write_on()

    if not _watched:

        @healthy(f"a composite key with a number, {_name}", options=_options)
        def composite(ground: Ground, options: tuple[str, ...] = _options) -> None:
            in_mode(ground, options, key="pk:S,sk:N")

        @healthy(f"a numeric key, {_name}", options=_options)
        def numeric(ground: Ground, options: tuple[str, ...] = _options) -> None:
            in_mode(ground, options, key="pk:N")

        if _options is not INSIGHTS:  # a query finds no number in base64

            @healthy(f"a binary key, {_name}", options=_options)
            def binary(ground: Ground, options: tuple[str, ...] = _options) -> None:
                in_mode(ground, options, key="pk:B")

        @healthy(f"records gathered for a second, {_name}", options=_options)
        def gathered(ground: Ground, options: tuple[str, ...] = _options) -> None:
            in_mode(ground, options, "--batching-window", "1")

        @healthy(f"a clock that is five minutes ahead, {_name}", options=_options)
        def ahead(ground: Ground, options: tuple[str, ...] = _options) -> None:
            in_mode(ground, options)
            ground.clock_ahead(300)

        @healthy(f"a tumbling window, {_name}", options=_options)
        def tumbling(ground: Ground, options: tuple[str, ...] = _options) -> None:
            in_mode(ground, options)
            ground.change_mapping(TumblingWindowInSeconds=5)


for _name, _options in {
    "": (),
    ", many items": COUNT,
    ", by Insights": INSIGHTS,
    ", by watching": WATCH,
}.items():

    @healthy(f"an audit log in the JSON log format{_name}", options=_options)
    def json_audit_log(ground: Ground, options: tuple[str, ...] = _options) -> None:
        ground.attach_audit_log()
        ground.log_in_json()
        if "--observe" in options:
            ground.write_on()

    @healthy(f"a Node.js function in the JSON log format{_name}", options=_options)
    def json_node(ground: Ground, options: tuple[str, ...] = _options) -> None:
        ground.attach("--runtime", "nodejs22.x")
        ground.log_in_json()
        if "--observe" in options:
            ground.write_on()


@healthy("keys in JSON inside of JSON", options=MATCH)
def nested_json(ground: Ground) -> None:
    ground.attach_code(
        handlers.PRINTS_THE_EVENT.replace(
            "print(json.dumps(event))", 'print(json.dumps({"body": json.dumps(event)}))'
        )
    )


@healthy("AWS's every day, by a tap", options=TAP, profile=Profile.aws(), timeout="60s")
def every_day_tapped(ground: Ground) -> None:
    ground.attach_code(handlers.SILENT)
