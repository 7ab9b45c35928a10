"""The stream's past as a source: whether real inserts pass a filter that has more conditions than INSERT."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.read.streams import StreamReader
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.items.run_key import is_test_key
from ddbinsert.core.model.record import EventName
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import AwsError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.operations.verify.subject import Subject

#: Maximum number of records and seconds of a read.
_RECORDS, _SECONDS = 2_000, 5.0


@dataclass(frozen=True, kw_only=True)
class RealInserts:
    """Other writers' inserts in the stream.

    Attributes:
        seen: Number of inserts read.
        passing: Number of them that pass a mapping's filters.
        example: The key of an insert that passes no filter, as JSON; empty if there is none.
    """

    seen: int = 0
    passing: int = 0
    example: str = ""


def real_inserts(aws: Aws, clock: Clock, subject: Subject) -> RealInserts:
    """Compare other writers' inserts with the filters; empty if every insert passes or the stream cannot be read."""
    passes = _passes(subject)
    stream = subject.table.stream_arn
    if passes is None or stream is None or (subject.is_crowded and aws.is_aws):
        return RealInserts()
    seen = passing = records = 0
    example = ""
    began = clock.monotonic()
    try:
        reader = StreamReader(aws, stream, clock=clock)
        reader.open()
        while not reader.caught_up and records < _RECORDS and clock.monotonic() - began < _SECONDS:
            for record in reader.poll():
                records += 1
                keys = record["dynamodb"].get("Keys") or {}
                if record.get("eventName") != EventName.INSERT or is_test_key(keys):
                    continue
                seen += 1
                if passes(record):
                    passing += 1
                elif not example:
                    example = json.dumps(keys, default=str)
            if pause := reader.wait:
                clock.sleep(pause)
    except (AwsError, PrerequisiteError):
        return RealInserts()
    return RealInserts(seen=seen, passing=passing, example=example)


def _passes(subject: Subject) -> Callable[[Mapping[str, Any]], bool] | None:
    """A test whether a mapping delivers a record; None if every insert passes the filters, or they cannot be read."""
    enabled = [mapping for mapping in subject.mappings if mapping.is_enabled]
    if any(m.filters_hidden or not m.filters or INSERT_ONLY in m.filters for m in enabled):
        return None
    from ddbinsert.core.pattern.matcher import PatternError, compile_pattern

    try:
        matchers = [compile_pattern(text).matches for mapping in enabled for text in mapping.filters]
    except PatternError:
        return None
    return lambda record: any(matches(record) for matches in matchers)
