"""The same faults in each mode: a mode is a choice of sources, and has the rules of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.strict.sabotage import handlers
from tests.strict.sabotage.case import sabotage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.sabotage.ground import Ground

MODES = {
    "by default": (),
    "by lines": ("--match",),
    "by a tap": ("--wiretap", "--yes"),
    "many items": ("--count", "20"),
    "by Insights": ("--via", "insights", "--count", "20"),
    "by watching": ("--observe", "--for", "2s"),
    "by lines, by watching": ("--observe", "--for", "2s", "--match"),
    "guarded records allowed": ("--allow-guarded",),
    "one kind of write": ("--lanes", "single"),
}
INSERTS = '{"eventName":["INSERT"]}'


def honest(mode: str, ending: str = "") -> str:
    """A function that shows its work as the mode expects it, and then does something else."""
    source = handlers.PRINTS_KEYS if "lines" in mode else handlers.HONEST
    return handlers.then(ending, source) if ending else source


def fails(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode, handlers.RAISES), "--retries", "0")


def fails_quietly(ground: Ground, mode: str) -> None:
    """Without metrics, and with Lambda's own lines only from level WARN on."""
    ground.attach_code(honest(mode, handlers.RAISES), "--retries", "0", "--no-metrics")
    ground.log_in_json(SystemLogLevel="WARN")


def times_out(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode, "time.sleep(30)"), "--retries", "0", "--function-timeout", "1")


def names_all(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode, handlers.NAMES_EVERY_RECORD), "--retries", "0")


def may_not_run(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode))
    ground.aws.lambda_.put_function_concurrency(FunctionName=ground.function, ReservedConcurrentExecutions=0)


def is_disabled(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode))
    ground.change_mapping(Enabled=False)


def is_stale(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode))
    ground.replace_stream()


def is_gone(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode))
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)


def has_no_rights(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode))
    ground.narrow_policy(keep="logs:")


def second_leaks(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode))
    ground.map_to(ground.version())


def leaks_removals(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode))
    ground.filter_by('{"eventName":["INSERT","REMOVE"]}')


def alias_fails(ground: Ground, mode: str) -> None:
    """One mapping, to an alias whose version fails; $LATEST works."""
    ground.attach_code(handlers.FAILS_ON_ALL)
    alias = ground.alias()
    ground.aws.lambda_.delete_event_source_mapping(UUID=ground.mapping)
    ground.replace_code(honest(mode))
    ground.map_to(alias, FilterCriteria={"Filters": [{"Pattern": INSERTS}]}, MaximumRetryAttempts=0)


def never_matches(ground: Ground, mode: str) -> None:
    ground.attach_code(honest(mode))
    ground.filter_by('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"total":{"N":[{"numeric":[">",0]}]}}}}')


def cannot_be_loaded(ground: Ground, mode: str) -> None:
    del mode
    ground.attach_code(handlers.CANNOT_BE_LOADED, "--retries", "0")


def drops_some(ground: Ground, mode: str) -> None:
    """Items with an odd number at the end of their key."""
    source = (
        honest(mode)
        + """
whole = handler

def handler(event, context):
    last = lambda one: int(next(iter(next(iter(one["dynamodb"]["Keys"].values())).values()))[-1])
    whole({"Records": [one for one in event["Records"] if last(one) % 2 == 0]}, context)
"""
    )
    ground.attach_code(source)


FAULTS: dict[str, tuple[Callable[[Ground, str], None], str]] = {
    "an error at the end": (fails, "function-errors|records-*|answer-*|mapping-*"),
    "an error at the end that nothing counts": (
        fails_quietly,
        "function-errors|records-*|answer-*|mapping-*",
    ),
    "the timeout at the end": (times_out, "function-times-out|function-errors|records-*|mapping-*"),
    "every record named as failed": (names_all, "function-errors|records-*|answer-*|mapping-*"),
    "no concurrency": (may_not_run, "throttled-concurrency"),
    "a mapping that is disabled": (is_disabled, "mapping-disabled"),
    "a mapping left on a stale stream": (is_stale, "mapping-on-stale-stream|no-mapping"),
    "a deleted mapping": (is_gone, "mapping-missing|no-mapping"),
    "a role that cannot read the stream": (has_no_rights, "permission-lost|role-*"),
    "a second mapping without a filter": (second_leaks, "no-filter|filter-leaks|intruders-processed"),
    "a filter that lets removals in": (leaks_removals, "filter-too-wide|filter-leaks|intruders-processed"),
    "an alias whose version fails": (alias_fails, "function-errors|records-*"),
    "a filter that can never match": (never_matches, "filter-never-matches"),
    "a module that is not there": (cannot_be_loaded, "function-errors"),
    "every second item dropped": (
        drops_some,
        "handler-drops-records|inserts-*|no-line-*|function-leaves-*",
    ),
}

for _fault, (_build, _cause) in FAULTS.items():
    for _mode, _options in MODES.items():
        if _build is drops_some and _mode == "by a tap":
            continue  # a tap proves the filter, and sees nothing of what the function does
        #: A tap has the settings of a mapping, so that it needs one.
        _results = "REFUSED" if _mode == "by a tap" and _build in (is_stale, is_gone) else "FAIL|INCONCLUSIVE"

        @sabotage(f"{_fault}, {_mode}", _results, _cause, options=_options, timeout="6s")
        def everywhere(
            ground: Ground,
            build: Callable[[Ground, str], None] = _build,
            mode: str = _mode,
        ) -> None:
            build(ground, mode)
            if build is drops_some and "watching" in mode:
                ground.insert_on("order-{:05}")
            elif "watching" in mode:
                ground.write_on()


UNSEEN = {
    "by lines": ("--match",),
    "by a tap": ("--wiretap", "--yes"),
    "by lines, by watching": ("--observe", "--for", "2s", "--match"),
    "by a tap, by watching": ("--observe", "--for", "2s", "--wiretap", "--yes"),
}


def unfiltered(ground: Ground, mode: str) -> None:
    """Lines for inserts only: what becomes of the rest is not to be seen."""
    ground.attach_code(
        honest(mode).replace(
            '        print("new', '        if record["eventName"] == "INSERT":\n            print("new'
        )
    )
    ground.filter_by()


for _mode, _options in UNSEEN.items():

    @sabotage(
        f"no filter and no guard, guarded records allowed, {_mode}",
        "FAIL|INCONCLUSIVE",
        "guard-not-seen|intruders-processed",
        options=(*_options, "--allow-guarded"),
        timeout="6s",
    )
    def guard_unseen(ground: Ground, mode: str = _mode) -> None:
        unfiltered(ground, mode)
        if "watching" in mode:
            ground.write_on()
