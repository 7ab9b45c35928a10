"""Two mappings of one function, of which one does nothing: in every mode each of them is expected to deliver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.broken_versions import INSERTS_ONLY
from tests.strict.sabotage.case import sabotage

if TYPE_CHECKING:
    from tests.strict.sabotage.ground import Ground

UNPROVEN = "FAIL|INCONCLUSIVE"
WATCH = ("--observe", "--for", "3s")


def also_to_alias(ground: Ground, first: str, second: str) -> None:
    """A function whose stream is mapped to an alias of other code, too."""
    ground.attach_code(first)
    ground.replace_code(second)
    alias = ground.alias()
    ground.replace_code(first)
    ground.map_to(alias, FilterCriteria=INSERTS_ONLY, MaximumRetryAttempts=2)


@sabotage(
    "a second mapping to an alias that says nothing, by lines",
    UNPROVEN,
    "second-mapping",
    options=("--match",),
    timeout="6s",
)
def silent_copy_by_lines(ground: Ground) -> None:
    also_to_alias(ground, handlers.PRINTS_KEYS, handlers.SILENT)


@sabotage(
    "a second mapping to an alias that says nothing, by watching",
    UNPROVEN,
    "second-mapping",
    options=WATCH,
    timeout="8s",
)
def silent_copy_watched(ground: Ground) -> None:
    also_to_alias(ground, handlers.HONEST, handlers.SILENT)
    ground.insert_on("order-{:05d}")


@sabotage(
    "a second mapping to an alias that says nothing, by lines, by watching",
    UNPROVEN,
    "second-mapping",
    options=(*WATCH, "--match"),
    timeout="8s",
)
def silent_copy_watched_by_lines(ground: Ground) -> None:
    also_to_alias(ground, handlers.PRINTS_KEYS, handlers.SILENT)
    ground.insert_on("order-{:05d}")


@sabotage(
    "a second mapping to an alias that fails, by lines",
    UNPROVEN,
    "second-mapping|function-errors",
    options=("--match",),
    timeout="6s",
)
def failing_copy_by_lines(ground: Ground) -> None:
    also_to_alias(ground, handlers.PRINTS_KEYS, handlers.FAILS_ON_ALL)


@sabotage(
    "a second mapping to an alias that says nothing, counted by Insights",
    UNPROVEN,
    "second-mapping",
    options=("--via", "insights", "--count", "12"),
    timeout="6s",
)
def silent_copy_by_insights(ground: Ground) -> None:
    also_to_alias(ground, handlers.HONEST, handlers.SILENT)


@sabotage(
    "a filter that lets in what was made in the future", UNPROVEN, "filter-excludes-test-items", timeout="4s"
)
def future_only(ground: Ground) -> None:
    ground.attach()
    ground.filter_by(
        '{"eventName":["INSERT"],"dynamodb":{"ApproximateCreationDateTime":[{"numeric":[">",4102444800]}]}}'
    )


@sabotage("a filter that samples by the event's id", UNPROVEN, "filter-excludes-test-items", timeout="4s")
def sampled_by_id(ground: Ground) -> None:
    ground.attach()
    ground.filter_by('{"eventName":["INSERT"],"eventID":[{"prefix":"a"}]}')


@sabotage(
    "a filter whose prefix leaves no room in the key for a test item",
    UNPROVEN,
    "filter-excludes-test-items",
    says=("too long for DynamoDB",),
    timeout="4s",
)
def too_long(ground: Ground) -> None:
    """Nothing is wrong with the trigger, perhaps; it cannot be proven."""
    ground.attach()
    ground.filter_by(
        '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"' + "x" * 2040 + '"}]}}}}'
    )
