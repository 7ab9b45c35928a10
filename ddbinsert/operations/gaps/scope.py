"""The scope of an audit: which streams, which mappings, and how long an insert may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.core.pattern.matcher import PatternError, compile_pattern
from ddbinsert.core.proof.target import is_to
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.operations.verify.subject import Subject

#: Settle time in seconds: on AWS a first delivery took 94 s, and log lines may appear minutes late
#: (docs/aws-facts.md#esm-first-delivery, #logs-lag); an endpoint on this machine is faster.
SETTLE, SETTLE_ELSEWHERE = 300.0, 10.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of an audit.

    Attributes:
        since: Epoch seconds; None for everything in the stream.
        until: Epoch seconds; None for the current time.
        settle: Seconds after which an insert that is not processed counts as missed; None for the default.
        by_lines: Any log line that shows an item's key counts, for functions that write no receipts.
        compare_sink: Also look up the entries of processed inserts in the sink.
        documents: Read the on-failure destination if inserts were missed.
        examples: Number of missed inserts that are shown per group.
        by_query: Read the log with CloudWatch Logs Insights.
        words: ``since`` and ``until`` as they were given: the same command continues an interrupted audit.
    """

    since: float | None = None
    until: float | None = None
    settle: float | None = None
    by_lines: bool = False
    compare_sink: bool = False
    documents: bool = True
    examples: int = 20
    by_query: bool = False
    words: tuple[str, str] = ("", "")


def all_mappings(subject: Subject) -> tuple[MappingState, ...]:
    """The function's mappings on any stream of the table; with a qualifier, those to that alias or version."""
    name, qualifier = subject.function.name, subject.qualifier
    found = {one.uuid: one for one in (*subject.world.mappings, *subject.mappings)}
    return tuple(
        one
        for one in found.values()
        if one.function_name == name
        and (not qualifier or is_to(one.function_arn, qualifier))
        and not one.is_leaving
    )


def given_to(subject: Subject, *, is_aws: bool) -> frozenset[str]:
    """The qualifiers by which the run's alias or version is invoked; empty if the run is about all of them.

    Emulators name the version that an alias refers to.
    """
    if not subject.qualifier:
        return frozenset()
    versions = (version for one in subject.targets for version in one.versions)
    return frozenset({subject.qualifier, *(() if is_aws else versions)})


def mappings_on(subject: Subject, stream: str) -> tuple[MappingState, ...]:
    """The function's mappings on one stream of the table."""
    if stream == subject.table.stream_arn:
        return subject.mappings
    return tuple(one for one in all_mappings(subject) if one.stream_arn == stream)


def settle_of(context: Context, subject: Subject, options: Options) -> float:
    """Seconds after which an insert is normally processed and its log line visible."""
    if options.settle is not None:
        return options.settle
    if not context.aws.is_aws:
        return SETTLE_ELSEWHERE
    longest = max((one.batching_window for one in subject.mappings), default=0)
    return SETTLE + subject.function.timeout + longest


def wanted_by(mappings: tuple[MappingState, ...]) -> Callable[[Mapping[str, Any]], bool]:
    """Whether any of the mappings delivers a record; true if there is none, or a filter cannot be read."""
    chosen = tuple(one for one in mappings if one.is_enabled) or mappings
    if not chosen or any(one.filters_hidden or not one.filters for one in chosen):
        return lambda _record: True
    matchers = []
    for text in dict.fromkeys(text for one in chosen for text in one.filters):
        try:
            matchers.append(compile_pattern(text).matches)
        except PatternError:
            return lambda _record: True
    return lambda record: any(matches(record) for matches in matchers)
