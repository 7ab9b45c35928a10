"""The settings of a mapping, one row each: configuration key, AWS's name, how it is read and written.

Creating, comparing, updating, checking and moving a mapping to a new stream all use this table; a function's
settings are in `core.trigger.function_settings`. A new mapping option is a field of
`core.model.wanted.MappingSettings`, a row here and a flag in ``cli.options``.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.core.filters.insert_only import INSERT_ONLY, insert_patterns, is_insert_only
from ddbinsert.core.trigger.function_settings import FUNCTION_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.model.wanted import Trigger

Answer = dict[str, Any]


class MappingSetting(NamedTuple):
    """One setting of an event source mapping.

    Attributes:
        name: The field of `MappingSpec` and, unless ``present`` says otherwise, of `MappingState`.
        aws: The parameter of CreateEventSourceMapping and UpdateEventSourceMapping.
        read: Converts AWS's value to the field's; it is given None if an answer omits the parameter. A
            setting without ``read`` is not a field of `MappingState`.
        write: Converts the field's value to AWS's. Clearing is explicit: an update does not change a
            parameter that it omits.
        present: Returns the setting of an existing mapping.
        replaces: Whether a change removes something that others may rely on, so that it must be confirmed.
    """

    name: str
    aws: str
    read: Callable[[Any], object] | None
    write: Callable[[Any], object]
    present: Callable[[MappingState], object]
    replaces: bool = False

    @property
    def key(self) -> str:
        """The configuration key; also the label in plans."""
        return f"mapping.{self.name}"


def _whole(default: int) -> Callable[[Any], object]:
    return lambda value: default if value is None else int(value)


def _same(value: Any) -> Any:
    return value


def _setting(
    name: str,
    aws: str,
    read: Callable[[Any], object] | None,
    write: Callable[[Any], object] = _same,
    *,
    replaces: bool = False,
) -> MappingSetting:
    return MappingSetting(name, aws, read, write, attrgetter(name), replaces)


def _destination(value: Any) -> str | None:
    return ((value or {}).get("OnFailure") or {}).get("Destination") or None


def _patterns(value: Any) -> tuple[str, ...]:
    return tuple(entry.get("Pattern", "") for entry in (value or {}).get("Filters") or ())


def as_inserts(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns, restricted to inserts; patterns that are insert-only already are not changed.

    Raises:
        PatternError: A pattern is invalid, or no INSERT can pass it.
    """
    wanted = [(each,) if is_insert_only(each) else insert_patterns((each,)) for each in patterns]
    return tuple(dict.fromkeys(pattern for each in wanted for pattern in each)) or (INSERT_ONLY,)


MAPPING_SETTINGS: Final = (
    _setting("batch_size", "BatchSize", _whole(100)),
    _setting("batching_window", "MaximumBatchingWindowInSeconds", _whole(0)),
    _setting("parallelization", "ParallelizationFactor", _whole(1)),
    _setting("retries", "MaximumRetryAttempts", _whole(-1)),
    _setting("record_age", "MaximumRecordAgeInSeconds", _whole(-1)),
    _setting("bisect", "BisectBatchOnFunctionError", bool),
    _setting(
        "report_batch_item_failures",
        "FunctionResponseTypes",
        lambda value: "ReportBatchItemFailures" in (value or ()),
        lambda wanted: ["ReportBatchItemFailures"] if wanted else [],
    ),
    _setting(
        "on_failure",
        "DestinationConfig",
        _destination,
        # AWS rejects an empty OnFailure ("The Destination field is required"); an empty DestinationConfig clears it.
        lambda arn: {"OnFailure": {"Destination": arn}} if arn else {},
        replaces=True,
    ),
    _setting(
        "filters",
        "FilterCriteria",
        _patterns,
        lambda patterns: {"Filters": [{"Pattern": pattern} for pattern in as_inserts(patterns)]},
        replaces=True,
    ),
    _setting("kms_key", "KMSKeyArn", lambda arn: arn or None, lambda arn: arn or ""),
    _setting(
        "metrics",
        "MetricsConfig",
        # An endpoint without these metrics omits the parameter; AWS returns an empty list.
        lambda value: None if value is None else "EventCount" in value.get("Metrics", ()),
        lambda wanted: {"Metrics": ["EventCount"] if wanted else []},
    ),
    MappingSetting("enabled", "Enabled", None, _same, lambda mapping: mapping.is_enabled, replaces=True),
)


def mapping_fields(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The values in AWS's answer, by field of `MappingState`."""
    fields = {
        each.name: each.read(answer.get(each.aws)) for each in MAPPING_SETTINGS if each.read is not None
    }
    if fields["metrics"] is None and "MetricsConfig" in answer:
        fields["metrics"] = False
    return fields


def mapping_parameters(trigger: Trigger, keys: frozenset[str] | None = None) -> Answer:
    """The parameters of a request, by AWS's name.

    Args:
        keys: Write only these settings; None writes all.
    """
    return {
        each.aws: each.write(getattr(trigger.mapping, each.name))
        for each in MAPPING_SETTINGS
        if keys is None or each.key in keys
    }


#: Every key that is compared on existing resources; the others apply only at creation, or name a resource.
COMPARED: Final = frozenset(
    (
        *(each.key for each in MAPPING_SETTINGS),
        *(each.key for each in FUNCTION_SETTINGS),
        "function.alias",
        "function.role",
        "function.template",
        "function.code",
        "function.architecture",
        "function.log_class",
        "function.log_retention_days",
        "role.boundary",
        "role.path",
        "role.tags",
        "tags",
    )
)
