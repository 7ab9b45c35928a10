"""What Lambda refuses in an event source mapping, in its own words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .wire import Refusal

if TYPE_CHECKING:
    from .wire import JsonObject

_INVALID = "InvalidParameterValueException"
_LONGEST_PATTERN = 4_096
#: Those that are documented for Lambda, and others of the same engine, which it accepts.
_OPERATORS = frozenset(
    (
        *("prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "exists"),
        *("cidr", "wildcard"),
    )
)
#: Field to its least and most; -1 stands for "for ever" where it is the least.
_RANGES = {
    "BatchSize": (1, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 300),
    "ParallelizationFactor": (1, 10),
    "MaximumRetryAttempts": (-1, 10_000),
    "MaximumRecordAgeInSeconds": (-1, 604_800),
    "TumblingWindowInSeconds": (0, 900),
}


def check_settings(request: JsonObject, *, filter_quota: int) -> None:
    """Hold a create's or an update's settings to Lambda's limits.

    Raises:
        Refusal: as AWS words it.
    """
    for field, (least, most) in _RANGES.items():
        value = request.get(field)
        if value is not None and not (least <= int(value) <= most and int(value) not in _between(field)):
            raise Refusal("ValidationException", f"1 validation error detected: Value '{value}' at '{field}'")
    on_failure = (request.get("DestinationConfig") or {}).get("OnFailure")
    if on_failure is not None and not on_failure.get("Destination"):
        raise Refusal(_INVALID, "The Destination field is required for an OnFailure configuration.")
    if set((request.get("MetricsConfig") or {}).get("Metrics") or ()) - {"EventCount"}:
        raise Refusal(_INVALID, "Metrics other than EventCount are not supported for this event source.")
    filters = (request.get("FilterCriteria") or {}).get("Filters") or []
    if len(filters) > filter_quota:
        raise Refusal(_INVALID, f"Number of filters exceeds the limit of {filter_quota}.")
    for entry in filters:
        text = str(entry.get("Pattern"))
        if len(text) > _LONGEST_PATTERN:
            raise Refusal(
                "ValidationException", "1 validation error detected: Value at 'pattern' is longer than 4096"
            )
        if not _is_pattern(_decoded(text)):
            raise Refusal(_INVALID, "Invalid filter pattern definition.")


def _between(field: str) -> range:
    """A record's age is not limited, or limited to at least a minute."""
    return range(60) if field == "MaximumRecordAgeInSeconds" else range(0)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _is_pattern(node: Any) -> bool:
    if not isinstance(node, dict) or not node:
        return False
    return all(_is_branches(value) if key == "$or" else _is_field(value) for key, value in node.items())


def _is_branches(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(_is_pattern(branch) for branch in value)


def _is_field(value: Any) -> bool:
    if isinstance(value, dict):
        return _is_pattern(value)
    return (
        isinstance(value, list)
        and bool(value)
        and not any(
            isinstance(one, list) or (isinstance(one, dict) and not _is_operator(one)) for one in value
        )
    )


def _is_operator(one: JsonObject) -> bool:
    if len(one) != 1 or not one.keys() <= _OPERATORS:
        return False
    return "numeric" not in one or _is_range(one["numeric"])


def _is_range(given: Any) -> bool:
    """Comparisons and numbers by turns; a bottom must be below its top."""
    if not isinstance(given, list) or len(given) not in (2, 4):
        return False
    if len(given) == 2:
        return given[0] in ("=", "<", "<=", ">", ">=")
    return given[0] in (">", ">=") and given[2] in ("<", "<=") and given[1] < given[3]


def cannot_access(arn: str) -> str:
    return (
        f"Cannot access stream {arn}. Please ensure the role can perform the GetRecords, GetShardIterator, "
        "DescribeStream, and ListStreams Actions on your stream in IAM."
    )
