"""One setting in two places: the mapping's ReportBatchItemFailures and a template's PARTIAL_BATCH_RESPONSE.

Without ReportBatchItemFailures Lambda treats a response that lists failures as success: the records would be lost. So
a template must know its mapping's setting. The function's variable is set from
``mapping.report_batch_item_failures``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model.wanted import Trigger

VARIABLE: Final = "PARTIAL_BATCH_RESPONSE"


def following(trigger: Trigger, *, is_reported: bool, is_given: bool) -> Trigger:
    """The trigger with the function's variable set to match the mapping; own code is not affected.

    Args:
        is_reported: Whether the mapping will have ReportBatchItemFailures.
        is_given: The user gives or removes the variable in this run.

    Raises:
        UsageError: The given variable contradicts the mapping's setting.
    """
    function = trigger.function
    if function.code is not None:
        return trigger
    value = function.environment.get(VARIABLE)
    if is_given:
        if contradicts({VARIABLE: "true", **function.environment}, is_reported=is_reported):
            raise UsageError(
                f"{VARIABLE}={value or 'true (as it is not set)'} contradicts mapping.report_batch_item_failures: "
                f"{str(is_reported).lower()}.",
                hint=f"Leave {VARIABLE} out: ddbinsert sets it to match the mapping.",
                code="partial-batch-contradiction",
            )
        return trigger
    if value is None and is_reported:
        return trigger
    environment = {**function.environment, VARIABLE: str(is_reported).lower()}
    return replace(
        trigger,
        function=replace(function, environment=environment),
        explicit=trigger.explicit | {"function.environment"},
    )


def contradicts(environment: Mapping[str, str], *, is_reported: bool) -> bool:
    """Whether the responses of a template with these variables do not fit its mapping.

    Args:
        is_reported: Whether the mapping has ReportBatchItemFailures.
    """
    value = environment.get(VARIABLE, "").strip().lower()
    if value not in ("true", "false"):
        return False  # not set, or rejected by the template itself
    return (value == "true") != is_reported
